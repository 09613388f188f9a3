//! Steps with `cache:`: what is as it was is not done again, in this run or a later one.

use serde_json::Value;

use crate::project;
use crate::support::{Ended, Project, await_that};

/// Compiles: puts what is in `src` together, and says how long it is.
const BUILD: &str = "
inputs: {flags: {type: string, default: none}}
steps:
  - id: compile
    uses: exec.run
    with: {script: 'echo x >>compiled; mkdir -p dist; cat src/*.c >dist/app; wc -c <dist/app', capture: text}
    cache:
      inputs: ['src/**/*.c', {value: '{{inputs.flags}}'}]
      outputs: [dist/app]
  - {id: said, uses: exec.run, with: {script: 'echo {{trim steps.compile.outputs.stdout}} >>said'}}
";

fn built() -> Project {
    let project = project(BUILD);
    project.write("src/a.c", "a").write("src/deep/b.c", "b");
    project.run(&["run", "w"]).expect(0);
    project
}

/// How often the first step has run.
fn times(project: &Project) -> usize {
    project.read("compiled").lines().count()
}

fn why(project: &Project) -> String {
    project.run(&["cache", "why", "compile"]).expect(0).stdout
}

#[test]
fn what_is_unchanged_is_kept_with_its_outputs() {
    let project = built();
    let first = project.runs().remove(0);
    let again = project.run(&["run", "w"]).expect(0);
    assert_eq!((times(&project), project.read("said").as_str()), (1, "1\n1\n"));
    assert!(again.stderr.contains(&format!("compile: nothing has changed since run {first}")), "{again}");
    assert!(why(&project).contains(&format!("as the run `{first}` had left it")));
    let shown = project.run(&["show"]).expect(0);
    assert!(shown.stdout.contains("kept: nothing has changed"), "{shown}");
    // When it was written does not matter, what is in it does.
    project.write("src/a.c", "a");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(times(&project), 1);
    let listed = project.run(&["cache", "list", "--output", "json"]).expect(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed["workflow"], &listed["step"]), (&"w".into(), &"compile".into()));
    assert_eq!(listed["inputs"].as_object().unwrap().keys().collect::<Vec<_>>(), ["src/a.c", "src/deep/b.c"]);
}

#[test]
fn what_has_changed_is_done_again_and_the_change_is_named() {
    let project = built();
    let mut expected = 1;
    let mut again = |change: &dyn Fn() -> Ended, reason: &str| {
        change().expect(0);
        expected += 1;
        assert_eq!(times(&project), expected, "{reason}");
        assert!(why(&project).contains(reason), "{reason}: {}", why(&project));
        let told = project.run(&["why", "compile"]).expect(0);
        assert!(told.stdout.contains(reason), "{told}");
    };
    let run = || project.run(&["run", "w"]);
    let written = |name: &str, text: &str| {
        project.write(name, text);
        run()
    };
    again(&|| written("src/a.c", "aa"), "`src/a.c` has changed");
    again(&|| written("src/new.c", "c"), "`src/new.c` is new");
    let removed = |name: &str| {
        std::fs::remove_file(project.path().join(name)).unwrap();
        run()
    };
    again(&|| removed("src/new.c"), "of what it made, `dist/app` has changed");
    again(&|| removed("src/deep/b.c"), "`src/deep/b.c` is gone");
    again(&|| written("dist/app", "by hand"), "of what it made, `dist/app` has changed");
    assert_eq!(project.read("dist/app"), "aa");
    again(&|| removed("dist/app"), "of what it made, `dist/app` is gone");
    again(&|| project.run(&["run", "w", "--input", "flags=-O2"]), "a value under its `cache.inputs` has changed");
    project.workflow("w", &BUILD.replace("echo x", "echo y"));
    again(&run, "its definition has changed");
    // What was done for other inputs is remembered beside it: what it made is the same.
    project.workflow("w", BUILD);
    run().expect(0);
    assert_eq!(times(&project), expected);
}

#[test]
fn what_is_forgotten_is_done_again() {
    let project = built();
    assert!(project.run(&["cache", "clear", "other"]).expect(0).stdout.contains("0 steps"));
    assert!(project.run(&["cache", "clear", "w", "said"]).expect(0).stdout.contains("0 steps"));
    assert!(project.run(&["cache", "clear", "w", "compile"]).expect(0).stdout.contains("1 step "));
    project.run(&["run", "w"]).expect(0);
    assert_eq!(times(&project), 2);
    assert!(why(&project).contains("nothing is remembered of it"));
    for entry in std::fs::read_dir(project.path().join(".runner/cache")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{\"v\":1,").unwrap();
    }
    project.run(&["run", "w"]).expect(0);
    assert_eq!(times(&project), 3, "a damaged memory is none");
    project.run(&["cache", "clear"]).expect(0);
    assert_eq!(project.run(&["cache", "list"]).expect(0).stdout.lines().count(), 1);
}

#[test]
fn a_step_that_does_not_make_what_it_says_has_failed() {
    let project = project(
        "
steps:
  - {id: make, uses: exec.run, with: {argv: [touch, other]}, cache: {inputs: [], outputs: [made]}}
",
    );
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.stderr.contains("it succeeded, but did not make `made`"), "{ended}");
    assert!(project.run(&["cache", "list"]).expect(0).stdout.lines().count() == 1);
}

