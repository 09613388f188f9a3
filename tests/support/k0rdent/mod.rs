//! Stands in for the controllers of k0rdent (kcm) 1.5.0, of Flux and of Cluster API on a management cluster, since the real ones cannot be
//! had here: they come from a container registry, and make machines in a cloud. Objects progress as theirs do, on real API servers.
//!
//! ```ignore
//! let (plane, east) = (ControlPlane::start(), ControlPlane::start());
//! let standin = Standin::start(&plane, Defect::ALL);  // k0rdent 1.5.0 is installed and ready
//! standin.gives("rgn-eastus", &east);                 // what a ClusterDeployment of this name will turn out to be
//! ```
//!
//! Reasons, messages, labels, finalizers and the order of everything are k0rdent's; what it waits for takes a hundredth of k0rdent's time.
//! Where it lies by mistake, it does so only if its [`Defect`] is switched on. [`Standin::breaks`] lets a component or a cluster fail.
//! All of it ends when it is dropped; its objects stay as they are.

#![expect(unreachable_pub, reason = "a part of each test program")]
#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]
#![expect(clippy::print_stderr, reason = "what a test says")]

mod admission;
mod cluster;
mod component;
mod credential;
mod defect;
mod deployment;
mod flux;
mod install;
mod management;
mod region;
mod serve;
mod shared;

pub use defect::Defect;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::support::await_that;
use crate::support::control_plane::ControlPlane;
use shared::Shared;

/// The namespace of everything that is k0rdent's.
pub const SYSTEM: &str = "kcm-system";
/// How much faster than k0rdent it is.
const SPEED: f64 = 100.0;

/// The controllers, as long as this lives.
pub struct Standin {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Standin {
    /// Installs k0rdent 1.5.0 with its providers for Azure on a management cluster, where it is not there yet, and waits until it is ready.
    pub fn start(plane: &ControlPlane, defects: &[Defect]) -> Self {
        let kubeconfig = std::fs::read_to_string(plane.kubeconfig()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let defects = defects.to_vec();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let shared = Arc::new(Shared::new(&kubeconfig, defects, SPEED).await);
                install::install(&shared.home).await.unwrap();
                let webhook = serve::Webhook::start(&shared).await;
                tell.send(Arc::clone(&shared)).unwrap();
                tokio::select! {
                    () = shared::control(&shared) => {}
                    () = webhook.serve(&shared) => {}
                    _ = stopped => {}
                }
                // Who comes after us is not to be refused by nobody.
                serve::withdraw(&shared.home).await;
            });
        });
        let shared = told.recv().expect("the stand-in has started");
        let standin = Self { shared, stop: Some(stop), thread: Some(thread) };
        let ready = "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        await_that("k0rdent to be ready", || {
            plane.kubectl().run(&["get", "management", "kcm", ready]).stdout.trim() == "True"
        });
        standin
    }

    /// What the `ClusterDeployment` of this name will turn out to be. Those of which nothing is said are never provisioned.
    pub fn gives(&self, deployment: &str, plane: &ControlPlane) {
        self.gives_at(deployment, &std::fs::read_to_string(plane.kubeconfig()).unwrap());
    }

    /// The same by a kubeconfig.
    pub fn gives_at(&self, deployment: &str, kubeconfig: &str) {
        self.shared.clusters.lock().unwrap().insert(deployment.to_owned(), kubeconfig.to_owned());
    }

    /// From now on this `HelmRelease` (`hr/eastus-capi`) or `ClusterDeployment` (`cld/rgn-eastus`) fails with this message, until [`Self::mends`].
    pub fn breaks(&self, name: &str, message: &str) {
        self.shared.broken.lock().unwrap().insert(name.to_owned(), message.to_owned());
    }

    /// It fails no more.
    pub fn mends(&self, name: &str) {
        self.shared.broken.lock().unwrap().remove(name);
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
