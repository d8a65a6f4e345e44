//! The chunks of CAF files.
//!
//! # Sources
//! Apple, *Core Audio Format Specification 1.0*: `info`, `strg`, `mark`, `regn`, `inst`.

use std::collections::HashMap;
use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, FoundLoop, Position};
use super::{Instrument, LoopKind, id3, names, text};
use crate::decode::{Chunks, Order, Window};

/// Bytes of one marker.
const MARKER_BYTES: usize = 28;
/// Of a region's flags.
const LOOPS: u32 = 1;
const FORWARD: u32 = 2;
const BACKWARD: u32 = 4;
/// Most bytes of a label.
const LABEL_BYTES: usize = 4_096;

/// Reads all that is known among `chunks`.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    chunks: &Chunks,
    found: &mut Collector,
) -> io::Result<()> {
    let mut labels = Labels::default();
    let mut markers = Vec::new();
    let mut regions = Vec::new();
    let mut release = None;
    for chunk in chunks.iter() {
        if matches!(&chunk.id, b"info" | b"strg" | b"mark" | b"regn" | b"inst") {
            let content = found.read(window, chunk.start, chunk.len)?;
            match &chunk.id {
                b"info" => information(&content, found),
                b"strg" => labels = Labels::parse(content),
                b"mark" => markers.extend(
                    content.get(8..).unwrap_or(&[]).chunks_exact(MARKER_BYTES).map(Marker::parse),
                ),
                b"regn" => regions.extend(read_regions(&content)),
                _ => release = instrument(&content, found),
            }
        }
        if matches!(&chunk.id, b"id3 " | b"ID3 ") {
            id3::read(window, chunk.start, chunk.len, found)?;
        }
    }
    sustain_loops(&markers, found);
    for marker in markers {
        found.found_cue(marker.cue(None, labels.of(marker.id)));
    }
    for region in regions {
        let (Some(start), Some(end)) = (region.markers.first(), region.markers.last()) else {
            continue;
        };
        let end = Position::Frames(end.frame);
        if region.flags & LOOPS != 0 {
            let kind = match region.flags & (FORWARD | BACKWARD) {
                BACKWARD => LoopKind::Backward,
                FORWARD | 0 => LoopKind::Forward,
                _ => LoopKind::PingPong,
            };
            let start = Position::Frames(start.frame);
            let is_release = release == Some(region.id);
            found.found_loop(FoundLoop { start, end, kind, count: 0, is_release });
        } else {
            let label = labels.of(region.id);
            found.found_cue(FoundCue { id: region.id, ..start.cue(Some(end), label) });
        }
    }
    Ok(())
}

/// Keys and values, each up to a zero.
fn information(content: &[u8], found: &mut Collector) {
    let mut parts = content.get(4..).unwrap_or(&[]).split(|byte| *byte == 0);
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        let key = text::any(key).to_lowercase();
        let name = match key.as_str() {
            "comments" => "comment".to_owned(),
            "key signature" => "key".to_owned(),
            "track number" => "track_number".to_owned(),
            "recorded date" => "date".to_owned(),
            "encoding application" => "encoder".to_owned(),
            _ => names::free(&key),
        };
        found.tag(&name, &text::any(value));
    }
    found.end_of_tags();
}

/// Texts by number. Any number of them may be at one place, and each may go on to the end: they are
/// taken out one by one.
#[derive(Default)]
struct Labels {
    content: Vec<u8>,
    /// Where in the content each begins.
    starts: HashMap<u32, usize>,
}

impl Labels {
    fn parse(content: Vec<u8>) -> Self {
        let count = Order::Big.u32(&content, 0).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let entries = content.get(4..).unwrap_or(&[]).chunks_exact(12).take(count);
        let texts = 4 + entries.len() * 12;
        let start = |entry: &[u8]| {
            let start = usize::try_from(Order::Big.u64(entry, 4)?).ok()?.checked_add(texts)?;
            Some((Order::Big.u32(entry, 0)?, start))
        };
        Self { starts: entries.filter_map(start).collect(), content }
    }

    fn of(&self, id: u32) -> String {
        let text = self.starts.get(&id).and_then(|start| self.content.get(*start..)).unwrap_or(&[]);
        let mut end = text.len().min(LABEL_BYTES);
        // No character of UTF-8 is cut in two, which would make another encoding of all of it.
        while end > LABEL_BYTES - 4 && text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
            end -= 1;
        }
        text::field(&text[..end])
    }
}

struct Marker {
    kind: [u8; 4],
    frame: u64,
    id: u32,
}

impl Marker {
    /// # Panics
    /// With fewer than [`MARKER_BYTES`] bytes.
    fn parse(bytes: &[u8]) -> Self {
        let frame = f64::from_bits(Order::Big.u64(bytes, 4).unwrap_or(0));
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; negative ones and NaN become 0"
        )]
        let frame = frame.round() as u64;
        Self {
            kind: [bytes[0], bytes[1], bytes[2], bytes[3]],
            frame,
            id: Order::Big.u32(bytes, 12).unwrap_or(0),
        }
    }

    fn cue(&self, end: Option<Position>, label: String) -> FoundCue {
        let start = Position::Frames(self.frame);
        FoundCue { id: self.id, start, end, label, note: String::new() }
    }
}

struct Region {
    id: u32,
    flags: u32,
    markers: Vec<Marker>,
}

fn read_regions(content: &[u8]) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut rest = content.get(8..).unwrap_or(&[]);
    while let (Some(id), Some(flags), Some(count)) =
        (Order::Big.u32(rest, 0), Order::Big.u32(rest, 4), Order::Big.u32(rest, 8))
    {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let markers: Vec<Marker> =
            rest[12..].chunks_exact(MARKER_BYTES).take(count).map(Marker::parse).collect();
        rest = &rest[12 + markers.len() * MARKER_BYTES..];
        if markers.len() < count {
            break;
        }
        regions.push(Region { id, flags, markers });
    }
    regions
}

/// Loops that markers of their own kinds delimit.
fn sustain_loops(markers: &[Marker], found: &mut Collector) {
    for (begin, end, is_release) in [(b"slbg", b"slen", false), (b"rlbg", b"rlen", true)] {
        let at = |kind: &[u8; 4]| markers.iter().find(|marker| marker.kind == *kind);
        if let (Some(start), Some(end)) = (at(begin), at(end)) {
            found.found_loop(FoundLoop {
                start: Position::Frames(start.frame),
                end: Position::Frames(end.frame),
                kind: LoopKind::Forward,
                count: 0,
                is_release,
            });
        }
    }
}

/// The region that is the release's.
fn instrument(content: &[u8], found: &mut Collector) -> Option<u32> {
    let note = f32::from_bits(Order::Big.u32(content, 0)?);
    let &[low, high, softest, loudest] = content.get(4..)?.first_chunk()?;
    let gain = f32::from_bits(Order::Big.u32(content, 8)?);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; negative ones and NaN become 0"
    )]
    let (key, gain_db) = (note.round() as u32, gain.round() as i16);
    found.found_root(key, f64::from(note - note.round()) * 100.0);
    found.instrument =
        Some(Instrument { keys: (low, high), velocities: (softest, loudest), gain_db });
    Order::Big.u32(content, 20)
}
