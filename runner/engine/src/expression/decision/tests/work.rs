//! What an evaluation may cost: counted, not timed.

use serde_json::{Value, json};

use super::super::work::{MOST, Meter};
use super::scope;
use crate::expression::{Expression, Problem};

/// The value, and how much work it was under a bound.
fn counted(source: &str, meter: &Meter) -> (Result<Value, Problem>, u64) {
    let expression = Expression::compile(source).unwrap_or_else(|problem| panic!("{source}: {problem}"));
    (expression.evaluate_counting(&scope(), meter), meter.done())
}

/// The worst that the bounds on the text allow.
fn worst() -> Vec<String> {
    let chain = |step: &str, times: usize| step.repeat(times);
    vec![
        "lists.range(1000000000)".to_owned(),
        "lists.range(1000000).map(a, lists.range(1000000).map(b, a + b)).map(x, size(x))".to_owned(),
        "lists.range(1000000).all(a, lists.range(1000000).all(b, lists.range(1000000).all(c, true)))".to_owned(),
        "lists.range(100000).exists(a, lists.range(100000).exists(b, a + b < 0))".to_owned(),
        // An error that a later item may make good does not keep the loop going.
        "lists.range(100000).exists(a, lists.range(100000).exists(b, 1 / 0 == 1))".to_owned(),
        "lists.range(100000).filter(a, lists.range(100000).filter(b, b > a).size() > 5)".to_owned(),
        "lists.range(100000).exists_one(a, lists.range(100000).exists_one(b, a == b))".to_owned(),
        format!("['aaaaaaaaaaaaaaaa']{}", chain(".map(x, x + x)", 48)),
        format!("[[1, 2]]{}", chain(".map(x, x + x)", 48)),
        format!("[1]{}", chain(".map(x, [x, x])", 60)),
        format!("[1]{}", chain(".map(x, {'a': x, 'b': x})", 60)),
        format!("'a'{}", chain(".replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 60)),
        format!("['a']{}", chain(".map(x, [x, x, x, x, x, x, x, x].join(''))", 25)),
        format!("['a']{}", chain(".map(x, '%s%s%s%s%s%s'.format([x, x, x, x, x, x]))", 20)),
        format!("[lists.range(2000).map(i, 'a').join('')].map(x, x{}).size()", chain(".replace('a', x)", 8)),
        format!("[lists.range(2000).map(i, 'a').join('')].map(x, x{}).size()", chain(".replace('', x, 1000)", 8)),
        "[lists.range(9000).map(i, 'a').join('')].map(x, lists.range(100).all(y, x.split('').size() > 0))".to_owned(),
        "lists.range(200000).map(x, string(x)).distinct().size()".to_owned(),
        "lists.range(200000).map(x, x % 3 == 0 ? 'a' : 'b').map(x, x.matches('(a{1,400}|b{1,400}){1,20}')).size()"
            .to_owned(),
        "lists.range(100000).map(x, lists.range(1000).sort())".to_owned(),
        "lists.range(1000000).sortBy(x, lists.range(1000).size() - x)".to_owned(),
        "[lists.range(300000)].map(x, lists.range(300000).all(y, y in x))".to_owned(),
        "[lists.range(300000)].map(x, lists.range(300000).all(y, x == x))".to_owned(),
    ]
}

#[test]
fn no_expression_does_more_work_than_is_allowed() {
    for source in worst() {
        // Far less than is allowed: that the work ends there depends on the counting, not on how much it is.
        let (result, work) = counted(&source, &Meter::up_to(MOST / 50));
        let problem = result.expect_err(&source);
        assert!(problem.to_string().contains("too much work"), "{source}: {problem}");
        assert_eq!(work, MOST / 50 + 1, "{source}");
    }
}

#[test]
fn what_a_workflow_needs_is_far_from_the_bound() {
    let cases = [
        ("lists.range(1000000).size()", json!(1_000_000)),
        ("lists.range(100000).map(i, 'node-' + string(i)).size()", json!(100_000)),
        ("lists.range(1000).filter(i, lists.range(100).exists(j, j == i)).size()", json!(100)),
        ("inputs.list.map(x, x * 2).filter(x, x > 2)", json!([4, 6])),
        ("['b', 'a'].sortBy(x, x)", json!(["a", "b"])),
        ("[1, 'a'].filter(x, type(x) == int)", json!([1])),
        ("inputs.list.map(x, inputs.?zz.orValue(x))", json!([1, 2, 3])),
        ("[duration('1h')].map(d, d + duration('1m')).map(d, d.getMinutes())", json!([61])),
    ];
    for (source, value) in cases {
        let (result, work) = counted(source, &Meter::default());
        assert_eq!(result.as_ref(), Ok(&value), "{source}");
        assert!(work < MOST, "{source}: {work}");
    }
    assert_eq!(
        counted("inputs.a + 1 == 2 && steps.a.status == 'succeeded'", &Meter::default()).1,
        0,
        "nothing is counted without need"
    );
}

#[test]
fn an_input_of_type_number_is_a_double_however_it_was_given() {
    let inputs = json!({"n": 3, "all": [1, 2.5], "count": 3});
    let doubles = ["n".to_owned(), "all".to_owned()];
    let scope = scope().with("inputs", inputs).with_doubles(doubles);
    let eval = |source: &str| Expression::compile(source).unwrap().evaluate(&scope);
    assert_eq!(eval("1.5 * inputs.n"), Ok(json!(4.5)));
    assert_eq!(eval("inputs.all.map(x, x * 2.0)"), Ok(json!([2.0, 5.0])));
    assert_eq!(eval("type(inputs['n']) == double && type(inputs.count) == int"), Ok(json!(true)));
    assert_eq!(eval("inputs.n == 3 && inputs.n > 2"), Ok(json!(true)), "it is compared with whole numbers as well");
    assert_eq!(eval("[inputs].map(i, i.n * 0.5)[0]"), Ok(json!(1.5)));
}
