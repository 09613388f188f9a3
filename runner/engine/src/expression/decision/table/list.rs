//! Lists and objects.

use super::{Function, On};
use crate::expression::shape::Type;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "all",
        "LIST.all(NAME, TEST)",
        "whether a test holds for every item, or every key of an object",
        Type::Bool,
    )
    .on(&[On::List, On::Object], &[2])
    .examples(&[("inputs.list.all(x, x > 0)", "true")]),
    Function::new("exists", "LIST.exists(NAME, TEST)", "whether a test holds for any item", Type::Bool)
        .on(&[On::List, On::Object], &[2])
        .examples(&[("inputs.list.exists(x, x > 2)", "true")]),
    Function::new("exists_one", "LIST.exists_one(NAME, TEST)", "whether a test holds for exactly one item", Type::Bool)
        .on(&[On::List, On::Object], &[2])
        .examples(&[("inputs.list.exists_one(x, x > 2)", "true")]),
    Function::new("existsOne", "LIST.existsOne(NAME, TEST)", "the same as `exists_one`", Type::Bool)
        .on(&[On::List, On::Object], &[2])
        .examples(&[("inputs.list.existsOne(x, x > 2)", "true")]),
    Function::new("filter", "LIST.filter(NAME, TEST)", "the items for which a test holds", Type::Dyn)
        .on(&[On::List, On::Object], &[2])
        .examples(&[("inputs.list.filter(x, x > 1)", "[2,3]")]),
    Function::new("map", "LIST.map(NAME[, TEST], VALUE)", "a value made of each item", Type::Dyn)
        .on(&[On::List, On::Object], &[2, 3])
        .examples(&[("inputs.list.map(x, x * 2)", "[2,4,6]"), ("inputs.list.map(x, x > 1, x * 2)", "[4,6]")]),
    Function::new("join", "LIST.join([SEPARATOR])", "the texts of a list as one", Type::String)
        .on(&[On::List], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("['a', 'b'].join('-')", r#""a-b""#)]),
    Function::new("slice", "LIST.slice(START, END)", "the items from one index up to another", Type::Dyn)
        .on(&[On::List], &[2])
        .wants(&[Type::Int, Type::Int])
        .examples(&[("inputs.list.slice(1, 3)", "[2,3]")]),
    Function::new(
        "flatten",
        "LIST.flatten([LEVELS])",
        "the list with the items of its lists in their place",
        Type::Dyn,
    )
    .on(&[On::List], &[0, 1])
    .wants(&[Type::Int])
    .examples(&[("[[1], [2, [3]]].flatten()", "[1,2,[3]]")]),
    Function::new("distinct", "LIST.distinct()", "the list without repeated items", Type::Dyn)
        .on(&[On::List], &[0])
        .examples(&[("[1, 2, 1].distinct()", "[1,2]")]),
    Function::new("sort", "LIST.sort()", "the items in order; they must be of one kind", Type::Dyn)
        .on(&[On::List], &[0])
        .examples(&[("[3, 1, 2].sort()", "[1,2,3]")]),
    Function::new("sortBy", "LIST.sortBy(NAME, KEY)", "the items in the order of a key made of each", Type::Dyn)
        .on(&[On::List], &[2])
        .examples(&[("inputs.list.sortBy(x, -x)", "[3,2,1]")]),
    Function::new("lists.range", "lists.range(COUNT)", "the whole numbers from 0 up to a count", Type::Dyn)
        .called(&[1])
        .wants(&[Type::Int])
        .examples(&[("lists.range(3)", "[0,1,2]")]),
];
