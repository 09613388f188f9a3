//! Runs that are confined to some of their steps.

use crate::project;
use crate::support::Project;

/// A chain beside another step, and one step for each region.
const WORKFLOW: &str = "
steps:
  - {id: base, uses: exec.run, with: {script: 'echo base >>ran'}}
  - {id: apart, needs: [], uses: exec.run, with: {script: 'echo apart >>ran'}}
  - id: region
    needs: [base]
    foreach: >-
      'east west'.split(' ')
    as: name
    on_error: continue
    steps:
      - {id: create, uses: exec.run, with: {script: 'echo create {{name}} >>ran; test ! -e broken-{{name}}'}}
      - {id: wait, uses: exec.run, with: {script: 'echo wait {{name}} >>ran', capture: text}}
    finally:
      - {id: clean, uses: exec.run, with: {script: 'echo clean {{name}} >>ran'}}
  - {id: last, needs: all, uses: exec.run, with: {script: 'echo last >>ran', capture: text}}
finally:
  - {id: end, uses: exec.run, with: {script: 'echo end >>ran'}}
outputs:
  said: '{{steps.last.outputs.stdout}}'
";

/// What ran, sorted, when the run is confined by some words.
fn ran(words: &[&str]) -> Vec<String> {
    let project = project(WORKFLOW);
    let mut all = vec!["run", "w", "--parallel", "1"];
    all.extend(words);
    project.run(&all).expect(0);
    sorted(&project)
}

fn sorted(project: &Project) -> Vec<String> {
    let mut lines: Vec<_> = project.read("ran").lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn each_word_confines_a_run_to_what_it_says() {
    assert_eq!(ran(&["--only", "apart"]), ["apart", "end"]);
    assert_eq!(
        ran(&["--until", "region"]).join(" "),
        "base clean east clean west create east create west end wait east wait west"
    );
    assert_eq!(ran(&["--from", "region/wait"]), ["clean east", "clean west", "end", "last", "wait east", "wait west"]);
    assert_eq!(ran(&["--until", "region[east]/create"]), ["base", "clean east", "create east", "end"]);
    assert_eq!(ran(&["--only", "region[west]"]), ["clean west", "create west", "end", "wait west"]);
    assert_eq!(ran(&["--skip", "region", "--skip", "end"]), ["apart", "base", "last"]);
    let skipped = ran(&["--skip", "region[west]/wait", "--skip", "region/clean"]);
    assert_eq!(skipped, ["apart", "base", "create east", "create west", "end", "last", "wait east"]);
    assert_eq!(ran(&["--from", "region", "--until", "region"]).len(), 7, "what both say");
}

#[test]
fn what_is_left_out_is_told_everywhere() {
    let project = project(WORKFLOW);
    let ended = project.run(&["run", "w", "--only", "apart"]).expect(0);
    assert!(ended.stderr.contains("base: left out"), "{ended}");
    assert_eq!(project.journal().about("step_skipped", "base").next().unwrap().event["reason"], "left_out");
    let why = project.run(&["why", "base"]).expect(0);
    assert!(why.stdout.contains("left out") && why.stdout.contains("--only apart"), "{why}");
    let planned = project.run(&["plan", "w", "--skip", "region[west]"]).expect(0);
    assert!(planned.stdout.lines().any(|line| line == "left out  region[west]"), "{planned}");
    assert!(planned.stdout.contains("will run  region[east]/create"), "{planned}");
    // The output that reads what was left out has nothing to say.
    assert!(ended.stderr.contains("said: null") && ended.stderr.contains("3 steps left out"), "{ended}");
}

#[test]
fn a_step_that_is_not_there_and_one_that_reads_what_is_not_run_are_refused_before_anything_starts() {
    let project =
        project(&WORKFLOW.replace("echo last >>ran", "echo {{steps.base.status}} {{json steps.apart.outputs}}"));
    let wrong = [
        (&["--only", "aprt"][..], "did you mean `apart`?"),
        (&["--only", "region[east]/crate"][..], "did you mean `region/create`?"),
        (&["--skip", "base[1]"][..], "`base` is no `foreach`"),
        (&["--only", ""][..], "there is no such step"),
        (&["--skip", "apart"][..], "`last` reads the outputs of `apart`"),
    ];
    for (words, told) in wrong {
        let mut all = vec!["run", "w"];
        all.extend(words);
        let ended = project.run(&all).expect(2);
        assert!(ended.stderr.contains(told), "{words:?}: {ended}");
    }
    assert!(project.runs().is_empty());
}

#[test]
fn one_item_is_tried_again_and_another_that_failed_stays_so() {
    let project = project(WORKFLOW);
    for name in ["broken-east", "broken-west"] {
        project.write(name, "");
    }
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("broken-east")).unwrap();
    std::fs::remove_file(project.path().join("ran")).unwrap();
    project.run(&["resume", "--only", "region[east]"]).expect(20);
    assert_eq!(sorted(&project), ["clean east", "create east", "end", "wait east"]);
    // What it was confined to stands until something else is said.
    std::fs::remove_file(project.path().join("broken-west")).unwrap();
    project.run(&["resume", "--skip", "end"]).expect(0);
    let journal = project.journal();
    assert_eq!((journal.attempts("region[east]/create"), journal.attempts("region[west]/create")), (2, 2));
}

#[test]
fn from_a_step_on_all_is_done_again_once_somebody_agrees() {
    let project = project(&WORKFLOW.replace(
        "finally:\n  - {id: end, uses: exec.run, with: {script: 'echo end >>ran'}}\n",
        "  - {id: fails, uses: exec.run, with: {script: 'exit 1'}}\n",
    ));
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("ran")).unwrap();
    let asked = project.run(&["resume", "--from", "region[west]/wait"]).expect(22);
    assert!(asked.stderr.contains("`region[west]/wait`") && asked.stderr.contains("again"), "{asked}");
    project.run(&["resume", "--from", "region[west]/wait", "--yes"]).expect(20);
    assert_eq!(sorted(&project), ["clean west", "last", "wait west"]);
    let unknown = project.run(&["resume", "--from", "regoin"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `region`?"), "{unknown}");
}

#[test]
fn a_killed_run_goes_on_confined() {
    let project =
        project(&WORKFLOW.replace(
            "echo create {{name}} >>ran",
            "echo create {{name}} >>ran; while test -e hold; do sleep 0.02; done",
        ));
    project.write("hold", "");
    let life = project.spawn(&["run", "w", "--until", "region"]);
    project.await_fact("attempt_started", "region[east]/create");
    life.kill();
    std::fs::remove_file(project.path().join("hold")).unwrap();
    project.run(&["resume"]).expect(0);
    assert_eq!(
        sorted(&project).join(" "),
        "base clean east clean west create east create west end wait east wait west"
    );
}
