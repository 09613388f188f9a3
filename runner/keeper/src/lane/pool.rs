//! All lanes of a run.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use super::{Lane, files};
use crate::platform::{Platform, Writers};

/// All lanes of a run, and which of them an attempt may have.
#[derive(Debug)]
pub(crate) struct Pool {
    run_dir: PathBuf,
    lanes: Vec<Lane>,
    /// Lanes of earlier keepers that were not looked at yet.
    unopened: VecDeque<u64>,
    next: u64,
}

impl Pool {
    pub(crate) fn open(run_dir: &Path) -> io::Result<Self> {
        let existing = files::existing(run_dir)?;
        let next = existing.last().map_or(0, |last| last + 1);
        Ok(Self { run_dir: run_dir.to_owned(), lanes: Vec::new(), unopened: existing.into(), next })
    }

    /// Gives an attempt a lane that nobody can write to: the first such, or a new one.
    pub(crate) fn take(&mut self, attempt: u64, platform: &dyn Platform) -> io::Result<&mut Lane> {
        let mut free = None;
        let mut index = 0;
        while index < self.lanes.len() {
            match self.lanes[index].writers(platform) {
                Writers::None => {
                    free = Some(index);
                    break;
                }
                Writers::Some => index += 1,
                // It will never be known, so it is of no more use.
                Writers::Unknown => drop(self.lanes.remove(index)),
            }
        }
        while free.is_none()
            && let Some(number) = self.unopened.pop_front()
        {
            let mut lane = Lane::open(&self.run_dir, number)?;
            let writers = lane.writers(platform);
            if writers != Writers::Unknown {
                self.lanes.push(lane);
                free = (writers == Writers::None).then(|| self.lanes.len() - 1);
            }
        }
        let index = if let Some(index) = free {
            index
        } else {
            self.lanes.push(Lane::open(&self.run_dir, self.next)?);
            self.next += 1;
            self.lanes.len() - 1
        };
        let lane = &mut self.lanes[index];
        lane.occupant = Some(attempt);
        Ok(lane)
    }

    /// The lane that an attempt has.
    pub(crate) fn of(&mut self, attempt: u64) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.occupant == Some(attempt))
    }

    /// The lanes through which something flows, or could.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter()
    }

    /// The lanes through which something flows, or could.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.lanes.iter_mut()
    }
}
