//! Files that are no files, or far too much of one: what is said of them is frozen in `tests/fixture/odd`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use runner_engine::diagnostic::{Sink, render};
use runner_engine::language::{decode, read_file, reader};

use super::frozen::{difference, folder};

/// What is said of a file, which must not take long, is what is frozen.
fn check(path: &Path, name: &str) {
    let started = Instant::now();
    let mut sink = Sink::new();
    if let Some(document) = read_file(path, &format!("{name}.yaml"), &mut sink) {
        decode(&document, &mut sink);
    }
    assert!(sink.has_errors(), "{name}");
    let said = render(&sink.finish(), 120, false);
    // Generous: on a busy machine and without optimisation it is still far below.
    assert!(started.elapsed() < Duration::from_secs(20), "{name} took {:?}", started.elapsed());
    let frozen = folder("odd").join(name).with_extension("txt");
    assert_eq!(difference(&frozen, &said), None);
}

/// As `check`, for a file that holds this text.
fn check_text(name: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.yaml");
    fs::write(&path, text).expect("the file is written");
    check(&path, name);
}

#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    check(folder.path(), "directory");
    check(&folder.path().join("missing"), "missing");
    let pipe = folder.path().join("pipe");
    // By the program, since the call is not the same everywhere.
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    check(&pipe, "named_pipe");
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    check(&socket, "socket");
    check(Path::new("/dev/zero"), "device");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    check(&file.join("below"), "below_a_file");
}

#[test]
fn a_file_of_100_megabytes_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.yaml");
    File::create(&path).and_then(|file| file.set_len(100 << 20)).expect("a large file");
    check(&path, "large");
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret.yaml");
    fs::write(&path, "name: x\n").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).expect("nobody may read it");
    if fs::read(&path).is_ok() {
        // The superuser may read everything.
        return;
    }
    check(&path, "unreadable");
}

#[test]
fn nesting_has_a_limit() {
    check_text("nested_brackets", &"[".repeat(100_000));
    check_text("nested_braces", &"{a: ".repeat(100_000));
    let mut indented = String::new();
    for depth in 0..1_000 {
        let _ = writeln!(indented, "{}a:", " ".repeat(depth));
    }
    check_text("nested_indentation", &indented);
}

#[test]
fn aliases_cannot_explode() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let below = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![below; 10].join(", "));
    }
    check_text("alias_bomb", &bomb);
    let deep = |level: usize, inner: &str| format!("a{level}: &a{level} {}{inner}{}\n", "[".repeat(50), "]".repeat(50));
    let chain: String =
        (0..50).map(|level| deep(level, &if level == 0 { "x".into() } else { format!("*a{}", level - 1) })).collect();
    check_text("alias_depth", &chain);
}

#[test]
fn there_is_a_limit_to_values_lines_and_errors() {
    check_text("too_many_values", &format!("steps: [{}]", "1,".repeat(400_000)));
    check_text("one_long_line", &format!("name: [{}", "x ".repeat(1 << 20)));
    let steps = |needs: &str| {
        let mut text = String::from("steps:\n");
        for at in 0..3_000 {
            let _ = writeln!(text, "- {{id: s{at}, uses: x.y, needs: {needs}}}");
        }
        text
    };
    check_text("too_many_needs", &steps("all"));
    let many = |line: &str| {
        let mut sink = Sink::new();
        let text = (0..3_000).fold(String::new(), |text, at| text + &line.replace('N', &at.to_string()));
        let document = reader::read_bytes("many.yaml", text.as_bytes(), &mut sink).expect("a text");
        decode(&document, &mut sink);
        (sink.found().len(), sink.errors())
    };
    assert_eq!(many("unknownN: x\n"), (1_000, 3_001));
    assert_eq!(many("aN: {{x}}\n"), (1_000, 6_001));
}
