//! A real Kubernetes control plane for one test: `tests/lab/control-plane/build` has built it.
//!
//! ```ignore
//! let plane = ControlPlane::start();                       // etcd and an API server, on loopback
//! plane.kubectl().give("create", "{apiVersion: v1, kind: Namespace, metadata: {name: one}}").expect(0);
//! let proxy = plane.proxy();                               // the same server, misbehaving
//! proxy.fault(2, "GET /api/v1/namespaces", fault::Fault::TooMany(1));
//! proxy.kubectl().get(&["get", "namespaces"]);
//! ```
//!
//! [`ControlPlane::with`] adds what lets Jobs run and owners take their own along, [`ControlPlane::beside`] one more API server on
//! the same etcd. All of it ends when it is dropped, and when the test's process ends in any other way. When the test panics,
//! the ends of the logs are shown; `KEEP=1` leaves the folder.

pub mod etcd;
pub mod fault;
mod kubeconfig;
mod kubectl;
pub mod part;
pub mod pki;
pub mod proxy;
mod server;
mod wire;

pub use kubeconfig::Login;
pub use kubectl::Kubectl;
pub use proxy::Proxy;

use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use etcd::Etcd;
use part::Part;
use pki::Pki;
use server::Server;

use crate::support::await_that;

/// The administrator's token.
const TOKEN: &str = "test-admin-token";
/// How long a start may take: a busy machine has taken ten times the usual three seconds.
const PATIENCE: Duration = Duration::from_secs(120);
/// What lets pods behave as `tests/lab/README.md` says.
const STAGES: &str = include_str!("../../lab/control-plane/stages.yaml");

/// A part that a test may need beside etcd and the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// Jobs, Deployments, service accounts, and the end of what an owner or a namespace leaves behind.
    Controllers,
    /// Pods get nodes.
    Scheduler,
    /// Nodes and pods that are not there, and behave as if they were: see [`ControlPlane::add_node`].
    Kwok,
}

/// Everything that there is: a Job completes.
pub const ALL: &[With] = &[With::Controllers, With::Scheduler, With::Kwok];

/// A control plane.
pub struct ControlPlane {
    parts: Vec<Part>,
    server: Server,
    etcd: Arc<Etcd>,
    pki: Arc<Pki>,
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
}

impl ControlPlane {
    /// etcd and an API server, which is ready.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more parts.
    pub fn with(parts: &[With]) -> Self {
        Self::on(Arc::new(Etcd::start()), parts)
    }

    /// One more, on the same etcd: they know nothing of each other.
    pub fn beside(&self, parts: &[With]) -> Self {
        Self::on(Arc::clone(&self.etcd), parts)
    }

    fn on(etcd: Arc<Etcd>, parts: &[With]) -> Self {
        let folder = folder("control-plane");
        let pki = Arc::new(Pki::new());
        // Without the controllers nobody makes the service account that a pod would otherwise have to have.
        let server = Server::start(folder.path(), &pki, &etcd, parts.contains(&With::Controllers));
        let mut plane = Self { parts: Vec::new(), server, etcd, pki, kubeconfig: PathBuf::new(), folder };
        plane.kubeconfig = plane.write_kubeconfig("kubeconfig", plane.address(), Login::Token);
        for part in parts {
            plane.parts.push(plane.part(*part));
        }
        plane
    }

    /// Where its API server listens, also after a restart.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its temporary folder: data, logs, kubeconfigs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The temporary folder of its etcd.
    pub fn etcd_folder(&self) -> &Path {
        self.etcd.folder.path()
    }

    /// The kubeconfig of its administrator, who has a token.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Another kubeconfig of its administrator.
    pub fn kubeconfig_by(&self, login: Login) -> PathBuf {
        self.write_kubeconfig(&format!("kubeconfig-{login:?}"), self.address(), login)
    }

