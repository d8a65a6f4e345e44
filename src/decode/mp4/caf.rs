//! CAF files whose packets have a table, in the shape of MP4's.
//!
//! symphonia 0.6.1 reads these files too, but takes what fills a packet table up for the next chunk,
//! as in those of libsndfile, and plays what an encoder of AAC has put before and behind the music.
//!
//! # Sources
//! Apple, *Core Audio Format Specification 1.0*, "Packet Table Chunk"; `CoreAudioBaseTypes.h`
//! (names of codecs).

use std::io::{Read, Seek};

use super::edits::Edit;
use super::entry::Stream;
use super::fields::{u32_at, u64_at};
use super::layout::{ALAC_HEAD_BYTES, Framing, Layout, alac_frames};
use super::table::{Sizes, Table};
use super::times::Times;
use crate::decode::failure::{Failure, corrupt, unsupported};
use crate::decode::packets::PacketCodec;
use crate::decode::pcm::{Chunk, Window, rounded, walk_caf};
use crate::decode::symphonia::{PacketKind, packet_codec};
use crate::decode::{aac, array};

/// Most bytes that a packet table is read of, and of a codec's own header.
const MAX_TABLE_BYTES: u64 = 16 << 20;
const MAX_COOKIE_BYTES: usize = 4 << 10;
/// Packets after which the table says anew where in the file it is.
const PACKETS_IN_A_CHUNK: u64 = 1_024;
/// A count of packets, of frames that are music, of those before and behind it.
const HEAD_BYTES: usize = 24;

/// What a file says of its packets.
pub(super) struct Found {
    pub(super) codec: Box<dyn PacketCodec>,
    /// Frames per second.
    rate: u32,
    /// Bytes of a packet, 0 where the table says, and frames.
    packet_bytes: u32,
    packet_frames: u32,
    audio: Chunk,
    table: Option<Chunk>,
}

/// Reads the header of a file; None where it holds no packets of a codec that is decoded here.
///
/// # Errors
/// `corrupt`, `unsupported_format`, and those of the reader.
pub(super) fn find<R: Read + Seek>(window: &mut Window<'_, R>) -> Result<Option<Found>, Failure> {
    let chunks = walk_caf(window)?;
    let full = |id: &[u8; 4]| chunks.first_full(*id).copied().filter(|chunk| chunk.len > 0);
    let (Some(description), Some(audio)) = (full(b"desc"), full(b"data")) else { return Ok(None) };
    let description = description.content(window, 32)?;
    let (Some(rate), Some(kind)) = (array(description, 0), array::<4>(description, 8)) else {
        return Ok(None);
    };
    let word = |at| u32_at(description, at);
    let (Some(packet_bytes), Some(packet_frames), Some(channels)) = (word(16), word(20), word(24))
    else {
        return Ok(None);
    };
    // symphonia takes these for what they are in Ogg.
    if [b"opus", b"flac"].contains(&&kind) {
        let name = kind.escape_ascii();
        return Err(unsupported(format!("a CAF file of codec \"{name}\" is not supported")).into());
    }
    let table = full(b"pakt");
    let is_cut = audio.stated.is_some_and(|stated| stated > audio.len);
    if packet_bytes == 0 && table.is_none() && is_cut {
        return Err(corrupt("the file is incomplete, its packet table is missing").into());
    }
    if packet_frames == 0 || packet_bytes == 0 && table.is_none() {
        return Ok(None);
    }
    let (rate, channels) =
        (rounded(f64::from_be_bytes(rate)), usize::try_from(channels).unwrap_or(usize::MAX));
    let cookie = match full(b"kuki") {
        Some(cookie) => cookie.content(window, MAX_COOKIE_BYTES)?,
        None => &[],
    };
    let codec = match &kind {
        b"alac" => packet_codec(PacketKind::Alac, cookie, rate, channels)?,
        b".mp3" => packet_codec(PacketKind::Mp3, &[], rate, channels)?,
        // Also in its variants.
        [b'a', b'a', b'c', _] => {
            let stated = Stream::parse(cookie).map(|stream| stream.config.to_vec());
            let stated = stated.filter(|config| !config.is_empty());
            let config = stated.or_else(|| aac::config(rate, channels));
            let missing = || corrupt("the description of its AAC stream is missing");
            Box::new(aac::Codec::new(&config.ok_or_else(missing)?)?)
        }
        _ => return Ok(None),
    };
    // A count of edits comes first.
    Ok(Some(Found { codec, rate, packet_bytes, packet_frames, audio: audio.behind(4), table }))
}

