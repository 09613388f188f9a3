//! A terminal of a test.

use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{self, PATIENCE, Project, await_some, await_that};

/// A tmux server with one pane, which ends with its project.
pub(crate) struct Pane {
    pub(crate) project: Project,
}

impl Pane {
    /// A terminal of this size; none, said so, where there is no tmux.
    pub(crate) fn open(columns: u16, lines: u16) -> Option<Self> {
        let found = Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            support::skip("tmux is not there");
            return None;
        }
        let mut project = Project::new();
        project.env("LC_ALL", "C.UTF-8");
        let pane = Self { project };
        // What is written to the terminal is copied before anything is; then the file `begin` lets the command start.
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let wait = "while [ ! -e begin ]; do sleep 0.01; done; exec sh begin";
        pane.tmux(&["new-session", "-d", "-x", &columns, "-y", &lines, wait]);
        pane.tmux(&["pipe-pane", "-O", "cat >written"]);
        Some(pane)
    }

    fn tmux(&self, args: &[&str]) -> String {
        // The environment of a command of ours, so that the server ends with the project.
        let like = self.project.command(&[]);
        let mut command = Command::new("tmux");
        command.args(["-L", "test", "-f", "/dev/null", "-u"]).args(args);
        command.current_dir(self.project.path()).stdin(Stdio::null()).env_clear();
        command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TMUX_TMPDIR", self.project.base());
        let output = command.output().unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts the binary in the terminal; its exit code is told when it has ended.
    pub(crate) fn begin(&self, args: &[&str]) {
        let command = self.project.command(args);
        let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"));
        let exports = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let exports = exports.map(|(name, value)| format!("export {}={}\n", name.to_string_lossy(), quoted(value)));
        let exports: String = exports.collect();
        let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
        // An interrupt is for the binary, not for the shell that tells of its end.
        let script = format!("trap : INT\n{exports}{}\necho \"exit $?\"\nexec sleep 1000\n", words.join(" "));
        self.project.write("begin-", script);
        std::fs::rename(self.project.path().join("begin-"), self.project.path().join("begin")).unwrap();
    }

    /// What stands on the screen.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The same, and all that was scrolled away.
    pub(crate) fn history(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"])
    }

    /// Everything that was written to the terminal.
    pub(crate) fn written(&self) -> String {
        self.project.read("written")
    }

    /// Waits until a text stands on the screen so many times, and gives the screen.
    pub(crate) fn await_text(&self, text: &str, times: usize) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if screen.matches(text).count() >= times {
                return screen;
            }
            assert!(Instant::now() < end, "no `{text}` in:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the picture was drawn at least twice more.
    pub(crate) fn await_settled(&self) {
        let before = self.written().matches("\u{1b}[?2026l").count();
        await_that("two more pictures", || self.written().matches("\u{1b}[?2026l").count() >= before + 2);
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&self, columns: u16, lines: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &lines.to_string()]);
    }

    /// Presses keys.
    pub(crate) fn keys(&self, keys: &str) {
        self.tmux(&["send-keys", keys]);
    }

    /// Makes a FIFO, at which whoever reads it waits.
    pub(crate) fn fifo(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.project.path().join(name)).status().unwrap();
        assert!(made.success());
    }

    /// Lets go all who wait at a FIFO, and those who come to it later, until a text stands on the screen.
    pub(crate) fn open_gate(&self, name: &str, until: &str) -> String {
        let path = self.project.path().join(name);
        // Without somebody who reads, opening it to write fails; who has read it comes to its end once it is closed.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        await_some(until, || {
            drop(std::fs::File::options().write(true).custom_flags(nonblocking).open(&path));
            Some(self.screen()).filter(|screen| screen.contains(until))
        })
    }
}
