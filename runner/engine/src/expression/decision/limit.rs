//! What an expression must not be before the parser sees it, and the slips that have a name.
//!
//! The parser of the crate recurses, as does evaluation; and its messages speak of grammar. This scan of the tokens bounds
//! both and says what people mean when they write `a = b` or `a and b`.

use crate::expression::Problem;

/// Bytes of an expression.
const LONGEST: usize = 4096;
/// Brackets inside brackets.
const BRACKETS: usize = 24;
/// Operators and field accesses: each may be one level of the tree that evaluation recurses over.
const OPERATORS: usize = 200;

/// One token: its text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) offset: usize,
}

/// The tokens of a source.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    pub(super) all: Vec<Token<'t>>,
    /// Whether the parser's recursion over it may need more stack than a worker thread has.
    pub(super) deep: bool,
}

/// Brackets inside brackets, and operators, up to which any thread's stack will do: measured, with room to spare.
const SHALLOW: (usize, usize) = (4, 24);

/// The tokens of `source`, if it is within bounds and has no slip that no parser need see.
pub(super) fn scan(source: &str) -> Result<Tokens<'_>, Problem> {
    if source.len() > LONGEST {
        return Err(Problem::new(0, format!("an expression of {} bytes; at most {LONGEST} are read", source.len())));
    }
    if source.trim().is_empty() {
        return Err(Problem::new(0, "the expression is empty"));
    }
    let tokens = tokens(source)?;
    let deep = bounded(&tokens)?;
    for (index, token) in tokens.iter().enumerate() {
        slip(&tokens, index, *token)?;
    }
    Ok(Tokens { all: tokens, deep })
}

fn tokens(source: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let first = rest.chars().next().unwrap_or(' ');
        let length = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if let Some(length) = string(rest) {
            length.map_err(|()| Problem::new(at, "this text is never closed by its quote"))?
        } else if first.is_alphanumeric() || first == '_' {
            word(rest)
        } else {
            ["===", "&&", "||", "==", "!=", "<=", ">=", "{{", "}}"]
                .iter()
                .find(|operator| rest.starts_with(**operator))
                .map_or(first.len_utf8(), |operator| operator.len())
        };
        found.push(Token { text: &rest[..length], offset: at });
        at += length;
    }
    Ok(found)
}

fn word(rest: &str) -> usize {
    let number = rest.starts_with(|c: char| c.is_ascii_digit());
    let inside = |c: char| c.is_alphanumeric() || c == '_' || (number && c == '.');
    rest.find(|c: char| !inside(c)).unwrap_or(rest.len())
}

