//! The frames of a tag.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::fields::{behind_text, is_known, picture_head, texts};
use super::{MAX_FRAMES, MAX_HELD_BYTES, seven_bits, synchronised};
use crate::decode::{Order, Window, array};
use crate::metadata::collect::{Collector, FoundCue, Position};
use crate::metadata::{names, text};

/// What a picture says before its bytes, at most.
const MAX_PICTURE_HEAD_BYTES: usize = 4_096;
/// The type of a front cover.
const FRONT: u8 = 3;

/// Reads frames; some of them only together say something.
pub(super) struct Frames {
    version: u8,
    /// What the tag says of all of them, which need not be so.
    unsynchronised: bool,
    year: Option<String>,
    /// Day and month.
    day: Option<String>,
    /// Names and values of `RVA2`: what others say of ReplayGain comes first.
    gains: Vec<(String, String)>,
    chapters: u32,
}

/// The header of one frame.
struct Header {
    id: Vec<u8>,
    /// The whole of the content.
    content: Range<u64>,
    flags: u16,
}

impl Frames {
    pub(super) fn new(version: u8) -> Self {
        Self {
            version,
            unsynchronised: false,
            year: None,
            day: None,
            gains: Vec::new(),
            chapters: 0,
        }
    }

    /// A tag of version 2.4 says whether its frames are unsynchronised, as each of them does.
    pub(super) fn say_unsynchronised(&mut self, unsynchronised: bool) {
        self.unsynchronised = unsynchronised;
    }

