//! The names that a text sees, with their types.

use std::collections::BTreeMap;

use super::Checker;
use super::list::{Found, Layer};
use crate::expression::{Expression, Need, Problem, Reference, Type, TypeEnv};
use crate::language::ast::{Input, InputType};
use crate::program::text::descend;
use crate::program::{Decision, Fields, Place, Words};

/// The names that are in force where a text stands. What is behind `steps` is looked up as texts speak of it.
pub(super) struct Names<'l> {
    env: TypeEnv,
    layer: Option<&'l Layer<'l>>,
    steps: BTreeMap<String, Type>,
    wrong: BTreeMap<String, (String, Option<String>)>,
}

/// What the templates under a field give, by their paths.
pub(super) type Templates = BTreeMap<Vec<String>, Given>;

/// What a template gives.
pub(super) struct Given {
    pub(super) of: Type,
    /// Whether it stands alone, so that its value keeps its type.
    pub(super) alone: bool,
}

impl<'l> Names<'l> {
    /// Names without steps; `why` says why there are none.
    pub(super) fn without_steps(mut env: TypeEnv, why: &str) -> Self {
        env.absent("steps", why);
        Self { env, layer: None, steps: BTreeMap::new(), wrong: BTreeMap::new() }
    }

    /// Names with the steps that are seen from a place.
    pub(super) fn at(mut env: TypeEnv, layer: &'l Layer<'l>) -> Self {
        env.set("steps", Type::open::<String>([]));
        Self { env, layer: Some(layer), steps: BTreeMap::new(), wrong: BTreeMap::new() }
    }

    /// Sets a name.
    pub(super) fn set(&mut self, name: &str, of: Type) {
        self.env.set(name, of);
    }

    /// Whether a name is known.
    pub(super) fn has(&self, name: &str) -> bool {
        self.env.get(name).is_some()
    }

    /// Takes a name back.
    pub(super) fn unset(&mut self, name: &str, why: &str) {
        self.env.absent(name, why);
    }

    /// The names as they are, without those of steps.
    pub(super) fn env(&self) -> TypeEnv {
        self.env.clone()
    }

    /// Looks up the step that a reference speaks of, and says what is wrong with that.
    fn meet(&mut self, reference: &Reference) -> Option<Problem> {
        let (layer, id) = (self.layer?, reference.segments.get(1)?);
        if reference.root() != "steps" {
            return None;
        }
        if !self.steps.contains_key(id) {
            let of = match layer.find(id) {
                Found::Ended(of) => of,
                Found::Early(message, hint) => {
                    self.wrong.insert(id.clone(), (message, hint));
                    Type::Dyn
                }
                Found::Unknown(hint) => {
                    self.wrong.insert(id.clone(), (format!("there is no step `{id}` here"), hint));
                    Type::Dyn
                }
            };
            self.steps.insert(id.clone(), of);
            self.env.set("steps", Type::Object { fields: self.steps.clone(), open: true });
        }
        if let Some((message, hint)) = self.wrong.get(id) {
            return Some(Problem::new(reference.place(1), message.clone()).maybe_hint(hint.clone()));
        }
        let of_items = matches!(&self.steps[id], Type::Object { fields, .. } if fields.contains_key("succeeded"));
        if of_items && reference.segments.len() > 3 && reference.segments[2] == "outputs" {
            let message = format!("`{id}` goes through items, and each item has its own outputs");
            let hint = format!("`steps.{id}.items` has them by their keys");
            return Some(Problem::new(reference.place(2), message).hint(hint));
        }
        None
    }
}

