//! `runner steps`: the step types there are, and the manual page of one, from its own definition.

mod page;
mod shape;

use std::path::Path;

use runner_engine::plugin::{PREFIX, PluginError, Plugins};
use runner_sdk::StepType;
use serde_json::{Value, json};

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::words;

/// Lists the step types, those of a namespace, or shows one.
pub(crate) fn steps(project: &Path, args: &args::Steps) -> Result<Exit, Refusal> {
    let registry = drive::registry(project);
    let plugins = registry.plugins().map(Plugins::of_project).unwrap_or_default();
    let Some(name) = &args.name else {
        let done = list(registry.all(), args.output);
        // A plugin is asked once somebody names its namespace.
        for (namespace, folder) in plugins.iter().filter(|_| args.output == args::Shape::Text) {
            let path = folder.join("plugins").join(format!("{PREFIX}{namespace}"));
            let shown = path.strip_prefix(project).unwrap_or(&path).display().to_string();
            output::line(format!("\n{}", output::bold(namespace)));
            output::line(format!("  the plugin `{shown}`: `runner steps {namespace}` asks it"));
        }
        return Ok(done);
    };
    let namespace = name.split('.').next().unwrap_or(name);
    let folder = plugins.iter().find(|(known, _)| known == namespace).map(|(_, folder)| folder.as_path());
    match registry.look_up(name, folder) {
        Ok(step) => {
            match args.output {
                args::Shape::Text => output::print(&page::page(step, output::columns())),
                args::Shape::Json => output::line(described(step).to_string()),
            }
            Ok(Exit::Done)
        }
        Err(error) if name.contains('.') => {
            Err(error.hint.into_iter().fold(Refusal::new(Exit::Usage, error.message), Refusal::hint))
        }
        Err(error) => {
            let within: Vec<_> = registry.all().iter().copied().filter(|step| step.namespace() == name).collect();
            if !within.is_empty() {
                return Ok(list(&within, args.output));
            }
            let told = |error: PluginError| {
                error.hint.into_iter().fold(Refusal::new(Exit::Usage, error.message), Refusal::hint)
            };
            match registry.plugins().and_then(|plugins| plugins.plugin(name, folder)) {
                Some(Ok(plugin)) => Ok(list(&plugin.types, args.output)),
                Some(Err(error)) => Err(told(error)),
                None => {
                    let names: Vec<_> = registry.all().iter().flat_map(|step| [step.name, step.namespace()]).collect();
                    let near = runner_engine::diagnostic::did_you_mean(name, names);
                    let hint = near.unwrap_or_else(|| "`runner steps` lists the step types there are".to_owned());
                    Err(told(PluginError { hint: Some(hint), ..error }))
                }
            }
        }
    }
}

fn list(steps: &[&'static StepType], shape: args::Shape) -> Exit {
    if shape == args::Shape::Json {
        for step in steps {
            output::line(described(step).to_string());
        }
        return Exit::Done;
    }
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or(0) + 4;
    let mut namespace = "";
    for step in steps {
        if step.namespace() != namespace {
            if !namespace.is_empty() {
                output::line("");
            }
            namespace = step.namespace();
            output::line(output::bold(namespace));
        }
        let summary = words::wrapped(&step.summary(), output::columns().saturating_sub(width), width);
        output::line(format!("  {:1$}{summary}", step.name, width - 2));
    }
    Exit::Done
}

fn described(step: &StepType) -> Value {
    json!({
        "name": step.name,
        "summary": step.summary(),
        "kind": step.kind,
        "idempotent": step.idempotent,
        "behaviour": step.behaviour,
        "waits": step.waits,
        "abilities": step.abilities,
        "needs": step.needs,
        "with": step.with_schema(),
        "outputs": step.output_schema(),
        "examples": step.examples.iter().map(|example| json!({
            "title": example.title, "steps": example.steps, "expect": example.expect,
        })).collect::<Vec<_>>(),
    })
}
