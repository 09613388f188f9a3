//! `vagrant.ssh_config`.

use std::path::PathBuf;

use runner_sdk::{Ability, Captured, Command, Error, Example, Exit, Finished, Need, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{program, record};

/// Reads how to reach machines by SSH. They have to run.
///
/// `text` is a configuration for OpenSSH: write it to a file, and `ssh.run` with `config_file` reaches each machine by
/// its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SshConfig {
    /// The folder of the Vagrantfile, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Names of machines; empty: all.
    #[serde(default)]
    pub machines: Vec<String>,
}

/// How to reach a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// The machine's name.
    pub host: String,
    /// Its address.
    pub hostname: String,
    /// The user to log in as.
    pub user: String,
    /// The port of its SSH server.
    pub port: u16,
    /// The private key to use; null where the agent's are to do.
    pub identity_file: Option<String>,
}

/// The machines, in the order of the Vagrantfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Each machine.
    pub machines: Vec<Reach>,
    /// The same as a configuration file for OpenSSH.
    pub text: String,
}

impl Step for SshConfig {
    type Output = Output;
    const NAME: &'static str = "vagrant.ssh_config";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a machine that was just brought up",
        "- id: up
  uses: vagrant.up
  with: {machines: [worker-1]}
- id: reach
  uses: vagrant.ssh_config
  with: {machines: [worker-1]}
- id: clean
  uses: vagrant.destroy",
        "steps.reach.outputs.machines[0].host == 'worker-1' && steps.reach.outputs.machines[0].port > 0",
    )
    .with("vagrant")];

    fn validate(&self) -> Result<()> {
        program::check_names("machine", &self.machines)
    }
}

impl Process for SshConfig {
    fn command(&self, place: &Place) -> Result<Command> {
        Ok(program::readable(place, self.dir.as_ref(), &["ssh-config"], &self.machines))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        let records = program::ended("ssh-config", exit, captured)?;
        let texts: Vec<_> = record::texts(&records, "ssh-config").map(str::trim_end).collect();
        if texts.is_empty() {
            return Err(Error::permanent("`vagrant ssh-config` named no machine"));
        }
        let machines = texts.iter().map(|text| reach(text)).collect::<Result<_>>()?;
        Ok(Finished::new(Output { machines, text: format!("{}\n", texts.join("\n\n")) }))
    }
}

/// One `Host` block.
fn reach(text: &str) -> Result<Reach> {
    let mut reach = Reach { port: 22, ..Reach::default() };
    for line in text.lines() {
        let (key, value) = line.trim().split_once([' ', '=']).unwrap_or((line.trim(), ""));
        let value = value.trim().trim_matches('"');
        match key.to_ascii_lowercase().as_str() {
            "host" => value.clone_into(&mut reach.host),
            "hostname" => value.clone_into(&mut reach.hostname),
            "user" => value.clone_into(&mut reach.user),
            "port" => {
                let wrong = |_| Error::permanent(format!("`vagrant ssh-config` gave the port `{value}`"));
                reach.port = value.parse().map_err(wrong)?;
            }
            "identityfile" if reach.identity_file.is_none() => reach.identity_file = Some(value.to_owned()),
            _ => {}
        }
    }
    if reach.host.is_empty() || reach.hostname.is_empty() {
        return Err(Error::permanent("`vagrant ssh-config` gave a block without `Host` or `HostName`"));
    }
    Ok(reach)
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::{captured, decode, place};

    fn finish(exit: i32, stdout: &str) -> Result<Output> {
        let step: SshConfig = decode(json!({"machines": ["a"]})).unwrap();
        step.finish(&place(), Exit::Code(exit), &captured(stdout, "")).map(|finished| finished.output)
    }

    #[test]
    fn each_machine_is_read_and_the_text_kept() {
        let output = finish(
            0,
            "1,a,metadata,provider,libvirt\n\
             1,a,ssh-config,Host a\\n  HostName 10.0.0.1\\n  User vagrant\\n  Port 2222\\n  IdentityFile \"/with space%!(VAGRANT_COMMA) comma/key\"\\n  \
             IdentityFile /other\\n  LogLevel FATAL\\n\nHost a\n  HostName 10.0.0.1\n  Port 2222\n\n\
             1,b,ssh-config,Host b\\n  HostName b.lan\\n  User root\\n\n",
        )
        .unwrap();
        assert_eq!(
            serde_json::to_value(&output.machines).unwrap(),
            json!([
                {"host": "a", "hostname": "10.0.0.1", "user": "vagrant", "port": 2222, "identity_file": "/with space, comma/key"},
                {"host": "b", "hostname": "b.lan", "user": "root", "port": 22, "identity_file": null},
            ])
        );
        assert!(
            output.text.starts_with("Host a\n  HostName")
                && output.text.ends_with("\n\nHost b\n  HostName b.lan\n  User root\n")
        );
    }

    #[test]
    fn a_machine_that_is_not_up_may_be_later() {
        let error = finish(1, "1,,error-exit,Vagrant::Errors::SSHNotReady,The provider for this Vagrant-managed machine is reporting that it\\nis not yet ready for SSH. Depending\n").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.message.contains("not yet ready for SSH") && error.hint.unwrap().contains("vagrant.up"));
    }

    #[test]
    fn nonsense_is_not_taken_for_a_machine() {
        for stdout in ["", "1,a,ssh-config,Host a\n", "1,a,ssh-config,Host a\\nHostName b\\nPort x\n"] {
            assert_eq!(finish(0, stdout).unwrap_err().kind, ErrorKind::Permanent, "{stdout}");
        }
    }
}
