//! A whole value whose strings are templates: a step's `with:`, read once and rendered many times.

use std::fmt;

use serde_json::{Map, Value};

use super::Template;
use crate::expression::{Problem, Reference, Scope, TypeEnv};

/// Values inside values; what a workflow file may hold is bounded before by its reader.
const DEPTH: usize = 128;

/// A value with its strings read as templates. Keys of objects are taken as they are.
#[derive(Debug)]
pub enum CompiledValue {
    /// Nothing in it is to be rendered.
    Literal(Value),
    /// A string with something to render.
    Template(Template),
    /// A list in which something is to be rendered.
    Array(Vec<CompiledValue>),
    /// An object in which something is to be rendered.
    Object(Vec<(String, CompiledValue)>),
}

/// A problem in one of the strings of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueProblem {
    /// Where the string stands: object keys and list indices from the top.
    pub path: Vec<String>,
    /// What is wrong, at an offset inside that string.
    pub problem: Problem,
}

impl fmt::Display for ValueProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "`{}`: ", self.path.join("."))?;
        }
        write!(out, "{}", self.problem)
    }
}

impl std::error::Error for ValueProblem {}

impl CompiledValue {
    /// Reads every string of `value`; what is wrong is given to `report` with the path of its string, and stands as the
    /// string it was.
    pub fn compile(value: &Value, report: &mut dyn FnMut(&[String], Problem)) -> Self {
        compile(value, &mut Vec::new(), report)
    }

    /// Whether nothing in it is to be rendered.
    pub fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// Every name that its templates refer to, with the path of the string that does.
    pub fn references(&self) -> Vec<(Vec<String>, &Reference)> {
        let mut found = Vec::new();
        self.visit(&mut Vec::new(), &mut |path, template| {
            found.extend(template.references().iter().map(|reference| (path.to_vec(), reference)));
        });
        found
    }

    /// Everything wrong with the names in its templates.
    pub fn check(&self, env: &TypeEnv) -> Vec<ValueProblem> {
        let mut found = Vec::new();
        self.visit(&mut Vec::new(), &mut |path, template| {
            for problem in template.check(env).err().unwrap_or_default() {
                found.push(ValueProblem { path: path.to_vec(), problem });
            }
        });
        found
    }

    /// Calls `look` for every template with the path of its string.
    pub fn visit<'v>(&'v self, path: &mut Vec<String>, look: &mut dyn FnMut(&[String], &'v Template)) {
        match self {
            Self::Literal(_) => {}
            Self::Template(template) => look(path, template),
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    item.visit(path, look);
                    path.pop();
                }
            }
            Self::Object(fields) => {
                for (key, value) in fields {
                    path.push(key.clone());
                    value.visit(path, look);
                    path.pop();
                }
            }
        }
    }

    /// The value with every template rendered.
    ///
    /// # Errors
    /// The first string that cannot be rendered.
    pub fn render(&self, scope: &Scope) -> Result<Value, ValueProblem> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Template(template) => {
                template.render(scope).map_err(|problem| ValueProblem { path: Vec::new(), problem })
            }
            Self::Array(items) => {
                let rendered = items.iter().enumerate().map(|(index, item)| within(item, scope, || index.to_string()));
                rendered.collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            Self::Object(fields) => {
                let rendered =
                    fields.iter().map(|(key, value)| Ok((key.clone(), within(value, scope, || key.clone())?)));
                rendered.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }
}

fn within(value: &CompiledValue, scope: &Scope, step: impl Fn() -> String) -> Result<Value, ValueProblem> {
    value.render(scope).map_err(|mut wrong| {
        wrong.path.insert(0, step());
        wrong
    })
}

fn compile(value: &Value, path: &mut Vec<String>, report: &mut dyn FnMut(&[String], Problem)) -> CompiledValue {
    if path.len() > DEPTH {
        report(path, Problem::new(0, format!("values are nested deeper than {DEPTH}")));
        return CompiledValue::Literal(Value::Null);
    }
    match value {
        Value::String(text) => match Template::parse(text) {
            Ok(template) if !text.contains("{{") || template.nodes.is_empty() => {
                CompiledValue::Literal(Value::String(if template.nodes.is_empty() {
                    String::new()
                } else {
                    text.clone()
                }))
            }
            Ok(template) => CompiledValue::Template(template),
            Err(problem) => {
                report(path, problem);
                CompiledValue::Literal(value.clone())
            }
        },
        Value::Array(items) => {
            let compiled: Vec<_> = items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    path.push(index.to_string());
                    let item = compile(item, path, report);
                    path.pop();
                    item
                })
                .collect();
            if compiled.iter().all(CompiledValue::is_literal) {
                return CompiledValue::Literal(value.clone());
            }
            CompiledValue::Array(compiled)
        }
        Value::Object(fields) => {
            let compiled: Vec<_> = fields
                .iter()
                .map(|(key, field)| {
                    path.push(key.clone());
                    let field = compile(field, path, report);
                    path.pop();
                    (key.clone(), field)
                })
                .collect();
            if compiled.iter().all(|(_, field)| field.is_literal()) {
                return CompiledValue::Literal(value.clone());
            }
            CompiledValue::Object(compiled)
        }
        scalar => CompiledValue::Literal(scalar.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clean(value: &Value) -> CompiledValue {
        CompiledValue::compile(value, &mut |path, problem| panic!("{path:?}: {problem}"))
    }

    #[test]
    fn a_with_is_rendered_and_keeps_types() {
        let with = clean(&json!({"n": "{{inputs.n}}", "text": "n={{inputs.n}}", "plain": [1, "x"], "raw": "\\{{x}}",
            "deep": [{"list": "{{inputs.list}}"}], "comment": "{{! nothing }}"}));
        let scope = Scope::default().with("inputs", json!({"n": 3, "list": [1, "two"]}));
        for _ in 0..2 {
            assert_eq!(
                with.render(&scope).unwrap(),
                json!({"n": 3, "text": "n=3", "plain": [1, "x"], "raw": "{{x}}", "deep": [{"list": [1, "two"]}], "comment": ""})
            );
        }
        assert_eq!(with.references().len(), 3);
    }

    #[test]
    fn problems_carry_the_path_of_their_string() {
        let mut seen = Vec::new();
        CompiledValue::compile(&json!({"a": ["ok", "{{"], "b": "{{nope x}}"}), &mut |path, problem| {
            seen.push((path.join("."), problem.offset));
        });
        assert_eq!(seen, [("a.1".to_owned(), 0), ("b".to_owned(), 2)]);
        let with = clean(&json!({"a": {"b": ["x {{inputs.nope}}"]}}));
        let problem = with.render(&Scope::default().with("inputs", json!({}))).unwrap_err();
        assert_eq!((problem.path.join("."), problem.problem.offset), ("a.b.0".into(), 11));
        let env =
            TypeEnv::new().with("inputs", crate::expression::Type::closed([("no", crate::expression::Type::Int)]));
        assert_eq!(with.check(&env)[0].to_string(), "`a.b.0`: `inputs` has no `nope` (known here: `no`)");
    }

    #[test]
    fn a_literal_value_is_kept_whole() {
        assert!(clean(&json!({"a": [1, {"b": "c"}]})).is_literal());
    }

    #[test]
    fn bottomless_values_are_refused() {
        let mut value = json!("x");
        for _ in 0..1000 {
            value = json!([value]);
        }
        let mut problems = 0;
        CompiledValue::compile(&value, &mut |_, _| problems += 1);
        assert_eq!(problems, 1);
    }
}
