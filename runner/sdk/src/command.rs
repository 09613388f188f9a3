//! One process as data: what to start, and what came out of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which program a [`Command`] starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A program by path, or by name through `PATH` of the attempt's environment.
    Named(String),
    /// This binary again, as the long-running half of a step type that implements [`Serve`](crate::Serve). The
    /// rendered `with:` is given to it on its standard input.
    Builtin(&'static str),
}

/// What a process step asks the keeper to start. No shell is involved unless it is named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: Program,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment beyond what the step inherits; `None` removes a name.
    pub env: Vec<(String, Option<String>)>,
    /// The working directory; relative to the step's own. `None`: the step's own.
    pub dir: Option<PathBuf>,
    /// What the process reads on its standard input; empty: end of file at once.
    pub stdin: Vec<u8>,
    /// Whether standard output is kept apart as the step's data (given to `finish`), not shown as log.
    pub capture: bool,
    /// Whether the process gets a terminal of its own.
    pub pty: bool,
    /// Files and folders that the process writes and that are synced before the step counts as finished.
    pub publishes: Vec<PathBuf>,
}

impl Command {
    /// A command without arguments.
    pub fn new(program: impl Into<String>) -> Self {
        Self::of(Program::Named(program.into()))
    }

    /// The long-running half of the built-in step type `name`.
    pub fn builtin(name: &'static str) -> Self {
        Self::of(Program::Builtin(name))
    }

    fn of(program: Program) -> Self {
        Self {
            program,
            args: Vec::new(),
            env: Vec::new(),
            dir: None,
            stdin: Vec::new(),
            capture: false,
            pty: false,
            publishes: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets what is read on standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Keeps standard output as data for `finish`.
    #[must_use]
    pub fn capture(mut self) -> Self {
        self.capture = true;
        self
    }

    /// The command as a person would type it, for messages.
    pub fn display(&self) -> String {
        let program = match &self.program {
            Program::Named(name) => name.clone(),
            Program::Builtin(name) => format!("<{name}>"),
        };
        std::iter::once(&program).chain(&self.args).map(|word| quote(word)).collect::<Vec<_>>().join(" ")
    }
}

/// A word quoted for a POSIX shell, only where it needs to be.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+<>".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It called exit with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it ended with code 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// The code as a shell would show it: 128 + n for a signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// What a process left behind for `finish`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Standard output, whole, of a command that captures; else empty.
    pub stdout: Vec<u8>,
    /// The last lines (at most 16 KiB) of what was logged: standard error, and standard output where it is not captured.
    pub tail: String,
}

/// A file that the engine writes (beside, sync, rename) before the step counts as finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where; relative to the step's directory.
    pub path: PathBuf,
    /// Its whole content.
    pub bytes: Vec<u8>,
    /// Its mode; `None`: 0644 as the umask allows, or what an existing file has.
    pub mode: Option<u32>,
}

/// What `finish` makes of a process that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished<T> {
    /// The step's outputs.
    pub output: T,
    /// Files to publish.
    pub files: Vec<Publish>,
}

impl<T> Finished<T> {
    /// Outputs alone.
    pub fn new(output: T) -> Self {
        Self { output, files: Vec::new() }
    }
}
