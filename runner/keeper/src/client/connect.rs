//! Connecting to a keeper.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failpoint::{self, Point};
use crate::lock::{self, Holder, Lock};
use crate::platform;
use crate::protocol::{Decoder, Hello, PROTOCOL, Reply, Request, Welcome, encode};

/// How long to wait for a keeper that starts or leaves before asking again.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection that the keeper has accepted.
#[derive(Debug)]
pub struct Connected {
    /// The connection; it blocks.
    pub stream: UnixStream,
    /// What the keeper said first.
    pub welcome: Welcome,
    /// To be used for all further reading.
    pub decoder: Decoder<Reply>,
    /// Messages that came together with the welcome.
    pub early: Vec<Reply>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No keeper lives.
    #[error("no keeper of this run lives")]
    None,
    /// A keeper lives, but does not answer. It is not presumed dead.
    #[error("the keeper of this run lives (process {}) but does not answer", .holder.pid)]
    Silent {
        /// Who holds the lock.
        holder: Holder,
    },
    /// Somebody holds the lock who has not said who he is.
    #[error("the lock `keeper.lock` of this run is held, but it does not say by whom")]
    Unnamed,
    /// The keeper refuses this engine.
    #[error("the keeper of this run refuses: {0}")]
    Refused(String),
    /// What came is not the protocol, or the system failed.
    #[error("the keeper of this run cannot be spoken to: {0}")]
    Io(#[from] io::Error),
}

/// Connects to the keeper of the run. Waits no longer than `wait` for one that lives to answer.
pub fn connect(run_dir: &Path, hello: &Hello, wait: Duration) -> Result<Connected, ConnectError> {
    let end = Instant::now() + wait;
    loop {
        if Lock::take(run_dir)?.is_some() {
            return Err(ConnectError::None);
        }
        let holder = lock::holder(run_dir);
        if let Some(socket) = holder.as_ref().and_then(|holder| holder.socket.as_ref()) {
            match UnixStream::connect(socket.as_path()) {
                Ok(stream) => {
                    // A keeper of an earlier release is spoken to in its own words.
                    let protocol = holder.as_ref().map_or(PROTOCOL, |holder| holder.protocol).min(hello.protocol);
                    let hello = Hello { protocol, ..hello.clone() };
                    if let Some(connected) = introduce(stream, &hello, end)? {
                        return Ok(connected);
                    }
                }
                // It starts or leaves, or its queue is full.
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(holder.map_or(ConnectError::Unnamed, |holder| ConnectError::Silent { holder }));
        }
        match holder.filter(Holder::is_alive).and_then(|holder| holder.process()) {
            // If it leaves, its end is what to wait for; if it starts, it will have in a moment.
            Some(process) => platform::native().await_end(process, PAUSE.min(left)),
            // It is being signed, or outlives its holder for a moment: see `seize`.
            None => std::thread::sleep((PAUSE / 10).min(left)),
        }
    }
}

/// Says hello and waits for the welcome; `None` if the keeper left instead, or did not answer in time.
fn introduce(mut stream: UnixStream, hello: &Hello, end: Instant) -> Result<Option<Connected>, ConnectError> {
    failpoint::peer_of(Some(&stream));
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; 64 << 10];
    failpoint::hit(Point::SendHello);
    if let Err(error) = stream.write_all(&encode(&Request::Hello(Box::new(hello.clone())))) {
        return if is_gone(&error) { Ok(None) } else { Err(error.into()) };
    }
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left))?;
        let count = match stream.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock || is_gone(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut messages = decoder.push(&buffer[..count]).map_err(io::Error::other)?.into_iter();
        match messages.next() {
            None => {}
            Some(Reply::Welcome(welcome)) => {
                failpoint::hit(Point::HeardWelcome);
                stream.set_read_timeout(None)?;
                return Ok(Some(Connected { stream, welcome: *welcome, decoder, early: messages.collect() }));
            }
            Some(Reply::Refused { reason, .. }) => return Err(ConnectError::Refused(reason)),
            Some(other) => return Err(io::Error::other(format!("expected a welcome, got {other:?}")).into()),
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::WouldBlock)
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
