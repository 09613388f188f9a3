//! `runner run`.

use std::path::Path;
use std::sync::Arc;

use runner_engine::diagnostic::Sink;
use runner_engine::driver::Driver;
use runner_engine::language::read_file;
use runner_engine::ledger::{Lock, Runs, read_state};
use runner_engine::run::{Request, Run, prepare};
use runner_keeper::failpoint::{self, Point};

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::report;
use crate::world::Machine;

/// Runs a workflow.
pub(crate) fn run(project: &Path, args: &args::Run) -> Exit {
    match try_run(project, args) {
        Ok(exit) => exit,
        Err(refusal) => refusal.tell(),
    }
}

/// What a run is made of, by what a person gives; what is wrong is shown.
pub(super) fn prepared(
    project: &Path,
    workflow: &str,
    inputs: &[String],
    inputs_file: Option<&Path>,
    parallel: Option<u16>,
    select: &args::Select,
) -> Result<Run, Refusal> {
    let library = Workflows::of(project);
    let here = std::env::current_dir().map_err(|error| Refusal::invalid(error.to_string()))?;
    let main = super::opened(&library, workflow)?;
    let mut sink = Sink::new();
    let inputs_file = inputs_file.map(|path| read_file(path, &path.to_string_lossy(), &mut sink));
    if sink.has_errors() {
        return Err(Refusal::told(Exit::Invalid, &sink.finish()));
    }
    let request = Request {
        main,
        library: &library,
        registry: &drive::registry(project),
        project: project.to_path_buf(),
        working_directory: here,
        inputs,
        inputs_file: inputs_file.as_ref().and_then(Option::as_ref),
        env: drive::environment(),
        parallel: parallel.map_or_else(drive::default_parallel, usize::from),
        state: read_state(Runs::of(project).home())?,
        now: drive::now(),
        before: None,
    };
    let run = prepare(&request).map_err(|diagnostics| Refusal::told(Exit::Invalid, &diagnostics))?;
    Ok(run.select(select.of_new())?)
}

fn try_run(project: &Path, args: &args::Run) -> Result<Exit, Refusal> {
    let workflow = args.workflow.as_deref().unwrap_or_default();
    let prepared = prepared(project, workflow, &args.inputs, args.inputs_file.as_deref(), args.parallel, &args.select)?;
    let runs = Runs::of(project);
    if args.dry {
        let shape = if args.output == args::Format::Json { args::Shape::Json } else { args::Shape::Text };
        return super::plan::tell(project, &prepared, shape, false);
    }
    drive::show(&prepared.warnings);
    let folder = runs.create(drive::now(), &prepared.record.workflow)?;
    failpoint::hit(Point::RunCreated);
    let _lock = Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder())?;
    let run = prepared.named(folder.id());
    let group = drive::take_group(&run, folder.path())?;
    let unexpected = |error: std::io::Error| Refusal::new(Exit::Unexpected, error.to_string());
    let options = drive::options(group.as_ref().map(|(_, group)| group.clone()), args.yes).map_err(unexpected)?;
    let mut reporter = report::choose(args.output, &run, folder.path(), report::Begin::New);
    let outcome = drive::block_on(async {
        let driver = Driver::begin(run, folder, Arc::new(Machine::new()), &mut *reporter, options)?;
        Box::pin(drive::drive(driver)).await
    })
    .map_err(unexpected)??;
    reporter.end(&outcome);
    Ok(Exit::of_outcome(&outcome))
}
