//! What the engine asks for, done.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Keeper;
use crate::failpoint::{self, Point};
use crate::mask::Masker;
use crate::protocol::{Hello, Mask, PROTOCOL, Reason, Reply, Request, Text, Welcome};

impl Keeper {
    /// Does what the engine asks for.
    pub(super) fn obey(&mut self, request: Request) {
        let welcome = match &self.engine {
            Some(engine) => engine.welcome,
            // Refused by an earlier message of the same read.
            None => return,
        };
        failpoint::hit(Point::obeys(&request));
        match request {
            Request::Hello(hello) => self.greet(*hello),
            _ if !welcome => self.refuse(None, "the first message must be `hello`".to_owned()),
            Request::Start(start) => self.start(*start),
            Request::Stop { attempt, kill } => {
                self.take_back();
                // One that is not known has ended already.
                if let Some(attempt) = self.attempts.get_mut(&attempt) {
                    if kill { attempt.kill(Reason::Killed) } else { attempt.stop(Reason::Stopped) }
                }
            }
            Request::Places { most } => self.set_places(most),
            Request::Recall => self.take_back(),
            Request::Ready { attempt } => {
                if let Some(attempt) = self.attempts.get_mut(&attempt) {
                    attempt.timeout = None;
                }
            }
            Request::Masks { masks } => self.add_masks(masks),
            Request::Lock { path } => {
                let held = self.lock_group(&path);
                self.say(&Reply::Locked { path, held });
            }
            Request::Unlock { path } => {
                self.groups.remove(path.as_path());
            }
            Request::End => {
                self.ending = true;
                self.queue.clear();
                for attempt in self.attempts.values_mut() {
                    attempt.stop(Reason::Stopped);
                }
            }
        }
    }

    fn greet(&mut self, hello: Hello) {
        if hello.protocol > PROTOCOL || hello.protocol == 0 {
            let reason = format!("protocol `{}` is not spoken here, only up to `{PROTOCOL}`", hello.protocol);
            return self.refuse(None, reason);
        }
        if hello.epoch < self.newest_epoch {
            let reason = format!("epoch `{}` is older than `{}`, which was here", hello.epoch, self.newest_epoch);
            return self.refuse(None, reason);
        }
        self.newest_epoch = hello.epoch;
        self.environment = hello.environment.into_iter().map(|(name, value)| (name.0, value.0)).collect();
        self.add_masks(hello.masks);
        self.met = true;
        let welcome = Reply::Welcome(Box::new(Welcome {
            protocol: PROTOCOL,
            session: self.holder.session,
            pid: self.holder.pid,
            running: self.attempts.values().map(super::Attempt::running).collect(),
            receipts_len: self.receipts.length(),
        }));
        if let Some(engine) = &mut self.engine {
            engine.welcome = true;
            engine.send(&welcome);
        }
    }

    /// Masks further secrets, also in what runs. Those known so far stay: what runs may have been given them.
    fn add_masks(&mut self, masks: Vec<Mask>) {
        if masks.is_empty() {
            return;
        }
        let masker: Masker = self.masker.with(masks);
        for tap in self.lanes.iter_mut().flat_map(|lane| &mut lane.taps) {
            tap.replace_masker(&masker);
        }
        self.masker = masker;
    }

    /// Holds a lock for as long as the keeper lives; tells whether it does.
    fn lock_group(&mut self, path: &Text) -> bool {
        let path: PathBuf = path.as_path().to_owned();
        if self.groups.contains_key(&path) {
            return true;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        match file {
            // Who holds it is for people to read, and for this run's next engine, which it does not keep out.
            Ok(file) if file.try_lock().is_ok() && self.sign_group(&file).is_ok() => {
                self.groups.insert(path, file).is_none()
            }
            _ => false,
        }
    }

    /// Names this run in the lock of a group, in the words of the engine's locks.
    fn sign_group(&self, mut file: &File) -> io::Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let text = serde_json::json!({
            "v": 1,
            "pid": std::process::id(),
            "since": u64::try_from(since).unwrap_or_default(),
            "command": "runner keeper",
            "run": self.run_dir.to_string_lossy(),
        });
        file.set_len(0)?;
        file.write_all(format!("{text}\n").as_bytes())
    }

    /// The environment of an attempt: the engine's, the attempt's own changes.
    pub(super) fn environment_with(&self, changes: &[(Text, Option<Text>)]) -> Vec<(OsString, OsString)> {
        let mut environment = self.environment.clone();
        for (name, value) in changes {
            environment.retain(|(known, _)| *known != name.0);
            environment.extend(value.as_ref().map(|value| (name.0.clone(), value.0.clone())));
        }
        environment
    }
}
