//! A run in a temporary folder, its keeper as a process of its own, and the test as its engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(unreachable_pub, reason = "a part of each test program")]

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use runner_keeper::client::{self, ConnectError, seize};
use runner_keeper::protocol::{
    Bytes, Decoder, Exited, Hello, Mask, PROTOCOL, Range, Reply, Request, Start, Started, Text, Welcome, encode,
};
use runner_keeper::{Holder, receipts};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

/// Longer than anything here takes; reached only by a test that fails.
pub const LONG: Duration = Duration::from_secs(20);

/// A run without a keeper yet.
pub struct Run {
    pub folder: TempDir,
    pub options: Vec<OsString>,
    pub keeper: Option<Child>,
    groups: Vec<i32>,
}

impl Run {
    pub fn new(portable: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = if portable { vec!["--portable".into()] } else { Vec::new() };
        Self { folder, options, keeper: None, groups: Vec::new() }
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The command that starts its keeper, without the folder.
    pub fn command(&self) -> Vec<OsString> {
        let mut runtime = OsString::from("XDG_RUNTIME_DIR=");
        runtime.push(self.dir());
        let mut command = vec!["env".into(), runtime, program().into()];
        command.extend(self.options.iter().cloned());
        command
    }

    /// Starts its keeper.
    pub fn spawn(&mut self) {
        self.keeper = Some(client::spawn(&self.command(), self.dir(), LONG).unwrap());
    }

    /// Starts its keeper and connects to it as engine life 1.
    pub fn begin(&mut self) -> Engine {
        self.spawn();
        self.connect(1).unwrap()
    }

    pub fn connect(&self, epoch: u64) -> Result<Engine, ConnectError> {
        self.connect_masked(epoch, Vec::new())
    }

    pub fn connect_masked(&self, epoch: u64, masks: Vec<Mask>) -> Result<Engine, ConnectError> {
        let environment = vec![("PATH".into(), "/usr/bin:/bin".into()), ("LC_ALL".into(), "C".into())];
        let hello = Hello { protocol: PROTOCOL, epoch, environment, masks };
        let connected = client::connect(self.dir(), &hello, LONG)?;
        Ok(Engine {
            stream: connected.stream,
            decoder: connected.decoder,
            welcome: connected.welcome,
            replies: connected.early.into(),
            epoch,
            dir: self.dir().to_owned(),
        })
    }

    /// Kills its keeper as the machine's owner would, and waits until it is gone.
    pub fn kill_keeper(&mut self) {
        let mut keeper = self.keeper.take().unwrap();
        keeper.kill().unwrap();
        keeper.wait().unwrap();
    }

    /// Waits for the end of its keeper; gives the exit code.
    pub fn await_keeper(&mut self) -> Option<i32> {
        self.keeper.take().unwrap().wait().unwrap().code()
    }

    /// Kills this process group when the test ends, however it ends.
    pub fn clean_up(&mut self, group: i32) {
        self.groups.push(group);
    }

    pub fn text(&self, name: &str, range: Range) -> String {
        if range.length() == 0 {
            return String::new(); // it may have no file
        }
        let bytes = fs::read(self.dir().join(name)).unwrap();
        String::from_utf8(bytes[range.from as usize..range.to as usize].to_vec()).unwrap()
    }

    pub fn out(&self, exited: &Exited) -> String {
        self.text(&format!("lanes/{}.out", exited.ranges.lane), exited.ranges.out)
    }

    pub fn data(&self, exited: &Exited) -> String {
        self.text(&format!("lanes/{}.data", exited.ranges.lane), exited.ranges.data)
    }

    pub fn progress(&self, exited: &Exited) -> String {
        self.text(&format!("lanes/{}.progress", exited.ranges.lane), exited.ranges.progress)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
        if let Ok(receipts) = receipts::read(self.dir()) {
            let living = |pid: &i32| is_alive(*pid);
            let spawned = receipts.attempts().filter_map(|attempt| Some(receipts.spawned(attempt)?.pid));
            self.groups.extend(spawned.filter(living));
        }
        // Tests that let an engine start the keeper, or have killed one, do not hold it.
        let lock = fs::read_to_string(self.dir().join("keeper.lock")).unwrap_or_default();
        let holder = serde_json::from_str::<Holder>(&lock).ok().filter(|holder| holder.socket.is_some());
        if let Some(holder) = holder.filter(|holder| matches!(seize(self.dir()), Ok(None)) && is_alive(holder.pid)) {
            signal(holder.pid, Signal::KILL);
        }
        for group in &self.groups {
            let _ = kill_process_group(Pid::from_raw(*group).unwrap(), Signal::KILL);
        }
    }
}

/// The test as an engine.
pub struct Engine {
    pub stream: UnixStream,
    decoder: Decoder<Reply>,
    pub welcome: Welcome,
    replies: VecDeque<Reply>,
    pub epoch: u64,
    dir: PathBuf,
}

impl Engine {
    pub fn send(&mut self, request: &Request) {
        self.stream.write_all(&encode(request)).unwrap();
    }

