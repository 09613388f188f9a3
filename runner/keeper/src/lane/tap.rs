//! Output that passes through the keeper on its way into a lane.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::mask::{Masker, Stream};
use crate::seal::Sealer;

/// Which of a lane's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Out,
    Data,
    Progress,
}

/// How much of one tap is read before others have their turn, in bytes.
const TURN: usize = 1 << 20;

/// A pipe, FIFO or terminal, and the file that its bytes are appended to once they are masked, or sealed.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) kind: Kind,
    from: OwnedFd,
    to: File,
    stream: Stream,
    sealer: Option<Sealer>,
    ended: bool,
    /// Whether something could not be written.
    lost: bool,
}

impl Tap {
    /// `from` must not block.
    pub(crate) fn new(kind: Kind, from: OwnedFd, to: File, masker: &Masker, sealer: Option<Sealer>) -> Self {
        Self { kind, from, to, stream: masker.stream(), sealer, ended: false, lost: false }
    }

    /// Moves what is there, without waiting for more.
    pub(crate) fn pump(&mut self, buffer: &mut [u8]) {
        let mut moved = 0;
        while !self.ended && moved < TURN {
            match rustix::io::read(&self.from, &mut *buffer) {
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                // A terminal reports an error when nobody has it open any more.
                Ok(0) | Err(_) => {
                    let rest = self.stream.finish();
                    self.write_masked(&rest);
                    self.ended = true;
                }
                Ok(count) => {
                    let masked = self.stream.feed(&buffer[..count]);
                    self.write_masked(&masked);
                    self.write_sealed(&buffer[..count]);
                    moved += count;
                }
            }
        }
    }

    /// Moves what is there now that its attempt ends. Someone who left the attempt may have it open still, and write
    /// without end, so this too is bounded.
    pub(crate) fn settle(&mut self, buffer: &mut [u8]) {
        self.pump(buffer);
        let rest = self.stream.settle();
        self.write_masked(&rest);
    }

    /// Nobody can write to it any more, and everything was moved.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Masks with other secrets from here on.
    pub(crate) fn replace_masker(&mut self, masker: &Masker) {
        self.stream.replace(masker.clone());
    }

    /// Names of the secrets that passed.
    pub(crate) fn seen(&self) -> &BTreeSet<String> {
        self.stream.seen()
    }

    /// Whether something that passed is not in the file.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost
    }

    fn write_masked(&mut self, bytes: &[u8]) {
        // What is sealed is only looked through.
        if self.sealer.is_none() {
            self.write(bytes);
        }
    }

    fn write_sealed(&mut self, plain: &[u8]) {
        match self.sealer.as_mut().map(|sealer| sealer.chunk(plain)) {
            Some(Ok(chunk)) => self.write(&chunk),
            Some(Err(_)) => self.lost = true,
            None => {}
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        // Where the disk is full, output is lost; the attempt goes on, as it would if it wrote the file itself.
        let written: io::Result<()> = self.to.write_all(bytes);
        self.lost |= written.is_err();
    }
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.from.as_fd()
    }
}
