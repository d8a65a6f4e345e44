//! The chunks of AIFF and AIFF-C files, also as FLAC files keep them.
//!
//! # Sources
//! Apple, *Audio Interchange File Format 1.3* (1989): marker (6), instrument (9), comments (7),
//! text chunks (13). `ID3 ` is id3.org's; `basc` is Apple's and has no public document: its fields
//! are those that libsndfile knows.

use std::collections::HashMap;
use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, FoundLoop, Position};
use super::{Instrument, LoopKind, id3, text};
use crate::decode::{Chunks, HeaderChunk, Order, Window};

/// Reads all that is known among `chunks`.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    chunks: &Chunks,
    found: &mut Collector,
) -> io::Result<()> {
    let mut markers = Markers::default();
    for chunk in chunks.iter().filter(|chunk| matches!(&chunk.id, b"ID3 " | b"id3 ")) {
        id3::read(window, chunk.start, chunk.len, found)?;
    }
    for chunk in chunks.iter().filter(|chunk| is_known(chunk)) {
        let content = found.read(window, chunk.start, chunk.len)?;
        read_chunk(chunk.id, &content, &mut markers, found);
    }
    markers.end(found);
    Ok(())
}

fn is_known(chunk: &HeaderChunk) -> bool {
    matches!(
        &chunk.id,
        b"MARK" | b"INST" | b"COMT" | b"NAME" | b"AUTH" | b"ANNO" | b"(c) " | b"basc"
    )
}

/// Reads one chunk.
pub(super) fn read_chunk(
    id: [u8; 4],
    content: &[u8],
    markers: &mut Markers,
    found: &mut Collector,
) {
    match &id {
        b"MARK" => markers.marks(content),
        b"INST" => markers.instrument(content, found),
        b"COMT" => markers.comments(content, found),
        b"NAME" => found.tag("title", &text::field(content)),
        b"AUTH" => found.tag("artist", &text::field(content)),
        b"ANNO" => found.tag("comment", &text::field(content)),
        b"(c) " => found.tag("copyright", &text::field(content)),
        b"basc" => apple_loop(content, found),
        _ => {}
    }
}

fn apple_loop(content: &[u8], found: &mut Collector) {
    let (Some(beats), Some(root)) = (Order::Big.u32(content, 4), Order::Big.u16(content, 8)) else {
        return;
    };
    let (Some(per_bar), Some(unit)) = (Order::Big.u16(content, 12), Order::Big.u16(content, 14))
    else {
        return;
    };
    found.apple_beats = Some(beats).filter(|beats| *beats > 0);
    found.meter = Some((per_bar, unit));
    found.found_root(u32::from(root), 0.0);
    found.one_shot = Order::Big.u16(content, 16).map(|kind| kind == 1);
    let suffix = match Order::Big.u16(content, 10) {
        Some(1) => "m",
        Some(2) => "",
        _ => return,
    };
    found.tag("key", &format!("{}{suffix}", NOTES[usize::from(root % 12)]));
}

const NOTES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/// Markers, and the loops between them.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// Number, position and name.
    marks: Vec<(u16, u32, String)>,
    notes: HashMap<u16, String>,
    /// The numbers of the markers at both ends.
    loops: Vec<(LoopKind, u16, u16, bool)>,
}

impl Markers {
    fn marks(&mut self, content: &[u8]) {
        let count = Order::Big.u16(content, 0).unwrap_or(0);
        let mut rest = content.get(2..).unwrap_or(&[]);
        for _ in 0..count {
            let (Some(id), Some(position)) = (Order::Big.u16(rest, 0), Order::Big.u32(rest, 2))
            else {
                break;
            };
            let Some(&len) = rest.get(6) else { break };
            let len = usize::from(len);
            let name = text::field(rest.get(7..7 + len).unwrap_or(&[]));
            self.marks.push((id, position, name));
            // The length's byte counts: together they are even.
            rest = rest.get(6 + (1 + len).next_multiple_of(2)..).unwrap_or(&[]);
        }
    }

    fn instrument(&mut self, content: &[u8], found: &mut Collector) {
        let Some(&[note, detune, low, high, softest, loudest]) = content.first_chunk() else {
            return;
        };
        // By how much a player is to tune: the sound itself is off by as much the other way.
        found.found_root(u32::from(note), -f64::from(detune.cast_signed()));
        let gain = Order::Big.u16(content, 6).unwrap_or(0);
        found.instrument = Some(Instrument {
            keys: (low, high),
            velocities: (softest, loudest),
            gain_db: gain.cast_signed(),
        });
        for (at, is_release) in [(8, false), (14, true)] {
            let word = |n: usize| Order::Big.u16(content, at + 2 * n);
            let kind = match word(0) {
                Some(1) => LoopKind::Forward,
                Some(2) => LoopKind::PingPong,
                _ => continue,
            };
            if let (Some(start), Some(end)) = (word(1), word(2)) {
                self.loops.push((kind, start, end, is_release));
            }
        }
    }

    fn comments(&mut self, content: &[u8], found: &mut Collector) {
        let count = Order::Big.u16(content, 0).unwrap_or(0);
        let mut rest = content.get(2..).unwrap_or(&[]);
        for _ in 0..count {
            let (Some(marker), Some(len)) = (Order::Big.u16(rest, 4), Order::Big.u16(rest, 6))
            else {
                break;
            };
            let len = usize::from(len);
            let comment = &rest[8..];
            let comment = text::field(&comment[..len.min(comment.len())]);
            match marker {
                0 => found.tag("comment", &comment),
                _ => {
                    self.notes.insert(marker, comment);
                }
            }
            rest = rest.get(8 + len.next_multiple_of(2)..).unwrap_or(&[]);
        }
    }

    /// Gives what was read to `found`.
    pub(super) fn end(mut self, found: &mut Collector) {
        found.end_of_tags();
        let at: HashMap<u16, u32> = self.marks.iter().map(|mark| (mark.0, mark.1)).collect();
        for (kind, start, end, is_release) in self.loops {
            if let (Some(start), Some(end)) = (at.get(&start), at.get(&end)) {
                found.found_loop(FoundLoop {
                    start: Position::Frames(u64::from(*start)),
                    // Markers lie between frames.
                    end: Position::Frames(u64::from(*end)),
                    kind,
                    count: 0,
                    is_release,
                });
            }
        }
        for (id, position, label) in self.marks {
            found.found_cue(FoundCue {
                id: u32::from(id),
                start: Position::Frames(u64::from(position)),
                end: None,
                label,
                note: self.notes.remove(&id).unwrap_or_default(),
            });
        }
    }
}
