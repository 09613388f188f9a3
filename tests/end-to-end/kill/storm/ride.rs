//! A run through the storm.

use std::time::Duration;

use super::{Calm, Storm, Tally, Victim, verdict};
use crate::kill::random::Random;
use crate::kill::trace;
use crate::support::{Ended, Life};

/// How many lives a run may have before it is left in peace.
const LIVES: usize = 400;

impl Storm {
    /// Runs it, with at most `most` kills, and gives what happened.
    pub(in crate::kill) fn ride(self, random: &mut Random, victims: &[Victim], most: usize, calm: &Calm) -> Tally {
        let mut tally = Tally { runs: 1, ..Tally::default() };
        let mut words: Vec<String> = vec!["run".into(), "storm".into()];
        loop {
            tally.lives += 1;
            assert!(tally.lives < LIVES, "it does not come to its end: {}", self.project.path().display());
            let life = self.project.spawn(&words.iter().map(String::as_str).collect::<Vec<_>>());
            let ended = if tally.kills < most {
                self.strike(life, random.instant(), *random.of(victims), &mut tally)
            } else {
                Some(life.end())
            };
            if ended.is_none() && self.has_begun() && self.project.journal().end() == "succeeded" {
                // Killed after its last fact.
                break;
            }
            let Some(ended) = ended else {
                words = vec![if self.has_begun() { "resume" } else { "run" }.into()];
                if words[0] == "run" {
                    words.push("storm".into());
                }
                continue;
            };
            tally.hear(&ended.stderr);
            match ended.code {
                0 => break,
                22 => {
                    tally.paused += 1;
                    words = self.decide();
                }
                _ => panic!("it ended badly: {ended}\n{:#?}", self.project.journal().records.last()),
            }
        }
        verdict::hold(&self.project, calm, &mut tally);
        tally
    }

    fn has_begun(&self) -> bool {
        !self.project.runs().is_empty() && self.project.journal().of("run_started").count() > 0
    }

    /// Kills in the middle of a life; gives its end if it came of itself.
    fn strike(&self, life: Life, at: Duration, victim: Victim, tally: &mut Tally) -> Option<Ended> {
        let mut life = match life.end_within(at) {
            Ok(ended) => return Some(ended),
            Err(life) => life,
        };
        let mut killed_keeper = false;
        if matches!(victim, Victim::Keeper | Victim::KeeperThenEngine) {
            killed_keeper = self.project.kill_keeper();
        }
        if victim == Victim::Keeper && killed_keeper {
            tally.kills += 1;
            tally.keepers += 1;
            // It lives on, and is killed later, or comes to its end.
            life = match life.end_within(at * 2) {
                Ok(ended) => return Some(ended),
                Err(life) => life,
            };
        }
        let ended = life.kill();
        tally.kills += 1;
        tally.hear(&ended.stderr);
        if victim == Victim::EngineThenKeeper {
            killed_keeper = self.project.kill_keeper();
        }
        if killed_keeper && victim != Victim::Keeper {
            tally.kills += 1;
            tally.keepers += 1;
        }
        // It ended before it was struck.
        (ended.code != 137).then_some(ended)
    }

    /// What a person who looks at the effects would say about the steps that wait.
    fn decide(&self) -> Vec<String> {
        let journal = self.project.journal();
        let mut words = vec!["resume".to_owned()];
        for path in waiting(&journal) {
            let name = path.rsplit('/').next().unwrap();
            let name = match path.split_once("part[") {
                Some((_, rest)) => format!("{}-{name}", &rest[..1]),
                None => name.to_owned(),
            };
            let trace = trace::trace(&self.project.path().join("effects").join(&name));
            let done = trace.begun.last().is_some_and(|last| trace.done.last() == Some(last));
            // A step that fails on purpose is done only once it has failed often enough.
            if done && trace.done.len() > usize::from(name == "shaky") {
                let outputs = serde_json::json!({"exit_code": 0, "stdout": format!("{name} did it")});
                words.extend(["--done".to_owned(), format!("{path}={outputs}")]);
            } else {
                words.extend(["--repeat".to_owned(), path]);
            }
        }
        assert!(words.len() > 1, "it pauses and nothing waits");
        words
    }
}

/// The steps whose last attempt is in doubt and that nobody decided about.
fn waiting(journal: &crate::support::Journal) -> Vec<String> {
    let mut waiting = Vec::new();
    for record in &journal.records {
        let path = record.path().to_owned();
        match record.kind() {
            "attempt_ended" if record.event["result"].get("in_doubt").is_some() => waiting.push(path),
            "attempt_started" | "doubt_settled" => waiting.retain(|known| *known != path),
            _ => {}
        }
    }
    // Nobody is asked about a service: it is started anew where it is needed.
    waiting.retain(|path| path != "web");
    waiting
}
