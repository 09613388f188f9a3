//! `runner graph`: the steps of a workflow and what they wait for, as a tree, for Graphviz, or for Mermaid.

mod dot;
mod mermaid;
mod text;

use std::path::Path;

use runner_core::{Body, Kind};
use runner_engine::program::Program;

use crate::args::{self, GraphFormat};
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;

/// Draws a workflow.
pub(crate) fn graph(project: &Path, args: &args::Graph) -> Result<Exit, Refusal> {
    let library = Workflows::of(project);
    let program = super::compiled(project, &library, &args.workflow)?;
    let root = List::of(&program, &program.plan.root, "");
    let name = &program.main().name;
    output::print(&match args.format {
        GraphFormat::Text => text::draw(name, &root),
        GraphFormat::Dot => dot::draw(name, &root),
        GraphFormat::Mermaid => mermaid::draw(&root),
    });
    Ok(Exit::Done)
}

/// The steps of a workflow or group, and those of its `finally:`.
struct List {
    steps: Vec<Drawn>,
    finally: Vec<Drawn>,
}

/// A step as it is drawn.
struct Drawn {
    /// Its place in the workflow, unique, such as `region/wait`.
    path: String,
    id: String,
    /// The step type, the workflow that is called, or nothing for a group.
    what: String,
    /// What else a person wants to know of it, such as its condition.
    notes: Vec<String>,
    /// The steps of its list that it waits for.
    needs: Vec<usize>,
    inside: Option<List>,
}

impl List {
    fn of(program: &Program, body: &Body, prefix: &str) -> Self {
        let draw = |steps: &[usize]| steps.iter().map(|&index| Drawn::of(program, index, prefix)).collect();
        Self { steps: draw(&body.steps), finally: draw(&body.finally) }
    }
}

impl Drawn {
    fn of(program: &Program, index: usize, prefix: &str) -> Self {
        let (step, definition) = (program.plan.step(index), &program.steps[index]);
        let path = if prefix.is_empty() { step.id.clone() } else { format!("{prefix}/{}", step.id) };
        let what = match (&definition.uses, &definition.call) {
            (Some(uses), _) => uses.step.name.to_owned(),
            (None, Some(call)) => format!("run {}", program.units[call.unit].name),
            (None, None) => String::new(),
        };
        let mut notes = Vec::new();
        if let Some(foreach) = &definition.foreach {
            notes.push(format!("foreach {}", foreach.expression.source()));
        }
        if let Some(when) = &definition.when {
            notes.push(format!("when {}", when.expression.source()));
        }
        if let Some(until) = &definition.until {
            notes.push(format!("until {}", until.expression.source()));
        }
        let inside = match &step.kind {
            Kind::Body { body, .. } => Some(List::of(program, body, &path)),
            Kind::Leaf(leaf) => {
                if leaf.service {
                    notes.push("service".to_owned());
                }
                None
            }
        };
        Self { path, id: step.id.clone(), what, notes, needs: step.needs.clone(), inside }
    }
}
