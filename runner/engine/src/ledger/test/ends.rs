//! Both ends of a journal tell the same as the whole.

use super::super::{Journal, ends, read};

#[test]
fn the_ends_are_those_of_the_whole_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    for count in [1_u64, 2, 3, 500, 3000] {
        while journal.last() < count {
            let next = journal.last() + 1;
            // Now and then one that is longer than what is read at once.
            let length = if next % 700 == 2 { 40_000 } else { 20 };
            journal.append(next, &format!("{next} {}", "x".repeat(length))).unwrap();
        }
        journal.flush().unwrap();
        let whole = read::<String>(folder.path()).unwrap();
        let found = ends::<String>(folder.path(), 2, |tail| tail.len() >= 3).unwrap().expect("it reads well");
        assert!(found.head.len() >= whole.len().min(2) && found.tail.len() >= whole.len().min(3));
        assert_eq!(found.head[..], whole[..found.head.len()]);
        assert_eq!(found.tail[..], whole[whole.len() - found.tail.len()..]);
        assert!(count < 500 || found.tail.len() < whole.len(), "little of it is read");
    }
}

#[test]
fn a_flaw_at_an_end_is_not_read_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    for next in 0..10 {
        journal.append(next, &format!("event {next}")).unwrap();
    }
    journal.finish().unwrap();
    let path = folder.path().join("journal");
    let whole = std::fs::read(&path).unwrap();
    for place in [30, whole.len() - 30] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(ends::<String>(folder.path(), 2, |_| true).unwrap().is_none(), "byte {place}");
    }
}
