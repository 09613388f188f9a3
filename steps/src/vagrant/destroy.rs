//! `vagrant.destroy`.

use std::path::PathBuf;

use runner_sdk::{
    Ability, Captured, Change, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Step,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::failure::failure;
use super::{Machines, program};

/// Destroys machines with everything on their disks, without asking.
///
/// A machine that is not there is left alone. Check holds when none of the machines is there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destroy {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Names of machines; empty: all.
    #[serde(default)]
    pub machines: Vec<String>,
}

impl Step for Destroy {
    type Output = Machines;
    const NAME: &'static str = "vagrant.destroy";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "every machine of the Vagrantfile",
        "- id: up
  uses: vagrant.up
  with: {machines: [worker-1]}
- id: destroy
  uses: vagrant.destroy
- id: status
  uses: vagrant.status",
        "steps.status.outputs.machines.all(m, m.state == 'not_created')",
    )
    .with("vagrant")];

    fn validate(&self) -> Result<()> {
        program::check_names("machine", &self.machines)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let there = program::others(&machines, |state| state == program::NOT_CREATED);
        if there.is_empty() {
            return Ok(Some(Change::Nothing));
        }
        Ok(Some(Change::Would { summary: format!("would destroy {there}"), diff: String::new() }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Machines>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let gone = !machines.is_empty() && machines.iter().all(|machine| machine.state == program::NOT_CREATED);
        Ok(gone.then(|| Machines { machines: self.machines.clone() }))
    }
}

impl Process for Destroy {
    fn command(&self, place: &Place) -> Result<Command> {
        Ok(program::vagrant(place, self.dir.as_ref(), &["destroy", "--force"], &self.machines))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Machines>> {
        if exit.success() {
            return Ok(Finished::new(Machines { machines: self.machines.clone() }));
        }
        Err(failure("destroy", exit, &[], &captured.tail))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode, place, ran};

    #[tokio::test]
    async fn only_machines_that_are_not_there_are_gone() {
        let world = World::new();
        let step: Destroy = decode(json!({})).unwrap();
        assert_eq!(step.command(&place()).unwrap().display(), "vagrant destroy --force");
        world.processes.script(|_| Ok(ran(0, "1,a,state,poweroff\n1,b,state,not_created\n", "")));
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would destroy `a` (poweroff)");
        world.processes.script(|_| Ok(ran(0, "1,a,state,not_created\n", "")));
        assert!(step.check(&world.context()).await.unwrap().is_some());
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
    }
}