impl Found {
    /// Reads the table.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn layout<R: Read + Seek>(
        &self,
        window: &mut Window<'_, R>,
    ) -> Result<Layout, Failure> {
        let (mut table, mut times) = (Table::default(), Times::default());
        let (mut music, mut priming) = (0, 0);
        let mut sizes = Vec::new();
        let (mut packets, mut is_cut, mut last) = (u64::MAX, false, None);
        if let Some(chunk) = self.table {
            let len = chunk.len.min(MAX_TABLE_BYTES);
            let bytes = window.read(chunk.start, usize::try_from(len).unwrap_or(0))?;
            packets = u64_at(&bytes, 0).unwrap_or(0);
            music = u64_at(&bytes, 8).unwrap_or(0);
            priming = u32_at(&bytes, 16).unwrap_or(0);
            is_cut = chunk.stated.is_some_and(|stated| stated > bytes.len() as u64);
            sizes = bytes.get(HEAD_BYTES..).unwrap_or(&[]).to_vec();
        }
        if let Some(all) = self.audio.len.checked_div(u64::from(self.packet_bytes)) {
            // What is left is part of one.
            let packets = packets.min(all);
            table.push(self.audio.start, packets, Sizes::Same(self.packet_bytes));
        } else {
            let mut sizes = sizes.into_iter();
            let sizes = std::iter::from_fn(|| number(&mut sizes));
            let packets = usize::try_from(packets).unwrap_or(usize::MAX);
            last = push_all(&mut table, self.audio.start, sizes.take(packets));
        }
        is_cut &= table.packets() < packets;
        // There is one more at least.
        let count = table.packets() + u64::from(is_cut);
        let last_frames = match last {
            Some(at) if !is_cut && self.codec.name() == "alac" => {
                alac_frames(&window.read(at, ALAC_HEAD_BYTES)?)
            }
            _ => None,
        };
        match last_frames.filter(|frames| (1..self.packet_frames).contains(frames)) {
            Some(frames) => {
                times.push(count - 1, self.packet_frames);
                times.push(1, frames);
            }
            None => times.push(count, self.packet_frames),
        }
        let from = u64::from(priming);
        let to = from.checked_add(music).filter(|to| music > 0 && *to < times.end());
        let to = to.or_else(|| is_cut.then(|| times.end()));
        let edit = match from < times.end() {
            true => Edit { from, to },
            false => Edit { from: 0, to: None },
        };
        Ok(Layout {
            table,
            times,
            timescale: self.rate,
            framing: Framing::Packets,
            is_fragmented: false,
            ends_within: true,
            edits: vec![edit],
        })
    }
}

/// Appends packets of these sizes that lie side by side; where the last of them begins.
fn push_all(table: &mut Table, start: u64, sizes: impl Iterator<Item = u32>) -> Option<u64> {
    let (mut end, mut last) = (start, None);
    let (mut at, mut first, mut count) = (start, table.next_size(), 0);
    for size in sizes {
        table.push_size(size);
        last = Some(end);
        end = end.saturating_add(u64::from(size));
        count += 1;
        if count == PACKETS_IN_A_CHUNK {
            table.push(at, count, Sizes::From(first));
            (at, first, count) = (end, table.next_size(), 0);
        }
    }
    table.push(at, count, Sizes::From(first));
    last
}

/// The next number: seven bits in each byte, the highest first, all but the last of which have the
/// eighth set.
fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut number = 0_u32;
    loop {
        let byte = bytes.next()?;
        number = number.checked_mul(0x80)? | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}
