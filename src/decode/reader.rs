//! Opens a source without ever blocking on what is not a file, and counts what is read of it.

mod allowance;
#[cfg(test)]
mod tests;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use allowance::Allowance;

use crate::error::{LoadError, LoadErrorKind};
use crate::source::{Pulse, ReadSeek, Source, SourceIdentity, identity};

/// A source that is open and of known length.
pub(crate) struct OpenedSource {
    content: Box<dyn ReadSeek>,
    byte_len: u64,
    identity: Option<SourceIdentity>,
    state: Arc<ReadState>,
}

impl OpenedSource {
    /// Opens `source`, whose readers beat `pulse`. Never waits for a writer of a FIFO.
    ///
    /// # Errors
    /// `not_found`, `permission_denied`; `io` for all else, also for what is not a regular file.
    pub(crate) fn open(source: &Source, pulse: Arc<Pulse>) -> Result<Self, LoadError> {
        let begin = Instant::now();
        pulse.set_waiting(true);
        let opened = match source {
            Source::Path(path) => open_file(path),
            Source::Memory(bytes) => {
                let content: Box<dyn ReadSeek> = Box::new(Cursor::new(Arc::clone(bytes)));
                Ok((content, bytes.len() as u64, None))
            }
            Source::Custom(custom) => custom.open().and_then(|mut content| {
                let byte_len = content.seek(SeekFrom::End(0))?;
                content.seek(SeekFrom::Start(0))?;
                Ok((content, byte_len, None))
            }),
        };
        pulse.set_waiting(false);
        let (content, byte_len, identity) =
            opened.map_err(|error| LoadError::from_io(error, source))?;
        pulse.beat(0);
        let state = Arc::new(ReadState::new(pulse, byte_len));
        state.spent(begin);
        Ok(Self { content, byte_len, identity, state })
    }

    /// Total length in bytes.
    pub(crate) fn byte_len(&self) -> u64 {
        self.byte_len
    }

    /// Which file it is; None where it is no file or the system does not say.
    pub(crate) fn identity(&self) -> Option<SourceIdentity> {
        self.identity
    }

    /// What the reader will leave behind for others to see.
    pub(crate) fn state(&self) -> Arc<ReadState> {
        Arc::clone(&self.state)
    }

    /// The reader, and what it leaves behind for others to see.
    pub(crate) fn into_reader(self) -> (CountingReader, Arc<ReadState>) {
        let Self { content, byte_len, state, .. } = self;
        (
            CountingReader {
                content,
                byte_len,
                hidden: 0,
                position: 0,
                blots: Vec::new(),
                failed: false,
                state: Arc::clone(&state),
            },
            state,
        )
    }
}

type Opened = (Box<dyn ReadSeek>, u64, Option<SourceIdentity>);

fn open_file(path: &Path) -> io::Result<Opened> {
    let (file, metadata) = open_regular(path)?;
    let identity = identity(&file, &metadata);
    Ok((Box::new(file), metadata.len(), identity))
}

/// Opens a regular file to read it, and nothing else: never waits for what a path may lead to.
///
/// # Errors
/// Those of opening it; `InvalidInput` and `IsADirectory` for what is no file.
fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    open(path, Links::Followed)
}

/// The same of a file that is there itself: a link is none.
///
/// # Errors
/// As [`open_regular`]'s.
pub(crate) fn open_itself(path: &Path) -> io::Result<(File, Metadata)> {
    // Where the system has no such way to open a file, nobody sees to it that it is not swapped.
    if cfg!(not(unix)) && fs::symlink_metadata(path)?.is_symlink() {
        return Err(not_a_file());
    }
    open(path, Links::Refused)
}

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, PartialEq)]
enum Links {
    Followed,
    Refused,
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "links are refused by the caller"))]
fn open(path: &Path, links: Links) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO without a writer would block the open itself; a terminal would become ours.
        let follow = if links == Links::Refused { libc::O_NOFOLLOW } else { 0 };
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | follow);
    }
    let file: File = options.open(path).map_err(|error| match error.raw_os_error() {
        // What is said of sockets, on macOS the second, and of devices that are not there.
        #[cfg(unix)]
        Some(libc::ENXIO | libc::EOPNOTSUPP) => not_a_file(),
        // A folder cannot even be opened there.
        #[cfg(windows)]
        _ if error.kind() == io::ErrorKind::PermissionDenied && path.is_dir() => a_folder(),
        _ => error,
    })?;
    #[cfg(windows)]
    if !crate::source::is_of_disk(&file) {
        return Err(not_a_file());
    }
    // Asked of the handle, not of the path: nobody can swap the file in between.
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(a_folder());
    }
    if !metadata.is_file() {
        return Err(not_a_file());
    }
    Ok((file, metadata))
}

