//! What happens because time passes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Keeper;
use crate::protocol::Reason;

/// How long after SIGKILL something that is still there is waited for.
const UNKILLABLE: Duration = Duration::from_secs(5);

/// How long SIGKILL is given before it is sent again.
const KILL_AGAIN: Duration = Duration::from_secs(1);

impl Keeper {
    /// The nearest moment at which [`Keeper::pass_deadlines`] has something to do.
    pub(super) fn nearest_deadline(&self) -> Option<Instant> {
        let attempts = self.attempts.values().flat_map(|attempt| {
            let look = attempt.outcome.as_ref().map(|outcome| outcome.look_at);
            let timeout = attempt.timeout.filter(|_| attempt.told.is_none() && attempt.outcome.is_none());
            [timeout, attempt.kill_at, look]
        });
        let engine = self.engine.as_ref().and_then(super::Engine::silent_until);
        let held = self.engine.as_ref().and_then(super::Engine::held_until);
        let alone = self.engine.is_none().then(|| {
            let first = (!self.met).then(|| self.lonely_since + self.options.first_patience);
            [first, self.services_until(), Some(Instant::now() + self.options.socket_check)]
        });
        attempts.chain([engine, held]).chain(alone.into_iter().flatten()).flatten().min()
    }

    /// Does what is due.
    pub(super) fn pass_deadlines(&mut self) {
        let now = Instant::now();
        if self.engine.is_none() {
            if self.services_until().is_some_and(|at| at <= now) {
                for attempt in self.attempts.values_mut().filter(|attempt| attempt.service) {
                    attempt.stop(Reason::Stopped);
                }
            }
            self.keep_socket();
        } else if self.engine.as_ref().and_then(super::Engine::silent_until).is_some_and(|at| at <= now) {
            self.part();
        } else if let Some(engine) = &mut self.engine
            && engine.held_until().is_some_and(|at| at <= now)
        {
            engine.flush();
        }
        let mut to_look_at = Vec::new();
        for (number, attempt) in &mut self.attempts {
            if attempt.told.is_none() && attempt.outcome.is_none() && attempt.timeout.is_some_and(|at| at <= now) {
                attempt.stop(Reason::TimedOut);
            }
            if attempt.kill_at.is_some_and(|at| at <= now) {
                attempt.signal(Signal::KILL);
                attempt.kill_at = Some(now + KILL_AGAIN);
                if let Some(outcome) = &mut attempt.outcome {
                    outcome.give_up_at.get_or_insert(now + UNKILLABLE);
                    outcome.look_at = now;
                }
            }
            if attempt.outcome.as_ref().is_some_and(|outcome| outcome.look_at <= now) {
                to_look_at.push(*number);
            }
        }
        for number in to_look_at {
            self.look_after(number);
        }
    }

    /// When services are stopped because no engine came back.
    fn services_until(&self) -> Option<Instant> {
        let kept = self.attempts.values().any(|attempt| attempt.service && attempt.told.is_none());
        (kept && self.engine.is_none()).then(|| self.lonely_since + self.options.service_patience)
    }

    /// Listens somewhere else if the socket was removed.
    fn keep_socket(&mut self) {
        let there = self.holder.socket.as_ref().is_some_and(|socket| socket.as_path().exists());
        if !there && !self.attempts.is_empty() {
            // Where that fails, it is tried again: engines find the keeper alive and mute until it works.
            let _ = self.listen_again();
        }
    }
}
