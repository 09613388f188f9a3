//! The real `helm`, of both kinds: `tests/lab/helm/build` has built them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// What was built; the first who asks has it built.
fn built() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/lab/helm/build");
        let ran = Command::new(build).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
        assert!(ran.status.success(), "tests/lab/helm/build has failed");
        PathBuf::from(String::from_utf8(ran.stdout).unwrap().trim())
    });
    &FOLDER
}

/// The folder that holds `helm` of a major version, 3 or 4.
pub fn folder(major: u32) -> PathBuf {
    built().join(major.to_string())
}

/// The program of a registry.
pub fn registry() -> PathBuf {
    built().join("registry")
}

/// `PATH` with it.
pub fn path(major: u32) -> String {
    format!("{}:{}", folder(major).display(), std::env::var("PATH").unwrap_or_default())
}
