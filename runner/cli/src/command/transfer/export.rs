//! `runner export`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use runner_engine::ledger::{JOURNAL, RunFolder};
use runner_host::RealFiles;
use runner_sdk::world::Files;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::manifest::{ENTRY, FORMAT, File, Manifest, VERSION, hex};
use crate::args;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::hold;
use crate::output;
use crate::past::{self, Past};
use crate::words;

/// Packs a run that nobody works on.
pub(crate) fn export(project: &Path, args: &args::Export) -> Result<Exit, Refusal> {
    let folder = past::choose(project, args.run.as_deref())?;
    let _held = hold::hold(&folder)?;
    let past = Past::open(folder.clone())?;
    let name = PathBuf::from(format!("{}.tar.zst", folder.id()));
    let to = args.to.clone().unwrap_or(name);
    let failed = |error: &io::Error| {
        Refusal::new(Exit::Unexpected, format!("the run `{}` cannot be exported: {error}", folder.id()))
    };
    let contents = contents(&folder).map_err(|error| failed(&error))?;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        runner: env!("CARGO_PKG_VERSION").to_owned(),
        id: folder.id().to_owned(),
        workflow: past.record.workflow.clone(),
        files: contents.iter().map(|(file, _)| file.clone()).collect(),
    };
    if to == Path::new("-") {
        pack(&manifest, &contents, &mut io::stdout().lock()).map_err(|error| failed(&error))?;
        return Ok(Exit::Done);
    }
    let absolute = std::env::current_dir().map_err(|error| failed(&error))?.join(&to);
    RealFiles
        .write_by(&absolute, None, &mut |file| pack(&manifest, &contents, file))
        .map_err(|error| failed(&error))?;
    let size = absolute.metadata().map_or(0, |data| data.len());
    match args.output {
        args::Shape::Json => output::line(json!({"id": folder.id(), "file": absolute, "size": size}).to_string()),
        args::Shape::Text => {
            let files = words::counted(contents.len(), "file");
            output::line(format!("exported `{}` to {} ({files}, {})", folder.id(), to.display(), words::size(size)));
        }
    }
    Ok(Exit::Done)
}

/// The files of a run that go with it, and where each stands.
fn contents(folder: &RunFolder) -> io::Result<Vec<(File, PathBuf)>> {
    let mut paths = content(folder)?;
    paths.rotate_right(1);
    if folder.path().join("receipts").exists() {
        paths.insert(1, ("receipts".into(), folder.path().join("receipts")));
    }
    let described = paths.into_iter().map(|(path, from)| {
        let mut content = open(&path, &from)?;
        let mut digest = Sha256::new();
        let size = io::copy(&mut content, &mut digest)?;
        Ok((File { path: path.to_string_lossy().into_owned(), size, sha256: hex(&digest.finalize()) }, from))
    });
    described.collect()
}

/// What a run has written down, by path in its folder and where each file stands: the large outputs and the logs, and last
/// the journal.
pub(crate) fn content(folder: &RunFolder) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut paths = Vec::new();
    for inside in ["blobs", "lanes"] {
        let entries = match fs::read_dir(folder.path().join(inside)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            // A lane may have a pipe beside it; and what begins with a dot was never finished.
            if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let names = names.into_iter();
        paths.extend(names.map(|name| Path::new(inside).join(name)));
    }
    paths.push(PathBuf::from(JOURNAL));
    Ok(paths.into_iter().map(|path| (path.clone(), folder.path().join(path))).collect())
}

/// A file's content; of the journal without the zeros that it is allocated ahead with.
pub(crate) fn open(path: &Path, from: &Path) -> io::Result<Box<dyn Read>> {
    if path != Path::new(JOURNAL) {
        return Ok(Box::new(fs::File::open(from)?));
    }
    let mut bytes = fs::read(from)?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    Ok(Box::new(io::Cursor::new(bytes)))
}

fn pack(manifest: &Manifest, contents: &[(File, PathBuf)], to: &mut dyn Write) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(to, 0)?;
    encoder.include_checksum(true)?;
    let mut archive = tar::Builder::new(&mut encoder);
    let text = serde_json::to_vec_pretty(manifest)?;
    append(&mut archive, ENTRY, text.len() as u64, &mut text.as_slice())?;
    for (file, from) in contents {
        let mut content = open(Path::new(&file.path), from)?.take(file.size);
        append(&mut archive, &file.path, file.size, &mut content)?;
    }
    archive.finish()?;
    drop(archive);
    encoder.finish()?.flush()
}

fn append(archive: &mut tar::Builder<impl Write>, path: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(size);
    archive.append_data(&mut header, path, content)
}
