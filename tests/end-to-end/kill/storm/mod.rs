//! One run of the storm: its lives, who is killed in each, and what must hold at its end.

mod calm;
mod ride;
mod tally;
mod verdict;

pub(super) use calm::Calm;
pub(super) use tally::Tally;

use crate::support::Project;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    /// The engine.
    Engine,
    /// The keeper alone: the engine lives on.
    Keeper,
    /// The keeper, and the engine in the same breath.
    KeeperThenEngine,
    /// The engine, and then the keeper, which has heard nothing of it yet.
    EngineThenKeeper,
}

/// A project with the workflow in it.
pub(super) struct Storm {
    project: Project,
}

impl Storm {
    pub(super) fn begin() -> Self {
        let project = Project::new();
        project.workflow("storm", include_str!("storm.yaml")).workflow("part", include_str!("part.yaml"));
        project.write("step.sh", include_str!("step.sh")).write("service.sh", include_str!("service.sh"));
        project.write("check.sh", include_str!("check.sh"));
        for folder in ["effects", "locks"] {
            std::fs::create_dir(project.path().join(folder)).unwrap();
        }
        Self { project }
    }
}
