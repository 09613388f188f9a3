//! What decisions promise.

mod huge;
mod work;

use serde_json::{Value, json};

use super::function::all;
use super::{Expression, Need};
use crate::expression::{Entry, Problem, Scope, Status, Type, TypeEnv};

fn scope() -> Scope {
    let steps = json!({
        "a": {"status": "succeeded", "outputs": {"n": 5, "list": [1, 2, 3], "name": "x", "f": 1.5, "none": null}, "attempts": 1},
        "skipped": {"status": "skipped", "outputs": null},
    });
    let inputs = json!({"a": 1, "list": [1, 2, 3], "only": ["eu"], "map": {"k": {"v": true}}, "text": "né", "big": u64::MAX, "e-u": 2});
    Scope::default().with("inputs", inputs).with("steps", steps).with("item", json!({"name": "eu"}))
}

fn eval(source: &str) -> Result<Value, Problem> {
    Expression::compile(source)?.evaluate(&scope())
}

fn fails(source: &str) -> String {
    let problem = eval(source).expect_err(source);
    format!("{}: {problem}", problem.offset)
}

fn env() -> TypeEnv {
    let host = Type::closed([("name", Type::String), ("port", Type::Int)]);
    let outputs = Type::closed([
        ("n", Type::Int),
        ("list", Type::list(Type::Int)),
        ("hosts", Type::list(host)),
        ("json", Type::Dyn),
    ]);
    let inputs = Type::closed([
        ("name", Type::String),
        ("count", Type::Int),
        ("ratio", Type::Number),
        ("yes", Type::Bool),
        ("only", Type::list(Type::String)),
        ("map", Type::map(Type::Int)),
    ]);
    TypeEnv::new().with("inputs", inputs).with("steps", Type::closed([("k0s_build", Type::step(outputs))]))
}

fn type_of(source: &str) -> Type {
    let checked = Expression::compile(source).unwrap_or_else(|problem| panic!("{source}: {problem}")).check(&env());
    checked.unwrap_or_else(|problems| panic!("{source}: {problems:?}"))
}

fn wrong(source: &str) -> Vec<String> {
    let checked = Expression::compile(source).unwrap_or_else(|problem| panic!("{source}: {problem}")).check(&env());
    let problems = checked.map(|of| panic!("{source} is {of:?}")).unwrap_err();
    problems.iter().map(|problem| format!("{}: {problem}", problem.offset)).collect()
}

fn refused(source: &str) -> String {
    let problem = Expression::compile(source).expect_err(source);
    format!("{}: {problem}", problem.offset)
}

#[test]
fn every_example_of_a_function_gives_what_it_says() {
    let scope = Scope::default().with("inputs", json!({"a": 1, "list": [1, 2, 3]}));
    for function in all() {
        assert!(!function.examples.is_empty(), "`{}` has no example", function.name);
        for (source, result) in function.examples {
            let result: Value = serde_json::from_str(result).expect(result);
            let expression = Expression::compile(source).unwrap_or_else(|problem| panic!("{source}: {problem}"));
            assert_eq!(expression.evaluate(&scope), Ok(result.clone()), "{source}");
            let inputs = TypeEnv::new().with("inputs", Type::open([("a", Type::Int), ("list", Type::list(Type::Int))]));
            let of = expression.check(&inputs).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
            assert!(Type::of(&result).may_be(&of), "{source}: {of:?}");
        }
    }
}

#[test]
fn values_of_steps_take_part_as_ints() {
    assert_eq!(eval("steps.a.outputs.n + 1"), Ok(json!(6)));
    assert_eq!(eval("steps['a'].outputs.list[1] == 2 && inputs.big == 18446744073709551615u"), Ok(json!(true)));
    assert_eq!(eval("size(inputs.only) == 0 || item.name in inputs.only"), Ok(json!(true)));
    assert_eq!(eval("steps.a.outputs.list.filter(x, x > inputs.a).map(x, {'n': x})"), Ok(json!([{"n": 2}, {"n": 3}])));
    assert_eq!(eval("inputs['e-u'] == 2 && inputs.map.exists(k, inputs.map[k].v)"), Ok(json!(true)));
    assert_eq!(
        eval("has(steps.a.outputs.n) && !has(steps.a.outputs.zz) && steps.a.outputs.none == null"),
        Ok(json!(true))
    );
    assert_eq!(eval("steps.a.outputs.?zz.orValue('d')"), Ok(json!("d")));
    assert_eq!(
        eval("[duration('90s'), timestamp('2026-01-02T03:04:05Z')]"),
        Ok(json!(["90s", "2026-01-02T03:04:05+00:00"]))
    );
}

