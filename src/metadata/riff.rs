//! The chunks of WAV, RF64, RIFX and W64 files, also as FLAC files keep them.
//!
//! # Sources
//! IBM and Microsoft, *Multimedia Programming Interface and Data Specifications 1.0* (`cue `,
//! `adtl`, `INFO`); Microsoft, *Multimedia Data Standards Update* 1994 (`smpl`, `inst`); EBU Tech
//! 3285 (`bext`, with supplements); `acid` is Sonic Foundry's and has no public document: its
//! fields are those that libsndfile and ffmpeg know.

use std::collections::HashMap;
use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, FoundLoop, Position};
use super::{Acid, Broadcast, Instrument, LoopKind, id3, names, text};
use crate::decode::{Chunks, HeaderChunk, Order, Window, array};

/// Bytes of one cue point.
const CUE_BYTES: usize = 24;
/// Bytes of one loop.
const LOOP_BYTES: usize = 24;

/// Reads all that is known among `chunks`.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    chunks: &Chunks,
    order: Order,
    found: &mut Collector,
) -> io::Result<()> {
    let mut cues = Cues::default();
    // ID3 knows more than INFO, which cuts texts short in some writers.
    for chunk in chunks.iter().filter(|chunk| matches!(&chunk.id, b"id3 " | b"ID3 ")) {
        id3::read(window, chunk.start, chunk.len, found)?;
    }
    let mut known: Vec<&HeaderChunk> = chunks.iter().filter(|chunk| is_known(chunk)).collect();
    // The first word on the root is the sampler's.
    known.sort_by_key(|chunk| chunk.id != *b"smpl");
    for chunk in known {
        let content = found.read(window, chunk.start, chunk.len)?;
        read_chunk(chunk.id, &content, order, &mut cues, found);
    }
    cues.end(found);
    Ok(())
}

fn is_known(chunk: &HeaderChunk) -> bool {
    matches!(&chunk.id, b"smpl" | b"inst" | b"acid" | b"bext" | b"cue " | b"LIST" | b"list")
}

/// Reads one chunk.
pub(super) fn read_chunk(
    id: [u8; 4],
    content: &[u8],
    order: Order,
    cues: &mut Cues,
    found: &mut Collector,
) {
    match &id {
        b"smpl" => sampler(content, order, found),
        b"inst" => instrument(content, found),
        b"acid" => acid(content, order, found),
        b"bext" => broadcast(content, order, found),
        b"cue " => cues.points(content, order),
        b"LIST" | b"list" => match content.get(..4) {
            Some(b"INFO") => {
                for (id, value) in Parts::new(&content[4..], order) {
                    let own = id.escape_ascii().to_string().trim().to_lowercase();
                    found.tag(names::info(id).unwrap_or(&own), &text::field(value));
                }
                found.end_of_tags();
            }
            Some(b"adtl") => cues.labels(&content[4..], order),
            _ => {}
        },
        _ => {}
    }
}

/// The chunks inside a chunk.
pub(super) struct Parts<'a> {
    rest: &'a [u8],
    order: Order,
}

impl<'a> Parts<'a> {
    pub(super) fn new(rest: &'a [u8], order: Order) -> Self {
        Self { rest, order }
    }

    /// Whether a chunk that fits begins at `at`.
    fn begins_at(&self, at: usize) -> bool {
        let len = self
            .order
            .u32(self.rest, at.saturating_add(4))
            .and_then(|len| usize::try_from(len).ok());
        let name = self.rest.get(at..).and_then(|rest| rest.first_chunk::<4>());
        name.is_some_and(|name| name.iter().all(|byte| (b' '..=b'~').contains(byte)))
            && len.is_some_and(|len| len <= self.rest.len() - at - 8)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let id: [u8; 4] = array(self.rest, 0)?;
        let len = usize::try_from(self.order.u32(self.rest, 4)?).ok()?;
        let content = &self.rest[8..];
        let content = &content[..len.min(content.len())];
        let end = 8 + content.len();
        // Some writers do not pad, others pad with whatever they had there. What comes next may be
        // cut off.
        let is_zero = || self.rest.get(end).is_none_or(|byte| *byte == 0);
        let is_padded = self.begins_at(end + 1) || !self.begins_at(end) && is_zero();
        let padded = content.len() % 2 == 1 && is_padded;
        self.rest = self.rest.get(end + usize::from(padded)..).unwrap_or(&[]);
        Some((id, content))
    }
}

fn sampler(content: &[u8], order: Order, found: &mut Collector) {
    let word = |at| order.u32(content, at);
    let (Some(note), Some(fraction)) = (word(12), word(16)) else { return };
    found.found_root(note, f64::from(fraction) / 2_f64.powi(32) * 100.0);
    let count = word(28).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let loops = content.get(36..).unwrap_or(&[]).chunks_exact(LOOP_BYTES).take(count);
    for part in loops {
        let word = |at| order.u32(part, at).unwrap_or(0);
        let kind = match word(4) {
            1 => LoopKind::PingPong,
            2 => LoopKind::Backward,
            _ => LoopKind::Forward,
        };
        found.found_loop(FoundLoop {
            start: Position::Frames(u64::from(word(8))),
            // The file names the last frame that sounds.
            end: Position::Frames(u64::from(word(12)) + 1),
            kind,
            count: word(20),
            is_release: false,
        });
    }
}

