//! Which names there will be, and what is known of them.

use std::collections::BTreeMap;

use super::problem::{Problem, nearest, shown};
use super::reference::{Reference, path_text};
use super::shape::Type;

/// The names in force at a place of a workflow, with their types: `inputs secrets steps item output env run state`,
/// the `as:` names, each name under `load`, and `error`, as the caller sets them.
#[derive(Debug, Clone, Default)]
pub struct TypeEnv {
    roots: BTreeMap<String, Type>,
    absent: BTreeMap<String, String>,
}

impl TypeEnv {
    /// An environment without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same environment with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, of: Type) -> Self {
        self.set(name, of);
        self
    }

    /// Sets a name.
    pub fn set(&mut self, name: impl Into<String>, of: Type) {
        let name = name.into();
        self.absent.remove(&name);
        self.roots.insert(name, of);
    }

    /// Says why a name that exists elsewhere does not exist here: the hint of the error when it is used.
    pub fn absent(&mut self, name: impl Into<String>, why: impl Into<String>) {
        let name = name.into();
        self.roots.remove(&name);
        self.absent.insert(name, why.into());
    }

    /// The type of a root.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.roots.get(name)
    }

    /// Every root, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.roots.keys().map(String::as_str)
    }

    /// The type that a reference leads to.
    ///
    /// # Errors
    /// An unknown root, an unknown field of a closed object, a field of something that has none.
    pub fn resolve(&self, reference: &Reference) -> Result<Type, Problem> {
        let root = reference.root();
        let Some(of) = self.get(root) else {
            let hint = self.absent.get(root).cloned();
            let hint = hint.or_else(|| nearest(root, self.names()));
            return Err(Problem::new(reference.offset, format!("unknown name {}", shown(root))).maybe_hint(hint));
        };
        step_into(of, reference, 1)
    }
}

/// The type behind the segments of `reference` from index `from` on, of which the first is a name in `of`.
pub(super) fn step_into(of: &Type, reference: &Reference, from: usize) -> Result<Type, Problem> {
    let mut of = of.clone();
    for (index, segment) in reference.segments.iter().enumerate().skip(from) {
        of = member(&of, segment).map_err(|wrong| {
            wrong.problem(&path_text(&reference.segments[..index]), segment, reference.place(index))
        })?;
    }
    Ok(of)
}

/// Why a member cannot be had.
pub(super) enum NoMember {
    /// The object has other names only.
    Unknown(Vec<String>),
    /// It is not a thing with members.
    None(Type),
}

impl NoMember {
    /// The problem of asking `path` for `segment`.
    pub(super) fn problem(self, path: &str, segment: &str, offset: usize) -> Problem {
        match self {
            Self::Unknown(names) => {
                let message = match path {
                    "" => format!("unknown name {}", shown(segment)),
                    path => format!("`{path}` has no {}", shown(segment)),
                };
                Problem::new(offset, message).maybe_hint(nearest(segment, names.iter().map(String::as_str)))
            }
            Self::None(of) => {
                let message = match path {
                    "" => format!("{of} has no field {}", shown(segment)),
                    path => format!("`{path}` is {of}, it has no field {}", shown(segment)),
                };
                Problem::new(offset, message)
            }
        }
    }
}

/// The type of member `name` of a value of type `of`.
pub(super) fn member(of: &Type, name: &str) -> Result<Type, NoMember> {
    match of {
        Type::Dyn | Type::Null => Ok(Type::Dyn),
        Type::Map(element) => Ok((**element).clone()),
        Type::Object { fields, open } => match fields.get(name) {
            Some(of) => Ok(of.clone()),
            None if *open => Ok(Type::Dyn),
            None => Err(NoMember::Unknown(fields.keys().cloned().collect())),
        },
        Type::List(element) if name.parse::<usize>().is_ok() => Ok((**element).clone()),
        other => Err(NoMember::None(other.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reference, Type, TypeEnv};

    fn env() -> TypeEnv {
        let build = Type::step(Type::closed([("image", Type::String), ("tags", Type::list(Type::String))]));
        let mut env = TypeEnv::new()
            .with("steps", Type::closed([("build", build)]))
            .with("inputs", Type::closed([("region", Type::String)]));
        env.absent("item", "only a step with `foreach` has it");
        env
    }

    fn resolve(path: &str) -> Result<Type, String> {
        let segments: Vec<String> = path.split('.').map(str::to_owned).collect();
        let mut place = 0;
        let places = segments.iter().map(|segment| (place, place += segment.len() + 1).0).collect();
        let found = env().resolve(&Reference::new(segments, places));
        found.map_err(|problem| format!("{}: {problem}", problem.offset))
    }

    #[test]
    fn known_paths_have_types() {
        assert_eq!(resolve("steps.build.outputs.tags.0"), Ok(Type::String));
        assert_eq!(resolve("steps.build.attempts"), Ok(Type::Int));
        assert_eq!(resolve("steps.build.duration.anything"), Ok(Type::Dyn));
    }

    #[test]
    fn unknown_names_are_placed_with_the_nearest() {
        assert_eq!(resolve("input.region"), Err("0: unknown name `input` (did you mean `inputs`?)".into()));
        assert_eq!(resolve("steps.built.outputs"), Err("6: `steps` has no `built` (did you mean `build`?)".into()));
        assert_eq!(resolve("inputs.region.x"), Err("14: `inputs.region` is a string, it has no field `x`".into()));
    }

    #[test]
    fn a_name_absent_here_says_why() {
        assert_eq!(resolve("item.x"), Err("0: unknown name `item` (only a step with `foreach` has it)".into()));
    }
}
