//! What templates promise.

use serde_json::{Value, json};

use super::Template;
use crate::expression::{Entry, Problem, Scope, Type, TypeEnv};

fn inputs() -> Value {
    json!({"name": "web", "n": 3, "list": ["a", "b"], "hosts": [{"name": "one", "port": 1}, {"name": "two", "port": 2}],
        "map": {"x": {"v": 1}, "y": {"v": 2}}, "none": null, "yes": true, "empty": [], "zero": 0, "html": "<a & 'b'>",
        "east-us": 1, "é": "accent"})
}

fn scope() -> Scope {
    let steps =
        json!({"build": {"status": "skipped", "outputs": null}, "done": {"status": "succeeded", "outputs": {"x": 1}}});
    Scope::default().with("inputs", inputs()).with("steps", steps).with("item", json!({"id": 7}))
}

fn render(text: &str) -> Result<Value, Problem> {
    Template::parse(text)?.render(&scope())
}

fn fails(text: &str) -> String {
    let problem = render(text).expect_err(text);
    format!("{}: {problem}", problem.offset)
}

#[test]
fn one_expression_keeps_its_type() {
    assert_eq!(render("{{inputs.list}}"), Ok(json!(["a", "b"])));
    assert_eq!(render("{{inputs.n}}"), Ok(json!(3)));
    assert_eq!(render("{{ inputs.yes }}"), Ok(json!(true)));
    assert_eq!(render("{{steps.build.outputs}}"), Ok(json!(null)));
    assert_eq!(render("{{first inputs.hosts}}"), Ok(json!({"name": "one", "port": 1})));
    assert_eq!(render("{{inputs.n}} "), Ok(json!("3 ")));
    assert_eq!(render("{{(length inputs.list)}}"), Ok(json!(2)));
}

#[test]
fn text_is_put_together_without_escaping() {
    assert_eq!(render("{{inputs.html}}!"), Ok(json!("<a & 'b'>!")));
    assert_eq!(render("\\{{x}} {{inputs.n}}"), Ok(json!("{{x}} 3")));
    assert_eq!(render("{\"a\":{\"b\":{{inputs.n}}}}"), Ok(json!("{\"a\":{\"b\":3}}")));
    assert_eq!(render("{{inputs.east-us}}{{inputs.é}}{{inputs.[east-us]}}"), Ok(json!("1accent1")));
    assert_eq!(render(""), Ok(json!("")));
    assert!(Template::parse("plain } text {").unwrap().is_literal());
    assert!(!Template::parse("{{x}}").unwrap().is_literal());
}

#[test]
fn blocks_name_what_they_go_through() {
    assert_eq!(
        render("{{#each inputs.hosts}}{{@index}}{{name}}{{#unless @last}},{{/unless}}{{/each}}"),
        Ok(json!("0one,1two"))
    );
    assert_eq!(render("{{#each inputs.map as |v k|}}{{k}}={{v.v}}{{@key}} {{/each}}"), Ok(json!("x=1x y=2y ")));
    assert_eq!(
        render("{{#each inputs.list}}{{this}}{{../inputs.n}}{{@root.inputs.name}}{{/each}}"),
        Ok(json!("a3webb3web"))
    );
    assert_eq!(render("{{#each inputs.empty}}x{{else}}none{{/each}}"), Ok(json!("none")));
    assert_eq!(render("{{#with inputs.map.x}}{{v}}{{/with}}"), Ok(json!("1")));
    assert_eq!(render("{{#if inputs.zero}}a{{else if inputs.yes}}b{{else}}c{{/if}}"), Ok(json!("b")));
    assert_eq!(render("{{#if inputs.zero includeZero=true}}a{{/if}}"), Ok(json!("a")));
    assert_eq!(
        render("{{#each inputs.hosts}}{{#each ../inputs.list}}{{../name}}{{this}}{{@../index}} {{/each}}{{/each}}"),
        Ok(json!("onea0 oneb0 twoa1 twob1 "))
    );
}

