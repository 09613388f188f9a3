//! `runner show`.

use std::path::Path;

use runner_engine::report::{Outline, View};

use crate::args::{self, Shape};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::past::{self, Past};
use crate::{output, report};

/// Columns where there is no terminal to ask.
const WIDTH: usize = 160;

/// Shows a run as it looked.
pub(crate) fn show(project: &Path, args: &args::Show) -> Result<Exit, Refusal> {
    let past = Past::open(past::choose(project, args.run.as_deref())?)?;
    let engine = past.engine()?;
    let Past { folder, record, program, origin, facts, .. } = past;
    let mut view = View::new(Outline::of(&program, record.inputs).began_as(origin.as_ref()));
    for fact in &facts {
        view.apply(fact);
    }
    // Of a run that nobody is at, time stands still where its last fact was made.
    let now = if engine.is_some() { drive::now() } else { view.last() };
    if args.output == Shape::Json {
        output::line(report::tree_as_json(&view, folder.id(), now).to_string());
        return Ok(Exit::Done);
    }
    let terminal = console::Term::stdout().size_checked();
    let width = terminal.map_or(WIDTH, |(_, columns)| usize::from(columns));
    let colour = output::colour_on_stdout();
    let lines = report::picture(&view, folder.id(), folder.path(), width, now, args.all);
    let text: Vec<_> = lines.iter().map(|line| line.paint(colour)).collect();
    output::line(text.join("\n").trim_end());
    if view.end().is_none() && engine.is_none() {
        output::line(format!("nobody is at it: its engine was killed\nresume: runner resume {}", folder.id()));
    }
    Ok(Exit::Done)
}
