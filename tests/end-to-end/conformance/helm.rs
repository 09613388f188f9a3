//! What an example of `helm.*` needs: the real `helm`, and a namespace of its own in a real cluster. `tests/run cluster` says by
//! `HELM=3` and `HELM=4` that they are there.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::control_plane::ControlPlane;
use crate::support::{Project, helm};

/// The fixture of an example that needs them.
pub(super) const RELEASES: &str = "helm";

/// The major version of `helm` that is asked; none where there is no cluster.
pub(super) fn major() -> Option<u32> {
    std::env::var("HELM").ok().map(|major| major.parse().expect("3 or 4"))
}

/// One for all: its parts end with the process of the tests.
static PLANE: LazyLock<ControlPlane> = LazyLock::new(ControlPlane::start);
static NAMESPACES: AtomicU32 = AtomicU32::new(0);

/// Gives them to a project, where they are to be had.
pub(super) fn ready(project: &mut Project) -> bool {
    let Some(major) = major() else { return false };
    let namespace = format!("example-{}", NAMESPACES.fetch_add(1, Ordering::Relaxed));
    PLANE.kubectl().get(&["create", "namespace", &namespace]);
    project.env("PATH", helm::path(major)).env("KUBECONFIG", PLANE.kubeconfig()).env("HELM_NAMESPACE", namespace);
    true
}