#[test]
fn what_cannot_stand_in_text_points_to_json() {
    assert_eq!(
        fails("x {{inputs.list}}"),
        "4: `inputs.list` is a list and cannot stand in a text (`json` or `yaml` write it out)"
    );
    assert_eq!(
        fails("é {{inputs.none}}"),
        "5: `inputs.none` is null and cannot stand in a text (`default` gives another value for null)"
    );
}

#[test]
fn null_and_unknown_names_fail_with_their_place_and_step() {
    assert_eq!(fails("ab {{steps.build.outputs.image}}"), "5: `steps.build.outputs` is null: step `build` was skipped");
    assert!(fails("x{{steps.build.outputs}}").contains("step `build` was skipped"));
    assert_eq!(fails("{{inputs.nam}}"), "9: `inputs` has no `nam` (did you mean `name`?)");
    assert_eq!(fails("{{#if input.name}}x{{/if}}"), "6: unknown name `input` (did you mean `inputs`?)");
    assert!(fails("{{json nope.x}}").starts_with("7: unknown name `nope`"));
    assert!(fails("{{#each inputs.hosts}}{{inputs.n}}{{/each}}").contains("written `@root.inputs.n`"));
    assert!(fails("{{#each inputs.hosts}}{{nam}}{{/each}}").contains("did you mean `name`?"));
    assert!(fails("{{#each inputs.n}}{{/each}}").contains("needs a list or an object"));
}

#[test]
fn a_branch_not_taken_is_not_evaluated() {
    assert_eq!(render("{{#if steps.build.outputs}}{{steps.build.outputs.x}}{{else}}-{{/if}}"), Ok(json!("-")));
    assert_eq!(render("{{default steps.build.outputs.x 5}}"), Ok(json!(5)));
}

#[test]
fn syntax_is_refused_at_its_place_with_a_way_out() {
    for (text, offset, part) in [
        ("a {{", 2, "never closed"),
        ("a {{}}", 4, "nothing stands between"),
        ("{{inputs.a + 1}}", 0, "conditions and arithmetic"),
        ("{{inputs.a | upper}}", 0, "no pipes"),
        ("{{\"text\"}}", 0, "text needs no tag"),
        ("{{ .Values.x }}", 3, "no dot in front"),
        ("{{jsn inputs.a}}", 2, "did you mean `json`?"),
        ("x {{join inputs.a}}", 4, "takes 2 arguments, not 1"),
        ("{{json inputs.a pretty=true}}", 2, "no option `pretty`"),
        ("{{#jsonn inputs.a}}{{/jsonn}}", 3, "unknown block"),
        ("{{#json inputs.a}}{{/json}}", 3, "without `#`"),
        ("{{if inputs.a}}", 2, "`{{#if …}}`"),
        ("{{#if a b}}{{/if}}", 3, "one argument, not 2"),
        ("{{@index}}", 2, "only inside `#each`"),
        ("{{../x}}", 2, "leads out of the text"),
        ("{{this}}", 2, "exists only inside"),
        ("{{#if inputs.a}}{{/each}}", 16, "closed where"),
        ("{{else}}", 0, "outside of any block"),
    ] {
        let problem = Template::parse(text).expect_err(text);
        assert!(problem.to_string().contains(part), "{text}: {problem}");
        let near = problem.offset.abs_diff(offset);
        assert!(
            near <= 2 || part.contains("conditions") || part.contains("pipes"),
            "{text}: {} {problem}",
            problem.offset
        );
    }
}

#[test]
fn references_are_absolute_and_placed() {
    let text = "{{#each inputs.hosts}}{{name}}{{@root.steps.a.outputs}}{{/each}} {{join (keys inputs.map) item.id}}{{#if x.y}}{{else if z}}{{/if}}";
    let template = Template::parse(text).unwrap();
    let found: Vec<_> = template.references().iter().map(|r| (r.segments.join("."), r.offset)).collect();
    for (path, offset) in &found {
        assert!(
            text[*offset..].starts_with(path.as_str()) || text[*offset..].starts_with("@root."),
            "{path} at {offset}"
        );
    }
    let paths: Vec<_> = found.into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["inputs.hosts", "steps.a.outputs", "inputs.map", "item.id", "x.y", "z"]);
}

