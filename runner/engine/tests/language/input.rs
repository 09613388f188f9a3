//! Values for inputs: what is given, what is made of it, and what is said where it is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use runner_engine::diagnostic::{Sink, render};
use runner_engine::language::ast::Workflow;
use runner_engine::language::input::{Given, InputValue, Origin, Resolved, SecretGiven, resolve};
use runner_engine::language::{decode, read_file, reader};
use serde_json::json;

use super::frozen::{difference, folder};
use super::good;

/// The values for the options, the `--inputs` file and the environment, and what is said.
fn values(workflow: &Workflow, options: &[&str], file: &str, env: &[(&str, &str)]) -> (Vec<Resolved>, String) {
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let env: BTreeMap<String, String> = env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut sink = Sink::new();
    let document = Some(file)
        .filter(|file| !file.is_empty())
        .and_then(|file| reader::read_bytes("inputs.yaml", file.as_bytes(), &mut sink));
    let given = Given {
        options: &options,
        file: document.as_ref(),
        env: &env,
        working_directory: Path::new("/srv/here"),
        project: Path::new("/project"),
    };
    let values = resolve(workflow, &given, &mut sink);
    (values, render(&sink.finish(), 120, false))
}

fn plain(values: &[Resolved]) -> serde_json::Value {
    let pair = |resolved: &Resolved| match &resolved.value {
        InputValue::Plain(value) => (resolved.name.clone(), value.clone()),
        InputValue::Secret(secret) => (resolved.name.clone(), json!({"secret": secret.reference()})),
    };
    serde_json::Value::Object(values.iter().map(pair).collect())
}

fn inputs(text: &str) -> Workflow {
    good(&format!("inputs:\n{text}steps: [{{id: a, uses: log.print}}]\n"))
}

#[test]
fn every_type_is_read_from_text() {
    let workflow = inputs(
        "  s: {}\n  i: {type: integer}\n  n: {type: number}\n  b: {type: boolean}\n  a: {type: array, items: integer}\n  \
         o: {type: object}\n  p: {type: path}\n  d: {type: duration}\n  z: {type: size}\n  k: {type: secret}\n",
    );
    let options = [
        "s=no = 007",
        "i=-5",
        "n=1.5",
        "b=true",
        "a=[1, 2]",
        "o={\"x\": {y: z}}",
        "p=./sub/file",
        "d=2h30m",
        "z=4Gi",
        "k=env:TOKEN",
    ];
    let (found, said) = values(&workflow, &options, "", &[]);
    assert_eq!(said, "");
    let expected = json!({
        "s": "no = 007", "i": -5, "n": 1.5, "b": true, "a": [1, 2], "o": {"x": {"y": "z"}}, "p": "/srv/here/sub/file",
        "d": "2h30m", "z": "4Gi", "k": {"secret": "env:TOKEN"},
    });
    assert_eq!(plain(&found), expected);
    assert!(found.iter().all(|resolved| resolved.origin == Origin::Option));
}

#[test]
fn option_goes_before_file_before_environment_before_default() {
    let workflow = inputs("  x: {default: default, env: [NEW_X, OLD_X]}\n");
    let env = [("NEW_X", "new"), ("OLD_X", "old")];
    let one = |options: &[&str], file: &str, env: &[(&str, &str)]| {
        let (found, said) = values(&workflow, options, file, env);
        (plain(&found)["x"].clone(), found[0].origin.clone(), said)
    };
    assert_eq!(one(&["x=option"], "x: file\n", &env), (json!("option"), Origin::Option, String::new()));
    assert_eq!(one(&[], "x: file\n", &env), (json!("file"), Origin::File, String::new()));
    assert_eq!(one(&[], "", &env), (json!("new"), Origin::Env("NEW_X".into()), String::new()));
    let (value, origin, said) = one(&[], "", &env[1..]);
    assert_eq!((value, origin), (json!("old"), Origin::Env("OLD_X".into())));
    assert!(
        said.starts_with("warning: `OLD_X` is deprecated for input `x`") && said.contains("set `NEW_X` instead"),
        "{said}"
    );
    assert_eq!(one(&[], "", &[]), (json!("default"), Origin::Default, String::new()));
}

