//! Tags, chapters and attachments of Matroska files.
//!
//! # Sources
//! RFC 9559 (Matroska): `SeekHead` (5.1.1), `Info` (5.1.2), `Attachments` (5.1.6), `Chapters`
//! (5.1.7), `Tags` (5.1.8).

use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, Position};
use super::{names, text};
use crate::decode::Window;
use crate::decode::mkv::{child, elements, header};

const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const CLUSTER: u32 = 0x1f43_b675;
const INFO: u32 = 0x1549_a966;
const TITLE: u32 = 0x7ba9;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const TARGETS: u32 = 0x63c0;
const TARGET_TYPE: u32 = 0x68ca;
const SIMPLE_TAG: u32 = 0x67c8;
const TAG_NAME: u32 = 0x45a3;
const TAG_STRING: u32 = 0x4487;
const ATTACHMENTS: u32 = 0x1941_a469;
const ATTACHED_FILE: u32 = 0x61a7;
const FILE_NAME: u32 = 0x466e;
const FILE_MIME: u32 = 0x4660;
const FILE_DATA: u32 = 0x465c;
const CHAPTERS: u32 = 0x1043_a770;
const EDITION: u32 = 0x45b9;
const CHAPTER: u32 = 0xb6;
const CHAPTER_START: u32 = 0x91;
const CHAPTER_END: u32 = 0x92;
const CHAPTER_DISPLAY: u32 = 0x80;
const CHAPTER_STRING: u32 = 0x85;

/// Most elements beside each other that are passed.
const MAX_ELEMENTS: usize = 1_024;
/// Longest header of an element.
const MAX_HEADER_BYTES: usize = 12;
/// `TargetTypeValue` of an album, where it is stated.
const ALBUM: u64 = 50;

/// Reads what stands before the first cluster, and what the directory there points to.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    found: &mut Collector,
) -> io::Result<()> {
    let (mut at, mut segment) = (0, 0);
    let mut seen = Vec::new();
    let mut elsewhere = Vec::new();
    for _ in 0..MAX_ELEMENTS {
        let Some((id, start, len)) = element(window, at)? else { break };
        match id {
            SEGMENT => {
                (at, segment) = (start, start);
                continue;
            }
            CLUSTER => break,
            SEEK_HEAD => {
                let content = found.read(window, start, len)?;
                elsewhere.extend(directory(&content));
            }
            _ => read_element(window, id, start, len, found)?,
        }
        seen.push(at);
        let Some(end) = start.checked_add(len) else { break };
        at = end;
    }
    elsewhere.truncate(MAX_ELEMENTS);
    for (wanted, position) in elsewhere {
        let Some(at) = segment.checked_add(position) else { continue };
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        if let Some((id, start, len)) = element(window, at)?.filter(|(id, ..)| *id == wanted) {
            read_element(window, id, start, len, found)?;
        }
    }
    found.end_of_tags();
    Ok(())
}

/// Id, start and length of the element whose header stands at `at`; one of unknown length ends
/// with the file.
fn element<R: Read + Seek>(
    window: &mut Window<'_, R>,
    at: u64,
) -> io::Result<Option<(u32, u64, u64)>> {
    let Some((id, header, len)) = header(window.look(at, MAX_HEADER_BYTES)?) else {
        return Ok(None);
    };
    let start = at + header as u64;
    Ok(Some((id, start, len.unwrap_or_else(|| window.len().saturating_sub(start)))))
}

fn read_element<R: Read + Seek>(
    window: &mut Window<'_, R>,
    id: u32,
    start: u64,
    len: u64,
    found: &mut Collector,
) -> io::Result<()> {
    match id {
        INFO | TAGS | CHAPTERS => {
            let content = found.read(window, start, len)?;
            match id {
                INFO => {
                    let title = child(&content, TITLE).map_or_else(String::new, text::any);
                    found.tag("title", &title);
                    found.end_of_tags();
                }
                TAGS => tags(&content, found),
                _ => chapters(&content, found),
            }
        }
        ATTACHMENTS => attachments(window, start, start.saturating_add(len), found)?,
        _ => {}
    }
    Ok(())
}

