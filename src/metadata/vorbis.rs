//! Vorbis comments, as FLAC, Vorbis and Opus have them.
//!
//! # Sources
//! Xiph.org, *Ogg Vorbis I format specification: comment field*; *`METADATA_BLOCK_PICTURE`*;
//! *chapter extension*; RFC 7845, 5.2.1 (`R128_TRACK_GAIN`: 1/256 dB to −23 LUFS, where ReplayGain
//! 2.0 refers to −18); `LOOPSTART` and `LOOPLENGTH` are those of RPG Maker, in frames.

use std::collections::HashMap;

use super::collect::{Collector, FoundCue, FoundLoop, MAX_CUES, Position};
use super::{LoopKind, flac, names, text};
use crate::decode::Order;

/// What a gain to −23 LUFS lacks to one to −18.
const R128_TO_REPLAYGAIN_DB: f64 = 5.0;

/// Reads a comment header, from its vendor on.
pub(super) fn read(content: &[u8], found: &mut Collector) {
    let Some((_, rest)) = counted(content) else { return };
    let count = Order::Little.u32(rest, 0).unwrap_or(0);
    let mut rest = rest.get(4..).unwrap_or(&[]);
    let mut extras = Extras::default();
    for _ in 0..count {
        let Some((entry, behind)) = counted(rest) else { break };
        rest = behind;
        let Some(equals) = entry.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = (text::any(&entry[..equals]), &entry[equals + 1..]);
        match key.to_ascii_uppercase().as_str() {
            "METADATA_BLOCK_PICTURE" if !found.keeps_pictures() => found.has_cover = true,
            "METADATA_BLOCK_PICTURE" => flac::held_picture(&base64(value), found),
            "COVERART" if !found.keeps_pictures() => found.has_cover = true,
            "COVERART" => found.found_held_picture("", false, &base64(value)),
            "COVERARTMIME" => {}
            upper => {
                let value = text::any(value);
                extras.note(upper, &value);
                found.tag(&names::free(&key), &value);
            }
        }
    }
    extras.end(found);
    found.end_of_tags();
}

/// A text behind its length, and what follows it.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::try_from(Order::Little.u32(bytes, 0)?).ok()?;
    bytes[4..].split_at_checked(len)
}

/// What is more than a text.
#[derive(Default)]
struct Extras {
    loop_start: Option<u64>,
    loop_length: Option<u64>,
    loop_end: Option<u64>,
    /// By their numbers.
    chapters: HashMap<u32, Chapter>,
}

struct Chapter {
    /// In the order in which they are first named.
    place: usize,
    start_ns: Option<u64>,
    label: String,
}

impl Chapter {
    fn at(place: usize) -> Self {
        Self { place, start_ns: None, label: String::new() }
    }
}

impl Extras {
    fn note(&mut self, key: &str, value: &str) {
        let number = || value.trim().parse().ok();
        match key {
            "LOOPSTART" | "LOOP_START" => self.loop_start = number(),
            "LOOPLENGTH" | "LOOP_LENGTH" => self.loop_length = number(),
            "LOOPEND" | "LOOP_END" => self.loop_end = number(),
            _ => {
                let Some(rest) = key.strip_prefix("CHAPTER") else { return };
                let (digits, is_name) = match rest.strip_suffix("NAME") {
                    Some(digits) => (digits, true),
                    None => (rest, false),
                };
                let Ok(number) = digits.parse() else { return };
                if self.chapters.len() >= MAX_CUES && !self.chapters.contains_key(&number) {
                    return;
                }
                let place = self.chapters.len();
                let chapter = self.chapters.entry(number).or_insert_with(|| Chapter::at(place));
                match is_name {
                    true => chapter.label = text::tidy(value),
                    false => chapter.start_ns = clock_ns(value),
                }
            }
        }
    }

    fn end(self, found: &mut Collector) {
        if let Some(start) = self.loop_start {
            let end = self.loop_end.or_else(|| Some(start.saturating_add(self.loop_length?)));
            found.found_loop(FoundLoop {
                start: Position::Frames(start),
                // Where only the start is stated, it lasts to the end of the audio.
                end: Position::Frames(end.unwrap_or(u64::MAX)),
                kind: LoopKind::Forward,
                count: 0,
                is_release: false,
            });
        }
        let mut chapters: Vec<_> = self.chapters.into_iter().collect();
        chapters.sort_unstable_by_key(|(_, chapter)| chapter.place);
        for (id, Chapter { start_ns, label, .. }) in chapters {
            if let Some(start_ns) = start_ns {
                let start = Position::Ns(start_ns);
                found.found_cue(FoundCue { id, start, end: None, label, note: String::new() });
            }
        }
        for kind in ["track", "album"] {
            let name = format!("replaygain_{kind}_gain");
            let r128 = found.new_tag(&format!("r128_{kind}_gain")).and_then(text::number);
            if let Some(r128) = r128.filter(|_| found.new_tag(&name).is_none()) {
                found.tag(&name, &format!("{:.2} dB", r128 / 256.0 + R128_TO_REPLAYGAIN_DB));
            }
        }
    }
}

/// `hh:mm:ss.sss` in nanoseconds.
fn clock_ns(text: &str) -> Option<u64> {
    let mut ns = 0_u64;
    let mut parts = text.trim().splitn(3, ':').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_some() {
            ns = ns.checked_add(part.parse().ok()?)?.checked_mul(60)?;
            continue;
        }
        let (whole, fraction) = part.split_once('.').unwrap_or((part, ""));
        let fraction: u64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let sec = ns.checked_add(whole.parse().ok()?)?;
        return sec.checked_mul(1_000_000_000)?.checked_add(fraction);
    }
    None
}

/// The bytes that base64 stands for, up to what is none.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\r' | b'\n' => continue,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
