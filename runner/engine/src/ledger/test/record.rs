//! A line is one record or none.

use super::super::record::{Flaw, decode, encode};
use super::super::{JOURNAL, Journal, Record};

#[test]
fn a_line_is_read_back_as_written() {
    let mut buffer = b"before".to_vec();
    let sum = encode(&mut buffer, 7, 5, 9, 0xff, &serde_json::json!({"text": "a\n\u{0}\"é"})).unwrap();
    let line = &buffer[6..buffer.len() - 1];
    assert!(!line.contains(&b'\n') && !line.contains(&0), "a line has neither newline nor NUL within");
    let read = decode(line).unwrap();
    assert_eq!((read.seq, read.flush, read.at, read.prev, read.sum), (7, 5, 9, 0xff, sum));
    let event: serde_json::Value = serde_json::from_slice(&line[read.event]).unwrap();
    assert_eq!(event["text"], "a\n\u{0}\"é");
}

#[test]
fn every_changed_byte_of_a_line_is_seen() {
    let mut buffer = Vec::new();
    encode(&mut buffer, 1, 1, 1, 0, &"ok").unwrap();
    buffer.pop();
    for place in 0..buffer.len() {
        for change in 1..=255_u8 {
            let mut line = buffer.clone();
            line[place] ^= change;
            assert!(decode(&line).is_err(), "byte {place} changed by {change:#x} went unseen");
        }
    }
}

#[test]
fn a_failing_event_leaves_the_buffer_alone() {
    let mut buffer = b"x".to_vec();
    let event = std::collections::BTreeMap::from([(vec![1], 1)]);
    assert!(encode(&mut buffer, 1, 1, 1, 0, &event).is_err());
    assert_eq!(buffer, b"x");
}

#[test]
fn a_newer_line_is_named_as_such() {
    assert_eq!(decode(b"{\"v\":2,\"whatever\":1}").unwrap_err(), Flaw::Newer(2));
}

/// A journal as the first release writes it.
const FROZEN: &str = include_str!("frozen-journal-1.jsonl");

#[test]
fn the_first_format_is_read_and_written_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(JOURNAL), FROZEN).unwrap();
    let opened = Journal::open::<serde_json::Value>(folder.path()).unwrap();
    assert_eq!(opened.records.len(), 3);
    assert_eq!(opened.records[0].event["workflow"], "quickstart");
    let (mut buffer, mut prev) = (Vec::new(), 0);
    for Record { seq, flush, at, event } in opened.records {
        prev = encode(&mut buffer, seq, flush, at, prev, &event).unwrap();
    }
    assert_eq!(String::from_utf8(buffer).unwrap(), FROZEN);
}
