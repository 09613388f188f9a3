//! The connection to the engine.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use super::Keeper;
use crate::failpoint::{self, Point};
use crate::protocol::{Decoder, FrameError, Reply, Request, encode};

/// How long somebody may be connected without saying who he is.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long it may take until the engine hears of what it need not act on.
const PATIENCE: Duration = Duration::from_millis(10);

/// How long the last messages of a keeper that leaves may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// The engine that is connected.
#[derive(Debug)]
pub(super) struct Engine {
    stream: UnixStream,
    decoder: Decoder<Request>,
    unsent: Vec<u8>,
    /// Until when what is unsent may wait for something that goes with it.
    held: Option<Instant>,
    connected: Instant,
    /// Whether its epoch was accepted.
    pub(super) welcome: bool,
}

impl Engine {
    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Whether there is more to send than it took so far.
    pub(super) fn has_more(&self) -> bool {
        !self.unsent.is_empty() && self.held.is_none()
    }

    /// When what is held back is sent.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held
    }

    /// Until when it may be silent.
    pub(super) fn silent_until(&self) -> Option<Instant> {
        (!self.welcome).then(|| self.connected + INTRODUCTION)
    }

    pub(super) fn send(&mut self, reply: &Reply) {
        failpoint::hit(Point::says(reply));
        self.unsent.extend(encode(reply));
        self.flush();
    }

    /// Sends it with what comes next, or soon: an engine is not woken for what it need not act on.
    pub(super) fn mention(&mut self, reply: &Reply) {
        failpoint::hit(Point::says(reply));
        self.unsent.extend(encode(reply));
        self.held.get_or_insert_with(|| Instant::now() + PATIENCE);
    }

    /// Sends as much as it takes. That it is gone is learned when reading: what it said before is heard first.
    pub(super) fn flush(&mut self) {
        self.held = None;
        let mut sent = 0;
        while sent < self.unsent.len() {
            match self.stream.write(&self.unsent[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => sent = self.unsent.len(),
            }
        }
        self.unsent.drain(..sent);
    }

    /// Sends what is left, then closes.
    pub(super) fn close(mut self) {
        let mut send = || -> io::Result<()> {
            self.stream.set_nonblocking(false)?;
            self.stream.set_write_timeout(Some(FAREWELL))?;
            self.stream.write_all(&self.unsent)
        };
        // Who is gone has no use for it; who is not finds it in the receipts.
        let _ = send();
        failpoint::peer_of(None);
    }

    fn read(&mut self, buffer: &mut [u8]) -> Heard {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Heard::End,
                Ok(count) => {
                    let more = count == buffer.len();
                    let heard = |requests| Heard::Requests(requests, more);
                    return self.decoder.push(&buffer[..count]).map_or_else(Heard::Garbage, heard);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Heard::Nothing,
                Err(_) => return Heard::End,
            }
        }
    }
}

/// What reading from the engine gave.
enum Heard {
    /// What it asked for, and whether there may be more to read.
    Requests(Vec<Request>, bool),
    Nothing,
    Garbage(FrameError),
    End,
}

impl Keeper {
    /// Accepts whoever is first in the queue, if he is of this user.
    pub(super) fn accept(&mut self) {
        let Ok((stream, _)) = self.listener.accept() else { return };
        let ours = self.platform.peer(&stream).is_none_or(|user| user == geteuid().as_raw());
        if ours && stream.set_nonblocking(true).is_ok() {
            failpoint::peer_of(Some(&stream));
            failpoint::hit(Point::Accepted);
            let connected = Instant::now();
            let decoder = Decoder::default();
            self.engine = Some(Engine { stream, decoder, unsent: Vec::new(), held: None, connected, welcome: false });
        }
    }

    /// Hears what the engine says, to its end if it is gone.
    pub(super) fn hear(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(engine) = &mut self.engine {
            if engine.has_more() {
                engine.flush();
            }
            match engine.read(&mut buffer) {
                Heard::Requests(requests, more) => {
                    for request in requests {
                        self.obey(request);
                    }
                    if !more {
                        break;
                    }
                }
                Heard::Nothing => break,
                Heard::Garbage(error) => self.refuse(None, error.to_string()),
                Heard::End => self.part(),
            }
        }
        self.buffer = buffer;
    }

    /// Refuses a start, or the whole connection.
    pub(super) fn refuse(&mut self, attempt: Option<u64>, reason: String) {
        if let Some(engine) = &mut self.engine {
            engine.send(&Reply::Refused { attempt, reason });
        }
        if attempt.is_none() {
            self.part();
        }
    }

    /// The connection is over.
    pub(super) fn part(&mut self) {
        self.engine = None;
        self.queue.clear();
        self.lonely_since = Instant::now();
        failpoint::peer_of(None);
        failpoint::hit(Point::Parted);
    }

    /// Tells of something that the engine need not act on, with what comes next.
    pub(super) fn mention(&mut self, reply: &Reply) {
        if let Some(engine) = self.engine.as_mut().filter(|engine| engine.welcome) {
            engine.mention(reply);
        }
    }

    /// Sends a message, where somebody is there to hear it.
    pub(super) fn say(&mut self, reply: &Reply) {
        if let Some(engine) = self.engine.as_mut().filter(|engine| engine.welcome) {
            engine.send(reply);
        }
    }
}
