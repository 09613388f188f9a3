use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use runner_sdk::world::{FileKind, Files, Stat};

use super::RealFiles as F;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    F.stat(path).unwrap().unwrap().mode
}

fn names(path: &Path) -> Vec<String> {
    F.list(path).unwrap().into_iter().map(|name| name.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_write_makes_parents_and_leaves_only_its_target() {
    let folder = folder();
    let path = folder.path().join("a/b/c.txt");
    F.write(&path, b"one", None).unwrap();
    F.write(&path, b"two", None).unwrap();
    assert_eq!(F.read(&path).unwrap(), b"two");
    assert_eq!(names(path.parent().unwrap()), ["c.txt"]);
}

#[test]
fn a_mode_is_kept_unless_another_is_asked_for() {
    let folder = folder();
    let path = folder.path().join("key");
    F.write(&path, b"one", Some(0o600)).unwrap();
    assert_eq!(mode(&path), 0o600);
    F.write(&path, b"two", None).unwrap();
    assert_eq!(mode(&path), 0o600);
    F.write(&path, b"three", Some(0o666)).unwrap();
    assert_eq!(mode(&path), 0o666);
    F.set_mode(&path, 0o000).unwrap();
    assert_eq!(mode(&path), 0);
}

#[test]
fn a_new_file_has_a_mode_that_the_umask_allows() {
    let folder = folder();
    let path = folder.path().join("plain");
    F.write(&path, b"", None).unwrap();
    assert_eq!(mode(&path) & !0o644, 0);
    assert_eq!(mode(&path) & 0o600, 0o600);
}

#[test]
fn a_copy_is_whole_and_keeps_the_sources_mode() {
    let folder = folder();
    let (from, to) = (folder.path().join("from"), folder.path().join("deep/to"));
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    F.write(&from, &bytes, Some(0o700)).unwrap();
    F.copy(&from, &to, None).unwrap();
    assert_eq!(F.read(&to).unwrap(), bytes);
    assert_eq!(mode(&to), 0o700);
    F.copy(&from, &to, Some(0o640)).unwrap();
    assert_eq!(mode(&to), 0o640);
    F.copy(&from, &from, None).unwrap();
    assert_eq!(F.read(&from).unwrap(), bytes);
}

#[test]
fn a_written_link_becomes_a_file_and_what_it_led_to_stays() {
    let folder = folder();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    F.write(&real, b"one", Some(0o600)).unwrap();
    symlink("real", &link).unwrap();
    F.write(&link, b"two", None).unwrap();
    assert_eq!((F.read(&real).unwrap(), F.read(&link).unwrap()), (b"one".to_vec(), b"two".to_vec()));
    assert_eq!(F.stat(&link).unwrap().map(|stat| (stat.kind, stat.mode)), Some((FileKind::File, 0o600)));
    let dangling = folder.path().join("dangling");
    symlink("nowhere/file", &dangling).unwrap();
    F.write(&dangling, b"three", None).unwrap();
    assert_eq!(names(folder.path()), ["dangling", "link", "real"]);
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(F.read(&pipe).unwrap_err().to_string(), "not a regular file");
    assert!(F.copy(&pipe, &folder.path().join("copy"), None).is_err());
    assert_eq!(F.stat(&pipe).unwrap().unwrap().kind, FileKind::Other);
    assert_eq!(F.read(folder.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    assert_eq!(F.write(folder.path(), b"", None).unwrap_err().kind(), io::ErrorKind::IsADirectory);
}

#[test]
fn nothing_there_is_not_an_error_where_it_need_not_be() {
    let folder = folder();
    let file = folder.path().join("file");
    F.write(&file, b"", None).unwrap();
    for missing in [folder.path().join("none"), folder.path().join("none/below"), file.join("below")] {
        assert_eq!(F.stat(&missing).unwrap(), None);
        F.remove(&missing).unwrap();
        assert!(F.read(&missing).is_err());
    }
    assert!(F.remove(Path::new("/")).is_err());
}

#[test]
fn removing_a_folder_leaves_what_its_links_lead_to() {
    let folder = folder();
    let kept = folder.path().join("kept/file");
    F.write(&kept, b"kept", None).unwrap();
    let gone = folder.path().join("gone");
    F.write(&gone.join("deep/er/file"), b"", None).unwrap();
    symlink(folder.path().join("kept"), gone.join("deep/link")).unwrap();
    F.remove(&gone).unwrap();
    assert_eq!(F.stat(&gone).unwrap(), None);
    let link = folder.path().join("link");
    symlink("kept", &link).unwrap();
    F.remove(&link).unwrap();
    assert_eq!(F.read(&kept).unwrap(), b"kept");
}

#[test]
fn a_folder_is_made_with_its_mode_and_twice() {
    let folder = folder();
    let path = folder.path().join("a/b");
    F.make_folder(&path, Some(0o700)).unwrap();
    F.make_folder(&path, Some(0o700)).unwrap();
    let stat = F.stat(&path).unwrap().unwrap();
    assert_eq!((stat.kind, stat.mode), (FileKind::Folder, 0o700));
    F.write(&folder.path().join("file"), b"", None).unwrap();
    assert!(F.make_folder(&folder.path().join("file"), None).is_err());
    assert!(F.make_folder(&folder.path().join("file/below"), None).is_err());
}

#[test]
fn what_a_killed_write_left_is_removed_by_the_next_of_the_same_target() {
    let folder = folder();
    let path = folder.path().join("file.txt");
    let left = folder.path().join(".file.txt.runner-0123456789abcdef~");
    let others = [".file.txt.runner-short~", ".other.runner-0123456789abcdef~", ".file.txt.runner-0123456789abcdeg~"];
    for name in others {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::write(&left, "half").unwrap();
    F.write(&path, b"whole", None).unwrap();
    assert!(!left.exists());
    assert!(others.iter().all(|name| folder.path().join(name).exists()));
}

#[test]
fn concurrent_writers_of_one_target_all_succeed_and_one_wins_whole() {
    let folder = folder();
    let path = folder.path().join("shared");
    std::thread::scope(|scope| {
        for writer in b'a'..b'i' {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    F.write(path, &vec![writer; 10_000], None).unwrap();
                    let seen = F.read(path).unwrap();
                    assert!(seen.len() == 10_000 && seen.iter().all(|byte| *byte == seen[0]));
                }
            });
        }
    });
    assert_eq!(names(folder.path()), ["shared"]);
}

#[test]
fn names_may_be_long_and_foreign() {
    let folder = folder();
    for name in ["é".repeat(127), "日本語 \n'\"".to_owned(), "x".repeat(255)] {
        let path = folder.path().join(name);
        F.write(&path, b"here", None).unwrap();
        assert_eq!(F.read(&path).unwrap(), b"here");
    }
    assert_eq!(names(folder.path()).len(), 3);
    assert!(F.write(&folder.path().join("x".repeat(256)), b"", None).is_err());
}

#[test]
fn a_refused_write_leaves_what_stood_there() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: nothing is refused to root");
        return;
    }
    let folder = folder();
    let path = folder.path().join("file");
    F.write(&path, b"old", None).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    assert_eq!(F.write(&path, b"new", None).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(F.read(&path).unwrap(), b"old");
}

/// A small file system, unmounted when dropped.
struct Small(PathBuf);

impl Small {
    fn mount(on: &Path) -> Option<Self> {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "runner-test"]).arg(on).stderr(std::process::Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(on.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_beside_it() {
    let folder = folder();
    let Some(small) = Small::mount(folder.path()) else {
        eprintln!("skipped: needs root to mount a small file system");
        return;
    };
    let path = small.0.join("file");
    F.write(&path, b"old", None).unwrap();
    let error = F.write(&path, &vec![1; 1 << 20], None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(F.read(&path).unwrap(), b"old");
    assert_eq!(names(&small.0), ["file"]);
    assert_eq!(F.stat(&path).unwrap().map(|Stat { size, .. }| size), Some(3));
}

/// What the child of the test below does until it is killed.
fn write_for_ever(path: &Path) {
    for byte in (b'a'..=b'z').cycle() {
        F.write(path, &vec![byte; 200_000], None).unwrap();
    }
}

#[test]
fn a_write_killed_at_any_instant_is_there_whole_or_not_at_all() {
    if let Some(path) = std::env::var_os("RUNNER_TEST_TARGET") {
        return write_for_ever(Path::new(&path));
    }
    let folder = folder();
    let path = folder.path().join("target");
    let mut left = 0;
    for kill in 0..25 {
        F.write(&path, b"start", None).unwrap();
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap());
        writer
            .args(["--exact", "file::tests::a_write_killed_at_any_instant_is_there_whole_or_not_at_all"])
            .env("RUNNER_TEST_TARGET", &path);
        let mut writer = writer.stdout(std::process::Stdio::null()).spawn().unwrap();
        while F.read(&path).unwrap() == b"start" {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_micros(kill * 137));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let seen = F.read(&path).unwrap();
        assert!(seen.len() == 200_000 && seen.iter().all(|byte| *byte == seen[0]));
        left += names(folder.path()).len() - 1;
    }
    assert!(left > 0, "no kill hit a write in the middle");
    F.write(&path, b"end", None).unwrap();
    assert_eq!(names(folder.path()), ["target"]);
}

#[test]
fn a_file_is_written_piece_by_piece_or_not_at_all() {
    let folder = folder();
    let path = folder.path().join("a/file");
    let mut fill = |to: &mut dyn io::Write| (0..3).try_for_each(|part| write!(to, "{part}"));
    F.write_by(&path, Some(0o600), &mut fill).unwrap();
    assert_eq!((F.read(&path).unwrap(), mode(&path)), (b"012".to_vec(), 0o600));
    let mut broken = |to: &mut dyn io::Write| {
        to.write_all(b"new")?;
        Err(io::Error::other("no more"))
    };
    assert_eq!(F.write_by(&path, None, &mut broken).unwrap_err().to_string(), "no more");
    assert_eq!(F.read(&path).unwrap(), b"012");
    assert_eq!(names(path.parent().unwrap()), ["file"]);
}

#[test]
fn a_folder_is_replaced_whole_or_not_at_all() {
    let folder = folder();
    let path = folder.path().join("deep/site");
    let filled = |text: &'static [u8], fail: bool| {
        F.replace_folder(&path, &mut |new| {
            new.folder(Path::new("sub"), 0o555)?;
            new.file(Path::new("sub/page"), 0o640, &mut &text[..])?;
            new.link(Path::new("here"), Path::new("sub/page"))?;
            new.hard_link(Path::new("same"), Path::new("sub/page"))?;
            assert!(new.file(Path::new("same"), 0o640, &mut &b""[..]).is_err(), "nothing is replaced");
            if fail { Err(io::Error::other("no more")) } else { Ok(()) }
        })
    };
    filled(b"one", false).unwrap();
    F.write(&path.join("old"), b"", None).unwrap();
    assert!(filled(b"two", true).is_err());
    assert_eq!(
        (names(&path), F.read(&path.join("same")).unwrap()),
        (vec!["here".into(), "old".into(), "same".into(), "sub".into()], b"one".to_vec())
    );
    filled(b"two", false).unwrap();
    assert_eq!(names(&path), ["here", "same", "sub"]);
    assert_eq!((F.read(&path.join("here")).unwrap(), mode(&path.join("sub/page"))), (b"two".to_vec(), 0o640));
    assert_eq!((mode(&path), mode(&path.join("sub"))), (0o755, 0o555));
    assert_eq!(F.read_link(&path.join("here")).unwrap(), Path::new("sub/page"));
    assert_eq!(names(path.parent().unwrap()), ["site"], "nothing is left beside");
    // What a killed writer left is removed by the next one; a file gives way to a folder.
    let left = path.parent().unwrap().join(".site.runner-0123456789abcdef~");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("half"), "").unwrap();
    F.remove(&path).unwrap();
    F.write(&path, b"a file", None).unwrap();
    filled(b"three", false).unwrap();
    assert_eq!(
        (names(path.parent().unwrap()), F.read(&path.join("same")).unwrap()),
        (vec!["site".into()], b"three".to_vec())
    );
}
