//! Text.

use super::{Function, On};
use crate::expression::shape::Type;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("contains", "TEXT.contains(PART)", "whether a text has a part", Type::Bool)
        .on(&[On::Text], &[1])
        .wants(&[Type::String])
        .examples(&[("'abcd'.contains('bc')", "true")]),
    Function::new("startsWith", "TEXT.startsWith(PREFIX)", "whether a text starts so", Type::Bool)
        .on(&[On::Text], &[1])
        .wants(&[Type::String])
        .examples(&[("'abc'.startsWith('ab')", "true")]),
    Function::new("endsWith", "TEXT.endsWith(SUFFIX)", "whether a text ends so", Type::Bool)
        .on(&[On::Text], &[1])
        .wants(&[Type::String])
        .examples(&[("'abc'.endsWith('bc')", "true")]),
    Function::new(
        "matches",
        "TEXT.matches(REGEX)",
        "whether a regular expression (RE2) matches somewhere in the text",
        Type::Bool,
    )
    .called(&[2])
    .on(&[On::Text], &[1])
    .wants(&[Type::String, Type::String])
    .examples(&[("'node-12'.matches('^node-[0-9]+$')", "true")]),
    Function::new("charAt", "TEXT.charAt(INDEX)", "the character at an index from 0", Type::String)
        .on(&[On::Text], &[1])
        .wants(&[Type::Int])
        .examples(&[("'né'.charAt(1)", r#""é""#)]),
    Function::new("indexOf", "TEXT.indexOf(PART[, FROM])", "where a part first stands, -1 when nowhere", Type::Int)
        .on(&[On::Text], &[1, 2])
        .wants(&[Type::String, Type::Int])
        .examples(&[("'abcb'.indexOf('b')", "1")]),
    Function::new(
        "lastIndexOf",
        "TEXT.lastIndexOf(PART[, UPTO])",
        "where a part last stands, -1 when nowhere",
        Type::Int,
    )
    .on(&[On::Text], &[1, 2])
    .wants(&[Type::String, Type::Int])
    .examples(&[("'abcb'.lastIndexOf('b')", "3")]),
    Function::new(
        "substring",
        "TEXT.substring(START[, END])",
        "a part of a text, by indices of characters",
        Type::String,
    )
    .on(&[On::Text], &[1, 2])
    .wants(&[Type::Int, Type::Int])
    .examples(&[("'abcd'.substring(1, 3)", r#""bc""#)]),
    Function::new("lowerAscii", "TEXT.lowerAscii()", "the text with A–Z in lower case", Type::String)
        .on(&[On::Text], &[0])
        .examples(&[("'AbÉ'.lowerAscii()", r#""abÉ""#)]),
    Function::new("upperAscii", "TEXT.upperAscii()", "the text with a–z in upper case", Type::String)
        .on(&[On::Text], &[0])
        .examples(&[("'abc'.upperAscii()", r#""ABC""#)]),
    Function::new("trim", "TEXT.trim()", "the text without white space at both ends", Type::String)
        .on(&[On::Text], &[0])
        .examples(&[("' a '.trim()", r#""a""#)]),
    Function::new("replace", "TEXT.replace(FROM, TO[, COUNT])", "the text with a part replaced", Type::String)
        .on(&[On::Text], &[2, 3])
        .wants(&[Type::String, Type::String, Type::Int])
        .examples(&[("'a.b.c'.replace('.', '-')", r#""a-b-c""#)]),
    Function::new("split", "TEXT.split(SEPARATOR[, COUNT])", "the parts of a text", Type::Dyn)
        .on(&[On::Text], &[1, 2])
        .wants(&[Type::String, Type::Int])
        .examples(&[("'a,b'.split(',')", r#"["a","b"]"#)]),
    Function::new("format", "TEXT.format(LIST)", "the text with `%s`, `%d`, `%.2f`, `%x` … filled in", Type::String)
        .on(&[On::Text], &[1])
        .examples(&[("'%s-%d'.format(['a', 2])", r#""a-2""#)]),
    Function::new("reverse", "VALUE.reverse()", "a list or a text backwards", Type::Dyn)
        .on(&[On::Text, On::List], &[0])
        .examples(&[("'abc'.reverse()", r#""cba""#), ("[1, 2].reverse()", "[2,1]")]),
    Function::new("strings.quote", "strings.quote(TEXT)", "the text in double quotes, escaped", Type::String)
        .called(&[1])
        .wants(&[Type::String])
        .examples(&[(r#"strings.quote('a"b')"#, r#""\"a\\\"b\"""#)]),
];