#[test]
fn an_input_that_is_not_there_is_no_input() {
    let project = project(
        "
steps:
  - {id: make, uses: exec.run, dir: sub, with: {argv: ['true']}, cache: {inputs: [nothing]}}
",
    );
    std::fs::create_dir(project.path().join("sub")).unwrap();
    let planned = project.run(&["plan", "w"]).expect(0);
    assert!(planned.stdout.contains("there is no `nothing`"), "{planned}");
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.stderr.contains("there is no `nothing`, which its `cache.inputs` names"), "{ended}");
    assert!(ended.stderr.contains("/sub`"), "the hint says where it was looked for: {ended}");
}

#[test]
fn what_changes_its_inputs_while_it_runs_is_not_remembered() {
    let project = project(
        "
steps:
  - {id: own, uses: exec.run, with: {script: 'echo x >>ran; cat other >in'}, cache: {inputs: [in]}}
",
    );
    project.write("other", "changed");
    for times in 1..4 {
        // As it was before the step changed it.
        project.write("in", "");
        project.run(&["run", "w"]).expect(0);
        assert_eq!(project.read("ran").lines().count(), times);
    }
    // Once it changes nothing, it is remembered.
    project.write("other", "");
    for _ in 0..2 {
        project.write("in", "");
        project.run(&["run", "w"]).expect(0);
    }
    assert_eq!(project.read("ran").lines().count(), 4);
}

#[test]
fn items_and_steps_inside_the_engine_are_remembered_too() {
    let project = project(
        "
steps:
  - id: each
    foreach: \"['a', 'b']\"
    uses: exec.run
    with: {script: 'echo {{item}} >>ran; cp {{item}}.in {{item}}.out'}
    cache: {inputs: ['{{item}}.in'], outputs: ['{{item}}.out']}
  - {id: write, uses: file.write, with: {path: page, content: hello}, cache: {inputs: [], outputs: [page]}}
",
    );
    project.write("a.in", "1").write("b.in", "1");
    project.run(&["run", "w"]).expect(0);
    project.write("b.in", "2");
    project.run(&["run", "w"]).expect(0);
    let ran = project.read("ran");
    let mut ran: Vec<_> = ran.lines().collect();
    ran.sort_unstable();
    assert_eq!(ran, ["a", "b", "b"]);
    let journal = project.journal();
    let kept = |path: &str| journal.about("attempt_ended", path).next().unwrap().event["cache"].get("kept").is_some();
    assert!(kept("each[a]") && !kept("each[b]") && kept("write"));
}

#[test]
fn a_plan_says_what_the_cache_has() {
    let project = built();
    let first = project.runs().remove(0);
    let planned = project.run(&["plan", "w"]).expect(0);
    assert!(planned.stdout.contains(&format!("kept      compile: nothing has changed since run {first}")), "{planned}");
    project.write("src/a.c", "aa");
    let planned = project.run(&["plan", "w"]).expect(0);
    assert!(planned.stdout.contains("will run  compile, since `src/a.c` has changed: cannot say"), "{planned}");
    project.write("src/a.c", "a");
    project.workflow("w", &BUILD.replace("steps:", "steps:\n  - {id: before, uses: exec.run, with: {argv: ['true']}}"));
    let planned = project.run(&["plan", "w"]).expect(0);
    assert!(planned.stdout.contains("kept      compile, unless what runs before changes its inputs"), "{planned}");
    assert_eq!(times(&project), 1);
}

#[test]
fn secrets_are_not_remembered_in_clear() {
    let mut project = project(
        "
secrets: {token: {env: TOKEN}}
steps:
  - id: use
    uses: exec.run
    env: {TOKEN: '{{secrets.token}}'}
    with: {script: 'echo x >>ran; echo $TOKEN >made'}
    cache: {inputs: [{value: '{{secrets.token}}'}], outputs: [made]}
",
    );
    project.env("TOKEN", "s3cr3t-t0ken-value");
    project.run(&["run", "w"]).expect(0);
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("ran"), "x\n");
    for entry in std::fs::read_dir(project.path().join(".runner/cache")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("s3cr3t-t0ken-value") && text.contains("env:TOKEN"), "{text}");
    }
}

#[test]
fn an_attempt_that_another_engine_took_over_counts_and_is_not_remembered() {
    let project = project(
        "
steps:
  - {id: slow, uses: exec.run, with: {script: 'echo x >>ran; touch begun; until [ -e go ]; do sleep 0.02; done; touch made'}, cache: {inputs: [in], outputs: [made]}}
",
    );
    project.write("in", "");
    let life = project.spawn(&["run", "w"]);
    await_that("the step", || project.path().join("begun").exists());
    life.kill();
    let resumed = project.spawn(&["resume"]);
    project.write("go", "");
    resumed.end().expect(0);
    assert_eq!(project.read("ran"), "x\n");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("ran"), "x\nx\n");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("ran"), "x\nx\n");
}
