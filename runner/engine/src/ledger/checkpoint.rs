//! The checkpoint beside a journal: its fold up to a mark, so that a long journal need not be read again.
//!
//! It is a sled database, and it is never believed: a count and a running hash over all entries are written with every
//! batch and checked when it is opened. Measured on sled 0.34.7: flipped bytes can make keys vanish without any error,
//! a torn snapshot makes it refuse to open, and its flush does not survive a power cut. None of this matters, since
//! what does not add up is removed and folded again from the journal.
//!
//! Opening costs milliseconds and threads: it belongs off the path of a start, and writing belongs into a thread of
//! its own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use runner_keeper::failpoint::{self, Point};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::LedgerError;
use super::journal::Durable;
use super::scan::Mark;

/// 2: nodes stand in it many together.
const VERSION: u64 = 2;
const META: &[u8] = b"m";
const ENTRY: u8 = b'e';

/// How long the lock of a database that was just closed is waited for.
const RELEASE: Duration = Duration::from_millis(500);

/// An entry's new value, or its removal.
pub type Change = (String, Option<Vec<u8>>);

/// An open checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    database: sled::Db,
    meta: Meta,
}

/// What was found when a checkpoint was opened.
#[derive(Debug)]
pub enum Opening {
    /// It adds up: `entries` are the fold of the journal up to the checkpoint's mark.
    Ready {
        /// The checkpoint, to be written on.
        checkpoint: Checkpoint,
        /// Its entries by key.
        entries: BTreeMap<String, Vec<u8>>,
    },
    /// It is new, or was not to be trusted and was made anew: fold the journal from its begin.
    Rebuild {
        /// The checkpoint, empty.
        checkpoint: Checkpoint,
        /// Why the old one was given up; nothing if there was none.
        why: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    v: u64,
    mark: Mark,
    count: u64,
    /// The sum of the entries' hashes: it does not depend on their order, so it is kept without reading all of them.
    hash: u128,
}

const EMPTY: Meta = Meta { v: VERSION, mark: Mark::BEGIN, count: 0, hash: 0 };

impl Checkpoint {
    /// Opens the checkpoint in `folder`, or makes it. Requires the lock of the run (or of the state) it belongs to.
    ///
    /// The journal must still hold its [`mark`](Self::mark): see `Journal::open_from` and `Journal::holds`.
    pub fn open(folder: &Path) -> Result<Opening, LedgerError> {
        let guard = folder.with_extension("opening");
        let failed = |error| LedgerError::io("write", &guard, error);
        let ended = guard.exists();
        if ended {
            // A damaged database can end the process that opens it.
            clear(folder)?;
        }
        fs::write(&guard, b"").map_err(failed)?;
        failpoint::hit(Point::CheckpointOpening);
        let opening = Self::open_guarded(folder);
        fs::remove_file(&guard).map_err(failed)?;
        match opening? {
            Opening::Rebuild { checkpoint, why: None } if ended => {
                let why = Some("the process that opened it last ended while opening it".to_owned());
                Ok(Opening::Rebuild { checkpoint, why })
            }
            other => Ok(other),
        }
    }

    fn open_guarded(folder: &Path) -> Result<Opening, LedgerError> {
        let existed = folder.exists();
        let (why, (database, meta, entries)) = match look(folder)? {
            Ok(found) => (None, found),
            Err(reason) => {
                clear(folder)?;
                let fresh = look(folder)?.map_err(|reason| unusable(folder, reason))?;
                (Some(reason), fresh)
            }
        };
        let checkpoint = Self { folder: folder.to_path_buf(), database, meta };
        if existed && why.is_none() {
            Ok(Opening::Ready { checkpoint, entries })
        } else {
            Ok(Opening::Rebuild { checkpoint, why })
        }
    }

    /// The place in the journal up to which this is its fold.
    pub fn mark(&self) -> Mark {
        self.meta.mark
    }

