//! `vagrant.halt`.

use std::path::PathBuf;

use runner_sdk::{
    Ability, Captured, Change, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Step,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::failure::failure;
use super::{Machines, program};

/// Shuts machines down; what is on their disks stays.
///
/// A machine that does not run is left alone. Check holds when none of the machines runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Names of machines; empty: all.
    #[serde(default)]
    pub machines: Vec<String>,
    /// Whether to pull the plug instead of asking the machine to shut down.
    #[serde(default)]
    pub force: bool,
}

impl Step for Halt {
    type Output = Machines;
    const NAME: &'static str = "vagrant.halt";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a worker",
        "- id: up
  uses: vagrant.up
  with: {machines: [worker-1]}
- id: halt
  uses: vagrant.halt
  with: {machines: [worker-1]}
- id: status
  uses: vagrant.status
  with: {machines: [worker-1]}
- id: clean
  uses: vagrant.destroy",
        "steps.status.outputs.machines[0].state != 'running'",
    )
    .with("vagrant")];

    fn validate(&self) -> Result<()> {
        program::check_names("machine", &self.machines)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let running = program::others(&machines, |state| state != program::RUNNING);
        if running.is_empty() {
            return Ok(Some(Change::Nothing));
        }
        Ok(Some(Change::Would { summary: format!("would shut down {running}"), diff: String::new() }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Machines>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let down = !machines.is_empty() && machines.iter().all(|machine| machine.state != program::RUNNING);
        Ok(down.then(|| Machines { machines: self.machines.clone() }))
    }
}

impl Process for Halt {
    fn command(&self, place: &Place) -> Result<Command> {
        let words: &[&str] = if self.force { &["halt", "--force"] } else { &["halt"] };
        Ok(program::vagrant(place, self.dir.as_ref(), words, &self.machines))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Machines>> {
        if exit.success() {
            return Ok(Finished::new(Machines { machines: self.machines.clone() }));
        }
        Err(failure("halt", exit, &[], &captured.tail))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode, place, ran};

    #[tokio::test]
    async fn machines_that_do_not_run_are_down() {
        let world = World::new();
        let step: Halt = decode(json!({"machines": ["a", "b"], "force": true})).unwrap();
        assert_eq!(step.command(&place()).unwrap().display(), "vagrant halt --force a b");
        world.processes.script(|_| Ok(ran(0, "1,a,state,running\n1,b,state,not_created\n", "")));
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would shut down `a` (running)");
        world.processes.script(|_| Ok(ran(0, "1,a,state,poweroff\n1,b,state,not_created\n", "")));
        assert!(step.check(&world.context()).await.unwrap().is_some());
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
    }
}
