//! `runner doctor`: what this machine lacks for a workflow, or for all step types, and how to get it.

mod key;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runner_engine::ledger::{Lock, Runs, user_state_folder};
use runner_sdk::{Need, StepType};
use serde_json::json;

use super::plugin;
use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;
use crate::words;

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was looked at.
struct Finding {
    what: String,
    /// What was found, or what is wrong.
    found: Result<String, String>,
    /// How to mend it.
    how: Option<String>,
}

/// Examines the machine.
pub(crate) fn doctor(project: &Path, args: &args::Doctor) -> Result<Exit, Refusal> {
    if let Some(run) = &args.repair {
        return super::repair::repair(project, run, args);
    }
    let mut findings = vec![home(), state_folder(), runtime_folder(), project_folder(project)];
    findings.extend(key::findings(project)?);
    let registry = drive::registry(project);
    let (types, plugins) = match &args.workflow {
        None => (registry.all().to_vec(), plugin::of_project(&registry)),
        Some(name) => {
            let program = super::compiled(project, &Workflows::of(project), name)?;
            let used = program.steps.iter().flat_map(|step| step.uses.iter().chain(&step.check).chain(&step.undo));
            (used.map(|uses| uses.step.0).collect(), plugin::of_workflow(&registry, &program))
        }
    };
    let of_plugins = plugins.iter().filter_map(|(_, plugin)| plugin.as_ref().ok());
    let of_plugins: Vec<_> = of_plugins.flat_map(|plugin| plugin.types.iter().copied()).collect();
    for (need, users) in needs(&[types, of_plugins].concat()) {
        findings.push(program(&need, &users));
    }
    for (what, plugin) in plugins {
        findings.push(match plugin {
            Ok(plugin) => Finding { what, found: Ok(plugin::shown(&plugin, project)), how: None },
            Err(error) => Finding { what, found: Err(error.message), how: error.hint },
        });
    }
    let lacking = findings.iter().filter(|finding| finding.found.is_err()).count();
    if args.output == args::Shape::Json {
        for finding in &findings {
            let (ok, text) = match &finding.found {
                Ok(text) => (true, text),
                Err(text) => (false, text),
            };
            output::line(json!({"what": finding.what, "ok": ok, "found": text, "how": finding.how}).to_string());
        }
    } else {
        let mut rows = Vec::new();
        for finding in &findings {
            let (mark, text) = match &finding.found {
                Ok(text) => ("ok", text),
                Err(text) => ("LACKS", text),
            };
            rows.push(vec![mark.to_owned(), finding.what.clone(), words::harmless(text)]);
            if let (Err(_), Some(how)) = (&finding.found, &finding.how) {
                rows.push(vec![String::new(), String::new(), format!("→ {how}")]);
            }
        }
        output::print(&words::table(&rows));
        let whole = args.workflow.as_ref().map_or_else(|| "all step types".to_owned(), |name| format!("`{name}`"));
        match lacking {
            0 => output::line(format!("nothing is lacking for {whole}")),
            number => output::line(format!("{} lacking for {whole}", words::counted(number, "thing"))),
        }
    }
    Ok(if lacking == 0 { Exit::Done } else { Exit::Unexpected })
}

/// The programs that step types need, with those types.
fn needs(types: &[&'static StepType]) -> Vec<(Need, Vec<String>)> {
    let mut found: BTreeMap<&str, (Need, Vec<String>)> = BTreeMap::new();
    for step in types {
        for need in step.needs {
            let (_, users) = found.entry(need.program).or_insert((*need, Vec::new()));
            if !users.contains(&step.name.to_owned()) {
                users.push(step.name.to_owned());
            }
        }
    }
    found.into_values().collect()
}

fn program(need: &Need, users: &[String]) -> Finding {
    let what = need.program.to_owned();
    let Some(path) = on_path(need.program) else {
        let users = match users {
            [] => String::new(),
            [one] => format!(", which `{one}` needs"),
            [one, others @ ..] => format!(", which `{one}` and {} need", words::counted(others.len(), "other")),
        };
        let how = format!("{} (Debian: {})", need.how, need.package);
        return Finding { what, found: Err(format!("is not on PATH{users}")), how: Some(how) };
    };
    let version = version(&path).map(|version| format!("{version}, ")).unwrap_or_default();
    Finding { what, found: Ok(format!("{version}{}", path.display())), how: None }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0))
}