    /// `kubectl` as its administrator.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.kubeconfig)
    }

    /// Status and body of a path of the API.
    pub fn get(&self, path: &str) -> std::io::Result<(u16, String)> {
        wire::get(self.address(), &self.pki.to_server(), TOKEN, path)
    }

    /// A proxy before its API server, which can misbehave.
    pub fn proxy(&self) -> Proxy {
        Proxy::before(self)
    }

    /// A node of kwok's; gives its name once it is ready. Pods on it run, and those of Jobs complete after a moment, or fail if they are
    /// labelled `kubetest/exit: "1"`.
    pub fn add_node(&self) -> &'static str {
        let name = "kwok-0";
        let labels = format!("{{kubernetes.io/hostname: {name}, kubernetes.io/os: linux, type: kwok}}");
        let node = format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {labels}}}}}");
        self.kubectl().give("create", &node).expect(0);
        self.kubectl().get(&["wait", "--for=condition=Ready", &format!("node/{name}"), "--timeout=25s"]);
        name
    }

    /// A real node, whose pods are real, too: only within `tests/lab/control-plane/node inside`, and without kwok. Gives its name once it is ready.
    pub fn add_real_node(&mut self) -> &'static str {
        assert!(std::env::var_os("NODE_ADDRESS").is_some(), "only within `tests/lab/control-plane/node inside`");
        let name = "real-0";
        let arguments = ["run".to_owned(), self.kubeconfig.display().to_string(), name.to_owned()];
        self.parts.push(Part::start(self.folder(), &lab("node"), &arguments));
        let node = format!("node/{name}");
        await_that("the kubelet to come", || self.kubectl().run(&["get", &node]).code == 0);
        self.kubectl().get(&["wait", "--for=condition=Ready", &node, "--timeout=25s"]);
        name
    }

    /// Kills the API server and starts it again at the same address; it is ready when this returns.
    pub fn restart(&mut self) {
        self.server.stop();
        self.server.start_again(&self.pki);
    }

    /// Kills the API server: nobody listens at its address any more, until [`Self::restart`].
    pub fn stop(&mut self) {
        self.server.stop();
    }

    fn write_kubeconfig(&self, name: &str, server: SocketAddr, login: Login) -> PathBuf {
        let path = self.folder.path().join(name);
        let text = kubeconfig::text(&self.pki, server, login);
        write_secret(&path, &text);
        path
    }

    fn part(&self, part: With) -> Part {
        let own = |name: &str, more: &[String]| {
            let kubeconfig = format!("--kubeconfig={}", self.kubeconfig.display());
            let common =
                [kubeconfig, "--leader-elect=false".into(), "--secure-port=0".into(), "--profiling=false".into()];
            Part::start(self.folder(), &program(name), &[&common, more].concat())
        };
        let file = |flag: &str, name: &str| format!("--{flag}={}", self.folder().join(name).display());
        match part {
            With::Controllers => own(
                "kube-controller-manager",
                &[file("service-account-private-key-file", "sa.key"), file("root-ca-file", "ca.crt")],
            ),
            With::Scheduler => own("kube-scheduler", &[]),
            With::Kwok => {
                let stages = Command::new(program("kubetest")).arg("kwok-config").output().unwrap().stdout;
                std::fs::write(self.folder().join("kwok.yaml"), [&stages, STAGES.as_bytes()].concat()).unwrap();
                let plain = ["--manage-all-nodes", "--node-ip=127.0.0.1", "--node-port=0"].map(str::to_owned);
                let lease = ["--node-lease-duration-seconds=40".to_owned()];
                let files = [file("config", "kwok.yaml"), file("kubeconfig", "kubeconfig")];
                Part::start(self.folder(), &program("kwok"), &[&files[..], &plain, &lease].concat())
            }
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.parts.iter().map(Part::said).collect::<String>();
            eprintln!("{}{}{said}", self.etcd.part.said(), self.server.said());
            if std::env::var_os("KEEP").is_some() {
                self.folder.disable_cleanup(true);
                eprintln!("kept: {}", self.folder.path().display());
            }
        }
    }
}

/// A program that `tests/lab/control-plane/build` has built; the first who asks has it built.
pub fn program(name: &str) -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let ran = Command::new(lab("build")).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
        assert!(ran.status.success(), "tests/lab/control-plane/build has failed");
        PathBuf::from(String::from_utf8(ran.stdout).unwrap().trim())
    });
    FOLDER.join(name)
}

/// A program of `tests/lab/control-plane`.
fn lab(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/lab/control-plane").join(name).canonicalize().unwrap()
}

/// A temporary folder; its path is short enough for a socket in it.
fn folder(name: &str) -> tempfile::TempDir {
    tempfile::Builder::new().prefix(&format!("runner-{name}-")).tempdir().unwrap()
}

/// Writes a file that its owner alone can read.
fn write_secret(path: &Path, text: &str) {
    use std::io::Write;
    let mut options = std::fs::File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
