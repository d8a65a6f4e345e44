//! The items of MP4 files.
//!
//! # Sources
//! ISO/IEC 14496-12: boxes (4.2); Apple, *QuickTime File Format*, metadata: `ilst`, its `data`, and
//! the types of that; user data text: length and language in 16 bits each, and text, several times
//! over. `chpl` is Nero's, as ffmpeg reads it: times in 100 ns.

use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, Position};
use super::{genre, names, text};
use crate::decode::mp4::{Place, boxes};
use crate::decode::{Order, Window};

/// Of the names of items, what is read.
const MAX_KEYS_BYTES: u64 = 1 << 16;
/// Type of data: UTF-16, and the pictures.
const UTF16: u32 = 2;
const SIGNED: u32 = 21;
const UNSIGNED: u32 = 22;

/// Reads what `moov` says.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    found: &mut Collector,
) -> io::Result<()> {
    let file = Place { start: 0, end: window.len() };
    let Some(moov) = first(&boxes(window, file)?, b"moov") else { return Ok(()) };
    let parts = boxes(window, moov)?;
    for &(kind, place) in &parts {
        match &kind {
            b"meta" => items(window, place, found)?,
            b"udta" => {
                for (kind, place) in boxes(window, place)? {
                    match &kind {
                        b"meta" => items(window, place, found)?,
                        b"chpl" => {
                            let content = found.read(window, place.start, place.len())?;
                            chapters(&content, found);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    // Behind all items, which come first.
    for (_, udta) in parts.into_iter().filter(|(kind, _)| kind == b"udta") {
        texts(window, udta, found)?;
    }
    Ok(())
}

/// Reads QuickTime's texts in a `udta` box, which have a © in front of their names.
fn texts<R: Read + Seek>(
    window: &mut Window<'_, R>,
    udta: Place,
    found: &mut Collector,
) -> io::Result<()> {
    for (kind, place) in boxes(window, udta)?.into_iter().filter(|(kind, _)| kind[0] == 0xa9) {
        let content = found.read(window, place.start, place.len())?;
        let mut rest = content.as_slice();
        while let (Some(len), Some(language)) = (Order::Big.u16(rest, 0), Order::Big.u16(rest, 2))
            && let Some(value) = rest.get(4..4 + usize::from(len))
        {
            found.tag(&item_name(kind), &text::quicktime(value, language));
            rest = &rest[4 + value.len()..];
        }
    }
    found.end_of_tags();
    Ok(())
}

/// The first of `boxes` of this kind.
fn first(boxes: &[([u8; 4], Place)], wanted: &[u8; 4]) -> Option<Place> {
    boxes.iter().find(|(kind, _)| kind == wanted).map(|(_, place)| *place)
}

/// Reads the items in a `meta` box.
fn items<R: Read + Seek>(
    window: &mut Window<'_, R>,
    meta: Place,
    found: &mut Collector,
) -> io::Result<()> {
    // A full box, with version and flags, but for QuickTime.
    let is_full = window.look(meta.start, 8)?.get(4..8) != Some(b"hdlr");
    let parts = boxes(window, meta.behind(if is_full { 4 } else { 0 }))?;
    let Some(list) = first(&parts, b"ilst") else { return Ok(()) };
    let keys = match first(&parts, b"keys") {
        Some(keys) => keyed(&found.read(window, keys.start, keys.len().min(MAX_KEYS_BYTES))?),
        None => Vec::new(),
    };
    for (id, item) in boxes(window, list)? {
        let parts = boxes(window, item)?;
        let name = match &id {
            b"----" => match first(&parts, b"name") {
                Some(name) => {
                    let content = found.read(window, name.start, name.len().min(512))?;
                    let name = text::any(content.get(4..).unwrap_or(&[]));
                    // Numbers for players, not for people.
                    if matches!(name.as_str(), "iTunSMPB" | "iTunNORM") {
                        continue;
                    }
                    names::free(&name)
                }
                None => continue,
            },
            id => match key_of(*id, &keys) {
                Some(name) => name,
                // The number of a key that is not there.
                None if id.iter().any(u8::is_ascii_control) => continue,
                None => item_name(*id),
            },
        };
        for (_, data) in parts.iter().filter(|(kind, _)| kind == b"data") {
            let value = data.start + 8;
            let Some(len) = data.end.checked_sub(value) else { continue };
            let kind = Order::Big.u32(window.look(data.start, 4)?, 0).unwrap_or(0) & 0xff_ffff;
            if id == *b"covr" {
                found.found_picture("", true, value, len);
                continue;
            }
            let content = found.read(window, value, len)?;
            item_value(id, &name, kind, &content, found);
        }
    }
    found.end_of_tags();
    Ok(())
}

/// What an item of this kind is called.
fn item_name(kind: [u8; 4]) -> String {
    let own = || text::any(&kind).trim_start_matches('©').trim().to_lowercase();
    names::mp4(kind).map_or_else(own, str::to_owned)
}

/// The names of the items of QuickTime with keys, which have numbers from 1 on for kinds.
fn keyed(content: &[u8]) -> Vec<String> {
    let mut rest = content.get(8..).unwrap_or(&[]);
    let mut names = Vec::new();
    while let Some(len) = Order::Big.u32(rest, 0).and_then(|len| usize::try_from(len).ok())
        && let Some(name) = rest.get(8..len)
    {
        let name = text::any(name);
        names.push(names::free(name.strip_prefix("com.apple.quicktime.").unwrap_or(&name)));
        rest = &rest[len..];
    }
    names
}

fn key_of(kind: [u8; 4], keys: &[String]) -> Option<String> {
    let number = usize::try_from(u32::from_be_bytes(kind)).ok()?;
    keys.get(number.checked_sub(1)?).cloned()
}

fn item_value(id: [u8; 4], name: &str, kind: u32, content: &[u8], found: &mut Collector) {
    match (&id, kind) {
        (b"trkn" | b"disk", _) => {
            let kind = if &id == b"trkn" { "track" } else { "disc" };
            for (at, part) in [(2, "number"), (4, "total")] {
                let value = Order::Big.u16(content, at).filter(|value| *value > 0);
                if let Some(value) = value {
                    found.tag(&format!("{kind}_{part}"), &value.to_string());
                }
            }
        }
        (b"gnre", _) => {
            let number = Order::Big.u16(content, 0).and_then(|number| number.checked_sub(1));
            if let Some(genre) = number.and_then(|number| genre::name(usize::from(number))) {
                found.tag(name, genre);
            }
        }
        (b"tmpo" | b"cpil" | b"pgap" | b"rtng" | b"stik" | b"hdvd", _) | (_, SIGNED | UNSIGNED) => {
            if let Some(value) = integer(content, kind != UNSIGNED) {
                found.tag(name, &value.to_string());
            }
        }
        (_, UTF16) => found.tag(name, &text::utf16(content, true)),
        // UTF-8, at times with a zero behind it, or nothing stated.
        (_, 1) => {
            let len = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if !content[..len].contains(&0) {
                found.tag(name, &text::any(&content[..len]));
            }
        }
        (_, 0) if !content.contains(&0) => found.tag(name, &text::any(content)),
        _ => {}
    }
}

fn integer(bytes: &[u8], is_signed: bool) -> Option<i64> {
    let first = *bytes.first().filter(|_| bytes.len() <= 8)?;
    let sign = if is_signed && first & 0x80 != 0 { -1 } else { 0 };
    Some(bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)))
}

fn chapters(content: &[u8], found: &mut Collector) {
    let at = if content.first() == Some(&1) { 8 } else { 4 };
    let count = content.get(at).copied().unwrap_or(0);
    let mut rest = content.get(at + 1..).unwrap_or(&[]);
    for number in 1..=count {
        let (Some(start), Some(&len)) = (Order::Big.u64(rest, 0), rest.get(8)) else { break };
        let title = rest.get(9..9 + usize::from(len)).unwrap_or(&[]);
        found.found_cue(FoundCue {
            id: u32::from(number),
            start: Position::Ns(start.saturating_mul(100)),
            end: None,
            label: text::field(title),
            note: String::new(),
        });
        rest = rest.get(9 + usize::from(len)..).unwrap_or(&[]);
    }
}
