//! `ssh.run`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_sdk::unit::Duration;
use runner_sdk::{Captured, Command, Example, Exit, Finished, Need, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;

use super::connection::{self, Connection, connect_timeout};
use crate::shared::capture::{Capture, Output};
use crate::shared::program::{Program, shell, success_codes};
use crate::shared::shell as quoted;
use crate::shared::word::{Word, Words};

/// Runs a program or a script on another machine.
///
/// It starts the system's `ssh`, so that your configuration, agent, known hosts and jump hosts work; it never asks
/// anything. Each word of `argv` reaches the program as it stands. The user's shell there has to be a POSIX one.
///
/// When `ssh` itself fails (exit code 255), the step fails in a way that `retry` tries again. When the connection breaks,
/// the program may go on over there; so an interrupted attempt is not repeated on its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The machine: a name of the configuration, a host name or an address.
    pub host: String,
    /// The user to log in as.
    pub user: Option<String>,
    /// The port of the SSH server.
    pub port: Option<u16>,
    /// The private key to use, beside those that the configuration names for the host; an agent's others are not tried.
    pub identity_file: Option<PathBuf>,
    /// A configuration file to use instead of the user's and the system's.
    pub config_file: Option<PathBuf>,
    /// More options of `ssh_config(5)`, such as `ProxyJump`.
    #[serde(default)]
    pub options: BTreeMap<String, Word>,
    /// How long making the connection may take.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Duration,
    /// The program and its arguments, each one word.
    #[serde(default)]
    pub argv: Words,
    /// A script for `shell` on the other machine.
    pub script: Option<String>,
    /// The shell for `script`: a program and arguments after which the script is put as one more.
    #[serde(default = "shell")]
    pub shell: Words,
    /// What the program reads on its standard input; nothing when not given.
    pub stdin: Option<String>,
    /// Keeps standard output as an output of the step.
    pub capture: Option<Capture>,
    /// Whether what is captured is secret: it is sealed before it is written down, and masked in all that is printed later.
    #[serde(default)]
    #[schemars(extend("x-seals" = ["stdout", "json", "lines"]))]
    pub secret: bool,
    /// The exit codes that count as success.
    #[serde(default = "success_codes")]
    pub success_codes: Vec<u8>,
}

impl Run {
    fn program(&self) -> Program<'_> {
        let (script, success_codes) = (self.script.as_deref(), self.success_codes.as_slice());
        Program { argv: &self.argv, script, shell: &self.shell, success_codes }
    }

    fn connection(&self) -> Connection<'_> {
        Connection {
            host: &self.host,
            user: self.user.as_deref(),
            port: self.port,
            identity_file: self.identity_file.as_ref(),
            config_file: self.config_file.as_ref(),
            options: &self.options,
            connect_timeout: self.connect_timeout,
        }
    }

    /// The command line for the shell over there. `ssh` joins its words by spaces, so it is given one.
    fn line(&self) -> String {
        quoted::line(self.program().words())
    }

    fn who(&self) -> String {
        self.argv.program().map_or_else(|| "the script".to_owned(), |program| format!("`{program}`"))
    }
}

impl Step for Run {
    type Output = Output;
    const NAME: &'static str = "ssh.run";
    const IDEMPOTENT: bool = false;
    const NEEDS: &'static [Need] = connection::NEEDS;
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a program and what it prints",
            "- id: hello
  uses: ssh.run
  with:
    host: machine
    config_file: ssh_config
    argv: [printf, '%s', \"it's $HOME\"]
    capture: text",
            "steps.hello.outputs.stdout == \"it's $HOME\"",
        )
        .with("sshd"),
        Example::new(
            "a script with standard input",
            "- id: count
  uses: ssh.run
  with:
    host: machine
    config_file: ssh_config
    script: |
      cat
      echo three
    stdin: \"one\\ntwo\\n\"
    capture: lines",
            "steps.count.outputs.lines == ['one', 'two', 'three']",
        )
        .with("sshd"),
    ];

    fn validate(&self) -> Result<()> {
        self.connection().check()?;
        self.program().check()?;
        Word::check("the command", &self.line())
    }
}

impl Process for Run {
    fn command(&self, place: &Place) -> Result<Command> {
        let mut command = Command::new("ssh").arg("-T").args(self.connection().arguments(place)).arg(self.line());
        command.stdin = self.stdin.clone().unwrap_or_default().into_bytes();
        command.capture = self.capture.is_some();
        Ok(command)
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        match self.program().succeeded(exit) {
            Some(code) => Output::ended(&self.who(), self.capture, &captured.stdout, code).map(Finished::new),
            None => Err(self.connection().failed(&self.who(), exit, &captured.tail)),
        }
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{captured, decode, place};

    fn step(with: Value) -> Run {
        let step: Run = decode(with).unwrap();
        step.validate().unwrap();
        step
    }

    #[test]
    fn the_words_reach_the_shell_over_there_as_one_quoted_line() {
        let with = json!({"host": "m", "argv": ["echo", "a  b", "$HOME", 5], "stdin": "in", "capture": "text"});
        let command = step(with).command(&place()).unwrap();
        assert_eq!(
            command.args,
            ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", "m", "echo 'a  b' '$HOME' 5"]
        );
        assert!(command.capture && command.stdin == b"in");
        let command = step(json!({"host": "m", "script": "echo 'x'"})).command(&place()).unwrap();
        assert_eq!(command.args.last().unwrap(), r"/bin/sh -eu -c 'echo '\''x'\'''");
    }

    #[test]
    fn the_exit_code_is_that_of_the_program_unless_it_is_255() {
        let it = step(json!({"host": "m", "argv": ["it"], "success_codes": [0, 4], "capture": "lines"}));
        let output = it.finish(&place(), Exit::Code(4), &captured("a\nb\n", "")).unwrap().output;
        assert_eq!((output.exit_code, output.lines.unwrap().len()), (Some(4), 2));
        let error = it.finish(&place(), Exit::Code(1), &captured("", "bad\n")).unwrap_err();
        assert_eq!(error.message, "`it` on `m` exited with code 1: bad");
        let error = it.finish(&place(), Exit::Code(255), &captured("", "Connection closed\n")).unwrap_err();
        assert_eq!((error.kind, error.exit_code), (ErrorKind::Transient, Some(255)));
        assert_eq!(error.message, "`ssh` to `m` failed: Connection closed");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for with in [
            json!({"host": "m"}),
            json!({"host": "m", "argv": ["a"], "script": "b"}),
            json!({"host": "m", "argv": [""]}),
            json!({"host": "-v", "argv": ["a"]}),
            json!({"host": "m", "argv": ["a"], "user": ""}),
            json!({"host": "m", "argv": ["a"], "port": 0}),
            json!({"host": "m", "argv": ["a"], "success_codes": []}),
            json!({"host": "m", "script": "a", "shell": []}),
            json!({"host": "m", "argv": ["a\0"]}),
        ] {
            assert_eq!(decode::<Run>(with.clone()).unwrap().validate().unwrap_err().kind, ErrorKind::Input, "{with}");
        }
    }
}
