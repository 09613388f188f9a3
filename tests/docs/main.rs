//! The pages under `docs/`: every example is run, every key is there, and what is made from data is fresh. `WRITE=1` makes
//! it fresh.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod guarantees;
mod page;
mod regional;

use std::collections::BTreeMap;

use page::{Example, LANGUAGE, PLUGINS, examples, text, write};
use regional::REGIONAL;
use runner_engine::expression::{FUNCTIONS, HELPERS};
use support::Project;

/// Runs the examples of a heading in one project, in order, and says what went otherwise than the page says.
fn run(examples: &[Example]) -> Vec<String> {
    let project = Project::new();
    let mut wrong = Vec::new();
    for (at, example) in examples.iter().enumerate() {
        match &example.file {
            Some(path) if example.text.starts_with("#!") => {
                project.program(path, &example.text);
                continue;
            }
            Some(path) => {
                project.write(path, &example.text);
                continue;
            }
            None => {}
        }
        let name = format!("example{at}");
        project.workflow(&name, &example.text);
        let mut words = vec!["run", &name];
        words.extend(example.words.iter().map(String::as_str));
        let ended = project.run(&words);
        let said = example.text.lines().filter_map(|line| line.strip_prefix("# error: "));
        let said: Vec<_> = said.filter(|said| !ended.stderr.contains(said)).collect();
        if ended.code != example.exit || !said.is_empty() || (example.exit == 0 && ended.stderr.contains("warning")) {
            wrong.push(format!("under `{}`, {said:?}:\n{}\n{ended}", example.heading, example.text));
        }
        assert!(!ended.output().contains("hunter2"), "a secret is shown: {ended}");
    }
    wrong
}

#[test]
fn every_example_ends_as_the_page_says() {
    let mut headings: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for example in examples(LANGUAGE) {
        headings.entry(example.heading.clone()).or_default().push(example);
    }
    assert!(headings.len() > 12, "the examples are found");
    for example in examples(PLUGINS) {
        headings.entry(example.heading.clone()).or_default().push(example);
    }
    let threads: Vec<_> = headings.into_values().map(|examples| std::thread::spawn(move || run(&examples))).collect();
    let wrong: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_key_is_explained_and_stands_in_an_example() {
    let page = text(LANGUAGE);
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    let code = prose.flat_map(|line| line.split('`').skip(1).step_by(2).flat_map(str::split_whitespace));
    let code: Vec<&str> = code.map(|word| word.trim_end_matches([':', ','])).collect();
    let examples: Vec<_> = examples(LANGUAGE).into_iter().filter(|example| example.exit != 10).collect();
    for (what, key) in runner_engine::language::keys() {
        assert!(code.contains(&key), "`{key}` of {what} is not explained");
        let written = |line: &str| {
            let before = line.find(&format!("{key}:")).map(|at| line[..at].chars().next_back());
            before.is_some_and(|before| before.is_none_or(|before| " {".contains(before)))
        };
        let shown = examples.iter().any(|example| example.text.lines().any(written));
        assert!(shown, "`{key}` of {what} stands in no example");
    }
}

/// A table cell: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn helpers() -> String {
    let mut table = "| helper | what it gives | example |\n|---|---|---|\n".to_owned();
    for helper in HELPERS.iter().copied().flatten() {
        let example = helper.examples.first().unwrap();
        let inputs = if example.inputs == "{}" { String::new() } else { format!(", inputs `{}`", example.inputs) };
        let shown = format!("`{}`{inputs} → `{}`", example.template.replace('\n', "⏎"), example.result);
        let row = [&format!("`{}`", helper.signature), helper.summary, &shown].map(cell).join(" | ");
        table.extend(["| ", &row, " |\n"]);
    }
    table
}

fn functions() -> String {
    let mut table = "| function | what it gives | example |\n|---|---|---|\n".to_owned();
    for function in FUNCTIONS.iter().copied().flatten() {
        let shown = function.examples.first().map_or(String::new(), |(text, gives)| format!("`{text}` → `{gives}`"));
        let row = [&format!("`{}`", function.signature), function.summary, &shown].map(cell).join(" | ");
        table.extend(["| ", &row, " |\n"]);
    }
    table
}

#[test]
fn what_is_made_from_data_is_fresh() {
    let tables = [
        (LANGUAGE, "helpers", helpers()),
        (LANGUAGE, "functions", functions()),
        (REGIONAL, "configuration", regional::configuration()),
    ];
    for (file, name, made) in tables {
        let page = text(file);
        let begin = page.find(&format!("<!-- {name} -->\n")).unwrap() + name.len() + 10;
        let end = begin + page[begin..].find("<!-- end -->").unwrap();
        if std::env::var_os("WRITE").is_some() {
            write(file, &format!("{}{made}{}", &page[..begin], &page[end..]));
        } else {
            assert!(
                page[begin..end] == made,
                "the table of {name} is stale: `WRITE=1 cargo test -p runner --test docs`"
            );
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    for (page, target) in page::links() {
        assert!(page::leads(&page, &target), "`{page}`: `{target}` leads nowhere");
    }
}

/// The page of tests is played: all its workflows in one project, the tests of each by itself.
#[test]
fn every_test_on_the_page_of_tests_goes_as_it_says() {
    let project = Project::new();
    let examples = examples("docs/testing.md");
    for example in &examples {
        project.write(example.file.as_ref().unwrap(), &example.text);
    }
    let tests = examples.iter().filter(|example| example.file.as_ref().unwrap().ends_with(".test.yaml"));
    let mut played = 0;
    for example in tests {
        let file = example.file.as_ref().unwrap();
        let ended = project.run(&["test", &format!("./{file}")]).expect(example.exit);
        let said = example.text.lines().filter_map(|line| line.strip_prefix("# error: "));
        said.for_each(|said| assert!(ended.stderr.contains(said), "`{said}` is not said of {file}:\n{ended}"));
        played += 1;
    }
    assert!(played >= 4 && !project.path().join(".runner").exists(), "nothing is left in the project");
}
