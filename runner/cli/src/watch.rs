//! Waiting until something is written in a run's folder: told by the system on Linux, looked at now and then elsewhere.

use std::path::Path;
use std::time::Duration;

/// How often is looked where nothing tells of a change.
const GLANCE: Duration = Duration::from_millis(100);

/// How long nothing may happen before is looked all the same: no event tells of an engine on another machine.
#[cfg(target_os = "linux")]
const LONGEST: Duration = Duration::from_secs(2);

/// Waits for writes to the journal, the lock, the receipts and the lanes of a run.
pub(crate) struct Watch {
    #[cfg(target_os = "linux")]
    told: Option<std::os::fd::OwnedFd>,
    /// The folder of the lanes, while it is not watched: it comes with the first attempt.
    #[cfg(target_os = "linux")]
    lanes: Option<std::path::PathBuf>,
}

#[cfg(target_os = "linux")]
impl Watch {
    pub(crate) fn of(run: &Path) -> Self {
        use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
        let watch = || {
            let told = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            // A lock is let go when its file is closed.
            let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::CLOSE_WRITE;
            inotify::add_watch(&told, run, flags).ok()?;
            Some(told)
        };
        let mut watch = Self { told: watch(), lanes: Some(runner_keeper::lane::folder(run)) };
        watch.lanes();
        watch
    }

    fn lanes(&mut self) {
        use rustix::fs::inotify::{self, WatchFlags};
        if let (Some(told), Some(lanes)) = (&self.told, &self.lanes)
            && inotify::add_watch(told, lanes, WatchFlags::MODIFY).is_ok()
        {
            self.lanes = None;
        }
    }

    /// Waits for the next write, or for a while.
    pub(crate) fn wait(&mut self) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let Some(told) = &self.told else { return std::thread::sleep(GLANCE) };
        let longest = Timespec::try_from(LONGEST).ok();
        if poll(&mut [PollFd::new(told, PollFlags::IN)], longest.as_ref()).is_err() {
            return std::thread::sleep(GLANCE);
        }
        let mut events = [0; 4096];
        while rustix::io::read(told, &mut events).is_ok_and(|count| count > 0) {}
        self.lanes();
    }
}

#[cfg(not(target_os = "linux"))]
impl Watch {
    pub(crate) fn of(_: &Path) -> Self {
        Self {}
    }

    pub(crate) fn wait(&mut self) {
        std::thread::sleep(GLANCE);
    }
}
