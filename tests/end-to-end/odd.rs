//! Odd surroundings: long chains, strange names, no room, no rights.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::project;
use crate::support::{Project, await_that, skip};

/// A workflow of `count` steps, each after the one before.
fn chain(count: usize) -> String {
    let step = |at| format!("  - {{id: s{at}, uses: exec.run, with: {{argv: ['true']}}}}");
    let steps: Vec<_> = (0..count).map(step).collect();
    format!("steps:\n{}\n", steps.join("\n"))
}

#[test]
fn a_chain_of_a_thousand_steps_works_and_is_resumed_in_its_middle() {
    let project = project(&chain(1000));
    let life = project.spawn(&["run", "w"]);
    await_that("the middle", || !project.runs().is_empty() && project.journal().of("step_finished").count() > 400);
    life.kill();
    project.run(&["resume"]).expect(0);
    let journal = project.journal();
    let done = journal.of("attempt_ended").filter(|record| record.event["result"].get("succeeded").is_some());
    assert_eq!((journal.end(), done.count(), journal.doubts().len()), ("succeeded", 1000, 0));
}

#[test]
fn an_empty_path_is_not_ours_to_fill() {
    let mut project = project(
        "
steps:
  - {id: absolute, uses: exec.run, with: {argv: [/bin/true]}}
  - {id: named, uses: exec.run, with: {argv: [surely-not-there]}}
",
    );
    project.env("PATH", "");
    let ended = project.run(&["run", "w"]).expect(20);
    assert_eq!(project.journal().status("absolute"), "succeeded");
    assert!(ended.stderr.contains("surely-not-there"), "{ended}");
}

#[test]
fn names_may_hold_anything() {
    let project = Project::named("a project with spaces, 'quotes' and ü\nlines");
    project.workflow(
        "w",
        r#"
steps:
  - id: each
    foreach: "['a b', 'ü', 'x/y', '[z]', '日本', '-', '.', 'a\"b']"
    uses: exec.run
    with: {argv: [sh, -c, 'echo "$1" >>out', sh, "{{item}}"]}
  - {id: wrote, uses: file.write, dir: "ein Ordner/ü", with: {path: "spaces in it.txt", content: x, parents: true}}
outputs: {keys: "{{steps.each.succeeded}}"}
"#,
    );
    let ended = project.run(&["run", "w"]);
    if ended.code == 10 {
        let text = project.read("workflows/w.yaml");
        let line = text.lines().position(|line| line.contains("wrote")).unwrap();
        let without: Vec<_> = text.lines().enumerate().filter(|(at, _)| *at != line).map(|(_, line)| line).collect();
        project.workflow("w", &without.join("\n"));
        project.run(&["run", "w"]).expect(0);
    }
    let mut lines: Vec<_> = project.read("out").lines().map(str::to_owned).collect();
    lines.sort();
    let mut expected = ["a b", "ü", "x/y", "[z]", "日本", "-", ".", "a\"b"];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!(project.journal().attempts("each[\"x/y\"]"), 1);
}

#[test]
fn a_socket_fits_however_long_the_projects_path_is() {
    let mut project = Project::named(&["a-rather-long-folder"; 10].join("/"));
    project.workflow("w", "steps: [{id: a, uses: exec.run, with: {argv: ['true']}}]");
    project.run(&["run", "w"]).expect(0);
    // A runtime folder that is too long for a socket is passed over.
    let long = project.base().join("runtime-folder".repeat(10));
    std::fs::create_dir(&long).unwrap();
    project.env("XDG_RUNTIME_DIR", long);
    project.run(&["run", "w"]).expect(0);
}

#[test]
fn a_home_that_is_nowhere_does_not_matter_without_a_group() {
    let project = project("steps: [{id: a, uses: exec.run, with: {argv: ['true']}}]");
    let mut command = project.command(&["run", "w"]);
    for name in ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"] {
        command.env_remove(name);
    }
    crate::support::Life::start(command).end().expect(0);
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_project_that_cannot_be_written_is_refused_with_30() {
    let project = project("steps: [{id: a, uses: exec.run, with: {argv: ['true']}}]");
    let folder = project.path().to_path_buf();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = project.command(&["run", "w"]);
    if is_root() {
        // Root may write anywhere, so somebody else tries.
        let words: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
        std::fs::set_permissions(project.base(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let reachable = Command::new("setpriv")
            .args(["--reuid=65534", "--clear-groups", command.get_program().to_str().unwrap(), "--version"])
            .output();
        if !reachable.is_ok_and(|output| output.status.success()) {
            return skip("the binary is not reachable for another user");
        }
        let program = command.get_program().to_owned();
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--clear-groups"]).arg(program).args(words).current_dir(&folder);
        command = other;
    }
    let ended = crate::support::Life::start(command).end().expect(30);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ended.stderr.contains(".runner"), "{ended}");
}

/// A file system of so many KiB in a folder; taken away at the end.
struct Small<'a>(&'a std::path::Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a std::path::Path, kib: usize) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(folder);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn a_disk_that_is_full_ends_the_engine_with_30_and_the_run_is_resumed() {
    if !is_root() {
        return skip("only root can mount a small disk");
    }
    let project = project(
        "
steps:
  - {id: a, uses: exec.run, with: {script: 'echo x >>a'}}
  - {id: fill, uses: exec.run, with: {script: 'echo x >>fill; cat /dev/zero >.runner/filler 2>/dev/null || true'}}
  - {id: big, foreach: '[ITEMS]', uses: file.read, with: {path: large}}
  - {id: z, uses: exec.run, with: {script: 'echo x >>z'}}
",
    );
    // Facts of 50 KiB each: more than what the journal has set aside.
    let items: Vec<_> = (0..100).map(|at| at.to_string()).collect();
    let text = project.read("workflows/w.yaml").replace("ITEMS", &items.join(", "));
    project.workflow("w", &text).write("large", "x".repeat(50 << 10));
    let folder = project.path().join(".runner");
    let Some(_small) = Small::mount(&folder, 2048) else { return skip("a small disk cannot be mounted here") };
    let ended = project.run(&["run", "w"]).expect(30);
    assert!(ended.stderr.contains("journal") || ended.stderr.contains("space"), "{ended}");
    project.await_silence();
    std::fs::remove_file(folder.join("filler")).unwrap();
    // Room for what is left to be written down.
    let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&folder).output().unwrap();
    assert!(grown.status.success());
    project.run(&["resume"]).expect(0);
    assert_eq!((project.read("a").as_str(), project.read("z").as_str()), ("x\n", "x\n"));
}
