//! What files say beside their audio: loops, cues, root key, tempo, tags, covers.
//!
//! Every format has a reader here, which puts what it finds into a [`Collector`]. Readers trust
//! nothing: what a file states is checked before anything is set aside for it, nothing recurses as
//! deep as a file wants, and what makes no sense is left out, never an error. Only a source that
//! cannot be read is one.

mod aiff;
mod ape;
mod au;
mod caf;
mod collect;
mod cover;
mod elsewhere;
mod flac;
mod genre;
mod id3;
mod mkv;
mod mp4;
mod names;
mod ogg;
mod place;
mod riff;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod vorbis;

use std::sync::Arc;

pub(crate) use aiff::read as read_aiff;
pub(crate) use au::read as read_au;
pub(crate) use caf::read as read_caf;
pub(crate) use collect::{Collector, Pictures};
pub use cover::{Cover, MAX_COVER_BYTES, MAX_KEPT_COVER_BYTES, read_cover};
pub(crate) use elsewhere::read as read_elsewhere;
pub(crate) use id3::read_in_front;
pub(crate) use place::Audio;
pub(crate) use riff::read as read_riff;
pub use tags::Tags;

/// What a file says beside its audio, with all positions in frames of the loaded sample.
///
/// A position in a file of another rate is converted by `frame · rate / file's rate`, rounded to
/// the nearest frame (halves up), each on its own. The ends of loops and regions that lie beyond
/// the sample become its end; what begins at or beyond that, or has no length, is dropped, except
/// that a cue without length may stand at the very end. Seconds are those of the file's own
/// position, not of the rounded frame.
///
/// Formats that count markers in frames have no encoder's delay to trim, but two: of MPEG audio in
/// WAV and of ALAC and AAC in CAF, markers count from the first frame of the loaded sample, too.
///
/// ```
/// # use hotcue::{LoadJob, LoadOptions, Source, Step, Workbench};
/// let mut wav = Vec::new();
/// wav.extend(b"RIFF\x66\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0");
/// wav.extend([48_000_u32.to_le_bytes(), 96_000_u32.to_le_bytes()].concat());
/// wav.extend(b"\x02\0\x10\0smpl\x3c\0\0\0");
/// // Unity note 57, one loop of frames 1 to 2, both inclusive.
/// for field in [0, 0, 0, 57, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0_u32] {
///     wav.extend(field.to_le_bytes());
/// }
/// wav.extend(b"data\x08\0\0\0\0\x10\0\x20\0\x30\0\x40");
/// let mut job = LoadJob::new(Source::Memory(wav.into()), LoadOptions::default());
/// let mut bench = Workbench::default();
/// let sample = loop {
///     if let Step::Done(sample) = job.step(&mut bench)? {
///         break sample;
///     }
/// };
/// let metadata = sample.metadata.expect("the file has some");
/// assert_eq!(metadata.root_key, Some(57));
/// assert_eq!((metadata.loops[0].start_frame, metadata.loops[0].end_frame), (1, 3));
/// # Ok::<(), hotcue::LoadError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// The loops, in the file's order; at most 1,024.
    pub loops: Vec<Loop>,
    /// Cue points, markers, regions and chapters, by position; at most 65,536.
    pub cues: Vec<Cue>,
    /// Title, artist and whatever else is text.
    pub tags: Tags,
    /// The MIDI note that the sample sounds at when played as it is: of `smpl`, `inst`, a root
    /// note in `acid` or `basc`, or an AIFF or CAF instrument, the first of these that is not 0,
    /// which is what writers leave that do not know.
    pub root_key: Option<u8>,
    /// What is to be added to `root_key`, in cents, where the file says so with it.
    pub root_cents: Option<f64>,
    /// Beats per minute, 1 to 1000, and who says so.
    pub tempo: Option<Tempo>,
    /// Whether the file says that it is a one-shot (true) or a loop (false).
    pub one_shot: Option<bool>,
    /// How many beats the file says that it has.
    pub beats: Option<u32>,
    /// Beats per bar, and the note that is one beat.
    pub meter: Option<(u16, u16)>,
    /// The ACID chunk of a WAV file.
    pub acid: Option<Acid>,
    /// Which keys and velocities the file is made for.
    pub instrument: Option<Instrument>,
    /// The broadcast extension of a WAV file.
    pub broadcast: Option<Broadcast>,
    /// Whether there is a picture, which [`read_cover`] reads.
    pub has_cover: bool,
    /// The picture, kept only where the content came from memory, up to
    /// [`MAX_KEPT_COVER_BYTES`]: what came from a file is read again when it is asked for.
    pub kept_cover: Option<Arc<Cover>>,
}

