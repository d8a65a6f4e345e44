//! How much of the last packet of an MKV file is no audio: symphonia 0.6 reads that but does not
//! apply it.
//!
//! # Sources
//! RFC 8794 (EBML), 4 and 5: an element is its id, its size and its content; both numbers state
//! their own lengths by leading zero bits, and a size of all ones is unknown. RFC 9559 (Matroska),
//! 5: `Segment` has `Cluster`s, these have `SimpleBlock`s and `BlockGroup`s, these a `Block` and
//! maybe `DiscardPadding` in nanoseconds. A block starts with the number of its track (10.1).

use std::io::{self, Read, Seek, SeekFrom};

const EBML: &[u8] = b"\x1a\x45\xdf\xa3";
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const DISCARD_PADDING: u32 = 0x75a2;

/// Most elements beside each other that are passed; clusters have seconds of audio each.
const MAX_ELEMENTS: usize = 16_384;
/// Largest last cluster that is looked at.
const MAX_CLUSTER_BYTES: u64 = 8 << 20;
/// Longest header of an element.
const MAX_HEADER_BYTES: u64 = 12;

/// What of the last block of a track is no audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Padding {
    pub(super) track: u64,
    pub(super) ns: u64,
}

/// The paddings that the last cluster ends in, of the file that begins with `head`. Leaves
/// `reader` at its start.
///
/// # Errors
/// Those of the reader. A malformed file is no error here.
pub(super) fn paddings(reader: &mut (impl Read + Seek), head: &[u8]) -> io::Result<Vec<Padding>> {
    if !head.starts_with(EBML) {
        return Ok(Vec::new());
    }
    let cluster = last_cluster(reader)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(paddings_of(&cluster))
}

/// The content of the last cluster; nothing where that is too large or does not end with the file.
fn last_cluster(reader: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
    let mut position = 0_u64;
    let mut last = None;
    for _ in 0..MAX_ELEMENTS {
        reader.seek(SeekFrom::Start(position))?;
        let mut bytes = Vec::with_capacity(16);
        reader.by_ref().take(MAX_HEADER_BYTES).read_to_end(&mut bytes)?;
        let Some((id, header, size)) = header(&bytes) else { break };
        let content = position + header as u64;
        // Its content is what comes next.
        if id == SEGMENT {
            position = content;
            continue;
        }
        let Some(end) = size.and_then(|size| content.checked_add(size)) else { break };
        if id == CLUSTER {
            last = Some((content, end - content));
        }
        if i64::try_from(end).is_err() {
            break;
        }
        position = end;
    }
    let mut cluster = Vec::new();
    if let Some((start, len)) = last.filter(|(_, len)| *len <= MAX_CLUSTER_BYTES) {
        reader.seek(SeekFrom::Start(start))?;
        reader.by_ref().take(len).read_to_end(&mut cluster)?;
        if (cluster.len() as u64) < len {
            cluster.clear();
        }
    }
    Ok(cluster)
}

fn paddings_of(cluster: &[u8]) -> Vec<Padding> {
    let mut last: Vec<Padding> = Vec::new();
    for (id, content) in elements(cluster) {
        let (block, ns) = match id {
            SIMPLE_BLOCK => (Some(content), 0),
            BLOCK_GROUP => (child(content, BLOCK), padding_ns(content)),
            _ => continue,
        };
        let Some((track, _)) = block.and_then(|block| number(block, 8)) else { continue };
        match last.iter_mut().find(|padding| padding.track == track) {
            Some(padding) => padding.ns = ns,
            None => last.push(Padding { track, ns }),
        }
    }
    last.retain(|padding| padding.ns > 0);
    last
}

/// 0 where it is not stated, or negative: that would be at the start of the block.
fn padding_ns(group: &[u8]) -> u64 {
    let Some(bytes) = child(group, DISCARD_PADDING).filter(|bytes| bytes.len() <= 8) else {
        return 0;
    };
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { u64::MAX } else { 0 };
    let value = bytes.iter().fold(sign, |value, byte| value << 8 | u64::from(*byte));
    u64::try_from(value.cast_signed()).unwrap_or(0)
}

pub(crate) fn child(content: &[u8], wanted: u32) -> Option<&[u8]> {
    elements(content).find(|(id, _)| *id == wanted).map(|(_, content)| content)
}

/// The elements in `content`, as far as they are well-formed.
pub(crate) fn elements(mut content: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, header, size) = header(content)?;
        let end = header.checked_add(usize::try_from(size?).ok()?)?;
        let inside = content.get(header..end)?;
        content = &content[end..];
        Some((id, inside))
    })
}

/// Id, length of the header, and size of the content; None for one that is unknown.
pub(crate) fn header(bytes: &[u8]) -> Option<(u32, usize, Option<u64>)> {
    let id_bytes = bytes.first()?.leading_zeros() as usize + 1;
    let id = bytes.get(..id_bytes).filter(|_| id_bytes <= 4)?;
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let (size, size_bytes) = number(&bytes[id_bytes..], 8)?;
    let unknown = (1 << (7 * size_bytes)) - 1;
    Some((id, id_bytes + size_bytes, Some(size).filter(|size| *size != unknown)))
}

/// A number of at most `longest` bytes, and how many it has.
fn number(bytes: &[u8], longest: usize) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    let bytes = bytes.get(..len).filter(|_| len <= longest)?;
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((value & ((1 << (7 * len)) - 1), len))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u8::try_from(content.len()).expect("short content");
        [id, &[0x40, size], content].concat()
    }

    fn group(track: u8, padding: &[u8]) -> Vec<u8> {
        let block = element(&[0xa1], &[0x80 | track, 0, 0, 0, 1]);
        element(&[0xa0], &[block, element(&[0x75, 0xa2], padding)].concat())
    }

    fn file(clusters: &[Vec<u8>]) -> Vec<u8> {
        let clusters =
            clusters.iter().flat_map(|content| element(&[0x1f, 0x43, 0xb6, 0x75], content));
        let segment = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        element(EBML, b"").into_iter().chain(segment).chain(clusters).collect()
    }

    fn paddings_in(file: &[u8]) -> Vec<Padding> {
        paddings(&mut Cursor::new(file), file).expect("memory can be read")
    }

    #[test]
    fn the_padding_of_each_tracks_last_block_counts() {
        let simple = |track: u8| element(&[0xa3], &[0x80 | track, 0, 0, 0, 1]);
        let last = [group(1, &[9]), group(2, &[7]), simple(2), group(1, &[0x01, 0x00])].concat();
        let whole = file(&[group(3, &[5]), last]);
        assert_eq!(paddings_in(&whole), [Padding { track: 1, ns: 256 }]);
        assert_eq!(paddings_in(&whole[..whole.len() - 1]), [], "the last cluster is cut off");
    }

    #[test]
    fn paddings_at_the_start_of_a_block_or_of_no_size_are_none() {
        assert_eq!(paddings_in(&file(&[group(1, &[0xff])])), []);
        assert_eq!(paddings_in(&file(&[group(1, &[])])), []);
        assert_eq!(paddings_in(&file(&[group(1, &[0x7f; 9])])), []);
        assert_eq!(paddings_in(&file(&[])), []);
        assert_eq!(paddings_in(b"\x1a\x45\xdf\xa3\xff"), []);
    }
}
