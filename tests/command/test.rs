//! `runner test`: the tests of workflows.

use std::path::Path;

use serde_json::Value;

use crate::support::Project;

const WORKFLOW: &str = "
inputs: {name: {type: string, default: x}}
steps:
  - {id: a, uses: exec.run, retry: {attempts: 5, delay: 20m, factor: 1}, with: {argv: [touch, real]}}
  - {id: b, uses: http.request, with: {url: 'http://{{inputs.name}}/'}}
outputs: {body: '{{steps.b.outputs.body}}'}
";

fn project(tests: &str) -> Project {
    let project = Project::new();
    project.workflow("w", WORKFLOW).workflow("w.test", tests);
    project
}

#[test]
fn an_hour_of_retries_takes_no_time_and_nothing_real_is_started() {
    let project = project(
        "tests:
  - name: it comes in the end
    doubles:
      a: [{error: not yet, times: 4}, {}]
      b: {outputs: {body: 'you asked {{with.url}}'}}
    expect: {steps: {a: {attempts: 5}}, that: [\"output.body == 'you asked http://x/'\", elapsed == 4 * 20 * 60000]}
",
    );
    let started = std::time::Instant::now();
    let ended = project.run(&["test"]).expect(0);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    assert!(ended.stdout.contains("it comes in the end") && ended.stdout.contains("1 test, all passed"), "{ended}");
    assert!(project.read("real").is_empty() && !project.path().join("real").exists());
    assert!(!project.path().join(".runner").exists(), "nothing is written into the project");
    project.await_silence();
}

#[test]
fn what_did_not_come_true_is_told_where_it_is_expected() {
    let tests = "doubles: {b: {outputs: {body: hi}}}
tests:
  - name: attempts
    doubles: {a: {}}
    expect:
      steps:
        a: {attempts: 2, status: failed}
      order: [b, a]
      not_run: [b]
      that:
        - output.body == 'ho'
        - output.body
      in_doubt: [a]
      within: 1ms
      state: {k: 1}
      exit: 40
  - name: no double
    expect: {}
  - name: a double of something else
    doubles: {a: {outputs: {stdou: x}}}
    expect: {}
  - name: of the wrong type
    doubles: {a: {outputs: {exit_code: many}}}
    expect: {}
  - name: never there
    doubles: {a: {}}
    crash: [{at: c}]
  - name: fine
    doubles: {a: {}}
";
    let project = project(tests);
    let ended = project.run(&["test", "w", "--junit", "report.xml"]).expect(20);
    for said in [
        "it ends with exit code 0, not 40",
        "workflows/w.test.yaml:16:13",
        "`a` took 1 attempts, not 2",
        "`a` is succeeded, not failed",
        "`a` began before `b`",
        "`b` was run",
        "`output.body == 'ho'` does not hold",
        "and neither true nor false",
        "in doubt are [], not [\"a\"]",
        "`k` is not there",
        "nothing stands in for `a` (`exec.run`)",
        "`exec.run` has no output `stdou`: did you mean `stdout`?",
        "what stands in for `a` is wrong: \"many\" is not of type",
        "the engine was to die at `c`, and the run never came to that",
    ] {
        assert!(ended.stderr.contains(said), "`{said}` is not said:\n{ended}");
    }
    assert!(ended.stdout.contains("6 tests, 5 failed"), "{ended}");
    let report = project.read("report.xml");
    assert!(
        report.contains("tests=\"6\" failures=\"5\"")
            && report.contains("<testcase classname=\"workflows/w.test.yaml\" name=\"fine\""),
        "{report}"
    );
    assert!(report.contains("<failure message=\"nothing stands in for `a`"), "{report}");
    let lines = project.run(&["test", "w", "--output", "json"]).expect(20).stdout;
    let passed: Vec<_> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["passed"].clone()).collect();
    assert_eq!(passed, [false, false, false, false, false, true]);
}

#[test]
fn what_is_wrong_with_a_file_of_tests_is_told_at_once() {
    let project = project(
        "doubles: {a: {output: {}}}
tests:
  - name: one
    expects: {}
  - expect: {exit: 300, steps: {a: {status: done}}}
  - name: two
    crash: [{at: a, when: later}]
    doubles: {a: [{after: soon}]}
",
    );
    let ended = project.run(&["test"]).expect(10);
    for said in [
        "unknown key `expects`",
        "did you mean `expect`?",
        "w.test.yaml:4:5",
        "300",
        "\"name\" is a required property",
        "later",
    ] {
        assert!(ended.stderr.contains(said), "`{said}` is not said:\n{ended}");
    }
    project.workflow("w.test", "tests: []\n").run(&["test"]).expect(10);
    project.workflow("w.test", "workflow: nothing\ntests: [{name: a}]\n").run(&["test"]).expect(10);
    let none = project.run(&["test", "other"]).expect(2);
    assert!(none.stderr.contains("there are no tests of `other`"), "{none}");
    assert!(!project.run(&["list"]).expect(0).stdout.contains("w.test"), "a file of tests is no workflow");
    project.run(&["validate"]).expect(0);
}

#[test]
fn what_a_keeper_would_be_given_ahead_of_its_turn_is_doubled_too() {
    let project = Project::new();
    let chain: Vec<_> = (0..40)
        .map(|at| format!("  - {{id: s{at}, uses: exec.run, interrupted: repeat, with: {{argv: [touch, real]}}}}"))
        .collect();
    project.workflow("w", &format!("steps:\n{}\n", chain.join("\n")));
    project.workflow(
        "w.test",
        "doubles: {exec.run: {after: 1s}, s30: {error: {message: full, kind: permanent}}}
tests: [{name: in order, expect: {exit: 20, order: [s0, s1, s29, s30], not_run: [s31], within: 30s}}]
",
    );
    project.run(&["test"]).expect(0);
    assert!(!project.path().join("real").exists());
    project.await_silence();
}

#[test]
fn no_secret_is_looked_up_and_none_is_shown() {
    let project = Project::new();
    project.workflow("w", "
secrets:
  key: {command: [touch, looked-up]}
  word: {file: not-there}
inputs: {token: {type: secret}}
steps:
  - {id: a, uses: exec.run, interrupted: repeat, env: {K: '{{secrets.key}} {{secrets.word}} {{inputs.token}}'}, with: {argv: [x]}}
  - {id: b, uses: log.print, with: {message: 'hunter2 {{secrets.word}}'}}
");
    project.workflow("w.test", "doubles: {a: {after: 1m}}
tests:
  - {name: plain, inputs: {token: literal-one}, secrets: {word: hunter2}}
  - {name: after a crash, inputs: {token: 'env:NOT_SET'}, crash: [{at: a, of: machine}], expect: {steps: {a: {attempts: 2}}}}
  - {name: told, inputs: {token: literal-one}, secrets: {word: hunter2}, doubles: {a: {error: {message: no hunter2, kind: permanent}}}}
");
    let ended = project.run(&["test"]).expect(20);
    assert!(ended.stdout.contains("3 tests, 1 failed") && !ended.stdout.contains("hunter2"), "{ended}");
    assert!(ended.stderr.contains("no ***"), "{ended}");
    assert!(!project.path().join("looked-up").exists());
}

/// The workflows that are shipped have tests, which pass.
#[test]
fn every_shipped_workflow_has_tests_that_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let shipped = std::fs::read_dir(root.join("workflows")).unwrap().flatten().map(|entry| entry.path());
    let mut tested = 0;
    for workflow in shipped.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")) {
        let name = workflow.file_stem().unwrap().to_str().unwrap();
        if !name.contains('.') {
            assert!(root.join(format!("workflows/{name}.test.yaml")).exists(), "`{name}` has no tests");
            tested += 1;
        }
    }
    let project = Project::new();
    let ended = project.run(&["--project", root.to_str().unwrap(), "test"]).expect(0);
    assert!(tested >= 4 && ended.stdout.contains("all passed"), "{ended}");
}
