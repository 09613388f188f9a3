//! The checkpoint, written behind the journal by a thread of its own. A short run never has one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use runner_core::{End, Phase};

use super::Driver;
use super::past::{Begun, Kept, flight_entry, flight_key};
use crate::ledger::{self, Checkpoint, Durable, Opening};

/// So many facts may stand behind the checkpoint; few where tests kill, so that they catch it being written.
const EVERY: u64 = if cfg!(feature = "failpoints") { 24 } else { 2048 };

/// Of a long journal this share may: what each batch writes again, such as the list of a foreach's items, grows with it.
const SHARE: u64 = 16;

/// A batch: the changes of the records up to a durable one.
type Batch = (Durable, Vec<(String, Option<Vec<u8>>)>);

/// What writes the checkpoint.
pub(super) struct Behind {
    folder: PathBuf,
    /// What was restored from, until the first batch goes to the thread.
    kept: Option<Checkpoint>,
    thread: Option<(mpsc::Sender<Batch>, JoinHandle<()>)>,
    /// The journal's last record that a batch covers.
    covered: u64,
    /// The flights that the checkpoint holds.
    flights: BTreeSet<u64>,
    abandoned: Arc<AtomicBool>,
}

impl Behind {
    pub(super) fn new(folder: PathBuf, kept: Option<Kept>) -> Self {
        let covered = kept.as_ref().map_or(0, |kept| kept.mark.seq);
        let flights = kept.iter().flat_map(|kept| kept.entries.keys());
        let flights = flights.filter_map(|key| key.strip_prefix("flight/")?.parse().ok()).collect();
        let abandoned = Arc::default();
        Self { folder, kept: kept.map(|kept| kept.checkpoint), thread: None, covered, flights, abandoned }
    }

    fn send(&mut self, batch: Batch) {
        let (folder, kept, abandoned) = (self.folder.clone(), self.kept.take(), Arc::clone(&self.abandoned));
        let (sender, _) = self.thread.get_or_insert_with(|| {
            let (sender, batches) = mpsc::channel::<Batch>();
            (sender, std::thread::spawn(move || write(&folder, kept, &batches, &abandoned)))
        });
        // A checkpoint that fails stays behind; the run does not need it.
        let _ = sender.send(batch);
    }

    /// Nobody needs what is not written yet.
    fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// Waits until what was handed over is written.
    pub(super) fn finish(self) {
        if let Some((sender, thread)) = self.thread {
            drop(sender);
            let _ = thread.join();
        }
    }
}

fn write(folder: &std::path::Path, kept: Option<Checkpoint>, batches: &mpsc::Receiver<Batch>, abandoned: &AtomicBool) {
    let opened = kept.map_or_else(
        || {
            // One that is there was not believed, or does not know what this life's first batch assumes.
            let _ = std::fs::remove_dir_all(folder);
            Checkpoint::open(folder).ok().map(|opening| match opening {
                Opening::Ready { checkpoint, .. } | Opening::Rebuild { checkpoint, .. } => checkpoint,
            })
        },
        Some,
    );
    let Some(mut checkpoint) = opened else { return };
    for (durable, changes) in batches {
        if abandoned.load(Ordering::Relaxed) || checkpoint.write(durable, changes).is_err() {
            return;
        }
    }
}

impl Driver<'_> {
    /// Hands the changes since the last time over, when there are enough.
    pub(super) fn checkpoint(&mut self, durable: Durable) {
        if durable.seq() >= self.behind.covered + EVERY.max(self.behind.covered / SHARE) {
            self.hand_over(durable);
        }
    }

    /// The run stands still or is over. One that has succeeded is not gone on with; of another the next life is to read
    /// little.
    pub(super) fn last_checkpoint(&mut self, durable: Durable) {
        if *self.phase() == Phase::Ended(End::Succeeded) {
            self.behind.abandon();
        } else if durable.seq() >= self.behind.covered + EVERY {
            self.hand_over(durable);
        }
    }

    fn hand_over(&mut self, durable: Durable) {
        self.behind.covered = durable.seq();
        let mut changes: Vec<_> =
            self.machine.take_snapshot().into_iter().map(|(key, bytes)| (key, Some(bytes))).collect();
        let boot = ledger::machine::boot_id();
        let now: BTreeSet<u64> = self.by_seq.keys().copied().collect();
        for gone in self.behind.flights.difference(&now) {
            changes.push((flight_key(*gone), None));
        }
        for (seq, (path, attempt)) in &self.by_seq {
            let definition = self.evaluator.recorded(self.machine.state(), path, *attempt).map(Box::new);
            let begun = Begun { seq: *seq, boot: boot.to_owned(), definition };
            let (key, bytes) = flight_entry(begun, path, *attempt);
            changes.push((key, Some(bytes)));
        }
        changes.push(("boot".to_owned(), Some(boot.as_bytes().to_vec())));
        self.behind.flights = now;
        self.behind.send((durable, changes));
    }
}
