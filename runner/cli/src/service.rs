//! The serving half of a built-in service: this binary again, as a process of the keeper.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use runner_host::{CancelToken, Host, LaneLog};
use runner_sdk::world::{Render, State};
use runner_sdk::{Ability, Error, Place, Result};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::output;

/// Serves as the step type `name`, whose `with:` is read from standard input.
pub(crate) fn serve(name: &str) -> ExitCode {
    match try_serve(name) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            output::error(&error.message, error.hint.as_deref());
            Exit::Unexpected.into()
        }
    }
}

fn try_serve(name: &str) -> Result<()> {
    let step = runner_steps::find(name).ok_or_else(|| Error::input(format!("there is no step type `{name}`")))?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Error::input(error.to_string()))?;
    let with: Value = serde_json::from_str(&text).map_err(|error| Error::input(error.to_string()))?;
    let instance = step.decode(with).map_err(|error| Error::input(error.to_string()))?;
    let dir = std::env::current_dir().map_err(|error| Error::permanent(error.to_string()))?;
    let place = Place {
        project: dir.clone(),
        dir: dir.clone(),
        source: dir,
        run: String::new(),
        step: name.to_owned(),
        attempt: 1,
    };
    let log = LaneLog::standard().map_err(|error| Error::permanent(error.to_string()))?;
    let (canceller, cancel) = CancelToken::new();
    let context = Host::new().within_group().context(runner_host::Attempt {
        place,
        env: Vec::new(),
        state: Arc::new(Nowhere),
        render: Arc::new(Nowhere),
        log: Arc::new(log),
        cancel,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::permanent(error.to_string()))?;
    runtime.block_on(async {
        // A service ends as it is told to. Any other step has started processes of its own, which are told, too, since they are of
        // its group: it ends after them.
        if !step.can(Ability::Service) {
            let mut told = signal(SignalKind::terminate()).map_err(|error| Error::permanent(error.to_string()))?;
            tokio::spawn(async move {
                told.recv().await;
                canceller.cancel();
            });
        }
        instance.serve(&context).await
    })
}

/// A service has no state and no templates of its own: what it serves was rendered before it started.
struct Nowhere;

fn none<T>() -> Result<T> {
    Err(Error::permanent("a service has neither state nor templates"))
}

impl State for Nowhere {
    fn get(&self, _: &str) -> Result<Option<Value>> {
        none()
    }
    fn set(&self, _: &str, _: Value) -> Result<Option<Value>> {
        none()
    }
    fn append(&self, _: &str, _: Value) -> Result<u64> {
        none()
    }
    fn remove(&self, _: &str) -> Result<Option<Value>> {
        none()
    }
}

impl Render for Nowhere {
    fn render(&self, _: &str, _: &str, _: &Value) -> Result<String> {
        none()
    }
}
