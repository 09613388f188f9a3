//! The file with the user's keys: one a line in base64, the newest first. Lines that begin with `#` are passed over.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runner_keeper::seal::{Key, Keys};

/// What stands in a new file before its key.
const HEADING: &str =
    "# The keys of sealed outputs, the newest first: 32 random bytes in base64 each. Whoever has them can read those
# outputs; without them nobody can. To rotate, put a new line before the others (openssl rand -base64 32).
";

/// Where the user's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    path: PathBuf,
}

/// Why there is no key to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The system cannot.
    #[error("cannot {doing} the key file `{}`: {error}", path.display())]
    Io {
        /// While doing what.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// Others may read it.
    #[error("the key file `{}` can be read by others (its mode is {mode:04o})", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line is no key.
    #[error("line {line} of the key file `{}` is no key: 32 bytes in base64", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// It holds none.
    #[error("the key file `{}` holds no key", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is no place for it.
    #[error("there is no place for keys: neither RUNNER_KEY_FILE, XDG_CONFIG_HOME nor HOME is set")]
    Nowhere,
}

impl KeyFileError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Open { path, .. } => Some(format!("`chmod 600 {}`", path.display())),
            Self::Line { .. } | Self::Empty { .. } => {
                Some("put back the file, or make a new key with `openssl rand -base64 32`".to_owned())
            }
            Self::Nowhere => Some("set RUNNER_KEY_FILE to a file of yours".to_owned()),
            Self::Io { .. } => None,
        }
    }
}

impl KeyFile {
    /// The file that `RUNNER_KEY_FILE` names, else `runner/keys` in the user's folder of configuration; nothing without
    /// either.
    pub fn of(variable: Option<&Path>, config: Option<&Path>, home: Option<&Path>) -> Option<Self> {
        let named = variable.filter(|path| !path.as_os_str().is_empty()).map(Path::to_path_buf);
        let absolute = |path: &&Path| path.is_absolute();
        let config = config.filter(absolute).map(Path::to_path_buf);
        let config = config.or_else(|| home.filter(absolute).map(|home| home.join(".config")));
        named.or_else(|| config.map(|config| config.join("runner/keys"))).map(|path| Self { path })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys in it; none where there is no file.
    pub fn read(&self) -> Result<Keys, KeyFileError> {
        let mode = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Keys::default()),
            other => other.map_err(|error| self.failed("read", error))?.permissions().mode() & 0o7777,
        };
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Open { path: self.path.clone(), mode });
        }
        let text = fs::read_to_string(&self.path).map_err(|error| self.failed("read", error))?;
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).map(Key::new);
            keys.push(key.ok_or_else(|| KeyFileError::Line { path: self.path.clone(), line: at + 1 })?);
        }
        if keys.is_empty() { Err(KeyFileError::Empty { path: self.path.clone() }) } else { Ok(Keys(keys)) }
    }

    /// The keys in it, after one was made where there is no file. The file is durable when this returns; of several who
    /// make it at once one does, and all get that one's key.
    pub fn read_or_make(&self) -> Result<Keys, KeyFileError> {
        let keys = self.read()?;
        if !keys.0.is_empty() {
            return Ok(keys);
        }
        self.make().map_err(|error| self.failed("make", error))?;
        self.read()
    }

    fn make(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let beside = folder.join(format!(".keys-{}-{}", std::process::id(), Key::random()?.id()));
        let text = format!("{HEADING}{}\n", STANDARD.encode(Key::random()?.bytes()));
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        // A link is made only where there is none yet, and is there whole.
        let linked = written.and_then(|()| fs::hard_link(&beside, &self.path));
        fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => File::open(folder)?.sync_all(),
        }
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> KeyFileError {
        KeyFileError::Io { doing, path: self.path.clone(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, KeyFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(None, None, Some(folder.path())).unwrap();
        (folder, file)
    }

    #[test]
    fn a_key_is_made_once_and_for_its_user_alone() {
        let (folder, file) = place();
        assert_eq!(file.path(), folder.path().join(".config/runner/keys"));
        assert!(file.read().unwrap().0.is_empty(), "reading makes nothing");
        let made: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| file.read_or_make().unwrap().0[0].id())).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let folder = file.path().parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn the_first_line_is_the_newest_key_and_older_ones_are_kept() {
        let (_folder, file) = place();
        let old = file.read_or_make().unwrap().0[0].id();
        let text = fs::read_to_string(file.path()).unwrap();
        let new = Key::new([5; 32]);
        fs::write(file.path(), format!("{}\n\n{text}", STANDARD.encode(new.bytes()))).unwrap();
        let ids: Vec<_> = file.read_or_make().unwrap().0.iter().map(Key::id).collect();
        assert_eq!(ids, [new.id(), old]);
    }

    #[test]
    fn a_file_that_others_read_or_that_holds_no_key_is_refused_without_showing_it() {
        let (_folder, file) = place();
        file.read_or_make().unwrap();
        let set = |mode| fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        let error = file.read().unwrap_err();
        assert!(error.to_string().ends_with("can be read by others (its mode is 0640)"), "{error}");
        set(0o600);
        fs::write(file.path(), "# one\nhunter2\n").unwrap();
        let error = file.read().unwrap_err().to_string();
        assert!(error.starts_with("line 2 of ") && !error.contains("hunter2"), "{error}");
        fs::write(file.path(), "# none\n").unwrap();
        assert!(matches!(file.read_or_make(), Err(KeyFileError::Empty { .. })));
    }

    #[test]
    fn the_variable_names_the_file_before_any_folder() {
        let (variable, config, home) = (Path::new("k"), Path::new("/c"), Path::new("/h"));
        let path = |variable, config, home| KeyFile::of(variable, config, home).map(|file| file.path);
        assert_eq!(path(Some(variable), Some(config), Some(home)), Some("k".into()));
        assert_eq!(path(Some(Path::new("")), Some(config), Some(home)), Some("/c/runner/keys".into()));
        assert_eq!(path(None, Some(Path::new("relative")), Some(home)), Some("/h/.config/runner/keys".into()));
        assert_eq!(path(None, None, None), None);
    }
}
