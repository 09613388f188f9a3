//! One suite that every registered step type passes: a new type is under it as soon as it stands in its namespace's list.

mod example;
mod field;
mod life;
mod sshd;

use std::sync::LazyLock;

use runner_sdk::Example;

use crate::support::{Project, skip};

/// A project in which an example can run; none where its fixture is not to be had.
struct Bench {
    project: Project,
    _sshd: Option<sshd::Server>,
}

/// The folder of a Vagrantfile, where the tests run inside the lab.
static LAB: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("LAB_SITE").ok());

impl Bench {
    /// A project with the example as its workflow `w`. `expect`: followed by a step that checks what it says.
    fn of(example: &Example, expect: bool) -> Option<Self> {
        let mut project = Project::new();
        let mut server = None;
        match example.fixture {
            "" => {}
            "sshd" => {
                server = sshd::Server::start(&project);
                if server.is_none() {
                    skip("there is no sshd");
                    return None;
                }
            }
            "vagrant" => {
                let Some(lab) = LAB.as_ref() else {
                    eprintln!("SKIPPED: `{}` runs in the lab alone", example.title);
                    return None;
                };
                for entry in std::fs::read_dir(lab).unwrap().flatten().filter(|entry| entry.path().is_file()) {
                    project.write(entry.file_name(), std::fs::read(entry.path()).unwrap());
                }
                for (name, value) in std::env::vars() {
                    if ["LAB_", "VAGRANT_", "MACHINES", "TREE"].iter().any(|prefix| name.starts_with(prefix)) {
                        project.env(&name, value);
                    }
                }
            }
            other => panic!("no fixture is called `{other}`"),
        }
        let indented: String = example.steps.lines().flat_map(|line| ["  ", line, "\n"]).collect();
        let last = serde_json::to_string(example.expect).unwrap();
        let last = if expect {
            format!("  - {{id: expected, uses: assert.that, needs: all, with: {{that: {last}}}}}\n")
        } else {
            String::new()
        };
        project.workflow("w", &format!("steps:\n{indented}{last}"));
        Some(Self { project, _sshd: server })
    }
}

/// Does something for every example of every type, and tells all that went wrong.
fn for_all(what: impl Fn(&'static runner_sdk::StepType, &'static Example) -> Result<(), String>) {
    let mut wrong = Vec::new();
    for step in runner_steps::all() {
        assert!(!step.examples.is_empty(), "`{}` has no example", step.name);
        for example in step.examples {
            if let Err(why) = what(step, example) {
                wrong.push(format!("{}, {}: {why}", step.name, example.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
