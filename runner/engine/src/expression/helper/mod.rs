//! The helpers of templates: small, pure, strict about the number and the kind of their arguments.
//!
//! Each is one entry of [`HELPERS`], with executed examples; the language page and completions are made from it.

mod collection;
mod encode;
mod logic;
mod text;
mod yaml;

use std::borrow::Cow;

use serde_json::Value;

use super::shape::{Type, kind};

/// A helper, as documented and as run.
#[derive(Debug)]
pub struct Helper {
    /// What it is called by.
    pub name: &'static str,
    /// How it is written, without braces: `join LIST SEPARATOR`.
    pub signature: &'static str,
    /// What it gives, in one line.
    pub summary: &'static str,
    /// Examples that a test executes.
    pub examples: &'static [Example],
    /// The type of what it gives.
    pub(super) gives: Type,
    /// Fewest and most arguments.
    pub(super) arity: (usize, usize),
    /// Whether its first argument may lead nowhere or into null.
    pub(super) lenient: bool,
    pub(super) run: Run,
}

/// An executed example of a helper.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The template.
    pub template: &'static str,
    /// What `inputs` are, in JSON.
    pub inputs: &'static str,
    /// What it renders to, in JSON.
    pub result: &'static str,
}

/// Arguments of one call.
pub(super) type Arguments<'a> = [Cow<'a, Value>];

/// What a helper does; an error is a fragment that says which argument is wrong.
pub(super) type Run = fn(&Arguments<'_>) -> Result<Value, String>;

/// Every helper, in the order of the language page.
pub static HELPERS: &[&[Helper]] = &[encode::HELPERS, text::HELPERS, collection::HELPERS, logic::HELPERS];

/// The helper called `name`.
pub(super) fn find(name: &str) -> Option<&'static Helper> {
    all().find(|helper| helper.name == name)
}

/// Every helper's name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|helper| helper.name)
}

fn all() -> impl Iterator<Item = &'static Helper> {
    HELPERS.iter().copied().flatten()
}

/// No upper bound on the number of arguments.
const ANY: usize = usize::MAX;

impl Helper {
    const fn new(name: &'static str, signature: &'static str, summary: &'static str, gives: Type, run: Run) -> Self {
        Self { name, signature, summary, examples: &[], gives, arity: (1, 1), lenient: false, run }
    }

    const fn takes(mut self, fewest: usize, most: usize) -> Self {
        self.arity = (fewest, most);
        self
    }

    const fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    const fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }

    /// How many arguments it takes, in words, when `count` is not one of them.
    pub(super) fn arity_error(&self, count: usize) -> Option<String> {
        let (fewest, most) = self.arity;
        if (fewest..=most).contains(&count) {
            return None;
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        Some(match most {
            _ if most == fewest => format!("{fewest} argument{}", plural(fewest)),
            ANY => format!("at least {fewest} argument{}", plural(fewest)),
            _ => format!("{fewest} to {most} arguments"),
        })
    }
}

const fn example(template: &'static str, inputs: &'static str, result: &'static str) -> Example {
    Example { template, inputs, result }
}

fn wrong(arguments: &Arguments<'_>, at: usize, wanted: &str) -> String {
    format!("argument {} must be {wanted}, it is {}", at + 1, kind(&arguments[at]))
}

/// Argument `at`, which must be text.
fn text<'a>(arguments: &'a Arguments<'_>, at: usize) -> Result<&'a str, String> {
    arguments[at].as_str().ok_or_else(|| wrong(arguments, at, "a string"))
}

/// Argument `at` as text: a string, number or boolean.
fn scalar<'a>(arguments: &'a Arguments<'_>, at: usize) -> Result<Cow<'a, str>, String> {
    plain(&arguments[at]).ok_or_else(|| wrong(arguments, at, "a string, number or boolean"))
}

fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

