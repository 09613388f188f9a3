//! Why a step is as it is, and what is different between two runs.

use serde_json::Value;

use crate::support::Project;

const WORKFLOW: &str = "
inputs: {who: {type: string, default: you}}
steps:
  - {id: first, uses: exec.run, with: {argv: [echo, '{{inputs.who}}'], capture: text}}
  - {id: flaky, retry: {attempts: 2, delay: 1ms}, uses: exec.run, with: {script: '[ -e there ] || { touch there; exit 1; }'}}
  - {id: never, when: inputs.who == 'me', uses: log.print, with: {message: x}}
  - {id: bad, uses: exec.run, with: {script: '[ -e mended ]'}}
  - {id: after, uses: log.print, with: {message: done}}
";

#[test]
fn each_turn_of_a_step_is_told_in_a_sentence() {
    let project = Project::new();
    project.workflow("w", WORKFLOW);
    project.run(&["run", "w"]).expect(20);
    let says = |step: &str, expected: &[&str]| {
        let ended = project.run(&["why", step]).expect(0);
        for expected in expected {
            assert!(ended.stdout.contains(expected), "{expected}: {ended}");
        }
    };
    says("first", &["It ran (attempt 1), since it needs nothing before it.", "It has succeeded."]);
    says(
        "flaky",
        &[
            "since what it needs had ended: `first`",
            "Attempt 1 failed",
            "It ran (attempt 2), since attempt 1 had failed",
        ],
    );
    says("never", &["its condition did not hold: `inputs.who == 'me'`"]);
    says("after", &["since what it needs did not succeed: `bad`"]);
    project.write("mended", "");
    project.run(&["resume"]).expect(0);
    says("first", &["It was kept in round 2"]);
    says("bad", &["It ran (attempt 2), since round 2 began."]);
    let json = project.run(&["why", &project.runs()[0], "first", "--output", "json"]).expect(0);
    let told: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((told["path"].as_str(), told["status"].as_str()), (Some("first"), Some("succeeded")));
    let ended = project.run(&["why", "frist"]).expect(2);
    assert!(ended.stderr.contains("first"), "{ended}");
}

#[test]
fn two_runs_are_compared() {
    let project = Project::new();
    project.workflow("w", WORKFLOW).write("mended", "").write("there", "");
    project.run(&["run", "w"]).expect(0);
    project.run(&["run", "w", "--input", "who=me"]).expect(0);
    let runs = project.runs();
    let ended = project.run(&["diff", &runs[0], &runs[1]]).expect(0);
    for expected in ["input who: \"you\" -> \"me\"", "step never: \"skipped\" -> \"succeeded\"", "outputs first:"] {
        assert!(ended.stdout.contains(expected), "{expected}: {ended}");
    }
    let json = project.run(&["diff", &runs[0], &runs[1], "--output", "json"]).expect(0);
    let told: Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(told["different"].as_array().unwrap().iter().any(|other| other["kind"] == "input" && other["is"] == "me"));
}
