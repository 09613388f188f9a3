//! `runner schema`.

use runner_engine::language::schema;

use crate::drive;
use crate::output;

/// Prints the JSON Schema of workflow files, which types every step's `with:`.
pub(crate) fn schema() {
    output::print(&text());
}

/// The schema as it is shipped.
fn text() -> String {
    let schema = schema::schema(drive::registry().all());
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `UPDATE=1` writes it anew.
    #[test]
    fn shipped_schema_is_not_stale() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/workflow.schema.json");
        let fresh = super::text();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(shipped == fresh, "workflows/workflow.schema.json is stale: UPDATE=1 writes it anew");
    }
}
