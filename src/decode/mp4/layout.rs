//! What the tables of a track come to, which all who read the file have in common.

use super::boxes::Place;
use super::edits::{self, Edit, Media};
use super::entry::Found;
use super::fragments;
use super::table::Table;
use super::times::Times;
use super::track::Track;
use crate::decode::failure::Failure;
use crate::decode::packets::{Blocks, frames_of};
use crate::decode::reader::CountingReader;

/// Bytes that a packet of ALAC states its length in.
pub(super) const ALAC_HEAD_BYTES: usize = 7;

/// What the packets in the tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Packets of the codec.
    Packets,
    /// Blocks of so many bytes and frames, at a rate.
    Blocks { bytes: u32, frames: u32, rate: u32 },
}

/// Where the packets of one track lie, when they sound, and which of them are music.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(super) table: Table,
    pub(super) times: Times,
    pub(super) timescale: u32,
    pub(super) framing: Framing,
    /// Whether the tables come piece by piece, so that nobody can tell whether the last is there.
    pub(super) is_fragmented: bool,
    /// Whether the last packet's length says how much of it is audio.
    pub(super) ends_within: bool,
    pub(super) edits: Vec<Edit>,
}

impl Layout {
    /// Of the packets of `track`, which hold what `found` decodes.
    ///
    /// # Errors
    /// `corrupt`, and those of the reader.
    pub(super) fn read(
        blocks: &mut Blocks<CountingReader>,
        file: Place,
        moov: Place,
        track: &Track,
        found: &Found,
    ) -> Result<Self, Failure> {
        let (framing, priming) = (found.framing, found.priming);
        let counts_frames = found.codec.spec().sample_rate == track.timescale;
        let mut table = Table::read(blocks, track.tables)?;
        let mut times = Times::read(blocks, track.tables)?;
        let (stated, indexed) = (table.packets(), times.end());
        fragments::read(blocks, file, moov, track.id, (&mut table, &mut times))?;
        let is_fragmented = table.packets() > stated;
        if times.packets() < table.packets() {
            let missing = table.packets() - times.packets();
            let ticks = times.ticks_of(times.packets().saturating_sub(1));
            times.push(missing, u32::try_from(ticks).unwrap_or(0));
        }
        let is_alac = found.codec.name() == "alac" && counts_frames && times.are_regular();
        let last = table.last_packet().filter(|_| is_alac && times.packets() == table.packets());
        if let Some(at) = last
            && let Some(frames) = alac_frames(blocks.look(at, ALAC_HEAD_BYTES)?)
        {
            times.shorten_last(frames);
        }
        let indexed = Some(indexed).filter(|ticks| is_fragmented && *ticks > 0);
        let media = Media { ticks: times.end(), indexed };
        let mut edits = edits::read(blocks, moov, track, media, priming)?;
        let ends_within = times.are_regular();
        if !ends_within {
            times = times.regular(counts_frames);
        }
        if let Framing::Blocks { bytes, frames, rate } = framing {
            table.regard_as_blocks(bytes, frames);
            times = Times::default();
            times.push(table.packets(), frames);
            let place = |ticks| frames_of(ticks, track.timescale, rate);
            for edit in &mut edits {
                *edit = Edit { from: place(edit.from), to: edit.to.map(place) };
            }
        }
        let timescale = track.timescale;
        Ok(Self { table, times, timescale, framing, is_fragmented, ends_within, edits })
    }

    /// Bytes held.
    pub(crate) fn byte_len(&self) -> usize {
        self.table.byte_len() + self.times.byte_len()
    }
}

/// The frames of a packet of ALAC that begins with `head`, where it has fewer than others. ffmpeg's
/// tables count the last one as if it were full.
///
/// # Sources
/// Apple's reference decoder, `ALACDecoder::Decode`: a kind of 3 bits, 16 more, whether a count of
/// frames in 32 bits follows, and behind 3 more bits that count.
pub(super) fn alac_frames(head: &[u8]) -> Option<u32> {
    let &[_, _, flags, a, b, c, d] = head else { return None };
    let above = u32::from(flags & 1) << 31;
    (flags & 0x10 != 0).then_some(above | u32::from_be_bytes([a, b, c, d]) >> 1)
}
