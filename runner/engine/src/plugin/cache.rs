//! What plugins said of themselves, kept by the digests of their files: one that did not change is not asked again.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::find::Places;
use super::{Description, PROTOCOL, PluginError, ask};
use crate::beside;

/// What the plugin says of itself, now or when it was asked before, and the digest of its file.
pub(super) fn description(path: &Path, namespace: &str, places: &Places) -> Result<(String, Description), PluginError> {
    let shown = path.display().to_string();
    let digest = digest(path).map_err(|error| {
        PluginError::new(format!("the plugin `{shown}` cannot be read: {error}"), "make it readable")
    })?;
    let kept = places.cache.as_ref().map(|folder| folder.join(format!("{digest}-{PROTOCOL}.json")));
    // What is kept is held against the same rules: it may have been written by anyone.
    let known = kept.as_ref().and_then(|kept| Description::read(&std::fs::read(kept).ok()?, &shown, namespace).ok());
    if let Some(known) = known {
        return Ok((digest, known));
    }
    let said = ask::ask(path, &places.project)?;
    let description = Description::read(&said, &shown, namespace)?;
    if let Some(kept) = &kept {
        // Best effort: it is asked again the next time.
        let _ = beside::write(kept, &said);
    }
    Ok((digest, description))
}

fn digest(path: &Path) -> std::io::Result<String> {
    use std::fmt::Write;
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
