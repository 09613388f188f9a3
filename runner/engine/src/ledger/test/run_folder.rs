//! Runs are found by name, by the begin of a name, and in the order of time.

use std::collections::BTreeSet;
use std::fs;

use super::super::{ErrorKind, Journal, Runs};

/// 2026-11-21 10:15:02 UTC.
const NOW: u64 = 1_795_256_102_000;

#[test]
fn ids_say_when_and_what_and_sort_like_runs() {
    let project = tempfile::tempdir().unwrap();
    let runs = Runs::of(project.path());
    assert!(runs.list().unwrap().is_empty());
    assert!(runs.find("2026").unwrap_err().to_string().contains("has none yet"));
    let late = runs.create(NOW + 1000, "./Große_Sache//../x.yaml").unwrap();
    let early = runs.create(NOW, "vagrant-up").unwrap();
    let same_second = runs.create(NOW + 999, "alpha").unwrap();
    assert_eq!(late.id()[..late.id().len() - 4], *"20261121-101503-gro-e_sache-x-yaml-");
    assert_eq!(early.id()[..early.id().len() - 4], *"20261121-101502-vagrant-up-");
    assert_eq!(runs.list().unwrap(), [late, same_second, early]);
    assert_eq!(fs::read_to_string(project.path().join(".runner/.gitignore")).unwrap(), "*\n");
}

#[test]
fn any_name_of_a_workflow_gives_a_short_plain_id() {
    let project = tempfile::tempdir().unwrap();
    for name in ["", "///", "🦀", &"long ".repeat(1000), "..", "a\nb", "-x-"] {
        let id = runs_id(&project, name);
        assert!(id.len() <= 15 + 1 + 40 + 1 + 4 && id.ends_with(|end: char| end.is_ascii_hexdigit()), "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)));
        assert!(!id.contains("--"), "{id}");
    }
}

fn runs_id(project: &tempfile::TempDir, name: &str) -> String {
    Runs::of(project.path()).create(NOW, name).unwrap().id().to_owned()
}

#[test]
fn a_unique_begin_finds_a_run_and_an_ambiguous_one_lists_them() {
    let project = tempfile::tempdir().unwrap();
    let runs = Runs::of(project.path());
    let one = runs.create(NOW, "one").unwrap();
    let two = runs.create(NOW, "two").unwrap();
    assert_eq!(runs.find("20261121-101502-o").unwrap(), one);
    assert_eq!(runs.find(two.id()).unwrap(), two);
    let error = runs.find("2026").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    let message = error.to_string();
    assert!(message.contains("2 runs") && message.contains(one.id()) && message.contains(two.id()), "{message}");
    let message = runs.find("1999").unwrap_err().to_string();
    assert!(message.contains("the newest are") && message.contains(two.id()), "{message}");
}

#[test]
fn runs_created_at_once_have_folders_of_their_own() {
    let project = tempfile::tempdir().unwrap();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let makers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..25).map(|_| runs_id(&project, "x")).collect::<Vec<_>>())).collect();
        makers.into_iter().flat_map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(Runs::of(project.path()).list().unwrap().len(), 200);
}

#[test]
fn what_is_not_a_run_is_not_listed() {
    let project = tempfile::tempdir().unwrap();
    let runs = Runs::of(project.path());
    let run = runs.create(NOW, "x").unwrap();
    assert!(!run.has_begun());
    Journal::create(run.path()).unwrap();
    assert!(run.has_begun());
    let home = runs.home().join("runs");
    fs::create_dir(home.join("notes")).unwrap();
    fs::create_dir(home.join("20261121-10150é-x")).unwrap();
    fs::write(home.join("20261121-101502-file-0000"), "").unwrap();
    assert_eq!(runs.list().unwrap(), [run]);
}
