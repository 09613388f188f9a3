//! One suite that every registered step type passes: a new type is under it as soon as it stands in its namespace's list.
//! What cannot be asked of a type stands with its reason in [`excuse`], and that table is held, too.

mod ability;
mod example;
mod excuse;
mod field;
mod helm;
mod life;
mod secret;
mod sshd;
mod world;

use std::sync::{LazyLock, Mutex};

use runner_sdk::{Example, StepType};
use serde_json::Value;

use crate::support::{Project, skip};

/// A project in which an example can run; none where its fixture is not to be had.
struct Bench {
    project: Project,
    /// Whether machines of the lab may stand, which the next project would find.
    machines: bool,
    _sshd: Option<sshd::Server>,
}

/// The fixture of an example that needs the lab.
const MACHINES: &str = "vagrant";

/// The folder of a Vagrantfile, where the tests run inside the lab.
static LAB: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("LAB_SITE").ok());

impl Bench {
    /// A project with what the example needs; none where that is not to be had.
    fn ready(example: &Example) -> Option<Self> {
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
            helm::RELEASES => {
                if !helm::ready(&mut project) {
                    eprintln!("SKIPPED: `{}` needs the control plane", example.title);
                    return None;
                }
            }
            // `tests/cluster` runs these, against a control plane.
            "cluster" => return None,
            MACHINES => {
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
        Some(Self { project, machines: example.fixture == MACHINES, _sshd: server })
    }

    /// A project without anything.
    fn bare() -> Self {
        Self { project: Project::new(), machines: false, _sshd: None }
    }

    /// A project with the example as its workflow `w`. `expect`: followed by a step that checks what it says.
    fn of(example: &Example, expect: bool) -> Option<Self> {
        let bench = Self::ready(example)?;
        let indented: String = example.steps.lines().flat_map(|line| ["  ", line, "\n"]).collect();
        let last = serde_json::to_string(example.expect).unwrap();
        let last = if expect {
            format!("  - {{id: expected, uses: assert.that, needs: all, with: {{that: {last}}}}}\n")
        } else {
            String::new()
        };
        bench.project.workflow("w", &format!("steps:\n{indented}{last}"));
        Some(bench)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if self.machines {
            let mut destroy = std::process::Command::new("vagrant");
            destroy.args(["destroy", "-f"]).current_dir(self.project.path()).stdout(std::process::Stdio::null());
            let ended = destroy.status().expect("the lab has vagrant");
            assert!(ended.success() || std::thread::panicking(), "the machines of an example stay");
        }
    }
}

/// The steps of an example, and the place among them of the first that is of the type.
fn steps_of(step: &StepType, example: &Example) -> (Vec<Value>, usize) {
    let steps: Vec<Value> = serde_yaml::from_str(example.steps).unwrap();
    let at = steps.iter().position(|one| one["uses"] == step.name).expect("an example is of its type");
    (steps, at)
}

/// The id of a step.
fn id(step: &Value) -> &str {
    step["id"].as_str().expect("a step has an id")
}

/// How many examples are tried at the same time: they wait more than they compute.
const BESIDE: usize = 6;

/// Does something for every example of every type, and tells all that went wrong.
fn for_all(what: impl Fn(&'static StepType, &'static Example) -> Result<(), String> + Sync) {
    let all = runner_steps::all().into_iter().flat_map(|step| {
        assert!(!step.examples.is_empty(), "`{}` has no example", step.name);
        // In the lab it is the turn of what needs machines, and with a cluster of what needs that; all else has been asked outside.
        let due = step.examples.iter().filter(|example| match (LAB.as_ref(), helm::major()) {
            (Some(_), _) => example.fixture == MACHINES,
            (_, Some(_)) => example.fixture == helm::RELEASES,
            _ => true,
        });
        due.map(move |example| (step, example))
    });
    let (all, wrong) = (Mutex::new(all), Mutex::new(Vec::new()));
    // The machines of the lab are there once.
    let beside = if LAB.is_some() { 1 } else { BESIDE };
    std::thread::scope(|scope| {
        for _ in 0..beside {
            scope.spawn(|| {
                loop {
                    let Some((step, example)) = all.lock().unwrap().next() else { break };
                    if let Err(why) = what(step, example) {
                        wrong.lock().unwrap().push(format!("{}, {}: {why}", step.name, example.title));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
