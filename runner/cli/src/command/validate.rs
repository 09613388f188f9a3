//! `runner validate`.

use std::path::Path;

use runner_engine::diagnostic::{self, Diagnostic, Severity, Sink};
use runner_engine::program::{Library, compile};

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;

/// Checks workflows.
pub(crate) fn validate(project: &Path, args: &args::Validate) -> Exit {
    let library = Workflows::of(project);
    let names = if args.workflows.is_empty() {
        library.names().into_iter().map(|(name, _)| name).collect()
    } else {
        args.workflows.clone()
    };
    let mut exit = Exit::Done;
    let here = std::env::current_dir().ok();
    for name in names {
        let opened = match library.open(&name, here.as_deref()) {
            Ok(opened) => opened,
            Err(error) => {
                let trouble = library.trouble(&name, here.as_deref());
                if trouble.is_empty() {
                    let refusal = Refusal::invalid(error.message);
                    error.hint.into_iter().fold(refusal, Refusal::hint).tell();
                }
                tell(&trouble, args.json);
                exit = Exit::Invalid;
                continue;
            }
        };
        let key = opened.key.clone();
        let mut sink = Sink::new();
        compile(opened, &library, &drive::registry(project), &mut sink);
        let found = sink.finish();
        let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
        tell(&found, args.json);
        if errors > 0 {
            exit = Exit::Invalid;
        } else if !args.json {
            output::line(format!("{key}: valid"));
        }
    }
    exit
}

fn tell(found: &[Diagnostic], json: bool) {
    if json {
        for diagnostic in diagnostic::to_json(found).as_array().into_iter().flatten() {
            output::line(diagnostic.to_string());
        }
    } else {
        drive::show(found);
    }
}
