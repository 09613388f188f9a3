//! One run of the storm: its lives, who is killed in each, and what must hold at its end.

mod calm;
mod order;
mod person;
mod ride;
mod strike;
mod tally;
mod undone;
mod verdict;

use std::path::PathBuf;

pub(crate) use calm::Calm;
pub(crate) use tally::Tally;

use crate::flow::{Expected, Flow};
use crate::support::Project;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    /// The engine.
    Engine,
    /// The keeper alone: the engine lives on.
    Keeper,
    /// The keeper, and the engine in the same breath.
    KeeperThenEngine,
    /// The engine, and then the keeper, which has heard nothing of it yet.
    EngineThenKeeper,
    /// The engine, the keeper, and every process of every step.
    Everything,
}

/// A project with a workflow in it.
pub(crate) struct Storm<'f> {
    project: Project,
    flow: &'f Flow,
    expected: Expected,
    /// The file with the order for a fail point.
    order: PathBuf,
}

impl<'f> Storm<'f> {
    pub(crate) fn begin(flow: &'f Flow) -> Self {
        let mut project = Project::new();
        for (name, text) in flow.files() {
            project.workflow(&name, &text);
        }
        project
            .write("step.sh", include_str!("../script/step.sh"))
            .write("check.sh", include_str!("../script/check.sh"));
        project.write("service.sh", include_str!("../script/service.sh"));
        project.write("served.sh", include_str!("../script/served.sh"));
        for folder in ["locks", "published", "written"] {
            std::fs::create_dir(project.path().join(folder)).unwrap();
        }
        let order = project.base().join("order");
        project.env("RUNNER_FAILPOINT", &order);
        Self { project, flow, expected: flow.expected(), order }
    }

    /// The command of its first life.
    fn words(&self) -> Vec<String> {
        ["run", "storm", "--parallel", &self.flow.parallel.to_string()].map(str::to_owned).into()
    }

    /// Where to look when something does not hold.
    fn place(&self) -> String {
        format!("flow {} in {}", self.flow.seed, self.project.path().display())
    }
}
