//! The world of a test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runner_core::{AttemptResult, ErrorKind, Path, Purpose, StepError};
use runner_sdk::world::Files;
use runner_sdk::{Context, Future, Kind};

use super::clock::Clock;
use super::double::Doubles;
use super::file::Victim;
use crate::driver::{self, Attempt, Begun, Stopper, World};

/// Types that are done as they stand: they touch nothing but the run itself, and the state that the test gave.
const REAL: [&str; 6] = ["assert.that", "log.print", "state.append", "state.get", "state.remove", "state.set"];

/// What stands in for steps, by path or type.
pub(super) type Parts = BTreeMap<String, Doubles>;

/// The world of a test.
pub(super) struct Stage {
    /// What the types that are done as they stand are given.
    behind: Arc<dyn World>,
    clock: Arc<Clock>,
    /// Those of the test, then those of its file.
    parts: [Parts; 2],
    /// What stands in where a step is asked whether it was done, and where what it did is taken back.
    checks: Parts,
    undo: Parts,
    scene: Mutex<Scene>,
}

/// What has happened so far.
#[derive(Default)]
struct Scene {
    /// How many attempts have begun, by path.
    begun: BTreeMap<String, usize>,
    /// The attempts that have begun, in every life.
    attempts: BTreeMap<(String, u32), Under>,
    /// What is wrong with the test, once each.
    trouble: BTreeSet<String>,
}

/// An attempt that has begun.
struct Under {
    /// When it ends, or is ready.
    until: u64,
    result: AttemptResult,
    service: bool,
    process: bool,
}

impl Stage {
    pub(super) fn new(
        behind: Arc<dyn World>,
        clock: Arc<Clock>,
        parts: [Parts; 2],
        [checks, undo]: [Parts; 2],
    ) -> Self {
        Self { behind, clock, parts, checks, undo, scene: Mutex::default() }
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is wrong with the test.
    pub(super) fn trouble(&self) -> Vec<String> {
        self.scene().trouble.iter().cloned().collect()
    }

    /// Something goes down: what was under way in it has not been done, or nobody knows.
    pub(super) fn crash(&self, victim: Victim) {
        let now = self.clock.now();
        let scene = &mut *self.scene();
        scene.attempts.retain(|(path, _), under| {
            let lives = under.process && victim == Victim::Engine;
            if !lives && under.until > now {
                // Its double has not been used up.
                scene.begun.entry(path.clone()).and_modify(|begun| *begun -= 1);
            }
            lives
        });
    }

    fn part(&self, path: &str, step_type: &str) -> Option<&Doubles> {
        let bare = bare(path);
        let keys = [path, &bare, step_type];
        keys.iter().find_map(|key| self.parts.iter().find_map(|parts| parts.get(*key)))
    }
}

/// A path without the keys of its items.
fn bare(path: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        depth = match c {
            '[' => depth + 1,
            ']' => depth.saturating_sub(1),
            _ => return depth == 0,
        };
        false
    };
    path.chars().filter(outside).collect()
}

impl World for Stage {
    fn context(&self, attempt: Attempt) -> (Context, Stopper) {
        self.behind.context(attempt)
    }

    fn files(&self) -> Arc<dyn Files> {
        self.behind.files()
    }

    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Future<'static, ()> {
        Box::pin(self.clock.sleep(duration))
    }

    fn doubles(&self) -> Option<&dyn driver::Doubles> {
        Some(self)
    }
}

impl driver::Doubles for Stage {
    fn begin(&self, begun: &Begun<'_>) -> Option<driver::Double> {
        let (path, of) = (begun.path.as_str(), begun.rendered.step);
        let failed = |kind, message: String| driver::Double {
            after: Duration::ZERO,
            result: AttemptResult::Failed { error: StepError::new(kind, message) },
        };
        let beside = |parts: &Parts| parts.get(path).or_else(|| parts.get(&bare(path))).cloned();
        let (doubles, counted) = match begun.purpose {
            Purpose::Check => match beside(&self.checks) {
                Some(check) => (check, format!("{path} check")),
                None => return Some(failed(ErrorKind::Permanent, "it is not done".to_owned())),
            },
            Purpose::Undo => match beside(&self.undo) {
                Some(undo) => (undo, format!("{path} undo")),
                None if REAL.contains(&of.name) => return None,
                None => return Some(done()),
            },
            Purpose::Run => match self.part(path, of.name) {
                Some(part) => (part.clone(), path.to_owned()),
                None if REAL.contains(&of.name) => return None,
                None => {
                    let message = format!("nothing stands in for `{path}` (`{}`)", of.name);
                    self.scene().trouble.insert(message.clone());
                    return Some(failed(ErrorKind::Permanent, message));
                }
            },
        };
        let mut scene = self.scene();
        let number = scene.begun.entry(counted).or_default();
        let double = doubles.nth(*number)?;
        *number += 1;
        let (after, result) = match double.result(path, begun.attempt, begun.rendered) {
            Ok(result) => (double.after(), result),
            Err(wrong) => {
                let message = format!("what stands in for `{path}` is wrong: {wrong}");
                scene.trouble.insert(message.clone());
                return Some(failed(ErrorKind::Permanent, message));
            }
        };
        if begun.purpose == Purpose::Run {
            let under = Under {
                until: self.clock.now() + u64::try_from(after.as_millis()).unwrap_or_default(),
                result: result.clone(),
                service: begun.service,
                process: of.kind == Kind::Process,
            };
            scene.attempts.insert((path.to_owned(), begun.attempt), under);
        }
        Some(driver::Double { after, result })
    }

    fn again(&self, path: &Path, attempt: u32) -> Option<driver::Double> {
        let scene = self.scene();
        let under = scene.attempts.get(&(path.as_str().to_owned(), attempt))?;
        let left = under.until.saturating_sub(self.clock.now());
        (left > 0 || under.service)
            .then(|| driver::Double { after: Duration::from_millis(left), result: under.result.clone() })
    }
}

/// What takes nothing and gives nothing.
fn done() -> driver::Double {
    driver::Double { after: Duration::ZERO, result: AttemptResult::Succeeded { output: serde_json::Value::Null } }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_without_keys_is_that_of_all_items() {
        for (path, expected) in [("a", "a"), ("site[alpha]/verify", "site/verify"), ("a[x[1]]/b[2]", "a/b")] {
            assert_eq!(super::bare(path), expected);
        }
    }
}
