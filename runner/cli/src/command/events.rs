//! `runner events`.

use std::path::Path;

use crate::args;
use crate::drive::Refusal;
use crate::event;
use crate::exit::Exit;
use crate::follow;
use crate::output;
use crate::past::{self, Past};

/// Prints a run's facts as JSON, one a line.
pub(crate) fn events(project: &Path, args: &args::Events) -> Result<Exit, Refusal> {
    let mut past = Past::open(past::choose(project, args.run.as_deref())?)?;
    let show =
        |facts: &past::Facts| facts.iter().all(|fact| event::line(fact).is_ok_and(|line| output::try_print(&line)));
    if !show(&past.facts) {
        return Ok(Exit::Done);
    }
    if args.follow {
        follow::follow(&mut past, |_, more| show(more))?;
    }
    Ok(Exit::Done)
}
