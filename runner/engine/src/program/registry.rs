//! The step types that workflows can name.

use std::fmt;
use std::path::Path;

use runner_sdk::StepType;

use crate::diagnostic::did_you_mean;
use crate::plugin::{PREFIX, PluginError, PluginRecord, Plugins};

/// The step types that this binary has, and those of plugins.
#[derive(Clone)]
pub struct Registry {
    types: Vec<&'static StepType>,
    plugins: Option<Plugins>,
}

impl Registry {
    /// A registry of these types.
    pub fn new(types: impl IntoIterator<Item = &'static StepType>) -> Self {
        let mut types: Vec<_> = types.into_iter().collect();
        types.sort_by_key(|step| step.name);
        Self { types, plugins: None }
    }

    /// The same types, and those of plugins.
    #[must_use]
    pub fn with_plugins(self, plugins: Plugins) -> Self {
        Self { plugins: Some(plugins), ..self }
    }

    /// The same types; the plugins are what a run has recorded of them.
    #[must_use]
    pub fn recorded(&self, records: &[PluginRecord]) -> Self {
        Self { types: self.types.clone(), plugins: self.plugins.as_ref().map(|plugins| plugins.recorded(records)) }
    }

    /// The built-in type of a name.
    pub fn find(&self, name: &str) -> Option<&'static StepType> {
        self.types.binary_search_by_key(&name, |step| step.name).ok().map(|at| self.types[at])
    }

    /// The type of a name in a workflow in `folder`: a plugin is asked where its namespace is not built in.
    pub fn look_up(&self, name: &str, folder: Option<&Path>) -> Result<&'static StepType, PluginError> {
        if let Some(step) = self.find(name) {
            return Ok(step);
        }
        let (namespace, verb) = name.split_once('.').unwrap_or((name, ""));
        let unknown = |known: &[&'static StepType], hint: String| {
            let near = did_you_mean(name, known.iter().map(|step| step.name));
            PluginError { message: format!("there is no step type `{name}`"), hint: Some(near.unwrap_or(hint)) }
        };
        let is_built_in = self.types.iter().any(|step| step.namespace() == namespace);
        let plugins = self.plugins.as_ref().filter(|_| !is_built_in && name.contains('.'));
        match plugins.and_then(|plugins| plugins.plugin(namespace, folder)) {
            Some(plugin) => {
                let plugin = plugin?;
                let names: Vec<_> = plugin.types.iter().map(|step| format!("`{}`", step.name)).collect();
                let hint = format!("the plugin `{}` has {}", plugin.record.path.display(), names.join(", "));
                plugin.find(verb).ok_or_else(|| unknown(&plugin.types, hint))
            }
            None if plugins.is_some() => {
                let hint = format!("`runner steps` lists them; a plugin for it would be `plugins/{PREFIX}{namespace}`");
                Err(unknown(&self.types, hint))
            }
            None => Err(unknown(&self.types, "`runner steps` lists them".to_owned())),
        }
    }

    /// Every built-in type, in the order of the names.
    pub fn all(&self) -> &[&'static StepType] {
        &self.types
    }

    /// The plugins, where any can be reached.
    pub fn plugins(&self) -> Option<&Plugins> {
        self.plugins.as_ref()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.types.iter().map(|step| step.name)).finish()
    }
}
