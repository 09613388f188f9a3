//! What a step's definition hashes to.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of a definition: the same for the same content, whatever the order in which it was written.
pub(super) fn of(definition: &Value) -> String {
    // Objects keep their keys sorted, so their text is canonical.
    of_bytes(&serde_json::to_vec(definition).unwrap_or_default())
}

/// The digest of a file's content; `None` where it cannot be read.
pub(crate) fn of_file(path: &std::path::Path) -> Option<String> {
    // A pipe or a device may never end, and nobody could stop the engine from reading it.
    let is_file = std::fs::metadata(path).is_ok_and(|data| data.is_file());
    let mut file = is_file.then(|| std::fs::File::open(path).ok()).flatten()?;
    let mut hasher = Sha256::new();
    // Piece by piece: it may be an archive.
    std::io::copy(&mut file, &mut hasher).ok()?;
    Some(hex(&hasher.finalize()[..16]))
}

/// The digest of a content: the first half of its SHA-256, in hexadecimal digits.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
