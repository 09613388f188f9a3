//! `export` and `import`: a run goes to another machine as one archive.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::after_a_run;
use crate::support::{Life, Project};

/// Paths and contents.
type Entries = Vec<(String, Vec<u8>)>;

/// A second project, elsewhere, to which an archive of the first was brought.
fn brought(from: &Project, archive: &str) -> Project {
    let to = Project::new();
    to.write("run.tar.zst", std::fs::read(from.path().join(archive)).unwrap());
    to
}

/// The entries of an archive, in order.
fn entries(bytes: &[u8]) -> Entries {
    let mut archive = tar::Archive::new(zstd::Decoder::new(bytes).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry: tar::Entry<'_, _> = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// An archive of entries.
fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(zstd::Encoder::new(Vec::new(), 0).unwrap());
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_run_is_shown_elsewhere_as_it_was_seen_here() {
    let project = after_a_run();
    let ended = project.run(&["export"]).expect(0);
    let id = project.runs().remove(0);
    assert!(ended.stdout.starts_with(&format!("exported `{id}` to {id}.tar.zst (")), "{ended}");
    let other = brought(&project, &format!("{id}.tar.zst"));
    let ended = other.run(&["import", "run.tar.zst"]).expect(0);
    assert!(ended.stdout.starts_with(&format!("imported `{id}` (")), "{ended}");
    // What was captured where a secret might be is sealed: it stays closed until the keys are brought, too.
    let said = other.run(&["logs"]).expect(0).stdout;
    assert!(said.contains("kept | noise") && !said.contains("kept data"), "{said}");
    let keys = |project: &Project| project.base().join("config/runner/keys");
    std::fs::create_dir_all(keys(&other).parent().unwrap()).unwrap();
    std::fs::copy(keys(&project), keys(&other)).unwrap();
    for words in [&["show", "--all"][..], &["logs"], &["events"], &["runs"]] {
        let (here, there) = (project.run(words).expect(0), other.run(words).expect(0));
        assert_eq!(here.stdout, there.stdout, "{words:?}");
    }
    assert!(other.path().join(".runner/.gitignore").exists());
    let ended = other.run(&["import", "run.tar.zst"]).expect(2);
    assert_eq!(ended.stderr, format!("error: there is a run `{id}` already\n"));
    assert!(!other.read_run().contains("s3cret-value"), "no secret came with it");
}

#[test]
fn a_run_goes_on_elsewhere_and_asks_for_its_secrets_there() {
    let mut project = Project::new();
    project.workflow(
        "w",
        "secrets: {token: {env: TOKEN}}
inputs: {given: {type: secret}}
steps:
  - {id: first, uses: exec.run, with: {argv: [sh, -c, 'echo call >>calls; seq 20000'], capture: text}}
  - {id: place, uses: file.write, with: {path: made, content: \"it has {{length steps.first.outputs.stdout}}\"}}
  - {id: second, uses: exec.run, with: {argv: [test, -e, good]}, env: {T: \"{{secrets.token}}\", G: \"{{inputs.given}}\"}}
",
    );
    project.env("TOKEN", "hunter2-hunter2");
    project.run(&["run", "w", "-i", "given=literally-given"]).expect(20);
    project.run(&["export", "--to", "run.tar.zst"]).expect(0);
    let bytes = std::fs::read(project.path().join("run.tar.zst")).unwrap();
    let inside: Vec<_> = entries(&bytes).into_iter().map(|(path, _)| path).collect();
    assert!(inside[0] == "run.json" && inside.iter().any(|path| path.starts_with("blobs/")), "{inside:?}");
    assert!(entries(&bytes).iter().all(|(_, content)| {
        let text = String::from_utf8_lossy(content);
        !text.contains("hunter2") && !text.contains("literally-given")
    }));
    let mut other = brought(&project, "run.tar.zst");
    other.run(&["import", "run.tar.zst"]).expect(0);
    let workflow = std::fs::read_to_string(project.path().join("workflows/w.yaml")).unwrap();
    other.workflow("w", &workflow).write("good", "");
    let ended = other.run(&["resume"]).expect(22);
    assert!(
        ended.stderr.contains("`token` cannot be had") && ended.stderr.contains("`given` cannot be had"),
        "{ended}"
    );
    other.env("TOKEN", "another-token");
    other.run(&["resume", "-i", "given=given-again"]).expect(0);
    assert_eq!(other.read("calls"), "", "what was finished did not run again");
    assert!(!other.path().join("made").exists(), "nor what followed it");
    assert_eq!(other.journal().attempts("second"), 2);
    assert_eq!(project.journal().attempts("second"), 1, "the run here is as it was");
}

#[test]
fn what_was_in_flight_follows_its_rule_elsewhere() {
    for (rule, code) in [("repeat", 0), ("stop", 22)] {
        let project = Project::new();
        let workflow = format!(
            "steps:
  - id: long
    uses: exec.run
    interrupted: {rule}
    with: {{script: \"touch begun; while ! test -e go; do sleep 0.01; done\"}}
"
        );
        project.workflow("w", &workflow);
        let life = project.spawn(&["run", "w"]);
        crate::support::await_that("the step", || project.path().join("begun").exists());
        let ended = project.run(&["export"]).expect(31);
        assert!(ended.stderr.contains("is busy"), "{ended}");
        life.kill();
        let ended = project.run(&["export"]).expect(31);
        assert!(ended.stderr.contains("live on without an engine") && ended.stderr.contains("hint: "), "{ended}");
        project.kill_all();
        project.await_silence();
        project.run(&["export", "--to", "run.tar.zst"]).expect(0);
        let other = brought(&project, "run.tar.zst");
        other.workflow("w", &workflow).write("go", "");
        other.run(&["import", "run.tar.zst"]).expect(0);
        let ended = other.run(&["resume"]).expect(code);
        assert!(code == 0 || ended.stderr.contains("long"), "{ended}");
    }
}

#[test]
fn an_archive_goes_through_a_pipe() {
    let (project, other) = (after_a_run(), Project::new());
    let runner = project.command(&[]).get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg("\"$0\" export --to - | \"$0\" --project \"$1\" import -");
    command.arg(runner).arg(other.path()).current_dir(project.path());
    Life::start(command).end().expect(0);
    assert_eq!(other.runs(), project.runs());
}

#[test]
fn an_archive_that_is_not_what_it_says_is_refused_whole() {
    let project = after_a_run();
    project.run(&["export", "--to", "run.tar.zst"]).expect(0);
    let good = entries(&std::fs::read(project.path().join("run.tar.zst")).unwrap());
    let journal = good.iter().position(|(path, _)| path == "journal").unwrap();
    let manifest = |change: &dyn Fn(&mut Value)| {
        let mut entries = good.clone();
        let mut value: Value = serde_json::from_slice(&entries[0].1).unwrap();
        change(&mut value);
        entries[0].1 = value.to_string().into_bytes();
        entries
    };
    let changed = |change: &dyn Fn(&mut Entries)| {
        let mut entries = good.clone();
        change(&mut entries);
        entries
    };
    let cases: Vec<(Entries, i32, &str)> = vec![
        (
            changed(&|entries| entries[journal].1[100] ^= 1),
            30,
            "the content of `journal` is not what its checksum says",
        ),
        (changed(&|entries| drop(entries.remove(journal))), 30, "is not the one that `run.json` names"),
        (changed(&|entries| entries.truncate(2)), 30, " is missing"),
        (
            changed(&|entries| entries.push(("lanes/more".into(), b"x".to_vec()))),
            30,
            "is not the one that `run.json` names",
        ),
        (changed(&|entries| drop(entries.remove(0))), 30, "it does not begin with `run.json`"),
        (changed(&|entries| entries[1].0 = "../journal".into()), 30, "has `..` in its path"),
        (changed(&|entries| entries[1].0 = "/journal".into()), 30, "has an absolute path"),
        (manifest(&|value| value["version"] = 9.into()), 30, "it is in format 9, this runner knows up to 1"),
        (manifest(&|value| value["format"] = "tar".into()), 30, "it is no exported run"),
        (manifest(&|value| value["id"] = "../../elsewhere".into()), 2, "is no run's id"),
        (manifest(&|value| value["id"] = "20261121-101502/../../x".into()), 2, "is no run's id"),
        (manifest(&|value| value["files"][0]["path"] = "lock".into()), 30, "is not the one that `run.json` names"),
    ];
    let locked = {
        let mut entries = manifest(&|value| value["files"][0]["path"] = "lock".into());
        entries[1].0 = "lock".into();
        (entries, 30, "its entry `lock` does not belong into a run")
    };
    for (entries, code, part) in cases.into_iter().chain([locked]) {
        let other = Project::new();
        other.write("run.tar.zst", archive(&entries));
        let ended = other.run(&["import", "run.tar.zst"]).expect(code);
        assert!(ended.stderr.contains(part), "{part}: {ended}");
        let left = std::fs::read_dir(other.path().join(".runner/runs")).into_iter().flatten().count();
        assert_eq!(left, 0, "{part}: nothing is left of it");
    }
    let other = Project::new();
    other.write("run.tar.zst", "no archive");
    other.run(&["import", "run.tar.zst"]).expect(30);
    other.run(&["import", "nowhere.tar.zst"]).expect(2);
    assert!(!Path::new(&other.path().join(".runner")).exists());
}
