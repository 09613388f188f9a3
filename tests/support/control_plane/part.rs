//! A process that ends with the test that started it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::support::process;

/// Leaves somebody behind in the group who reads from a pipe of ours, and becomes the program. The pipe ends when we do, also by
/// SIGKILL, and then that one kills the group. (The parent-death signal of Linux would come with the end of the *thread* that
/// started it.)
const WATCHED: &str = r#"exec 3<&0; { read -r _ <&3; kill -KILL 0; } & exec "$@" </dev/null 3<&-"#;

/// A running part of a control plane. It is killed when this is dropped, and when the test ends in any other way.
pub struct Part {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Part {
    /// Starts a program; what it says goes to `FOLDER/NAME.log`, after what stands there.
    pub fn start(folder: &Path, program: &Path, arguments: &[String]) -> Self {
        let name = program.file_name().unwrap().to_string_lossy().into_owned();
        let log = folder.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(program).args(arguments).current_dir(folder).env(process::MARK, folder);
        command.env("KUBETEST", super::program("kubetest").parent().unwrap());
        command.process_group(0).stdin(Stdio::piped()).stdout(out.try_clone().unwrap()).stderr(out);
        Self { child: command.spawn().unwrap(), name, log }
    }

    /// Whether it lives.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The end of what it has said.
    pub fn said(&self) -> String {
        let mut bytes = Vec::new();
        let mut file = File::open(&self.log).unwrap();
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096))).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        format!("--- the end of {}'s log\n{}\n", self.name, String::from_utf8_lossy(&bytes).trim_end())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // The group is ours as long as the one who reads the pipe is in it.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
