//! What steps made is remembered across runs (`cache:`), by content: a step is not done again where its definition, the
//! files that it reads and the files that it made are what they were.
//!
//! Of files only their digests are kept. A memory is never the reason for a wrong answer: what is found on disk decides, a
//! memory that cannot be read is none, and one is written only after the step has succeeded and only where its inputs were
//! the same before and after.

mod files;
mod memory;

use std::path::PathBuf;

use runner_core::{ErrorKind, Path, StepError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evaluate::{Known, Rendered};
use crate::ledger::Runs;
use crate::run::Run;

pub use files::Files;
pub use memory::{Entry, Memory, clear, list};

/// The largest output that is remembered, in bytes.
const LARGEST: usize = 1 << 20;

/// What a step's `cache:` says, rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The files that it reads: paths and patterns, relative to its folder.
    pub inputs: Vec<String>,
    /// What else its result depends on, secrets by reference.
    pub values: Vec<String>,
    /// The files that it makes: paths and patterns, relative to its folder.
    pub outputs: Vec<String>,
}

/// What the cache said of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It had it: nothing was done.
    Kept {
        /// The run that did it.
        run: String,
        /// When that was, in milliseconds since 1970.
        at: u64,
    },
    /// It was done.
    Missed {
        /// Why: a sentence without a stop.
        why: String,
    },
}

/// A cached step, as one attempt at it sees it.
#[derive(Clone)]
pub struct Cached {
    /// What it says.
    pub spec: Spec,
    /// The folder that its patterns are relative to.
    pub dir: PathBuf,
    /// The project's `.runner` folder.
    pub home: PathBuf,
    /// The workflow's name.
    pub workflow: String,
    /// The step's path.
    pub step: String,
    /// What its definition and inputs hash to, files not counted.
    pub fingerprint: String,
    /// The run.
    pub run: String,
    /// What must not be written down.
    pub known: Known,
}

/// What a look at the cache gave.
pub enum Look {
    /// It has it.
    Kept(Box<Entry>),
    /// It does not have it; with what the inputs are now.
    Missed(Files, String),
}

impl Cached {
    /// A step with `cache:`, by the definition of an attempt; none of another.
    pub fn of(run: &Run, path: &Path, rendered: &Rendered) -> Option<Self> {
        // The half that is rendered says what is done; the other one how it is written.
        let fingerprint = rendered.fingerprint.split_once('.').map_or("", |(_, rendered)| rendered);
        Some(Self {
            spec: rendered.cache.clone()?,
            dir: rendered.dir.clone(),
            home: Runs::of(&run.facts.project).home().to_path_buf(),
            workflow: run.record.workflow.clone(),
            step: path.to_string(),
            fingerprint: fingerprint.to_owned(),
            run: run.facts.run.clone(),
            known: run.facts.known.clone(),
        })
    }

    /// Looks whether it was done before and everything is as it was. Reads files.
    pub fn look(&self) -> Result<Look, StepError> {
        let inputs = self.inputs()?;
        let memory = Memory::read(&self.home, &self.workflow, &self.step);
        let same = |entry: &&Entry| {
            entry.fingerprint == self.fingerprint && entry.values == self.spec.values && entry.inputs == inputs
        };
        let Some(entry) = memory.entries.iter().find(same) else {
            let why = memory.entries.first().map_or_else(
                || "nothing is remembered of it".to_owned(),
                |last| {
                    if last.fingerprint != self.fingerprint {
                        "its definition has changed".to_owned()
                    } else if last.values != self.spec.values {
                        "a value under its `cache.inputs` has changed".to_owned()
                    } else {
                        inputs.differs_from(&last.inputs).unwrap_or_else(|| "its inputs have changed".to_owned())
                    }
                },
            );
            return Ok(Look::Missed(inputs, why));
        };
        let (outputs, _) = Files::find(&self.dir, &self.spec.outputs).map_err(wrong)?;
        match outputs.differs_from(&entry.outputs) {
            None => Ok(Look::Kept(Box::new(entry.clone()))),
            Some(difference) => Ok(Look::Missed(inputs, format!("of what it made, {difference}"))),
        }
    }

    /// Looks whether a step that has succeeded made what it says, and remembers it where its inputs are still what they were
    /// `before`; where that is not known, it is not remembered. Reads and writes files.
    pub fn made(&self, before: Option<&Files>, output: &Value, at: u64) -> Result<(), StepError> {
        let (outputs, barren) = Files::find(&self.dir, &self.spec.outputs).map_err(wrong)?;
        if let Some(barren) = barren {
            let message = format!("it succeeded, but did not make `{barren}`, which its `cache.outputs` names");
            return Err(StepError::new(ErrorKind::Permanent, message));
        }
        let Some(before) = before else { return Ok(()) };
        let told = serde_json::to_string(output).unwrap_or_default();
        let may_be_written = told.len() <= LARGEST && self.known.mask(told.clone()) == told;
        if !may_be_written || self.inputs().is_ok_and(|after| after != *before) {
            return Ok(());
        }
        let entry = Entry {
            at,
            run: self.run.clone(),
            fingerprint: self.fingerprint.clone(),
            values: self.spec.values.clone(),
            inputs: before.clone(),
            outputs,
            output: output.clone(),
        };
        // A cache that cannot be written to costs time, and nothing else.
        let _ = Memory::add(&self.home, &self.workflow, &self.step, entry);
        Ok(())
    }

    fn inputs(&self) -> Result<Files, StepError> {
        let (inputs, barren) = Files::find(&self.dir, &self.spec.inputs).map_err(wrong)?;
        match barren {
            Some(barren) => {
                let message = format!("there is no `{barren}`, which its `cache.inputs` names");
                let hint = format!("paths are relative to the step's `dir`, which is `{}`", self.dir.display());
                Err(StepError::new(ErrorKind::Input, message).hint(hint))
            }
            None => Ok(inputs),
        }
    }
}

fn wrong(message: String) -> StepError {
    StepError::new(ErrorKind::Input, message)
}
