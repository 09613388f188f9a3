//! What runs: a program and its words, or a script in a shell. `exec.run` and `ssh.run` say it alike.

use runner_sdk::{Error, Exit, Result};

use super::word::Words;

/// A program and its words, or a script in a shell.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The program and its arguments.
    pub argv: &'a Words,
    /// A script for `shell`.
    pub script: Option<&'a str>,
    /// A program and arguments after which the script is put as one more.
    pub shell: &'a Words,
    /// The exit codes that count as success.
    pub success_codes: &'a [u8],
}

/// The shell where nothing is said.
pub fn shell() -> Words {
    Words::new(["/bin/sh", "-eu", "-c"])
}

/// The exit codes that count as success where nothing is said.
pub fn success_codes() -> Vec<u8> {
    vec![0]
}

impl<'a> Program<'a> {
    /// Refuses what cannot be run, or could never succeed.
    pub fn check(&self) -> Result<()> {
        let wrong = match (self.argv.program(), self.script) {
            (None, None) => "either `argv` or `script` is needed",
            (Some(_), Some(_)) => "`argv` and `script` exclude each other",
            (Some(""), None) => "the first word of `argv` is empty: it names the program",
            (None, Some(script)) if script.trim().is_empty() => "`script` is empty",
            _ if self.shell.program().is_none_or(str::is_empty) => {
                "`shell` is empty: it is a program and its arguments, such as [bash, -euc]"
            }
            _ if self.success_codes.is_empty() => "`success_codes` is empty, so the step could never succeed",
            _ => return Ok(()),
        };
        Err(Error::input(wrong))
    }

    /// What is started, word by word.
    pub fn words(self) -> impl Iterator<Item = &'a str> {
        let words = if self.script.is_some() { self.shell } else { self.argv };
        words.iter().chain(self.script)
    }

    /// The exit code of a program that ended well; none of one that did not.
    pub fn succeeded(&self, exit: Exit) -> Option<i32> {
        match exit {
            Exit::Code(code) if self.success_codes.iter().any(|success| i32::from(*success) == code) => Some(code),
            _ => None,
        }
    }
}
