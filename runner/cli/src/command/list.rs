//! `runner list`.

use std::path::Path;

use runner_engine::diagnostic::Sink;
use runner_engine::language;
use runner_engine::program::Library;
use serde_json::json;

use crate::args;
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;
use crate::words;

/// Lists the workflows there are.
pub(crate) fn list(project: &Path, args: &args::List) -> Exit {
    let library = Workflows::of(project);
    let mut rows = vec![["WORKFLOW", "FROM", "DESCRIPTION"].map(str::to_owned).to_vec()];
    for (name, path) in library.names() {
        let opened = library.open(&name, None);
        let mut sink = Sink::new();
        let (key, parsed) = match &opened {
            Ok(opened) => (opened.key.clone(), language::parse(&opened.source, &mut sink)),
            Err(_) => (name.clone(), None),
        };
        let described = parsed.as_ref().and_then(|workflow| workflow.description.as_ref());
        let description = described.map(|description| description.value.clone()).unwrap_or_default();
        if args.output == args::Shape::Json {
            let line = json!({
                "name": name, "builtin": path.is_none(), "file": path, "description": description,
                "valid_so_far": opened.is_ok() && !sink.has_errors(),
            });
            output::line(line.to_string());
            continue;
        }
        let first = description.lines().next().unwrap_or_default();
        let about = if opened.is_err() || sink.has_errors() {
            format!("(has mistakes: `runner validate {name}` tells them)")
        } else {
            first.to_owned()
        };
        let from = if path.is_some() { key } else { "built in".to_owned() };
        rows.push(vec![words::harmless(&name), words::harmless(&from), words::harmless(&about)]);
    }
    if args.output == args::Shape::Text {
        output::print(&words::table(&rows));
    }
    Exit::Done
}
