//! `runner why`: why a step ran, ran again, was skipped, kept, retried, or waits; from the journal.

use std::path::Path;

use runner_core::{
    Amendment, AttemptResult, Doing, Event, Node, NodeId, Purpose, Reason, Settled, State, Status, TimerKind,
};
use runner_engine::cache::Word;
use runner_engine::program::Definition;
use serde_json::json;

use crate::args::{self, Shape};
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::past::{self, Past};
use crate::words;

/// Tells why a step is as it is.
pub(crate) fn why(project: &Path, args: &args::Why) -> Result<Exit, Refusal> {
    let (past, id) = asked(project, args)?;
    say(&past, id, &told(&past, id), args.output);
    Ok(Exit::Done)
}

/// Tells whether the cache had a step, and if not, why.
pub(crate) fn cached(project: &Path, args: &args::Why) -> Result<Exit, Refusal> {
    let (past, id) = asked(project, args)?;
    let path = &past.state.node(id).path;
    let words = past.facts.iter().filter(|fact| about(&fact.event.event) == Some(path));
    let last = words.filter_map(|fact| fact.event.cache.as_ref()).next_back().map(said_by_cache);
    let step = past.state.node(id).step.map(|step| &past.program.steps[step]);
    let silent = match step.and_then(|step| step.cache.as_ref()) {
        Some(_) => "It was not looked up so far.",
        None => "It has no `cache`.",
    };
    say(&past, id, &[last.unwrap_or_else(|| silent.to_owned())], args.output);
    Ok(Exit::Done)
}

/// The run and the step that are asked for.
fn asked(project: &Path, args: &args::Why) -> Result<(Past, NodeId), Refusal> {
    let (run, step) = match &args.step {
        Some(step) => (Some(args.first.as_str()), step.as_str()),
        None => (None, args.first.as_str()),
    };
    let past = Past::open(past::choose(project, run)?)?;
    let path = runner_core::Path::parse(step);
    let Some(id) = past.state.find(&path) else {
        let known: Vec<_> = past.state.nodes().map(|(_, node)| node.path.as_str().to_owned()).collect();
        let near = runner_engine::diagnostic::did_you_mean(step, known.iter().map(String::as_str));
        let refusal = Refusal::new(Exit::Usage, format!("the run `{}` has no step `{step}` so far", past.folder.id()));
        return Err(near.into_iter().fold(refusal, Refusal::hint));
    };
    Ok((past, id))
}

fn say(past: &Past, id: NodeId, said: &[String], shape: Shape) {
    let node = past.state.node(id);
    if shape == Shape::Json {
        let line = json!({"v": 1, "run": past.folder.id(), "path": node.path, "status": node.status, "why": said});
        output::line(line.to_string());
    } else {
        for line in said {
            output::line(words::for_stdout(line));
        }
    }
}

fn said_by_cache(word: &Word) -> String {
    match word {
        Word::Kept { run, at } => format!(
            "Nothing was done: what it reads and makes was as the run `{run}` had left it at {}.",
            words::clock(*at)
        ),
        Word::Missed { why } => format!("The cache did not have it: {why}."),
    }
}

/// What led to a step's present state, a sentence each, in order.
fn told(past: &Past, id: NodeId) -> Vec<String> {
    let (state, path) = (&past.state, &past.state.node(id).path);
    let mut said = Vec::new();
    // Why the next attempt begins, as far as the facts before it tell.
    let mut cause: Option<String> = None;
    let mut finished = false;
    for fact in &past.facts {
        match &fact.event.event {
            Event::RoundStarted { round, .. } if finished => {
                said.push(format!("It was kept in round {round}: it had succeeded."));
            }
            Event::RoundStarted { round, .. } => cause = Some(format!("round {round} began")),
            Event::Revised { revision } => {
                let again = revision.amendments.iter().any(
                    |amendment| matches!(amendment, Amendment::Reopened { path: of } if of == path || words::is_in(path.as_str(), of.as_str())),
                );
                if again {
                    finished = false;
                    cause = Some("its definition or its inputs were changed, or what it depends on".to_owned());
                } else if finished {
                    said.push("It was kept after an edit: its definition and its inputs were the same.".to_owned());
                }
            }
            event if about(event) != Some(path) => {}
            Event::AttemptStarted { attempt, purpose, .. } => {
                let because = cause.take().unwrap_or_else(|| ended_before(state, id));
                let what = match purpose {
                    Purpose::Run => "It ran",
                    Purpose::Check => "It was looked whether it was done",
                    Purpose::Undo => "It was undone",
                };
                said.push(format!("{what} (attempt {attempt}), since {because}."));
            }
            Event::AttemptEnded { attempt, result, .. } => {
                said.extend(fact.event.cache.as_ref().map(said_by_cache));
                match result {
                    AttemptResult::Failed { error } => {
                        cause =
                            Some(format!("attempt {attempt} had failed, which may be tried again: {}", error.message));
                        said.push(format!("Attempt {attempt} failed: {}.", error.message));
                    }
                    AttemptResult::InDoubt { why } => {
                        cause =
                            Some(format!("attempt {attempt} was in doubt ({why}), and its `interrupted` rule says so"));
                        said.push(format!("Attempt {attempt} was in doubt: {why}."));
                    }
                    AttemptResult::NotStarted => {
                        cause = Some(format!("attempt {attempt} had not begun when the engine died"));
                    }
                    _ => {}
                }
            }
            Event::TimerSet { kind: TimerKind::Poll, .. } => cause = Some("its `until` did not hold yet".to_owned()),
            Event::ServiceLost { .. } => cause = Some("the service was gone, and something needs it".to_owned()),
            Event::StepReopened { .. } => {
                finished = false;
                cause = Some("it had been changed while it was under way".to_owned());
            }
            Event::DoubtSettled { attempt, settled, .. } => {
                let word = if matches!(settled, Settled::Repeat) { "to be done again" } else { "done" };
                said.push(format!("A person said that attempt {attempt} was {word}."));
                cause = Some("a person said that it is to be done again".to_owned());
            }
            Event::StepSkipped { reason, .. } => {
                finished = false;
                said.push(skipped(past, id, *reason));
            }
            Event::StepFinished { status, error, .. } => {
                finished = *status == Status::Succeeded;
                if *status == Status::Failed
                    && let Some(error) = error
                {
                    said.push(format!("It failed: {}.", error.message));
                }
            }
            _ => {}
        }
    }
    said.extend(standing(state, id));
    said
}