#[test]
fn status_functions_answer_from_the_scope() {
    let failed = scope().with_status(Status { success: false, failure: true });
    let expression = Expression::compile("!success() && failure() && always()").unwrap();
    assert_eq!(expression.holds(&failed), Ok(true));
    let mentions = expression.mentions_status();
    assert!(mentions.success && mentions.failure && mentions.always);
    assert!(!Expression::compile("inputs.success == 'success()'").unwrap().mentions_status().any());
    assert!(Expression::compile("[1].all(x, failure())").unwrap().mentions_status().failure);
}

#[test]
fn nothing_knows_time_or_chance() {
    assert!(refused("now() > timestamp('2026-01-01T00:00:00Z')").contains("do not know the time"));
    assert!(refused("random() < 0.5").contains("not random"));
}

#[test]
fn references_honour_bound_variables_and_have_places() {
    let source = "'é' + inputs.list.map(inputs, inputs.y + steps['a'].outputs[n].z).size() + math.abs(k.v)";
    let expression = Expression::compile(source).unwrap();
    let found: Vec<_> = expression.references().map(|r| (r.segments.join("."), r.offset)).collect();
    let at = |part: &str| source.find(part).unwrap();
    assert_eq!(
        found,
        [
            ("inputs.list".to_owned(), at("inputs.list")),
            ("steps.a.outputs".to_owned(), at("steps")),
            ("n".to_owned(), at("n].z")),
            ("k.v".to_owned(), at("k.v")),
        ]
    );
}

#[test]
fn reaching_into_null_names_the_step() {
    assert_eq!(
        fails("true && steps.skipped.outputs.n > 1"),
        "8: `steps.skipped.outputs` is null: step `skipped` was skipped"
    );
    assert_eq!(
        fails("size(steps.skipped.outputs) > 1"),
        "5: `steps.skipped.outputs` is null: step `skipped` was skipped"
    );
    assert_eq!(fails("inputs.lst[0]"), "7: `inputs` has no `lst` (did you mean `list`?)");
    assert!(fails("nope.x").starts_with("0: unknown name `nope`"));
    assert!(fails("inputs.a + 'x'").contains("`+` does not take an integer and a string"));
    assert!(fails("inputs.a / 0").contains("divides by zero"));
    assert!(fails("inputs.list[7]").contains("no such index") || fails("inputs.list[7]").contains("has no"));
    assert!(fails("9223372036854775807 + inputs.a").contains("64 bits"));
}

#[test]
fn errors_of_evaluation_quote_no_values() {
    let secret = Scope::default().with("secrets", json!({"token": "hunter2hunter2"}));
    for source in [
        "secrets.token + 1",
        "secrets.token[0]",
        "secrets.token.x",
        "-secrets.token == 1",
        "secrets.token < 1",
        "secrets[secrets.token]",
        "int(secrets.token)",
        "duration(secrets.token)",
        "{secrets.token: 1, secrets.token: 2}",
        "[1][secrets.token]",
        "timestamp(secrets.token)",
    ] {
        let Ok(expression) = Expression::compile(source) else { continue };
        let problem = expression.evaluate(&secret).expect_err(source);
        assert!(!problem.to_string().contains("hunter2"), "{source}: {problem}");
    }
}

#[test]
fn slips_of_syntax_are_told_in_plain_words() {
    assert_eq!(refused("inputs.a = 1"), "9: `=` is not a comparison (equality is written `==`)");
    assert_eq!(refused("inputs.a and inputs.b"), "9: `and` is not known (it is written `&&`)");
    assert_eq!(refused("inputs.a ==").as_str(), "11: the expression ends too early");
    assert_eq!(refused("inputs.a inputs.b"), "9: `inputs` cannot stand here (an operator is missing before it)");
    assert!(refused("a.").starts_with("2: the expression ends too early"));
    assert!(refused("1 + * 2").starts_with("4: `*` cannot stand here"));
    assert!(refused("Foo{a: 1}").contains("not a type that can be made here"));
    assert!(refused("has(inputs)").contains("`has(inputs.x)`"), "{}", refused("has(inputs)"));
}

