//! The folder: what is in it, how things come in, and what leaves.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs::{self, DirBuilder, DirEntry, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use twox_hash::XxHash3_64 as Xxh3;

use super::card::{Key, Name, is_hex, is_lasting};
use super::entry::EntryReader;
use super::field::Field as _;
use super::hearing::Facts;
use super::leaving::{Seen, clear};
use super::result::ResultReader;
use crate::analysis::AnalysisKind;
use crate::decode::open_itself;
use crate::source::SourceIdentity;

const CARD: &str = "card";
const SAMPLE: &str = "sample";
const RESULT: &str = "result";
const FACTS: &str = "facts";
const UNFINISHED: &str = "unfinished";
/// A folder that was in the place of a file of ours.
const ASIDE: &str = "aside";
/// What is not finished after so long never will be: its process was ended.
const FORGOTTEN: Duration = Duration::from_secs(3_600);
/// An entry says when it was used last to this precision: writing that costs more than reading a
/// short sample.
const USE_PERIOD: Duration = Duration::from_secs(60);
/// What says that it was used so much later than now is of a time when the clock was wrong: other
/// machines' clocks differ by less, and so do files of a system that keeps the local time.
const FUTURE: Duration = Duration::from_secs(24 * 3_600);
/// What a disk is given out in, about: the least that a file takes of it.
const BLOCK_BYTES: u64 = 4_096;
/// A content, and a checksum.
const CARD_BYTES: usize = 32 + size_of::<u64>();

/// A folder of decoded audio, and of what was heard in audio, that any number of engines and processes share.
///
/// When there is more than `max_bytes`, samples leave: those that were used longest ago, then those
/// that were used last, so that of a set that is larger the first part stays. What was heard stays
/// while it has no more than a quarter of the room. All methods may block on the disk; a folder
/// that cannot be read or written is as good as an empty one.
///
/// ```
/// let folder = std::env::temp_dir().join("hotcue-doc");
/// let cache = hotcue::Cache::open(&folder, 1 << 30)?;
/// assert_eq!(cache.stats().hits, 0);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// What it may hold: what was asked for, or less where the disk was full before.
    room: AtomicU64,
    lens: Mutex<Lens>,
    /// What the folder holds, as far as this process knows.
    bytes: AtomicU64,
    /// Held by whoever lists the folder; nobody waits for it.
    looking: Mutex<()>,
    hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    unsound: AtomicU64,
    failures: AtomicU64,
    analysis_hits: AtomicU64,
    analysis_misses: AtomicU64,
}

/// A file that could not be written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unkept {
    /// Bytes of it for which there was room.
    pub(super) written: u64,
    /// Bytes that it would have had.
    pub(super) wanted: u64,
}

/// Lengths of the files that something is kept of.
#[derive(Debug, Default)]
struct Lens {
    known: HashSet<u64>,
    /// Those of them that were noted since the folder was listed last, or meanwhile.
    noted: HashSet<u64>,
}

/// What a [`Cache`] was good for, since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Loads that were read from it.
    pub hits: u64,
    /// Loads that were decoded, as it did not have them.
    pub misses: u64,
    /// Samples that were put into it.
    pub stored: u64,
    /// Entries that were damaged, and removed.
    pub unsound: u64,
    /// Times that it could not be written to.
    pub failures: u64,
    /// Results of analyses that were read from it.
    pub analysis_hits: u64,
    /// Results that it did not have.
    pub analysis_misses: u64,
}

