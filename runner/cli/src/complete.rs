//! What a shell may complete: workflows, step types, runs, and the paths of a run's steps.
//!
//! The shell starts this binary with `COMPLETE` in its environment; the words so far are its arguments.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;
use runner_core::Event;
use runner_engine::driver::Entry;
use runner_engine::ledger::{RunFolder, Runs, read, read_state};

use crate::args::Cli;
use crate::library::Workflows;
use crate::past;

/// The variable by which a shell asks.
pub(crate) const ASKED: &str = "COMPLETE";

/// How many runs are offered.
const RUNS: usize = 20;

/// Answers a shell that asks for completions; does nothing else than look for a variable where none does.
pub(crate) fn answer() {
    if std::env::var_os(ASKED).is_some() {
        CompleteEnv::with_factory(Cli::command).var(ASKED).complete();
    }
}

/// Workflows by name; what has a `/` or begins with a dot is completed as a path.
pub(crate) fn workflows(word: &OsStr) -> Vec<CompletionCandidate> {
    let word = word.to_string_lossy();
    if word.contains('/') || word.starts_with('.') {
        return paths(&word);
    }
    let names = project().map(|project| Workflows::of(&project).names()).unwrap_or_default();
    beginning_with(&word, names.into_iter().map(|(name, _)| name))
}

/// Workflows that have tests.
pub(crate) fn tests() -> Vec<CompletionCandidate> {
    let tests = project().map(|project| Workflows::of(&project).tests()).unwrap_or_default();
    tests.into_iter().map(|(name, _)| CompletionCandidate::new(name)).collect()
}

/// Step types and their namespaces.
pub(crate) fn step_types() -> Vec<CompletionCandidate> {
    let types = runner_steps::all();
    let offered = types.iter().map(|step| CompletionCandidate::new(step.name).help(Some(step.summary().into())));
    offered.collect()
}

/// Runs, the newest first.
pub(crate) fn runs() -> Vec<CompletionCandidate> {
    let folders = project().and_then(|project| Runs::of(&project).list().ok()).unwrap_or_default();
    let offered = folders.into_iter().take(RUNS).map(|folder| {
        let glimpse = past::glimpse(&folder).ok().flatten();
        CompletionCandidate::new(folder.id()).help(glimpse.map(|run| run.standing.word().into()))
    });
    offered.collect()
}

/// The steps of the run that another word names, else of the newest, that have run.
pub(crate) fn steps() -> Vec<CompletionCandidate> {
    let Some(folder) = run_in_question() else { return Vec::new() };
    let facts = read::<Entry>(folder.path()).unwrap_or_default();
    let mut paths: Vec<String> = Vec::new();
    for fact in &facts {
        if let Event::AttemptStarted { path, .. } = &fact.event.event
            && !paths.iter().any(|known| known == path.as_str())
        {
            paths.push(path.to_string());
        }
    }
    paths.into_iter().map(CompletionCandidate::new).collect()
}

/// Keys of the state.
pub(crate) fn keys() -> Vec<CompletionCandidate> {
    let tree = project().and_then(|project| read_state(Runs::of(&project).home()).ok());
    let keys = tree.as_ref().map(crate::command::state_keys).unwrap_or_default();
    keys.into_iter().map(CompletionCandidate::new).collect()
}

fn run_in_question() -> Option<RunFolder> {
    let runs = Runs::of(&project()?);
    let named = words().into_iter().find_map(|word| (word.len() > 3).then(|| runs.find(&word).ok()).flatten());
    named.or_else(|| runs.list().ok()?.into_iter().find(RunFolder::has_begun))
}

fn project() -> Option<PathBuf> {
    let words = words();
    let given = words.iter().position(|word| word == "--project").and_then(|at| words.get(at + 1));
    crate::project::find(given.map(std::path::Path::new)).ok()
}

/// The words on the command line that is being completed.
fn words() -> Vec<String> {
    std::env::args().skip_while(|word| word != "--").skip(1).collect()
}

fn beginning_with(word: &str, names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    names.filter(|name| name.starts_with(word)).map(CompletionCandidate::new).collect()
}

/// Folders and workflow files.
fn paths(word: &str) -> Vec<CompletionCandidate> {
    let (folder, begin) = word.rsplit_once('/').map_or((".", word), |(folder, begin)| (folder, begin));
    let inside = if folder.is_empty() { "/" } else { folder };
    let entries = std::fs::read_dir(inside).into_iter().flatten().flatten();
    let offered = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_folder = entry.path().is_dir();
        let ending = std::path::Path::new(&name).extension().and_then(OsStr::to_str);
        let fits = name.starts_with(begin) && (is_folder || matches!(ending, Some("yaml" | "yml")));
        let ending = if is_folder { "/" } else { "" };
        fits.then(|| CompletionCandidate::new(format!("{folder}/{name}{ending}")))
    });
    offered.collect()
}

/// What a shell reads to be able to ask.
pub(crate) fn registration(shell: &str) -> Option<Vec<u8>> {
    let shells = clap_complete::env::Shells::builtins();
    let mut script = Vec::new();
    shells.completer(shell)?.write_registration(ASKED, "runner", "runner", "runner", &mut script).ok()?;
    Some(script)
}

/// The shells that can ask.
pub(crate) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];
