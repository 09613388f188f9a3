//! Drawing: from a view to lines of text. Nothing here writes anything or asks for the time.
//!
//! A [`Line`] is made of pieces with a meaning ([`Ink`]), cut to a width, and only then painted. Texts from outside
//! (ids, errors, a step's output) pass through [`text::clean`] first, so that nothing in them moves the cursor.

mod board;
mod fit;
mod glyph;
mod line;
pub(crate) mod text;
mod time;
mod tree;

#[cfg(test)]
mod test;

pub(crate) use board::{Board, Noise, head};
pub(crate) use fit::{Shown, fit};
pub(crate) use glyph::Glyphs;
pub(crate) use line::{Ink, Line};
pub(crate) use time::short;
pub(crate) use tree::{Pen, Progress, counted, stands};