/// What it does or waits for now.
fn standing(state: &State, id: NodeId) -> Option<String> {
    let node = state.node(id);
    match (node.status, node.leaf().map(|leaf| &leaf.doing)) {
        (Status::Pending, _) => {
            let waits = names(state, state.needs_of(id).filter(|need| !state.node(*need).status.is_end()));
            Some(match waits {
                Some(waits) => format!("It waits for {waits}."),
                None => "It waits for its turn.".to_owned(),
            })
        }
        (Status::Active, Some(Doing::Running { attempt, .. })) => Some(format!("Attempt {attempt} is under way.")),
        (Status::Active, Some(Doing::Waiting)) => Some("It waits for its next attempt.".to_owned()),
        (Status::Active, Some(Doing::InDoubt { why, .. })) => {
            Some(format!("It waits for a person: {why}; `runner resume --done {0}` or `--repeat {0}`.", node.path))
        }
        (Status::Succeeded, _) => Some("It has succeeded.".to_owned()),
        _ => None,
    }
}

fn skipped(past: &Past, id: NodeId, reason: Reason) -> String {
    let state = &past.state;
    match reason {
        Reason::Condition => {
            let definition: Option<&Definition> = state.node(id).step.map(|step| &past.program.steps[step]);
            let when = definition.and_then(|definition| definition.when.as_ref());
            let when = when.map(|when| when.expression.source().to_owned()).unwrap_or_default();
            format!("It was skipped, since its condition did not hold: `{when}`.")
        }
        Reason::LeftOut => {
            let said = past.record.select.said();
            format!("It was left out, as the run was asked for{said} only.")
        }
        Reason::Need => match names(state, state.needs_of(id).filter(|need| ill(state.node(*need)))) {
            Some(needs) => format!("It was skipped, since what it needs did not succeed: {needs}."),
            None => "It was skipped, since what it needs had not succeeded.".to_owned(),
        },
        Reason::Stopped => {
            let list = state.node(id).parent.map(|parent| state.node(parent).children().collect::<Vec<_>>());
            let failed = list.unwrap_or_default().into_iter().filter(|step| state.node(*step).status == Status::Failed);
            match names(state, failed) {
                Some(failed) => format!("It was skipped, since its list was stopped by a failure: {failed}."),
                None => "It was skipped, since its list had been stopped by a failure.".to_owned(),
            }
        }
    }
}

fn ill(node: &Node) -> bool {
    matches!(node.status, Status::Failed | Status::Cancelled)
        || node.status == Status::Skipped && !matches!(node.reason, Some(Reason::Condition | Reason::LeftOut))
}

/// Why the first attempt began.
fn ended_before(state: &State, id: NodeId) -> String {
    match names(state, state.needs_of(id)) {
        Some(needs) => format!("what it needs had ended: {needs}"),
        None => "it needs nothing before it".to_owned(),
    }
}

fn names(state: &State, steps: impl Iterator<Item = NodeId>) -> Option<String> {
    let names: Vec<_> = steps.map(|step| format!("`{}`", state.node(step).path)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The step that a fact is about.
fn about(event: &Event) -> Option<&runner_core::Path> {
    match event {
        Event::AttemptStarted { path, .. }
        | Event::AttemptEnded { path, .. }
        | Event::TimerSet { path, .. }
        | Event::ServiceLost { path, .. }
        | Event::StepReopened { path }
        | Event::DoubtSettled { path, .. }
        | Event::StepSkipped { path, .. }
        | Event::StepFinished { path, .. } => Some(path),
        _ => None,
    }
}
