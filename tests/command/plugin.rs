//! Plugins: found, asked, shown; and everything that may be wrong with one, told once and clearly.

use serde_json::Value;

use crate::support::Project;

const GREET: &str = r#"{"protocol": 1, "steps": [{
  "name": "hello", "description": "Greets somebody.\n\nIt says hello.", "idempotent": true, "version": 3,
  "with": {"properties": {"name": {"type": "string", "description": "Whom."},
    "times": {"type": "integer", "minimum": 1, "default": 2, "description": "How often."}}, "required": ["name"]},
  "outputs": {"properties": {"said": {"type": "string", "description": "What was said."}}, "required": ["said"]},
  "needs": [{"program": "no-such-program", "package": "nothing", "how": "write it"}],
  "examples": [{"title": "the world", "steps": "- id: a\n  uses: greet.hello\n  with: {name: world}"}]
}]}"#;

/// A plugin that says this of itself, leaves a line in `asked` each time, and answers a run so.
fn greet(project: &Project, described: &str, run: &str) {
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = describe ]; then echo asked >>asked; cat <<'END'\n{described}\nEND\nexit; fi\n{run}\n"
    );
    project.program("plugins/runner-step-greet", &script);
}

fn greeting(run: &str) -> Project {
    let project = Project::new();
    greet(&project, GREET, run);
    project.workflow("w", "steps: [{id: a, uses: greet.hello, retry: {attempts: 2, delay: 1ms}, with: {name: world}}]");
    project
}

#[test]
fn a_plugin_is_asked_when_it_is_named_and_again_when_it_changed() {
    let project = greeting("echo '{\"outputs\": {\"said\": \"hi\"}}'");
    project.workflow("other", "steps: [{id: a, uses: log.print, with: {message: hi}}]");
    project.run(&["validate", "other"]).expect(0);
    let listed = project.run(&["steps"]).expect(0).stdout;
    assert!(listed.contains("the plugin `plugins/runner-step-greet`: `runner steps greet` asks it"), "{listed}");
    assert_eq!(project.read("asked"), "", "nobody has named it");
    for command in [&["validate", "w"][..], &["run", "w"], &["steps", "greet"], &["schema"], &["doctor"]] {
        project.run(command);
    }
    assert_eq!(project.read("asked"), "asked\n");
    greet(&project, GREET, "echo '{\"outputs\": {\"said\": \"changed\"}}'");
    project.run(&["validate", "w"]).expect(0);
    assert_eq!(project.read("asked"), "asked\nasked\n");
    // What is kept of it and was damaged is asked for again.
    let kept = project.base().join("cache/runner/plugins");
    for entry in std::fs::read_dir(kept).unwrap().flatten() {
        std::fs::write(entry.path(), "{").unwrap();
    }
    project.run(&["validate", "w"]).expect(0);
    assert_eq!(project.read("asked"), "asked\nasked\nasked\n");
}

#[test]
fn its_steps_have_pages_and_stand_in_the_schema_and_doctor_names_it() {
    let project = greeting("");
    let page = project.run(&["steps", "greet.hello"]).expect(0).stdout;
    for part in [
        "greet.hello\n  Greets somebody.\n",
        "\n  name  text, required\n      Whom.\n",
        "  times  integer, default 2",
        "a process: it survives the engine",
        "behaviour version 3",
        "example: the world:",
    ] {
        assert!(page.contains(part), "`{part}` is not in\n{page}");
    }
    let list = project.run(&["steps", "greet"]).expect(0).stdout;
    assert_eq!(list, "greet\n  greet.hello  Greets somebody.\n");
    let schema = project.run(&["schema"]).expect(0).stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let workflow = |with: Value| serde_json::json!({"steps": [{"id": "a", "uses": "greet.hello", "with": with}]});
    assert!(validator.is_valid(&workflow(serde_json::json!({"name": "a", "times": "{{inputs.x}}"}))));
    for wrong in [serde_json::json!({"nmae": "a"}), serde_json::json!({"name": 3, "times": []}), serde_json::json!({})]
    {
        assert!(!validator.is_valid(&workflow(wrong.clone())), "{wrong}");
    }
    for words in [&["doctor"][..], &["doctor", "w"]] {
        let told = project.run(words).expect(1).stdout;
        let told = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
        assert!(told.contains(&"ok runner-step-greet 1 step, plugins/runner-step-greet".to_owned()), "{told:#?}");
        assert!(told.iter().any(|line| line.starts_with("LACKS no-such-program")), "{told:#?}");
    }
}

#[test]
fn it_is_found_beside_the_workflow_in_the_project_and_on_path_in_this_order() {
    let mut project = Project::new();
    project.workflow("w", "steps: [{id: a, uses: greet.hello, with: {name: world}}]");
    let said = |project: &Project| {
        project.run(&["run", "w"]).expect(0);
        project.journal().outputs_of("a")["said"].clone()
    };
    let answer = |place: &str| {
        let run = format!("echo '{{\"outputs\": {{\"said\": \"{place}\"}}}}'");
        format!("#!/bin/sh\nif [ \"$1\" = describe ]; then cat <<'END'\n{GREET}\nEND\nexit; fi\n{run}\n")
    };
    let ended = project.run(&["validate", "w"]).expect(10);
    assert!(ended.stderr.contains("there is no step type `greet.hello`"), "{ended}");
    assert!(ended.stderr.contains("a plugin for it would be `plugins/runner-step-greet`"), "{ended}");
    project.program("bin/runner-step-greet", &answer("path"));
    project.env("PATH", format!("{}:{}", project.path().join("bin").display(), std::env::var("PATH").unwrap()));
    assert_eq!(said(&project), "path");
    project.program("plugins/runner-step-greet", &answer("project"));
    assert_eq!(said(&project), "project");
    project.program("workflows/plugins/runner-step-greet", &answer("beside"));
    assert_eq!(said(&project), "beside");
    // A namespace that is built in is never asked for elsewhere.
    project.program("plugins/runner-step-log", "#!/bin/sh\necho asked >>asked\n");
    project.workflow("log", "steps: [{id: a, uses: log.prnt, with: {message: hi}}]");
    let ended = project.run(&["validate", "log"]).expect(10);
    assert!(ended.stderr.contains("did you mean `log.print`?") && project.read("asked").is_empty(), "{ended}");
}

