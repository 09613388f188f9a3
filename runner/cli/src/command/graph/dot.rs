//! For Graphviz: `runner graph NAME --format dot | dot -Tsvg`.

use std::fmt::Write as _;

use super::{Drawn, List};

pub(super) fn draw(name: &str, root: &List) -> String {
    let mut text =
        format!("digraph \"{}\" {{\n  compound=true; rankdir=TB; node [shape=box, style=rounded];\n", quoted(name));
    list(root, "  ", &mut text);
    text.push_str("}\n");
    text
}

fn list(list: &List, indent: &str, text: &mut String) {
    steps(&list.steps, indent, text);
    if !list.finally.is_empty() {
        let _ = writeln!(text, "{indent}subgraph \"cluster_finally of {}\" {{", quoted(&list.finally[0].path));
        let _ = writeln!(text, "{indent}  label=\"finally\"; style=dashed;");
        steps(&list.finally, &format!("{indent}  "), text);
        let _ = writeln!(text, "{indent}}}");
    }
}

fn steps(steps: &[Drawn], indent: &str, text: &mut String) {
    for step in steps {
        let path = quoted(&step.path);
        let label = [step.id.as_str(), step.what.as_str()].into_iter().chain(step.notes.iter().map(String::as_str));
        let label: Vec<_> = label.filter(|line| !line.is_empty()).map(shown).collect();
        let label = label.join("\\n");
        match &step.inside {
            None => {
                let _ = writeln!(text, "{indent}\"{path}\" [label=\"{label}\"];");
            }
            Some(inside) => {
                let _ = writeln!(text, "{indent}subgraph \"cluster_{path}\" {{\n{indent}  label=\"{label}\";");
                // What points at the group as a whole needs a node in it.
                let _ = writeln!(text, "{indent}  \"{path}\" [shape=point, style=invis];");
                list(inside, &format!("{indent}  "), text);
                let _ = writeln!(text, "{indent}}}");
            }
        }
    }
    for step in steps {
        for need in step.needs.iter().filter_map(|&need| steps.get(need)) {
            let tail =
                if need.inside.is_some() { format!("ltail=\"cluster_{}\"", quoted(&need.path)) } else { String::new() };
            let head =
                if step.inside.is_some() { format!("lhead=\"cluster_{}\"", quoted(&step.path)) } else { String::new() };
            let ends: Vec<_> = [tail, head].into_iter().filter(|end| !end.is_empty()).collect();
            let ends = if ends.is_empty() { String::new() } else { format!(" [{}]", ends.join(", ")) };
            let _ = writeln!(text, "{indent}\"{}\" -> \"{}\"{ends};", quoted(&need.path), quoted(&step.path));
        }
    }
}

/// A text as a name within double quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}

/// A text as a label within double quotes, in which entities mean something.
fn shown(text: &str) -> String {
    quoted(&text.replace('&', "&amp;"))
}
