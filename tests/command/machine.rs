//! What is lacking: `doctor`; and what the command line takes.

use crate::support::{Life, Project};

#[test]
fn doctor_says_what_is_lacking_and_how_to_get_it() {
    let project = Project::new();
    project.workflow("far", "steps: [{id: a, uses: ssh.run, with: {host: a.example, argv: [ls]}}]");
    project.workflow("near", "steps: [{id: a, uses: exec.run, with: {argv: [ls]}}]");
    let mut command = project.command(&["doctor", "far"]);
    command.env("PATH", "");
    let ended = Life::start(command).end().expect(1);
    assert!(ended.stdout.contains("LACKS  ssh      is not on PATH, which `ssh.run` needs\n"), "{ended}");
    assert!(ended.stdout.contains("→ apt-get install openssh-client (Debian: openssh-client)\n"), "{ended}");
    assert!(ended.stdout.ends_with("1 thing lacking for `far`\n"), "{ended}");
    let mut command = project.command(&["doctor", "near"]);
    command.env("PATH", "");
    let ended = Life::start(command).end().expect(0);
    assert!(ended.stdout.ends_with("nothing is lacking for `near`\n"), "{ended}");
    assert!(!ended.stdout.contains("ssh"), "{ended}");
}

#[test]
fn doctor_asks_programs_for_their_version_and_leaves_nothing_behind() {
    let project = Project::new();
    project.write("bin/ssh", "#!/bin/sh\necho \"Fake_1.0 $1\" >&2\n");
    project.workflow("far", "steps: [{id: a, uses: ssh.run, with: {host: a.example, argv: [ls]}}]");
    let path = project.path().join("bin/ssh");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = project.command(&["doctor", "far"]);
    command.env("PATH", project.path().join("bin"));
    let ended = Life::start(command).end().expect(0);
    assert!(ended.stdout.contains("ssh      Fake_1.0 -V, "), "{ended}");
    let left: Vec<_> = std::fs::read_dir(project.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn usage_is_exit_2_and_help_names_the_codes() {
    let project = Project::new();
    project.run(&["frobnicate"]).expect(2);
    project.run(&["run"]).expect(2);
    let help = project.run(&["--help"]).expect(0).stdout;
    assert!(help.contains("130 interrupted or cancelled"), "{help}");
    assert!(project.run(&["run", "--help"]).expect(0).stdout.contains("runner run quickstart"));
    assert!(project.run(&["--version"]).expect(0).stdout.starts_with("runner "));
}
