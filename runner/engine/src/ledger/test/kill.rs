//! A writer killed at any instant leaves a journal with everything that it was told is durable.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use super::super::{Journal, read};
use super::{assert_prefix, child};

/// What the child does until it is killed.
fn append_for_ever(folder: &Path) -> ! {
    let mut journal = match Journal::open::<String>(folder) {
        Ok(opened) => opened.journal,
        Err(_) => Journal::create(folder).unwrap(),
    };
    child::ready();
    loop {
        for _ in 0..=journal.last() % 4 {
            let next = journal.last() + 1;
            journal.append(1000 + next, &format!("event {next}")).unwrap();
        }
        println!("durable {}", journal.flush().unwrap().seq());
    }
}

#[test]
fn a_killed_writer_loses_nothing_durable() {
    if let Some(folder) = child::folder() {
        append_for_ever(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    Journal::create(folder.path()).unwrap();
    let mut durable = 0;
    for life in 0..20_u64 {
        let mut writer = child::start("ledger::test::kill::a_killed_writer_loses_nothing_durable", folder.path());
        let output = BufReader::new(writer.stdout.take().unwrap());
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(300 + life * 977));
            writer.kill().unwrap();
            writer.wait().unwrap();
        });
        for line in output.lines() {
            if let Some(seq) = line.unwrap().strip_prefix("durable ") {
                durable = seq.parse().unwrap_or(durable);
            }
        }
        killer.join().unwrap();
        let before = read::<String>(folder.path()).unwrap();
        let opened = Journal::open::<String>(folder.path()).unwrap();
        assert_eq!(before, opened.records, "readers see what the next life finds");
        assert_prefix(&opened.records);
        assert!(opened.records.len() as u64 >= durable, "life {life} lost {durable}");
    }
    assert!(durable > 20, "the writers came to write: {durable}");
}
