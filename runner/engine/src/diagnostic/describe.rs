//! One thing that is wrong.

use std::sync::Arc;

use serde::Serialize;

use super::{Source, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// It can be run, and probably does not do what its author meant.
    Warning,
}

/// A second place that belongs to a diagnostic.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text it lies in.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// One thing that is wrong: what, where, and what to do about it.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// The text it is wrong in.
    pub source: Arc<Source>,
    /// The place; none where the whole file is meant (it cannot be read).
    pub span: Option<Span>,
    /// Said under the caret.
    pub label: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other places that belong to it.
    pub notes: Vec<Label>,
}

/// On one line and of bearable length, whatever the values in it are.
fn tidy(text: String) -> String {
    const LONGEST: usize = 500;
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text;
    }
    let mut tidy = String::new();
    for character in text.chars() {
        if tidy.len() >= LONGEST {
            tidy.push('…');
            break;
        }
        if character.is_control() {
            tidy.extend(character.escape_default());
        } else {
            tidy.push(character);
        }
    }
    tidy
}

impl Diagnostic {
    fn new(severity: Severity, source: &Arc<Source>, span: Option<Span>, message: String) -> Self {
        Self {
            severity,
            message: tidy(message),
            source: source.clone(),
            span,
            label: None,
            hint: None,
            notes: Vec::new(),
        }
    }

    /// An error at a place.
    pub fn error(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, source, Some(span), message.into())
    }

    /// A warning at a place.
    pub fn warning(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, source, Some(span), message.into())
    }

    /// An error of a whole file: one that cannot be read.
    pub fn whole(source: &Arc<Source>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, source, None, message.into())
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(tidy(hint.into()));
        self
    }

    /// With what to do about it, when there is something.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// With a word under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With another place that belongs to it.
    #[must_use]
    pub fn note(mut self, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        self.notes.push(Label { source: source.clone(), span, message: tidy(message.into()) });
        self
    }
}
