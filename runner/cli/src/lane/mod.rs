//! What steps have said: read from the lanes of a run by the ranges that its journal and receipts name.
//!
//! An attempt that ended has its ranges in the journal. One that runs has its lane and the place where it began in the
//! keeper's receipts, or in the engine's notes of what runs inside it, and the lane is its own until it ends.

mod paper;
mod piece;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runner_core::Event;
use runner_engine::driver::{Inside, LogRange, captured};
use runner_engine::seal::Seals;
use runner_keeper::receipts::{self, Receipts};
use runner_keeper::seal::Unopened;

use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::past::Facts;

use paper::Paper;
use piece::{Piece, Stream};

/// Whose words are wanted.
pub(crate) struct Selection {
    pub(crate) step: Option<String>,
    pub(crate) attempt: Option<u32>,
}

impl Selection {
    /// Whether a fact is the begin of an attempt of the step, or of one inside it.
    pub(crate) fn speaks_of(event: &Event, step: &str) -> bool {
        matches!(event, Event::AttemptStarted { path, .. } if is_within(path.as_str(), step))
    }

    fn wants(&self, path: &str, attempt: u32) -> bool {
        self.step.as_deref().is_none_or(|step| is_within(path, step))
            && self.attempt.is_none_or(|wanted| wanted == attempt)
    }
}

fn is_within(path: &str, step: &str) -> bool {
    path.strip_prefix(step).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

/// Prints what is wanted, piece by piece, as it comes.
pub(crate) struct Printer {
    run: PathBuf,
    selection: Selection,
    /// Attempts under way, by the sequence of the fact that they started.
    open: BTreeMap<u64, Piece>,
    paper: Paper,
    receipts: Receipts,
    /// How long the receipts were when they were read.
    receipts_length: u64,
    inside: Vec<Inside>,
    inside_length: u64,
}

impl Printer {
    pub(crate) fn new(run: &Path, selection: Selection) -> Self {
        let paper = Paper::new(selection.step.as_deref());
        let receipts = Receipts::default();
        let (run, open) = (run.to_path_buf(), BTreeMap::new());
        Self { run, selection, open, paper, receipts, receipts_length: 0, inside: Vec::new(), inside_length: 0 }
    }

    /// Prints what new facts tell of, and what attempts under way have said since; whether anyone still reads.
    pub(crate) fn look(&mut self, facts: &Facts) -> Result<bool, Refusal> {
        // Who speaks, and how often, decides how lines are marked: so it is known before the first is printed.
        for fact in facts {
            if let Event::AttemptStarted { path, attempt, .. } = &fact.event.event
                && self.selection.wants(path.as_str(), *attempt)
            {
                self.paper.expect(path.as_str());
            }
        }
        for fact in facts {
            match &fact.event.event {
                Event::AttemptStarted { path, attempt, .. } if self.selection.wants(path.as_str(), *attempt) => {
                    self.open.insert(fact.seq, Piece::new(path.as_str(), *attempt));
                }
                Event::AttemptEnded { path, attempt, .. } => {
                    let ended = |piece: &Piece| piece.path == path.as_str() && piece.attempt == *attempt;
                    let Some(seq) = self.open.iter().find(|(_, piece)| ended(piece)).map(|(seq, _)| *seq) else {
                        continue;
                    };
                    let mut piece = self.open.remove(&seq).unwrap_or_else(|| Piece::new(path.as_str(), *attempt));
                    if let Some(log) = &fact.event.log {
                        piece.ended(log);
                        self.read(&mut piece)?;
                    }
                    self.paper.close(&piece.path, piece.attempt, Stream::Out);
                }
                _ => {}
            }
        }
        self.look_at_running()?;
        Ok(self.paper.is_read())
    }

    /// Ends the printing: what was said without a line break is shown, too.
    pub(crate) fn end(mut self) {
        for piece in std::mem::take(&mut self.open).into_values() {
            self.paper.close(&piece.path, piece.attempt, Stream::Out);
        }
        self.paper.flush();
    }

    fn look_at_running(&mut self) -> Result<(), Refusal> {
        if self.open.is_empty() {
            self.paper.flush();
            return Ok(());
        }
        let length = std::fs::metadata(receipts::path(&self.run)).map_or(0, |data| data.len());
        if length != self.receipts_length {
            self.receipts = receipts::read(&self.run).map_err(|error| unreadable("receipts", &error))?;
            self.receipts_length = length;
        }
        let length = std::fs::metadata(Inside::path(&self.run)).map_or(0, |data| data.len());
        if length != self.inside_length {
            self.inside = Inside::read(&self.run).map_err(|error| unreadable("notes", &error))?;
            self.inside_length = length;
        }
        for (seq, mut piece) in std::mem::take(&mut self.open) {
            if let Some(spawning) = self.receipts.spawning(seq) {
                piece.begun(&spawning.lane.to_string(), spawning.begin.out, spawning.begin.data);
                self.read(&mut piece)?;
            } else if let Some(inside) = self.inside.iter().find(|inside| inside.attempt == seq) {
                piece.begun(&inside.lane, inside.out, inside.data);
                self.read(&mut piece)?;
            }
            self.open.insert(seq, piece);
        }
        self.paper.flush();
        Ok(())
    }

    fn read(&mut self, piece: &mut Piece) -> Result<(), Refusal> {
        for stream in [Stream::Out, Stream::Data] {
            // What was captured is shown once it is complete, after what was said.
            if stream == Stream::Data && !piece.is_over() {
                continue;
            }
            let paper = &mut self.paper;
            let (path, attempt) = (piece.path.clone(), piece.attempt);
            if stream == Stream::Data
                && let Some(log) = piece.sealed.take()
            {
                match opened(&self.run, &log)? {
                    Ok(data) => paper.write(&path, attempt, stream, &data),
                    Err(why) => paper.withheld(&path, attempt, &why),
                }
                paper.close(&path, attempt, stream);
                continue;
            }
            let whole = piece
                .read(&self.run, stream, |bytes| paper.write(&path, attempt, stream, bytes))
                .map_err(|error| unreadable("log", &error))?;
            if let Err(missing) = whole {
                self.paper.lost(&path, attempt, missing);
            }
            if piece.is_over() {
                self.paper.close(&path, attempt, stream);
            }
        }
        Ok(())
    }
}

/// What was captured and sealed; or why it is not shown.
fn opened(run: &Path, log: &LogRange) -> Result<Result<Vec<u8>, String>, Refusal> {
    let sealed = log.sealed.clone().unwrap_or_default();
    if !sealed.shown && log.data.length() > 0 {
        let names: Vec<_> = sealed.secrets.iter().map(|name| format!("`{name}`")).collect();
        return Ok(Err(match names.as_slice() {
            [] => "it is secret, or nobody knows whether it is".to_owned(),
            [one] => format!("the secret {one} is in it"),
            several => format!("the secrets {} are in it", several.join(", ")),
        }));
    }
    let seals = Seals::new(drive::key_file(), run);
    let data = captured(run, log, || seals.keys()).map_err(|error| unreadable("log", &error))?;
    Ok(data.map_err(|unopened| match unopened {
        Unopened::NoKey(id) => seals.lack(id),
        Unopened::Damaged => unopened.to_string(),
    }))
}

fn unreadable(what: &str, error: &std::io::Error) -> Refusal {
    Refusal::new(Exit::Ledger, format!("the {what} of the run cannot be read: {error}"))
}
