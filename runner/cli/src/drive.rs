//! Driving a run from the command line: locks, signals, a reporter, and the exit code.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner_engine::diagnostic::{self, Diagnostic};
use runner_engine::driver::{Command, DriveError, Driver, Observer, Options, Outcome, admit};
use runner_engine::evaluate::Evaluator;
use runner_engine::language::ast::Concurrency;
use runner_engine::ledger::{GroupLock, Holder, LedgerError, Policy, Want, WhenBusy, user_state_folder};
use runner_engine::plugin::{Places, Plugins};
use runner_engine::program::Registry;
use runner_engine::run::Run;
use runner_engine::seal::KeyFile;
use runner_keeper::pretence;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::library::Workflows;
use crate::{output, person};

/// The hidden command of a keeper.
pub(crate) const KEEPER: &str = "__keeper";

/// The hidden command of a built-in service.
pub(crate) const SERVICE: &str = "__service";

/// The step types of this binary, and of the plugins that the workflows of a project can name.
pub(crate) fn registry(project: &Path) -> Registry {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    let places = Places {
        project: project.to_path_buf(),
        workflows: Workflows::of(project).folders(),
        path: std::env::var_os("PATH"),
        cache: cache.map(|cache| cache.join("runner/plugins")),
    };
    Registry::new(runner_steps::all()).with_plugins(Plugins::new(places))
}

/// The environment as text; what is not UTF-8 is left out.
pub(crate) fn environment() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// This process, as locks name it.
pub(crate) fn holder() -> Holder {
    // Not what options say: an input may be a secret, and this is written down.
    let words: Vec<_> = std::env::args().skip(1).take_while(|word| !word.starts_with('-')).take(2).collect();
    Holder::me(now(), &format!("runner {}", words.join(" ")))
}

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    pretence::clock(since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

/// How many steps may run at once where nobody says otherwise: twice the cores, at least 8.
pub(crate) fn default_parallel() -> usize {
    std::thread::available_parallelism().map_or(8, |cores| (2 * cores.get()).max(8))
}

/// What the driver needs to reach this binary again, and the person who uses it. `agreed`: whether they have said yes to
/// what would be asked.
pub(crate) fn options(group: Option<String>, agreed: bool) -> std::io::Result<Options> {
    let exe = std::env::current_exe()?;
    Ok(Options {
        keeper: vec![exe.clone().into(), OsString::from(KEEPER)],
        service: vec![exe.into(), OsString::from(SERVICE)],
        environment: std::env::vars_os().collect(),
        holder: holder(),
        group,
        locks: locks(),
        asker: person::asker(agreed),
        keys: key_file(),
    })
}

/// The user's state folder, where the locks of concurrency groups lie.
fn locks() -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    user_state_folder(path("XDG_STATE_HOME").as_deref(), path("HOME").as_deref())
}

/// The file with the keys of sealed outputs.
pub(crate) fn key_file() -> Option<KeyFile> {
    let [named, config, home] = ["RUNNER_KEY_FILE", "XDG_CONFIG_HOME", "HOME"].map(std::env::var_os);
    let path = |variable: &Option<OsString>| variable.as_deref().map(Path::new).map(Path::to_path_buf);
    KeyFile::of(path(&named).as_deref(), path(&config).as_deref(), path(&home).as_deref())
}

/// Takes the run's concurrency group, if it has one; waits for it where the workflow says so.
pub(crate) fn take_group(run: &Run, folder: &Path) -> Result<Option<(GroupLock, String)>, Refusal> {
    let Some(group) = Evaluator::group(run).map_err(|error| Refusal::invalid(error.message))? else { return Ok(None) };
    let state = locks().ok_or_else(|| Refusal::invalid(LedgerError::Homeless.to_string()))?;
    let concurrency = run.program.main().workflow.concurrency.as_ref();
    let policy = concurrency.map(Concurrency::policy).unwrap_or_default();
    let want = Want { state, group: group.clone(), run: folder.to_path_buf(), holder: holder() };
    let lock = match (want.try_take(), policy.when_busy) {
        (Err(LedgerError::Busy { .. }), WhenBusy::Wait | WhenBusy::Replace) => await_group(want, policy)?,
        (taken, _) => taken?,
    };
    Ok(Some((lock, group)))
}

