//! Completions: what a shell is told.

use crate::after_a_run;
use crate::support::{Life, Project};

/// What is offered for the last of these words, without options.
fn offered(project: &Project, words: &[&str]) -> Vec<String> {
    let mut command = project.command(&["--", "runner"]);
    command.args(words);
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_SPACE", "false");
    let ended = Life::start(command).end().expect(0);
    ended.stdout.lines().filter(|line| !line.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn workflows_runs_steps_types_and_keys_are_known() {
    let project = after_a_run();
    let run = project.runs().remove(0);
    assert_eq!(offered(&project, &["run", "de"]), ["demo"]);
    assert_eq!(offered(&project, &["graph", "./workflows/"]), ["./workflows/demo.yaml"]);
    assert_eq!(offered(&project, &["status", ""]), [run.as_str()]);
    assert_eq!(offered(&project, &["logs", &run, "each"]), ["each[x]", "each[y]"]);
    assert_eq!(offered(&project, &["steps", "exec"]), ["exec.run"]);
    assert_eq!(offered(&project, &["state", "get", ""]), ["regions.east.version"]);
    assert_eq!(offered(&project, &["comp"]), ["completions"]);
    project.workflow("demo.test", "tests: [{name: a}]");
    assert_eq!(offered(&project, &["test", ""]), ["demo"], "who has tests");
    assert_eq!(offered(&project, &["run", "de"]), ["demo"], "tests are no workflow");
}

#[test]
fn every_shell_gets_its_script() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.run(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("COMPLETE") && script.contains("runner"), "{shell}: {script}");
    }
    project.run(&["completions", "tcsh"]).expect(2);
}
