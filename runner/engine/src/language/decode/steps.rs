//! Lists of steps.

use std::collections::HashMap;

use super::Decoder;
use super::fields::Fields;
use crate::diagnostic::{Diagnostic, Span};
use crate::language::ast::{Needs, Step};
use crate::language::needs;
use crate::language::reader::{Key, Node};

impl Decoder<'_> {
    /// `steps` and `finally` of a workflow or group: ids distinct, needs resolved.
    pub(super) fn body(&mut self, fields: &Fields<'_>, what: &str) -> (Vec<Step>, Vec<Step>) {
        if !fields.has("steps") {
            self.missing(fields.head, what, "steps");
        }
        let mut steps = fields.get("steps").map(|node| self.list(node, "steps")).unwrap_or_default();
        let mut finally = fields.get("finally").map(|node| self.list(node, "finally")).unwrap_or_default();
        self.distinct(&steps, &finally);
        needs::resolve(self.source, &mut steps, &[], self.sink);
        let body: Vec<_> = steps.iter().map(|step| step.id.value.as_str()).collect();
        needs::resolve(self.source, &mut finally, &body, self.sink);
        (steps, finally)
    }

    fn list(&mut self, node: &Node, key: &str) -> Vec<Step> {
        let hint = node.as_mapping().map(|_| "write each step as an item: `- id: …`".to_owned());
        let Some(items) = self.items(node, &format!("`{key}` as a list of steps"), hint) else { return Vec::new() };
        if items.is_empty() {
            self.error(node.head, format!("`{key}` has no steps"));
        }
        items.iter().filter_map(|item| self.step(item)).collect()
    }

    /// An id names one step: in the body and its `finally` together, since both are `steps.ID`.
    fn distinct(&mut self, steps: &[Step], finally: &[Step]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for step in steps.iter().chain(finally) {
            let id = step.id.value.as_str();
            if let Some(first) = seen.get(id) {
                let found = Diagnostic::error(self.source, step.id.span, format!("the id `{id}` is there twice"));
                self.sink.push(found.note(self.source, *first, "first here"));
            } else {
                seen.insert(id, step.id.span);
            }
        }
    }

    /// `needs`, as written.
    pub(super) fn needs(&mut self, key: Option<Span>, node: Option<&Node>) -> Needs {
        let Some(node) = node else { return Needs::Previous };
        let span = key.unwrap_or(node.head);
        if let Some(text) = node.as_text() {
            if text == "all" {
                return Needs::All(node.head);
            }
            self.mismatch(node, "a list of ids, or `all`", Some(format!("write `[{text}]`")));
            return Needs::These(Vec::new(), span);
        }
        let hint = node.is_null().then(|| "write `[]` for a step that waits for nothing".to_owned());
        let Some(items) = self.items(node, "a list of ids, or `all`", hint) else {
            return Needs::These(Vec::new(), span);
        };
        let mut ids: Vec<crate::language::ast::Spanned<String>> = Vec::with_capacity(items.len());
        for item in items {
            let Some(id) = self.literal(item) else { continue };
            if ids.iter().any(|other| other.value == id.value) {
                self.error(id.span, format!("`{}` is needed twice", id.value));
            } else {
                ids.push(id);
            }
        }
        Needs::These(ids, span)
    }

    /// The name of an item: `as`.
    pub(super) fn binding(&mut self, node: &Node) -> Option<crate::language::ast::Spanned<String>> {
        let name = self.literal(node)?;
        let key = Key { text: name.value, span: name.span };
        self.root(&key.text, key.span, "an item")
    }
}
