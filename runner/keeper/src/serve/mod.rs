//! The keeper at work: one loop over everything that can happen.
//!
//! What can happen: an engine connects ([`engine`]), says something ([`request`]) or is gone; a child ends, or output
//! arrives, or a deadline passes ([`end`], [`deadline`]). Nothing blocks: a slow engine, a full pipe or a child that
//! does not end hold up nobody else. Starting a process ([`start`], [`wire`], [`program`]) is the one thing that takes
//! time, about half a millisecond.

mod attempt;
mod deadline;
mod end;
mod engine;
mod program;
mod queue;
mod request;
mod start;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::time::Timespec;

use crate::failpoint::{self, Point};
use crate::lane::Pool;
use crate::lock::{Holder, Lock};
use crate::mask::Masker;
use crate::platform::Platform;
use crate::receipts::{Receipts, Writer};
use crate::run::{Options, listen};
use attempt::Attempt;
use engine::Engine;

/// The keeper of one run.
pub(crate) struct Keeper {
    run_dir: PathBuf,
    options: Options,
    platform: &'static dyn Platform,
    lock: Lock,
    holder: Holder,
    listener: UnixListener,
    /// Has something to read when a child ended.
    signals: UnixStream,
    receipts: Writer,
    lanes: Pool,
    /// What runs, or ends.
    attempts: BTreeMap<u64, Attempt>,
    /// What waits for its turn.
    queue: queue::Queue,
    /// Numbers of attempts that were ever started.
    known: BTreeSet<u64>,
    engine: Option<Engine>,
    newest_epoch: u64,
    /// Since when no engine is connected.
    lonely_since: Instant,
    /// Whether an engine ever spoke.
    met: bool,
    /// Whether the run ended.
    ending: bool,
    environment: Vec<(OsString, OsString)>,
    masker: Masker,
    /// Locks of concurrency groups.
    groups: BTreeMap<PathBuf, File>,
    /// Processes that outlived their attempt and were reported.
    named: BTreeSet<i32>,
    /// Whether no child was left when children were last collected.
    childless: bool,
    /// What an attempt without stdin reads.
    nothing: File,
    buffer: Vec<u8>,
}

/// What woke the keeper.
#[derive(Clone, Copy)]
enum Source {
    Listener,
    Signals,
    Engine,
    Taps,
}

impl Keeper {
    #[expect(clippy::too_many_arguments, reason = "called once, with everything that starting up made")]
    pub(crate) fn new(
        run_dir: PathBuf,
        options: &Options,
        platform: &'static dyn Platform,
        lock: Lock,
        holder: Holder,
        listener: UnixListener,
        signals: UnixStream,
        receipts: Writer,
        lanes: Pool,
        nothing: File,
        known: &Receipts,
    ) -> Self {
        Self {
            run_dir,
            options: options.clone(),
            platform,
            lock,
            holder,
            listener,
            signals,
            receipts,
            lanes,
            attempts: BTreeMap::new(),
            queue: queue::Queue::default(),
            known: known.attempts().collect(),
            engine: None,
            newest_epoch: known.newest_epoch(),
            lonely_since: Instant::now(),
            met: false,
            ending: false,
            environment: Vec::new(),
            masker: Masker::default(),
            groups: BTreeMap::new(),
            named: BTreeSet::new(),
            childless: true,
            nothing,
            buffer: vec![0; 64 << 10],
        }
    }

    /// Serves until the run ended, or nothing is left to keep and no engine is connected.
    pub(crate) fn serve(mut self) -> io::Result<()> {
        loop {
            self.pass_deadlines();
            if self.is_done() {
                if self.leave()? {
                    return Ok(());
                }
                continue;
            }
            for source in self.await_event()? {
                match source {
                    Source::Listener => self.accept(),
                    Source::Signals => self.collect_children(),
                    Source::Engine => self.hear(),
                    Source::Taps => self.pump(),
                }
            }
        }
    }

    /// Waits until something happens or the nearest deadline passes. Gives each source that has something once.
    fn await_event(&self) -> io::Result<Vec<Source>> {
        let wait = self.nearest_deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let mut sources = vec![Source::Signals];
        let mut polled = vec![PollFd::new(&self.signals, PollFlags::IN)];
        if let Some(engine) = &self.engine {
            sources.push(Source::Engine);
            let write = if engine.has_more() { PollFlags::OUT } else { PollFlags::empty() };
            polled.push(PollFd::new(engine.stream(), PollFlags::IN | write));
        } else {
            // One at a time: who comes next waits until everything that the last one said was heard.
            sources.push(Source::Listener);
            polled.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        for tap in self.lanes.iter().flat_map(|lane| &lane.taps).filter(|tap| !tap.ended()) {
            sources.push(Source::Taps);
            polled.push(PollFd::new(tap, PollFlags::IN));
        }
        match poll(&mut polled, wait.as_ref()) {
            Ok(_) => {}
            // As a rule it is that a child ended.
            Err(Errno::INTR) => return Ok(vec![Source::Signals]),
            Err(error) => return Err(error.into()),
        }
        let mut happened: Vec<Source> = Vec::new();
        for (source, polled) in sources.into_iter().zip(&polled) {
            let again = matches!((source, happened.last()), (Source::Taps, Some(Source::Taps)));
            if !polled.revents().is_empty() && !again {
                happened.push(source);
            }
        }
        Ok(happened)
    }

    /// Moves output that passes through the keeper.
    fn pump(&mut self) {
        for lane in self.lanes.iter_mut() {
            for tap in &mut lane.taps {
                tap.pump(&mut self.buffer);
            }
            // While an attempt has the lane, its taps are still asked which secrets passed.
            if lane.occupant.is_none() {
                lane.taps.retain(|tap| !tap.ended());
            }
        }
    }

    fn is_done(&self) -> bool {
        let waits = match &self.engine {
            Some(_) => !self.ending,
            None => !self.met && !self.ending && self.lonely_since.elapsed() < self.options.first_patience,
        };
        self.attempts.is_empty() && !waits
    }

    /// Stops listening; tells whether nobody had come in the meantime.
    fn leave(&mut self) -> io::Result<bool> {
        if let Some(engine) = self.engine.take() {
            engine.close();
        }
        if let Some(socket) = &self.holder.socket {
            // From here on nobody can come; who came before stands in the queue.
            let _ = std::fs::remove_file(socket.as_path());
        }
        failpoint::hit(Point::KeeperLeaving);
        if self.ending {
            return Ok(true);
        }
        self.accept();
        if self.engine.is_none() {
            return Ok(true);
        }
        self.listen_again()?;
        Ok(false)
    }

    /// Listens anew, and signs the lock with the new place.
    fn listen_again(&mut self) -> io::Result<()> {
        let (listener, path) = listen(&self.run_dir)?;
        self.listener = listener;
        self.holder.socket = Some(path.into());
        self.lock.sign(&self.holder)
    }

    /// Empties the pipe that signals write to.
    fn quiet_signals(&mut self) {
        while matches!(self.signals.read(&mut self.buffer), Ok(count) if count == self.buffer.len()) {}
    }
}