/// Argument `at`, which must be a list.
fn list<'a>(arguments: &'a Arguments<'_>, at: usize) -> Result<&'a [Value], String> {
    arguments[at].as_array().map(Vec::as_slice).ok_or_else(|| wrong(arguments, at, "a list"))
}

/// Argument `at`, which must be an object.
fn object<'a>(arguments: &'a Arguments<'_>, at: usize) -> Result<&'a serde_json::Map<String, Value>, String> {
    arguments[at].as_object().ok_or_else(|| wrong(arguments, at, "an object"))
}

/// Argument `at`, which must be a whole number from 0 to `most`.
fn count(arguments: &Arguments<'_>, at: usize, most: u64) -> Result<usize, String> {
    let value = arguments[at].as_u64().ok_or_else(|| wrong(arguments, at, "a whole number from 0"))?;
    if value > most {
        return Err(format!("argument {} must be at most {most}, it is {value}", at + 1));
    }
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{HELPERS, all};
    use crate::expression::{Scope, Template, Type};

    fn render(template: &str, inputs: Value) -> Result<Value, String> {
        let template = Template::parse(template).map_err(|problem| problem.to_string())?;
        template.render(&Scope::default().with("inputs", inputs)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_example_gives_what_it_says() {
        for helper in all() {
            assert!(!helper.examples.is_empty(), "`{}` has no example", helper.name);
            for example in helper.examples {
                let inputs = serde_json::from_str(example.inputs).expect(example.inputs);
                let result: Value = serde_json::from_str(example.result).expect(example.result);
                assert_eq!(render(example.template, inputs), Ok(result), "{}", example.template);
            }
        }
    }

    #[test]
    fn helpers_are_named_and_described_alike() {
        let mut seen = BTreeSet::new();
        for helper in all() {
            assert!(seen.insert(helper.name), "`{}` twice", helper.name);
            assert_eq!(helper.signature.split(' ').next(), Some(helper.name));
            assert!(!helper.summary.ends_with('.') && helper.summary.len() > 8, "{}", helper.name);
            assert!(helper.arity.0 >= 1 && helper.arity.0 <= helper.arity.1);
        }
        assert_eq!(HELPERS.len(), 4);
    }

    #[test]
    fn helpers_give_the_type_they_declare() {
        for helper in all() {
            for example in helper.examples.iter().filter(|example| example.template.starts_with("{{")) {
                if !Template::parse(example.template).unwrap().is_expression() {
                    continue;
                }
                let result: Value = serde_json::from_str(example.result).unwrap();
                assert!(Type::of(&result).may_be(&helper.gives) || result.is_null(), "{}", helper.name);
            }
        }
    }

    #[test]
    fn a_wrong_argument_is_named_with_the_signature() {
        assert_eq!(
            render("{{join inputs.x \",\"}}", json!({"x": 3})),
            Err("`join`: argument 1 must be a list, it is an integer (it is used as `{{join LIST SEPARATOR}}`)".into())
        );
        assert!(render("{{indent \"x\" 100000}}", json!({})).unwrap_err().contains("at most"));
        assert!(render("{{base64_decode \"*\"}}", json!({})).unwrap_err().contains("not base64"));
    }

    #[test]
    fn no_helper_panics_on_any_kind_of_value() {
        let kinds = ["null", "true", "-1", "1.5", "\"é\"", "\"\"", "[]", "[1,null,\"x\"]", "{}", "{\"a\":[{}]}"];
        for helper in all() {
            for first in kinds {
                for second in kinds {
                    let inputs: Value = serde_json::from_str(&format!("{{\"a\":{first},\"b\":{second}}}")).unwrap();
                    let arguments = ["inputs.a", "inputs.b", "inputs.a"];
                    for arity in helper.arity.0..=helper.arity.1.min(3) {
                        let _ = render(
                            &format!("{{{{{} {}}}}}", helper.name, arguments[..arity].join(" ")),
                            inputs.clone(),
                        );
                    }
                }
            }
        }
    }
}
