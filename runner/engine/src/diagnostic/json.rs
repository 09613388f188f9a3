//! Diagnostics for programs.

use serde_json::{Value, json};

use super::{Diagnostic, Source, Span};

fn place(source: &Source, span: Span) -> Value {
    let span = source.clamp(span);
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({"file": source.name(), "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column})
}

/// One object a diagnostic: `severity`, `message`, `file`, and where they are known `line`, `column`, `end_line`,
/// `end_column`, `label`, `hint` and `notes`. Lines and columns count from 1, columns in characters; the end is exclusive.
pub fn to_json(diagnostics: &[Diagnostic]) -> Value {
    diagnostics.iter().map(one).collect()
}

fn one(diagnostic: &Diagnostic) -> Value {
    let mut object = match diagnostic.span {
        Some(span) => place(&diagnostic.source, span),
        None => json!({"file": diagnostic.source.name()}),
    };
    object["severity"] = json!(diagnostic.severity);
    object["message"] = json!(diagnostic.message);
    if let Some(label) = &diagnostic.label {
        object["label"] = json!(label);
    }
    if let Some(hint) = &diagnostic.hint {
        object["hint"] = json!(hint);
    }
    if !diagnostic.notes.is_empty() {
        let notes = diagnostic.notes.iter().map(|note| {
            let mut object = place(&note.source, note.span);
            object["message"] = json!(note.message);
            object
        });
        object["notes"] = notes.collect();
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_lines_and_columns() {
        let source = Source::new("a.yaml", "ä: 1\nb: 2\n");
        let found =
            Diagnostic::error(&source, Span::new(4, 5), "wrong").hint("right").note(&source, Span::new(6, 7), "here");
        let expected = json!([{
            "severity": "error", "message": "wrong", "hint": "right", "file": "a.yaml",
            "line": 1, "column": 4, "end_line": 1, "end_column": 5,
            "notes": [{"file": "a.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 2, "message": "here"}],
        }]);
        assert_eq!(to_json(&[found]), expected);
        let whole = Diagnostic::whole(&source, "cannot be read");
        assert_eq!(to_json(&[whole]), json!([{"severity": "error", "message": "cannot be read", "file": "a.yaml"}]));
    }
}
