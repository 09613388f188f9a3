//! Numbers.

use super::{ANY_COUNT, Function};
use crate::expression::shape::Type;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("math.greatest", "math.greatest(A, B …)", "the greatest of numbers, or of a list of them", Type::Dyn)
        .called(ANY_COUNT)
        .examples(&[("math.greatest(1, 5, 3)", "5")]),
    Function::new("math.least", "math.least(A, B …)", "the least of numbers, or of a list of them", Type::Dyn)
        .called(ANY_COUNT)
        .examples(&[("math.least([4, 2])", "2")]),
    Function::new("math.ceil", "math.ceil(NUMBER)", "a number with a fraction, rounded up", Type::Double)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.ceil(1.5)", "2.0")]),
    Function::new("math.floor", "math.floor(NUMBER)", "a number with a fraction, rounded down", Type::Double)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.floor(1.5)", "1.0")]),
    Function::new("math.round", "math.round(NUMBER)", "a number with a fraction, rounded to the nearest", Type::Double)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.round(1.5)", "2.0")]),
    Function::new("math.trunc", "math.trunc(NUMBER)", "a number with a fraction, without its fraction", Type::Double)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.trunc(1.5)", "1.0")]),
    Function::new("math.abs", "math.abs(NUMBER)", "a number without its sign", Type::Dyn)
        .called(&[1])
        .wants(&[Type::Number])
        .examples(&[("math.abs(-3)", "3")]),
    Function::new("math.sign", "math.sign(NUMBER)", "-1, 0 or 1", Type::Dyn)
        .called(&[1])
        .wants(&[Type::Number])
        .examples(&[("math.sign(-3)", "-1")]),
    Function::new("math.sqrt", "math.sqrt(NUMBER)", "the square root", Type::Double)
        .called(&[1])
        .wants(&[Type::Number])
        .examples(&[("math.sqrt(16)", "4.0")]),
    Function::new("math.isNaN", "math.isNaN(NUMBER)", "whether it is not a number", Type::Bool)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.isNaN(0.5)", "false")]),
    Function::new("math.isInf", "math.isInf(NUMBER)", "whether it is infinite", Type::Bool)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.isInf(0.5)", "false")]),
    Function::new("math.isFinite", "math.isFinite(NUMBER)", "whether it is finite", Type::Bool)
        .called(&[1])
        .wants(&[Type::Double])
        .examples(&[("math.isFinite(0.5)", "true")]),
    Function::new("math.bitAnd", "math.bitAnd(A, B)", "the bits set in both", Type::Dyn)
        .called(&[2])
        .wants(&[Type::Number, Type::Number])
        .examples(&[("math.bitAnd(6, 3)", "2")]),
    Function::new("math.bitOr", "math.bitOr(A, B)", "the bits set in either", Type::Dyn)
        .called(&[2])
        .wants(&[Type::Number, Type::Number])
        .examples(&[("math.bitOr(6, 3)", "7")]),
    Function::new("math.bitXor", "math.bitXor(A, B)", "the bits set in one of them", Type::Dyn)
        .called(&[2])
        .wants(&[Type::Number, Type::Number])
        .examples(&[("math.bitXor(6, 3)", "5")]),
    Function::new("math.bitShiftLeft", "math.bitShiftLeft(A, B)", "the bits moved left", Type::Dyn)
        .called(&[2])
        .wants(&[Type::Number, Type::Number])
        .examples(&[("math.bitShiftLeft(1, 3)", "8")]),
    Function::new("math.bitShiftRight", "math.bitShiftRight(A, B)", "the bits moved right", Type::Dyn)
        .called(&[2])
        .wants(&[Type::Number, Type::Number])
        .examples(&[("math.bitShiftRight(8, 3)", "1")]),
    Function::new("math.bitNot", "math.bitNot(A)", "the bits turned over", Type::Dyn)
        .called(&[1])
        .wants(&[Type::Number])
        .examples(&[("math.bitNot(0)", "-1")]),
];
