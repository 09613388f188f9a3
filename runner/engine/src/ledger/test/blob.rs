//! A blob is what its name says, or is refused.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::{BLOB_LIMIT, BlobRef, Blobs, ErrorKind, LedgerError};
use super::faulty::Faulty;

#[test]
fn content_is_kept_once_and_given_back() {
    let run = tempfile::tempdir().unwrap();
    let blobs = Blobs::of(run.path());
    for content in [&b""[..], &vec![7; 100_000], b"\xff\x00"] {
        let name = blobs.store(content).unwrap();
        assert_eq!(blobs.store(content).unwrap(), name);
        assert_eq!(blobs.load(&name).unwrap(), content);
    }
    assert_eq!(fs::read_dir(run.path().join("blobs")).unwrap().count(), 3);
}

#[test]
fn changed_missing_and_misnamed_blobs_are_refused() {
    let run = tempfile::tempdir().unwrap();
    let blobs = Blobs::of(run.path());
    let name = blobs.store(b"content").unwrap();
    let path = run.path().join("blobs").join(&name.sha256);
    fs::write(&path, b"cOntent").unwrap();
    let error = blobs.load(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains(&name.sha256), "{error}");
    assert_eq!(blobs.store(b"content").unwrap(), name, "storing again mends it");
    assert_eq!(blobs.load(&name).unwrap(), b"content");
    fs::remove_file(path).unwrap();
    assert!(blobs.load(&name).unwrap_err().to_string().contains("is missing"));
    let escaping = BlobRef { sha256: "../journal".to_owned(), bytes: 1 };
    assert!(blobs.load(&escaping).unwrap_err().to_string().contains("not named by a hash"));
}

#[test]
fn more_than_the_limit_is_refused_before_anything_is_written() {
    let run = tempfile::tempdir().unwrap();
    let content = vec![0; usize::try_from(BLOB_LIMIT).unwrap() + 1];
    let error = Blobs::of(run.path()).store(&content).unwrap_err();
    assert!(matches!(error, LedgerError::TooLarge { .. }));
    assert!(!run.path().join("blobs").exists());
}

#[test]
fn a_full_disk_leaves_nothing_and_a_killed_writer_only_what_is_swept() {
    let run = tempfile::tempdir().unwrap();
    let disk = Faulty::new();
    let blobs = Blobs::on(Arc::new(disk.clone()), run.path());
    disk.writes.store(0, Ordering::SeqCst);
    assert_eq!(blobs.store(b"content").unwrap_err().kind(), ErrorKind::Full);
    assert_eq!(fs::read_dir(run.path().join("blobs")).unwrap().count(), 0);
    fs::write(run.path().join("blobs/.new-1-0"), b"half").unwrap();
    blobs.sweep().unwrap();
    assert_eq!(fs::read_dir(run.path().join("blobs")).unwrap().count(), 0);
    Blobs::of(tempfile::tempdir().unwrap().path()).sweep().unwrap();
}
