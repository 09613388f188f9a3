//! A run whose journal is damaged is refused by name, and mended by `runner doctor --repair` as far as somebody agrees.

use std::fs;
use std::path::PathBuf;

use crate::project;
use crate::support::{Project, await_that};

const WORKFLOW: &str = "
steps:
  - {id: one, uses: exec.run, with: {script: 'echo one >>effects'}}
  - {id: two, uses: exec.run, with: {script: 'echo two >>effects'}}
  - {id: three, uses: exec.run, with: {script: 'echo three >>effects; until [ -e go ]; do sleep 0.02; done'}}
  - {id: four, uses: exec.run, with: {script: 'echo four >>effects'}}
";

/// A run that was killed with everything that it had started, while its third step was under way.
fn killed() -> (Project, PathBuf) {
    let project = project(WORKFLOW);
    let life = project.spawn(&["run", "w"]);
    await_that("the third step", || project.read("effects").contains("three"));
    // What the keeper says of the step's begin is a fact without a record; the last flush is the one before it.
    await_that("its start to be known", || project.journal().attempts("three") == 1);
    life.kill();
    project.kill_keeper();
    project.kill_all();
    project.await_silence();
    let journal = project.run_folder().join("journal");
    (project, journal)
}

/// The journal's lines, with the zeros behind them as the last.
fn lines(journal: &PathBuf) -> Vec<Vec<u8>> {
    fs::read(journal).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn damage(journal: &PathBuf, fact: &str) -> usize {
    let mut lines = lines(journal);
    let place = lines.iter().position(|line| String::from_utf8_lossy(line).contains(fact)).unwrap();
    lines[place][70] ^= 0x10;
    fs::write(journal, lines.concat()).unwrap();
    place + 1
}

#[test]
fn a_torn_end_is_cut_and_nothing_else() {
    let (project, journal) = killed();
    let mut all = lines(&journal);
    let records = all.len() - 1;
    let zeros = all.pop().unwrap();
    let torn = br#"{"v":1,"seq":99,"flush":99,"at":17"#;
    fs::write(&journal, [all.concat(), torn.to_vec(), zeros].concat()).unwrap();
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["doctor", "--repair", &run]).expect(0);
    assert!(ended.stdout.starts_with(&format!("cut {} bytes from the journal of `{run}`", torn.len())), "{ended}");
    assert!(ended.stdout.contains(&format!("{records} records are whole")), "{ended}");
    let ended = project.run(&["doctor", "--repair", &run]).expect(0);
    assert_eq!(ended.stdout, format!("the journal of `{run}` is whole: {records} records\n"));
    project.write("go", "");
    project.run(&["resume", "--repeat", "three"]).expect(0);
    assert_eq!(project.read("effects"), "one\ntwo\nthree\nthree\nfour\n");
}

#[test]
fn a_damaged_middle_is_set_aside_only_at_somebodys_word() {
    let (project, journal) = killed();
    let record = damage(&journal, r#""step_finished","path":"two""#);
    let damaged = fs::read(&journal).unwrap();
    let run = project.runs().pop().unwrap();
    for command in [&["resume"][..], &["resume", &run], &["status", &run], &["doctor", "--repair", &run]] {
        let ended = project.run(command);
        assert_eq!(ended.code, if command[0] == "doctor" { 22 } else { 30 }, "{ended}");
        assert!(ended.stderr.contains(&format!("is damaged at record {record} ")), "{ended}");
        assert!(ended.stderr.contains("doctor --repair"), "{ended}");
        assert_eq!(fs::read(&journal).unwrap(), damaged, "nothing was changed");
    }
    let ended = project.run(&["doctor", "--repair", &run]).expect(22);
    assert!(ended.stderr.contains("so that they run again: `three`"), "{ended}");
    assert!(ended.stderr.contains("`--yes` agrees to it"), "{ended}");

    let ended = project.run(&["doctor", "--repair", &run, "--yes"]).expect(0);
    let aside = project.run_folder().join("journal.damaged-1");
    assert!(ended.stdout.contains(&aside.display().to_string()), "{ended}");
    assert_eq!(fs::read(&aside).unwrap(), damaged, "the old one is kept");
    assert_eq!(project.journal().doubts(), Vec::<String>::new(), "`two` had ended before the damage");

    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("effects"), "one\ntwo\nthree\nthree\nfour\n");
}

