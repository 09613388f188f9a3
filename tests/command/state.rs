//! `state`: what deployments have left behind, read, written and moved.

use serde_json::{Value, json};

use crate::after_a_run;
use crate::support::{Life, Project};

#[test]
fn state_is_read_by_key_and_listed_by_prefix() {
    let project = after_a_run();
    assert_eq!(project.run(&["state", "get", "regions.east.version"]).expect(0).stdout, "1.2\n");
    assert_eq!(project.run(&["state", "get", "regions.east"]).expect(0).stdout, "{\n  \"version\": \"1.2\"\n}\n");
    assert_eq!(project.run(&["state", "list"]).expect(0).stdout, "regions.east.version  \"1.2\"\n");
    assert_eq!(project.run(&["state", "list", "hosts"]).expect(0).stdout, "");
    let line = project.run(&["state", "list", "regions", "--output", "json"]).expect(0).stdout;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["key"], &line["value"]), (&"regions.east.version".into(), &"1.2".into()));
    let ended = project.run(&["state", "get", "regions.east.versoin"]).expect(1);
    assert!(ended.stderr.contains("did you mean `regions.east.version`?"), "{ended}");
    project.run(&["state", "get", "a["]).expect(2);
}

fn told(project: &Project, arguments: &[&str]) -> Value {
    let words = [&["state"], arguments, &["--output", "json"]].concat();
    let ended = project.run(&words).expect(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended}"))
}

#[test]
fn values_are_json_where_they_are_json_and_texts_elsewhere() {
    let project = Project::new();
    let ended = project.run(&["state", "set", "regions.east.version", "1.5.0"]).expect(0);
    assert_eq!(ended.stdout, "set `regions.east.version`: version 1\n");
    for (key, given, value) in [
        ("a", "3", json!(3)),
        ("b", "-3", json!(-3)),
        ("c", "{\"d\": [true, null]}", json!({"d": [true, null]})),
        ("hosts[\"a.example\"]", "eu-west", json!("eu-west")),
        ("empty", "", json!("")),
    ] {
        project.run(&["state", "set", key, given]).expect(0);
        assert_eq!(told(&project, &["get", key])["value"], value);
    }
    project.run(&["state", "set", "a", "3", "--text"]).expect(0);
    assert_eq!(told(&project, &["get", "a"]), json!({"key": "a", "value": "3", "version": 7}));
    let mut command = project.command(&[]);
    let runner = command.get_program().to_owned();
    command = std::process::Command::new("sh");
    command.arg("-c").arg("echo '[1, 2]' | \"$0\" state set piped -").arg(runner).current_dir(project.path());
    Life::start(command).end().expect(0);
    assert_eq!(told(&project, &["get", "piped"])["value"], json!([1, 2]));
    // What does not fit is refused: `a` is a text, in which nothing can stand.
    let ended = project.run(&["state", "set", "a.b", "1"]).expect(2);
    assert!(ended.stderr.contains("state `a.b`: `a` is a string"), "{ended}");
}

#[test]
fn a_write_that_names_its_version_never_overwrites_another() {
    let project = Project::new();
    project.run(&["state", "set", "a.b", "1", "--if-version", "0"]).expect(0);
    assert_eq!(told(&project, &["get", "a.b"])["version"], 1);
    let ended = project.run(&["state", "set", "a.b", "2", "--if-version", "0"]).expect(31);
    assert!(ended.stderr.contains("the state `a.b` is at version 1, not 0: somebody else wrote it"), "{ended}");
    project.run(&["state", "set", "other", "9"]).expect(0);
    assert_eq!(told(&project, &["set", "a.b", "2", "--if-version", "1"]), json!({"key": "a.b", "version": 3}));
    project.run(&["state", "rm", "a", "--if-version", "2"]).expect(31);
    project.run(&["state", "rm", "a", "--if-version", "3"]).expect(0);
    project.run(&["state", "rm", "a", "--if-version", "3"]).expect(31);
    let ended = project.run(&["state", "rm", "a"]).expect(1);
    assert!(ended.stderr.starts_with("error: nothing stands under `a`\n  hint: "), "{ended}");
    assert_eq!(project.run(&["state", "list"]).expect(0).stdout, "other  9\n");
}

