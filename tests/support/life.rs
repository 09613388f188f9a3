//! One life of the binary: a process that a test started.

use std::fmt;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::PATIENCE;

/// A process that was started and is waited for.
pub struct Life {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

/// How a life ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; 128 + n for a signal.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said on standard error.
    pub stderr: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Ended {
    /// Both streams.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Itself, if it ended with this code.
    ///
    /// # Panics
    ///
    /// Where it did not, showing what it said.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }
}

impl Life {
    /// Starts a command, in a process group of its own as a shell would.
    pub fn start(mut command: Command) -> Self {
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, stdout: collect(stdout), stderr: collect(stderr) }
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it lives.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Signals it alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// Signals its process group, as Ctrl-C on a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(self.process(), signal).unwrap();
    }

    /// SIGKILL; how far it had come.
    pub fn kill(mut self) -> Ended {
        let _ = self.child.kill();
        self.wait()
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it takes longer than [`PATIENCE`]; it is killed then.
    pub fn end(self) -> Ended {
        self.end_within(PATIENCE).unwrap_or_else(|life| panic!("it did not end in time: {}", life.kill()))
    }

    /// Waits for its end for so long; gives it back if it still lives then.
    pub fn end_within(mut self, limit: Duration) -> Result<Ended, Self> {
        let end = std::time::Instant::now() + limit;
        loop {
            if !self.is_alive() {
                return Ok(self.wait());
            }
            if std::time::Instant::now() >= end {
                return Err(self);
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn process(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn wait(&mut self) -> Ended {
        let status = self.child.wait().unwrap();
        // Who inherited its streams may hold them open; that would be a mistake, but not one to hang on.
        let text = |from: &Receiver<Vec<u8>>| {
            let bytes = from.recv_timeout(Duration::from_secs(5)).expect("its streams are closed once it has ended");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap();
        Ended { code, stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }
}

/// Reads a stream to its end, so that nobody waits for a full pipe.
fn collect(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, all) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = to.send(bytes);
    });
    all
}
