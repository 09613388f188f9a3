//! What a durable fact costs, beside the sync that it cannot do without.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use super::super::Journal;

#[test]
fn a_flush_costs_little_more_than_its_sync() {
    const COUNT: u32 = 300;
    // Beside the test's own binary, since the usual place may be memory, where a sync is nothing.
    let binary = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir_in(binary.parent().unwrap()).unwrap();
    let bare = OpenOptions::new().write(true).create_new(true).open(folder.path().join("bare")).unwrap();
    bare.write_all_at(&vec![0; 1 << 20], 0).unwrap();
    bare.sync_all().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    let event =
        serde_json::json!({"type": "finished", "path": "region[eastus]/wait", "attempt": 1, "outputs": {"a": 1}});
    let (mut syncs, mut flushes) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    for round in 0..COUNT {
        let begin = Instant::now();
        bare.write_all_at(&[b'x'; 200], u64::from(round) * 200).unwrap();
        bare.sync_data().unwrap();
        syncs += begin.elapsed();
        let begin = Instant::now();
        journal.append(1, &event).unwrap();
        journal.flush().unwrap();
        flushes += begin.elapsed();
    }
    let ratio = flushes.as_secs_f64() / syncs.as_secs_f64();
    println!(
        "append and flush: {:.0}/s, bare write and sync: {:.0}/s, ratio {ratio:.2}",
        f64::from(COUNT) / flushes.as_secs_f64(),
        f64::from(COUNT) / syncs.as_secs_f64()
    );
    assert!(ratio < 3.0, "a flush costs {ratio:.2} times its sync");

    let begin = Instant::now();
    for _ in 0..50 {
        for _ in 0..64 {
            journal.append(1, &event).unwrap();
        }
        journal.flush().unwrap();
    }
    println!("64 facts a flush: {:.0} facts/s", 3200.0 / begin.elapsed().as_secs_f64());
}
