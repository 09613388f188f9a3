//! What a disk in memory holds: what is seen of it now, and what is durable.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// Files and their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Platter {
    pub(super) files: Vec<Content>,
    pub(super) names: BTreeMap<PathBuf, usize>,
    pub(super) durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names whose folder was not synced since, in order.
    pub(super) changes: Vec<Change>,
}

/// A change of names.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Named(PathBuf, usize),
    Renamed(PathBuf, PathBuf, usize),
    Removed(PathBuf),
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) now: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// What was written since the last sync.
    pub(super) written: Vec<Range<usize>>,
}

impl Content {
    pub(super) fn write(&mut self, bytes: &[u8], begin: usize) {
        self.now.resize(self.now.len().max(begin + bytes.len()), 0);
        self.now[begin..begin + bytes.len()].copy_from_slice(bytes);
        self.written.push(begin..begin + bytes.len());
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.now);
        self.written.clear();
    }

    /// Whether what is seen is more than what is durable.
    pub(super) fn is_dirty(&self) -> bool {
        self.now != self.durable
    }

    /// Becomes what was found after the power was back.
    pub(super) fn settle(&mut self, content: Vec<u8>) {
        self.now.clone_from(&content);
        self.durable = content;
        self.written.clear();
    }
}

impl Change {
    /// The folder whose sync makes it durable. (Nothing is renamed from one folder to another.)
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Named(path, _) | Self::Renamed(_, path, _) | Self::Removed(path) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Named(path, file) => drop(names.insert(path.clone(), *file)),
            Self::Renamed(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Removed(path) => drop(names.remove(path)),
        }
    }
}

impl Platter {
    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn add(&mut self) -> usize {
        self.files.push(Content::default());
        self.files.len() - 1
    }

    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    pub(super) fn sync_folder(&mut self, path: &Path) {
        for change in self.changes.extract_if(.., |change| change.folder() == Some(path)) {
            change.apply(&mut self.durable_names);
        }
    }

    /// Keeps of the changes of names those that are chosen, and no other.
    pub(super) fn settle_names(&mut self, mut kept: impl FnMut(usize) -> bool) {
        for (place, change) in std::mem::take(&mut self.changes).into_iter().enumerate() {
            if kept(place) {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
    }

    /// Loses what a coin says.
    pub(super) fn lose(&mut self, coin: &mut impl FnMut() -> bool) {
        for file in &mut self.files {
            let mut durable = file.durable.clone();
            // The length may be the old or the new one, independently of the content.
            if coin() {
                durable.resize(file.now.len(), 0);
            }
            for (place, sector) in durable.chunks_mut(SECTOR).enumerate() {
                let new = file.now.get(place * SECTOR..).unwrap_or_default();
                if coin() {
                    let length = sector.len().min(new.len());
                    sector[..length].copy_from_slice(&new[..length]);
                }
            }
            file.settle(durable);
        }
        self.settle_names(|_| coin());
    }
}