#[test]
fn a_default_path_belongs_to_the_project_and_a_given_one_to_the_person() {
    let workflow = inputs(
        "  p: {type: path, default: ./config/a.yaml, env: P}\n  l: {type: array, items: path, default: [x, /y]}\n",
    );
    assert_eq!(
        plain(&values(&workflow, &[], "", &[]).0),
        json!({"p": "/project/config/a.yaml", "l": ["/project/x", "/y"]})
    );
    let given = values(&workflow, &["l=[../x]"], "", &[("P", "b.yaml")]).0;
    assert_eq!(plain(&given), json!({"p": "/srv/here/b.yaml", "l": ["/srv/here/../x"]}));
    // An empty variable is one that is not set.
    assert_eq!(plain(&values(&workflow, &[], "", &[("P", "")]).0)["p"], "/project/config/a.yaml");
}

#[test]
fn a_secret_is_known_by_its_reference_and_never_shown() {
    let workflow = inputs("  k: {type: secret, env: TOKEN}\n  n: {type: integer}\n");
    let one = |options: &[&str], file: &str, env: &[(&str, &str)]| values(&workflow, options, file, env);
    let (found, said) = one(&["k=hunter2", "n=x", "k=hunter2"], "", &[("TOKEN", "hunter2")]);
    assert_eq!(found[0].value, InputValue::Secret(SecretGiven::Literal("hunter2".into())));
    assert!(
        said.contains("given twice") && !said.contains("hunter2") && !format!("{found:?}").contains("hunter2"),
        "{said}"
    );
    let (found, said) = one(&["n=1"], "", &[("TOKEN", "hunter2")]);
    assert_eq!((plain(&found)["k"].clone(), said), (json!({"secret": "env:TOKEN"}), String::new()));
    let (found, _) = one(&["n=1", "k=file:token.txt"], "", &[]);
    assert_eq!(plain(&found)["k"], json!({"secret": "file:/srv/here/token.txt"}));
    let (found, said) = one(&["n=1"], "k: 1234\n", &[]);
    assert_eq!((&found[0].value, said.as_str()), (&InputValue::Secret(SecretGiven::Literal("1234".into())), ""));
    let (_, said) = one(&["n=1"], "k: [hunter2]\n", &[]);
    assert!(said.contains("not text") && !said.contains("hunter2"), "{said}");
}

#[test]
fn an_input_may_be_left_out_where_its_default_is_null() {
    let workflow = inputs("  x: {type: path, default: null}\n");
    assert_eq!(plain(&values(&workflow, &[], "", &[]).0), json!({"x": null}));
    assert_eq!(plain(&values(&workflow, &[], "x: null\n", &[]).0), json!({"x": null}));
}

/// `tests/fixture/input/*.yaml`: workflows whose comments `# --input …`, `# --inputs …` and `# env …` say what is given.
#[test]
fn wrong_values_say_exactly_what_is_frozen() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let entries = fs::read_dir(folder("input")).expect("the fixtures");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    for path in files {
        let mut sink = Sink::new();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let document = read_file(&path, &name, &mut sink).expect("a file");
        let workflow = decode(&document, &mut sink).expect("a workflow");
        assert!(sink.is_empty(), "{:?}", sink.finish());
        let given = |prefix: &str| -> Vec<&str> {
            document.source.text().lines().filter_map(|line| line.strip_prefix(prefix)).collect()
        };
        let env: Vec<_> = given("# env ").iter().filter_map(|pair| pair.split_once('=')).collect();
        let (_, said) = values(&workflow, &given("# --input "), &given("# --inputs ").join("\n"), &env);
        wrong.extend(difference(&path.with_extension("txt"), &said));
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 4, "{count} fixtures only");
}

#[test]
fn a_default_that_is_wrong_is_told_once() {
    let mut sink = Sink::new();
    let text = "inputs: {n: {type: integer, default: 12, max: 9}}\nsteps: [{id: a, uses: log.print}]\n";
    let document = reader::read_bytes("a.yaml", text.as_bytes(), &mut sink).expect("it is YAML");
    let workflow = decode(&document, &mut sink).expect("only a default is wrong");
    let told = sink.errors();
    let (_, said) = values(&workflow, &[], "", &[]);
    assert_eq!((told, said.as_str()), (1, ""));
}
