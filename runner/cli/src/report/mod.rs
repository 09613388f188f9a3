//! How a run is shown.
//!
//! | where | how |
//! |---|---|
//! | a terminal | `live`: the tree, redrawn in place |
//! | elsewhere, `NO_COLOR`, `TERM=dumb` | `plain`: a line for each thing that matters |
//! | `--output json` | `json`: the facts themselves |
//!
//! All of them end with what stands in `ending`. What is drawn is made by `draw` from the engine's
//! [`View`](runner_engine::report::View), so a run that is over looks as it did.

mod asked;
mod draw;
mod earlier;
mod ending;
mod heart;
mod json;
mod live;
mod picture;
mod plain;
mod tail;
mod undone;

use std::path::Path;

use runner_engine::run::Run;

pub(crate) use draw::Glyphs;
pub(crate) use draw::text::clean;
pub(crate) use ending::Told;
pub(crate) use picture::{picture, tree_as_json};

use crate::args::Format;
use crate::drive::Reporter;
use crate::output;

/// Whether a run is new or taken up again, so that its first facts are old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It is new.
    New,
    /// It is taken up again.
    Again,
}

/// The reporter for a format.
pub(crate) fn choose(format: Format, run: &Run, folder: &Path, begin: Begin) -> Box<dyn Reporter> {
    match format {
        Format::Json => Box::new(json::Json::new(std::io::stdout(), begin)),
        Format::Auto if output::colour_on_stderr() => Box::new(live::Terminal::new(run, folder, begin)),
        Format::Auto | Format::Plain => Box::new(plain::Plain::new(run, folder, begin)),
    }
}

/// The signs that the locale can show.
pub(crate) fn glyphs() -> &'static Glyphs {
    let [all, ctype, lang] = ["LC_ALL", "LC_CTYPE", "LANG"].map(|name| std::env::var(name).ok());
    Glyphs::of_locale(all.as_deref(), ctype.as_deref(), lang.as_deref())
}
