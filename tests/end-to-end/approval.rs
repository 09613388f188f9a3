//! A person is asked: the run pauses for them, and goes on with what they say.

use serde_json::json;

use crate::project;
use crate::support::{Project, await_that};

const RELEASE: &str = r#"
steps:
  - {id: build, uses: exec.run, with: {script: 'echo 1.2.3 >>built; echo 1.2.3', capture: text}}
  - id: release
    uses: approval.wait
    with:
      message: "Release {{trim steps.build.outputs.stdout}}?"
      inputs:
        region: {enum: [eastus, westus], description: Where it goes first}
        percent: {type: integer, default: 10}
  - id: roll
    uses: exec.run
    with: {script: 'echo "{{steps.release.outputs.inputs.region}} {{steps.release.outputs.inputs.percent}} by {{steps.release.outputs.who}}" >>rolled'}
"#;

fn asked(workflow: &str) -> (Project, String) {
    let mut project = project(workflow);
    project.env("USER", "ada");
    project.run(&["run", "w"]).expect(22);
    project.await_silence();
    let id = project.runs().pop().unwrap();
    (project, id)
}

#[test]
fn a_run_pauses_for_an_approval_and_goes_on_with_it_in_the_process_of_the_one_who_gives_it() {
    let (project, id) = asked(RELEASE);
    let status = project.run(&["status"]).expect(0);
    assert!(status.stdout.contains("release: Release 1.2.3?"), "{status}");
    assert!(status.stdout.contains(&format!("runner approve {id} release")), "{status}");
    project.run(&["approve", &id, "release", "--input", "region=eastus", "--comment", "after lunch"]).expect(0);
    assert_eq!((project.read("rolled").as_str(), project.read("built").as_str()), ("eastus 10 by ada\n", "1.2.3\n"));
    let journal = project.journal();
    let answered = journal.about("question_answered", "release").next().unwrap();
    assert_eq!((&answered.event["by"], &answered.event["approved"]), (&json!("ada"), &json!(true)));
    let outputs = journal.outputs_of("release");
    assert_eq!((&outputs["who"], &outputs["comment"]), (&json!("ada"), &json!("after lunch")));
    assert_eq!(outputs["inputs"], json!({"region": "eastus", "percent": 10}));
    assert!(outputs["at"].as_str().unwrap().ends_with('Z'), "{outputs}");
}

#[test]
fn a_rejection_fails_the_step_with_what_was_said_and_a_later_round_asks_again() {
    let (project, id) = asked(RELEASE);
    let ended = project.run(&["approve", &id, "--reject", "--comment", "not on a Friday"]).expect(20);
    assert!(ended.stderr.contains("rejected by ada: not on a Friday"), "{ended}");
    project.run(&["resume"]).expect(22);
    project.run(&["approve", &id, "--input", "region=westus"]).expect(0);
    assert_eq!(project.read("rolled"), "westus 10 by ada\n");
}

#[test]
fn an_answer_that_is_none_is_refused_and_changes_nothing() {
    let (project, id) = asked(RELEASE);
    for (wrong, why) in [
        (&["release"][..], "the form needs `region=eastus|westus (Where it goes first)`"),
        (&["release", "--input", "region=mars"], "not one of `eastus`, `westus`"),
        (&["release", "--input", "region=eastus", "--input", "percent=x"], "not a whole number"),
        (&["release", "--input", "regoin=eastus"], "no field `regoin`"),
        (&["build"], "`build` asks nothing"),
    ] {
        let ended = project.run(&[&["approve", &id], wrong].concat()).expect(2);
        assert!(ended.stderr.contains(why), "`{why}`: {ended}");
        assert_eq!(project.journal().end(), "paused");
        assert_eq!(project.journal().of("question_answered").count(), 0);
    }
}

#[test]
fn an_answer_can_be_written_down_for_whoever_goes_on() {
    let (project, id) = asked(RELEASE);
    project.run(&["approve", &id, "--input", "region=eastus", "--no-resume"]).expect(0);
    assert_eq!(project.read("rolled"), "");
    let again = project.run(&["approve", &id, "--input", "region=westus"]).expect(2);
    assert!(again.stderr.contains("asks anything"), "{again}");
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("rolled"), "eastus 10 by ada\n");
}

#[test]
fn a_live_engine_hears_the_answer_and_the_run_does_not_pause() {
    let project = project(
        "
steps:
  - {id: ask, uses: approval.wait, with: {message: go on?}}
  - {id: after, uses: exec.run, with: {script: 'echo after >>done'}}
  - {id: slow, needs: [], uses: exec.run, with: {script: 'touch begun; while [ ! -e done ]; do sleep 0.01; done'}}
",
    );
    let life = project.spawn(&["run", "w"]);
    await_that("the step", || project.path().join("begun").exists());
    project.await_fact("question_asked", "ask");
    let id = project.runs().pop().unwrap();
    project.run(&["approve", &id]).expect(0);
    life.end().expect(0);
    assert_eq!(project.journal().of("pausing").count(), 0);
}

#[test]
fn a_step_that_is_to_be_confirmed_waits_for_a_yes_and_that_is_not_enough_for_an_approval() {
    let confirm = "
steps:
  - {id: drop, confirm: 'Drop {{run.workflow}}?', uses: exec.run, with: {script: 'echo dropped >>done'}}
";
    let (project, id) = asked(confirm);
    assert_eq!(project.read("done"), "");
    let refused = project.run(&["approve", &id, "--reject"]).expect(2);
    assert!(refused.stderr.contains("only to be confirmed"), "{refused}");
    project.run(&["approve", &id]).expect(0);
    assert_eq!(project.read("done"), "dropped\n");
    project.run(&["run", "w", "--yes"]).expect(0);
    let journal = project.journal();
    let answered = journal.about("question_answered", "drop").next().unwrap();
    assert_eq!(answered.event["by"], "ada (--yes)");
    project.workflow("w", RELEASE);
    project.run(&["run", "w", "--yes"]).expect(22);
}

#[test]
fn a_run_that_asks_is_resumed_as_it_is_and_cancelled_without_an_answer() {
    let (project, id) = asked(RELEASE);
    project.run(&["resume"]).expect(22);
    assert_eq!(project.journal().of("question_asked").count(), 1);
    project.run(&["cancel", &id]).expect(0);
    assert_eq!((project.journal().end(), project.journal().status("release")), ("cancelled", "cancelled"));
    project.run(&["approve", &id]).expect(2);
}

#[test]
fn approving_one_thing_after_another_does_nothing_again_that_has_failed() {
    let project = project(
        "
steps:
  - id: each
    foreach: \"['a', 'b']\"
    on_error: continue
    steps:
      - {id: work, uses: exec.run, with: {script: 'echo {{item}} >>ran; test -e good'}}
    finally:
      - {id: ask, uses: approval.wait, with: {message: 'clean {{item}}?'}}
",
    );
    project.run(&["run", "w"]).expect(22);
    let id = project.runs().pop().unwrap();
    project.run(&["approve", &id, "each[a]/ask"]).expect(22);
    project.run(&["approve", &id, "each[b]/ask"]).expect(20);
    let mut ran: Vec<_> = project.read("ran").lines().map(str::to_owned).collect();
    ran.sort();
    assert_eq!(ran, ["a", "b"]);
    // `resume` is what tries again.
    project.write("good", "");
    project.run(&["resume"]).expect(22);
    assert_eq!(project.read("ran").lines().count(), 4);
}
