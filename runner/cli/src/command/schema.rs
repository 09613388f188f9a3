//! `runner schema`.

use std::path::Path;

use runner_engine::language::schema;
use runner_engine::trial;
use runner_sdk::StepType;
use serde_json::Value;

use super::plugin;
use crate::args;
use crate::drive;
use crate::exit::Exit;
use crate::output;

/// Prints the JSON Schema of workflow files, which types every step's `with:`, those of the project's plugins, too; or that
/// of their tests. A plugin that does not say what it has is told, and left out.
pub(crate) fn schema(project: &Path, args: &args::Schema) -> Exit {
    if args.tests {
        output::print(&text(&trial::schema()));
        return Exit::Done;
    }
    let registry = drive::registry(project);
    let mut types = registry.all().to_vec();
    for (_, plugin) in plugin::of_project(&registry) {
        match plugin {
            Ok(plugin) => types.extend(plugin.types.iter().copied()),
            Err(error) => output::error(&error.message, error.hint.as_deref()),
        }
    }
    output::print(&text(&of_types(&types)));
    Exit::Done
}

/// The schema of workflow files with these step types.
fn of_types(types: &[&'static StepType]) -> Value {
    schema::schema(types)
}

/// A schema as it is shipped.
fn text(schema: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use runner_engine::trial;

    /// `UPDATE=1` writes it anew.
    #[test]
    fn shipped_schema_is_not_stale() {
        let schemas =
            [("workflow.schema.json", super::of_types(&runner_steps::all())), ("test.schema.json", trial::schema())];
        for (name, schema) in schemas {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows").join(name);
            let fresh = super::text(&schema);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, &fresh).unwrap();
            }
            let shipped = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(shipped == fresh, "workflows/{name} is stale: UPDATE=1 writes it anew");
        }
    }
}
