//! A journal gives back what was durable, or says by name that it cannot.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{ErrorKind, Follower, JOURNAL, Journal, LedgerError, Mark, Opened, SYNCED, read};
use super::faulty::Faulty;
use super::{assert_prefix, journal_of};

fn open(folder: &Path) -> Result<Opened<String>, LedgerError> {
    Journal::open(folder)
}

/// As [`open`], for tests that open very often.
fn open_lazily(folder: &Path) -> Result<Opened<String>, LedgerError> {
    Journal::open_on(&Faulty::lazy(), folder, Mark::BEGIN)
}

/// A trimmed journal of four flushes, and its bytes.
fn small() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), &[1, 3, 2, 3]).finish().unwrap();
    let bytes = fs::read(folder.path().join(JOURNAL)).unwrap();
    (folder, bytes)
}

#[test]
fn what_was_appended_is_read_back_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal_of(folder.path(), &[2, 1]));
    let opened = open(folder.path()).unwrap();
    assert_eq!(opened.records.iter().map(|record| record.flush).collect::<Vec<_>>(), [1, 1, 3]);
    assert_prefix(&opened.records);
    assert_eq!(opened.cut, None);
    let mut journal = opened.journal;
    assert_eq!(journal.append(1004, &"event 4").unwrap(), 4);
    assert_eq!(journal.durable().seq(), 3, "appended is not durable");
    assert_eq!(read::<String>(folder.path()).unwrap().len(), 3);
    assert_eq!(journal.flush().unwrap().seq(), 4);
    journal.finish().unwrap();
    let records = read::<String>(folder.path()).unwrap();
    assert_eq!(records.len(), 4);
    assert_prefix(&records);
    assert!(fs::read(folder.path().join(JOURNAL)).unwrap().ends_with(b"\"}\n"), "trimmed at the end");
}

#[test]
fn an_empty_journal_opens_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("journal") && error.contains("cannot open"), "{error}");
    Journal::create(folder.path()).unwrap();
    assert!(open(folder.path()).unwrap().records.is_empty());
    assert!(Journal::create(folder.path()).is_err(), "an existing journal is never begun again");
}

#[test]
fn every_cut_of_the_file_opens_with_a_right_prefix() {
    let (folder, bytes) = small();
    fs::remove_file(folder.path().join(SYNCED)).unwrap();
    let ends: Vec<_> = (0..bytes.len()).filter(|place| bytes[*place] == b'\n').map(|place| place + 1).collect();
    for length in 0..=bytes.len() {
        // Trimmed, or with the zeros that it grows by.
        for zeros in if length % 4 == 0 { vec![0, 5000] } else { vec![5000] } {
            let mut cut = bytes[..length].to_vec();
            cut.resize(length + zeros, 0);
            fs::write(folder.path().join(JOURNAL), &cut).unwrap();
            let whole = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(read::<String>(folder.path()).unwrap().len(), whole);
            let mut opened = open_lazily(folder.path()).unwrap();
            assert_prefix(&opened.records);
            assert_eq!(opened.records.len(), whole, "cut at {length}");
            // What is appended next stands behind the cut, and nothing of the remains comes back.
            let next = whole as u64 + 1;
            opened.journal.append(1000 + next, &format!("event {next}")).unwrap();
            opened.journal.flush().unwrap();
            let again = open_lazily(folder.path()).unwrap();
            assert_eq!(again.records.len(), whole + 1);
            assert_prefix(&again.records);
            assert_eq!(again.cut, None);
            fs::remove_file(folder.path().join(SYNCED)).unwrap();
        }
    }
}

