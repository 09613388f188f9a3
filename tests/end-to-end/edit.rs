//! A run that goes on after its workflow, its inputs or its files were edited.

use crate::project;
use crate::support::Project;

/// Three steps that say that they ran, and one that fails until it is mended.
const WORKFLOW: &str = "
inputs:
  who: {type: string, default: world}
steps:
  - {id: first, uses: exec.run, with: {script: 'echo first {{inputs.who}} >>ran', capture: text}}
  - {id: second, uses: exec.run, with: {script: 'echo second >>ran'}}
  - {id: apart, needs: [], uses: exec.run, with: {script: 'echo apart >>apart'}}
  - {id: last, needs: [second, apart], uses: exec.run, with: {script: 'exit 3'}}
";

/// A run of the workflow whose last step failed, edited.
fn failed(edits: &[(&str, &str)]) -> Project {
    let project = project(WORKFLOW);
    project.run(&["run", "w"]).expect(20);
    let edited = edits.iter().fold(WORKFLOW.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    });
    project.workflow("w", &edited);
    project
}

#[test]
fn a_mended_step_runs_and_all_that_is_finished_is_kept() {
    let project = failed(&[("exit 3", "echo last >>ran")]);
    let ended = project.run(&["resume"]).expect(0);
    assert_eq!(project.read("ran"), "first world\nsecond\nlast\n");
    assert!(ended.stderr.contains("`workflows/w.yaml` changed"), "{ended}");
    assert_eq!(project.journal().of("revised").count(), 1);
    // The journal alone makes the same of it.
    project.run(&["status"]).expect(0);
    let shown = project.run(&["show"]).expect(0);
    assert!(shown.stdout.contains("first") && shown.stdout.contains("last"), "{shown}");
}

#[test]
fn what_has_finished_and_is_not_idempotent_runs_again_only_if_somebody_agrees() {
    let project = failed(&[("exit 3", "true"), ("echo second", "echo changed")]);
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("`second` has finished") && ended.stderr.contains("--yes"), "{ended}");
    assert_eq!(project.journal().of("revised").count(), 0, "nothing was done");
    project.run(&["resume", "--yes"]).expect(0);
    assert_eq!(
        (project.read("ran"), project.read("apart")),
        ("first world\nsecond\nchanged\n".into(), "apart\n".into())
    );
}

#[test]
fn as_recorded_nothing_was_edited() {
    let project = failed(&[("exit 3", "true"), ("echo second", "echo changed")]);
    project.run(&["resume", "--as-recorded"]).expect(20);
    assert_eq!(project.read("ran"), "first world\nsecond\n");
    let ended = project.run(&["resume", "--as-recorded", "--input", "who=you"]).expect(2);
    assert!(ended.stderr.contains("`--input who=…`"), "{ended}");
}

#[test]
fn the_plan_tells_all_and_does_nothing() {
    let new = "  - {id: last, needs: [second, apart], uses: exec.run, with: {script: 'true'}}\n  - {id: more, uses: log.print, with: {message: x}}\n";
    let project = failed(&[
        ("echo second", "echo changed"),
        ("  - {id: last, needs: [second, apart], uses: exec.run, with: {script: 'exit 3'}}\n", new),
    ]);
    let before = std::fs::read(project.run_folder().join("journal")).unwrap();
    let ended = project.run(&["resume", "--plan"]).expect(0);
    for expected in ["kept      first", "changed   second", "kept      apart", "will run  last", "new       more"] {
        assert!(ended.stdout.lines().any(|line| line.starts_with(expected)), "{expected}: {ended}");
    }
    assert!(ended.stdout.contains("-    script: echo second >>ran"), "{ended}");
    let json = project.run(&["resume", "--plan", "--output", "json"]).expect(0);
    let told: Vec<serde_json::Value> = json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.iter().any(|line| line["path"] == "second"
        && line["since"] == "changed"
        && line["diff"].as_str().unwrap().contains("echo changed")));
    assert_eq!(std::fs::read(project.run_folder().join("journal")).unwrap(), before);
}

#[test]
fn another_input_changes_what_was_made_of_it() {
    let project = failed(&[("exit 3", "true")]);
    let ended = project.run(&["resume", "--input", "who=you", "--yes"]).expect(0);
    assert_eq!(project.read("ran"), "first world\nsecond\nfirst you\nsecond\n");
    assert!(ended.stderr.contains("the input `who` changed"), "{ended}");
    // An input that is not there is refused, and not passed over.
    let project = failed(&[]);
    let ended = project.run(&["resume", "--input", "whom=you"]).expect(10);
    assert!(ended.stderr.contains("no input `whom`"), "{ended}");
}

#[test]
fn an_edited_default_is_another_input_and_a_given_value_stays() {
    let project = failed(&[("exit 3", "true"), ("default: world", "default: all")]);
    project.run(&["resume", "--yes"]).expect(0);
    assert_eq!(project.read("ran"), "first world\nsecond\nfirst all\nsecond\n");
    let given = crate::project(WORKFLOW);
    given.run(&["run", "w", "--input", "who=me"]).expect(20);
    given.workflow("w", &WORKFLOW.replace("default: world", "default: all").replace("exit 3", "true"));
    given.run(&["resume"]).expect(0);
    assert_eq!(given.read("ran"), "first me\nsecond\n");
}

