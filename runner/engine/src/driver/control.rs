//! A person's words to a live engine: a socket beside which the run's id stands.
//!
//! The socket lies in a short per-user runtime folder, since a path to it must fit into 107 bytes, wherever the project is.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runner_core::Event;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::{DriveError, Entry, Message, Past};
use crate::when;

/// What the driver is told from outside.
#[derive(Clone, Debug)]
pub enum Command {
    /// Stop now, to be resumed.
    Interrupt {
        /// Whether processes are killed rather than asked.
        kill: bool,
        /// By what.
        by: String,
    },
    /// End for good.
    Cancel {
        /// By whom.
        by: String,
    },
    /// Undo what was done.
    Undo {
        /// By whom.
        by: String,
        /// The step up to which; `None`: all.
        to: Option<runner_core::Path>,
    },
    /// A person answered.
    Answer {
        /// The step that asks.
        path: runner_core::Path,
        /// What they answered.
        answer: runner_core::Answer,
    },
}

/// What can be asked of a live engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// End the run for good.
    Cancel {
        /// By whom.
        by: String,
    },
    /// Stop now, to be resumed.
    Interrupt {
        /// By whom.
        by: String,
    },
    /// Undo what was done.
    Undo {
        /// By whom.
        by: String,
        /// The step up to which; `None`: all.
        #[serde(default)]
        to: Option<runner_core::Path>,
    },
    /// A person answered.
    Answer {
        /// The step that asks.
        path: runner_core::Path,
        /// What they answered.
        answer: runner_core::Answer,
    },
}

/// A socket that is removed when the engine leaves.
pub(super) struct Listening {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens for a person's words.
pub(super) fn listen(run: &Path, to: mpsc::UnboundedSender<Message>) -> Result<Listening, DriveError> {
    let failed = || DriveError::io("listen for commands");
    let path = socket(run).map_err(failed())?;
    let _ = std::fs::remove_file(&path);
    let listener = tokio::net::UnixListener::bind(&path).map_err(failed())?;
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut line = String::new();
            let mut reader = tokio::io::BufReader::new(reader);
            let read = reader.read_line(&mut line);
            let asked = match tokio::time::timeout(Duration::from_secs(2), read).await {
                Ok(Ok(_)) => serde_json::from_str(&line).ok(),
                _ => None,
            };
            let command = match asked {
                Some(Asked::Cancel { by }) => Command::Cancel { by },
                Some(Asked::Interrupt { by }) => Command::Interrupt { kill: false, by },
                Some(Asked::Answer { path, answer }) => Command::Answer { path, answer },
                Some(Asked::Undo { by, to }) => Command::Undo { by, to },
                None => continue,
            };
            drop(to.send(Message::Command(command)));
            drop(writer.write_all(b"ok\n").await);
        }
    });
    Ok(Listening { path, task })
}

/// Asks the live engine of a run; tells whether it heard.
pub fn ask(run: &Path, asked: &Asked) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(socket(run)?)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = serde_json::to_string(asked).map_err(std::io::Error::other)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer.trim() == "ok")
}

/// Writes down that a run without an engine is to end for good. Whoever goes on with it then ends it, and runs `finally`.
pub fn note_cancel(past: Past, by: String) -> Result<(), DriveError> {
    let mut journal = past.journal;
    journal.append(when::now(), &Entry::from(Event::CancelRequested { by }))?;
    journal.finish()?;
    Ok(())
}

/// Writes down a person's answer to a run without an engine. Whoever goes on with it takes it from there.
pub fn note_answer(past: Past, path: runner_core::Path, answer: runner_core::Answer) -> Result<(), DriveError> {
    let runner_core::Answer { by, approved, comment, output } = answer;
    let mut journal = past.journal;
    journal.append(when::now(), &Entry::from(Event::QuestionAnswered { path, by, approved, comment, output }))?;
    journal.finish()?;
    Ok(())
}

/// The folder of this user's sockets, made where it is missing and nobody else's to enter.
pub fn socket_folder() -> std::io::Result<PathBuf> {
    let socket = runner_keeper::socket_beside(Path::new("/"), "engine")?;
    Ok(socket.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// Where the engine of a run listens.
fn socket(run: &Path) -> std::io::Result<PathBuf> {
    runner_keeper::socket_beside(run, "engine")
}