impl Metadata {
    /// The key by the tags, as it stands there: `Am`, `8A`, `F#`, ….
    pub fn key(&self) -> Option<&str> {
        self.tags.get("key")
    }

    /// `name`, which is one of ReplayGain's, as a number: gains in dB, peaks as a factor.
    ///
    /// ```
    /// # let metadata = hotcue::Metadata::default();
    /// assert_eq!(metadata.replaygain("replaygain_track_gain"), None);
    /// ```
    pub fn replaygain(&self, name: &str) -> Option<f64> {
        let value = self.tags.get(name)?.trim_end_matches(|c: char| c.is_alphabetic());
        text::number(value).filter(|value| value.abs() < 1e3)
    }
}

/// A part of the sample that is meant to be repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop {
    /// The first frame.
    pub start_frame: u64,
    /// The frame after the last one. `smpl` chunks name the last one itself: this is one more.
    pub end_frame: u64,
    /// The first frame's time.
    pub start_sec: f64,
    /// The time after the last frame.
    pub end_sec: f64,
    /// How it is run through.
    pub kind: LoopKind,
    /// How often; 0: for ever.
    pub count: u32,
    /// Whether it is what sounds after the key was let go.
    pub is_release: bool,
}

/// How a loop is run through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKind {
    /// From start to end.
    Forward,
    /// There and back.
    PingPong,
    /// From end to start.
    Backward,
}

impl LoopKind {
    /// The name that Python has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::PingPong => "pingpong",
            Self::Backward => "backward",
        }
    }
}

/// A position that somebody marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// Where.
    pub frame: u64,
    /// Where the region ends that begins here: the frame after its last one. None: a point.
    pub end_frame: Option<u64>,
    /// Where, in seconds.
    pub sec: f64,
    /// The end in seconds.
    pub end_sec: Option<f64>,
    /// The number by which the file knows it.
    pub id: u32,
    /// Its name; empty where it has none.
    pub label: String,
    /// What is noted beside the name.
    pub note: String,
}

/// A tempo, and who says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Beats per minute.
    pub bpm: f64,
    /// Whose word it is.
    pub source: TempoSource,
}

/// Who states a tempo. Where several do, the first of these counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TempoSource {
    /// The `acid` chunk of a loop.
    Acid,
    /// An Apple Loop: its beats over its length.
    AppleLoop,
    /// A tag.
    Tag,
}

impl TempoSource {
    /// The name that Python has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acid => "acid",
            Self::AppleLoop => "apple_loop",
            Self::Tag => "tag",
        }
    }
}

/// The `acid` chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acid {
    /// Played once, as it is.
    pub one_shot: bool,
    /// `root_key` means something.
    pub root_is_set: bool,
    /// To be stretched to the tempo.
    pub stretch: bool,
    /// To be played from the disk.
    pub disk_based: bool,
    /// The MIDI note, whether or not it is set.
    pub root_key: u16,
    /// Length in beats.
    pub beats: u32,
    /// Beats per bar, and the note that is one beat.
    pub meter: (u16, u16),
    /// Beats per minute.
    pub bpm: f32,
}

/// Which keys and velocities a sample is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The lowest and the highest MIDI note.
    pub keys: (u8, u8),
    /// The lowest and the highest velocity.
    pub velocities: (u8, u8),
    /// Gain in dB.
    pub gain_db: i16,
}

/// The `bext` chunk of broadcast wave files.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Broadcast {
    /// What is in the file.
    pub description: String,
    /// Who made it.
    pub originator: String,
    /// By what number they know it.
    pub originator_reference: String,
    /// `yyyy-mm-dd`, as it stands there.
    pub date: String,
    /// `hh:mm:ss`, as it stands there.
    pub time: String,
    /// When the first frame sounds: frames since midnight, at the file's own rate.
    pub time_reference_frames: u64,
    /// The same in seconds.
    pub time_reference_sec: f64,
    /// Version of the chunk.
    pub version: u16,
    /// The unique material identifier (SMPTE 330M), 32 or 64 bytes; empty where all are zero.
    pub umid: Vec<u8>,
    /// Integrated loudness in LUFS.
    pub loudness_lufs: Option<f64>,
    /// Loudness range in LU.
    pub loudness_range_lu: Option<f64>,
    /// Highest true peak in dBTP.
    pub max_true_peak_dbtp: Option<f64>,
    /// Highest momentary loudness in LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Highest short-term loudness in LUFS.
    pub max_short_term_lufs: Option<f64>,
}