fn a_folder() -> io::Error {
    io::Error::new(io::ErrorKind::IsADirectory, "is a folder")
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// What a [`CountingReader`] tells to those who cannot reach it any more.
#[derive(Debug)]
pub(crate) struct ReadState {
    pulse: Arc<Pulse>,
    position: AtomicU64,
    spent_ns: AtomicU64,
    allowance: Allowance,
    failure: Mutex<Option<LoadError>>,
}

impl ReadState {
    fn new(pulse: Arc<Pulse>, byte_len: u64) -> Self {
        Self {
            allowance: Allowance::new(byte_len, &pulse),
            pulse,
            position: AtomicU64::new(0),
            spent_ns: AtomicU64::new(0),
            failure: Mutex::default(),
        }
    }

    /// A step of the load begins, which may take only so long: see [`allowance`].
    pub(crate) fn begin_step(&self, begin: Instant) {
        self.allowance.begin_step(begin, self.time_spent());
    }

    /// Gives the reader as much again as a whole load may take: for one that is put to another place.
    pub(crate) fn grant(&self) {
        self.allowance.grant(&self.pulse);
    }

    /// Time that was spent inside the source: in opening, reads and seeks.
    pub(crate) fn time_spent(&self) -> Duration {
        Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed))
    }

    fn spent(&self, begin: Instant) {
        self.pulse.set_waiting(false);
        let ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spent_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Bytes from the start to where the reader stands, or to the end of what is used of it so far
    /// where somebody says.
    pub(crate) fn position(&self) -> u64 {
        // Relaxed: a figure for a progress bar; nothing is published through it.
        self.position.load(Ordering::Relaxed)
    }

    /// Why nothing can be read any more, if that is so. Format readers may swallow or rename it.
    pub(crate) fn take_failure(&self) -> Option<LoadError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether what looks like an end is none, as [`take_failure`](Self::take_failure) says.
    ///
    /// # Errors
    /// Why nothing can be read any more.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        self.take_failure().map_or(Ok(()), Err)
    }

    fn keep_failure(&self, failure: LoadError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }
}

/// Reads a source, counts, and remembers the first failure. Nothing can be read after it, so
/// that a format reader that looks for a way around comes to its end at once. Neither can
/// anything once the load was stopped, or took more than any file needs.
pub(crate) struct CountingReader {
    content: Box<dyn ReadSeek>,
    /// Where what is shown ends.
    byte_len: u64,
    /// Bytes before what is shown.
    hidden: u64,
    position: u64,
    /// Places of which a byte reads as 0.
    blots: Vec<u64>,
    failed: bool,
    state: Arc<ReadState>,
}

impl CountingReader {
    /// Length in bytes of what is shown.
    pub(crate) fn byte_len(&self) -> u64 {
        self.byte_len - self.hidden
    }

    /// Shows only what follows the first `bytes` bytes, and goes there.
    ///
    /// # Errors
    /// Those of seeking.
    pub(crate) fn hide(&mut self, bytes: u64) -> io::Result<()> {
        self.hidden = bytes.min(self.byte_len);
        self.seek(SeekFrom::Start(0)).map(drop)
    }

    /// Shows only the bytes `range` of what is shown, and goes to the first of them.
    ///
    /// # Errors
    /// Those of seeking.
    pub(crate) fn show(&mut self, range: Range<u64>) -> io::Result<()> {
        self.byte_len = self.hidden.saturating_add(range.end).min(self.byte_len);
        self.hide(self.hidden.saturating_add(range.start))
    }

