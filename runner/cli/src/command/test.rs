//! `runner test`.

mod junit;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runner_engine::diagnostic::{self, Diagnostic, Severity, Sink};
use runner_engine::language::{Document, read_file};
use runner_engine::program::{Library, Opened};
use runner_engine::trial::{self, Played, Setting, Test, TestFile, Trouble};
use serde_json::json;

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;
use crate::words;
use crate::world::Machine;

/// How a test went.
struct Verdict {
    /// The file, as a person knows it.
    file: String,
    name: String,
    /// What did not come true.
    wrong: Vec<Diagnostic>,
    /// How long it took here.
    took: Duration,
    /// How much time passed in it, in milliseconds.
    passed: u64,
}

/// Plays the tests of workflows.
pub(crate) fn test(project: &Path, args: &args::Test) -> Result<Exit, Refusal> {
    let library = Workflows::of(project);
    let mut verdicts = Vec::new();
    let mut invalid = false;
    for file in chosen(&library, args)? {
        let shown = library.shown(&file);
        let mut sink = Sink::new();
        let document = read_file(&file, &shown, &mut sink);
        let tests = document.as_ref().and_then(|document| trial::read(document, &mut sink));
        let found = sink.finish();
        let broken = found.iter().any(|found| found.severity == Severity::Error);
        drive::show(&found);
        let (Some(document), Some(tests), false) = (document, tests, broken) else {
            invalid = true;
            continue;
        };
        let workflow = tests.workflow.clone().unwrap_or_else(|| own_workflow(&file));
        for (at, test) in tests.tests.iter().enumerate() {
            let opened = library.open(&workflow, file.parent()).map_err(|error| {
                error.hint.into_iter().fold(Refusal::invalid(format!("{shown}: {}", error.message)), Refusal::hint)
            })?;
            let began = Instant::now();
            let played = play(project, &library, &tests, test, &inputs(&document, at), opened)?;
            let wrong = wrong(&document, at, test, &played);
            let (name, file) = (test.name.clone(), shown.clone());
            let verdict = Verdict { file, name, wrong, took: began.elapsed(), passed: played.elapsed };
            tell(&verdict, args.output);
            verdicts.push(verdict);
        }
    }
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, junit::report(&verdicts));
        written.map_err(|error| Refusal::new(Exit::Usage, format!("`{}`: {error}", path.display())))?;
    }
    let failed = verdicts.iter().filter(|verdict| !verdict.wrong.is_empty()).count();
    if args.output == args::Shape::Text {
        let all = words::counted(verdicts.len(), "test");
        output::line(if failed == 0 { format!("{all}, all passed") } else { format!("{all}, {failed} failed") });
    }
    Ok(match (invalid, failed) {
        (true, _) => Exit::Invalid,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Failed,
    })
}

/// The test files that are meant: those of workflows by name, by path, or all of the project.
fn chosen(library: &Workflows, args: &args::Test) -> Result<Vec<PathBuf>, Refusal> {
    let all = library.tests();
    if args.workflows.is_empty() {
        let none = || Refusal::new(Exit::Usage, "the project has no tests");
        let hint = "they stand beside a workflow: `workflows/NAME.test.yaml`";
        return if all.is_empty() {
            Err(none().hint(hint))
        } else {
            Ok(all.into_iter().map(|(_, file)| file).collect())
        };
    }
    let one = |name: &String| {
        if name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        let found = all.iter().find(|(known, _)| known == name).map(|(_, file)| file.clone());
        found.ok_or_else(|| {
            let refusal = Refusal::new(Exit::Usage, format!("there are no tests of `{name}`"));
            refusal.hint(format!("they stand beside the workflow: `{name}.test.yaml`"))
        })
    };
    args.workflows.iter().map(one).collect()
}

/// The workflow beside a test file.
fn own_workflow(file: &Path) -> String {
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("./{}.yaml", name.strip_suffix(".test").unwrap_or(&name))
}

/// The inputs of a test, as a file of inputs in which each has its place.
fn inputs(document: &Document, at: usize) -> Document {
    let tests = document.root.as_ref().and_then(|root| root.get("tests"));
    let test = tests.and_then(|tests| tests.as_sequence()?.get(at));
    Document { source: Arc::clone(&document.source), root: test.and_then(|test| test.get("inputs")).cloned() }
}

/// Plays a test in a folder of its own, which is gone afterwards.
fn play(
    project: &Path,
    library: &Workflows,
    file: &TestFile,
    test: &Test,
    inputs: &Document,
    workflow: Opened,
) -> Result<Played, Refusal> {
    let unexpected = |error: std::io::Error| Refusal::new(Exit::Unexpected, error.to_string());
    let home = Home::new().map_err(unexpected)?;
    let setting = Setting {
        library,
        registry: &drive::registry(project),
        project: project.to_path_buf(),
        home: &home.0,
        world: Arc::new(Machine::new()),
        holder: drive::holder(),
    };
    drive::block_on(trial::play(&setting, file, test, inputs, workflow)).map_err(unexpected)
}

/// A folder that is removed.
struct Home(PathBuf);

impl Home {
    /// In memory where there is such a place: what a test writes need not outlive a power cut.
    fn new() -> std::io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let mut number = 0_u32;
        loop {
            let path = base.join(format!("runner-test-{}-{number}", std::process::id()));
            match std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything that went otherwise than the test says.
fn wrong(document: &Document, at: usize, test: &Test, played: &Played) -> Vec<Diagnostic> {
    let place = |more: &[String]| {
        let steps = ["tests".to_owned(), at.to_string()].into_iter().chain(more.iter().cloned());
        trial::place(document, &steps.collect::<Vec<_>>())
    };
    let error = |more: &[String], message: String| Diagnostic::error(&document.source, place(more), message);
    let exit = match &played.outcome {
        Ok(outcome) => Exit::of_outcome(outcome),
        Err(Trouble::Refused(found)) => {
            let wanted = test.expect.refused.as_ref();
            if wanted.is_some_and(|wanted| found.iter().any(|found| found.message.contains(wanted))) {
                return Vec::new();
            }
            return found.clone();
        }
        Err(Trouble::Driver(why)) => return vec![error(&[], why.to_string())],
        Err(Trouble::Test(why)) => return why.iter().map(|why| error(&[], why.clone())).collect(),
    };
    if let Some(wanted) = &test.expect.refused {
        return vec![error(&["expect".to_owned(), "refused".to_owned()], format!("it is not refused: `{wanted}`"))];
    }
    let unmet = trial::unmet(&test.expect, played, exit.code());
    let at = |unmet: trial::Unmet| error(&[vec!["expect".to_owned()], unmet.at].concat(), unmet.message);
    unmet.into_iter().map(at).collect()
}

fn tell(verdict: &Verdict, shape: args::Shape) {
    let took = u64::try_from(verdict.took.as_millis()).unwrap_or(u64::MAX);
    if shape == args::Shape::Json {
        let wrong = diagnostic::to_json(&verdict.wrong);
        let line = json!({
            "v": 1, "file": verdict.file, "test": verdict.name, "passed": verdict.wrong.is_empty(), "wrong": wrong,
            "took": took, "elapsed": verdict.passed,
        });
        return output::line(line.to_string());
    }
    let word = if verdict.wrong.is_empty() { "ok" } else { "FAILED" };
    let elapsed = words::elapsed(verdict.passed);
    let name = words::harmless(&verdict.name);
    output::line(format!("{word:6} {}: {name} ({elapsed} in {took} ms)", verdict.file));
    drive::show(&verdict.wrong);
}