#[test]
fn every_flipped_byte_is_refused_or_cuts_only_the_last_flush() {
    let (folder, bytes) = small();
    let synced = fs::read(folder.path().join(SYNCED)).unwrap();
    let last_flush = 6;
    let (mut refused, mut cut) = (0, 0);
    for place in 0..bytes.len() {
        for change in [0x01, 0x02, 0x80, bytes[place]] {
            let mut flipped = bytes.clone();
            flipped[place] ^= change;
            fs::write(folder.path().join(JOURNAL), &flipped).unwrap();
            fs::write(folder.path().join(SYNCED), &synced).unwrap();
            let error = open_lazily(folder.path()).expect_err("nothing durable in this boot is ever cut");
            assert!(matches!(error.kind(), ErrorKind::Damaged | ErrorKind::LostFacts | ErrorKind::NewerVersion));
            assert_eq!(fs::read(folder.path().join(JOURNAL)).unwrap(), flipped, "a refusal changes nothing");

            fs::remove_file(folder.path().join(SYNCED)).unwrap();
            match open_lazily(folder.path()) {
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NewerVersion), "{error}");
                    refused += 1;
                }
                Ok(opened) => {
                    assert_prefix(&opened.records);
                    assert!(opened.records.len() >= last_flush, "byte {place}: a whole flush behind it proves damage");
                    assert!(opened.records.len() < 9);
                    cut += 1;
                }
            }
        }
    }
    assert!(refused > 0 && cut > 0);
}

#[test]
fn damage_names_file_record_line_and_remedy() {
    let (folder, mut bytes) = small();
    let line_three = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    bytes[line_three + 60] ^= 4;
    fs::write(folder.path().join(JOURNAL), &bytes).unwrap();
    let message = open(folder.path()).unwrap_err().to_string();
    let path = folder.path().join(JOURNAL).display().to_string();
    for part in [path.as_str(), "record 3 (line 3", "sum does not match", "record 5", "began at 5", "restore the file"]
    {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    assert_eq!(read::<String>(folder.path()).unwrap_err().to_string(), message, "a reader says the same");
    let mut follower = Follower::<String>::new(folder.path());
    assert_eq!(follower.poll().unwrap().len(), 2, "what stands before the damage is given first");
    assert!(follower.poll().is_err());
}

#[test]
fn a_flush_written_out_of_order_is_cut_whole() {
    // Of the last flush (records 7 to 9) the disk kept the later records and lost the first: no fact depends on them.
    let (folder, mut bytes) = small();
    fs::remove_file(folder.path().join(SYNCED)).unwrap();
    let ends: Vec<_> = (0..bytes.len()).filter(|place| bytes[*place] == b'\n').collect();
    bytes[ends[5] + 1..=ends[6]].fill(0);
    fs::write(folder.path().join(JOURNAL), &bytes).unwrap();
    let opened = open(folder.path()).unwrap();
    assert_eq!(opened.records.len(), 6);
    assert_eq!(opened.cut.unwrap().record, 7);
    assert!(fs::read(folder.path().join(JOURNAL)).unwrap()[ends[5] + 1..].iter().all(|byte| *byte == 0));

    // The same hole one flush earlier is damage: record 7 was only written once record 5 was durable.
    let (folder, mut bytes) = small();
    fs::remove_file(folder.path().join(SYNCED)).unwrap();
    bytes[ends[3] + 1..=ends[4]].fill(0);
    fs::write(folder.path().join(JOURNAL), &bytes).unwrap();
    assert_eq!(open(folder.path()).unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn a_journal_that_was_cut_behind_its_durable_end_lost_facts() {
    let (folder, bytes) = small();
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(7).unwrap().0 + 1;
    fs::write(folder.path().join(JOURNAL), &bytes[..end]).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LostFacts);
    assert!(error.to_string().contains("record 8") && error.to_string().contains("record 9"), "{error}");
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal_of(folder.path(), &[1]));
    let path = folder.path().join(JOURNAL);
    let bytes = fs::read(&path).unwrap();
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut newer = bytes[..end].to_vec();
    newer.extend_from_slice(b"{\"v\":2,\"new\":true}\n");
    fs::write(&path, newer).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(error.to_string().contains("format 2") && error.to_string().contains("newer runner"), "{error}");
    assert_eq!(Journal::open::<u64>(tempfile::tempdir().unwrap().path()).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn an_intact_record_that_is_not_understood_is_refused_by_number() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal_of(folder.path(), &[2]));
    let error = Journal::open::<u64>(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(error.to_string().contains("record 1"), "{error}");
}

#[test]
fn after_a_failed_write_or_sync_nothing_is_appended_and_the_durable_stays() {
    for failing_sync in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Faulty::new();
        let mut journal = Journal::create_on(&disk, folder.path()).unwrap();
        journal.append(1001, &"event 1").unwrap();
        journal.flush().unwrap();
        journal.append(1002, &"event 2").unwrap();
        journal.append(1003, &"event 3").unwrap();
        if failing_sync { &disk.syncs } else { &disk.writes }.store(0, Ordering::SeqCst);
        let error = journal.flush().unwrap_err();
        assert_eq!(error.kind(), if failing_sync { ErrorKind::Io } else { ErrorKind::Full });
        if failing_sync { &disk.syncs } else { &disk.writes }.store(i64::MAX, Ordering::SeqCst);
        assert!(matches!(journal.append(1004, &"event 4"), Err(LedgerError::Poisoned { .. })));
        assert!(matches!(journal.flush(), Err(LedgerError::Poisoned { .. })));
        assert_eq!(journal.durable().seq(), 1);
        drop(journal);
        let opened = open(folder.path()).unwrap();
        assert!(!opened.records.is_empty());
        assert_prefix(&opened.records);
    }
}

#[test]
fn a_new_life_that_cannot_make_its_reading_durable_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal_of(folder.path(), &[2]));
    let disk = Faulty::new();
    disk.syncs.store(0, Ordering::SeqCst);
    assert!(Journal::open_on::<String>(&disk, folder.path(), Mark::BEGIN).is_err());
    assert_eq!(open(folder.path()).unwrap().records.len(), 2);
}

