//! The step types that this binary has.

use std::fmt;

use runner_sdk::StepType;

/// The step types that this binary has.
#[derive(Clone)]
pub struct Registry {
    types: Vec<&'static StepType>,
}

impl Registry {
    /// A registry of these types.
    pub fn new(types: impl IntoIterator<Item = &'static StepType>) -> Self {
        let mut types: Vec<_> = types.into_iter().collect();
        types.sort_by_key(|step| step.name);
        Self { types }
    }

    /// The type of a name.
    pub fn find(&self, name: &str) -> Option<&'static StepType> {
        self.types.binary_search_by_key(&name, |step| step.name).ok().map(|at| self.types[at])
    }

    /// Every type, in the order of the names.
    pub fn all(&self) -> &[&'static StepType] {
        &self.types
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.types.iter().map(|step| step.name)).finish()
    }
}