#[test]
fn what_was_under_way_where_the_damage_is_follows_its_rule() {
    let (project, journal) = killed();
    damage(&journal, r#""attempt_ended","path":"two""#);
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["doctor", "--repair", &run, "--yes", "--output", "json"]).expect(0);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&told["in_doubt"], &told["forgotten"]),
        (&serde_json::json!(["two"]), &serde_json::json!(["three", "two"]))
    );
    // Its receipts would tell how it ended, but their numbers are those of facts that are no more.
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("two may or may not") && ended.stderr.contains("journal was damaged"), "{ended}");
    project.write("go", "");
    project.run(&["resume", "--done", "two"]).expect(0);
    assert_eq!(project.read("effects"), "one\ntwo\nthree\nthree\nfour\n");
}

#[test]
fn nothing_is_mended_while_anything_of_the_run_lives() {
    let project = project(WORKFLOW);
    let life = project.spawn(&["run", "w"]);
    await_that("the third step", || project.read("effects").contains("three"));
    let run = project.runs().pop().unwrap();
    project.run(&["doctor", "--repair", &run]).expect(31);
    await_that("its start to be known", || project.journal().attempts("three") == 1);
    life.kill();
    damage(&project.run_folder().join("journal"), r#""step_finished","path":"two""#);
    let ended = project.run(&["doctor", "--repair", &run, "--yes"]).expect(31);
    assert!(ended.stderr.contains("the keeper of the run lives"), "{ended}");
    project.kill_keeper();
    await_that("the keeper's end", || project.keeper().is_none());
    let ended = project.run(&["doctor", "--repair", &run, "--yes"]).expect(31);
    assert!(ended.stderr.contains("processes of the run live"), "{ended}");
    project.write("go", "");
    project.await_silence();
    project.run(&["doctor", "--repair", &run, "--yes"]).expect(0);
    project.run(&["resume"]).expect(0);
}

#[test]
fn a_run_of_which_nothing_is_left_is_not_mended() {
    let (project, journal) = killed();
    damage(&journal, "life_started");
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["doctor", "--repair", &run, "--yes"]).expect(30);
    assert!(ended.stderr.contains("nothing is left that tells what the run is"), "{ended}");
    assert!(!project.run_folder().join("journal.damaged-1").exists());
}

#[test]
fn of_a_damaged_state_everything_is_kept_that_can_be_read() {
    let project = project(
        "
steps:
  - {id: a, uses: state.set, with: {key: a, value: 1}}
  - {id: b, uses: state.set, with: {key: b, value: 2}}
  - {id: c, uses: state.append, with: {key: c, value: 3}}
",
    );
    project.run(&["run", "w"]).expect(0);
    let journal = project.path().join(".runner/state/journal");
    assert!(project.run(&["doctor", "--repair", "state"]).expect(0).stdout.contains("is whole: 3 records"));
    damage(&journal, r#""key":["b"]"#);
    let ended = project.run(&["state", "list"]).expect(30);
    assert!(ended.stderr.contains("is damaged at record 2 "), "{ended}");
    let ended = project.run(&["run", "w"]).expect(30);
    assert!(ended.stderr.contains("doctor --repair"), "{ended}");
    let ended = project.run(&["doctor", "--repair", "state"]).expect(22);
    assert!(ended.stderr.contains("1 write before the damage and 1 write behind it"), "{ended}");
    project.run(&["doctor", "--repair", "state", "--yes"]).expect(0);
    assert_eq!(project.run(&["state", "list"]).expect(0).stdout, "a  1\nc  [3]\n");
    assert!(project.path().join(".runner/state/journal.damaged-1").exists());
}
