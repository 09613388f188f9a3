//! What the steps of a list wait for.
//!
//! A step without `needs` follows the one before it, and only that one; `needs: []` waits for nothing, `needs: [a, b]` for
//! those, `needs: all` for everything above it in its list.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::ast::{Needs, Step};
use crate::diagnostic::{Diagnostic, Sink, Source, did_you_mean};

/// So many needs of one list are followed, written and implied; `needs: all` in each step of a long list makes more.
const NEEDS: usize = 1_000_000;
/// In a longer list no similar name is looked for.
const SEARCHED: usize = 1_000;

/// Fills in [`Step::follows`] and reports unknown names, cycles, and branches that nothing waits for.
///
/// `body` are the ids of the list before a `finally`, for its message.
pub fn resolve(source: &Arc<Source>, steps: &mut [Step], body: &[&str], sink: &mut Sink) {
    let mut index: HashMap<String, usize> = HashMap::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        index.entry(step.id.value.clone()).or_insert(at);
    }
    let mut known = true;
    let mut count = 0;
    for at in 0..steps.len() {
        if count > NEEDS {
            let message = format!("the steps of this list have too many needs: more than {NEEDS}");
            sink.push(Diagnostic::error(source, steps[at].id.span, message));
            return;
        }
        let follows = match &steps[at].needs {
            Needs::Previous => at.checked_sub(1).into_iter().collect(),
            Needs::All(_) => (0..at).collect(),
            Needs::These(ids, _) => {
                let mut follows = BTreeSet::new();
                for id in ids {
                    if let Some(need) = index.get(&id.value) {
                        follows.insert(*need);
                        continue;
                    }
                    known = false;
                    let message = format!("there is no step `{}` in this list", id.value);
                    let hint = if body.contains(&id.value.as_str()) {
                        Some("the steps of `finally` follow the whole body anyway".to_owned())
                    } else if steps.len() > SEARCHED {
                        None
                    } else {
                        did_you_mean(&id.value, steps.iter().map(|step| step.id.value.as_str()))
                    };
                    sink.push(Diagnostic::error(source, id.span, message).maybe_hint(hint));
                }
                follows.into_iter().collect::<Vec<_>>()
            }
        };
        count += follows.len();
        steps[at].follows = follows;
    }
    if !cycle(source, steps, sink) && known {
        unawaited(source, steps, sink);
    }
}

/// Reports a cycle, if there is one.
fn cycle(source: &Arc<Source>, steps: &[Step], sink: &mut Sink) -> bool {
    // 0: not yet looked at, 1: on the way that is being followed, 2: done. Iterative, since lists may be long.
    let mut state = vec![0_u8; steps.len()];
    let mut found = false;
    for start in 0..steps.len() {
        let mut way: Vec<(usize, usize)> = Vec::new();
        if state[start] == 0 {
            state[start] = 1;
            way.push((start, 0));
        }
        while let Some((at, next)) = way.pop() {
            let Some(need) = steps[at].follows.get(next).copied() else {
                state[at] = 2;
                continue;
            };
            way.push((at, next + 1));
            match state[need] {
                0 => {
                    state[need] = 1;
                    way.push((need, 0));
                }
                1 => {
                    found = true;
                    let from = way.iter().position(|(step, _)| *step == need).unwrap_or_default();
                    let ring: Vec<usize> = way[from..].iter().map(|(step, _)| *step).collect();
                    sink.push(ring_of(source, steps, &ring));
                }
                _ => {}
            }
        }
    }
    found
}

fn ring_of(source: &Arc<Source>, steps: &[Step], ring: &[usize]) -> Diagnostic {
    // Shown from its first step in the file on.
    let first = ring.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(at, _)| at);
    let ring: Vec<usize> = ring[first..].iter().chain(&ring[..first]).copied().collect();
    let names: Vec<&str> = ring.iter().chain(ring.first()).map(|step| steps[*step].id.value.as_str()).collect();
    let way = match names.len() {
        0..=12 => names.join(" → "),
        more => format!("{} → … ({} more) … → {}", names[..6].join(" → "), more - 12, names[more - 6..].join(" → ")),
    };
    let span = ring.first().map_or_else(Default::default, |step| match &steps[*step].needs {
        Needs::These(ids, span) => ids.iter().find(|id| id.value == names[1]).map_or(*span, |id| id.span),
        Needs::All(span) => *span,
        Needs::Previous => steps[*step].id.span,
    });
    let message = if ring.len() == 1 {
        format!("the step waits for itself: {way}")
    } else {
        format!("the steps wait for each other: {way}")
    };
    let implied = ring.iter().find(|step| matches!(steps[**step].needs, Needs::Previous));
    let hint = implied.map(|step| {
        let (this, before) =
            (&steps[*step].id.value, steps.get(step.wrapping_sub(1)).map_or("", |step| &step.id.value));
        format!("`{this}` has no `needs`, so it follows `{before}`")
    });
    Diagnostic::error(source, span, message).maybe_hint(hint)
}

/// Warns of a branch that ends before the list does: steps below go on, and nothing waits for it.
///
/// Steps that fan out from the same needs, and lists in which nothing waits for anything, are meant so.
fn unawaited(source: &Arc<Source>, steps: &[Step], sink: &mut Sink) {
    let mut awaited = vec![false; steps.len()];
    for need in steps.iter().flat_map(|step| &step.follows) {
        awaited[*need] = true;
    }
    // For each step that waits for others: the next such step whose needs are not the same.
    let waiting: Vec<usize> = (0..steps.len()).filter(|at| !steps[*at].follows.is_empty()).collect();
    let mut different = vec![waiting.len(); waiting.len()];
    for at in (1..waiting.len()).rev() {
        let same = steps[waiting[at - 1]].follows == steps[waiting[at]].follows;
        different[at - 1] = if same { different[at] } else { at };
    }
    for (at, step) in steps.iter().enumerate().filter(|(at, _)| !awaited[*at]) {
        // Nothing needs it, so nothing reaches it: a later step that waits for others goes on without it.
        let next = waiting.partition_point(|waiting| *waiting <= at);
        let Some(first) = waiting.get(next) else { continue };
        let goes_on = if steps[*first].follows == step.follows { waiting.get(different[next]) } else { Some(first) };
        let Some(other) = goes_on.map(|other| &steps[*other]) else { continue };
        let others: Vec<_> = other.follows.iter().take(5).map(|need| format!("`{}`", steps[*need].id.value)).collect();
        let message = format!("nothing waits for `{}`", step.id.value);
        let hint = format!(
            "`{}` follows only {}; give it `needs: all` or name `{}` there, if it should wait",
            other.id.value,
            others.join(" and "),
            step.id.value
        );
        sink.push(Diagnostic::warning(source, step.id.span, message).hint(hint));
    }
}