    /// Takes the changes that the journal's records up to `upto` made since the last call.
    ///
    /// A failure is no failure of the run: the checkpoint stays behind, and is made anew later.
    pub fn write(&mut self, upto: Durable, changes: impl IntoIterator<Item = Change>) -> Result<(), LedgerError> {
        // Of several changes of one entry the last holds.
        let changes: BTreeMap<_, _> = changes.into_iter().collect();
        let mut meta = Meta { mark: upto.mark(), ..self.meta };
        let mut batch = sled::Batch::default();
        let failed = |error: sled::Error| unusable(&self.folder, error.to_string());
        for (key, value) in changes {
            let name = entry_name(&key);
            if let Some(old) = self.database.get(&name).map_err(failed)? {
                meta.count = meta.count.saturating_sub(1);
                meta.hash = meta.hash.wrapping_sub(hash(&name, &old));
            }
            match value {
                Some(value) => {
                    meta.count += 1;
                    meta.hash = meta.hash.wrapping_add(hash(&name, &value));
                    batch.insert(name, value);
                }
                None => batch.remove(name),
            }
        }
        let text = serde_json::to_vec(&meta).map_err(|error| LedgerError::Encode { reason: error.to_string() })?;
        batch.insert(META, text);
        self.database.apply_batch(batch).map_err(failed)?;
        failpoint::hit(Point::CheckpointApplied);
        self.database.flush().map_err(failed)?;
        failpoint::hit(Point::CheckpointFlushed);
        self.meta = meta;
        Ok(())
    }
}

type Found = (sled::Db, Meta, BTreeMap<String, Vec<u8>>);

/// Opens the database and adds it up; the inner error says why it is not to be trusted.
fn look(folder: &Path) -> Result<Result<Found, String>, LedgerError> {
    let config =
        sled::Config::new().path(folder).cache_capacity(8 << 20).flush_every_ms(None).mode(sled::Mode::LowSpace);
    let deadline = Instant::now() + RELEASE;
    let database = loop {
        match config.open() {
            Ok(database) => break database,
            Err(sled::Error::Io(error)) if is_held(&error) => {
                // It was just closed here and its threads are still ending; or it is open elsewhere, which is no damage.
                if Instant::now() >= deadline {
                    return Err(unusable(folder, "another process has it open".to_owned()));
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    };
    match add_up(folder, &database)? {
        Ok((meta, entries)) => Ok(Ok((database, meta, entries))),
        Err(reason) => Ok(Err(reason)),
    }
}

fn is_held(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("acquire lock")
}

type Sum = (Meta, BTreeMap<String, Vec<u8>>);

fn add_up(folder: &Path, database: &sled::Db) -> Result<Result<Sum, String>, LedgerError> {
    let (mut meta, mut found, mut entries) = (None, EMPTY, BTreeMap::new());
    for pair in database.iter() {
        let (name, value) = match pair {
            Ok(pair) => pair,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if name == META {
            meta = Some(serde_json::from_slice::<Meta>(&value).map_err(|error| error.to_string()));
            continue;
        }
        found.count += 1;
        found.hash = found.hash.wrapping_add(hash(&name, &value));
        if let Some(key) = name.strip_prefix(&[ENTRY]) {
            entries.insert(String::from_utf8_lossy(key).into_owned(), value.to_vec());
        }
    }
    let meta = match meta {
        Some(Ok(meta)) => meta,
        Some(Err(error)) => return Ok(Err(error)),
        None => EMPTY,
    };
    if meta.v > VERSION {
        return Err(LedgerError::NewerVersion { path: folder.to_path_buf(), found: meta.v, known: VERSION });
    }
    if meta.v < VERSION {
        return Ok(Err("an earlier release has written it".to_owned()));
    }
    if (meta.count, meta.hash) != (found.count, found.hash) {
        return Ok(Err(format!("it has {} entries that do not add up to the {} written", found.count, meta.count)));
    }
    Ok(Ok((meta, entries)))
}

fn entry_name(key: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(key.len() + 1);
    name.push(ENTRY);
    name.extend_from_slice(key.as_bytes());
    name
}

/// The first half of a SHA-256 over the length of the name, the name and the value.
fn hash(name: &[u8], value: &[u8]) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update((name.len() as u64).to_le_bytes());
    hasher.update(name);
    hasher.update(value);
    hasher.finalize().iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

fn clear(folder: &Path) -> Result<(), LedgerError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|error| LedgerError::io("remove", folder, error)),
    }
}

fn unusable(folder: &Path, reason: String) -> LedgerError {
    LedgerError::Checkpoint { path: folder.to_path_buf(), reason }
}
