//! `x-assert`: rules over several values, which JSON Schema cannot express.
//!
//! It is a list of `{that, message, hint, at, warning}` in any part of a schema. `that` is an expression (CEL) which must
//! hold of each value that the part describes: `self` is that value and `root` the whole file, both with their defaults.
//! `message` and `hint` are text (Handlebars) over the same names. `at` names the field to point at, and with `warning: true`
//! the file may be used nevertheless.

use std::sync::Arc;

use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde::Deserialize;
use serde_json::Value;

use super::node_at;
use crate::diagnostic::{Diagnostic, Severity};
use crate::expression::{Expression, Problem, Scope, Template};
use crate::language::Document;
use crate::program::Opened;

/// The keyword.
pub(super) const KEYWORD: &str = "x-assert";

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    that: String,
    message: String,
    hint: Option<String>,
    at: Option<String>,
    #[serde(default)]
    warning: bool,
}

/// The rules of one part of a schema.
struct Rules {
    that: Vec<Expression>,
    root: Arc<Value>,
}

impl Rules {
    /// The places of the rules that do not hold in the list of rules, in text, and why one could not be asked.
    fn broken(&self, value: &Value) -> Vec<String> {
        let scope = scope(value, &self.root);
        let asked = self.that.iter().map(|that| that.holds(&scope)).enumerate();
        let broken = asked.filter_map(|(at, holds)| match holds {
            Ok(true) => None,
            Ok(false) => Some(at.to_string()),
            Err(problem) => Some(format!("{at} {}", problem.message)),
        });
        broken.collect()
    }
}

impl<'i> Keyword<'i> for Rules {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        self.broken(value).into_iter().next().map_or(Ok(()), |first| Err(ValidationError::custom(first)))
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.broken(value).is_empty()
    }

    fn iter_errors(&self, value: &'i Value) -> Box<dyn Iterator<Item = ValidationError<'i>> + 'i> {
        Box::new(self.broken(value).into_iter().map(|found| -> ValidationError<'i> { ValidationError::custom(found) }))
    }
}

fn scope(value: &Value, root: &Arc<Value>) -> Scope {
    Scope::default().with("self", value.clone()).with("root", Arc::clone(root))
}

fn rules(written: &Value) -> Result<Vec<Rule>, String> {
    Vec::deserialize(written).map_err(|error| error.to_string())
}

/// Makes rules of what is written, for the file `root`.
fn compile(written: &Value, root: Arc<Value>) -> Result<Rules, ValidationError<'static>> {
    let wrong = |why: String| ValidationError::schema(format!("`{KEYWORD}`: {why}"));
    let mut that = Vec::new();
    for rule in rules(written).map_err(wrong)? {
        let told = |text: &str, problem: &Problem| wrong(format!("`{text}`: {}", problem.message));
        that.push(Expression::compile(&rule.that).map_err(|problem| told(&rule.that, &problem))?);
        for text in [Some(&rule.message), rule.hint.as_ref()].into_iter().flatten() {
            Template::parse(text).map_err(|problem| told(text, &problem))?;
        }
    }
    Ok(Rules { that, root })
}

/// What a schema may hold when it is asked about the file `root`.
pub(super) fn options(root: Arc<Value>) -> ValidationOptions<'static> {
    jsonschema::options().with_keyword(KEYWORD, move |_, written, _| Ok(Box::new(compile(written, Arc::clone(&root))?)))
}

/// Whether a violation is one of a rule.
pub(super) fn is(violation: &ValidationError<'_>) -> bool {
    matches!(violation.kind(), jsonschema::error::ValidationErrorKind::Custom { keyword, .. } if keyword == KEYWORD)
}

/// What is to be said of a broken rule. In a file that is `misshapen` those are passed over that could not be asked.
pub(super) fn tell(
    violation: &ValidationError<'_>,
    schema: &Value,
    root: &Value,
    document: &Document,
    opened: &Opened,
    misshapen: bool,
) -> Option<Diagnostic> {
    let jsonschema::error::ValidationErrorKind::Custom { message: found, .. } = violation.kind() else { return None };
    let (at, unasked) = found.split_once(' ').map_or((found.as_str(), None), |(at, why)| (at, Some(why)));
    let written = schema.pointer(violation.schema_path().as_str())?;
    let rule = rules(written).ok()?.into_iter().nth(at.parse().ok()?)?;
    let pointer = violation.instance_path().as_str();
    let pointer =
        rule.at.as_ref().map_or_else(|| pointer.to_owned(), |at| format!("{pointer}/{}", at.replace('.', "/")));
    let place = node_at(document.root.as_ref()?, &pointer).head;
    if let Some(why) = unasked {
        let message = format!("a rule of `{}` cannot be asked: {why}", opened.key);
        return (!misshapen)
            .then(|| Diagnostic::error(&document.source, place, message).hint(format!("`{}`", rule.that)));
    }
    let scope = scope(violation.instance(), &Arc::new(root.clone()));
    let text = |text: &str| match Template::parse(text).and_then(|template| template.render(&scope)) {
        Ok(Value::String(said)) => said,
        Ok(other) => other.to_string(),
        Err(_) => text.to_owned(),
    };
    let mut told = Diagnostic::error(&document.source, place, text(&rule.message));
    if rule.warning {
        told.severity = Severity::Warning;
    }
    Some(told.maybe_hint(rule.hint.as_deref().map(text)))
}