    /// Reads the frames at `range`. `in_file`: whether `window` shows the file itself.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(
        &mut self,
        window: &mut Window<'_, R>,
        range: Range<u64>,
        in_file: bool,
        found: &mut Collector,
    ) -> io::Result<()> {
        let mut at = range.start;
        for _ in 0..MAX_FRAMES {
            let Some(frame) = self.header(window, at, range.end)? else { break };
            at = frame.content.end;
            self.frame(window, &frame, in_file, found)?;
        }
        Ok(())
    }

    /// The frame at `at`; None where the padding begins, or none is.
    fn header<R: Read + Seek>(
        &self,
        window: &mut Window<'_, R>,
        at: u64,
        end: u64,
    ) -> io::Result<Option<Header>> {
        let id_len = if self.version == 2 { 3 } else { 4 };
        let header_len = if self.version == 2 { 6 } else { 10 };
        let start = at.saturating_add(header_len);
        if start > end {
            return Ok(None);
        }
        let bytes = window.look(at, 10)?.to_vec();
        let Some(id) = bytes.get(..id_len).and_then(name_of) else { return Ok(None) };
        let field = array::<4>(&bytes, 4);
        let plain = field.map_or(0, |field| u64::from(u32::from_be_bytes(field)));
        let len = match self.version {
            2 => {
                array(&bytes, 3).map_or(0, |[a, b, c]| u64::from(u32::from_be_bytes([0, a, b, c])))
            }
            3 => plain,
            _ => match field.and_then(seven_bits) {
                // As old versions of iTunes wrote it.
                Some(len) if len != plain && !follows(window, start, len, end)? => {
                    if follows(window, start, plain, end)? { plain } else { len }
                }
                Some(len) => len,
                None => plain,
            },
        };
        let flags = if self.version == 2 { 0 } else { Order::Big.u16(&bytes, 8).unwrap_or(0) };
        let content = start..start.saturating_add(len).min(end);
        Ok(Some(Header { id: id.to_vec(), content, flags }))
    }

    fn frame<R: Read + Seek>(
        &mut self,
        window: &mut Window<'_, R>,
        frame: &Header,
        in_file: bool,
        found: &mut Collector,
    ) -> io::Result<()> {
        let Range { mut start, end } = frame.content.clone();
        // Compressed and encrypted ones are left out.
        let (skipped, unsynchronised) = match (self.version, frame.flags) {
            (3, flags) if flags & 0x00c0 != 0 => return Ok(()),
            (3, flags) => (u64::from(flags & 0x20 != 0), false),
            (4, flags) if flags & 0x000c != 0 => return Ok(()),
            (4, flags) => {
                let grouped = u64::from(flags & 0x40 != 0);
                (grouped + if flags & 1 != 0 { 4 } else { 0 }, flags & 2 != 0)
            }
            _ => (0, false),
        };
        start = start.saturating_add(skipped).min(end);
        if matches!(frame.id.as_slice(), b"APIC" | b"PIC") {
            let head = window.look(start, MAX_PICTURE_HEAD_BYTES)?;
            let head =
                &head[..usize::try_from(end - start).map_or(head.len(), |n| n.min(head.len()))];
            let Some((mime, kind, skip)) = picture_head(head, self.version) else { return Ok(()) };
            let (is_front, at) = (kind == FRONT, start + skip as u64);
            if in_file && !unsynchronised && !self.unsynchronised {
                found.found_picture(&mime, is_front, at, end.saturating_sub(at));
            } else if found.keeps_pictures() {
                let len = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
                let mut bytes = window.read(at, len.min(MAX_HELD_BYTES))?;
                if unsynchronised || self.unsynchronised && may_be_unsynchronised(&bytes) {
                    bytes = synchronised(&bytes);
                }
                found.found_held_picture(&mime, is_front, &bytes);
            } else {
                found.has_cover = true;
            }
            return Ok(());
        }
        if !is_known(&frame.id) {
            return Ok(());
        }
        let mut content = found.read(window, start, end - start)?;
        if unsynchronised || self.unsynchronised && may_be_unsynchronised(&content) {
            content = synchronised(&content);
        }
        self.content(&frame.id, &content, found);
        Ok(())
    }

    fn content(&mut self, id: &[u8], content: &[u8], found: &mut Collector) {
        let Some((&encoding, rest)) = content.split_first() else { return };
        match id {
            b"TXXX" | b"TXX" | b"WXXX" | b"WXX" => {
                let mut texts = texts(encoding, rest).into_iter();
                let name = names::free(&texts.next().unwrap_or_default());
                let value = match id[0] {
                    b'T' => None,
                    // The address is Latin-1, whatever the description is.
                    _ => Some(text::field(behind_text(encoding, rest))),
                };
                let name = if name.is_empty() { "url".to_owned() } else { name };
                value
                    .map_or_else(|| texts.collect(), |value| vec![value])
                    .iter()
                    .for_each(|value| found.tag(&name, value));
            }
            b"COMM" | b"COM" | b"USLT" | b"ULT" => {
                let (name, texts) = match rest.get(3..) {
                    Some(behind_language) => {
                        let name = if id[0] == b'C' { "comment" } else { "lyrics" };
                        (name, texts(encoding, behind_language))
                    }
                    None => return,
                };
                let Some((description, values)) = texts.split_first() else { return };
                let description = text::tidy(description).to_lowercase();
                let name = match description.as_str() {
                    "" => name.to_owned(),
                    // Numbers for players, not for people.
                    numbers if numbers.starts_with("itun") => return,
                    _ => format!("{name}:{description}"),
                };
                found.tag(&name, &values.join("\n"));
            }
            b"UFID" | b"UFI" => {
                let end = content.iter().position(|byte| *byte == 0).unwrap_or(content.len());
                if &content[..end] == b"http://musicbrainz.org" {
                    let id = content.get(end + 1..).unwrap_or(&[]);
                    found.tag("musicbrainz_trackid", &text::field(id));
                }
            }
            b"RVA2" => self.gain(content),
            b"CHAP" => self.chapter(content, found),
            b"TYER" | b"TYE" => self.year = texts(encoding, rest).into_iter().next(),
            b"TDAT" | b"TDA" => self.day = texts(encoding, rest).into_iter().next(),
            [b'T', ..] => {
                let own = text::any(id).to_lowercase();
                let name = names::id3(id).unwrap_or(&own);
                texts(encoding, rest).iter().for_each(|value| found.tag(name, value));
            }
            _ => found.tag(&text::any(id).to_lowercase(), &text::field(content)),
        }
    }

    /// A gain of the master volume, in 1/512 dB, and a peak.
    fn gain(&mut self, content: &[u8]) {
        let Some(end) = content.iter().position(|byte| *byte == 0) else { return };
        let kind = text::any(&content[..end]).to_lowercase();
        let kind = if kind == "album" { "album" } else { "track" };
        let mut rest = &content[end + 1..];
        while let Some(&[channel, a, b, bits]) = rest.first_chunk() {
            let len = usize::from(bits).div_ceil(8);
            let peak = rest.get(4..4 + len).unwrap_or(&[]);
            rest = rest.get(4 + len..).unwrap_or(&[]);
            if channel != 1 {
                continue;
            }
            let gain = f64::from(i16::from_be_bytes([a, b])) / 512.0;
            self.gains.push((format!("replaygain_{kind}_gain"), format!("{gain:+.2} dB")));
            // Bits beyond those that count lie at the upper end.
            let value = peak.iter().fold(0.0, |value, byte| value * 256.0 + f64::from(*byte));
            if bits > 0 && !peak.is_empty() {
                let peak = value / 2_f64.powi(i32::from(bits) - 1);
                self.gains.push((format!("replaygain_{kind}_peak"), format!("{peak:.6}")));
            }
        }
    }

    /// A chapter, and the title inside it; what else is inside is left out, so that nothing here
    /// goes deeper than one level.
    fn chapter(&mut self, content: &[u8], found: &mut Collector) {
        let Some(end) = content.iter().position(|byte| *byte == 0) else { return };
        let times = &content[end + 1..];
        let (Some(from), Some(to)) = (Order::Big.u32(times, 0), Order::Big.u32(times, 4)) else {
            return;
        };
        let mut label = String::new();
        let mut inside = times.get(16..).unwrap_or(&[]);
        while let (Some(id), Some(field)) = (array::<4>(inside, 0), array::<4>(inside, 4)) {
            let len = match self.version {
                3 => u64::from(u32::from_be_bytes(field)),
                _ => seven_bits(field).unwrap_or(0),
            };
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let rest = inside.get(10..).unwrap_or(&[]);
            let frame = &rest[..len.min(rest.len())];
            if let Some((&encoding, title)) = frame.split_first().filter(|_| &id == b"TIT2") {
                label = texts(encoding, title).into_iter().next().unwrap_or_default();
            }
            inside = &rest[frame.len()..];
        }
        let ns = |ms: u32| Position::Ns(u64::from(ms) * 1_000_000);
        self.chapters += 1;
        found.found_cue(FoundCue {
            id: self.chapters,
            start: ns(from),
            end: Some(ns(to)).filter(|_| to > from),
            label,
            note: String::new(),
        });
    }

    /// Ends the tag.
    pub(super) fn end(self, found: &mut Collector) {
        if let Some(year) = self.year.filter(|_| found.new_tag("date").is_none()) {
            let day = self.day.as_deref().filter(|day| day.len() == 4 && day.is_ascii());
            match day.filter(|_| year.len() == 4) {
                Some(day) => found.tag("date", &format!("{year}-{}-{}", &day[2..], &day[..2])),
                None => found.tag("date", &year),
            }
        }
        for (name, value) in self.gains {
            if found.new_tag(&name).is_none() {
                found.tag(&name, &value);
            }
        }
    }
}

/// The name of a frame. iTunes 8.1 wrote those of 2.2, filled up with a space, into 2.3 and 2.4.
fn name_of(id: &[u8]) -> Option<&[u8]> {
    let name = id.strip_suffix(b" ").filter(|name| name.len() == 3).unwrap_or(id);
    let is_plain = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_plain.then_some(name)
}

/// Whether another frame, the padding or the end comes `len` bytes behind `start`.
fn follows<R: Read + Seek>(
    window: &mut Window<'_, R>,
    start: u64,
    len: u64,
    end: u64,
) -> io::Result<bool> {
    let at = start.saturating_add(len);
    if at >= end {
        return Ok(at == end);
    }
    let next = window.look(at, 4)?;
    Ok(name_of(next).is_some() || next.iter().all(|byte| *byte == 0))
}

/// Whether nothing in it resembles audio, as is meant by it.
fn may_be_unsynchronised(bytes: &[u8]) -> bool {
    !bytes.windows(2).any(|pair| pair[0] == 0xff && pair[1] >= 0xe0)
}