#[test]
fn the_check_finds_every_unknown_name() {
    let host = Type::closed([("name", Type::String)]);
    let env = TypeEnv::new()
        .with("inputs", Type::closed([("hosts", Type::list(host)), ("n", Type::Int), ("open", Type::Dyn)]));
    let check = |text: &str| Template::parse(text).unwrap().check(&env);
    let told = |text: &str| check(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(check("{{inputs.n}}"), Ok(Type::Int));
    assert_eq!(check("{{#each inputs.hosts}}{{name}}{{/each}}"), Ok(Type::String));
    assert_eq!(check("{{inputs.open.anything.at.all}}"), Ok(Type::Dyn));
    let text = "{{#if input.n}}{{inputs.m}}{{/if}}{{#each inputs.hosts as |h|}}{{nme}}{{h.nam}}{{inputs.n}}{{/each}}{{x inputs.hosts}}";
    let problems = Template::parse(&text.replace("{{x ", "{{yaml ")).unwrap().check(&env).unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert!(problems[4].hint.as_deref().unwrap_or_default().contains("@root.inputs.n"));
    assert_eq!(
        told("a {{inputs.hosts}}"),
        ["`inputs.hosts` is a list and cannot stand in a text (`json` or `yaml` write it out)"]
    );
    assert_eq!(told("{{#each inputs.n}}{{/each}}"), ["`#each` needs a list or an object, this is an integer"]);
    assert_eq!(told("{{default inputs.zzzzzzz 1}}").len(), 1);
}

#[test]
fn what_both_accept_renders_as_the_crate_renders_it() {
    let mut registry = handlebars::Handlebars::new();
    registry.register_escape_fn(handlebars::no_escape);
    let values = json!({"inputs": inputs(), "item": {"id": 7}});
    for text in [
        "a{{inputs.name}}b",
        "{{#each inputs.hosts}}{{name}}:{{port}}{{#unless @last}}, {{/unless}}{{/each}}.",
        "{{#each inputs.map}}{{@key}}={{v}}{{@first}};{{/each}}",
        "{{#each inputs.hosts as |h i|}}{{i}}{{h.name}}{{../item.id}}{{/each}}",
        "{{#with inputs.map.x}}{{v}}{{../inputs.n}}{{/with}} ",
        "{{#each inputs.list}}{{#with @root.inputs.map.y}}{{v}}{{@index}}{{/with}}{{/each}}",
        "l1\n{{#if inputs.yes}}\n  in\n{{else}}\n  out\n{{/if}}\nl2\n",
        "a {{~#if inputs.zero~}} x {{~else~}} y {{~/if~}} b",
        "x {{! gone }} y\n{{!-- {{gone}} --}}\nz",
        "\\{{a}} \\\\{{inputs.n}}",
        "{{#unless inputs.empty}}none{{/unless}}{{#if inputs.html}}{{inputs.html}}{{/if}}",
        "{{#each inputs.empty}}x{{else}}y{{/each}}\n",
        "{{#if inputs.zero}}a{{else if inputs.none}}b{{else if inputs.n}}c{{else}}d{{/if}}|",
        "{{inputs.list.[0]}}{{inputs/list/1}} {{inputs.hosts.0.name}}",
        "{{lookup inputs.list 1}}.{{lookup inputs.map.x \"v\"}}",
        "{{#each inputs.hosts}}{{#each ../inputs.list}}{{this}}{{@../index}}{{../name}}{{../../item.id}}{{/each}}{{/each}}",
    ] {
        let theirs = registry.render_template(text, &values).expect(text);
        assert_eq!(render(text).expect(text), json!(theirs), "{text}");
    }
}

#[test]
fn a_big_value_is_not_copied_to_be_looked_into() {
    let template = Template::parse("{{steps.a.outputs.small}}{{#if steps.a.outputs.big}}!{{/if}}").unwrap();
    // The best of many tries with a value of 32 MiB and with a small one: a copy would cost a thousand times as much.
    let best = |big: usize| {
        let value = json!({"status": "succeeded", "outputs": {"big": "x".repeat(big), "small": 1}});
        let steps = std::collections::BTreeMap::from([("a".to_owned(), Entry::from(value))]);
        let scope = Scope::default().with("steps", Entry::names(steps));
        let once = || {
            let start = std::time::Instant::now();
            assert_eq!(template.render(&scope), Ok(json!("1!")));
            start.elapsed().as_nanos()
        };
        (0..50).map(|_| once()).min().unwrap()
    };
    let (small, big) = (best(1), best(32 << 20));
    assert!(big < small * 20, "{big} ns beside {small} ns");
}

/// A deterministic generator of numbers, good enough to shuffle fragments.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

#[test]
fn no_text_makes_it_panic() {
    let parts = [
        "{{",
        "}}",
        "{{#if ",
        "{{else}}",
        "{{else if x}}",
        "{{/if}}",
        "{{#each ",
        "{{/each}}",
        "{{#with ",
        "{{/with}}",
        "inputs",
        ".list",
        " as |a b|",
        "(",
        ")",
        "json ",
        "join ",
        "\"",
        "'",
        "\\",
        "[",
        "]",
        "{",
        "}",
        "~",
        "!",
        "--",
        "@",
        "@index",
        "../",
        "this",
        "@root",
        " ",
        "\n",
        "é",
        "🦀",
        "1",
        "-",
        "null",
        "x=1",
        "&",
        ">",
        "*",
        "^",
        "/",
        "|",
        ":",
        "#",
        "\0",
        "default ",
        ",",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let scope = scope();
    let env = TypeEnv::new().with("inputs", Type::of(&inputs()));
    let mut read = 0;
    for _ in 0..30_000 {
        let text: String = (0..dice.roll(14)).map(|_| parts[dice.roll(parts.len())]).collect();
        match Template::parse(&text) {
            Ok(template) => {
                read += 1;
                let _ = template.check(&env);
                if let Err(problem) = template.render(&scope) {
                    assert!(text.is_char_boundary(problem.offset), "{text:?}: {problem:?}");
                }
            }
            Err(problem) => assert!(text.is_char_boundary(problem.offset), "{text:?}: {problem:?}"),
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn what_is_within_the_bounds_is_rendered() {
    let text = format!("{}x{}", "{{#if inputs.n}}".repeat(64), "{{/if}}".repeat(64));
    assert_eq!(render(&text), Ok(json!("x")));
    let text = format!("{{{{not {}inputs.n{}}}}}", "(not ".repeat(15), ")".repeat(15));
    assert_eq!(render(&text), Ok(json!(true)));
}

#[test]
fn deep_and_huge_texts_are_answered() {
    for text in [
        "(".repeat(100_000),
        format!("{{{{{}", "(".repeat(100_000)),
        format!("{{{{{}x{}}}}}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{{{{json {}{}}}}}", "[".repeat(100_000), "]".repeat(100_000)),
        "{{#if a}}".repeat(100_000),
        format!("{}{}", "{{#if a}}".repeat(100_000), "{{/if}}".repeat(100_000)),
        format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if b}}".repeat(20_000)),
        format!("{{{{a{}}}}}", ".b".repeat(100_000)),
        format!("{{{{{}x}}}}", "../".repeat(5_000)),
        format!("{{{{json {}}}}}", "9".repeat(10_000)),
        "{{inputs.n}}".repeat(1_500),
        "{{inputs.n}}".repeat(40_000),
        format!("{{{{x}}}}{}", "x".repeat(10_000_000)),
        "x".repeat(10_000_000),
        format!("{}x{}", "{{#if inputs.n}}".repeat(64), "{{/if}}".repeat(64)),
        format!("{}x{}", "{{#each inputs.list}}{{#with @root}}".repeat(7), "{{/with}}{{/each}}".repeat(7)),
        format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if b}}".repeat(63)),
        format!("{{{{not {}inputs.n{}}}}}", "(not ".repeat(16), ")".repeat(16)),
        format!("{{{{json {}{}}}}}", "[".repeat(16), "]".repeat(16)),
    ] {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.render(&scope());
        }
    }
}
