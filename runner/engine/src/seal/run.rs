//! The keys as one run uses them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runner_keeper::seal::{Key, KeyId, Keys};

use super::file::{KeyFile, KeyFileError};

/// The file in a run's folder that names the keys it was sealed with, one a line.
const NOTE: &str = "keys";

/// The keys as one engine life uses them. Read when they are first asked for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Option<KeyFile>,
    run: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    keys: Option<Keys>,
    noted: BTreeSet<KeyId>,
}

impl Seals {
    /// For the run in `run`, with the keys of `file`. Nothing is read yet.
    pub fn new(file: Option<KeyFile>, run: &Path) -> Self {
        Self(Arc::new(Inner { file, run: run.to_path_buf(), held: Mutex::default() }))
    }

    /// The key to seal with: the newest; the first is made. That the run was sealed with it is noted durably.
    pub fn key(&self) -> Result<Key, KeyFileError> {
        let file = self.0.file.as_ref().ok_or(KeyFileError::Nowhere)?;
        let mut held = self.held();
        let known = held.keys.as_ref().and_then(|keys| keys.0.first());
        let key = if let Some(key) = known {
            key.clone()
        } else {
            let keys = file.read_or_make()?;
            let key = keys.0.first().cloned().ok_or(KeyFileError::Nowhere)?;
            held.keys = Some(keys);
            key
        };
        if held.noted.insert(key.id()) {
            let noted = note(&self.0.run, key.id());
            noted.map_err(|error| KeyFileError::Io { doing: "note the use of", path: self.0.run.join(NOTE), error })?;
        }
        Ok(key)
    }

    /// The keys to open with. None where they cannot be read: then what is sealed with them does not open.
    pub fn keys(&self) -> Keys {
        let mut held = self.held();
        let read = || self.0.file.as_ref().and_then(|file| file.read().ok());
        if held.keys.is_none() {
            held.keys = read();
        }
        held.keys.clone().unwrap_or_default()
    }

    /// Why something sealed with a key does not open, in words.
    pub fn lack(&self, id: KeyId) -> String {
        let place = match &self.0.file {
            None => KeyFileError::Nowhere.to_string(),
            Some(file) => match file.read() {
                Ok(_) => format!("is not in `{}`", file.path().display()),
                Err(error) => error.to_string(),
            },
        };
        format!("the key `{id}`, with which it is sealed, {place}")
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names of the keys that a run was sealed with.
pub fn keys_of(run: &Path) -> io::Result<Vec<KeyId>> {
    match fs::read_to_string(run.join(NOTE)) {
        Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn note(run: &Path, id: KeyId) -> io::Result<()> {
    if keys_of(run)?.contains(&id) {
        return Ok(());
    }
    let mut file = File::options().append(true).create(true).open(run.join(NOTE))?;
    file.write_all(format!("{id}\n").as_bytes())?;
    file.sync_all()?;
    File::open(run)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_notes_each_key_once_and_the_keys_are_read_when_needed() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(Some(&folder.path().join("keys-of-mine")), None, None);
        let seals = Seals::new(file.clone(), folder.path());
        assert!(seals.keys().0.is_empty() && keys_of(folder.path()).unwrap().is_empty());
        let key = seals.key().unwrap();
        assert_eq!(seals.key().unwrap().id(), key.id());
        assert_eq!(Seals::new(file, folder.path()).key().unwrap().id(), key.id());
        assert_eq!(keys_of(folder.path()).unwrap(), [key.id()]);
        assert!(seals.keys().find(key.id()).is_ok());
    }

    #[test]
    fn without_a_place_there_is_no_key_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let seals = Seals::new(None, folder.path());
        assert!(matches!(seals.key(), Err(KeyFileError::Nowhere)));
        assert!(seals.lack(Key::new([1; 32]).id()).contains("RUNNER_KEY_FILE"));
    }
}