impl Checker<'_> {
    fn meet<'r>(&mut self, names: &mut Names<'_>, place: &Place, references: impl Iterator<Item = &'r Reference>) {
        for reference in references {
            if let Some(problem) = names.meet(reference) {
                self.problem(place, &problem);
            }
        }
    }

    fn typed(&mut self, place: &Place, found: Result<Type, Vec<Problem>>) -> Type {
        found.unwrap_or_else(|problems| {
            for problem in &problems {
                self.problem(place, problem);
            }
            Type::Dyn
        })
    }

    /// Checks a text, and says what it gives.
    pub(super) fn words(&mut self, names: &mut Names<'_>, words: &Words) -> Type {
        self.meet(names, &words.place, words.template.references().iter());
        let found = words.template.check(&names.env);
        self.typed(&words.place, found)
    }

    /// Checks a text that must not be a list or an object.
    pub(super) fn text(&mut self, names: &mut Names<'_>, words: &Words) {
        let of = self.words(names, words);
        if matches!(of, Type::List(_) | Type::Map(_) | Type::Object { .. }) {
            let problem = Problem::new(0, format!("a text is needed here, not {of}"));
            self.problem(&words.place, &problem.hint("`json`, `yaml` and `join` make a text of it"));
        }
    }

    /// Checks an expression, and says what it gives.
    pub(super) fn decision(&mut self, names: &mut Names<'_>, decision: &Decision, need: Need) -> Type {
        let (expression, place) = (&decision.expression, &decision.place);
        if let Some(name) = status_function(expression) {
            let at = expression.source().find(name).unwrap_or_default();
            let message = format!("`{name}()` is known in `when` only");
            self.problem(place, &Problem::new(at, message).hint("`steps.ID.status` says how a step ended"));
        }
        self.condition(names, decision, need)
    }

    /// As [`Self::decision`], where `success()`, `failure()` and `always()` are known.
    pub(super) fn condition(&mut self, names: &mut Names<'_>, decision: &Decision, need: Need) -> Type {
        self.meet(names, &decision.place, decision.expression.references());
        let found = decision.expression.check_as(&names.env, need);
        self.typed(&decision.place, found)
    }

    /// Checks the templates of one field under `with`, and says what each gives.
    pub(super) fn templates(&mut self, names: &mut Names<'_>, fields: &Fields, field: &str) -> Templates {
        let mut templates = Templates::new();
        let Some((_, value, place)) = fields.values.iter().find(|(name, ..)| name == field) else { return templates };
        value.visit(&mut Vec::new(), &mut |path, template| {
            let place = descend(place, path);
            self.meet(names, &place, template.references().iter());
            let found = template.check(&names.env);
            let of = self.typed(&place, found);
            templates.insert(path.to_vec(), Given { of, alone: template.is_expression() });
        });
        templates
    }
}

fn status_function(expression: &Expression) -> Option<&'static str> {
    let calls = expression.mentions_status();
    let all = [(calls.success, "success"), (calls.failure, "failure"), (calls.always, "always")];
    all.into_iter().find_map(|(called, name)| called.then_some(name))
}

/// The type of an input's value.
pub(super) fn of_input(input: &Input) -> Type {
    match input.kind.value {
        InputType::Array => Type::list(input.items.as_ref().map_or(Type::Dyn, |items| of_kind(items.value))),
        kind => of_kind(kind),
    }
}

/// The type of a value of an input's type.
pub(super) fn of_kind(kind: InputType) -> Type {
    match kind {
        InputType::Integer => Type::Int,
        InputType::Number => Type::Number,
        InputType::Boolean => Type::Bool,
        InputType::Array => Type::list(Type::Dyn),
        InputType::Object => Type::open::<String>([]),
        _ => Type::String,
    }
}

/// The type of the items that a foreach goes through.
pub(super) fn of_item(all: &Type) -> Type {
    let pair = |value: Type| Type::closed([("key", Type::String), ("value", value)]);
    match all {
        Type::List(item) => (**item).clone(),
        Type::Map(value) => pair((**value).clone()),
        Type::Object { fields, open: false } => {
            pair(fields.values().cloned().reduce(|a, b| a.join(&b)).unwrap_or_default())
        }
        Type::Object { .. } => pair(Type::Dyn),
        _ => Type::Dyn,
    }
}
