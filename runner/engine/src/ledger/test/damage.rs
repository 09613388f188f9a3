//! A journal that somebody else wrote in: refused by name, or provably harmless; never a wrong answer.

use std::fs;
use std::path::Path;

use super::super::{ErrorKind, Health, JOURNAL, Journal, LedgerError, Mark, Opened, SYNCED, examine, read};
use super::faulty::Faulty;
use super::{assert_prefix, journal_of};

/// The flushes of the journal, its records, and those before its last flush.
const FLUSHES: &[u64] = &[1, 3, 2, 3];
const RECORDS: usize = 9;
const SURE: usize = 6;

fn open(folder: &Path) -> Result<Opened<String>, LedgerError> {
    Journal::open_on(&Faulty::lazy(), folder, Mark::BEGIN)
}

/// Every way in which the journal may be damaged at each byte and each line.
fn damages(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for place in 0..bytes.len() {
        let mut doubled = bytes.to_vec();
        doubled.insert(place, bytes[place]);
        found.push((format!("byte {place} doubled"), doubled));
        let mut gone = bytes.to_vec();
        gone.remove(place);
        found.push((format!("byte {place} gone"), gone));
        let mut zeroed = bytes.to_vec();
        zeroed[place] = 0;
        found.push((format!("byte {place} zeroed"), zeroed));
    }
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for place in 0..lines.len() {
        let mut changed = lines.clone();
        changed.insert(place, lines[place]);
        found.push((format!("line {place} doubled"), changed.concat()));
        changed = lines.clone();
        changed.remove(place);
        found.push((format!("line {place} gone"), changed.concat()));
        changed = lines.clone();
        changed.swap(place, (place + 1) % lines.len());
        found.push((format!("line {place} changed places"), changed.concat()));
    }
    found
}

#[test]
fn a_journal_damaged_at_any_byte_is_refused_or_whole() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), FLUSHES).finish().unwrap();
    let path = folder.path().join(JOURNAL);
    let bytes = fs::read(&path).unwrap();
    let synced = fs::read(folder.path().join(SYNCED)).unwrap();
    let (mut refused, mut harmless, mut cut) = (0, 0, 0);
    for (what, damaged) in damages(&bytes) {
        fs::write(&path, &damaged).unwrap();
        fs::write(folder.path().join(SYNCED), &synced).unwrap();
        let read_along = read::<String>(folder.path());
        match open(folder.path()) {
            Err(error) => {
                // A version that was damaged may look like a newer one.
                let known = matches!(error.kind(), ErrorKind::Damaged | ErrorKind::LostFacts);
                assert!(known || error.kind() == ErrorKind::NewerVersion, "{what}: {error}");
                assert!(!known || error.to_string().contains("record "), "{what}: {error}");
                assert_eq!(read_along.unwrap_err().to_string(), error.to_string(), "{what}: a reader says the same");
                assert_eq!(fs::read(&path).unwrap(), damaged, "{what}: a refusal changes nothing");
                refused += 1;
            }
            Ok(opened) => {
                assert_eq!(opened.records.len(), RECORDS, "{what}");
                assert_prefix(&opened.records);
                assert_eq!(read_along.unwrap(), opened.records, "{what}");
                harmless += 1;
            }
        }
        // After a power cut `synced` may be gone: then only the last flush may be missing.
        fs::write(&path, &damaged).unwrap();
        fs::remove_file(folder.path().join(SYNCED)).unwrap();
        match open(folder.path()) {
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NewerVersion), "{what}: {error}");
            }
            Ok(opened) => {
                assert!(opened.records.len() >= SURE, "{what}: {} records", opened.records.len());
                assert_prefix(&opened.records);
                cut += 1;
            }
        }
    }
    println!("{refused} refused, {harmless} harmless; without `synced` {cut} opened");
    assert!(refused > 1000 && harmless > 0 && cut > 0);
}

#[test]
fn what_stands_before_the_damage_is_kept_and_the_rest_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), FLUSHES).finish().unwrap();
    let path = folder.path().join(JOURNAL);
    let mut bytes = fs::read(&path).unwrap();
    let fifth = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(3).unwrap().0 + 1;
    bytes[fifth + 60] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let Health::Damaged(damage) = examine::<String>(folder.path()).unwrap() else { panic!("it is damaged") };
    assert_eq!((damage.before.len(), damage.behind.len()), (4, 4));
    assert_eq!(damage.behind[0].event, "event 6");
    assert_eq!(fs::read(&path).unwrap(), bytes, "looking changes nothing");
    let aside = damage.set_aside(folder.path(), 1005, &["event 5"]).unwrap();
    assert_eq!(fs::read(&aside).unwrap(), bytes);
    let opened = Journal::open::<String>(folder.path()).unwrap();
    assert_eq!((opened.records.len(), opened.cut.clone()), (5, None));
    assert_prefix(&opened.records);
    drop(opened);
    assert!(matches!(examine::<String>(folder.path()).unwrap(), Health::Sound { records: 5, torn: 0 }));
}
