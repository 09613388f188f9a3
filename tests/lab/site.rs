//! The lab's machines and a project that brings them up, for one test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Life, Project};

/// Machines of the lab. They are destroyed when it is dropped.
pub(crate) struct Site {
    /// The project in which the workflows run.
    pub(crate) project: Project,
    folder: PathBuf,
    machines: PathBuf,
}

/// Writes down what it was called with, then is what it stands for.
const WRAPPER: &str = "#!/bin/sh\necho \"$*\" >>\"CALLS\"\nexec REAL \"$@\"\n";

impl Site {
    /// So many controllers and workers, none of which is there yet.
    pub(crate) fn new(controllers: usize, workers: usize) -> Self {
        let folder = std::env::var_os("LAB_SITE").map(PathBuf::from);
        let folder = folder.expect("these tests run within `tests/lab/inside`: see `tests/run lab`");
        let mut project = Project::new();
        for (name, value) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["LAB_", "VAGRANT_", "MACHINES", "TREE"].iter().any(|prefix| text.starts_with(prefix)) {
                project.env(&text, value);
            }
        }
        project.env("CONTROLLERS", controllers.to_string()).env("WORKERS", workers.to_string());
        // A machine that boots slowly is given the time; one that powers off is noticed at once.
        project.env("BOOT_TIMEOUT", "60");
        let calls = |name: &str| project.base().join(name);
        let (vagrant, machine) = (calls("bin/vagrant"), calls("machine"));
        wrap(&vagrant, &find("vagrant"), &calls("vagrant.calls"));
        wrap(&machine, Path::new(&std::env::var_os("LAB_MACHINE").unwrap()), &calls("machine.calls"));
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", vagrant.parent().unwrap().display());
        project.env("PATH", path).env("LAB_MACHINE", machine);
        let machines = PathBuf::from(std::env::var_os("MACHINES").unwrap());
        Self { project, folder, machines }
    }

    /// `runner run vagrant-up`.
    pub(crate) fn up(&self) -> Life {
        self.run("vagrant-up")
    }

    /// `runner run` of a shipped workflow on this site.
    pub(crate) fn run(&self, workflow: &str) -> Life {
        self.run_with(workflow, &[])
    }

    /// The same with more words.
    pub(crate) fn run_with(&self, workflow: &str, words: &[&str]) -> Life {
        let dir = format!("dir={}", self.folder.display());
        let mut all = vec!["run", workflow, "-i", &dir];
        all.extend(words);
        self.project.spawn(&all)
    }

    /// Makes a machine misbehave when it starts next.
    pub(crate) fn fault(&self, name: &str, fault: &str) {
        assert!(self.lab("machine").args(["fault", name, fault]).status().unwrap().success());
    }

    /// How often `vagrant up` was called for a machine.
    pub(crate) fn ups(&self, name: &str) -> usize {
        self.calls("vagrant.calls", &format!("up {name}"))
    }

    /// How often a machine was started.
    pub(crate) fn boots(&self, name: &str) -> usize {
        self.calls("machine.calls", &format!("up {name} "))
    }

    fn calls(&self, file: &str, beginning: &str) -> usize {
        let text = std::fs::read_to_string(self.project.base().join(file)).unwrap_or_default();
        text.lines().filter(|line| format!("{line} ").starts_with(&format!("{} ", beginning.trim_end()))).count()
    }

    /// When the machine's first process started, in ticks of the system: another value is another boot.
    pub(crate) fn started(&self, name: &str) -> String {
        let pid = std::fs::read_to_string(self.machines.join(name).join("pid")).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().to_owned()
    }

    /// The machines that are there, by name.
    pub(crate) fn machines(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.machines).unwrap().flatten();
        let mut names: Vec<_> = entries
            .filter(|entry| entry.path().join("root").exists())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The groups of the inventory with their machines, as written.
    pub(crate) fn inventory(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let text: &'static str = self.project.read(".runner/inventory.ini").leak();
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix('[').and_then(|line| line.strip_suffix(']')), groups.last_mut()) {
                (Some(group), _) => groups.push((group, Vec::new())),
                (None, Some((_, machines))) if !line.is_empty() => machines.push(line),
                _ => {}
            }
        }
        for name in groups.iter().flat_map(|(_, machines)| machines) {
            assert!(text.contains(&format!("\n{name} ansible_host=192.168.64.")), "{text}");
        }
        groups
    }

    /// What a command says on a machine, reached by the configuration that `vagrant-up` wrote.
    pub(crate) fn ssh(&self, name: &str, command: &str) -> String {
        let config = self.project.path().join(".runner/ssh").join(name);
        let ran =
            Command::new("ssh").arg("-F").arg(config).args([name, command]).stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    }

    fn lab(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.lab("vagrant").args(["destroy", "-f"]).env("CONTROLLERS", "3").env("WORKERS", "2").status();
        for entry in std::fs::read_dir(self.machines.join("faults")).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}

fn wrap(wrapper: &Path, real: &Path, calls: &Path) {
    let text = WRAPPER.replace("CALLS", &calls.to_string_lossy()).replace("REAL", &real.to_string_lossy());
    std::fs::create_dir_all(wrapper.parent().unwrap()).unwrap();
    std::fs::write(wrapper, text).unwrap();
    std::fs::set_permissions(wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
}