#[test]
fn of_many_that_write_at_one_version_one_wins() {
    let project = Project::new();
    project.run(&["state", "set", "a", "0"]).expect(0);
    let lives: Vec<_> =
        (1..=8).map(|number| project.spawn(&["state", "set", "a", &number.to_string(), "--if-version", "1"])).collect();
    let codes: Vec<_> = lives.into_iter().map(|life| life.end().code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 31].contains(code)), "{codes:?}");
    assert_eq!(told(&project, &["get", "a"])["version"], 2);
}

#[test]
fn history_tells_who_wrote_what() {
    let project = after_a_run();
    project.run(&["state", "set", "hosts.a", "[1]"]).expect(0);
    project.run(&["state", "rm", "hosts.a"]).expect(0);
    let shown = project.redact(&project.run(&["state", "history"]).expect(0).stdout);
    let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "VERSION TIME DONE KEY VALUE BY",
            "3 TIME UTC remove hosts.a a person",
            "2 TIME UTC set hosts.a [1] a person",
            "1 TIME UTC set regions.east.version \"1.2\" group/note of RUN-demo",
        ]
    );
    let of = |key: &str| project.run(&["state", "history", key]).expect(0).stdout.lines().count();
    assert_eq!((of("regions"), of("regions.east.version.deep"), of("hosts"), of("nothing")), (2, 2, 3, 0));
    let first = told(&project, &["history", "-n", "1"]);
    assert_eq!((&first["version"], &first["changes"]), (&json!(3), &json!([{"do": "remove", "key": "hosts.a"}])));
    let step = told(&project, &["history", "regions"]);
    assert_eq!((&step["step"], step["run"].as_str()), (&json!("group/note"), Some(project.runs()[0].as_str())));
}

#[test]
fn what_is_exported_is_imported_at_once_or_not_at_all() {
    let project = after_a_run();
    let exported = project.run(&["state", "export"]).expect(0).stdout;
    let document: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!((&document["format"], &document["version"]), (&json!("runner state"), &json!(1)));
    let other = Project::new();
    other.write("state.json", &exported);
    for (key, value) in [("regions.west", "1"), ("regions.east.nodes", "3"), ("old", "true")] {
        other.run(&["state", "set", key, value]).expect(0);
    }
    other.run(&["state", "import", "state.json", "--if-version", "2"]).expect(31);
    let ended = other.run(&["state", "import", "state.json"]).expect(0);
    assert_eq!(ended.stdout, "imported 1 value: version 4\n");
    let list = || other.run(&["state", "list"]).expect(0).stdout;
    assert_eq!(
        list(),
        "old                   true\nregions.east.nodes    3\nregions.east.version  \"1.2\"\nregions.west          1\n"
    );
    other.run(&["state", "import", "state.json", "--replace"]).expect(0);
    assert_eq!(list(), "regions.east.version  \"1.2\"\n");
    // One value that does not fit, and none is put in.
    let both = json!({"format": "runner state", "version": 1, "state_version": 1,
        "state": {"new": 1, "regions": {"east": {"version": {"deep": 1}}}}});
    other.write("both.json", both.to_string());
    other.run(&["state", "import", "both.json"]).expect(2);
    assert_eq!(list(), "regions.east.version  \"1.2\"\n");
}

#[test]
fn what_is_no_exported_state_is_refused() {
    let project = Project::new();
    for (text, code, part) in [
        ("{", 2, "is no exported state: "),
        ("{\"a\": 1}", 2, "it does not say `\"format\": \"runner state\"`"),
        ("{\"format\": \"runner state\", \"version\": 9}", 30, "was exported in format 9, this runner knows up to 1"),
        ("{\"format\": \"runner state\", \"version\": 1}", 2, "missing field"),
    ] {
        project.write("state.json", text);
        let ended = project.run(&["state", "import", "state.json"]).expect(code);
        assert!(ended.stderr.contains(part) && ended.stderr.contains("hint: "), "{ended}");
    }
    project.run(&["state", "import", "nowhere.json"]).expect(2);
    assert!(!project.path().join(".runner").exists(), "nothing was written");
}