impl Cache {
    /// Opens a folder, and makes it where there is none: on Unix for its user alone.
    ///
    /// # Errors
    /// Those of making it and of listing what is in it.
    pub fn open(folder: &Path, max_bytes: u64) -> io::Result<Self> {
        make(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                io::Error::new(io::ErrorKind::NotADirectory, "not a folder")
            }
            _ => error,
        })?;
        let cache = Self {
            folder: folder.to_path_buf(),
            room: AtomicU64::new(max_bytes),
            lens: Mutex::default(),
            bytes: AtomicU64::new(0),
            looking: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            unsound: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            analysis_hits: AtomicU64::new(0),
            analysis_misses: AtomicU64::new(0),
        };
        cache.look_around()?;
        Ok(cache)
    }

    /// What it was good for.
    pub fn stats(&self) -> CacheStats {
        // Relaxed here and below: figures to look at; nothing is published through them.
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            stored: self.stored.load(Ordering::Relaxed),
            unsound: self.unsound.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            analysis_hits: self.analysis_hits.load(Ordering::Relaxed),
            analysis_misses: self.analysis_misses.load(Ordering::Relaxed),
        }
    }

    /// Whether a file of this length may be one that it knows. Other processes may have brought
    /// some that it does not know of.
    pub(super) fn may_know(&self, len: u64) -> bool {
        self.lens().known.contains(&len)
    }

    fn lens(&self) -> MutexGuard<'_, Lens> {
        self.lens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content of a file, if it has a card.
    pub(super) fn content_of(&self, identity: &SourceIdentity) -> Option<Key> {
        if !is_lasting(identity) {
            // Its card says that the length is known, no more: the content is found out each time.
            return None;
        }
        let path = self.path(Name::of_card(identity), CARD);
        let (mut file, byte_len) = used(&path).ok()?;
        let mut card = [0; CARD_BYTES];
        let is_whole = byte_len == card.len() as u64;
        if is_whole {
            file.read_exact(&mut card).ok()?;
        }
        let (content, sum) = card.split_first_chunk::<32>()?;
        // The name is summed, too: a card is of one file only.
        if !is_whole || *sum != card_sum(identity, content).to_le_bytes() {
            self.drop_unsound(&path);
            return None;
        }
        Some(Key::from_bytes(*content))
    }

    /// Notes which content a file has, which is settled.
    pub(super) fn note(&self, identity: &SourceIdentity, content: Key) {
        let mut bytes = content.as_bytes().to_vec();
        card_sum(identity, content.as_bytes()).put(&mut bytes);
        let written = self.unfinished().and_then(|mut file| {
            file.write_all(&bytes)?;
            file.keep(&self.path(Name::of_card(identity), CARD))
        });
        match written {
            Ok(()) => {
                self.knows(identity.len);
                self.grown_by(bytes.len() as u64);
            }
            Err(error) => self.failed(&error, Unkept::default()),
        }
    }

    /// Opens the entry of a sample, if there is a sound one whose head says so.
    ///
    /// # Errors
    /// What is wrong with it; one that is unsound is removed.
    pub(super) fn entry(
        &self,
        name: Name,
        max_sample_bytes: Option<u64>,
    ) -> io::Result<EntryReader<File>> {
        let (file, byte_len) = used(&self.path(name, SAMPLE))?;
        EntryReader::new(file, byte_len, name.key, max_sample_bytes)
            .inspect_err(|error| self.entry_failed(name, error))
    }

    /// Opens a result, if there is a sound one whose head says so.
    ///
    /// # Errors
    /// What is wrong with it; one that is unsound is removed.
    pub(super) fn result(&self, key: Key, kind: AnalysisKind) -> io::Result<ResultReader<File>> {
        let (file, byte_len) = used(&self.path(key, RESULT))?;
        ResultReader::new(file, byte_len, key, kind)
            .inspect_err(|error| self.result_failed(key, error))
    }

    /// What is known of a content, if there is something sound.
    ///
    /// # Errors
    /// What is wrong with it; what is unsound is removed.
    pub(super) fn facts(&self, key: Key) -> io::Result<Facts> {
        let path = self.path(key, FACTS);
        let (file, byte_len) = used(&path)?;
        Facts::read(file, byte_len, key).inspect_err(|error| self.drop_if_unsound(&path, error))
    }

    /// Removes an entry that turned out to be unsound, so that it is made anew.
    pub(super) fn entry_failed(&self, name: Name, error: &io::Error) {
        self.drop_if_unsound(&self.path(name, SAMPLE), error);
    }

    /// The same of a result.
    pub(super) fn result_failed(&self, key: Key, error: &io::Error) {
        self.drop_if_unsound(&self.path(key, RESULT), error);
    }

    /// Whether it has an entry of a sample, sound or not, that may be read.
    pub(super) fn has(&self, name: Name) -> bool {
        open_itself(&self.path(name, SAMPLE)).is_ok()
    }

    /// What the folder holds, as far as it knows.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether something of so many bytes may come in. What would not outlast the room that is made
    /// for it may not: all else would leave with it.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        let bytes = taken(bytes);
        // With its card.
        let with_all =
            self.bytes.load(Ordering::Relaxed).saturating_add(bytes).saturating_add(BLOCK_BYTES);
        let room = self.room();
        bytes <= cleared(room) || (bytes <= room && with_all <= room)
    }

    fn room(&self) -> u64 {
        self.room.load(Ordering::Relaxed)
    }

    /// A file that is written until it is kept.
    ///
    /// # Errors
    /// Those of making it.
    pub(super) fn unfinished(&self) -> io::Result<Unfinished> {
        /// Two engines of one process may have opened the folder.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        // An earlier process may have had the same number.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let path = self.path(format_args!("{}-{now:x}-{next}", process::id()), UNFINISHED);
        let file = File::create_new(&path).or_else(|error| {
            // The folder may be deleted at any time.
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            make(&self.folder)?;
            File::create_new(&path)
        })?;
        Ok(Unfinished { file, path: Some(path) })
    }

    /// Puts a written entry in its place.
    pub(super) fn keep(&self, file: Unfinished, name: Name) {
        let bytes = file.written();
        // With what is said of it, it may be more than it seemed to be.
        if !self.has_room_for(bytes) {
            return;
        }
        match file.keep(&self.path(name, SAMPLE)) {
            Ok(()) => {
                self.stored.fetch_add(1, Ordering::Relaxed);
                self.knows(name.len);
                self.grown_by(bytes);
            }
            Err(error) => self.failed(&error, Unkept::default()),
        }
    }

    /// Puts a written result in its place.
    pub(super) fn keep_result(&self, file: Unfinished, key: Key) {
        self.keep_at(&self.path(key, RESULT), file);
    }

    /// Writes what is known of a content.
    pub(super) fn keep_facts(&self, key: Key, facts: &Facts) {
        match self.unfinished().and_then(|file| facts.write(file, key)) {
            Ok(file) => self.keep_at(&self.path(key, FACTS), file),
            Err(error) => self.failed(&error, Unkept::default()),
        }
    }

    fn keep_at(&self, path: &Path, file: Unfinished) {
        let bytes = file.written();
        match file.keep(path) {
            Ok(()) => self.grown_by(bytes),
            Err(error) => self.failed(&error, Unkept::default()),
        }
    }

    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn analysis_hit(&self) {
        self.analysis_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn analysis_missed(&self) {
        self.analysis_misses.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that it could not be written to. Where the disk is full, there is no more room than for
    /// what was written beside what it holds, and some is made: else it would keep what nobody asks for
    /// any more, and take in nothing.
    pub(super) fn failed(&self, error: &io::Error, unkept: Unkept) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            self.list(Some(unkept)).ok();
        }
    }

    fn drop_if_unsound(&self, path: &Path, error: &io::Error) {
        if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
            self.drop_unsound(path);
        }
    }

    fn drop_unsound(&self, path: &Path) {
        self.unsound.fetch_add(1, Ordering::Relaxed);
        fs::remove_file(path).ok();
    }

    fn path(&self, name: impl Display, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }

    /// Notes that there is something of a file of this length.
    fn knows(&self, len: u64) {
        let mut lens = self.lens();
        lens.known.insert(len);
        lens.noted.insert(len);
    }

    /// Notes that there is something more, and makes room, if there is too much by now.
    fn grown_by(&self, bytes: u64) {
        let bytes = taken(bytes);
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // Before it is asked whether another thread looks: with the one in `list`, one of them sees it.
        fence(Ordering::SeqCst);
        if before.saturating_add(bytes) > self.room()
            && let Err(error) = self.look_around()
        {
            self.failed(&error, Unkept::default());
        }
    }

    /// Lists the folder: learns what others have brought, and removes what has to leave until a tenth
    /// of the room is free, if it is too full. Does nothing while another thread does
    /// so, which looks again: both together would free twice as much.
    ///
    /// # Errors
    /// Those of listing it.
    pub(super) fn look_around(&self) -> io::Result<()> {
        self.list(None)
    }

    /// The same; where the disk is `full`, there was room for a part of a file beside what there is, no
    /// more.
    fn list(&self, mut full: Option<Unkept>) -> io::Result<()> {
        while let Some(held) = self.list_once(full.take())? {
            // Whoever has brought more meanwhile has left it to this thread to make room for that.
            fence(Ordering::SeqCst);
            if self.bytes.load(Ordering::Relaxed) <= held.max(self.room()) {
                break;
            }
        }
        Ok(())
    }

    /// The same, once: what it holds then, without what came meanwhile. None while another thread does
    /// so.
    fn list_once(&self, full: Option<Unkept>) -> io::Result<Option<u64>> {
        let _looking = match self.looking.try_lock() {
            Ok(looking) => looking,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        // What comes from here on may not be on the list.
        let counted = self.bytes.load(Ordering::Relaxed);
        self.lens().noted.clear();
        let mut lens = HashSet::new();
        let mut found: Vec<Seen> = Vec::new();
        let now = SystemTime::now();
        for item in fs::read_dir(&self.folder)? {
            // What others remove meanwhile is gone.
            if let Some(item) = item.and_then(|item| seen(&item, now)).ok().flatten() {
                let name = item.path.file_stem().and_then(|name| name.to_str()).unwrap_or("");
                lens.extend(Name::len_in(name));
                found.push(item);
            }
        }
        let mut bytes = found.iter().fold(0_u64, |sum, seen| sum.saturating_add(seen.bytes));
        let most = match full {
            None => self.room(),
            Some(Unkept { written, wanted }) => {
                self.room.fetch_min(bytes.saturating_add(written), Ordering::Relaxed);
                let room = self.room();
                // With its card. What is larger than what is cleared is refused the next time.
                let with_it = taken(wanted).saturating_add(BLOCK_BYTES);
                let made = if taken(wanted) <= cleared(room) { with_it } else { 0 };
                cleared(room).min(room.saturating_sub(made))
            }
        };
        if bytes > most {
            bytes = clear(found, most.min(cleared(self.room())), now, |path| {
                // Another process may have been quicker.
                let is_gone = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
                fs::remove_file(path).map_or_else(is_gone, |()| true)
            });
        }
        self.bytes.fetch_add(bytes.wrapping_sub(counted), Ordering::Relaxed);
        let mut known = self.lens();
        lens.extend(&known.noted);
        known.known = lens;
        Ok(Some(bytes))
    }
}

