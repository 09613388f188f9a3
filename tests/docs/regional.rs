//! The page of regional clusters: what it shows is done, and its table is that of the schema.

use std::path::Path;

use serde_json::Value;

use crate::page::text;
use crate::support::Project;

pub(crate) const REGIONAL: &str = "docs/regional.md";

/// The keys of the configuration: what each means, and what it is where nothing is said.
pub(crate) fn configuration() -> String {
    let schema = text("config/k0rdent.schema.json");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut table = "| key | meaning | default |\n|---|---|---|\n".to_owned();
    rows("", &schema, &schema, &mut table);
    table
}

/// What a key says of a part of the schema, or of what it refers to.
fn said<'s>(part: &'s Value, key: &str, schema: &'s Value) -> &'s Value {
    let referred = || schema.pointer(part["$ref"].as_str()?.strip_prefix('#')?);
    match (part.get(key), referred().or_else(|| part["allOf"].get(0))) {
        (Some(value), _) => value,
        (None, Some(meant)) => said(meant, key, schema),
        (None, None) => &Value::Null,
    }
}

fn rows(path: &str, part: &Value, schema: &Value, table: &mut String) {
    let mut parts = vec![said(part, "properties", schema)];
    if let Some(own) = part["allOf"].get(0) {
        parts.push(said(own, "properties", schema));
    }
    let mut names: Vec<&String> =
        parts.iter().filter_map(|part| part.as_object()).flat_map(|part| part.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let of = parts.iter().map(|part| &part[name]).find(|of| !said(of, "description", schema).is_null());
        let of = of.unwrap_or_else(|| panic!("`{path}{name}` is not described"));
        let meaning = said(of, "description", schema).as_str().unwrap();
        let default = parts.iter().map(|part| said(&part[name], "default", schema)).find(|default| !default.is_null());
        let computed = of["x-default"].as_str().map(|text| format!("`{}`", text.trim_start_matches("root.")));
        let simple = default.filter(|default| !default.is_object()).map(|default| format!("`{default}`"));
        let required =
            said(part, "required", schema).as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let shown = if required { "needed".to_owned() } else { computed.or(simple).unwrap_or_default() };
        table.extend(["| `", path, name, "` | ", meaning, " | ", &shown, " |\n"]);
        rows(&format!("{path}{name}."), of, schema, table);
        let items = said(of, "items", schema);
        if !said(items, "properties", schema).is_null() {
            rows(&format!("{path}{name}[]."), items, schema, table);
        }
    }
}

/// The fenced blocks of the page: what stands behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let page = text(REGIONAL);
    let fenced = page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    fenced.map(|(info, text)| (info.to_owned(), text.to_owned())).collect()
}

/// Files are written, commands run, and of what is shown behind them each line is said.
#[test]
fn what_the_page_of_regional_clusters_shows_is_done() {
    let mut project = Project::new();
    let shell = ["/bin/sh", "/usr/bin/sh"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    let bin = project.base().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(shell, bin.join("sh")).unwrap();
    project.env("PATH", bin); // without `az`, whatever the machine has
    let (mut said, mut done) = (String::new(), 0);
    for (info, text) in blocks() {
        match info.split_once(' ').map_or((&*info, ""), |(language, word)| (language, word)) {
            ("yaml", word) => {
                project.write(word.strip_prefix("file=").unwrap(), text);
            }
            ("sh", word) => {
                said.clear();
                let exit = word.strip_prefix("exit=").map_or(0, |code| code.parse().unwrap());
                let lines: Vec<_> = text.lines().collect();
                for (at, line) in lines.iter().enumerate() {
                    let words: Vec<_> = line.strip_prefix("runner ").unwrap().split(' ').collect();
                    let expected = if at + 1 == lines.len() { exit } else { 0 };
                    said.push_str(&project.run(&words).expect(expected).output());
                    done += 1;
                }
            }
            ("text", _) => {
                let missing: Vec<_> = text.lines().filter(|line| !said.contains(line)).collect();
                assert!(missing.is_empty(), "{missing:?} is not said:\n{said}");
            }
            (other, _) => panic!("nobody knows what to do with `{other}`"),
        }
    }
    assert!(done >= 8, "the commands are found");
}
