//! What the plan says of a step, from what its author wrote and what the file's `defaults` say.

use std::time::Duration;

use runner_core::{Interrupted, Leaf, OnError, Retry, Until, When};
use runner_sdk::StepType;

use super::text::Decision;
use crate::language::ast;

/// The time between SIGTERM and SIGKILL where nobody says otherwise.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// The time between two polls where nobody says otherwise.
const EVERY: Duration = Duration::from_secs(5);

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
        undo: runner_core::Compensation::default(),
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
    retry
}

pub(super) fn on_error(step: &ast::Step, defaults: &ast::Defaults) -> OnError {
    match step.on_error.or(defaults.on_error).map(|rule| rule.value) {
        None | Some(ast::OnError::Stop) => OnError::Stop,
        Some(ast::OnError::Continue) => OnError::Continue,
        Some(ast::OnError::Ignore) => OnError::Ignore,
    }
}

pub(super) fn when(decision: Option<&Decision>) -> When {
    match decision.map(|decision| decision.expression.mentions_status()) {
        None => When::Success,
        Some(calls) if calls.failure || calls.always => When::Status,
        Some(_) => When::Condition,
    }
}
