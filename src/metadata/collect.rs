//! What the readers of all formats put together, with positions as the file has them.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::{Acid, Broadcast, Cover, Instrument, LoopKind, Tags, genre, text};
use crate::decode::Window;

/// Most loops of one file.
const MAX_LOOPS: usize = 1_024;
/// What a picture has for a type of media whose bytes are the address of one.
const LINK: &str = "-->";
/// Most cues of one file.
pub(super) const MAX_CUES: usize = 65_536;
/// Most tags of one file.
const MAX_TAGS: usize = 4_096;
/// Most values of tags of one file that are looked at.
const MAX_VALUES: usize = 16 * MAX_TAGS;
/// Bytes of text, in all, that are kept of one file.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// Bytes, in all, that are read of one file for what is not a picture.
const MAX_READ_BYTES: usize = 8 << 20;

/// A place in the audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Position {
    /// Frames at the file's rate.
    Frames(u64),
    /// Time in nanoseconds.
    Ns(u64),
}

/// A loop as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FoundLoop {
    pub(super) start: Position,
    /// The frame after the last one.
    pub(super) end: Position,
    pub(super) kind: LoopKind,
    pub(super) count: u32,
    pub(super) is_release: bool,
}

/// A cue as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundCue {
    pub(super) id: u32,
    pub(super) start: Position,
    pub(super) end: Option<Position>,
    pub(super) label: String,
    pub(super) note: String,
}

/// What is to be done with pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pictures {
    /// To be noted.
    Note,
    /// To be found, up to so many bytes.
    Keep(usize),
}

/// Where a picture's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PictureBytes {
    /// In the source, from its very start.
    At(Range<u64>),
    /// Here.
    Held(Vec<u8>),
}

/// A picture that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) mime: String,
    pub(super) bytes: PictureBytes,
    /// Whether it is said to be the front cover.
    pub(super) is_front: bool,
}

/// What the readers found so far.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    pub(super) loops: Vec<FoundLoop>,
    pub(super) cues: Vec<FoundCue>,
    pub(super) tags: Tags,
    /// Those of the set that is being read.
    new_tags: Tags,
    pub(super) acid: Option<Acid>,
    pub(super) instrument: Option<Instrument>,
    pub(super) broadcast: Option<Broadcast>,
    /// Note and cents.
    pub(super) root: Option<(u8, f64)>,
    pub(super) apple_beats: Option<u32>,
    pub(super) one_shot: Option<bool>,
    pub(super) meter: Option<(u16, u16)>,
    pictures: Pictures,
    pub(super) has_cover: bool,
    pub(super) picture: Option<Picture>,
    pub(super) kept_cover: Option<Cover>,
    /// Bytes of the source that the present reader does not see.
    hidden: u64,
    text_left: usize,
    /// Of tags that are compared with those that are known.
    values_left: usize,
    bytes_left: usize,
}

impl Collector {
    pub(crate) fn new(pictures: Pictures) -> Self {
        Self {
            loops: Vec::new(),
            cues: Vec::new(),
            tags: Tags::default(),
            new_tags: Tags::default(),
            acid: None,
            instrument: None,
            broadcast: None,
            root: None,
            apple_beats: None,
            one_shot: None,
            meter: None,
            pictures,
            has_cover: false,
            picture: None,
            kept_cover: None,
            hidden: 0,
            text_left: MAX_TEXT_BYTES,
            values_left: MAX_VALUES,
            bytes_left: MAX_READ_BYTES,
        }
    }

    /// Tells that readers do not see the first `bytes` bytes of the source any more.
    pub(crate) fn hide(&mut self, bytes: u64) {
        self.hidden = bytes;
    }