/// The length of the string that starts `rest`, if one does; `Err` when it does not end.
fn string(rest: &str) -> Option<Result<usize, ()>> {
    let prefix = rest.bytes().take_while(|byte| b"rRbB".contains(byte)).count();
    let body = rest.get(prefix..).filter(|_| prefix <= 2)?;
    let raw = rest[..prefix].contains(['r', 'R']);
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let triple = quote.to_string().repeat(3);
    let end = if body.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    while at < body.len() {
        if body[at..].starts_with(&end) {
            return Some(Ok(prefix + at + end.len()));
        }
        let next = body[at..].chars().next().map_or(1, char::len_utf8);
        let escaped = body.as_bytes()[at] == b'\\' && !raw;
        at += next;
        if escaped {
            at += body[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    Some(Err(()))
}

fn bounded(tokens: &[Token<'_>]) -> Result<bool, Problem> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    let (mut operators, mut deepest) = (0, 0);
    for token in tokens {
        match token.text {
            "(" | "[" | "{" => {
                open.push(token);
                deepest = deepest.max(open.len());
                if open.len() > BRACKETS {
                    return Err(Problem::new(token.offset, format!("more than {BRACKETS} brackets inside each other")));
                }
            }
            ")" | "]" | "}" => {
                let matching = open.pop().map(|token| token.text);
                if !matches!((matching, token.text), (Some("("), ")") | (Some("["), "]") | (Some("{"), "}")) {
                    return Err(Problem::new(token.offset, format!("this `{}` closes nothing", token.text)));
                }
            }
            // In a valid expression `{{` opens two maps; `slip` speaks of it.
            "," | "{{" | "}}" => {}
            text if text == "in" || !text.starts_with(|c: char| c.is_alphanumeric() || "_'\"".contains(c)) => {
                operators += 1;
            }
            _ => {}
        }
        if operators > OPERATORS {
            return Err(Problem::new(
                token.offset,
                format!("more than {OPERATORS} operators and dots in one expression"),
            ));
        }
    }
    match open.last().filter(|_| !tokens.iter().any(|token| token.text == "{{")) {
        Some(token) => Err(Problem::new(token.offset, format!("this `{}` is never closed", token.text))),
        None => Ok(deepest > SHALLOW.0 || operators > SHALLOW.1),
    }
}

fn slip(tokens: &[Token<'_>], index: usize, token: Token<'_>) -> Result<(), Problem> {
    let say = |message: &str, hint: &str| Err(Problem::new(token.offset, message).hint(hint));
    match token.text {
        "{{" | "}}" => say("an expression has no `{{` and `}}`", "write the name alone: `inputs.x`"),
        "=" => say("`=` is not a comparison", "equality is written `==`"),
        "===" => say("`===` is not known", "equality is written `==`"),
        "&" => say("`&` is not known", "`and` is written `&&`"),
        "|" => say("`|` is not known", "`or` is written `||`; there are no pipes"),
        "$" => say("`$` is not known", "write the name alone: `inputs.x`; the environment is under `env`"),
        ";" => say("`;` is not known", "an expression is one value"),
        "~" | "^" | "#" | "@" | "\\" => Err(Problem::new(token.offset, format!("`{}` is not known", token.text))),
        "and" | "or" | "not" if between_values(tokens, index) => Err(word_slip(token)),
        _ => Ok(()),
    }
}

/// Whether a word stands where only an operator can: behind a value, or as `not` in front of one.
fn between_values(tokens: &[Token<'_>], index: usize) -> bool {
    let value = |token: &Token<'_>| token.text.starts_with(|c: char| c.is_alphanumeric() || "_'\"".contains(c));
    let before = index.checked_sub(1).and_then(|at| tokens.get(at));
    let after = tokens.get(index + 1);
    if tokens[index].text == "not" {
        return after.is_some_and(value) && before.is_none_or(|token| token.text != ".");
    }
    before.is_some_and(|token| value(token) || matches!(token.text, ")" | "]" | "}"))
        && after.is_some_and(|token| value(token) || matches!(token.text, "(" | "[" | "{" | "!" | "-"))
}

fn word_slip(token: Token<'_>) -> Problem {
    let operator = match token.text {
        "and" => "&&",
        "or" => "||",
        _ => "!",
    };
    Problem::new(token.offset, format!("`{}` is not known", token.text)).hint(format!("it is written `{operator}`"))
}

#[cfg(test)]
mod tests {
    use super::scan;

    fn told(source: &str) -> String {
        let problem = scan(source).map(drop).expect_err(source);
        format!("{}: {problem}", problem.offset)
    }

    #[test]
    fn slips_are_named_with_what_is_meant() {
        assert_eq!(told("é == 1 and b"), "8: `and` is not known (it is written `&&`)");
        assert_eq!(told("inputs.a = 'x'"), "9: `=` is not a comparison (equality is written `==`)");
        assert_eq!(told("a & b"), "2: `&` is not known (`and` is written `&&`)");
        assert_eq!(told("not a"), "0: `not` is not known (it is written `!`)");
        assert!(told("{{inputs.a}} == 1").contains("no `{{`"));
        assert!(told("a === b").contains("`==`"));
        assert!(told("  ").contains("empty"));
    }

    #[test]
    fn brackets_and_quotes_are_matched() {
        assert_eq!(told("(a"), "0: this `(` is never closed");
        assert_eq!(told("a)"), "1: this `)` closes nothing");
        assert_eq!(told("[a)"), "2: this `)` closes nothing");
        assert_eq!(told("a == 'b"), "5: this text is never closed by its quote");
        assert!(scan(r#"r'\' + "a\"b" + '''it's''' + b"x" // (("#).is_ok());
    }

    #[test]
    fn names_that_look_like_slips_pass() {
        for source in ["inputs.and == 1", "{'or': 1}['or']", "orders", "a.not", "notes"] {
            assert!(scan(source).is_ok(), "{source}");
        }
    }

    #[test]
    fn size_is_bounded() {
        assert!(told(&"(".repeat(4000)).contains("brackets inside"));
        assert!(told(&"(".repeat(100_000)).contains("bytes"));
        assert!(told(&"!".repeat(4000)).contains("operators"));
        assert!(told(&format!("a{}", ".b".repeat(500))).contains("operators"));
        assert!(scan(&format!("x in [{}1]", "1, ".repeat(1000))).is_ok());
    }
}
