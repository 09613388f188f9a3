//! Running process steps for real, the way the engine does: start, wait, finish, publish.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use runner_sdk::{Captured, Command, Exit, Place, Program, Result};
use serde_json::Value;

/// A place in `folder`.
pub(crate) fn place(folder: &Path) -> Place {
    Place {
        project: folder.to_owned(),
        dir: folder.to_owned(),
        source: folder.to_owned(),
        run: "run-1".to_owned(),
        step: "step".to_owned(),
        attempt: 1,
    }
}

/// Runs the step `name` in `folder`, with additions to the environment, and gives its outputs.
pub(crate) fn run(folder: &Path, env: &[(&str, &Path)], name: &str, with: Value) -> Result<Value> {
    let place = place(folder);
    let step = runner_steps::find(name).expect("the step is there").decode(with).expect("it decodes");
    step.validate()?;
    let command = step.command(&place)?;
    let output = start(&command, &place, env);
    let exit = output.status.code().map_or_else(|| Exit::Signal(output.status.signal().unwrap_or(0)), Exit::Code);
    let mut tail = String::from_utf8_lossy(&output.stderr).into_owned();
    let stdout = if command.capture {
        output.stdout
    } else {
        tail.insert_str(0, &String::from_utf8_lossy(&output.stdout));
        Vec::new()
    };
    let finished = step.finish(&place, exit, &Captured { stdout, tail })?;
    for file in finished.files {
        std::fs::create_dir_all(file.path.parent().expect("a file has a folder")).unwrap();
        std::fs::write(file.path, file.bytes).unwrap();
    }
    Ok(finished.output)
}

fn start(command: &Command, place: &Place, env: &[(&str, &Path)]) -> Output {
    let Program::Named(program) = &command.program else { panic!("a program of the system") };
    let mut child = std::process::Command::new(program);
    child.args(&command.args).current_dir(command.dir.as_ref().unwrap_or(&place.dir)).envs(env.iter().copied());
    for (name, value) in &command.env {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    // A program that does not read its input closes the pipe: no error of ours.
    let _ = child.stdin.take().expect("it is piped").write_all(&command.stdin);
    child.wait_with_output().unwrap()
}

/// The program's path, or `None` with a word to the reader of the test's output.
pub(crate) fn program(candidates: &[&str]) -> Option<PathBuf> {
    let found = candidates.iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: `{}` is not installed", candidates[0]);
    }
    found
}
