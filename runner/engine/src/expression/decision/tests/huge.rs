//! Expressions that are too deep, too large, or nothing at all.

use super::{env, refused, scope};
use crate::expression::Expression;

#[test]
fn deep_and_huge_expressions_are_refused_on_a_small_stack() {
    let run = || {
        for source in [
            "(".repeat(100_000),
            format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
            format!("{}1{}", "(".repeat(24), ")".repeat(24)),
            format!("{}1{}", "[".repeat(24), "]".repeat(24)),
            format!("{}1{}", "{1:".repeat(24), "}".repeat(24)),
            "-".repeat(4000),
            format!("{}true", "!".repeat(199)),
            format!("{}1", "- ".repeat(199)),
            format!("1{}", "+1".repeat(199)),
            format!("1{}", " + 1".repeat(1000)),
            format!("inputs{}", ".a".repeat(199)),
            format!("true{}", " && true".repeat(199)),
            format!("{}1", "true ? 1 : ".repeat(95)),
            format!("inputs.list{}", "[0]".repeat(190)),
            format!("'a'{}", ".trim()".repeat(100)),
            format!("[1]{}", ".map(x, x)".repeat(60)),
            "9".repeat(4000),
            format!("1e{}", "9".repeat(400)),
            format!("'{}'", "\\u0041".repeat(500)),
            "x".repeat(5000),
            "[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))".to_owned(),
            "int('9'.replace('9', '99999999999999999999'))".to_owned(),
            "duration('99999999999999h')".to_owned(),
            "timestamp('9999-12-31T23:59:59Z') + duration('1000h')".to_owned(),
            "timestamp(9223372036854775807)".to_owned(),
            "-9223372036854775808 / -1 == 0 || -9223372036854775808 % -1 == 0".to_owned(),
            "math.abs(-9223372036854775808) + math.bitShiftLeft(1, 64) + math.bitShiftLeft(1, -1)".to_owned(),
            "-(-9223372036854775807 - 1)".to_owned(),
            "'é'.substring(1, 0) + 'é'.charAt(9) + 'é'.replace('', 'x', -3)".to_owned(),
            "[1, 'a', null].sort()".to_owned(),
            "'%.999999f %s'.format([1.0])".to_owned(),
            "'a'.matches('(a*)*(')".to_owned(),
            "timestamp('2026-01-01T00:00:00Z').getHours('Nowhere/None')".to_owned(),
            "math.greatest() + math.least('a')".to_owned(),
        ] {
            if let Ok(expression) = Expression::compile(&source) {
                let _ = expression.check(&env());
                let _ = expression.evaluate(&scope());
            }
        }
    };
    // The workers of the runtime have 2 MiB, in a release with smaller frames than here.
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
    assert!(refused("[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))").contains("loops"));
}

#[test]
fn no_source_makes_it_panic() {
    let parts = [
        "inputs",
        ".list",
        ".a",
        "steps",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "'a'",
        "\"",
        "'",
        "1",
        "1.5",
        "2u",
        "null",
        "true",
        " + ",
        " - ",
        "*",
        "/",
        "%",
        " == ",
        " != ",
        "<",
        ">=",
        " in ",
        " && ",
        " || ",
        "!",
        " ? ",
        " : ",
        ",",
        ".",
        ".?",
        "[?",
        "size(",
        "has(",
        ".map(x, ",
        ".filter(x, ",
        ".all(y, ",
        ".sortBy(z, ",
        ".optMap(o, ",
        "math.greatest(",
        "optional.of(",
        "duration(",
        "timestamp(",
        "x",
        "é",
        "🦀",
        "\\",
        "`",
        "r'",
        "b'",
        "0x",
        "1e",
        "//",
        "\n",
        "as",
        "and ",
        "Foo{",
        "-",
        "&",
        "@",
        ".format([",
        "'%s %d'",
        ".matches(",
        "success()",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |sides: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % sides as u64).unwrap()
    };
    let (scope, env) = (scope(), env());
    let mut read = 0;
    for _ in 0..12_000 {
        let source: String = (0..roll(9)).map(|_| parts[roll(parts.len())]).collect();
        match Expression::compile(&source) {
            Ok(expression) => {
                read += 1;
                for problem in expression.check(&env).err().unwrap_or_default() {
                    assert!(source.is_char_boundary(problem.offset), "{source:?}: {problem:?}");
                }
                let _ = expression.evaluate(&scope);
            }
            Err(problem) => assert!(source.is_char_boundary(problem.offset), "{source:?}: {problem:?}"),
        }
    }
    assert!(read > 300, "{read}");
}
