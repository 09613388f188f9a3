//! The claims of the ledger, tried at their worst.

mod blob;
mod checkpoint;
mod child;
mod damage;
mod ends;
mod faulty;
mod forgetful;
mod image;
mod journal;
mod kill;
mod lock;
mod platter;
mod power;
mod record;
mod run_folder;
mod speed;
mod state;

use std::path::Path;

use super::{Journal, Record};

/// A journal of `count` flushes of the given sizes, with small numbered events.
fn journal_of(folder: &Path, flushes: &[u64]) -> Journal {
    let mut journal = Journal::create(folder).unwrap();
    for size in flushes {
        for _ in 0..*size {
            let next = journal.last() + 1;
            journal.append(1000 + next, &format!("event {next}")).unwrap();
        }
        journal.flush().unwrap();
    }
    journal
}

/// Whether `records` are the first ones that [`journal_of`] writes.
fn assert_prefix(records: &[Record<String>]) {
    for (index, record) in (1..).zip(records) {
        assert_eq!((record.seq, record.event.as_str()), (index, format!("event {index}").as_str()));
        assert_eq!(record.at, 1000 + index);
    }
}