/// Makes a folder, and those above it, where there is none: for this user alone, as what is decoded
/// may be of files that nobody else may read.
fn make(folder: &Path) -> io::Result<()> {
    let mut maker = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.recursive(true).create(folder)
}

/// What a file of so many bytes takes of a disk.
fn taken(bytes: u64) -> u64 {
    bytes.max(1).checked_next_multiple_of(BLOCK_BYTES).unwrap_or(u64::MAX)
}

/// What is left of a room at most where some of it was freed.
fn cleared(room: u64) -> u64 {
    room - room / 10
}

/// A file of ours; None for what is not ours, as a folder, a link or what has another name, or was
/// never finished, which is removed once nobody writes it any more.
fn seen(item: &DirEntry, now: SystemTime) -> io::Result<Option<Seen>> {
    let path = item.path();
    let metadata = item.metadata()?;
    let used = believed(metadata.modified()?, now);
    let [name, extension] = [path.file_stem(), path.extension()].map(|part| part?.to_str());
    let (Some(name), Some(extension), true) = (name, extension, metadata.is_file()) else {
        return Ok(None);
    };
    let is_sample = extension == SAMPLE;
    let is_kept = match extension {
        CARD | SAMPLE => Name::len_in(name).is_some(),
        RESULT | FACTS => Key::is_written(name),
        _ => false,
    };
    if is_kept {
        let bytes = taken(metadata.len());
        return Ok(Some(Seen { used, bytes, path, is_sample }));
    }
    let is_of_writer = matches!(extension, UNFINISHED | ASIDE) && is_name_of_writer(name);
    if is_of_writer && now.duration_since(used).is_ok_and(|ago| ago >= FORGOTTEN) {
        fs::remove_file(path)?;
    }
    Ok(None)
}

