//! What is packed is unpacked as it was; what would do harm is refused whole.

use std::path::Path;

use runner_sdk::world::Files;
use runner_sdk::{Change, ErrorKind, Step};
use serde_json::json;

use super::pack::Pack;
use super::unpack::Unpack;
use crate::testing::{World, decode};

fn packed() -> World {
    let world = World::new();
    world.files.put("/project/a/one", "1");
    world.files.put("/project/a/deep/two", "22");
    world.files.set_mode(Path::new("/project/a/one"), 0o700).unwrap();
    world.files.put_link("/project/a/deep/up", "../one");
    world.files.put_link("/project/a/here", "deep/./two");
    world.files.put_kind("/project/a/empty", runner_sdk::world::FileKind::Folder);
    world
}

/// An entry: the type, the path, what it links to or holds.
type Made = (tar::EntryType, &'static str, &'static str);

/// An archive of these entries.
fn archive(entries: &[Made]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        // As written by who means harm: the builder's own functions would refuse it.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let is_file = *kind == tar::EntryType::Regular;
        header.set_size(if is_file { text.len() as u64 } else { 0 });
        if !is_file {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_cksum();
        builder.append(&header, if is_file { text.as_bytes() } else { b"" }).unwrap();
    }
    builder.into_inner().unwrap()
}

#[tokio::test]
async fn every_format_comes_back_as_it_was() {
    for name in ["x.tar", "x.tar.gz", "x.tgz", "x.tar.zst"] {
        let world = packed();
        let output = world.run::<Pack>(json!({"from": "a", "to": name})).await.unwrap();
        assert_eq!(output.files, 4, "{name}");
        let output = world.run::<Unpack>(json!({"from": name, "to": "b"})).await.unwrap();
        assert_eq!((output.files, output.size, output.changed), (4, 3, true));
        assert_eq!(world.files.get("/project/b/deep/two").unwrap(), "22");
        assert_eq!(world.files.get("/project/b/deep/up").unwrap(), "../one");
        assert_eq!(world.files.stat(Path::new("/project/b/one")).unwrap().unwrap().mode, 0o755);
        assert!(world.files.stat(Path::new("/project/b/empty")).unwrap().is_some());
        let output = world.run::<Unpack>(json!({"from": name, "to": "b"})).await.unwrap();
        assert!(!output.changed, "it is there already");
    }
}

#[tokio::test]
async fn the_same_files_are_the_same_bytes() {
    let (one, two) = (packed(), packed());
    two.files.set_mode(Path::new("/project/a/deep/two"), 0o600).unwrap();
    for name in ["x.tar", "x.tgz", "x.tzst"] {
        let first = one.run::<Pack>(json!({"from": "a", "to": name})).await.unwrap();
        let second = two.run::<Pack>(json!({"from": "a", "to": name})).await.unwrap();
        assert_eq!(first.sha256, second.sha256, "{name}");
    }
    two.files.put("/project/a/deep/two", "23");
    let second = two.run::<Pack>(json!({"from": "a", "to": "x.tar"})).await.unwrap();
    let first = one.run::<Pack>(json!({"from": "a", "to": "x.tar"})).await.unwrap();
    assert_ne!(first.sha256, second.sha256);
}

#[tokio::test]
async fn plan_and_check_tell_what_is_there_already() {
    let world = packed();
    let context = world.context();
    let pack: Pack = decode(json!({"from": "a", "to": "x.tar.zst"})).unwrap();
    let unpack: Unpack = decode(json!({"from": "x.tar.zst", "to": "b", "replace": true})).unwrap();
    let Some(Change::Would { summary, .. }) = pack.plan(&context).await.unwrap() else { panic!() };
    assert!(summary.starts_with("would pack `a` into `x.tar.zst` ("), "{summary}");
    assert_eq!(pack.check(&context).await, Ok(None));
    let output = world.run::<Pack>(json!({"from": "a", "to": "x.tar.zst"})).await.unwrap();
    assert_eq!(pack.check(&context).await, Ok(Some(output)));
    assert_eq!(pack.plan(&context).await, Ok(Some(Change::Nothing)));
    assert_eq!(unpack.check(&context).await, Ok(None));
    let Some(Change::Would { summary, .. }) = unpack.plan(&context).await.unwrap() else { panic!() };
    assert_eq!(summary, "would unpack `x.tar.zst` into `b` (4 files)");
    world.run::<Unpack>(json!({"from": "x.tar.zst", "to": "b"})).await.unwrap();
    assert!(unpack.check(&context).await.unwrap().is_some());
    for change in ["/project/b/one", "/project/b/more", "/project/b/empty/more"] {
        world.files.put(change, "9");
        assert_eq!(unpack.check(&context).await, Ok(None), "{change}");
        let error = world.run::<Unpack>(json!({"from": "x.tar.zst", "to": "b"})).await.unwrap_err();
        assert!(error.message.starts_with("`b` is there already") && error.hint.is_some(), "{error}");
        world.run::<Unpack>(json!({"from": "x.tar.zst", "to": "b", "replace": true})).await.unwrap();
        assert_eq!(unpack.plan(&context).await, Ok(Some(Change::Nothing)), "{change}");
    }
    assert!(world.files.get("/project/b/more").is_none(), "what the archive does not hold is gone");
}

