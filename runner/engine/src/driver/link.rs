//! The connection to the run's keeper.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use runner_keeper::client::{ConnectError, Connected, connect, seize, spawn};
use runner_keeper::failpoint::{self, Point};
use runner_keeper::protocol::{Hello, Reply, Request, Welcome, encode};
use runner_keeper::receipts::{self, Receipts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{DriveError, Message};

/// How long a keeper that lives may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a keeper may take to stop what is left when the run ends.
const FAREWELL: Duration = Duration::from_secs(30);

/// A keeper that has accepted this engine.
pub(super) struct Link {
    writer: OwnedWriteHalf,
    reader: JoinHandle<()>,
    /// The version of the protocol that the keeper speaks.
    pub(super) protocol: u32,
}

/// What is known of attempts in flight once a keeper has accepted this engine, or none lives.
pub(super) struct Known {
    pub(super) receipts: Receipts,
    pub(super) welcome: Option<Welcome>,
}

/// Connects to the keeper if one lives; else reads what it left while no other can start.
pub(super) fn meet(
    run: &Path,
    hello: &Hello,
    to: &mpsc::UnboundedSender<Message>,
) -> Result<(Option<Link>, Known), DriveError> {
    match connect(run, hello, PATIENCE) {
        Ok(connected) => {
            let receipts =
                receipts::read_to(run, connected.welcome.receipts_len).map_err(DriveError::io("read the receipts"))?;
            let welcome = Some(connected.welcome.clone());
            Ok((Some(Link::of(connected, to)?), Known { receipts, welcome }))
        }
        Err(ConnectError::None) => {
            let seized = seize(run).map_err(DriveError::io("take the keeper's lock"))?;
            if seized.is_none() {
                return meet(run, hello, to);
            }
            failpoint::hit(Point::KeeperSeized);
            let receipts = receipts::read(run).map_err(DriveError::io("read the receipts"))?;
            Ok((None, Known { receipts, welcome: None }))
        }
        Err(error) => Err(refusal(&error)),
    }
}

/// How often a keeper is started that dies before it has accepted its engine.
const TRIES: u32 = 5;

/// Starts a keeper and connects to it. One that dies before that has kept nothing, and is started again.
pub(super) fn start(
    run: &Path,
    command: &[OsString],
    hello: &Hello,
    to: &mpsc::UnboundedSender<Message>,
) -> Result<Link, DriveError> {
    let mut tries = 0;
    loop {
        tries += 1;
        failpoint::hit(Point::KeeperStarting);
        let mut child = spawn(command, run, PATIENCE).map_err(|error| DriveError::Keeper(error.to_string()))?;
        // It is this process's child while this engine lives, and somebody must take its end; not a task of the runtime,
        // which would wait for it when the engine leaves before the keeper.
        std::thread::spawn(move || child.wait());
        failpoint::hit(Point::KeeperStarted);
        match connect(run, hello, PATIENCE) {
            Ok(connected) => return Link::of(connected, to),
            Err(ConnectError::None) if tries < TRIES => {}
            Err(error) => return Err(refusal(&error)),
        }
    }
}

fn refusal(error: &ConnectError) -> DriveError {
    match error {
        ConnectError::Silent { .. } | ConnectError::Unnamed | ConnectError::Refused(_) => {
            DriveError::Busy(error.to_string())
        }
        ConnectError::None | ConnectError::Io(_) => DriveError::Keeper(error.to_string()),
    }
}

impl Link {
    fn of(connected: Connected, to: &mpsc::UnboundedSender<Message>) -> Result<Self, DriveError> {
        let failed = |error| DriveError::Io { what: "speak to the keeper".to_owned(), error };
        connected.stream.set_nonblocking(true).map_err(failed)?;
        let stream = tokio::net::UnixStream::from_std(connected.stream).map_err(failed)?;
        for reply in connected.early {
            drop(to.send(Message::Keeper(reply)));
        }
        let protocol = connected.welcome.protocol;
        let (reader, writer) = stream.into_split();
        let reader = tokio::spawn(read(reader, connected.decoder, to.clone()));
        Ok(Self { writer, reader, protocol })
    }

    /// Sends a request. That the keeper is gone is told by its end of the connection, not here.
    pub(super) async fn send(&mut self, request: &Request) {
        failpoint::hit(Point::sends(request));
        let bytes = encode(request);
        match self.writer.try_write(&bytes) {
            Ok(count) if count == bytes.len() => {}
            Ok(count) => drop(self.writer.write_all(&bytes[count..]).await),
            Err(_) => drop(self.writer.write_all(&bytes).await),
        }
        failpoint::hit(Point::Sent);
    }

    /// Tells the keeper that the run has ended, and waits until it has left.
    pub(super) async fn end(mut self) {
        self.send(&Request::End).await;
        let _ = tokio::time::timeout(FAREWELL, &mut self.reader).await;
    }
}

async fn read(
    mut from: OwnedReadHalf,
    mut decoder: runner_keeper::protocol::Decoder<Reply>,
    to: mpsc::UnboundedSender<Message>,
) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let Ok(replies) = decoder.push(&buffer[..count]) else { break };
        for reply in replies {
            drop(to.send(Message::Keeper(reply)));
        }
    }
    drop(to.send(Message::KeeperGone));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_keeper_that_dies_before_it_accepts_its_engine_is_started_again() {
        let run = tempfile::tempdir().unwrap();
        let script = r#"echo started >>"$0/starts"; echo ready"#;
        let command = ["sh", "-c", script].map(OsString::from);
        let hello =
            Hello { protocol: runner_keeper::protocol::PROTOCOL, epoch: 1, environment: Vec::new(), masks: Vec::new() };
        let (to, _messages) = mpsc::unbounded_channel();
        assert!(start(run.path(), &command, &hello, &to).is_err());
        let starts = std::fs::read_to_string(run.path().join("starts")).unwrap();
        assert_eq!(starts.lines().count(), TRIES as usize);
    }
}
