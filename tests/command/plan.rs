//! What a run would do.

use serde_json::Value;

use crate::support::Project;

const WORKFLOW: &str = "
inputs:
  folders: {type: array, items: string, default: [docs, mail]}
  wide: {type: boolean, default: false}
steps:
  - {id: place, uses: file.directory, with: {path: backup}}
  - {id: note, uses: file.write, with: {path: note, content: \"one\\nthree\\n\"}}
  - id: archive
    foreach: inputs.folders
    as: folder
    uses: exec.run
    with: {script: 'touch ran; echo {{folder}}', capture: text}
  - {id: wide, when: inputs.wide, uses: log.print, with: {message: wide}}
  - {id: each, foreach: steps.archive.succeeded, uses: log.print, with: {message: '{{item}}'}}
  - {id: said, uses: log.print, with: {message: '{{length steps.archive.succeeded}} done'}}
  - {id: sorry, when: failure(), uses: log.print, with: {message: sorry}}
  - {id: maybe, when: size(steps.archive.succeeded) > 1, uses: log.print, with: {message: many}}
finally:
  - {id: end, uses: log.print, with: {message: end}}
";

fn project() -> Project {
    let project = Project::new();
    project.workflow("w", WORKFLOW).write("note", "one\ntwo\n");
    project
}

#[test]
fn every_step_is_told_and_nothing_is_done() {
    let project = project();
    for args in [&["plan", "w"][..], &["run", "w", "--dry-run"]] {
        let ended = project.run(args).expect(0);
        let expected = [
            "will run  place: would make the folder ",
            "will run  note: would change ",
            "            -two",
            "            +three",
            "will run  archive[docs]: cannot say what it would change",
            "will run  archive[mail]",
            "skipped   wide: `inputs.wide` does not hold",
            "unknown   each until `archive`",
            "will run  said: what it would change is unknown until `archive`",
            "skipped   sorry: `failure()` does not hold",
            "unknown   maybe until `archive`",
            "will run  end",
        ];
        let mut lines = ended.stdout.lines();
        for expected in expected {
            assert!(lines.any(|line| line.starts_with(expected)), "{expected}: {ended}");
        }
        assert!(ended.stdout.ends_with("nothing was done\n"), "{ended}");
    }
    assert!(!project.path().join("ran").exists() && !project.path().join("backup").exists());
    assert!(!project.path().join(".runner").exists(), "not even the project's own folder is made");
    assert_eq!(project.read("note"), "one\ntwo\n");
}

#[test]
fn the_exit_code_tells_whether_anything_would_change() {
    let project = Project::new();
    project.workflow("w", "steps: [{id: note, uses: file.write, with: {path: note, content: same}}]");
    project.run(&["plan", "w", "--exit-code"]).expect(23);
    project.run(&["plan", "w"]).expect(0);
    project.write("note", "same");
    project.run(&["plan", "w", "--exit-code"]).expect(0);
}

#[test]
fn as_json_a_plan_is_a_line_for_each_step() {
    let ended = project().run(&["plan", "w", "--output", "json", "--input", "wide=true"]).expect(0);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |path: &str| lines.iter().find(|line| line["path"] == path).unwrap_or_else(|| panic!("{path}: {ended}"));
    assert_eq!((of("wide")["what"].as_str(), of("wide")["uses"].as_str()), (Some("will_run"), Some("log.print")));
    assert_eq!((of("each")["what"].as_str(), of("each")["until"].as_str()), (Some("unknown"), Some("archive")));
    assert_eq!((of("sorry")["what"].as_str(), of("sorry")["condition"].as_str()), (Some("skipped"), Some("failure()")));
    assert!(of("note")["change"]["would"]["diff"].as_str().unwrap().contains("+three"), "{ended}");
    assert!(of("place")["fingerprint"].is_string());
    assert!(lines.iter().all(|line| line["v"] == 1));
}

#[test]
fn what_is_wrong_is_told_as_by_run() {
    let project = project();
    project.run(&["plan", "nothing"]).expect(10);
    project.run(&["plan", "w", "--input", "narrow=true"]).expect(10);
    project.workflow("bad", "steps: [{id: a, uses: file.write, with: {path: '{{inputs.x}}'}}]");
    project.run(&["plan", "bad"]).expect(10);
}
