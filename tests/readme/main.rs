//! What the front page shows is done, as it stands there. (Its Rust is compiled by the documentation tests of the steps.)

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use support::{Life, Project, await_that};

/// A fenced block of the page.
struct Block {
    language: String,
    heading: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blocks() -> Vec<Block> {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (mut blocks, mut heading, mut open) = (Vec::new(), String::new(), None::<Block>);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let (language, heading) = (language.to_owned(), heading.clone());
                open = Some(Block { language, heading, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The only block of a language under a heading.
fn block(heading: &str, language: &str) -> String {
    let mut found = blocks().into_iter().filter(|block| block.heading == heading && block.language == language);
    let text = found.next().unwrap_or_else(|| panic!("no `{language}` under `{heading}`")).text;
    assert!(found.next().is_none(), "two `{language}` under `{heading}`");
    text
}

/// The commands of a block, without what is said of them.
fn commands(heading: &str) -> Vec<String> {
    let text = block(heading, "sh");
    text.lines().map(|line| line.split("  #").next().unwrap().trim().to_owned()).collect()
}

/// The words after `runner`.
fn words(command: &str) -> Vec<&str> {
    command.strip_prefix("runner ").unwrap_or_else(|| panic!("`{command}` is not ours")).split(' ').collect()
}

/// A project with the page's workflow and what it works on.
fn backup() -> Project {
    let project = Project::new();
    let text = block("A workflow", "yaml");
    let path = text.lines().next().unwrap().trim_start_matches("# ").to_owned();
    project.write(path, text).write("docs/plan.txt", "a plan\n").write("mail/one", "a letter\n");
    project
}

#[test]
fn the_two_commands_do_what_they_say() {
    let [run, tests] = commands("Two commands").try_into().unwrap();
    let words: Vec<_> = run.strip_prefix("cargo run --release -- ").unwrap().split(' ').map(str::to_owned).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let started = std::time::Instant::now();
    let project = Project::new();
    project.run(&words).expect(0);
    assert!((5..20).contains(&started.elapsed().as_secs()), "about ten seconds: {:?}", started.elapsed());
    let journal = project.journal();
    assert_eq!(journal.outputs()["sites"], serde_json::json!(["alpha", "beta", "gamma"]));
    assert_eq!(journal.attempts("quorum"), 3, "it fails twice before it succeeds");
    let serial = |path: &str| journal.outputs_of(path)["serial"].clone();
    assert_ne!(serial("site[beta]/rotate"), serial("site[beta]/certificate"), "a certificate was rotated");
    let seen = journal.outputs_of("site[beta]/rotated")["certificate"]["serial"].clone();
    assert_eq!(seen, serial("site[beta]/rotate"), "and its server showed the new one");
    assert!(project.processes().is_empty(), "everything is stopped: {:?}", project.processes());

    let mode = std::fs::metadata(root().join(&tests)).unwrap().permissions().mode();
    assert_ne!(mode & 0o111, 0, "`{tests}` is a program");
    assert_eq!(program_of_cargo_run(), ["runner"], "`{run}` starts this program");
}

/// The programs from which `cargo run` would choose in the root of the tree.
fn program_of_cargo_run() -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).current_dir(root());
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let ours =
        packages.filter(|package| metadata["workspace_default_members"].as_array().unwrap().contains(&package["id"]));
    let chosen = ours.filter_map(|package| package["default_run"].as_str().map(str::to_owned));
    chosen.collect()
}

#[test]
fn tests_run_as_ci_runs_them_and_a_part_by_itself() {
    let [_, tests] = commands("Two commands").try_into().unwrap();
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let last = ci.lines().last().unwrap();
    assert!(last.ends_with(&format!("CI=true exec {tests}")), "CI runs just that: `{last}`");
    let run = |arguments: &[&str]| {
        let ended = Command::new(root().join(&tests)).args(arguments).current_dir(root()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        (ended.status.code(), said)
    };
    let (code, said) = run(&["--no-install", "format"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 passed, 0 failed, 0 skipped") && !said.contains("installing"), "{said}");
    let (code, said) = run(&["formal"]);
    assert!(code == Some(2) && said.contains("no part `formal`") && said.contains("end-to-end"), "{said}");
}

#[test]
fn the_workflow_is_valid_runs_and_tells() {
    let project = backup();
    let mut said = String::new();
    for command in commands("A workflow") {
        said = project.run(&words(&command)).expect(0).output();
    }
    assert!(said.contains("2 archives can be read"), "{said}");
    assert_eq!(project.journal().outputs()["archives"], serde_json::json!(["docs", "mail"]));
    assert!(project.journal().outputs_of("list[mail]")["lines"].as_array().unwrap().contains(&"mail/one".into()));
}

#[test]
fn what_was_killed_is_resumed_and_nothing_is_done_twice() {
    let mut project = backup();
    // Archiving takes its time here, and each call leaves a line.
    let slow = "#!/bin/sh\necho \"$*\" >>calls\nsleep 1\nPATH=${PATH#*:} exec tar \"$@\"\n";
    project.write("bin/tar", slow);
    let bin = project.path().join("bin");
    std::fs::set_permissions(bin.join("tar"), std::fs::Permissions::from_mode(0o755)).unwrap();
    project.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let mut background: Option<Life> = None;
    for command in commands("Resume") {
        if let Some(command) = command.strip_suffix(" &") {
            background = Some(project.spawn(&words(command)));
        } else if command == "kill -9 $!" {
            await_that("two archives under way", || project.read("calls").lines().count() == 2);
            let engine = background.take().unwrap();
            engine.signal(Signal::KILL);
            engine.end();
        } else {
            project.run(&words(&command)).expect(0);
        }
    }
    let journal = project.journal();
    assert_eq!(journal.end(), "succeeded");
    assert!(journal.doubts().is_empty(), "{:?}", journal.doubts());
    let calls = project.read("calls");
    let mut calls: Vec<_> = calls.lines().collect();
    calls.sort_unstable();
    let expected = ["-czf backup/docs.tar.gz docs", "-czf backup/mail.tar.gz mail", "-tzf backup/docs.tar.gz"];
    assert_eq!(calls, [&expected[..], &["-tzf backup/mail.tar.gz"]].concat());
}

#[test]
fn the_commands_work_in_a_project() {
    let project = backup();
    for command in commands("Commands") {
        assert!(!project.run(&words(&command)).expect(0).output().is_empty(), "`{command}` prints");
    }
    for command in ["runner help", "runner run quickstart --help"] {
        project.run(&words(command)).expect(0);
    }
}

#[test]
fn the_map_shows_every_folder_that_is_there() {
    let map = block("Where things are", "text");
    let shown: Vec<_> = map.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    for path in &shown {
        assert!(root().join(path).exists(), "there is no `{path}`");
    }
    let folders = |of: &str| -> Vec<String> {
        let entries = std::fs::read_dir(root().join(of)).unwrap().flatten().filter(|entry| entry.path().is_dir());
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.') && name != "target").map(|name| format!("{of}{name}/")).collect()
    };
    for folder in folders("").into_iter().filter(|name| name != "runner/").chain(folders("runner/")) {
        assert!(shown.contains(&folder.as_str()), "`{folder}` is not on the map");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let links: Vec<_> = page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(links.len() > 2);
    for link in links {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"));
        let heading = |line: &str| line.starts_with('#') && line.to_lowercase().replace(' ', "-").ends_with(anchor);
        assert!(anchor.is_empty() || text.lines().any(heading), "`{path}` has no `{anchor}`");
    }
}
