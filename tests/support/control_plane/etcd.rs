//! The store of one or more API servers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::part::Part;
use super::{folder, program};

/// An etcd on a socket.
pub struct Etcd {
    pub(super) part: Part,
    served: AtomicUsize,
    pub(super) folder: tempfile::TempDir,
}

impl Etcd {
    /// Starts one. Who needs it waits for it.
    pub fn start() -> Self {
        let folder = folder("etcd");
        let data = folder.path().join("data").display().to_string();
        let arguments = [
            format!("--data-dir={data}"),
            "--unsafe-no-fsync".into(),
            "--log-level=warn".into(),
            format!("--listen-client-urls=unix://{}", folder.path().join("socket").display()),
            // Nobody calls the only member at these.
            "--advertise-client-urls=http://127.0.0.1:1".into(),
            "--listen-peer-urls=http://127.0.0.1:0".into(),
            "--initial-advertise-peer-urls=http://127.0.0.1:2".into(),
            "--initial-cluster=default=http://127.0.0.1:2".into(),
        ];
        let part = Part::start(folder.path(), &program("etcd"), &arguments);
        Self { part, served: AtomicUsize::new(0), folder }
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A prefix for what one more API server keeps in it.
    pub(super) fn prefix(&self) -> String {
        format!("/registry-{}", self.served.fetch_add(1, Ordering::SeqCst))
    }
}
