//! A control plane ends with the test that started it, however that ends.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::control_plane::{ALL, ControlPlane};
use crate::support::{Life, await_some, await_that, process};

/// Where the test that is to be killed says which folders are its.
const TELL: &str = "CLUSTER_TELL";

/// Not a test by itself: [`a_killed_test_leaves_nothing_running`] starts it in a process of its own.
#[test]
#[ignore = "is killed by another"]
fn is_killed() {
    let Some(tell) = std::env::var_os(TELL).map(PathBuf::from) else { return };
    let plane = ControlPlane::with(ALL);
    let folders = [plane.folder(), plane.etcd_folder()].map(|folder| folder.display().to_string());
    std::fs::write(tell.with_extension("new"), folders.join("\n")).unwrap();
    std::fs::rename(tell.with_extension("new"), tell).unwrap();
    // Until it is killed, or the other gives up.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "needs the control plane"]
fn a_killed_test_leaves_nothing_running() {
    let place = tempfile::tempdir().unwrap();
    let tell = place.path().join("folders");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "life::is_killed"]).env(TELL, &tell).stdin(Stdio::piped());
    let test = Life::start(command);
    let folders = await_some("the other's control plane", || std::fs::read_to_string(&tell).ok());
    let folders: Vec<_> = folders.lines().map(PathBuf::from).collect();
    let living = || folders.iter().flat_map(|folder| process::marked(folder)).collect::<Vec<_>>();
    for name in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] {
        await_that(name, || living().iter().any(|one| one.args[0].ends_with(name)));
    }
    test.signal(Signal::KILL);
    test.end();
    await_that("everything to end", || living().is_empty());
    for folder in folders {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
#[ignore = "needs the control plane"]
fn a_dropped_one_leaves_nothing_at_all() {
    let plane = ControlPlane::with(ALL);
    let folders = [plane.folder().to_owned(), plane.etcd_folder().to_owned()];
    drop(plane);
    for folder in folders {
        assert_eq!(process::marked(&folder), []);
        assert!(!folder.exists());
    }
}
