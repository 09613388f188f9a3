//! The command line: the only place where engine, host and steps meet.
//!
//! `main` looks first for the two hidden commands by which this binary runs itself again: the keeper of a run, and the
//! serving half of a built-in service. Both start in under a millisecond and touch nothing else.

mod args;
mod ask;
mod command;
mod complete;
mod defect;
mod drive;
mod edit;
mod event;
mod exit;
mod follow;
mod hold;
mod lane;
mod library;
mod output;
mod past;
mod person;
mod project;
mod report;
mod service;
mod watch;
mod words;
mod world;

use std::path::Path;
use std::process::ExitCode;

/// A quarter of what a step costs the engine is memory that comes and goes; the C library's allocator takes twice as long.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    defect::attend();
    let mut words = std::env::args_os().skip(1);
    match (words.next(), words.next()) {
        (Some(word), Some(folder)) if word == drive::KEEPER => {
            let code = runner_keeper::run(Path::new(&folder), &runner_keeper::Options::default());
            ExitCode::from(code)
        }
        (Some(word), Some(name)) if word == drive::SERVICE => service::serve(&name.to_string_lossy()),
        _ => {
            complete::answer();
            command::main()
        }
    }
}