#[test]
fn unknown_functions_and_wrong_arity_are_found_when_read() {
    assert_eq!(refused("1 + sise(inputs.list)"), "4: unknown function `sise` (did you mean `size`?)");
    assert_eq!(refused("len(inputs.list)"), "0: unknown function `len` (here that is `size(…)`)");
    assert_eq!(
        refused("inputs.name.startsWith('a', 'b')"),
        "12: `startsWith` takes 1 argument, not 2 (it is used as `TEXT.startsWith(PREFIX)`)"
    );
    assert!(refused("startsWith('a', 'b')").contains("is called on a value"));
    assert!(refused("'a'.has()").contains("not called on a value"));
    assert!(refused("inputs.list.all(x)").contains("takes 2 arguments, not 1"));
    assert!(refused("math.ceiling(1.0)").contains("did you mean `math.ceil`?"));
    assert!(refused("success(1)").contains("takes no arguments, not 1"));
}

#[test]
fn types_are_inferred() {
    for (source, of) in [
        ("1 + 2", Type::Int),
        ("inputs.count > 1 && inputs.name != ''", Type::Bool),
        ("inputs.ratio * 2.5", Type::Number),
        ("steps.k0s_build.outputs.hosts.map(h, h.port)", Type::list(Type::Int)),
        ("steps.k0s_build.outputs.hosts.filter(h, h.name in inputs.only)[0].name", Type::String),
        ("steps.k0s_build.outputs.json.whatever + 1", Type::Int),
        ("inputs.yes ? inputs.count : 2", Type::Int),
        ("inputs.only.sortBy(x, size(x))", Type::list(Type::String)),
        ("inputs.map['x'] + 1", Type::Int),
        ("{'a': 1}.a", Type::Int),
        ("'a,b'.split(',')[0]", Type::String),
        ("steps.k0s_build.outputs == null", Type::Bool),
        ("inputs.ratio == 1", Type::Bool),
        ("timestamp('2026-01-01T00:00:00Z') - timestamp('2025-01-01T00:00:00Z') > duration('1h')", Type::Bool),
        ("type(inputs.count) == int", Type::Bool),
        ("inputs.only.exists_one(x, x == 'a')", Type::Bool),
    ] {
        assert_eq!(type_of(source), of, "{source}");
    }
}

#[test]
fn wrong_types_and_names_are_all_found_with_places() {
    assert_eq!(
        wrong("1 + 'a'"),
        [
            "2: `+` does not take an integer and a string (`string(…)` makes text of a number, `int(…)` a number of text)"
        ]
    );
    assert_eq!(
        wrong("inputs.nam == 'x' && inputs.cont > 1"),
        ["7: `inputs` has no `nam` (did you mean `name`?)", "28: `inputs` has no `cont` (did you mean `count`?)",]
    );
    assert_eq!(
        wrong("inputs.name && true"),
        ["0: `&&` needs a condition, this is a string (`… != ''` asks whether it is empty; `… == 'text'` compares)"]
    );
    assert_eq!(wrong("inputs.count == '3'").len(), 1);
    assert_eq!(
        wrong("!inputs.name in inputs.only"),
        ["0: this asks whether `!x` is in the list (`!` holds for the next value only: write `!(x in list)`)"]
    );
    assert_eq!(
        wrong("steps.k0s-build.outputs"),
        [
            "6: `steps` has no `k0s` (known here: `k0s_build`)",
            "10: unknown name `build` (a hyphen is a minus: ids are written with `_`, other names as `['a-b']`)",
        ]
    );
    assert_eq!(wrong("step.k0s_build.outputs.n"), ["0: unknown name `step` (did you mean `steps`?)"]);
    assert_eq!(
        wrong("inputs.name.all(x, x)"),
        ["0: only a list or an object can be gone through, this is a string (`….split(',')` makes a list of a text)"]
    );
    assert_eq!(wrong("inputs.count.startsWith('a')").len(), 1);
    assert_eq!(
        wrong("inputs.only.exists(o, o > 1)"),
        [
            "24: `>` cannot compare a string with an integer (`string(…)` makes text of a number, `int(…)` a number of text)"
        ]
    );
    assert_eq!(wrong("inputs.only.filter(o, o)").len(), 1);
    assert_eq!(
        wrong("inputs.name in 'abc'"),
        ["15: `in` needs a list or an object, this is a string (`text.contains(part)` looks into a text)"]
    );
    assert_eq!(wrong("1.5 * inputs.count").len(), 1);
    assert_eq!(wrong("inputs.name.x"), ["12: `inputs.name` is a string, it has no field `x`"]);
    assert_eq!(
        wrong("steps.k0s_build.outputs.hosts[0].prt")[0],
        "33: `steps.k0s_build.outputs.hosts[0]` has no `prt` (did you mean `port`?)"
    );
    assert_eq!(wrong("inputs.yes == True"), ["14: unknown name `True` (it is written `true`)"]);
}

