//! The plugins of a project, and of a workflow, for the commands that tell of them.

use std::path::Path;

use runner_engine::plugin::{PREFIX, Plugin, PluginError};
use runner_engine::program::{Program, Registry};

use crate::words;

/// The plugins in the project's folders, by their executables' names; each is asked.
pub(super) fn of_project(registry: &Registry) -> Vec<(String, Result<Plugin, PluginError>)> {
    let Some(plugins) = registry.plugins() else { return Vec::new() };
    let asked = plugins.of_project().into_iter();
    let asked = asked.filter(|(namespace, _)| registry.all().iter().all(|step| step.namespace() != namespace));
    asked
        .filter_map(|(namespace, folder)| {
            let plugin = plugins.plugin(&namespace, Some(&folder))?;
            Some((format!("{PREFIX}{namespace}"), plugin))
        })
        .collect()
}

/// The plugins that a workflow uses.
pub(super) fn of_workflow(registry: &Registry, program: &Program) -> Vec<(String, Result<Plugin, PluginError>)> {
    let mut found: Vec<(String, Result<Plugin, PluginError>)> = Vec::new();
    for step in &program.steps {
        let used = step.uses.iter().chain(&step.check).chain(&step.undo);
        for uses in used.filter(|uses| registry.find(uses.step.name).is_none()) {
            let name = format!("{PREFIX}{}", uses.step.namespace());
            let folder = program.units[step.unit].folder.as_deref();
            let plugin = registry.plugins().and_then(|plugins| plugins.plugin(uses.step.namespace(), folder));
            if let Some(plugin) = plugin.filter(|_| !found.iter().any(|(known, _)| *known == name)) {
                found.push((name, plugin));
            }
        }
    }
    found
}

/// What a person is told of one that has described itself.
pub(super) fn shown(plugin: &Plugin, project: &Path) -> String {
    let path = plugin.record.path.strip_prefix(project).unwrap_or(&plugin.record.path);
    format!("{}, {}", words::counted(plugin.types.len(), "step"), path.display())
}
