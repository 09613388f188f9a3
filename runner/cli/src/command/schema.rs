//! `runner schema`.

use runner_engine::language::schema;
use runner_engine::trial;

use crate::args;
use crate::drive;
use crate::output;

/// Prints the JSON Schema of workflow files, which types every step's `with:`; or that of their tests.
pub(crate) fn schema(args: &args::Schema) {
    output::print(&text(args.tests));
}

/// A schema as it is shipped.
fn text(tests: bool) -> String {
    let schema = if tests { trial::schema() } else { schema::schema(drive::registry().all()) };
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `UPDATE=1` writes it anew.
    #[test]
    fn shipped_schema_is_not_stale() {
        for (name, tests) in [("workflow.schema.json", false), ("test.schema.json", true)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows").join(name);
            let fresh = super::text(tests);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, &fresh).unwrap();
            }
            let shipped = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(shipped == fresh, "workflows/{name} is stale: UPDATE=1 writes it anew");
        }
    }
}
