//! For Mermaid, which many pages draw.

use std::fmt::Write as _;

use super::{Drawn, List};

pub(super) fn draw(root: &List) -> String {
    let mut text = "flowchart TD\n".to_owned();
    list(root, "  ", &mut text);
    text
}

fn list(list: &List, indent: &str, text: &mut String) {
    steps(&list.steps, indent, text);
    if let Some(first) = list.finally.first() {
        let _ = writeln!(text, "{indent}subgraph finally_{}[\"finally\"]", name(first));
        steps(&list.finally, &format!("{indent}  "), text);
        let _ = writeln!(text, "{indent}end");
    }
}

fn steps(steps: &[Drawn], indent: &str, text: &mut String) {
    for step in steps {
        let label = [step.id.as_str(), step.what.as_str()].into_iter().chain(step.notes.iter().map(String::as_str));
        let label: Vec<_> = label.filter(|line| !line.is_empty()).map(quoted).collect();
        let label = label.join("<br/>");
        match &step.inside {
            None => {
                let _ = writeln!(text, "{indent}{}[\"{label}\"]", name(step));
            }
            Some(inside) => {
                let _ = writeln!(text, "{indent}subgraph {}[\"{label}\"]", name(step));
                list(inside, &format!("{indent}  "), text);
                let _ = writeln!(text, "{indent}end");
            }
        }
    }
    for step in steps {
        for need in step.needs.iter().filter_map(|&need| steps.get(need)) {
            let _ = writeln!(text, "{indent}{} --> {}", name(need), name(step));
        }
    }
}

/// A name that Mermaid takes: letters, digits, underscores, and none of its own words, such as `end`.
fn name(step: &Drawn) -> String {
    format!("s_{}", step.path.replace('/', "__"))
}

/// A text within double quotes: what Mermaid, Markdown or HTML would take for theirs stands as an entity.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => quoted.push(' '),
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '_' | '$' | '~' => {
                let _ = write!(quoted, "#{};", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted
}
