//! The manual page of a step type.

use runner_sdk::{Ability, Kind, StepType};
use serde_json::Value;

use super::shape;
use crate::output;
use crate::words;

/// The indent of what stands under a heading, and of what stands under that.
const INDENT: (usize, usize) = (2, 6);

/// The page, at most so many columns wide where words allow it.
pub(super) fn page(step: &StepType, columns: usize) -> String {
    let schema = step.with_schema();
    let mut page = Page { text: String::new(), columns: columns.min(100) };
    page.line(&output::bold(step.name));
    let description = schema["description"].as_str().unwrap_or_default();
    for paragraph in description.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        page.paragraph(paragraph, INDENT.0);
        page.line("");
    }
    page.fields("with", &schema);
    page.fields("outputs", &step.output_schema());
    page.heading("behaviour");
    for said in behaviour(step) {
        page.paragraph(&said, INDENT.0);
    }
    page.line("");
    if !step.needs.is_empty() {
        page.heading("needs");
        for need in step.needs {
            page.paragraph(&format!("`{}` (Debian: {}): {}", need.program, need.package, need.how), INDENT.0);
        }
        page.line("");
    }
    for example in step.examples {
        page.heading(&format!("example: {}", example.title));
        for line in example.steps.trim_matches('\n').lines() {
            page.line(format!("  {line}").trim_end());
        }
        page.line("");
    }
    page.text.truncate(page.text.trim_end().len());
    page.text.push('\n');
    page.text
}

fn behaviour(step: &StepType) -> Vec<String> {
    let mut said = vec![match step.kind {
        Kind::Process => "a process: it survives the engine, and the next one goes on with it".to_owned(),
        Kind::InProcess => "works inside the engine, and ends with it".to_owned(),
    }];
    said.push(if step.idempotent {
        "idempotent: an interrupted attempt is repeated (`interrupted: repeat` is the default)".to_owned()
    } else {
        "not idempotent: an interrupted attempt pauses the run (`interrupted: stop` is the default)".to_owned()
    });
    if step.waits {
        said.push("mostly waits, and takes no parallel slot".to_owned());
    }
    for ability in step.abilities {
        said.push(
            match ability {
                Ability::Plan => "plan: says what it would change",
                Ability::Check => "check: finds out whether an interrupted attempt has done its work",
                Ability::Undo => "undo: can take back what it did",
                Ability::Asks => "asks a person, and is answered by `runner approve`",
                Ability::Traceless => "leaves nothing behind that could be undone",
                Ability::Service => "service: may stand with `service: true`",
            }
            .to_owned(),
        );
    }
    said.push(format!("behaviour version {}", step.behaviour));
    said
}

struct Page {
    text: String,
    columns: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str) {
        self.line(&output::bold(&format!("{title}:")));
    }

    fn paragraph(&mut self, text: &str, indent: usize) {
        let wrapped = words::wrapped(text, self.columns.saturating_sub(indent), indent);
        self.line(&format!("{}{wrapped}", " ".repeat(indent)));
    }

    /// The properties of a schema.
    fn fields(&mut self, title: &str, schema: &Value) {
        self.heading(title);
        let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) else {
            let nothing = if schema["type"] == "object" || schema.get("type").is_none() { "nothing" } else { "" };
            let kind = shape::of(schema);
            self.paragraph(if nothing.is_empty() { &kind } else { nothing }, INDENT.0);
            self.line("");
            return;
        };
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut names: Vec<_> = properties.keys().collect();
        // What must be given comes first; the rest as it stands in the definition.
        names.sort_by_key(|name| !required.contains(&name.as_str()));
        for name in names {
            let field = &properties[name.as_str()];
            let mut facts = vec![shape::of(field)];
            if title == "with" {
                match field.get("default") {
                    Some(default) if !default.is_null() => facts.push(format!("default {default}")),
                    _ if required.contains(&name.as_str()) => facts.push("required".to_owned()),
                    _ => {}
                }
            }
            self.line(&format!("  {}  {}", output::bold(name), facts.join(", ")));
            if let Some(description) = field["description"].as_str() {
                self.paragraph(&description.replace("\n\n", " "), INDENT.1);
            }
            for (value, meaning) in shape::choices(field) {
                self.paragraph(&format!("`{value}`: {meaning}"), INDENT.1);
            }
        }
        self.line("");
    }
}
