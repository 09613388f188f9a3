//! What all steps of an engine share, and the context of one attempt.

use std::sync::Arc;

use runner_sdk::world::{Cancel, Clock, Files, Http, Log, Net, Render, State};
use runner_sdk::{Context, Place};

use crate::{Clients, RealClock, RealFiles, RealHttp, RealKube, RealNet, RealProcesses};

/// The real world, made once for an engine. Cheap to clone, and cheap to make: nothing is loaded before it is used.
#[derive(Clone)]
pub struct Host {
    files: Arc<dyn Files>,
    http: Arc<dyn Http>,
    kube: Arc<Clients>,
    net: Arc<dyn Net>,
    clock: Arc<dyn Clock>,
    grouped: bool,
}

/// What belongs to one attempt, given by the engine.
pub struct Attempt {
    /// Where the step stands.
    pub place: Place,
    /// The environment of its helper processes beyond this process's own; `None` removes a name.
    pub env: Vec<(String, Option<String>)>,
    /// What deployments leave behind.
    pub state: Arc<dyn State>,
    /// Strict Handlebars.
    pub render: Arc<dyn Render>,
    /// The attempt's log.
    pub log: Arc<dyn Log>,
    /// Whether it was asked to stop.
    pub cancel: Arc<dyn Cancel>,
}

impl Host {
    /// The machine.
    pub fn new() -> Self {
        Self {
            files: Arc::new(RealFiles),
            http: Arc::new(RealHttp::new()),
            kube: Arc::default(),
            net: Arc::new(RealNet),
            clock: Arc::new(RealClock),
            grouped: false,
        }
    }

    /// The same within a process of the keeper's: helper processes are of its group, which the keeper stops as one.
    #[must_use]
    pub fn within_group(self) -> Self {
        Self { grouped: true, ..self }
    }

    /// What the step of an attempt is given.
    pub fn context(&self, attempt: Attempt) -> Context {
        let kube = RealKube::new(Arc::clone(&self.kube), attempt.place.dir.clone(), &attempt.env);
        let processes = RealProcesses { dir: attempt.place.dir.clone(), env: attempt.env, grouped: self.grouped };
        Context {
            place: attempt.place,
            files: Arc::clone(&self.files),
            http: Arc::clone(&self.http),
            kube: Arc::new(kube),
            net: Arc::clone(&self.net),
            clock: Arc::clone(&self.clock),
            processes: Arc::new(processes),
            state: attempt.state,
            log: attempt.log,
            render: attempt.render,
            cancel: attempt.cancel,
        }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}
