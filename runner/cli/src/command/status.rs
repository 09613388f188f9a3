//! `runner status`.

use std::path::Path;

use runner_core::{Doing, Form, Node, Phase, Role, State, Status};
use runner_keeper::receipts;
use serde_json::{Value, json};

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::past::{self, Past, Standing};
use crate::words;

/// How many steps of one kind are named.
const NAMED: usize = 10;

/// Tells how a run stands, on one screen.
pub(crate) fn status(project: &Path, args: &args::Status) -> Result<Exit, Refusal> {
    let past = Past::open(past::choose(project, args.run.as_deref())?)?;
    let standing = past.standing()?;
    match args.output {
        args::Shape::Json => output::line(as_json(&past, standing)?.to_string()),
        args::Shape::Text => output::print(&words::table(&as_rows(&past, standing)?)),
    }
    Ok(Exit::Done)
}

/// How many steps are how far. Groups and items do not count beside what they hold.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    succeeded: usize,
    failed: usize,
    skipped: usize,
    cancelled: usize,
    undone: usize,
    running: usize,
    pending: usize,
}

fn count(state: &State) -> Count {
    let mut count = Count::default();
    for node in leaves(state) {
        count.all += 1;
        *match node.status {
            Status::Succeeded => &mut count.succeeded,
            Status::Failed => &mut count.failed,
            Status::Skipped => &mut count.skipped,
            Status::Cancelled => &mut count.cancelled,
            Status::Undone => &mut count.undone,
            Status::Active => &mut count.running,
            Status::Pending => &mut count.pending,
        } += 1;
    }
    count
}

/// What is worth counting: a step with work of its own, and a group or foreach that was never entered.
fn leaves(state: &State) -> impl Iterator<Item = &Node> {
    state.nodes().map(|(_, node)| node).filter(|node| {
        let holds = node.children().next().is_some();
        node.role != Role::Root && !holds && (matches!(node.form, Form::Leaf(_)) || node.status != Status::Active)
    })
}

/// The steps in doubt: the path, the attempt, and why.
fn doubts(state: &State) -> Vec<(String, u32, String)> {
    let doubt = |node: &Node| match &node.leaf()?.doing {
        Doing::InDoubt { attempt, why, .. } if matches!(node.status, Status::Active | Status::Succeeded) => {
            Some((node.path.to_string(), *attempt, why.clone()))
        }
        _ => None,
    };
    state.nodes().filter_map(|(_, node)| doubt(node)).collect()
}

/// The steps that wait for a person's answer, and what is asked.
fn questions(state: &State) -> Vec<(String, Value)> {
    let asks = state.nodes().map(|(_, node)| node).filter(|node| node.asks());
    asks.filter_map(|node| Some((node.path.to_string(), node.question.as_ref()?.asked.clone()))).collect()
}

/// The steps that could not be undone, and why.
fn stuck(state: &State) -> Vec<(String, String)> {
    let stuck = |node: &Node| Some((node.path.to_string(), node.leaf()?.stuck.as_ref()?.message.clone()));
    state.nodes().filter_map(|(_, node)| stuck(node)).collect()
}

fn running(state: &State) -> Vec<(&Node, String)> {
    let doing = |node: &Node| match &node.leaf()?.doing {
        Doing::Running { attempt, .. } => Some(format!("attempt {attempt}")),
        Doing::Waiting => Some(format!("waits after attempt {}", node.attempts())),
        _ => None,
    };
    state.nodes().filter_map(|(_, node)| Some((node, doing(node)?))).collect()
}

/// When the present state began.
fn since(past: &Past, standing: Standing) -> u64 {
    let facts = past.facts.iter().rev();
    let begins = |fact: &&runner_engine::ledger::Record<runner_engine::driver::Entry>| {
        use runner_core::Event::{CancelRequested, InterruptRequested, LifeStarted, UndoRequested};
        match standing {
            Standing::Running => matches!(fact.event.event, LifeStarted { .. }),
            Standing::Stopping => matches!(fact.event.event, InterruptRequested { .. }),
            Standing::Cancelling => matches!(fact.event.event, CancelRequested { .. }),
            Standing::Undoing => matches!(fact.event.event, UndoRequested { .. }),
            Standing::Killed | Standing::Ended(_) => true,
        }
    };
    facts.clone().find(begins).or_else(|| past.facts.first()).map_or(0, |fact| fact.at)
}