    /// Has the byte at `place` of what is shown read as 0.
    pub(crate) fn blot(&mut self, place: u64) {
        self.blots.push(self.hidden.saturating_add(place));
    }

    /// Says that what is used so far ends at `position`: what lies behind it was read ahead.
    pub(crate) fn used_up_to(&self, position: u64) {
        let position = self.hidden.saturating_add(position);
        self.state.position.store(position, Ordering::Relaxed);
    }

    fn fail(&mut self, error: io::Error) -> io::Error {
        let failure = LoadError::new(LoadErrorKind::Io, "reading failed").with_source(error);
        self.give_up(failure)
    }

    fn give_up(&mut self, failure: LoadError) -> io::Error {
        self.failed = true;
        self.state.keep_failure(failure);
        has_failed()
    }

    /// Refuses what comes after a failure, when nobody wants the load any more, and what no file
    /// needs.
    ///
    /// # Errors
    /// When the source is not to be asked.
    fn begin(&mut self) -> io::Result<Instant> {
        if self.failed {
            return Err(has_failed());
        }
        if self.state.pulse.is_stopped() {
            return Err(self.give_up(LoadError::new(LoadErrorKind::Io, "the load was stopped")));
        }
        let begin = Instant::now();
        let ReadState { pulse, allowance, .. } = &*self.state;
        match allowance.check(begin, self.state.time_spent(), pulse) {
            Ok(()) => {
                pulse.set_waiting(true);
                Ok(begin)
            }
            Err(failure) => Err(self.give_up(failure)),
        }
    }

    fn moved_to(&mut self, position: u64) {
        self.position = position;
        self.state.position.store(position, Ordering::Relaxed);
    }
}

impl Read for CountingReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut begin = self.begin()?;
        let room = self.byte_len.saturating_sub(self.position);
        let room = usize::try_from(room).map_or(target.len(), |room| room.min(target.len()));
        loop {
            let result = self.content.read(&mut target[..room]);
            self.state.spent(begin);
            match result {
                // Of a source of the caller's own: nobody could go on with that.
                Ok(bytes) if bytes > room => {
                    let message = "the source says that it has read more than there was room for";
                    return Err(self.fail(io::Error::new(io::ErrorKind::InvalidData, message)));
                }
                Ok(bytes) => {
                    for blot in &self.blots {
                        let place = blot.checked_sub(self.position);
                        let place = place.and_then(|place| usize::try_from(place).ok());
                        let read = &mut target[..bytes];
                        place
                            .and_then(|place| read.get_mut(place))
                            .into_iter()
                            .for_each(|byte| *byte = 0);
                    }
                    self.state.pulse.beat(bytes as u64);
                    self.moved_to(self.position.saturating_add(bytes as u64));
                    return Ok(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => begin = self.begin()?,
                Err(error) => return Err(self.fail(error)),
            }
        }
    }
}

impl Seek for CountingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let begin = self.begin()?;
        // Refused by hand: a target before the start or beyond 2^63 is the file's lie, and must
        // not count as a failure of the source.
        let target = match to {
            SeekFrom::Start(offset) => self.hidden.checked_add(offset),
            SeekFrom::End(offset) => self.byte_len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let target =
            target.filter(|target| *target >= self.hidden && i64::try_from(*target).is_ok());
        let Some(target) = target else {
            self.state.spent(begin);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "seek out of range"));
        };
        // Behind the end there is nothing to be read, and no file system can go as far as a file
        // may lie.
        let result = self.content.seek(SeekFrom::Start(target.min(self.byte_len)));
        self.state.spent(begin);
        match result {
            Ok(_) => {
                self.state.pulse.beat(0);
                self.moved_to(target);
                Ok(target - self.hidden)
            }
            Err(error) => Err(self.fail(error)),
        }
    }
}

fn has_failed() -> io::Error {
    io::Error::other("the source failed")
}