#[tokio::test]
async fn an_archive_that_would_do_harm_is_refused_whole() {
    use tar::EntryType::{Block, Directory, Link, Regular, Symlink};
    let cases: &[(&[Made], &str)] = &[
        (&[(Regular, "/etc/passwd", "x")], "`/etc/passwd` has an absolute path"),
        (&[(Regular, "a/../../x", "x")], "has `..` in its path"),
        (&[(Symlink, "a", "/etc")], "leads to an absolute path (`/etc`)"),
        (&[(Symlink, "a/b", "../../x")], "leads out of the folder"),
        (&[(Directory, "s", ""), (Symlink, "s/up", ".."), (Symlink, "x", "s/up/..")], "leads upwards in its middle"),
        (&[(Symlink, "a", "b"), (Regular, "a/x", "x")], "stands in `a`, which is no folder"),
        (&[(Directory, "b", ""), (Symlink, "a", "b"), (Regular, "a", "x")], "is there twice"),
        (&[(Link, "a", "../x")], "has `..` in its path"),
        (&[(Symlink, "l", "x"), (Link, "a", "l")], "is another name of `l`, which is no file before it"),
        (&[(Block, "a", "")], "is neither a file, a folder nor a link"),
    ];
    for (entries, part) in cases {
        let world = World::new();
        let good = [(Regular, "good", "1")];
        world.files.put("/project/x.tar", archive(&[&good[..], *entries].concat()));
        let error = world.run::<Unpack>(json!({"from": "x.tar", "to": "b"})).await.unwrap_err();
        assert!(error.message.contains(part), "{error}");
        assert_eq!(error.kind, ErrorKind::Permanent);
        assert!(world.files.stat(Path::new("/project/b")).unwrap().is_none(), "nothing is unpacked: {part}");
    }
}

#[tokio::test]
async fn what_is_no_whole_archive_is_refused() {
    let world = packed();
    world.run::<Pack>(json!({"from": "a", "to": "x.tar.zst"})).await.unwrap();
    world.run::<Pack>(json!({"from": "a", "to": "x.tgz"})).await.unwrap();
    for name in ["x.tar.zst", "x.tgz"] {
        let whole = world.files.read(&Path::new("/project").join(name)).unwrap();
        for length in 0..whole.len() {
            world.files.put("/project/cut", &whole[..length]);
            let ended = world.run::<Unpack>(json!({"from": "cut", "to": "b"})).await;
            assert!(ended.is_err(), "{name} cut to {length} of {} bytes", whole.len());
        }
    }
    let error = world.run::<Unpack>(json!({"from": "a/one", "to": "b"})).await.unwrap_err();
    assert!(error.message.contains("it is neither tar nor tar compressed"), "{error}");
}

#[tokio::test]
async fn what_could_not_be_unpacked_is_not_packed() {
    let world = packed();
    world.files.put_link("/project/a/out", "../../x");
    let error = world.run::<Pack>(json!({"from": "a", "to": "x.tar"})).await.unwrap_err();
    assert_eq!(error.message, "the link `/project/a/out` leads out of the folder (`../../x`)");
    world.files.put("/project/c/x.tar", "old");
    let error = world.run::<Pack>(json!({"from": "c", "to": "c/x.tar"})).await.unwrap_err();
    assert_eq!(error.message, "`/project/c/x.tar` would be packed into itself");
    let error = world.run::<Pack>(json!({"from": "a", "to": "x.zip"})).await.unwrap_err();
    assert!(error.message.starts_with("`to` does not say how"), "{error}");
    world.cancel();
    let error = world.run::<Pack>(json!({"from": "c", "to": "y.tar"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
}