#[test]
fn a_renamed_step_is_the_same_one() {
    let text = "
steps:
  - {id: make, uses: exec.run, with: {script: 'echo made >>ran; echo out', capture: text}}
  - {id: use, uses: exec.run, with: {script: 'echo {{steps.make.outputs.stdout}} >>ran'}}
  - {id: last, uses: exec.run, with: {script: 'exit 3'}}
";
    let renamed = text.replace("id: make", "id: build").replace("steps.make", "steps.build").replace("exit 3", "true");
    let project = project(text);
    project.run(&["run", "w"]).expect(20);
    project.workflow("w", &renamed);
    project.run(&["resume"]).expect(22);
    for wrong in ["make", "made=build", "make=nothing"] {
        project.run(&["resume", "--renamed", wrong]).expect(2);
    }
    project.run(&["resume", "--renamed", "make=build"]).expect(0);
    assert_eq!(project.read("ran"), "made\nout\n");
}

#[test]
fn a_renamed_step_stays_what_it_is_in_the_next_life_too() {
    let text = "
steps:
  - {id: make, uses: exec.run, with: {script: 'echo made >>ran; echo out', capture: text}}
  - {id: use, uses: exec.run, with: {script: 'echo {{steps.make.outputs.stdout}} >>ran'}}
  - {id: last, uses: exec.run, with: {script: '[ -e mended ]'}}
";
    let project = project(text);
    project.run(&["run", "w"]).expect(20);
    project.workflow("w", &text.replace("id: make", "id: build").replace("steps.make", "steps.build"));
    project.run(&["resume", "--renamed", "make=build"]).expect(20);
    project.workflow(
        "w",
        &text.replace("id: make", "id: build").replace("steps.make", "steps.build").replace("[ -e mended ]", "true"),
    );
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("ran"), "made\nout\n");
}

#[test]
fn files_that_a_step_reads_are_part_of_it() {
    let text = "
steps:
  - {id: page, uses: template.render, with: {source: page.hbs, path: page}}
  - {id: last, uses: exec.run, with: {script: '[ -e mended ]'}}
";
    let project = project(text);
    project.write("workflows/page.hbs", "one");
    let ended = project.run(&["run", "w"]);
    assert_eq!(ended.code, 20, "{ended}");
    project.run(&["resume"]).expect(20);
    assert_eq!(project.journal().attempts("page"), 1, "what is unchanged is kept");
    project.write("workflows/page.hbs", "two").write("mended", "");
    project.run(&["resume"]).expect(0);
    assert_eq!((project.read("page").as_str(), project.journal().attempts("page")), ("two", 2));
}

#[test]
fn what_runs_while_it_is_edited_ends_as_it_began_and_then_runs_again() {
    let text = "
steps:
  - {id: long, uses: exec.run, with: {script: 'echo old >>ran; cat gate; echo old ended >>ran'}}
  - {id: last, uses: exec.run, with: {script: 'echo last >>ran'}}
";
    let project = project(text);
    assert!(std::process::Command::new("mkfifo").arg(project.path().join("gate")).status().unwrap().success());
    let life = project.spawn(&["run", "w"]);
    project.await_file("ran");
    life.kill();
    project.workflow("w", &text.replace("echo old >>ran; cat gate; echo old ended >>ran", "echo new >>ran"));
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("`long`"), "it may turn out to have finished: {ended}");
    let life = project.spawn(&["resume", "--yes"]);
    project.await_fact("revised", "");
    assert_eq!(project.read("ran"), "old\n", "it is not begun anew beside what runs");
    // A second engine dies over it, and the third still knows what the attempt was made of.
    life.kill();
    let life = project.spawn(&["resume", "--yes"]);
    project.write("gate", "");
    life.end().expect(0);
    assert_eq!(project.read("ran"), "old\nold ended\nnew\nlast\n");
    assert_eq!(project.journal().attempts("long"), 2);
}

#[test]
fn a_doubt_is_settled_as_it_was_recorded_by_the_rule_that_is_written_now() {
    let text = "
steps:
  - {id: pay, uses: exec.run, with: {script: 'echo paid >>ran; sleep 100'}}
  - {id: last, uses: exec.run, with: {script: 'echo last >>ran'}}
";
    let project = project(text);
    let life = project.spawn(&["run", "w"]);
    project.await_file("ran");
    assert!(project.kill_keeper());
    life.kill();
    for process in project.processes() {
        crate::support::process::kill(process.pid);
    }
    project.run(&["resume"]).expect(22);
    // Only the rule is edited: the check finds that it was done.
    let rule = "{id: pay, interrupted: check, check: {uses: exec.run, with: {script: 'grep paid ran'}}, uses";
    project.workflow("w", &text.replace("{id: pay, uses", rule));
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("ran"), "paid\nlast\n");
}

#[test]
fn a_broken_edit_is_told_and_nothing_is_done() {
    let project = failed(&[("exec.run, with: {script: 'exit 3'}", "exec.runs, with: {script: 'exit 3'}")]);
    let ended = project.run(&["resume"]).expect(10);
    assert!(ended.stderr.contains("exec.runs") && ended.stderr.contains("--as-recorded"), "{ended}");
    std::fs::remove_file(project.path().join("workflows/w.yaml")).unwrap();
    project.run(&["resume"]).expect(22);
    project.run(&["resume", "--as-recorded"]).expect(20);
}
