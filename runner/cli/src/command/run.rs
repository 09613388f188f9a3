//! `runner run`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runner_engine::diagnostic::Sink;
use runner_engine::driver::Driver;
use runner_engine::language::{Document, read_file};
use runner_engine::ledger::{Lock, Runs, read_state};
use runner_engine::run::{Request, Run, Select, prepare};
use runner_keeper::failpoint::{self, Point};

use super::saved::Saved;
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

/// What a person gives.
pub(super) struct Asked<'a> {
    /// The workflow: a name or a path.
    pub(super) workflow: &'a str,
    /// `--input`.
    pub(super) inputs: &'a [String],
    /// A file of inputs.
    pub(super) inputs_file: Option<Document>,
    /// The environment.
    pub(super) env: BTreeMap<String, String>,
    /// Attempts that may run at once.
    pub(super) parallel: Option<u16>,
    /// What the run is confined to.
    pub(super) select: Select,
    /// When it begins, in milliseconds since 1970.
    pub(super) now: u64,
}

impl<'a> Asked<'a> {
    /// What stands on the command line.
    pub(super) fn given(
        workflow: &'a str,
        (inputs, inputs_file): (&'a [String], Option<&Path>),
        parallel: Option<u16>,
        select: &args::Select,
    ) -> Result<Self, Refusal> {
        let mut sink = Sink::new();
        let file = inputs_file.map(|path| read_file(path, &path.to_string_lossy(), &mut sink));
        if sink.has_errors() {
            return Err(Refusal::told(Exit::Invalid, &sink.finish()));
        }
        let (env, now) = (drive::environment(), drive::now());
        Ok(Self { workflow, inputs, inputs_file: file.flatten(), env, parallel, select: select.of_new(), now })
    }
}

/// What a run is made of, by what a person gives; what is wrong is shown.
pub(super) fn prepared(project: &Path, asked: Asked<'_>) -> Result<Run, Refusal> {
    let library = Workflows::of(project);
    let here = std::env::current_dir().map_err(|error| Refusal::invalid(error.to_string()))?;
    let main = super::opened(&library, asked.workflow)?;
    let request = Request {
        main,
        library: &library,
        registry: &drive::registry(project),
        project: project.to_path_buf(),
        working_directory: here,
        inputs: asked.inputs,
        inputs_file: asked.inputs_file.as_ref(),
        env: asked.env,
        parallel: asked.parallel.map_or_else(drive::default_parallel, usize::from),
        state: read_state(Runs::of(project).home())?,
        now: asked.now,
        before: None,
    };
    let run = prepare(&request).map_err(|diagnostics| Refusal::told(Exit::Invalid, &diagnostics))?;
    Ok(run.select(asked.select)?)
}

fn try_run(project: &Path, args: &args::Run) -> Result<Exit, Refusal> {
    if let Some(other) = &args.taken {
        return super::taken::run(project, args, other);
    }
    let prepared = if let Some(file) = &args.plan {
        let saved = Saved::read(file)?;
        let run = saved.prepare(project, &args.inputs, args.parallel)?;
        saved.hold(project, &run)?;
        run.begun(drive::now())
    } else {
        let workflow = args.workflow.as_deref().unwrap_or_default();
        let inputs = (&args.inputs[..], args.inputs_file.as_deref());
        prepared(project, Asked::given(workflow, inputs, args.parallel, &args.select)?)?
    };
    let runs = Runs::of(project);
    if args.dry {
        let shape = if args.output == args::Format::Json { args::Shape::Json } else { args::Shape::Text };
        return super::plan::tell(project, &prepared, shape, (false, None));
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
