//! How many facts a second the core makes. Nothing is asserted: machines differ.

use std::time::Instant;

use runner_core::{Change, Effect, End, Input, Machine, Phase};
use serde_json::Value;

use crate::build::{S, plan, s};
use crate::script::Script;

#[expect(clippy::print_stderr, reason = "the numbers are for people")]
fn measure(name: &str, steps: Vec<S>, script: &Script) {
    let mut machine = Machine::new(plan(steps, vec![]));
    let mut running = std::collections::VecDeque::new();
    let begun = Instant::now();
    let mut facts = machine.handle(Input::Start { record: Value::Null, seed: 1, parallel: 8 }, 0, script).len();
    loop {
        for change in machine.take_changes() {
            if let Change::Begin(Effect::Execute { path, attempt, .. }) = change {
                running.push_back((path, attempt));
            }
        }
        let Some((path, attempt)) = running.pop_front() else { break };
        let result = script.outcome_of(&path, 0).result(&path);
        facts += machine.handle(Input::Finished { path, attempt, result }, 0, script).len();
    }
    assert!(matches!(machine.state().phase(), Phase::Ended(End::Succeeded | End::Failed)), "{name}");
    let per_fact = begun.elapsed() / u32::try_from(facts).unwrap_or(u32::MAX);
    eprintln!("{name}: {facts} facts, {per_fact:?} each");
}

#[test]
fn ten_thousand_steps() {
    let named = |at: usize| s(&format!("s{at}"));
    let many = 10_000;
    let independent = || (0..many).map(|at| named(at).needs(&[])).collect::<Vec<_>>();
    measure("a chain", (0..many).map(named).collect(), &Script::default());
    measure("independent steps", independent(), &Script::default());
    let fails = Script::default().outcome("s100", &[crate::script::Outcome::Permanent]);
    measure("independent steps of which one fails", independent(), &fails);
    measure("a chain whose start fails", (0..many).map(named).collect(), &fails);
    let keys: Vec<_> = (0..many).map(|at| format!("k{at}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let items = Script::default().items("e", &keys);
    measure("a foreach four at a time", vec![s("e").each(Some(4))], &items);
}
