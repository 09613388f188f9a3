//! `runner import`.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use runner_engine::driver::Entry;
use runner_engine::ledger::{Runs, read};
use runner_steps::archive;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::manifest::{ENTRY, FORMAT, File, Manifest, VERSION, belongs, hex};
use crate::args;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::past::Past;
use crate::words;

/// The longest manifest that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Unpacks an exported run: all of it, or nothing.
pub(crate) fn import(project: &Path, args: &args::Import) -> Result<Exit, Refusal> {
    let shown = args.file.display().to_string();
    let file: Box<dyn Read + Send> = if args.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let opened = fs::File::open(&args.file);
        Box::new(opened.map_err(|error| Refusal::new(Exit::Usage, format!("`{shown}` cannot be read: {error}")))?)
    };
    let runs = Runs::of(project);
    let mut unpacked = Unpacked { runs: &runs, manifest: None, left: VecDeque::new(), staged: None, refusal: None };
    let read = archive::entries(file, |entry, content| unpacked.take(entry, content));
    let done = match (read, unpacked.refusal.take()) {
        (_, Some(refusal)) => Err(refusal),
        (Err(error), None) => Err(refused(&shown, &error.to_string())),
        (Ok(()), None) => unpacked.finish(&shown),
    };
    if done.is_err()
        && let Some(staged) = &unpacked.staged
    {
        let _ = fs::remove_dir_all(staged);
    }
    let manifest = done?;
    match args.output {
        args::Shape::Json => output::line(json!({"id": manifest.id, "workflow": manifest.workflow}).to_string()),
        args::Shape::Text => {
            let files = words::counted(manifest.files.len(), "file");
            output::line(format!("imported `{}` ({files}); `runner show {0}` shows it", manifest.id));
        }
    }
    Ok(Exit::Done)
}

fn refused(shown: &str, why: &str) -> Refusal {
    Refusal::new(Exit::Ledger, format!("`{shown}` is not imported: {why}"))
}

/// What was read of an archive so far.
struct Unpacked<'a> {
    runs: &'a Runs,
    manifest: Option<Manifest>,
    /// The files that are still to come.
    left: VecDeque<File>,
    /// The folder beside the runs that they are written to.
    staged: Option<PathBuf>,
    /// Why it ends early, where that is more than a mistake of the archive.
    refusal: Option<Refusal>,
}

impl Unpacked<'_> {
    /// Takes the next entry.
    fn take(&mut self, entry: &archive::Entry, content: &mut dyn Read) -> io::Result<()> {
        let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let path = entry.path.display();
        let archive::Kind::File(size) = entry.kind else {
            return match (&entry.kind, &self.staged) {
                (archive::Kind::Folder, Some(staged))
                    if ["lanes", "blobs"].iter().any(|name| entry.path == Path::new(name)) =>
                {
                    fs::create_dir(staged.join(&entry.path))
                }
                _ => Err(wrong(format!("its entry `{path}` does not belong into a run"))),
            };
        };
        let Some(staged) = self.staged.clone() else { return self.begin(entry, size, content) };
        let file = self.left.pop_front().filter(|file| Path::new(&file.path) == entry.path);
        let file = file.ok_or_else(|| wrong(format!("its entry `{path}` is not the one that `{ENTRY}` names")))?;
        if !belongs(&entry.path) {
            return Err(wrong(format!("its entry `{path}` does not belong into a run")));
        }
        let mut written = fs::OpenOptions::new().write(true).create_new(true).open(staged.join(&entry.path))?;
        let (mut digest, mut count, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
        loop {
            let length = content.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            digest.update(&buffer[..length]);
            written.write_all(&buffer[..length])?;
            count += length as u64;
        }
        written.sync_all()?;
        let found = File { path: file.path.clone(), size: count, sha256: hex(&digest.finalize()) };
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        if found != file || (entry.path.starts_with("blobs") && name != found.sha256) {
            return Err(wrong(format!("the content of `{path}` is not what its checksum says: it is damaged")));
        }
        Ok(())
    }

    /// Takes the first entry, which says what the archive is.
    fn begin(&mut self, entry: &archive::Entry, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        if entry.path != Path::new(ENTRY) || size > LONGEST {
            return Err(wrong(format!("it is no exported run: it does not begin with `{ENTRY}`")));
        }
        let mut text = Vec::new();
        content.read_to_end(&mut text)?;
        let value: serde_json::Value = serde_json::from_slice(&text)?;
        if value["format"] != FORMAT {
            return Err(wrong(format!("it is no exported run: it does not say `\"format\": \"{FORMAT}\"`")));
        }
        if let Some(found) = value["version"].as_u64().filter(|&found| found > VERSION) {
            return Err(wrong(format!(
                "it is in format {found}, this runner knows up to {VERSION}: use a newer runner"
            )));
        }
        let manifest: Manifest = serde_json::from_value(value)?;
        match self.runs.stage(&manifest.id) {
            Ok(staged) => self.staged = Some(staged),
            Err(error) => {
                self.refusal = Some(error.into());
                return Err(io::Error::other("it stops here"));
            }
        }
        self.left = manifest.files.iter().cloned().collect();
        self.manifest = Some(manifest);
        Ok(())
    }

    /// Puts it where it belongs, once all of it is there and can be read.
    fn finish(&mut self, shown: &str) -> Result<Manifest, Refusal> {
        let (Some(manifest), Some(staged)) = (&self.manifest, &self.staged) else {
            return Err(refused(shown, "it is empty"));
        };
        if let Some(missing) = self.left.front() {
            return Err(refused(shown, &format!("`{}` is missing", missing.path)));
        }
        if !manifest.files.iter().any(|file| file.path == "journal") {
            return Err(refused(shown, "it has no journal"));
        }
        // A journal that does not read is told before it stands among the others.
        read::<Entry>(staged).map_err(|error| refused(shown, &error.to_string()))?;
        let folder = self.runs.adopt(staged, &manifest.id)?;
        // It may still be a run that this release does not understand: that is told, and it stays.
        if let Err(refusal) = Past::open(folder) {
            refusal.tell();
        }
        Ok(manifest.clone())
    }
}
