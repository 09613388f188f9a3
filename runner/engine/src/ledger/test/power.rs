//! Power cuts at every operation, by chance and in every way: nothing durable is lost, and no torn tail is taken for damage.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::{
    BlobRef, Blobs, Holder, Journal, Key, LedgerError, Mark, Opened, Origin, State, StateOp, StateWrite,
};
use super::assert_prefix;
use super::forgetful::{Forgetful, Moment};

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

/// A life with flushes of less than a page and of several, watched from its begin to its end.
fn watched() -> Vec<Moment> {
    let disk = Forgetful::new(1);
    let folder = Path::new("/run");
    disk.watch();
    let mut journal = Journal::create_on(&disk, folder).unwrap();
    for sizes in [&[40][..], &[700, 40], &[3600, 30], &[60], &[4200, 4200, 20]] {
        for size in sizes {
            let next = journal.last() + 1;
            journal.append(1000 + next, &format!("event {next}{}", " ".repeat(*size))).unwrap();
        }
        disk.tell(journal.flush().unwrap().seq());
    }
    // A second life writes the last flush again, appends and trims.
    let mut journal = Journal::open_on::<String>(&disk, folder, Mark::BEGIN).unwrap().journal;
    journal.append(1000 + journal.last() + 1, &format!("event {}", journal.last() + 1)).unwrap();
    disk.tell(journal.flush().unwrap().seq());
    journal.finish().unwrap();
    disk.moments()
}

#[test]
fn every_disk_that_a_power_cut_can_leave_opens_with_all_that_was_durable() {
    let moments = watched();
    let (mut images, mut cuts, mut nothing) = (0, 0, 0);
    for (place, moment) in moments.iter().enumerate() {
        images += moment.images(|disk| {
            let opened = match Journal::open_on::<String>(&disk, Path::new("/run"), Mark::BEGIN) {
                Ok(opened) => opened,
                Err(LedgerError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    assert_eq!(moment.told, 0, "moment {place}: the journal is gone");
                    nothing += 1;
                    return;
                }
                Err(error) => panic!("moment {place}: {error}"),
            };
            cuts += usize::from(opened.cut.is_some());
            let mut journal = opened.journal;
            assert!(journal.last() >= moment.told, "moment {place}: {} of {}", journal.last(), moment.told);
            assert_prefix(&without_padding(opened.records));
            // What was cut does not come back behind what is appended now.
            let next = journal.last() + 1;
            journal.append(1000 + next, &format!("event {next}")).unwrap();
            journal.flush().unwrap();
            let again = Journal::open_on::<String>(&disk, Path::new("/run"), Mark::BEGIN).unwrap();
            assert_eq!((again.records.len() as u64, again.cut), (next, None), "moment {place}");
            assert_prefix(&without_padding(again.records));
        });
    }
    eprintln!("{} moments, {images} disks: {cuts} tails cut, {nothing} without a journal", moments.len());
    assert!(images > 2000 && cuts > 500 && nothing > 0);
}

#[test]
fn every_blob_that_a_durable_fact_names_is_there_after_a_power_cut() {
    let disk = Forgetful::new(1);
    let folder = Path::new("/run");
    disk.watch();
    let mut journal = Journal::create_on(&disk, folder).unwrap();
    let blobs = Blobs::on(Arc::new(disk.clone()), folder);
    for size in [700, 4300, 700] {
        let name = blobs.store(&vec![7; size]).unwrap();
        journal.append(1, &name).unwrap();
        journal.flush().unwrap();
    }
    let (mut images, mut named) = (0, 0);
    for moment in disk.moments() {
        images += moment.images(|disk| {
            let Ok(opened) = Journal::open_on::<BlobRef>(&disk, folder, Mark::BEGIN) else { return };
            let blobs = Blobs::on(Arc::new(disk.clone()), folder);
            for record in opened.records {
                assert_eq!(blobs.load(&record.event).unwrap().len() as u64, record.event.bytes);
                named += 1;
            }
            // What is half there is mended by who stores it again.
            let name = blobs.store(&[7; 700]).unwrap();
            assert_eq!(blobs.load(&name).unwrap(), [7; 700]);
        });
    }
    assert!(images > 1000 && named > 1000, "{images} disks, {named} names");
}

#[test]
fn the_state_has_each_write_once_after_a_power_cut_and_a_repetition() {
    let home = tempfile::tempdir().unwrap();
    // The lock is no file of the disk that fails.
    std::fs::create_dir(home.path().join("state")).unwrap();
    let (me, bound) = (Holder::me(0, "runner test"), Duration::from_secs(30));
    let write = |number: u64| StateWrite {
        op: StateOp::Append { key: Key::of(["all"]), value: format!("{number}{}", "-".repeat(100)).into() },
        origin: Some(Origin { run: "r".to_owned(), step: number.to_string(), round: 1, fingerprint: "f".to_owned() }),
    };
    let disk = Forgetful::new(1);
    disk.watch();
    for number in 0..2 {
        let mut state = State::open_on(Arc::new(disk.clone()), home.path(), &me, bound).unwrap();
        state.write(1, &me, write(number)).unwrap();
        disk.tell(number + 1);
    }
    let mut images = 0;
    for moment in disk.moments() {
        images += moment.images(|disk| {
            let mut state = State::open_on(Arc::new(disk.clone()), home.path(), &me, bound).unwrap();
            let count = |state: &State| state.get(&Key::of(["all"])).and_then(|all| Some(all.as_array()?.len()));
            let found = count(&state).unwrap_or_default() as u64;
            assert!(found >= moment.told && found <= moment.told + 1, "{found} of {}", moment.told);
            for number in 0..=moment.told {
                state.write(1, &me, write(number)).unwrap();
            }
            assert_eq!(count(&state), Some(usize::try_from(moment.told).unwrap() + 1));
        });
    }
    assert!(images > 1000, "{images} disks");
}