fn instrument(content: &[u8], found: &mut Collector) {
    let Some(&[note, tune, gain, low, high, softest, loudest]) = content.first_chunk() else {
        return;
    };
    // By how much a player is to tune: the sound itself is off by as much the other way.
    found.found_root(u32::from(note), -f64::from(tune.cast_signed()));
    found.instrument = Some(Instrument {
        keys: (low, high),
        velocities: (softest, loudest),
        gain_db: i16::from(gain.cast_signed()),
    });
}

fn acid(content: &[u8], order: Order, found: &mut Collector) {
    let (Some(flags), Some(root), Some(beats)) =
        (order.u32(content, 0), order.u16(content, 4), order.u32(content, 12))
    else {
        return;
    };
    let (Some(unit), Some(per_bar), Some(tempo)) =
        (order.u16(content, 16), order.u16(content, 18), order.u32(content, 20))
    else {
        return;
    };
    let bpm = f32::from_bits(tempo);
    let acid = Acid {
        one_shot: flags & 1 != 0,
        root_is_set: flags & 2 != 0,
        stretch: flags & 4 != 0,
        disk_based: flags & 8 != 0,
        root_key: root,
        beats,
        meter: (per_bar, unit),
        bpm: if bpm.is_finite() { bpm } else { 0.0 },
    };
    found.acid.get_or_insert(acid);
}

fn broadcast(content: &[u8], order: Order, found: &mut Collector) {
    // All up to the version; what was added later may be missing.
    let Some(head) = content.get(..348) else { return };
    let field = |from: usize, len: usize| text::field(&head[from..from + len]);
    let (Some(low), Some(high), Some(version)) =
        (order.u32(head, 338), order.u32(head, 342), order.u16(head, 346))
    else {
        return;
    };
    let umid = content.get(348..412).filter(|_| version >= 1).unwrap_or(&[]);
    let umid = match umid.iter().rposition(|byte| *byte != 0) {
        None => &[],
        // A basic one has half the length.
        Some(0..32) => &umid[..32],
        Some(_) => umid,
    };
    // Hundredths; the highest value means that there is none.
    let level = |at: usize| {
        let value = order.u16(content, at).filter(|_| version >= 2)?.cast_signed();
        Some(f64::from(value) / 100.0).filter(|_| value != i16::MAX)
    };
    let broadcast = Broadcast {
        description: field(0, 256),
        originator: field(256, 32),
        originator_reference: field(288, 32),
        date: field(320, 10),
        time: field(330, 8),
        time_reference_frames: u64::from(high) << 32 | u64::from(low),
        time_reference_sec: 0.0,
        version,
        umid: umid.to_vec(),
        loudness_lufs: level(412),
        loudness_range_lu: level(414),
        max_true_peak_dbtp: level(416),
        max_momentary_lufs: level(418),
        max_short_term_lufs: level(420),
    };
    found.broadcast.get_or_insert(broadcast);
}

/// Cue points and what lists say of them.
#[derive(Debug, Default)]
pub(super) struct Cues {
    /// Number, position in playing order, and in the audio.
    points: Vec<(u32, u32, u32)>,
    texts: HashMap<u32, Texts>,
}

#[derive(Debug, Default)]
struct Texts {
    label: String,
    note: String,
    /// Of a region, in frames.
    frames: u32,
}

impl Cues {
    fn points(&mut self, content: &[u8], order: Order) {
        let count = order.u32(content, 0).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let points = content.get(4..).unwrap_or(&[]).chunks_exact(CUE_BYTES).take(count);
        self.points.extend(points.map(|point| {
            let word = |at| order.u32(point, at).unwrap_or(0);
            (word(0), word(4), word(20))
        }));
    }

    fn labels(&mut self, content: &[u8], order: Order) {
        for (id, content) in Parts::new(content, order) {
            let Some(cue) = order.u32(content, 0) else { continue };
            match &id {
                b"labl" => {
                    self.texts.entry(cue).or_default().label = text::field(&content[4..]);
                }
                b"note" => {
                    self.texts.entry(cue).or_default().note = text::field(&content[4..]);
                }
                b"ltxt" => {
                    let texts = self.texts.entry(cue).or_default();
                    texts.frames = order.u32(content, 4).unwrap_or(0);
                    let label = text::field(content.get(20..).unwrap_or(&[]));
                    if texts.label.is_empty() {
                        texts.label = label;
                    }
                }
                _ => {}
            }
        }
    }

    /// Gives what was read to `found`.
    pub(super) fn end(mut self, found: &mut Collector) {
        // Some writers fill in the position in playing order alone.
        let has_offsets = self.points.iter().any(|(_, _, offset)| *offset != 0);
        for (id, position, offset) in self.points {
            let start = if has_offsets { offset } else { position };
            let Texts { label, note, frames } = self.texts.remove(&id).unwrap_or_default();
            let end = u64::from(start) + u64::from(frames);
            found.found_cue(FoundCue {
                id,
                start: Position::Frames(u64::from(start)),
                end: Some(Position::Frames(end)).filter(|_| frames > 0),
                label,
                note,
            });
        }
        // Last of all that may know a root.
        if let Some(acid) = found.acid.filter(|acid| acid.root_is_set) {
            found.found_root(u32::from(acid.root_key), 0.0);
        }
    }
}