    /// Up to `count` bytes from `position` on; fewer where the file ends or where too much has
    /// been read of it.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(
        &mut self,
        window: &mut Window<'_, R>,
        position: u64,
        count: u64,
    ) -> io::Result<Vec<u8>> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes_left);
        let bytes = window.read(position, count)?;
        self.bytes_left -= bytes.len();
        Ok(bytes)
    }

    /// Adds a value of a tag; blanks around it do not count, and without anything else it does
    /// not, either.
    pub(super) fn tag(&mut self, name: &str, value: &str) {
        let value = text::tidy(value);
        match (name, value.split_once('/')) {
            ("track_number", Some((number, total))) => {
                self.one_tag("track_number", number.trim());
                self.one_tag("track_total", total.trim());
            }
            ("disc_number", Some((number, total))) => {
                self.one_tag("disc_number", number.trim());
                self.one_tag("disc_total", total.trim());
            }
            ("genre", _) => {
                genre::in_words(&value).iter().for_each(|genre| self.one_tag("genre", genre));
            }
            _ => self.one_tag(name, &value),
        }
    }

    fn one_tag(&mut self, name: &str, value: &str) {
        let has_room = self.tags.len() + self.new_tags.len() < MAX_TAGS && self.values_left > 0;
        if name.is_empty() || value.is_empty() || !has_room {
            return;
        }
        self.values_left -= 1;
        // Two names for one thing, such as `DATE` and `YEAR`, often say the same.
        let is_known = self.new_tags.all(name).any(|known| known == value);
        if !is_known && self.has_text(name, value) {
            self.new_tags.push(name.to_owned(), value.to_owned());
        }
    }

    fn has_text(&mut self, one: &str, other: &str) -> bool {
        let left = self.text_left.checked_sub(one.len() + other.len());
        self.text_left = left.unwrap_or(self.text_left);
        left.is_some()
    }

    /// The value of a tag of the set that is being read.
    pub(super) fn new_tag(&self, name: &str) -> Option<&str> {
        self.new_tags.get(name)
    }

    /// The mask of speakers that a FLAC file has among its tags (RFC 9639, 8.6.2).
    pub(crate) fn channel_mask(&self) -> Option<u32> {
        let mask = self.tags.get("waveformatextensible_channel_mask")?;
        u32::from_str_radix(mask.strip_prefix("0x").or_else(|| mask.strip_prefix("0X"))?, 16).ok()
    }

    /// Ends a set of tags: of names that an earlier set has, that one's values count.
    pub(super) fn end_of_tags(&mut self) {
        if !self.new_tags.is_empty() {
            self.tags.merge(std::mem::take(&mut self.new_tags));
        }
    }

    pub(super) fn found_loop(&mut self, found: FoundLoop) {
        if self.loops.len() < MAX_LOOPS {
            self.loops.push(found);
        }
    }

    pub(super) fn found_cue(&mut self, mut found: FoundCue) {
        if self.cues.len() >= MAX_CUES {
            return;
        }
        if !self.has_text(&found.label, &found.note) {
            // Not cleared: they would keep their memory.
            (found.label, found.note) = (String::new(), String::new());
        }
        self.cues.push(found);
    }

    /// Notes a root key; the first one that is one counts.
    pub(super) fn found_root(&mut self, key: u32, cents: f64) {
        if let Ok(key @ 1..=127) = u8::try_from(key)
            && self.root.is_none()
        {
            self.root = Some((key, cents));
        }
    }

    /// Notes a picture of `len` bytes at `position`.
    pub(super) fn found_picture(&mut self, mime: &str, is_front: bool, position: u64, len: u64) {
        if len == 0 || mime == LINK {
            return;
        }
        self.has_cover = true;
        if self.wants_picture(is_front, len) {
            let start = position.saturating_add(self.hidden);
            let bytes = PictureBytes::At(start..start.saturating_add(len));
            self.picture = Some(Picture { mime: mime.to_owned(), bytes, is_front });
        }
    }

    /// Notes a picture that does not lie in the file as it is.
    pub(super) fn found_held_picture(&mut self, mime: &str, is_front: bool, bytes: &[u8]) {
        if bytes.is_empty() || mime == LINK {
            return;
        }
        self.has_cover = true;
        if self.wants_picture(is_front, bytes.len() as u64) {
            let bytes = PictureBytes::Held(bytes.to_vec());
            self.picture = Some(Picture { mime: mime.to_owned(), bytes, is_front });
        }
    }

    /// Whether a picture's bytes are wanted at all.
    pub(super) fn keeps_pictures(&self) -> bool {
        self.pictures != Pictures::Note
    }

    fn wants_picture(&self, is_front: bool, len: u64) -> bool {
        let is_better = self.picture.as_ref().is_none_or(|known| is_front && !known.is_front);
        match self.pictures {
            Pictures::Keep(most) => is_better && len <= most as u64,
            Pictures::Note => false,
        }
    }

    /// The frames of the file that a voice repeats which is asked to repeat what the file says,
    /// where that goes forwards.
    pub(crate) fn own_loop(&self) -> Option<Range<u64>> {
        let own = self.loops.iter().find(|found| !found.is_release && found.start < found.end)?;
        match (own.kind, own.start, own.end) {
            (LoopKind::Forward, Position::Frames(start), Position::Frames(end)) => Some(start..end),
            _ => None,
        }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.loops.is_empty()
            && self.cues.is_empty()
            && self.tags.is_empty()
            && self.acid.is_none()
            && self.instrument.is_none()
            && self.broadcast.is_none()
            && self.root.is_none()
            && self.apple_beats.is_none()
            && self.one_shot.is_none()
            && self.meter.is_none()
            && !self.has_cover
    }
}
