//! What the controllers share, and how they are run.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use kube::runtime::{Controller, reflector::ObjectRef, watcher};

use super::cluster::{self, Cluster, Kind, Result};
use super::defect::Defect;
use super::{credential, deployment, flux, management, region};

/// What k0rdent waits before it looks again at what is not ready, in seconds.
pub const AGAIN: f64 = 10.0;
/// What it waits after an error.
const AFTER_ERROR: f64 = 5.0;

/// What all controllers know.
pub struct Shared {
    /// The management cluster.
    pub home: Cluster,
    /// What a `ClusterDeployment` will turn out to be: its name, and a kubeconfig.
    pub clusters: Mutex<BTreeMap<String, String>>,
    /// What fails, and with which message.
    pub broken: Mutex<BTreeMap<String, String>>,
    defects: Vec<Defect>,
    speed: f64,
    since: Mutex<BTreeMap<String, Instant>>,
    others: Mutex<BTreeMap<String, Cluster>>,
}

impl Shared {
    /// On the management cluster of this kubeconfig.
    pub async fn new(kubeconfig: &str, defects: Vec<Defect>, speed: f64) -> Self {
        Self {
            home: Cluster::of(kubeconfig, false).await.unwrap(),
            clusters: Mutex::default(),
            broken: Mutex::default(),
            defects,
            speed,
            since: Mutex::default(),
            others: Mutex::default(),
        }
    }

    /// Whether a defect is switched on.
    pub fn has(&self, defect: Defect) -> bool {
        self.defects.contains(&defect)
    }

    /// So many of k0rdent's seconds.
    pub fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds / self.speed)
    }

    /// Whether so many of k0rdent's seconds have passed since this was asked first.
    pub fn has_lasted(&self, what: &str, seconds: f64) -> bool {
        let since = *self.since.lock().unwrap().entry(what.to_owned()).or_insert_with(Instant::now);
        since.elapsed() >= self.seconds(seconds)
    }

    /// Whether this was said to [`Self::remember`].
    pub fn has_been(&self, what: &str) -> bool {
        self.since.lock().unwrap().contains_key(what)
    }

    /// From now on it has been.
    pub fn remember(&self, what: &str) {
        self.since.lock().unwrap().entry(what.to_owned()).or_insert_with(Instant::now);
    }

    /// As if it had never been asked.
    pub fn forget(&self, what: &str) {
        self.since.lock().unwrap().remove(what);
    }

    /// Why this fails, if it is to fail.
    pub fn fault(&self, name: &str) -> Option<String> {
        self.broken.lock().unwrap().get(name).cloned()
    }

    /// The cluster of a kubeconfig, if it answers.
    pub async fn reach(&self, kubeconfig: &str) -> Result<Cluster, String> {
        let known = self.others.lock().unwrap().get(kubeconfig).cloned();
        let cluster = match known {
            Some(cluster) => cluster,
            None => Cluster::of(kubeconfig, true).await?,
        };
        cluster.client.apiserver_version().await.map_err(|error| error.to_string())?;
        self.others.lock().unwrap().insert(kubeconfig.to_owned(), cluster.clone());
        Ok(cluster)
    }

    /// Look again after so many of k0rdent's seconds.
    pub fn again(&self, seconds: f64) -> Action {
        Action::requeue(self.seconds(seconds))
    }
}

/// Runs all controllers.
pub async fn control(shared: &Arc<Shared>) {
    tokio::join!(
        run(shared, cluster::RELEASE, None, management::release),
        run(shared, cluster::MANAGEMENT, None, management::management),
        run(shared, cluster::HELM_RELEASE, None, flux::helm_release),
        run(shared, cluster::REGION, None, region::region),
        run(shared, cluster::CREDENTIAL, Some(cluster::REGION), credential::credential),
        run(shared, cluster::DEPLOYMENT, None, deployment::deployment),
    );
}

/// Runs one controller; a change of any object of the kind `beside` has all of its own looked at.
async fn run<R>(
    shared: &Arc<Shared>,
    kind: Kind,
    beside: Option<Kind>,
    reconcile: fn(Arc<DynamicObject>, Arc<Shared>) -> R,
) where
    R: Future<Output = Result<Action>> + Send + 'static,
{
    let config = watcher::Config::default();
    let mut controller = Controller::new_with(shared.home.api(kind, None), config.clone(), kind.resource());
    if let Some(beside) = beside {
        let store = controller.store();
        let all = move |_| {
            let one = |object: Arc<DynamicObject>| ObjectRef::from_obj_with(&*object, kind.resource());
            store.state().into_iter().map(one).collect::<Vec<_>>()
        };
        controller = controller.watches_with(shared.home.api(beside, None), beside.resource(), config, all);
    }
    let after_error = |_, error: &kube::Error, shared: Arc<Shared>| {
        match error {
            kube::Error::Api(status) => eprintln!("stand-in: {}", status.message),
            other => eprintln!("stand-in: {other}"),
        }
        shared.again(AFTER_ERROR)
    };
    controller.run(reconcile, after_error, Arc::clone(shared)).for_each(|_| std::future::ready(())).await;
}
