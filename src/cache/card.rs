//! Keys, what a load reads, and the cards that say which content a file has.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::entry::DECODERS;
use super::field::Field;
use crate::analysis::{self, AnalysisKind};
use crate::decode::OpenedSource;
use crate::source::{Pulse, Source, SourceIdentity, identify};

/// How long a file has to be left alone before its times tell whether it has changed: longer than
/// a tick of the system's clock. Where a file system has longer ticks, that is not enough.
const SETTLED: Duration = Duration::from_millis(20);

/// What an entry or a card is found by: 256 bits of BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The content that `hasher` has heard all of.
    pub(super) fn content(hasher: &blake3::Hasher) -> Self {
        Self(*hasher.finalize().as_bytes())
    }

    /// The sample that this version makes of a content at a rate.
    pub(super) fn sample(content: Self, sample_rate: Option<u32>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("hotcue cache sample");
        hasher.update(&content.0);
        hasher.update(&DECODERS.to_le_bytes());
        hasher.update(&sample_rate.unwrap_or(0).to_le_bytes());
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        Self::content(&hasher)
    }

    /// What is known of the sample that this version makes of a content at a rate.
    pub(super) fn facts(content: Self, sample_rate: Option<u32>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("hotcue cache facts");
        hasher.update(&Self::sample(content, sample_rate).0);
        Self::content(&hasher)
    }

    /// What this version hears of a kind in audio.
    pub(super) fn result(audio: Audio, kind: AnalysisKind) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("hotcue cache result");
        hasher.update(&audio.0.to_le_bytes());
        hasher.update(kind.as_str().as_bytes());
        hasher.update(&analysis::VERSION.to_le_bytes());
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        Self::content(&hasher)
    }

    /// A file, as long as nobody has written to it.
    pub(super) fn card(identity: &SourceIdentity) -> Self {
        let SourceIdentity { device, inode, len, modified_ns, changed_ns } = identity;
        let mut hasher = blake3::Hasher::new_derive_key("hotcue cache card");
        hasher.update(&device.to_le_bytes());
        hasher.update(&inode.to_le_bytes());
        hasher.update(&len.to_le_bytes());
        hasher.update(&modified_ns.to_le_bytes());
        hasher.update(&changed_ns.to_le_bytes());
        Self::content(&hasher)
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether a key is written like this.
    pub(super) fn is_written(text: &str) -> bool {
        text.len() == 2 * size_of::<Self>() && is_hex(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What audio is known by: XXH3 of its format and its values. Whoever makes audio that has the hash
/// of other audio is told what is heard in that, which harms nobody else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Audio(pub(super) u128);

impl Field for Audio {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.0.put(bytes);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        u128::take(bytes).map(Self)
    }
}

/// What a source is known to hold.
#[derive(Clone, Copy)]
pub(super) struct Content {
    pub(super) key: Key,
    /// Whether a card says so, and nobody has looked: who writes through a memory map may leave the
    /// times of a file as they were.
    pub(super) is_of_card: bool,
}

impl Content {
    pub(super) fn of_card(key: Key) -> Self {
        Self { key, is_of_card: true }
    }

    pub(super) fn hashed(key: Key) -> Self {
        Self { key, is_of_card: false }
    }
}

/// The name of something that is kept of a file. It begins with the file's length, by which a folder
/// is asked whether a file can be one that it knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) len: u64,
    pub(super) key: Key,
}

impl Name {
    pub(super) fn of_card(identity: &SourceIdentity) -> Self {
        Self { len: identity.len, key: Key::card(identity) }
    }

    /// The length of the file that something of this name is of; None for what is no such name.
    pub(super) fn len_in(name: &str) -> Option<u64> {
        let (len, key) = name.split_once('-')?;
        let is_name = is_hex(len) && Key::is_written(key);
        is_name.then(|| u64::from_str_radix(len, 16).ok()).flatten()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.len, self.key)
    }
}

/// Whether a text is a number as names have it.
pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// What a load reads, as it was when that began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File(SourceIdentity),
    /// So many bytes in memory, which nobody writes to.
    Memory(u64),
}

impl Origin {
    /// Opens a source, with what it is by then; None of what is neither, and is not opened, of what
    /// does not open, and where the system does not say.
    pub(super) fn open(source: &Source, pulse: Arc<Pulse>) -> Option<(OpenedSource, Self)> {
        if matches!(source, Source::Custom(_)) {
            return None;
        }
        let opened = OpenedSource::open(source, pulse).ok()?;
        let origin = Self::of(source, &opened)?;
        Some((opened, origin))
    }

    /// That of a source that was opened; None of what is neither, or where the system does not say.
    pub(super) fn of(source: &Source, opened: &OpenedSource) -> Option<Self> {
        match source {
            Source::Path(_) => opened.identity().map(Self::File),
            Source::Memory(bytes) => Some(Self::Memory(bytes.len() as u64)),
            Source::Custom(_) => None,
        }
    }

    /// Its length in bytes.
    pub(super) fn len(self) -> u64 {
        match self {
            Self::File(file) => file.len,
            Self::Memory(len) => len,
        }
    }

    pub(super) fn file(self) -> Option<SourceIdentity> {
        match self {
            Self::File(file) => Some(file),
            Self::Memory(_) => None,
        }
    }

    /// Whether any change from now on shows.
    pub(super) fn is_settled(self) -> bool {
        self.file().is_none_or(|file| is_settled(&file, SystemTime::now()))
    }

    /// Whether `source` is still this, and nobody is seen to have written to it.
    pub(super) fn is_unchanged(self, source: &Source) -> bool {
        let now = || source.path().and_then(|path| identify(path).ok());
        self.file().is_none_or(|file| now() == Some(file))
    }
}

/// Whether a file can be told from all others of its file system also when that is mounted anew. FAT
/// and exFAT number files as they are looked at, so that two of one length and of one time, as a pack
/// of loops is unpacked, may have each other's number. They have times in steps of 10 ms at best.
pub(super) fn is_lasting(identity: &SourceIdentity) -> bool {
    !identity.is_coarse()
}

/// Whether a file was left alone for long enough that any later change shows in its times.
pub(super) fn is_settled(identity: &SourceIdentity, now: SystemTime) -> bool {
    identity.was_left_alone(SETTLED, now) && !identity.may_change_unseen(now)
}