#[test]
fn places_are_bytes_also_behind_wide_characters_and_lines() {
    assert_eq!(
        wrong("'é🦀' == inputs.name &&\n  inputs.nope"),
        ["36: `inputs` has no `nope` (known here: `count`, `map`, `name`, `only`, `ratio`, `yes`)"]
    );
    assert_eq!(refused("'é🦀' ==\n 'é' ]"), "18: this `]` closes nothing");
    assert_eq!(refused("'é🦀' ==\n 'é' 1"), "18: `1` cannot stand here (an operator is missing before it)");
}

#[test]
fn any_id_can_be_a_field() {
    for id in [
        "package",
        "import",
        "loop",
        "for",
        "if",
        "else",
        "as",
        "var",
        "let",
        "break",
        "const",
        "continue",
        "function",
        "namespace",
        "return",
        "void",
        "while",
        "size",
        "has",
        "int",
        "type",
        "map",
        "all",
        "success",
    ] {
        let scope = Scope::default().with("steps", json!({id: {"status": "ok"}}));
        let expression = Expression::compile(&format!("steps.{id}.status == 'ok'"))
            .unwrap_or_else(|problem| panic!("{id}: {problem}"));
        assert_eq!(expression.holds(&scope), Ok(true), "{id}");
    }
    for word in ["in", "true", "false", "null"] {
        assert!(
            refused(&format!("steps.{word}.status")).contains("`['name']`"),
            "{word}: {}",
            refused(&format!("steps.{word}.status"))
        );
    }
}

#[test]
fn the_place_of_an_expression_is_held() {
    let need = |source: &str, need| {
        let checked = Expression::compile(source).unwrap().check_as(&env(), need);
        checked.map(drop).map_err(|problems| format!("{}: {}", problems[0].offset, problems[0]))
    };
    assert_eq!(need("inputs.yes", Need::Condition), Ok(()));
    assert_eq!(need("steps.k0s_build.outputs.json", Need::Condition), Ok(()));
    assert!(need(" inputs.only", Need::Condition).unwrap_err().starts_with("1: this is a list, a condition is needed"));
    assert_eq!(need("inputs.map", Need::Collection), Ok(()));
    assert!(need("inputs.count + 1", Need::Collection).unwrap_err().contains("lists.range"));
    assert!(need("inputs.only", Need::Key).is_err() && need("inputs.name", Need::Key).is_ok());
    assert!(need("'3'", Need::Whole).is_err() && need("inputs.count", Need::Whole).is_ok());
    assert!(Expression::compile("inputs.a").unwrap().holds(&scope()).is_err());
    assert_eq!(Expression::compile("true").unwrap().literal(), Some(json!(true)));
}

#[test]
fn only_what_is_referred_to_is_converted() {
    let expression = Expression::compile("steps.a.outputs.n == 1 && has(steps.a.outputs.n)").unwrap();
    // The best of many tries with 200,000 items and with one: a conversion would cost thousands of times as much.
    let best = |items: usize| {
        let value = json!({"status": "succeeded", "outputs": {"big": vec!["x"; items], "n": 1}});
        let steps = std::collections::BTreeMap::from([("a".to_owned(), Entry::from(value))]);
        let scope = Scope::default().with("steps", Entry::names(steps));
        let once = || {
            let start = std::time::Instant::now();
            assert_eq!(expression.holds(&scope), Ok(true));
            start.elapsed().as_nanos()
        };
        (0..50).map(|_| once()).min().unwrap()
    };
    let (small, big) = (best(1), best(200_000));
    assert!(big < small * 20, "{big} ns beside {small} ns");
}