#[test]
fn what_is_wrong_with_a_plugin_is_one_clear_error() {
    let step = |with: &str| {
        format!(r#"{{"protocol": 1, "steps": [{{"name": "hello", "description": "x", "idempotent": true{with}}}]}}"#)
    };
    let cases = [
        (
            "#!/bin/sh\necho hello there\n".to_owned(),
            "does not describe itself: it printed `hello there\\n`, which is no JSON",
        ),
        (
            "#!/bin/sh\necho boom >&2; exit 3\n".to_owned(),
            "failed when it was asked to describe itself (exit status: 3): boom",
        ),
        ("#!/bin/sh\nkill -9 $$\n".to_owned(), "failed when it was asked to describe itself (signal: 9"),
        ("#!/no/such/interpreter\n".to_owned(), "cannot be started"),
        ("#!/bin/sh\necho '{\"protocol\": 2}'\n".to_owned(), "speaks protocol 2, this runner knows up to 1"),
        ("#!/bin/sh\necho '{\"protocol\": 1}'\n".to_owned(), "missing field `steps`"),
        ("#!/bin/sh\necho '{\"protocol\": 1, \"steps\": []}'\n".to_owned(), "it has no steps"),
        ("#!/bin/sh\nhead -c 2000000 /dev/zero\n".to_owned(), "says more than 1024 KiB of itself"),
        (format!("#!/bin/sh\necho '{}'\n", step(", \"with\": 3")), "`with` is no JSON Schema"),
        (
            format!("#!/bin/sh\necho '{}'\n", step(", \"with\": {\"type\": \"array\"}")),
            "`with` must be the schema of an object",
        ),
        (
            format!("#!/bin/sh\necho '{}'\n", step(", \"outputs\": {\"properties\": {\"a\": {\"type\": \"strin\"}}}")),
            "`outputs` is no JSON Schema",
        ),
        (format!("#!/bin/sh\necho '{}'\n", step("").replace("hello", "Hello")), "a name is `[a-z][a-z0-9_]*`"),
        (
            format!("#!/bin/sh\necho '{}'\n", step("").replace(", \"idempotent\": true", "")),
            "missing field `idempotent`",
        ),
    ];
    for (script, part) in cases {
        let project = Project::new();
        project.program("plugins/runner-step-greet", &script);
        project.workflow("w", "steps: [{id: a, uses: greet.hello, with: {name: world}}]");
        let ended = project.run(&["validate", "w"]).expect(10);
        assert!(ended.stderr.contains(part) && ended.stderr.contains("workflows/w.yaml:1:23"), "{part}: {ended}");
        assert_eq!(ended.stderr.matches("error: ").count() + ended.stderr.matches("error[").count(), 1, "{ended}");
        let told = project.run(&["doctor"]).expect(1).stdout;
        assert!(told.contains("LACKS  runner-step-greet"), "{told}");
    }
    let project = Project::new();
    project.write("plugins/runner-step-greet", "#!/bin/sh\n");
    project.workflow("w", "steps: [{id: a, uses: greet.hello}]");
    let ended = project.run(&["validate", "w"]).expect(10);
    assert!(
        ended.stderr.contains("plugins/runner-step-greet` is not executable") && ended.stderr.contains("chmod +x"),
        "{ended}"
    );
}

#[test]
fn what_a_run_answers_is_taken_as_it_is_said() {
    let cases = [
        ("echo '{\"outputs\": {\"said\": \"hi\"}}'", 0, 1, ""),
        (
            "echo '{\"error\": {\"kind\": \"transient\", \"message\": \"not yet\", \"hint\": \"wait\"}}'; exit 4",
            20,
            2,
            "not yet",
        ),
        ("echo '{\"error\": {\"kind\": \"permanent\", \"message\": \"never\"}}'", 20, 1, "never"),
        ("echo '{\"error\": {\"kind\": \"input\", \"message\": \"not so\"}}'", 20, 1, "not so"),
        ("echo first >&2; echo last words >&2; exit 7", 20, 2, "`runner-step-greet` exited with code 7: last words"),
        ("kill -9 $$", 20, 2, "`runner-step-greet` was ended by signal 9"),
        ("echo hello", 20, 1, "`runner-step-greet` printed `hello`, which is no answer"),
        ("echo '{\"output\": {}}'", 20, 1, "unknown field `output`"),
        ("true", 20, 1, "the outputs of `runner-step-greet` are not what it said they would be"),
        ("echo '{\"outputs\": {\"said\": 3}}'", 20, 1, "`said`: 3 is not of type \"string\""),
    ];
    for (run, code, attempts, part) in cases {
        let project = greeting(run);
        let ended = project.run(&["run", "w"]).expect(code);
        assert!(ended.stderr.contains(part), "{run}: {ended}");
        assert_eq!(project.journal().attempts("a"), attempts, "{run}: {ended}");
    }
}
