//! The checkpoint behind a long run's journal: used where it can be believed, made anew where it cannot.

use std::fmt::Write as _;

use super::support::{Project, await_that};

/// Steps before the one that is held: enough facts for a checkpoint to be written.
const STEPS: usize = 900;

/// Many quick steps, one that waits for a file, one behind it.
fn workflow() -> String {
    let mut text = String::from("name: long\nsteps:\n");
    for step in 0..STEPS {
        let _ = writeln!(text, "  - id: s{step:04}\n    uses: log.print\n    with: {{message: \"{step}\"}}");
    }
    text.push_str(
        "  - id: held\n    uses: exec.run\n    with: {script: \"echo x >begun; while [ ! -e go ]; do sleep 0.02; done; echo held >> effects\"}\n\
           - id: last\n    uses: exec.run\n    with: {argv: [sh, -c, \"echo last >> effects\"]}\n",
    );
    text.replace("\n- id", "\n  - id")
}

/// A run whose engine was killed while a step was held, with a checkpoint behind it.
fn killed() -> Project {
    let project = Project::new();
    project.workflow("long", &workflow());
    let life = project.spawn(&["run", "long"]);
    project.await_file("begun");
    await_that("a checkpoint is there", || project.run_folder().join("checkpoint").is_dir());
    life.kill();
    project
}

/// Resumes to the end; every step ran once.
fn resume(project: &Project, how: &[&str]) {
    project.write("go", "");
    project.run(&[&["resume"], how].concat()).expect(0);
    assert_eq!(project.read("effects"), "held\nlast\n");
    let journal = project.journal();
    for step in (0..STEPS).step_by(97) {
        assert_eq!(journal.attempts(&format!("s{step:04}")), 1, "s{step:04}");
    }
    assert_eq!(journal.attempts("held"), 1, "the held step was adopted");
}

#[test]
fn a_long_run_resumes_from_its_checkpoint() {
    resume(&killed(), &[]);
}

#[test]
fn a_reporter_without_history_resumes_from_the_checkpoint_alone() {
    resume(&killed(), &["--output", "json"]);
}

#[test]
fn a_damaged_checkpoint_changes_nothing() {
    let project = killed();
    let database = project.run_folder().join("checkpoint/db");
    let mut bytes = std::fs::read(&database).unwrap();
    for at in (0..bytes.len()).step_by(41) {
        bytes[at] ^= 0x55;
    }
    std::fs::write(&database, bytes).unwrap();
    resume(&project, &[]);
}

#[test]
fn a_checkpoint_ahead_of_its_journal_proves_that_facts_were_lost() {
    let project = killed();
    let run = project.run_folder();
    let journal = std::fs::read(run.join("journal")).unwrap();
    let lines: Vec<_> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    std::fs::write(run.join("journal"), lines[..100].concat()).unwrap();
    std::fs::remove_file(run.join("synced")).unwrap();
    let ended = project.run(&["resume"]).expect(30);
    assert!(ended.output().contains("lost"), "{}", ended.output());
    project.write("go", "");
}