/// The first line that a program prints when asked for its version; ssh has a word of its own for that.
fn version(path: &Path) -> Option<String> {
    let flag = if path.file_name()? == "ssh" { "-V" } else { "--version" };
    let running = duct::cmd(path, [flag]).stdin_null().stderr_to_stdout().stdout_capture().unchecked().start().ok()?;
    let ended = running.wait_timeout(PATIENCE).ok().flatten().map(|output| output.stdout.clone());
    if ended.is_none() {
        let _ = running.kill();
    }
    let text = String::from_utf8_lossy(&ended?).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn home() -> Finding {
    let what = "home".to_owned();
    match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        Some(home) => Finding { what, found: Ok(PathBuf::from(home).display().to_string()), how: None },
        None => Finding {
            what,
            found: Err("HOME is not set".to_owned()),
            how: Some("set HOME, or XDG_STATE_HOME for the locks of `concurrency`".to_owned()),
        },
    }
}

/// Where the locks of concurrency groups lie.
fn state_folder() -> Finding {
    let what = "locks".to_owned();
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let Some(folder) = user_state_folder(variable("XDG_STATE_HOME").as_deref(), variable("HOME").as_deref()) else {
        let how = Some("set HOME or XDG_STATE_HOME".to_owned());
        return Finding { what, found: Err("there is no folder for the user's state".to_owned()), how };
    };
    lockable(what, &folder)
}

fn project_folder(project: &Path) -> Finding {
    let home = Runs::of(project).home().to_path_buf();
    lockable("project".to_owned(), &home)
}

/// Whether a folder can be written, and whether locks mean something there. Nothing is left behind.
fn lockable(what: String, folder: &Path) -> Finding {
    let mut at = folder;
    // What is not there yet is made when it is needed: then the folder above it counts.
    while !at.exists() {
        match at.parent() {
            Some(parent) => at = parent,
            None => break,
        }
    }
    let probe = at.join(format!(".runner-doctor-{}", std::process::id()));
    let tried = Lock::try_take(&probe, "the probe", drive::holder());
    let found = match &tried {
        Ok(_) => Ok(format!("{} is writable and has locks", folder.display())),
        Err(error) => Err(error.to_string()),
    };
    drop(tried);
    let _ = std::fs::remove_file(&probe);
    let how = found.is_err().then(|| format!("make `{}` writable, on a file system with locks (flock)", at.display()));
    Finding { what, found, how }
}

/// Where the sockets of engines and keepers lie; only their user may look into it.
fn runtime_folder() -> Finding {
    let what = "sockets".to_owned();
    let folder = match runner_engine::driver::socket_folder() {
        Ok(folder) => folder,
        Err(error) => {
            return Finding { what, found: Err(error.to_string()), how: Some("set XDG_RUNTIME_DIR".to_owned()) };
        }
    };
    let me = rustix::process::getuid().as_raw();
    let found = match folder.metadata() {
        Ok(data) if data.uid() != me => Err(format!("{} belongs to somebody else", folder.display())),
        Ok(data) if data.permissions().mode() & 0o077 != 0 => {
            Err(format!("{} can be entered by others", folder.display()))
        }
        Ok(_) => Ok(folder.display().to_string()),
        Err(error) => Err(format!("{}: {error}", folder.display())),
    };
    let how = found
        .is_err()
        .then(|| format!("`chmod 700 {}`, or set XDG_RUNTIME_DIR to a folder of yours", folder.display()));
    Finding { what, found, how }
}
