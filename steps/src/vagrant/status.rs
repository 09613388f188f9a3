//! `vagrant.status`.

use std::path::PathBuf;

use runner_sdk::{Ability, Captured, Command, Error, Example, Exit, Finished, Need, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{program, record};

/// Reads the states of the machines of a Vagrantfile.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Names of machines; empty: all.
    #[serde(default)]
    pub machines: Vec<String>,
}

/// A machine of a Vagrantfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its state in the provider's words: `running`, `not_created`, `poweroff` and others.
    pub state: String,
    /// Its provider, such as `libvirt`.
    pub provider: String,
}

/// The machines, in the order of the Vagrantfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Each machine.
    pub machines: Vec<Machine>,
}

impl Step for Status {
    type Output = Output;
    const NAME: &'static str = "vagrant.status";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "machines that are not there yet",
        "- id: status
  uses: vagrant.status",
        "steps.status.outputs.machines.all(m, m.state == 'not_created') && size(steps.status.outputs.machines) > 0",
    )
    .with("vagrant")];

    fn validate(&self) -> Result<()> {
        program::check_names("machine", &self.machines)
    }
}

impl Process for Status {
    fn command(&self, place: &Place) -> Result<Command> {
        Ok(program::readable(place, self.dir.as_ref(), &["status"], &self.machines))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        let machines = record::machines(&program::ended("status", exit, captured)?);
        if machines.is_empty() {
            return Err(Error::permanent("`vagrant status` named no machine"));
        }
        Ok(Finished::new(Output { machines }))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::{captured, decode, place};

    const PRINTED: &str = "\
1,control-plane-1,metadata,provider,libvirt
1,worker-1,metadata,provider,libvirt
1,control-plane-1,provider-name,libvirt
1,control-plane-1,state,running
1,control-plane-1,state-human-short,running
1,worker-1,provider-name,libvirt
1,worker-1,state,not_created
1,worker-1,state-human-long,It is not created%!(VAGRANT_COMMA) yet.
1,,ui,info,Current machine states:\\n\\ncontrol-plane-1  running (libvirt)
";

    #[test]
    fn machines_are_listed_with_state_and_provider() {
        let step: Status = decode(json!({"dir": "lab", "machines": ["worker-1"]})).unwrap();
        let command = step.command(&place()).unwrap();
        assert_eq!(command.display(), "vagrant status worker-1 --machine-readable");
        assert_eq!(command.dir, Some(PathBuf::from("/project/lab")));
        assert!(command.capture && command.env == [("VAGRANT_CHECKPOINT_DISABLE".to_owned(), Some("1".to_owned()))]);
        let output = step.finish(&place(), Exit::Code(0), &captured(PRINTED, "")).unwrap().output;
        let machine = |name: &str, state: &str| json!({"name": name, "state": state, "provider": "libvirt"});
        let expected = json!({"machines": [machine("control-plane-1", "running"), machine("worker-1", "not_created")]});
        assert_eq!(serde_json::to_value(output).unwrap(), expected);
    }

    #[test]
    fn nothing_said_is_not_taken_for_no_machines() {
        let step: Status = decode(json!({})).unwrap();
        let error = step.finish(&place(), Exit::Code(0), &captured("", "")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permanent);
    }

    #[test]
    fn a_name_that_looks_like_an_option_is_refused() {
        for name in ["-f", "", "--help"] {
            assert!(decode::<Status>(json!({"machines": [name]})).unwrap().validate().is_err(), "{name}");
        }
    }
}
