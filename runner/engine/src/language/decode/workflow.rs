//! The top level.

use super::Decoder;
use crate::language::ast::{Load, Secret, SecretSource, Workflow};
use crate::language::reader::{Key, Node};

/// The keys of the top level.
pub(super) const KNOWN: [&str; 15] = [
    "name",
    "description",
    "inputs",
    "secrets",
    "load",
    "concurrency",
    "defaults",
    "on_error",
    "timeout",
    "env",
    "dir",
    "steps",
    "finally",
    "outputs",
    "exit_code",
];

/// The keys of a secret.
pub(super) const SECRET: [&str; 3] = ["env", "file", "command"];
/// The keys of a loaded file.
pub(super) const LOAD: [&str; 2] = ["file", "schema"];

/// The workflow of a file's root; none when it is no mapping.
pub(in crate::language) fn workflow(decoder: &mut Decoder, root: &Node) -> Option<Workflow> {
    let fields = decoder.fields(root, "a workflow", &KNOWN, &["schedule"])?;
    let (steps, finally) = decoder.body(&fields, "a workflow");
    Some(Workflow {
        source: decoder.source.clone(),
        span: root.head,
        name: fields.get("name").and_then(|node| decoder.literal(node)),
        description: fields.get("description").and_then(|node| decoder.literal(node)),
        inputs: fields.get("inputs").map(|node| decoder.inputs(node)).unwrap_or_default(),
        secrets: fields.get("secrets").map(|node| decoder.secrets(node)).unwrap_or_default(),
        load: fields.get("load").map(|node| decoder.load(node)).unwrap_or_default(),
        concurrency: fields.get("concurrency").and_then(|node| decoder.concurrency(node)),
        defaults: fields.get("defaults").map(|node| decoder.defaults(node)).unwrap_or_default(),
        on_error: fields.get("on_error").and_then(|node| decoder.on_error_of_all(node)),
        timeout: fields.get("timeout").and_then(|node| decoder.time(node)),
        env: fields.get("env").map(|node| decoder.env(node)).unwrap_or_default(),
        dir: fields.get("dir").and_then(|node| decoder.text(node)),
        steps,
        finally,
        outputs: fields.get("outputs").map(|node| decoder.outputs(node)).unwrap_or_default(),
        exit_code: fields.get("exit_code").and_then(|node| decoder.expr(node)),
    })
}

impl Decoder<'_> {
    fn secrets(&mut self, node: &Node) -> Vec<Secret> {
        let named = |decoder: &mut Self, key: &Key| decoder.identifier(&key.text, key.span, "a secret");
        let entries = self.entries(node, "`secrets`", named);
        entries
            .into_iter()
            .filter_map(|entry| Some(Secret { from: self.secret(entry.value)?, name: entry.name }))
            .collect()
    }

    fn secret(&mut self, node: &Node) -> Option<SecretSource> {
        let hint = "a secret never stands in the file: write `{env: NAME}`, `{file: PATH}` or `{command: …}`";
        if node.as_mapping().is_none() {
            self.mismatch(node, "where the secret comes from", Some(hint.to_owned()));
            return None;
        }
        let fields = self.fields(node, "a secret", &SECRET, &["kubernetes"])?;
        let mut given = SECRET.into_iter().filter(|key| fields.has(key));
        let Some(source) = given.next() else {
            if !fields.has("kubernetes") {
                self.error_hint(fields.head, "a secret needs one of `env`, `file` and `command`", hint);
            }
            return None;
        };
        if let Some(second) = given.next() {
            let span = fields.key(second).unwrap_or(fields.head);
            self.error(span, format!("a secret comes from one place: `{source}` and `{second}` exclude each other"));
        }
        let value = fields.get(source)?;
        match source {
            "env" => {
                let text = self.text(value)?;
                if !text.value.contains("{{") {
                    self.variable(&text.value, value.head)?;
                }
                Some(SecretSource::Env(text))
            }
            "file" => self.text(value).map(SecretSource::File),
            _ => self.command(value),
        }
    }

    fn command(&mut self, node: &Node) -> Option<SecretSource> {
        let Some(items) = node.as_sequence() else {
            if node.as_mapping().is_some() {
                self.mismatch(node, "a command line, or a list of a program and its arguments", None);
                return None;
            }
            return self.text(node).map(SecretSource::Shell);
        };
        if items.is_empty() {
            self.error(node.head, "the command is empty");
            return None;
        }
        let words: Vec<_> = items.iter().filter_map(|item| self.text(item)).collect();
        (words.len() == items.len()).then_some(SecretSource::Program(words))
    }

    fn load(&mut self, node: &Node) -> Vec<Load> {
        let entries =
            self.entries(node, "`load`", |decoder, key: &Key| decoder.root(&key.text, key.span, "a loaded file"));
        let mut loads = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(path) = entry.value.as_text() {
                self.mismatch(entry.value, "the file as a mapping", Some(format!("write `{{file: \"{path}\"}}`")));
                continue;
            }
            let Some(fields) = self.fields(entry.value, "a loaded file", &LOAD, &[]) else { continue };
            if !fields.has("file") {
                self.missing(fields.head, "a loaded file", "file");
            }
            let schema = fields.get("schema").and_then(|node| self.text(node));
            if let Some(file) = fields.get("file").and_then(|node| self.text(node)) {
                loads.push(Load { name: entry.name, file, schema });
            }
        }
        loads
    }
}
