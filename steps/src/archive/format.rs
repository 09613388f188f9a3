//! The formats: how bytes become an archive's file, and how it is told what a file is.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Not at all: `.tar`.
    Tar,
    /// With gzip: `.tar.gz`, `.tgz`.
    Gzip,
    /// With zstd: `.tar.zst`, `.tzst`.
    Zstd,
}

/// The level of zstd; its own default.
const ZSTD: i32 = 3;
/// The level of gzip; its own default.
const GZIP: u32 = 6;
/// The operating system in a gzip header: unknown, so that it is the same everywhere.
const NOWHERE: u8 = 255;

impl Format {
    /// What a file's name says; nothing where it says nothing.
    pub(super) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends(&[".tar.gz", ".tgz"]) {
            Some(Self::Gzip)
        } else if ends(&[".tar.zst", ".tar.zstd", ".tzst"]) {
            Some(Self::Zstd)
        } else {
            ends(&[".tar"]).then_some(Self::Tar)
        }
    }

    /// Writes what `fill` gives, compressed, to `to`.
    pub(super) fn compress(
        self,
        mut to: &mut dyn Write,
        fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Tar => fill(&mut to),
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP);
                let mut encoder = flate2::GzBuilder::new().mtime(0).operating_system(NOWHERE).write(to, level);
                fill(&mut encoder)?;
                encoder.finish().map(drop)
            }
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(to, ZSTD)?;
                encoder.include_checksum(true)?;
                fill(&mut encoder)?;
                encoder.finish().map(drop)
            }
        }
    }
}

/// The tar within a file, whatever it is compressed with; the file's own first bytes tell.
pub(super) fn decompress(file: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let begin = file.fill_buf()?;
    if begin.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)))
    } else if begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Ok(Box::new(zstd::Decoder::with_buffer(file)?))
    } else if begin.get(257..262) == Some(b"ustar") {
        Ok(Box::new(file))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "it is neither tar nor tar compressed with gzip or zstd"))
    }
}
