//! A lock is held by one, dies with its holder and names it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::super::{ErrorKind, GroupLock, Holder, LedgerError, Lock, keeper_lock_path, user_state_folder};
use super::child;

fn take(path: &Path) -> Result<Lock, LedgerError> {
    Lock::try_take(path, "the run `x`", Holder::me(1_795_256_102_000, "runner run x"))
}

#[test]
fn a_second_taker_learns_who_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut lock = take(&path).unwrap();
    lock.set_epoch(3).unwrap();
    let error = take(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(
        error.to_string(),
        format!(
            "the run `x` is busy: held by process {} (`runner run x`) since 2026-11-21 10:15:02 UTC; \
             wait for its end, or end it",
            std::process::id()
        )
    );
    let holder = Lock::holder(&path).unwrap().unwrap();
    assert_eq!((holder.pid, holder.epoch), (std::process::id(), Some(3)));
    assert!(holder.is_alive_here());
    drop(lock);
    assert_eq!(Lock::holder(&path).unwrap(), None);
    take(&path).unwrap();
}

#[test]
fn a_bounded_wait_ends_with_the_lock_or_with_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let lock = take(&path).unwrap();
    let me = Holder::me(0, "second");
    let error = Lock::take_within(&path, "the state", &me, Duration::from_millis(5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| Lock::take_within(&path, "the state", &me, Duration::from_mins(1)));
        drop(lock);
        waiting.join().unwrap().unwrap();
    });
}

/// What the child does until it is killed.
#[expect(clippy::zombie_processes, reason = "the sleeper is to outlive this process")]
fn hold_a_lock_and_start_a_sleeper(folder: &Path) {
    let _lock = take(&folder.join("lock")).unwrap();
    let sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    std::fs::write(folder.join("sleeper"), sleeper.id().to_string()).unwrap();
    child::ready();
    std::thread::park();
}

const CHILD: &str = "ledger::test::lock::a_killed_holder_frees_its_lock_though_its_child_lives";

#[test]
fn a_killed_holder_frees_its_lock_though_its_child_lives() {
    if let Some(folder) = child::folder() {
        return hold_a_lock_and_start_a_sleeper(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut holder = child::start(CHILD, folder.path());
    assert_eq!(take(&path).unwrap_err().kind(), ErrorKind::Busy);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let sleeper = std::fs::read_to_string(folder.path().join("sleeper")).unwrap();
    let sleeper = rustix::process::Pid::from_raw(sleeper.parse().unwrap()).unwrap();
    rustix::process::test_kill_process(sleeper).expect("the holder's child lives on");
    let lock = take(&path);
    rustix::process::kill_process(sleeper, rustix::process::Signal::KILL).unwrap();
    lock.expect("the lock died with its holder");
}

#[test]
fn a_stopped_holder_is_said_to_be_stopped() {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut holder = child::start(CHILD, folder.path());
    let pid = Pid::from_child(&holder);
    kill_process(pid, Signal::STOP).unwrap();
    waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
    let message = take(&path).unwrap_err().to_string();
    assert!(message.contains(&format!("is stopped: continue it with `kill -CONT {}`", holder.id())), "{message}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    let sleeper = std::fs::read_to_string(folder.path().join("sleeper")).unwrap();
    kill_process(Pid::from_raw(sleeper.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn onlookers_never_keep_a_taker_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    drop(take(&path).unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::SeqCst) {
                    Lock::holder(&path).unwrap();
                }
            });
        }
        let taken: Result<Vec<_>, _> = (0..100).map(|_| take(&path).map(drop)).collect();
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        taken.unwrap();
    });
}

#[test]
fn a_name_left_by_a_dead_holder_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    std::fs::write(&path, b"{\"v\":1,\"pid\":1}").unwrap();
    assert_eq!(Lock::holder(&path).unwrap(), None);
    std::fs::write(&path, b"\xff garbage").unwrap();
    take(&path).unwrap();
}

#[test]
fn looking_at_a_lock_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Lock::holder(&folder.path().join("lock")).unwrap(), None);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_lock_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = take(&folder.path().join("missing/lock")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("missing/lock"), "{error}");
}

#[test]
fn a_group_is_busy_while_an_engine_or_a_strange_keeper_holds_it() {
    let state = tempfile::tempdir().unwrap();
    let run = |name: &str| state.path().join(name);
    let take = |name: &str| GroupLock::try_take(state.path(), "k0rdent-a/b ü", &run(name), Holder::me(0, "runner run"));
    let first = take("one").unwrap();
    let message = take("two").unwrap_err().to_string();
    assert!(message.contains("the concurrency group `k0rdent-a/b ü` is busy"), "{message}");
    assert!(message.contains(&format!("for the run `{}`", run("one").display())), "{message}");
    GroupLock::try_take(state.path(), "other", &run("two"), Holder::me(0, "")).expect("groups are apart");
    drop(first);

    let mut keeper = Holder::me(0, "runner keeper");
    keeper.run = Some(run("one"));
    let keeper = Lock::try_take(&keeper_lock_path(state.path(), "k0rdent-a/b ü"), "keeper", keeper).unwrap();
    assert_eq!(take("two").unwrap_err().kind(), ErrorKind::Busy, "the keeper of another run lives");
    drop(take("one").expect("a run's own keeper does not keep its engine out"));
    drop(keeper);
    take("two").unwrap();
}

#[test]
fn the_users_state_folder_follows_xdg() {
    let path = |text: &'static str| Some(Path::new(text));
    assert_eq!(user_state_folder(path("/s"), path("/h")).unwrap(), Path::new("/s/runner"));
    assert_eq!(user_state_folder(path("s"), path("/h")).unwrap(), Path::new("/h/.local/state/runner"));
    assert_eq!(user_state_folder(None, None), None);
}
