//! A checkpoint adds up or is made anew; it never shortens a journal's truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{Checkpoint, ErrorKind, JOURNAL, Journal, LedgerError, Mark, Opening, SYNCED};

use super::journal_of;

fn value(number: u64, round: u64) -> Vec<u8> {
    format!("{{\"number\":{number},\"round\":{round}}}").into_bytes()
}

/// A journal and a checkpoint of 300 entries, some of them written over and removed.
fn filled(folder: &Path) -> (Journal, BTreeMap<String, Vec<u8>>) {
    let (journal, mut models) = filled_with_history(folder);
    (journal, models.remove(&9).unwrap())
}

/// As [`filled`], with the entries as they were after each record.
fn filled_with_history(folder: &Path) -> (Journal, BTreeMap<u64, BTreeMap<String, Vec<u8>>>) {
    let mut journal = journal_of(folder, &[3]);
    let Opening::Rebuild { mut checkpoint, why: None } = Checkpoint::open(&folder.join("checkpoint")).unwrap() else {
        panic!("a new checkpoint is empty");
    };
    let (mut model, mut models) = (BTreeMap::new(), BTreeMap::from([(0, BTreeMap::new())]));
    for round in 0..6 {
        let next = journal.last() + 1;
        journal.append(1000 + next, &format!("event {next}")).unwrap();
        let durable = journal.flush().unwrap();
        let changes: Vec<_> = (0..300)
            .filter(|number| round == 0 || number % 7 == round)
            .map(|number| (format!("step[{number}]/é"), (number % 5 != round).then(|| value(number, round))))
            .collect();
        for (key, value) in changes.clone() {
            match value {
                Some(value) => model.insert(key, value),
                None => model.remove(&key),
            };
        }
        checkpoint.write(durable, changes).unwrap();
        assert_eq!(checkpoint.mark(), durable.mark());
        models.insert(durable.seq(), model.clone());
    }
    (journal, models)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_checkpoint_gives_back_the_fold_and_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, model) = filled(folder.path());
    journal.append(1010, &"event 10").unwrap();
    journal.flush().unwrap();
    drop(journal);
    let Opening::Ready { checkpoint, entries } = Checkpoint::open(&folder.path().join("checkpoint")).unwrap() else {
        panic!("it adds up");
    };
    assert_eq!(entries, model);
    let opened = Journal::open_from::<String>(folder.path(), checkpoint.mark()).unwrap();
    assert_eq!(opened.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [10]);
    opened.journal.holds(checkpoint.mark()).unwrap();
}

#[test]
fn of_several_changes_in_a_batch_the_last_holds() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal_of(folder.path(), &[1]);
    let path = folder.path().join("checkpoint");
    let Opening::Rebuild { mut checkpoint, .. } = Checkpoint::open(&path).unwrap() else { panic!() };
    let changes = [("a", Some(1)), ("a", Some(2)), ("b", Some(1)), ("b", None), ("c", None)];
    checkpoint
        .write(journal.durable(), changes.map(|(key, value)| (key.to_owned(), value.map(|value| vec![value]))))
        .unwrap();
    drop(checkpoint);
    let Opening::Ready { entries, .. } = Checkpoint::open(&path).unwrap() else { panic!("it adds up") };
    assert_eq!(entries, BTreeMap::from([("a".to_owned(), vec![2])]));
}

#[test]
fn one_of_an_earlier_release_is_made_anew_and_one_of_a_later_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let path = folder.path().join("checkpoint");
    let relabel = |version: u64| {
        let database = sled::open(&path).unwrap();
        let meta = String::from_utf8(database.get(b"m").unwrap().unwrap().to_vec()).unwrap();
        let (_, rest) = meta.split_once(',').unwrap();
        database.insert(b"m", format!("{{\"v\":{version},{rest}").as_bytes()).unwrap();
        database.flush().unwrap();
    };
    relabel(3);
    let error = Checkpoint::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::NewerVersion { found: 3, known: 2, .. }), "{error}");
    relabel(1);
    let Opening::Rebuild { checkpoint, why: Some(why) } = Checkpoint::open(&path).unwrap() else {
        panic!("what an earlier release has laid out otherwise is not read");
    };
    assert!(why.contains("earlier release"), "{why}");
    assert_eq!(checkpoint.mark(), Mark::BEGIN);
    drop(checkpoint);
    assert!(matches!(Checkpoint::open(&path).unwrap(), Opening::Ready { entries, .. } if entries.is_empty()));
}