/// Waits for a group until it is there or a person wants something else.
fn await_group(want: Want, policy: Policy) -> Result<GroupLock, Refusal> {
    let asked = Arc::new(tokio::sync::Notify::new());
    let notified = Arc::clone(&asked);
    let waited = block_on(async move {
        let listening = listen(move |_| notified.notify_one());
        let admitted = tokio::task::spawn_blocking(move || admit(&want, policy, |text| output::note(&text)));
        let waited = tokio::select! {
            admitted = admitted => Some(admitted),
            () = asked.notified() => None,
        };
        listening.iter().for_each(tokio::task::JoinHandle::abort);
        waited
    });
    match waited.map_err(|error| Refusal::new(Exit::Unexpected, error.to_string()))? {
        Some(Ok(admitted)) => Ok(admitted?),
        Some(Err(error)) => Err(Refusal::new(Exit::Unexpected, error.to_string())),
        None => Err(Refusal::new(Exit::Interrupted, "stopped while it waited for its group; it has done nothing")),
    }
}

/// Why a command ends early.
pub(crate) struct Refusal {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl From<runner_engine::run::Unselectable> for Refusal {
    fn from(wrong: runner_engine::run::Unselectable) -> Self {
        wrong.hint.into_iter().fold(Self::new(Exit::Usage, wrong.message), Self::hint)
    }
}

impl Refusal {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// One whose reasons are diagnostics, which are shown here.
    pub(crate) fn told(exit: Exit, diagnostics: &[Diagnostic]) -> Self {
        show(diagnostics);
        Self::new(exit, String::new())
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells it, and gives the exit code.
    pub(crate) fn tell(&self) -> Exit {
        if !self.message.is_empty() {
            output::error(&self.message, self.hint.as_deref());
        }
        self.exit
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::new(Exit::of_ledger(&error), error.to_string())
    }
}

impl From<DriveError> for Refusal {
    fn from(error: DriveError) -> Self {
        Self::new(Exit::of_drive(&error), error.to_string())
    }
}

/// Shows diagnostics.
pub(crate) fn show(diagnostics: &[Diagnostic]) {
    if !diagnostics.is_empty() {
        let text = diagnostic::render(diagnostics, output::width(), output::colour_on_stderr());
        output::note(text.trim_end());
    }
}

/// Runs one drive. When it is over nothing is waited for: what still blocks belongs to the keeper, or to nobody.
pub(crate) fn block_on<T>(drive: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(drive);
    runtime.shutdown_background();
    Ok(ended)
}

/// Drives to the round's end; signals are a person's words.
pub(crate) async fn drive(driver: Driver<'_>) -> Result<Outcome, DriveError> {
    let listening = listen(driver.commands());
    let outcome = driver.drive().await;
    for task in listening {
        task.abort();
    }
    outcome
}

/// The first SIGINT, SIGTERM or SIGHUP asks steps to stop, any further one kills their process groups.
fn listen(send: impl Fn(Command) + Send + Sync + Clone + 'static) -> Vec<tokio::task::JoinHandle<()>> {
    let asked = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let kinds =
        [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")];
    let mut tasks = Vec::new();
    for (kind, name) in kinds {
        let Ok(mut signals) = signal(kind) else { continue };
        let (send, asked) = (send.clone(), Arc::clone(&asked));
        tasks.push(tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let kill = asked.swap(true, std::sync::atomic::Ordering::SeqCst);
                send(Command::Interrupt { kill, by: name.to_owned() });
            }
        }));
    }
    tasks
}

/// A reporter together with what is told when the run has ended.
pub(crate) trait Reporter: Observer {
    /// Tells how it ended.
    fn end(&mut self, outcome: &Outcome);
}