fn as_rows(past: &Past, standing: Standing) -> Result<Vec<Vec<String>>, Refusal> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, text: String| rows.push(vec![name.to_owned(), words::harmless(&text)]);
    let now = drive::now();
    row("run", past.folder.id().to_owned());
    row("workflow", past.record.workflow.clone());
    let since = since(past, standing);
    row(
        "state",
        format!("{}, since {} ({} ago)", standing.word(), words::clock(since), words::elapsed(ago(now, since))),
    );
    row("started", format!("{}, round {}", words::clock(past.record.started), past.state.round()));
    row(
        "engine",
        match past.engine()? {
            Some(holder) if holder.is_stopped() => format!("process {}, which is stopped (SIGSTOP)", holder.pid),
            Some(holder) => format!("process {}, life {}", holder.pid, past.state.epoch()),
            None => "none".to_owned(),
        },
    );
    if standing == Standing::Killed
        && let Some(keeper) = keeper(past)
    {
        row("keeper", format!("process {keeper} still holds the run's processes"));
    }
    row("steps", counted(&count(&past.state)));
    let left = if standing == Standing::Killed { "was running" } else { "running" };
    for (node, doing) in running(&past.state).into_iter().take(NAMED) {
        let time = node.started.map(|started| words::elapsed(ago(now, started))).unwrap_or_default();
        row(
            left,
            if standing.is_live() {
                format!("{}: {doing}, {time}", node.path)
            } else {
                format!("{}: {doing}", node.path)
            },
        );
    }
    for node in leaves(&past.state).filter(|node| node.status == Status::Failed).take(NAMED) {
        let why = node.error.as_ref().map_or("failed", |error| error.message.as_str());
        row("failed", format!("{}: {why}", node.path));
    }
    let doubts = doubts(&past.state);
    for (path, attempt, why) in &doubts {
        row("in doubt", format!("{path}: attempt {attempt}: {why}"));
    }
    for (path, asked) in questions(&past.state) {
        row("asks", format!("{path}: {}", asked["message"].as_str().unwrap_or_default()));
    }
    for (path, error) in stuck(&past.state) {
        row("stuck", format!("{path} cannot be undone: {error}"));
    }
    if let Some(next) = next(past, standing, &doubts) {
        row("next", next);
    }
    Ok(rows)
}

/// What a person may do now.
fn next(past: &Past, standing: Standing, doubts: &[(String, u32, String)]) -> Option<String> {
    let id = past.folder.id();
    if let Some((path, _)) = questions(&past.state).first() {
        return Some(format!("runner approve {id} {path}"));
    }
    match (standing, doubts.first()) {
        (Standing::Ended(runner_core::End::Paused), Some((path, ..))) => {
            Some(format!("runner resume {id} --done {path}   or   --repeat {path}"))
        }
        _ if standing.is_live() || standing.is_over() => None,
        _ => Some(format!("runner resume {id}")),
    }
}

fn counted(count: &Count) -> String {
    let mut parts = vec![format!("{} of {} done", count.succeeded, count.all)];
    let others = [
        (count.running, "under way"),
        (count.failed, "failed"),
        (count.skipped, "skipped"),
        (count.cancelled, "cancelled"),
        (count.undone, "undone"),
        (count.pending, "to come"),
    ];
    parts.extend(others.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
    parts.join(", ")
}

fn ago(now: u64, then: u64) -> u64 {
    now.saturating_sub(then)
}

/// The process of a keeper that lives on without an engine.
fn keeper(past: &Past) -> Option<i32> {
    let receipts = receipts::read(past.folder.path()).ok()?;
    let keeper = receipts.keeper()?;
    let alive = runner_keeper::Holder {
        protocol: keeper.protocol,
        pid: keeper.pid,
        session: keeper.session,
        boot_id: keeper.boot_id.clone(),
        socket: None,
    };
    alive.is_alive().then_some(keeper.pid)
}

fn as_json(past: &Past, standing: Standing) -> Result<Value, Refusal> {
    let count = count(&past.state);
    let end = match past.state.phase() {
        Phase::Ended(end) => json!(end),
        _ => Value::Null,
    };
    let running: Vec<_> = running(&past.state)
        .into_iter()
        .map(|(node, _)| json!({"path": node.path, "attempt": node.attempts(), "started": node.started}))
        .collect();
    let failed: Vec<_> = leaves(&past.state)
        .filter(|node| node.status == Status::Failed)
        .map(|node| json!({"path": node.path, "error": node.error}))
        .collect();
    let doubts: Vec<_> = doubts(&past.state)
        .into_iter()
        .map(|(path, attempt, why)| json!({"path": path, "attempt": attempt, "why": why}))
        .collect();
    let asking: Vec<_> =
        questions(&past.state).into_iter().map(|(path, asked)| json!({"path": path, "asked": asked})).collect();
    let stuck: Vec<_> = stuck(&past.state).into_iter().map(|(path, why)| json!({"path": path, "why": why})).collect();
    Ok(json!({
        "v": 1,
        "id": past.folder.id(),
        "workflow": past.record.workflow,
        "state": standing.word(),
        "since": since(past, standing),
        "started": past.record.started,
        "round": past.state.round(),
        "live": standing.is_live(),
        "engine": past.engine()?.map(|holder| json!({"pid": holder.pid, "host": holder.host})),
        "end": end,
        "exit_code": past.state.exit_code(),
        "steps": {
            "all": count.all, "succeeded": count.succeeded, "failed": count.failed, "skipped": count.skipped,
            "cancelled": count.cancelled, "undone": count.undone, "running": count.running, "pending": count.pending,
        },
        "running": running,
        "failed": failed,
        "in_doubt": doubts,
        "stuck": stuck,
        "asking": asking,
        "folder": past.folder.path(),
    }))
}
