//! What a person sees of a run, without anything of how it is drawn.
//!
//! A [`View`] is a fold over the journal's records: the live terminal feeds it facts as they are made, `runner show` feeds
//! it those of a journal, and both draw what it says. It does no I/O and knows no clock; whoever asks passes the time in.
//!
//! - [`Outline`]: what is known before anything runs: ids, names, kinds.
//! - [`View`]: how far each step is ([`Look`]), how long it took, which attempt wrote where, why it failed.
//! - `tree`: which steps are worth a line, in which order, a done group folded to one ([`Row`]).
//! - [`Pace`]: how long things took in an earlier run, and so how long this one may still take.

mod look;
mod outline;
mod pace;
mod tree;
mod view;

#[cfg(test)]
mod test;

pub use look::{Counts, Look};
pub use outline::{Outline, StepOutline, Title, What};
pub use pace::Pace;
pub use tree::{Folding, Row, RowKind};
pub use view::{Trace, View};
