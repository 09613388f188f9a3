//! `vagrant.up`.

use std::path::PathBuf;

use runner_sdk::{
    Ability, Captured, Change, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Step,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::failure::failure;
use super::{Machines, program};

/// Brings machines up: creates those that are not there, starts those that do not run.
///
/// A machine that runs is left alone, also one that was never provisioned to the end or does not answer yet: so after a
/// failure Vagrant may call done what is not. Wait for what you need, with `ssh.run` or `tcp.wait`. Providers that can
/// start several machines at once do so; for an order between groups of machines, use a step for each group.
///
/// Check holds when all the machines run. Undo destroys them, also where they stood before this step started them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Up {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Names of machines; empty: all.
    #[serde(default)]
    pub machines: Vec<String>,
    /// The provider; by default the one that the Vagrantfile and `VAGRANT_DEFAULT_PROVIDER` lead to.
    pub provider: Option<String>,
    /// Whether provisioners run: always, never, or when a machine is new (the default).
    pub provision: Option<bool>,
    /// Whether machines may start at the same time, where the provider can do that.
    #[serde(default = "yes")]
    pub parallel: bool,
    /// Whether a new machine is destroyed when bringing it up fails, as Vagrant does.
    #[serde(default = "yes")]
    pub destroy_on_error: bool,
}

fn yes() -> bool {
    true
}

impl Step for Up {
    type Output = Machines;
    const NAME: &'static str = "vagrant.up";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check, Ability::Undo];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a controller first, then a worker",
        "- id: controllers
  uses: vagrant.up
  with: {machines: [control-plane-1]}
- id: workers
  uses: vagrant.up
  with: {machines: [worker-1]}
- id: status
  uses: vagrant.status
- id: clean
  uses: vagrant.destroy",
        "steps.status.outputs.machines.all(m, m.state == 'running')",
    )
    .with("vagrant")];

    fn validate(&self) -> Result<()> {
        program::check_names("machine", &self.machines)?;
        program::check_names("provider", self.provider.as_slice())
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let others = program::others(&machines, |state| state == program::RUNNING);
        if others.is_empty() {
            return Ok(Some(Change::Nothing));
        }
        Ok(Some(Change::Would { summary: format!("would bring up {others}"), diff: String::new() }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Machines>> {
        let machines = program::states(context, self.dir.as_ref(), &self.machines).await?;
        let running = !machines.is_empty() && machines.iter().all(|machine| machine.state == program::RUNNING);
        Ok(running.then(|| Machines { machines: self.machines.clone() }))
    }

    async fn undo(&self, output: &Machines, context: &Context) -> Result<()> {
        let words = ["destroy", "--force"];
        let command = program::vagrant(&context.place, self.dir.as_ref(), &words, &output.machines).capture();
        let ran = context.unless_cancelled(context.processes.run(command)).await?;
        String::from_utf8_lossy(&ran.stdout).lines().for_each(|line| context.log(line));
        if ran.exit.success() { Ok(()) } else { Err(failure("destroy", ran.exit, &[], &ran.stderr)) }
    }
}

impl Process for Up {
    fn command(&self, place: &Place) -> Result<Command> {
        let mut words = vec!["up"];
        if let Some(provider) = &self.provider {
            words.extend(["--provider", provider]);
        }
        match self.provision {
            Some(true) => words.push("--provision"),
            Some(false) => words.push("--no-provision"),
            None => {}
        }
        if !self.parallel {
            words.push("--no-parallel");
        }
        if !self.destroy_on_error {
            words.push("--no-destroy-on-error");
        }
        Ok(program::vagrant(place, self.dir.as_ref(), &words, &self.machines))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Machines>> {
        if exit.success() {
            return Ok(Finished::new(Machines { machines: self.machines.clone() }));
        }
        Err(failure("up", exit, &[], &captured.tail))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, captured, decode, place, ran};

    fn step(with: serde_json::Value) -> Up {
        let step: Up = decode(with).unwrap();
        step.validate().unwrap();
        step
    }

    #[test]
    fn every_choice_reaches_the_command_line() {
        assert_eq!(step(json!({})).command(&place()).unwrap().display(), "vagrant up");
        let with = json!({"machines": ["a", "b"], "provider": "libvirt", "provision": false, "parallel": false,
            "destroy_on_error": false});
        let command = step(with).command(&place()).unwrap();
        assert_eq!(
            command.display(),
            "vagrant up --provider libvirt --no-provision --no-parallel --no-destroy-on-error a b"
        );
        assert!(!command.capture, "a person watches");
    }

    #[test]
    fn success_tells_what_was_asked_and_failure_what_went_wrong() {
        let step = step(json!({"machines": ["a"]}));
        assert_eq!(step.finish(&place(), Exit::Code(0), &captured("", "")).unwrap().output.machines, ["a"]);
        let tail = "The machine with the name 'a' was not found configured for\nthis Vagrant environment.\n";
        let error = step.finish(&place(), Exit::Code(1), &captured("", tail)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input);
    }

    fn states(world: &World, of_a: &'static str, of_b: &'static str) {
        world.processes.script(move |_| Ok(ran(0, &format!("1,a,state,{of_a}\n1,b,state,{of_b}\n"), "")));
    }

    #[tokio::test]
    async fn check_holds_when_all_machines_run() {
        let world = World::new();
        let step = step(json!({"dir": "lab"}));
        states(&world, "running", "poweroff");
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would bring up `b` (poweroff)");
        states(&world, "running", "running");
        assert_eq!(step.check(&world.context()).await, Ok(Some(Machines { machines: Vec::new() })));
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
        assert_eq!(world.processes.lines()[0], "vagrant status --machine-readable");
        world.processes.script(|_| Ok(ran(0, "", "")));
        assert_eq!(step.check(&world.context()).await, Ok(None), "silence proves nothing");
    }

    #[tokio::test]
    async fn undo_destroys_the_machines_it_named() {
        let world = World::new();
        let step = step(json!({"machines": ["a"]}));
        let output = Machines { machines: vec!["a".to_owned()] };
        world.processes.script(|_| Ok(ran(0, "==> a: Destroying\n", "")));
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.processes.lines(), ["vagrant destroy --force a"]);
        assert_eq!(world.log.lines(), ["==> a: Destroying"]);
        world.processes.script(|_| Ok(ran(1, "", "odd\n")));
        let error = step.undo(&output, &world.context()).await.unwrap_err();
        assert_eq!(error.message, "`vagrant destroy` exited with code 1: odd");
    }
}
