//! What the typed tree holds.

use std::fmt::Write as _;
use std::time::Duration;

use runner_engine::diagnostic::Sink;
use runner_engine::language::ast::{Action, InputType, Needs, OnError, SecretSource};

use runner_engine::language::reader::read_bytes;

use super::{good, read};

const REGIONS: &str = r#"# yaml-language-server: $schema=workflow.schema.json
name: regional-deploy
description: Deploy every k0rdent regional cluster that the configuration names
inputs:
  config:  {type: path, default: config/k0rdent-default.yaml, env: RUNNER_CONFIG, description: The deployment's configuration}
  only:    {type: array, items: string, default: [], description: Regions to deploy; all when empty}
secrets:
  webhook: {env: WEBHOOK_URL}                    # or file:, command:
load:
  config: {file: "{{inputs.config}}", schema: config/k0rdent.schema.json}
concurrency: {group: "k0rdent-{{config.metadata.id}}", when_busy: fail}
defaults: {timeout: 10m, retry: {attempts: 4, delay: 2s, factor: 2, max_delay: 1m, jitter: 0.2}}
steps:
  - id: preflight
    uses: k0rdent.preflight
    with: {minimum: "1.5.0"}
  - id: region
    foreach: config.software.k0rdent.regional.clusters.filter(c, size(inputs.only) == 0 || c.name in inputs.only)
    as: cluster
    key: cluster.name
    max_parallel: 4
    on_error: continue            # one region's failure leaves the others alone
    run: regional-cluster         # another workflow, with its own inputs
    with: {cluster: "{{cluster}}"}
  - id: report
    when: always() && size(steps.region.failed) > 0
    uses: http.request
    with: {method: POST, url: "{{secrets.webhook}}", json: {failed: "{{steps.region.failed}}"}}
outputs: {deployed: "{{steps.region.succeeded}}"}
"#;

#[test]
fn a_whole_workflow_is_read_into_types() {
    let workflow = good(REGIONS);
    assert_eq!(workflow.name.expect("a name").value, "regional-deploy");
    assert_eq!(
        workflow.inputs.iter().map(|input| input.kind.value).collect::<Vec<_>>(),
        [InputType::Path, InputType::Array]
    );
    assert!(matches!(&workflow.secrets[0].from, SecretSource::Env(name) if name.value == "WEBHOOK_URL"));
    assert_eq!(workflow.load[0].file.value, "{{inputs.config}}");
    assert_eq!(workflow.defaults.retry.expect("a retry").attempts.expect("attempts").value, 4);
    assert_eq!(workflow.defaults.timeout.expect("a timeout").value, Duration::from_secs(600));
    let region = &workflow.steps[1];
    assert!(matches!(&region.action, Action::Run(name) if name.value == "regional-cluster"));
    let foreach = region.foreach.as_ref().expect("a foreach");
    assert_eq!(foreach.max_parallel.expect("max_parallel").value, 4);
    assert_eq!(foreach.binding.as_ref().expect("as").value, "cluster");
    assert_eq!(region.on_error.expect("on_error").value, OnError::Continue);
    assert_eq!(workflow.steps.iter().map(|step| step.follows.clone()).collect::<Vec<_>>(), [vec![], vec![0], vec![1]]);
    assert_eq!(workflow.outputs[0].value.value, "{{steps.region.succeeded}}");
}

#[test]
fn needs_are_what_the_rules_say() {
    let list = |needs: &[&str]| {
        let steps: String = needs.iter().enumerate().fold(String::new(), |mut text, (at, needs)| {
            let id = char::from(b'a' + at as u8);
            let needs = if needs.is_empty() { String::new() } else { format!(", needs: {needs}") };
            let _ = writeln!(text, "  - {{id: {id}, uses: log.print{needs}}}");
            text
        });
        let (workflow, said) = read(&format!("steps:\n{steps}"));
        (workflow.expect("a workflow").steps.iter().map(|step| step.follows.clone()).collect::<Vec<_>>(), said)
    };
    // Implied: each follows the one before.
    assert_eq!(list(&["", "", ""]), (vec![vec![], vec![0], vec![1]], String::new()));
    // All that is above.
    assert_eq!(list(&["", "[]", "all"]), (vec![vec![], vec![], vec![0, 1]], String::new()));
    // Whoever fans out, or waits for nothing, means it.
    assert_eq!(list(&["[]", "[]", "[]"]).1, "");
    assert_eq!(list(&["", "[a]", "[a]"]).1, "");
    assert_eq!(list(&["[b]", "[]"]).0, [vec![1], vec![]]);
    // The step after one with `needs: []` follows only that one.
    let (follows, said) = list(&["", "[]", ""]);
    assert_eq!(follows, [vec![], vec![], vec![1]]);
    assert!(said.starts_with("warning: nothing waits for `a`"), "{said}");
    assert!(said.contains("`c` follows only `b`"), "{said}");
    assert!(list(&["", "[a]", "[a]", "[b]"]).1.starts_with("warning: nothing waits for `c`"));
}

#[test]
fn a_cycle_is_shown_from_its_first_step_on() {
    let said = read("steps:\n- {id: a, uses: x.y, needs: [c]}\n- {id: b, uses: x.y}\n- {id: c, uses: x.y}\n").1;
    assert!(said.contains("a → c → b → a"), "{said}");
    assert!(said.contains("test.yaml:2:30"), "{said}");
    assert!(said.contains("`c` has no `needs`, so it follows `b`"), "{said}");
    let alone = read("steps:\n- {id: a, uses: x.y, needs: [a]}\n").1;
    assert!(alone.contains("the step waits for itself: a → a"), "{alone}");
}

#[test]
fn a_long_list_is_no_burden() {
    let steps: String =
        (0..5_000).fold(String::from("steps:\n"), |text, at| text + &format!("- {{id: s{at}, uses: x.y}}\n"));
    assert_eq!(good(&steps).steps.len(), 5_000);
}

#[test]
fn what_is_wrong_hides_nothing_else() {
    let (workflow, said) = read("steps:\n- id: a\n- id: a\n  uses: x.y\n  timeout: 5\n  rtery: 1\n- uses: x.z\n");
    assert_eq!(said.matches("error:").count(), 5, "{said}");
    assert_eq!(workflow.expect("a workflow").steps.len(), 2);
}

#[test]
fn groups_hold_lists_of_their_own() {
    let workflow = good(
        "steps:\n- id: g\n  steps:\n  - {id: a, uses: x.y}\n  - {id: b, uses: x.y, needs: []}\n  finally:\n  - {id: c, uses: x.y}\n",
    );
    let group = &workflow.steps[0];
    assert_eq!(group.lists().map(<[_]>::len).collect::<Vec<_>>(), [2, 1]);
    assert!(matches!(group.needs, Needs::Previous));
}

#[test]
fn a_mistake_inside_a_block_scalar_has_its_exact_place() {
    let workflow = good("steps:\n- id: a\n  uses: exec.run\n  with:\n    script: |\n      one\n        {{two}}\n");
    let script = workflow.steps[0].with.as_ref().and_then(|with| with.get("script")).expect("a script");
    let at = script.as_text().and_then(|text| text.find("two")).expect("two");
    let span = script.locate(&workflow.source, runner_engine::diagnostic::Span::new(at, at + 3));
    let place = workflow.source.position(span.start);
    assert_eq!((place.line, place.column, workflow.source.slice(span)), (7, 11, "two"));
}

#[test]
fn json_is_read_by_the_same_reader() {
    let text = "{\n\t\"a\": [1, -2.5e3, true, null, \"\\ud83d\\ude00\\/\\n\"],\n\t\"b\": {\"c\":\"no\",\"d\":{}},\n\t\"e\":\"x: #y\"\n}\n";
    let mut sink = Sink::new();
    let document = read_bytes("x.json", text.as_bytes(), &mut sink).expect("a text");
    assert!(sink.is_empty(), "{:?}", sink.finish());
    let expected: serde_json::Value = serde_json::from_str(text).expect("json");
    assert_eq!(document.root.expect("a tree").to_json(), expected);
}

#[test]
fn an_alias_is_the_value_it_means_and_points_to_it() {
    let source = "defaults:\n  env: &shared {A: b}\nsteps:\n- {id: a, uses: x.y, env: *shared}\n";
    let workflow = good(source);
    let env = &workflow.steps[0].env;
    assert_eq!((env[0].name.value.as_str(), env[0].value.value.as_str()), ("A", "b"));
    assert_eq!(workflow.source.position(env[0].name.span.start).line, 2);
}
