//! Appending receipts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Record, checksum, path};
use crate::failpoint::{self, Point};

/// Appends receipts. Only the holder of the keeper's lock may.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
    length: u64,
    folder: File,
    folder_synced: bool,
}

impl Writer {
    pub(crate) fn open(run_dir: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path(run_dir))?;
        let length = file.metadata()?.len();
        let mut writer = Self { file, length, folder: File::open(run_dir)?, folder_synced: false };
        // What a predecessor left torn stays a line of its own.
        let mut last = [b'\n'];
        if length > 0 {
            writer.file.read_exact_at(&mut last, length - 1)?;
        }
        if last != *b"\n" {
            writer.write(b"\n")?;
        }
        Ok(writer)
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Appends a record, whole or not at all.
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        let line = checksum::line(&serde_json::to_string(record)?);
        let (before, after) = Point::receipts(record);
        failpoint::hit(before);
        self.write(line.as_bytes())?;
        failpoint::hit(after);
        Ok(())
    }

    /// Makes everything appended so far durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if !self.folder_synced {
            self.folder.sync_all()?;
            self.folder_synced = true;
        }
        failpoint::hit(Point::ReceiptSynced);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // The disk is full, as a rule. The beginning of a line must not stay.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}