/// Ids and positions, from the segment's start.
fn directory(content: &[u8]) -> Vec<(u32, u64)> {
    elements(content)
        .filter(|(id, _)| *id == SEEK)
        .filter_map(|(_, seek)| {
            let id = u32::try_from(unsigned(child(seek, SEEK_ID)?)?).ok()?;
            Some((id, unsigned(child(seek, SEEK_POSITION)?)?))
        })
        .filter(|(id, _)| matches!(*id, INFO | TAGS | CHAPTERS | ATTACHMENTS))
        .collect()
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn tags(content: &[u8], found: &mut Collector) {
    for (_, tag) in elements(content).filter(|(id, _)| *id == TAG) {
        let target = child(tag, TARGETS).and_then(|targets| child(targets, TARGET_TYPE));
        let is_album = target.and_then(unsigned) == Some(ALBUM);
        for (_, simple) in elements(tag).filter(|(id, _)| *id == SIMPLE_TAG) {
            let (Some(name), Some(value)) = (child(simple, TAG_NAME), child(simple, TAG_STRING))
            else {
                continue;
            };
            let name = match (names::free(&text::any(name)).as_str(), is_album) {
                ("title", true) => "album".to_owned(),
                ("artist", true) => "album_artist".to_owned(),
                ("replaygain_gain", album) => {
                    format!("replaygain_{}_gain", if album { "album" } else { "track" })
                }
                ("replaygain_peak", album) => {
                    format!("replaygain_{}_peak", if album { "album" } else { "track" })
                }
                (name, _) => name.to_owned(),
            };
            found.tag(&name, &text::any(value));
        }
    }
}

/// The chapters of all editions; those inside others are left out.
fn chapters(content: &[u8], found: &mut Collector) {
    let editions = elements(content).filter(|(id, _)| *id == EDITION);
    let chapters = editions.flat_map(|(_, edition)| elements(edition));
    for ((_, chapter), number) in chapters.filter(|(id, _)| *id == CHAPTER).zip(1..) {
        let time = |id| child(chapter, id).and_then(unsigned).map(Position::Ns);
        let Some(start) = time(CHAPTER_START) else { continue };
        let label = child(chapter, CHAPTER_DISPLAY)
            .and_then(|display| child(display, CHAPTER_STRING))
            .map_or_else(String::new, text::any);
        let end = time(CHAPTER_END);
        found.found_cue(FoundCue { id: number, start, end, label, note: String::new() });
    }
}

fn attachments<R: Read + Seek>(
    window: &mut Window<'_, R>,
    mut at: u64,
    end: u64,
    found: &mut Collector,
) -> io::Result<()> {
    for _ in 0..MAX_ELEMENTS {
        let Some((id, start, len)) = element(window, at)?.filter(|_| at < end) else { break };
        at = start.saturating_add(len);
        if id == ATTACHED_FILE {
            attachment(window, start, at, found)?;
        }
    }
    Ok(())
}

fn attachment<R: Read + Seek>(
    window: &mut Window<'_, R>,
    mut at: u64,
    end: u64,
    found: &mut Collector,
) -> io::Result<()> {
    let (mut mime, mut name, mut data) = (String::new(), String::new(), None);
    for _ in 0..MAX_ELEMENTS {
        let Some((id, start, len)) = element(window, at)?.filter(|_| at < end) else { break };
        match id {
            FILE_MIME => mime = text::field(&found.read(window, start, len.min(256))?),
            FILE_NAME => name = text::field(&found.read(window, start, len.min(1_024))?),
            FILE_DATA => data = Some((start, len)),
            _ => {}
        }
        at = start.saturating_add(len);
    }
    if let Some((start, len)) = data.filter(|_| mime.starts_with("image/")) {
        let is_front = name.to_lowercase().starts_with("cover.");
        found.found_picture(&mime, is_front, start, len.min(window.len().saturating_sub(start)));
    }
    Ok(())
}
