//! A project of a test.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ended, Journal, Life, PATIENCE, Process, await_some, await_that, process, redact};

/// A temporary project with homes of its own. Everything that it started is killed when it is dropped. `KEEP=1` leaves the
/// folder of a test that failed.
pub struct Project {
    base: tempfile::TempDir,
    path: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Project {
    /// An empty project.
    pub fn new() -> Self {
        Self::named("project")
    }

    /// An empty project whose folder has this name.
    pub fn named(name: &str) -> Self {
        let base = tempfile::Builder::new().prefix("runner-e2e-").tempdir().unwrap();
        let path = base.path().join(name);
        std::fs::create_dir_all(path.join("workflows")).unwrap();
        std::fs::DirBuilder::new().mode(0o700).create(base.path().join("runtime")).unwrap();
        for home in ["home", "state", "config", "cache", "data"] {
            std::fs::create_dir(base.path().join(home)).unwrap();
        }
        let path = path.canonicalize().unwrap();
        Self { base, path, env: Vec::new() }
    }

    /// A variable for everything that is started from now on.
    pub fn env(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Those that were given by [`Self::env`], as a step's world takes them.
    pub fn variables(&self) -> Vec<(String, Option<String>)> {
        let text = |text: &OsString| text.to_string_lossy().into_owned();
        self.env.iter().map(|(name, value)| (text(name), Some(text(value)))).collect()
    }

    /// The project's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The temporary folder in which the project and its homes lie.
    pub fn base(&self) -> &Path {
        self.base.path()
    }

    /// Writes a file of the project.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Writes a program of the project, which can be executed once this returns.
    pub fn program(&self, path: &str, text: &str) -> &Self {
        self.write(path, text);
        let path = self.path.join(path);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    /// Everything in the files of the newest run, as text.
    pub fn read_run(&self) -> String {
        fn read(folder: &Path, all: &mut String) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                // A pipe would wait for whoever writes into it.
                if entry.path().is_dir() {
                    read(&entry.path(), all);
                } else if entry.path().is_file() {
                    all.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
                }
            }
        }
        let mut all = String::new();
        read(&self.run_folder(), &mut all);
        all
    }

    /// Writes `workflows/NAME.yaml`.
    pub fn workflow(&self, name: &str, text: &str) -> &Self {
        self.write(format!("workflows/{name}.yaml"), text)
    }

    /// The text of a file of the project; empty where there is none.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.path.join(path)).unwrap_or_default()
    }

    /// The binary, to be started in the project. Of the caller's environment it has `PATH` alone.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(args).current_dir(&self.path).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let home = |name: &str| self.base.path().join(name);
        command.env("HOME", home("home")).env("XDG_RUNTIME_DIR", home("runtime"));
        command.env("XDG_STATE_HOME", home("state")).env("XDG_CONFIG_HOME", home("config"));
        command.env("XDG_CACHE_HOME", home("cache")).env("XDG_DATA_HOME", home("data"));
        command.env(process::MARK, self.base.path());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.spawn(args).end()
    }

    /// Starts the binary, in a process group of its own as a shell would.
    pub fn spawn(&self, args: &[&str]) -> Life {
        Life::start(self.command(args))
    }

    /// The ids of the runs, the oldest first.
    pub fn runs(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path.join(".runner/runs")).into_iter().flatten().flatten();
        let mut ids: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        ids.sort();
        ids
    }

    /// The folder of the newest run.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub fn run_folder(&self) -> PathBuf {
        let runs = self.runs();
        self.path.join(".runner/runs").join(runs.last().expect("a run has begun"))
    }

    /// The journal of the newest run, as far as it is written.
    pub fn journal(&self) -> Journal {
        Journal::read(&self.run_folder())
    }

    /// Waits until the newest run's journal holds a fact of this kind about this step.
    pub fn await_fact(&self, kind: &str, path: &str) {
        await_that(&format!("`{kind}` of `{path}`"), || {
            !self.runs().is_empty() && self.journal().about(kind, path).next().is_some()
        });
    }

    /// Waits until a file of the project is there, and gives its text, trimmed.
    pub fn await_file(&self, path: &str) -> String {
        await_some(path, || Some(self.read(path).trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// Waits until nothing lives that the project started.
    pub fn await_silence(&self) {
        let end = Instant::now() + PATIENCE;
        while let Some(one) = self.processes().first() {
            assert!(Instant::now() < end, "it lives on: {one:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The keeper of the newest run, if it lives.
    pub fn keeper(&self) -> Option<u32> {
        let runs = self.runs();
        let text = self.read(Path::new(".runner/runs").join(runs.last()?).join("keeper.lock"));
        let holder: serde_json::Value = serde_json::from_str(text.lines().next()?).ok()?;
        // An engine that stands in for a keeper for a moment listens nowhere.
        holder["socket"].as_str()?;
        let pid = u32::try_from(holder["pid"].as_u64()?).ok()?;
        process::is_alive(pid).then_some(pid)
    }

    /// Kills the keeper of the newest run with SIGKILL, if it lives; tells whether it did.
    pub fn kill_keeper(&self) -> bool {
        self.keeper().is_some_and(process::kill)
    }

    /// Kills everything alive that the project started; gives how many there were.
    pub fn kill_all(&self) -> usize {
        let living = self.processes();
        living.iter().filter(|one| process::kill(one.pid)).count()
    }

    /// Everything alive that the project started.
    pub fn processes(&self) -> Vec<Process> {
        process::marked(self.base.path())
    }

    /// A text without what differs from run to run: see [`redact`].
    pub fn redact(&self, text: &str) -> String {
        redact::redact(text, self.base.path())
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("KEEP").is_some() {
            self.base.disable_cleanup(true);
            eprintln!("kept: {}", self.path.display());
        }
        // Killing one may make another start its next: again, until nobody is there.
        for _ in 0..50 {
            if self.kill_all() == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
