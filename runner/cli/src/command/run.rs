//! `runner run`.

use std::path::Path;
use std::sync::Arc;

use runner_engine::diagnostic::Sink;
use runner_engine::driver::Driver;
use runner_engine::language::read_file;
use runner_engine::ledger::{Lock, Runs, read_state};
use runner_engine::run::{Request, prepare};
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

fn try_run(project: &Path, args: &args::Run) -> Result<Exit, Refusal> {
    let library = Workflows::of(project);
    let here = std::env::current_dir().map_err(|error| Refusal::invalid(error.to_string()))?;
    let main = super::opened(&library, args.workflow.as_deref().unwrap_or_default())?;
    let mut sink = Sink::new();
    let inputs_file = args.inputs_file.as_ref().map(|path| read_file(path, &path.to_string_lossy(), &mut sink));
    if sink.has_errors() {
        drive::show(&sink.finish());
        return Ok(Exit::Invalid);
    }
    let runs = Runs::of(project);
    let request = Request {
        main,
        library: &library,
        registry: &drive::registry(project),
        project: project.to_path_buf(),
        working_directory: here,
        inputs: &args.inputs,
        inputs_file: inputs_file.as_ref().and_then(Option::as_ref),
        env: drive::environment(),
        parallel: args.parallel.map_or_else(drive::default_parallel, usize::from),
        state: read_state(runs.home())?,
        now: drive::now(),
    };
    let prepared = match prepare(request) {
        Ok(prepared) => prepared,
        Err(diagnostics) => {
            drive::show(&diagnostics);
            return Ok(Exit::Invalid);
        }
    };
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
