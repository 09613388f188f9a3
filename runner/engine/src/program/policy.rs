//! What the plan says of a step, from what its author wrote and what the file's `defaults` say.

use std::time::Duration;

use runner_core::{Compensation, Interrupted, Leaf, OnError, Retry, Until, When};
use runner_sdk::{Ability, StepType};

use super::definition::Uses;
use super::text::Decision;
use crate::language::ast;

/// The time between SIGTERM and SIGKILL where nobody says otherwise.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// The time between two polls where nobody says otherwise.
const EVERY: Duration = Duration::from_secs(5);

/// How often undoing is tried at least: what was begun there is not left half done because of a hiccup.
const UNDO_ATTEMPTS: u32 = 3;

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn leaf(step: &ast::Step, defaults: &ast::Defaults, of: &StepType) -> Leaf {
    Leaf {
        retry: retry(step.retry.as_ref(), defaults.retry.as_ref()),
        until: step.until.as_ref().map(|until| Until {
            every: millis(until.every.map_or(EVERY, |every| every.value)),
            within: until.within.map(|within| millis(within.value)),
        }),
        service: step.service.is_some(),
        interrupted: match (step.interrupted.map(|rule| rule.value), step.check.is_some()) {
            (Some(ast::Interrupted::Repeat), _) => Interrupted::Repeat,
            (Some(ast::Interrupted::Check), _) | (None, true) => Interrupted::Check,
            (None, false) if of.idempotent => Interrupted::Repeat,
            (Some(ast::Interrupted::Stop), _) | (None, false) => Interrupted::Stop,
        },
        waits: of.waits,
        undo: Compensation::default(),
        approval: of.can(Ability::Asks),
    }
}

/// A step's own fields go before those of `defaults`, one by one. A step without `retry` takes that of `defaults`.
fn retry(own: Option<&ast::Retry>, defaults: Option<&ast::Retry>) -> Retry {
    let mut retry = Retry::default();
    for layer in [defaults, own].into_iter().flatten() {
        retry.attempts = layer.attempts.map_or(retry.attempts, |attempts| attempts.value);
        retry.delay = layer.delay.map_or(retry.delay, |delay| millis(delay.value));
        retry.factor = layer.factor.map_or(retry.factor, |factor| factor.value);
        retry.max_delay = layer.max_delay.map_or(retry.max_delay, |delay| millis(delay.value));
        retry.jitter = layer.jitter.map_or(retry.jitter, |jitter| jitter.value);
        retry.when |= layer.when.is_some();
    }
    // Who wants the first wait to be longer than the longest that is usual wants all of them to be.
    retry.max_delay = retry.max_delay.max(retry.delay);
    retry
}

pub(super) fn on_error(step: &ast::Step, defaults: &ast::Defaults) -> OnError {
    match step.on_error.or(defaults.on_error).map(|rule| rule.value) {
        None | Some(ast::OnError::Stop | ast::OnError::Undo) => OnError::Stop,
        Some(ast::OnError::Continue) => OnError::Continue,
        Some(ast::OnError::Ignore) => OnError::Ignore,
    }
}

/// Whether a group or workflow undoes what it did when it fails.
pub(super) fn undoes(rule: Option<ast::Spanned<ast::OnError>>) -> bool {
    rule.is_some_and(|rule| rule.value == ast::OnError::Undo)
}

/// What takes back what a step did: its `undo`, else what its type knows.
pub(super) fn compensation(
    step: &ast::Step,
    defaults: &ast::Defaults,
    of: &StepType,
    undo: Option<&Uses>,
) -> Compensation {
    let repeats = match undo {
        // What is made from inputs is made again when it is wanted, and kept or not whoever made it.
        _ if step.service.is_some() || step.cache.is_some() => return Compensation::Nothing,
        Some(undo) => {
            undo.step.idempotent || step.interrupted.is_some_and(|rule| rule.value == ast::Interrupted::Repeat)
        }
        None if of.can(Ability::Undo) => true,
        None if of.can(Ability::Traceless) => return Compensation::Nothing,
        None => return Compensation::Stands,
    };
    let mut retry = retry(step.retry.as_ref(), defaults.retry.as_ref());
    retry.attempts = retry.attempts.max(UNDO_ATTEMPTS);
    Compensation::Undo { retry, repeats }
}

pub(super) fn when(decision: Option<&Decision>) -> When {
    match decision.map(|decision| decision.expression.mentions_status()) {
        None => When::Success,
        Some(calls) if calls.failure || calls.always => When::Status,
        Some(_) => When::Condition,
    }
}