    /// A start of `/bin/sh -c SCRIPT`.
    pub fn script(&self, attempt: u64, script: &str) -> Start {
        self.program(attempt, &["sh", "-c", script])
    }

    pub fn program(&self, attempt: u64, argv: &[&str]) -> Start {
        start(attempt, self.epoch, argv, &self.dir)
    }

    /// Starts and waits until it is.
    pub fn start(&mut self, start: Start) -> Started {
        self.send(&Request::Start(Box::new(start)));
        match self.next() {
            Reply::Started(started) => started,
            other => panic!("expected a start, got {other:?}"),
        }
    }

    /// The next message.
    pub fn next(&mut self) -> Reply {
        self.next_or_end().expect("the keeper closed the connection")
    }

    pub fn next_or_end(&mut self) -> Option<Reply> {
        let mut buffer = [0; 4096];
        self.stream.set_read_timeout(Some(LONG)).unwrap();
        while self.replies.is_empty() {
            let count = match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other.unwrap(),
            };
            if count == 0 {
                return None;
            }
            self.replies.extend(self.decoder.push(&buffer[..count]).unwrap());
        }
        self.replies.pop_front()
    }

    /// The next end of an attempt.
    pub fn exited(&mut self) -> Exited {
        loop {
            match self.next() {
                Reply::Exited(exited) => return *exited,
                Reply::Started(_) => {}
                other => panic!("expected an end, got {other:?}"),
            }
        }
    }

    /// Starts, and waits for the end.
    pub fn run(&mut self, start: Start) -> Exited {
        self.send(&Request::Start(Box::new(start)));
        self.exited()
    }
}

pub fn start(attempt: u64, epoch: u64, argv: &[&str], dir: &Path) -> Start {
    Start {
        attempt,
        epoch,
        argv: argv.iter().map(Text::from).collect(),
        dir: dir.into(),
        grace_ms: 10_000,
        ..Start::default()
    }
}

pub fn bytes(text: &str) -> Bytes {
    Bytes(text.into())
}

/// The program that is a keeper, built beside the tests.
pub fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/keeper");
    assert!(
        program.exists(),
        "`{}` is missing: build it with `cargo build -p runner-keeper --examples`",
        program.display()
    );
    program
}

pub fn is_alive(pid: i32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat.rsplit_once(')').unwrap().1.trim_start().starts_with(['Z', 'X']),
        Err(_) => false,
    }
}

/// Waits for something that another process does and that gives no event.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Each of these functions as a test of the native and of the portable keeper.
#[macro_export]
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod native { $( #[test] fn $name() { super::$name(false); } )* }
        mod portable { $( #[test] fn $name() { super::$name(true); } )* }
    };
}
