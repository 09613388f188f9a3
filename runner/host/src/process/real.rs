//! The machine's processes.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use runner_sdk::world::{Processes, Ran};
use runner_sdk::{Command, Error, Exit, Future, Program, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};
use tokio::sync::watch;

use super::output::{self, Keep};

/// The largest standard output, in bytes: that of a step's outputs.
const STDOUT: usize = 64 << 20;
/// How much of standard error is kept, in bytes.
const STDERR: usize = 16 << 10;

/// The machine's processes, started for one attempt. `pty` and `publishes` of a command mean nothing here: both belong
/// to process steps.
#[derive(Clone, Debug, Default)]
pub struct RealProcesses {
    /// The attempt's working directory.
    pub dir: PathBuf,
    /// The attempt's environment beyond this process's own; `None` removes a name.
    pub env: Vec<(String, Option<String>)>,
    /// Whether they stay in the process group of this process. Whoever stops that stops them, and not one is killed on its own.
    pub grouped: bool,
}

impl Processes for RealProcesses {
    fn run(&self, command: Command) -> Future<'_, Result<Ran>> {
        Box::pin(async move {
            let mut child = self.start(&command)?;
            let _group = (!self.grouped).then(|| Group::of(&child));
            let failed = |error: io::Error| {
                Error::permanent(format!("`{}` failed: {error}", command.display())).hint("its processes were stopped")
            };
            let (end, ended) = watch::channel(false);
            let stdin = feed(child.stdin.take(), &command.stdin);
            let stdout = child.stdout.take().map(tokio::process::ChildStdout::into_owned_fd).transpose();
            let stderr = child.stderr.take().map(tokio::process::ChildStderr::into_owned_fd).transpose();
            let (Some(stdout), Some(stderr)) = (stdout.map_err(failed)?, stderr.map_err(failed)?) else {
                return Err(failed(io::ErrorKind::BrokenPipe.into()));
            };
            let exit = async {
                let status = child.wait().await;
                // What its children write after its end is not part of it.
                end.send_replace(true);
                status
            };
            let stdout = output::read(stdout, Keep::Whole(STDOUT), ended.clone());
            let stderr = output::read(stderr, Keep::Tail(STDERR), ended.clone());
            let stdin = async {
                let mut ended = ended.clone();
                tokio::select! { fed = stdin => fed, _ = ended.wait_for(|ended| *ended) => Ok(()) }
            };
            let (status, stdout, stderr, ()) = tokio::try_join!(exit, stdout, stderr, stdin).map_err(failed)?;
            Ok(Ran { exit: exit_of(status), stdout, stderr: output::text(&stderr) })
        })
    }
}

impl RealProcesses {
    fn start(&self, command: &Command) -> Result<Child> {
        let Program::Named(program) = &command.program else {
            return Err(Error::permanent(format!("`{}` runs as a service, not as a helper", command.display())));
        };
        let dir = command.dir.as_ref().map_or_else(|| self.dir.clone(), |dir| self.dir.join(dir));
        let mut process = tokio::process::Command::new(program);
        process.args(&command.args).current_dir(&dir).kill_on_drop(true);
        if !self.grouped {
            process.process_group(0);
        }
        process.stdin(if command.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        process.stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in self.env.iter().chain(&command.env) {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        process.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory if !dir.is_dir() => {
                Error::permanent(format!("the folder `{}` to run `{program}` in does not exist", dir.display()))
            }
            io::ErrorKind::NotFound => Error::permanent(format!("there is no program `{program}`"))
                .hint("install it, or put the folder it lies in on `PATH`"),
            io::ErrorKind::PermissionDenied => Error::permanent(format!("`{program}` is not executable")),
            io::ErrorKind::ArgumentListTooLong => {
                Error::permanent(format!("the arguments and environment of `{program}` are too long"))
                    .hint("give large values on standard input or in a file")
            }
            // No process or memory to be had just now.
            _ => Error::transient(format!("cannot start `{program}`: {error}")),
        })
    }
}

/// Writes all of standard input. A process that ends without reading it is not an error.
async fn feed(stdin: Option<ChildStdin>, bytes: &[u8]) -> io::Result<()> {
    let Some(mut stdin) = stdin else {
        return Ok(());
    };
    match stdin.write_all(bytes).await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

/// A process group that is killed when dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It fails when nothing of the group is left, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