#[test]
fn a_journal_is_opened_from_a_mark_only_if_that_still_stands() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal_of(folder.path(), &[2, 1]);
    let mark = journal.durable().mark();
    journal.append(1004, &"event 4").unwrap();
    journal.flush().unwrap();
    drop(journal);
    let opened = Journal::open_from::<String>(folder.path(), mark).unwrap();
    assert_eq!(opened.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [4]);
    drop(opened);
    for wrong in [Mark { sum: mark.sum ^ 1, ..mark }, Mark { offset: mark.offset + 4000, seq: 40, ..mark }] {
        let error = Journal::open_from::<String>(folder.path(), wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LostFacts, "{error}");
    }
}

#[test]
fn a_large_journal_grows_and_keeps_every_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    let text = "é\u{0}\n\"".repeat(40_000);
    for _ in 0..10 {
        journal.append(1, &text).unwrap();
        journal.append(2, "").unwrap();
        journal.flush().unwrap();
    }
    drop(journal);
    let opened = open(folder.path()).unwrap();
    assert_eq!(opened.records.len(), 20);
    assert!(opened.records.iter().all(|record| record.event == if record.at == 1 { text.as_str() } else { "" }));
}

#[test]
fn readers_see_only_whole_records_while_the_journal_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut follower = Follower::<String>::new(folder.path());
                    let (mut seen, mut ended) = (0, false);
                    while !ended {
                        ended = done.load(Ordering::SeqCst);
                        for record in follower.poll().unwrap() {
                            seen += 1;
                            assert_eq!((record.seq, record.event.len()), (seen, 3000 + seen as usize % 3000));
                        }
                    }
                    seen
                })
            })
            .collect();
        for _ in 0..100 {
            for _ in 0..5 {
                let size = 3000 + (journal.last() as usize + 1) % 3000;
                journal.append(0, &"x".repeat(size)).unwrap();
            }
            journal.flush().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 500);
        }
    });
}