#[test]
fn a_journal_shorter_than_its_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let path = folder.path().join(JOURNAL);
    let bytes = fs::read(&path).unwrap();
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(6).unwrap().0 + 1;
    fs::write(&path, &bytes[..end]).unwrap();
    fs::remove_file(folder.path().join(SYNCED)).unwrap();
    let Opening::Ready { checkpoint, .. } = Checkpoint::open(&folder.path().join("checkpoint")).unwrap() else {
        panic!("it adds up");
    };
    let error = Journal::open_from::<String>(folder.path(), checkpoint.mark()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LostFacts);
    let message = error.to_string();
    assert!(message.contains("ends with record 7") && message.contains("refers to record 9"), "{message}");
    // Taken over without the checkpoint, it still is refused when the checkpoint comes later.
    let opened = Journal::open::<String>(folder.path()).unwrap();
    assert_eq!(opened.journal.holds(checkpoint.mark()).unwrap_err().kind(), ErrorKind::LostFacts);
}

/// Where the files are damaged: the head and the last page of each, and `DAMAGES` places anywhere. Of heads and pages every
/// byte where that is 10,000, as in the long form; else one in many.
fn places(files: &[(PathBuf, Vec<u8>)]) -> Vec<(usize, usize)> {
    const PAGE: usize = 4096;
    let seeded = std::env::var("DAMAGES").ok().and_then(|number| number.parse().ok()).unwrap_or(60);
    let step = if seeded >= 10_000 { 1 } else { 509 };
    let mut places = Vec::new();
    for (file, (_, bytes)) in files.iter().enumerate() {
        let (head, last) = (bytes.len().min(PAGE), bytes.len().saturating_sub(PAGE));
        places.extend((0..head).chain(last.max(head)..bytes.len()).step_by(step).map(|place| (file, place)));
    }
    let mut random = 0x9e37_79b9_u64;
    for trial in 0..seeded {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let file = trial % files.len();
        places.push((file, usize::try_from(random >> 33).unwrap() % files[file].1.len().max(1)));
    }
    places
}

#[test]
fn damage_is_seen_or_harmless_and_never_a_wrong_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (_, models) = filled_with_history(folder.path());
    let path = folder.path().join("checkpoint");
    let good: Vec<_> = files(&path).into_iter().map(|file| (file.clone(), fs::read(&file).unwrap())).collect();
    let (mut rebuilt, mut whole, mut older, mut ended) = (0, 0, 0, 0);
    for (trial, (file, place)) in places(&good).into_iter().enumerate() {
        fs::remove_dir_all(&path).unwrap();
        for (file, bytes) in &good {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
        let (file, bytes) = &good[file];
        let mut bytes = bytes.clone();
        match trial % 4 {
            0 if bytes.len() > place => bytes[place] ^= 0x10,
            1 => bytes.truncate(place),
            2 => bytes.clear(),
            _ => bytes.iter_mut().skip(place).take(64).for_each(|byte| *byte = 0xa5),
        }
        fs::write(file, &bytes).unwrap();
        // sled itself may panic over what it finds; the next opening then starts anew.
        let opening = std::panic::catch_unwind(|| Checkpoint::open(&path)).unwrap_or_else(|_| {
            ended += 1;
            Checkpoint::open(&path)
        });
        match opening.unwrap() {
            // It may be further behind than it was, but it is what it was at that place.
            Opening::Ready { checkpoint, entries } => {
                assert_eq!(Some(&entries), models.get(&checkpoint.mark().seq));
                *(if checkpoint.mark().seq == 9 { &mut whole } else { &mut older }) += 1;
            }
            Opening::Rebuild { checkpoint, why } => {
                assert!(why.is_some_and(|why| !why.is_empty()));
                assert_eq!(checkpoint.mark().seq, 0);
                rebuilt += 1;
            }
        }
    }
    println!("{rebuilt} rebuilt, {whole} whole, {older} older, {ended} ended the opening");
    assert!(rebuilt > 0 && whole > 0);
}

#[test]
fn an_opening_that_ended_its_process_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let path = folder.path().join("checkpoint");
    fs::write(folder.path().join("checkpoint.opening"), "").unwrap();
    let Opening::Rebuild { why: Some(why), .. } = Checkpoint::open(&path).unwrap() else { panic!("it is made anew") };
    assert!(why.contains("while opening it"), "{why}");
    assert!(matches!(Checkpoint::open(&path).unwrap(), Opening::Ready { .. }));
}

#[test]
fn a_checkpoint_that_is_open_elsewhere_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let path = folder.path().join("checkpoint");
    let open = Checkpoint::open(&path).unwrap();
    let error = Checkpoint::open(&path).unwrap_err();
    assert!(error.to_string().contains("another process has it open"), "{error}");
    drop(open);
    assert!(matches!(Checkpoint::open(&path).unwrap(), Opening::Ready { .. }));
}
