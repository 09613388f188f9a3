//! One lane.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::{Kind, Tap, data_path, out_path, progress_file, progress_path};
use crate::platform::{Platform, Writers};
use crate::protocol::{Marks, Ranges};

/// One lane: its files, who has it, and what still flows into it.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) number: u64,
    run_dir: PathBuf,
    out: File,
    /// Made for the first attempt that captures.
    data: Option<File>,
    progress: File,
    /// The attempt that has it.
    pub(crate) occupant: Option<u64>,
    /// What flows through the keeper. May outlast the attempt.
    pub(crate) taps: Vec<Tap>,
    /// Open while an attempt may write progress, so that the FIFO has no end before the attempt has.
    fifo: Option<File>,
    /// Whether it has a FIFO.
    piped: bool,
    /// Whether somebody may have been given its data file since nobody had it last.
    lent: bool,
    pub(crate) folder_synced: bool,
}

impl Lane {
    /// Opens a lane, creating what every attempt needs: what its program may write to by name is there before it is.
    pub(super) fn open(run_dir: &Path, number: u64) -> io::Result<Self> {
        let data = match File::open(data_path(run_dir, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        Ok(Self {
            number,
            run_dir: run_dir.to_owned(),
            out: readable(&out_path(run_dir, number))?,
            lent: data.is_some(),
            data,
            progress: readable(&progress_file(run_dir, number))?,
            occupant: None,
            taps: Vec::new(),
            fifo: None,
            piped: progress_path(run_dir, number, true).exists(),
            folder_synced: false,
        })
    }

    /// Whether an attempt that once had it could still write to it.
    pub(super) fn writers(&mut self, platform: &dyn Platform) -> Writers {
        if self.occupant.is_some() || !self.taps.is_empty() {
            return Writers::Some;
        }
        let data = if self.lent { self.data.as_ref() } else { None };
        for file in [&self.out, &self.progress].into_iter().chain(data) {
            match platform.writers(file) {
                Writers::None => {}
                other => return other,
            }
        }
        self.lent = false;
        if self.piped { self.fifo_writers().unwrap_or(Writers::Unknown) } else { Writers::None }
    }

    /// A FIFO has no lease, but reading tells: the end when nobody could write, "not yet" when somebody could.
    fn fifo_writers(&self) -> io::Result<Writers> {
        let path = progress_path(&self.run_dir, self.number, true);
        let opened = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
        match opened.and_then(|fifo| Ok(rustix::io::read(fifo, &mut [0; 1])?)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Writers::None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Writers::Some),
            Ok(0) => Ok(Writers::None),
            Ok(_) => Ok(Writers::Some),
            Err(error) => Err(error),
        }
    }

    /// The lengths of its files.
    pub(crate) fn marks(&self) -> io::Result<Marks> {
        let length = |file: Option<&File>| file.map_or(Ok(0), |file| Ok::<_, io::Error>(file.metadata()?.len()));
        Ok(Marks {
            out: length(Some(&self.out))?,
            data: length(self.data.as_ref())?,
            progress: length(Some(&self.progress))?,
        })
    }

    /// The ranges since `begin`; empty ones where the files cannot be asked.
    pub(crate) fn since(&self, begin: Marks) -> Ranges {
        Ranges::between(self.number, begin, self.marks().unwrap_or(begin))
    }

    /// Its file of this kind, for appending.
    pub(crate) fn append(&mut self, kind: Kind) -> io::Result<File> {
        self.lent |= kind == Kind::Data;
        let path = match kind {
            Kind::Out => out_path(&self.run_dir, self.number),
            Kind::Data => data_path(&self.run_dir, self.number),
            Kind::Progress => progress_file(&self.run_dir, self.number),
        };
        if kind == Kind::Data && self.data.is_none() {
            self.data = Some(readable(&path)?);
        }
        append(&path)
    }

    /// Opens its FIFO for reading, creating it if need be. It has a writer until [`Lane::release_fifo`].
    pub(crate) fn open_fifo(&mut self, platform: &dyn Platform) -> io::Result<File> {
        let path = progress_path(&self.run_dir, self.number, true);
        if !self.piped {
            platform.make_fifo(&path)?;
            self.piped = true;
        }
        let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
        let reader = OpenOptions::new().read(true).custom_flags(nonblocking).open(&path)?;
        self.fifo = Some(OpenOptions::new().write(true).custom_flags(nonblocking).open(&path)?);
        Ok(reader)
    }

    /// Lets the FIFO end once nobody else can write to it.
    pub(crate) fn release_fifo(&mut self) {
        self.fifo = None;
    }

    /// Makes what was captured durable.
    pub(crate) fn sync_data(&mut self) -> io::Result<()> {
        let Some(data) = &self.data else { return Ok(()) };
        data.sync_data()?;
        if !self.folder_synced {
            File::open(super::folder(&self.run_dir))?.sync_all()?;
            self.folder_synced = true;
        }
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// The file, made if need be. It is open for reading only: what asks who writes to it counts us, too.
fn readable(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?.into())
}

/// The numbers of the lanes that a run has.
pub(super) fn existing(run_dir: &Path) -> io::Result<Vec<u64>> {
    let folder = super::folder(run_dir);
    fs::create_dir_all(&folder)?;
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".out")?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
