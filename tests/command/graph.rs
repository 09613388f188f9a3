//! `graph`: as a tree, and as the programs draw it that it is written for.

use std::process::{Command, Stdio};

use crate::project;
use crate::support::{Project, skip};

#[test]
fn a_graph_is_a_tree_that_tells_what_does_not_follow_the_step_above() {
    let drawn = project().run(&["graph", "demo"]).expect(0).stdout;
    assert_eq!(
        drawn,
        "demo
├─ hello    exec.run
├─ kept     exec.run
├─ each     exec.run  (foreach ['x', 'y']; after hello)
├─ group    (when inputs.region == 'east'; after all above)
│  └─ note  state.set
└─ finally
   └─ bye   log.print
"
    );
}

/// What is hard to write down in other languages.
fn odd() -> Project {
    let project = Project::new();
    project.workflow("called", "steps: [{id: end, uses: log.print, with: {message: hi}}]");
    project.workflow(
        "odd",
        r#"name: 'an "odd" \name <b>&amp;'
steps:
  - {id: graph, uses: log.print, with: {message: hi}}
  - {id: subgraph, when: "'a\\\\d <b>&lt; #x; _y_ `z`'.matches('\\\\d+') && 1 < 2", uses: log.print, with: {message: hi}}
  - {id: other, needs: [graph], run: called}
  - id: end
    needs: [subgraph, other]
    steps:
      - {id: inner, uses: log.print, with: {message: hi}}
      - {id: second, foreach: "['\"', \"'\"]", uses: log.print, with: {message: hi}}
    finally:
      - {id: last, uses: log.print, with: {message: hi}}
  - {id: node, uses: log.print, with: {message: hi}}
"#,
    );
    project
}

/// What a program makes of its standard input; nothing where the program is not there.
fn piped(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skip(&format!("`{program}` is missing: tests/run installs it"));
        return None;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success() && !said.contains("arning"), "{program}: {said}\n{input}");
    Some(String::from_utf8(ended.stdout).unwrap())
}

/// The texts of an SVG, the entities in them read.
fn texts(svg: &str) -> Vec<String> {
    let found = regex::Regex::new(">([^<>]+)<").unwrap();
    let entity = regex::Regex::new("&#?([a-z0-9]+);").unwrap();
    let read = |text: &str| {
        let plain = entity.replace_all(text, |entity: &regex::Captures<'_>| match &entity[1] {
            "amp" => "&".to_owned(),
            "lt" => "<".to_owned(),
            "gt" => ">".to_owned(),
            "quot" => "\"".to_owned(),
            "nbsp" => " ".to_owned(),
            number => char::from_u32(number.parse().unwrap()).unwrap().to_string(),
        });
        plain.replace('\u{a0}', " ").trim().to_owned()
    };
    found.captures_iter(svg).map(|text| read(&text[1])).filter(|text| !text.is_empty()).collect()
}

/// What every drawing of the odd workflow says.
const SAID: [&str; 10] = [
    "graph",
    "subgraph",
    "other",
    "end",
    "inner",
    "second",
    "last",
    "node",
    r"when 'a\\d <b>&lt; #x; _y_ `z`'.matches('\\d+') && 1 < 2",
    r#"foreach ['"', "'"]"#,
];

#[test]
fn graphviz_draws_every_step_edge_and_condition() {
    let project = odd();
    let dot = project.run(&["graph", "odd", "--format", "dot"]).expect(0).stdout;
    let Some(svg) = piped("dot", &["-Tsvg"], &dot) else { return };
    let said = texts(&svg);
    for text in SAID.iter().chain(&["run called", "finally"]) {
        assert!(said.iter().any(|found| found == text), "`{text}` is not drawn: {said:#?}");
    }
    let edges: Vec<_> = said.iter().filter(|text| text.contains("->")).map(String::as_str).collect();
    let expected =
        ["graph->subgraph", "graph->other", "other->end", "subgraph->end", "end->node", "end/inner->end/second"];
    assert!(expected.iter().all(|edge| edges.contains(edge)) && edges.len() == expected.len(), "{edges:?}");
}

#[test]
fn mermaid_draws_every_step_edge_and_condition() {
    let project = odd();
    let mermaid = project.run(&["graph", "odd", "--format", "mermaid"]).expect(0).stdout;
    let Some(svg) = piped("mermaidx", &["-q", "-i", "-"], &mermaid) else { return };
    let said = texts(&svg);
    for text in SAID.iter().chain(&["run called", "finally"]) {
        assert!(said.iter().any(|found| found.contains(text)), "`{text}` is not drawn: {said:#?}");
    }
    for edge in
        ["s_graph_s_subgraph", "s_subgraph_s_end", "s_other_s_end", "s_end_s_node", "s_end__inner_s_end__second"]
    {
        assert!(svg.contains(&format!("L_{edge}_0")), "{edge}: {svg}");
    }
}

#[test]
fn every_shipped_workflow_can_be_drawn() {
    let project = Project::new();
    let names = project.run(&["list", "--output", "json"]).expect(0).stdout;
    for line in names.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = line["name"].as_str().unwrap();
        let dot = project.run(&["graph", name, "--format", "dot"]).expect(0).stdout;
        let mermaid = project.run(&["graph", name, "--format", "mermaid"]).expect(0).stdout;
        piped("dot", &["-Tsvg"], &dot);
        piped("mermaidx", &["-q", "-i", "-"], &mermaid);
    }
}
