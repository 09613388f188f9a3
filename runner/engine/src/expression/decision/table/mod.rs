//! Every function of expressions, with its arities and executed examples: the crate checks none of it before evaluation.

mod convert;
mod list;
mod math;
mod text;
mod time;

use super::function::{ANY_COUNT, Function, On};

/// Every function, in the order of the language page.
pub static FUNCTIONS: &[&[Function]] =
    &[convert::FUNCTIONS, text::FUNCTIONS, list::FUNCTIONS, math::FUNCTIONS, time::FUNCTIONS];
