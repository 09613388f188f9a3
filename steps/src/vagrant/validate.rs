//! `vagrant.validate`.

use std::path::PathBuf;

use runner_sdk::step::Nothing;
use runner_sdk::{Ability, Captured, Command, Example, Exit, Finished, Need, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;

use super::program;

/// Checks a Vagrantfile without touching a machine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validate {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Whether what concerns the provider is left unchecked, so that no provider is needed.
    #[serde(default)]
    pub ignore_provider: bool,
}

impl Step for Validate {
    type Output = Nothing;
    const NAME: &'static str = "vagrant.validate";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a Vagrantfile in the project's folder",
        "- id: validate
  uses: vagrant.validate",
        "steps.validate.status == 'succeeded'",
    )
    .with("vagrant")];
}

impl Process for Validate {
    fn command(&self, place: &Place) -> Result<Command> {
        let words: &[&str] = if self.ignore_provider { &["validate", "--ignore-provider"] } else { &["validate"] };
        Ok(program::readable(place, self.dir.as_ref(), words, &[]))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Nothing>> {
        program::ended("validate", exit, captured).map(|_| Finished::new(Nothing {}))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::{captured, decode, place};

    #[test]
    fn a_vagrantfile_with_errors_is_an_input_error() {
        let step: Validate = decode(json!({"ignore_provider": true})).unwrap();
        let line = step.command(&place()).unwrap().display();
        assert_eq!(line, "vagrant validate --ignore-provider --machine-readable");
        let printed = "1,,ui,info,Vagrantfile validated successfully.\n";
        assert!(step.finish(&place(), Exit::Code(0), &captured(printed, "")).is_ok());
        let printed = "1,,error-exit,Vagrant::Errors::ConfigInvalid,There are errors in the configuration of this machine. \
                       Please fix\\nthe following errors and try again:\\n\\nvm:\\n* A box must be specified.\\n\\n\n";
        let error = step.finish(&place(), Exit::Code(1), &captured(printed, "")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input);
        assert!(error.message.contains("* A box must be specified."), "{error}");
    }

    #[test]
    fn a_missing_provider_says_how_to_get_one() {
        let step: Validate = decode(json!({})).unwrap();
        let printed = "1,,error-exit,Vagrant::Errors::NoDefaultProvider,No usable default provider could be found for your system.\\n\\nVagrant relies\n";
        let error = step.finish(&place(), Exit::Code(1), &captured(printed, "")).unwrap_err();
        assert_eq!(
            error.message,
            "`vagrant validate` failed: no usable default provider could be found for your system"
        );
        assert!(error.hint.unwrap().contains("vagrant-libvirt"));
    }
}
