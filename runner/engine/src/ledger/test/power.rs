//! Power cuts at every operation, again and again: nothing durable is lost, and no torn tail is taken for damage.

use std::path::Path;

use super::super::{Journal, LedgerError, Mark, Opened};
use super::assert_prefix;
use super::forgetful::Forgetful;

/// One life: takes the journal over, checks it, and appends until the power fails. Returns what it knows to be durable.
fn live(disk: &Forgetful, durable: &mut u64) -> Result<(), LedgerError> {
    let folder = Path::new("/run");
    let Opened { mut journal, records, .. } = Journal::open_on::<String>(disk, folder, Mark::BEGIN)?;
    assert_prefix(&without_padding(records));
    assert!(journal.last() >= *durable, "{} of {durable} are left", journal.last());
    // What a life returned it may act on: from here on it must stay.
    *durable = journal.last();
    for flush in 0..8_u64 {
        for fact in 0..=flush % 4 {
            let next = journal.last() + 1;
            let padding = " ".repeat(usize::try_from((next * 37 + fact) % 700).unwrap());
            journal.append(1000 + next, &format!("event {next}{padding}"))?;
        }
        *durable = journal.flush()?.seq();
    }
    journal.finish().map(drop)
}

fn without_padding(mut records: Vec<super::Record<String>>) -> Vec<super::Record<String>> {
    for record in &mut records {
        record.event.truncate(record.event.trim_end().len());
    }
    records
}

#[test]
fn power_cuts_lose_nothing_durable_and_are_never_damage() {
    let mut cuts = 0;
    for seed in 1..=400_u64 {
        let disk = Forgetful::new(seed);
        Journal::create_on(&disk, Path::new("/run")).unwrap();
        let mut durable = 0;
        for life in 0..6_u64 {
            disk.fail_after(1 + (seed * 7 + life * 13) % 45);
            match live(&disk, &mut durable) {
                Ok(()) => {}
                Err(LedgerError::Io { source, .. }) if source.to_string().contains("power") => cuts += 1,
                Err(error) => panic!("seed {seed}, life {life}: {error}"),
            }
            disk.power_cut();
        }
        disk.fail_after(u64::MAX);
        live(&disk, &mut durable).unwrap();
    }
    assert!(cuts > 1000, "the power failed: {cuts}");
}

#[test]
fn a_journal_whose_creation_lost_power_is_not_there_or_empty() {
    for operation in 1..12 {
        for seed in 1..20 {
            let disk = Forgetful::new(seed);
            disk.fail_after(operation);
            let created = Journal::create_on(&disk, Path::new("/run")).is_ok();
            disk.power_cut();
            match Journal::open_on::<String>(&disk, Path::new("/run"), Mark::BEGIN) {
                Ok(opened) => assert!(opened.records.is_empty()),
                Err(LedgerError::Io { source, .. }) => {
                    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
                    assert!(!created, "a created journal is there");
                }
                Err(error) => panic!("operation {operation}, seed {seed}: {error}"),
            }
        }
    }
}