/// Whether something that is not finished is called like this: see [`Cache::unfinished`].
fn is_name_of_writer(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.len() == 3 && parts.into_iter().all(is_hex)
}

/// When something was used last that says so; long ago, where it cannot be true: else it would never
/// leave.
fn believed(used: SystemTime, now: SystemTime) -> SystemTime {
    if used > now + FUTURE { UNIX_EPOCH } else { used }
}

/// Opens a file of the cache, and notes that it was used; its length.
fn used(path: &Path) -> io::Result<(File, u64)> {
    let (file, metadata) = open_itself(path)?;
    let now = SystemTime::now();
    let is_long_ago = |used: SystemTime| {
        now.duration_since(believed(used, now)).is_ok_and(|ago| ago >= USE_PERIOD)
    };
    if metadata.modified().is_ok_and(is_long_ago) {
        // On Windows, only who may write may set times. What cannot say that it was used leaves
        // earlier than it should, no more.
        let by_writer = |_| File::options().append(true).open(path)?.set_modified(now);
        file.set_modified(now).or_else(by_writer).ok();
    }
    Ok((file, metadata.len()))
}

fn card_sum(identity: &SourceIdentity, content: &[u8; 32]) -> u64 {
    Xxh3::oneshot(&[Key::card(identity).as_bytes().as_slice(), content].concat())
}

/// A file under a name of its own, which is removed unless it is kept.
#[derive(Debug)]
pub(super) struct Unfinished {
    file: File,
    path: Option<PathBuf>,
}

impl Unfinished {
    /// How much of it is written.
    pub(super) fn written(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Gives it its name, in one step for all who look. Not synchronised: what a power failure
    /// leaves of it has no valid checksum. A link that has this name is replaced; a folder, which
    /// nothing here has made, is given another name.
    fn keep(mut self, path: &Path) -> io::Result<()> {
        if let Some(own) = &self.path {
            fs::rename(own, path).or_else(|error| {
                if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
                    return Err(error);
                }
                // Another process may be quicker; then that is its file, which is as good as this.
                fs::rename(path, own.with_extension(ASIDE))?;
                fs::rename(own, path)
            })?;
        }
        self.path = None;
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            fs::remove_file(path).ok();
        }
    }
}
