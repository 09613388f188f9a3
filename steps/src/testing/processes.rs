//! Processes that follow a script.

use std::sync::Mutex;

use runner_sdk::world::{Processes, Ran};
use runner_sdk::{Command, Error, Exit, Future, Result};

type Script = Box<dyn FnMut(&Command) -> Result<Ran> + Send>;

/// Runs nothing: gives what the test says, and keeps what was asked.
#[derive(Default)]
pub(crate) struct TestProcesses {
    script: Mutex<Option<Script>>,
    commands: Mutex<Vec<Command>>,
}

impl TestProcesses {
    /// What every process does from now on.
    pub(crate) fn script(&self, script: impl FnMut(&Command) -> Result<Ran> + Send + 'static) {
        *self.script.lock().unwrap() = Some(Box::new(script));
    }

    /// The command lines so far, as a person would type them.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.commands.lock().unwrap().iter().map(Command::display).collect()
    }
}

impl Processes for TestProcesses {
    fn run(&self, command: Command) -> Future<'_, Result<Ran>> {
        let result = match self.script.lock().unwrap().as_mut() {
            Some(script) => script(&command),
            None => Err(Error::permanent(format!("cannot start `{}`: no such file or directory", command.display()))),
        };
        self.commands.lock().unwrap().push(command);
        Box::pin(async move { result })
    }
}

/// A process that ended with `code` after writing both streams.
pub(crate) fn ran(code: i32, stdout: &str, stderr: &str) -> Ran {
    Ran { exit: Exit::Code(code), stdout: stdout.into(), stderr: stderr.to_owned() }
}
