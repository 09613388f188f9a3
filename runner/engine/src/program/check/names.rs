//! The names that a text sees, with their types.

use std::collections::BTreeMap;

use super::Checker;
use super::list::{Found, Known, Layer};
use crate::diagnostic::Diagnostic;
use crate::expression::{Expression, Need, Problem, Reference, Type, TypeEnv};
use crate::language::ast::{Input, InputType};
use crate::program::text::descend;
use crate::program::{Decision, Fields, Place, Words};

/// The names that are in force where a text stands. What is behind `steps` is looked up as texts speak of it.
pub(super) struct Names<'l> {
    env: TypeEnv,
    layer: Option<&'l Layer<'l>>,
    met: BTreeMap<String, Met>,
}

/// A step that a text speaks of.
enum Met {
    /// It has ended.
    Ended(Known),
    /// It must not be spoken of here: why, and what to do.
    Wrong(String, Option<String>),
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
        Self { env, layer: None, met: BTreeMap::new() }
    }

    /// Names with the steps that are seen from a place.
    pub(super) fn at(mut env: TypeEnv, layer: &'l Layer<'l>) -> Self {
        env.set("steps", Type::open::<String>([]));
        Self { env, layer: Some(layer), met: BTreeMap::new() }
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

    /// Makes a step known that has ended, whatever stands around.
    pub(super) fn know(&mut self, id: &str, of: Type) {
        self.met.insert(id.to_owned(), Met::Ended(Known { of, items: false, checked: false }));
    }

    /// Looks up the step that a reference speaks of.
    fn meet(&mut self, reference: &Reference) -> Option<&Met> {
        let (layer, id) = (self.layer?, reference.segments.get(1)?);
        if reference.root() != "steps" {
            return None;
        }
        let look = || match layer.find(id) {
            Found::Ended(known) => Met::Ended(known),
            Found::Early(message, hint) => Met::Wrong(message, hint),
            Found::Unknown(hint) => Met::Wrong(format!("there is no step `{id}` here"), hint),
        };
        Some(self.met.entry(id.clone()).or_insert_with(look))
    }
}

impl Checker<'_> {
    /// Looks up the steps that a text speaks of; they are known when the text is checked next.
    fn meet<'r>(&mut self, names: &mut Names<'_>, place: &Place, references: impl Iterator<Item = &'r Reference>) {
        let mut steps = BTreeMap::new();
        for reference in references {
            let Some(met) = names.meet(reference) else { continue };
            let (id, segments) = (&reference.segments[1], &reference.segments);
            let reads = segments.len() > 3 && segments[2] == "outputs";
            let known = match met {
                Met::Wrong(message, hint) => {
                    let problem = Problem::new(reference.place(1), message.clone()).maybe_hint(hint.clone());
                    self.problem(place, &problem);
                    steps.insert(id.clone(), Type::Dyn);
                    continue;
                }
                Met::Ended(known) => known,
            };
            if reads && known.items {
                let message = format!("`{id}` goes through items, and each item has its own outputs");
                let hint = format!("`steps.{id}.items` has them by their keys");
                self.problem(place, &Problem::new(reference.place(2), message).hint(hint));
            } else if reads && known.checked {
                let message = format!("after an interruption the outputs of `{id}` may be null");
                let hint = format!("its `check` is of another type, so where that finds `{id}` done there are none");
                let span = place.span(reference.place(2));
                self.push(Diagnostic::warning(&place.source, span, message).hint(hint));
            }
            if !steps.contains_key(id) {
                steps.insert(id.clone(), known.of.clone());
            }
        }
        if !steps.is_empty() {
            names.env.set("steps", Type::Object { fields: steps, open: true });
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
        InputType::Number => Type::Double,
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
