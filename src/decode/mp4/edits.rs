//! Which parts of a track's media are to be heard.
//!
//! # Sources
//! ISO/IEC 14496-12, `elst` (8.6.6): of each edit, its duration in ticks of the movie (0: to the
//! end), and where in the media it begins, in ticks of the media (−1: nothing is to be heard).

use std::io::{self, Read, Seek};

use super::boxes::{Place, child};
use super::fields::{u32_at, u64_at};
use super::itunes;
use super::track::{Track, timescale};
use crate::decode::packets::Blocks;

/// Most edits that are read. Cameras and recorders write one or two.
const MAX_EDITS: usize = 1_024;

/// A part of the media, in its ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) from: u64,
    /// None: to the end of the media.
    pub(super) to: Option<u64>,
}

/// How long the media of a track is, in its ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Media {
    pub(super) ticks: u64,
    /// What the index holds of it, if fragments hold more.
    pub(super) indexed: Option<u64>,
}

impl Media {
    /// Whether an edit names all that the index holds, to within a `tick`: when it was written,
    /// nobody knew how much would follow.
    fn is_indexed(&self, from: u64, end: u64, tick: u64) -> bool {
        let is_all = |indexed: u64| {
            [end, end.saturating_sub(from)].iter().any(|ticks| ticks.abs_diff(indexed) < tick)
        };
        self.indexed.is_some_and(is_all)
    }
}

/// What `track` is to be heard of. An edit list that does more than to name all of the media, or
/// all that the index holds of it, is believed; otherwise what iTunes noted, if it did; or else the
/// codec's own `priming`, in ticks.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    moov: Place,
    track: &Track,
    media: Media,
    priming: u64,
) -> io::Result<Vec<Edit>> {
    let listed = listed(blocks, moov, track, media)?;
    let says_something = match *listed.as_slice() {
        [] => false,
        [edit] => edit.from > 0 || edit.to.is_some(),
        _ => true,
    };
    if says_something {
        return Ok(listed);
    }
    if let Some(gaps) = itunes::read(blocks, moov)? {
        let end = gaps.frames.and_then(|frames| gaps.delay.checked_add(frames));
        let to = end.filter(|end| *end < media.ticks);
        if gaps.delay < media.ticks {
            return Ok(vec![Edit { from: gaps.delay, to }]);
        }
    }
    Ok(vec![Edit { from: priming, to: None }])
}

/// The edits of the edit list that are not empty.
fn listed<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    moov: Place,
    track: &Track,
    media: Media,
) -> io::Result<Vec<Edit>> {
    let Some(elst) = child(blocks, track.trak, &[*b"edts", *b"elst"])? else {
        return Ok(Vec::new());
    };
    let movie = match child(blocks, moov, &[*b"mvhd"])? {
        Some(mvhd) => timescale(mvhd.head(blocks, 24)?),
        None => None,
    };
    let bytes = elst.head(blocks, 8 + 20 * MAX_EDITS)?;
    let is_long = bytes.first() == Some(&1);
    let count = usize::try_from(u32_at(bytes, 4).unwrap_or(0)).unwrap_or(usize::MAX);
    let entries = bytes.get(8..).unwrap_or(&[]).chunks_exact(if is_long { 20 } else { 12 });
    let mut edits = Vec::new();
    for entry in entries.take(count.min(MAX_EDITS)) {
        let (duration, from) = if is_long {
            (u64_at(entry, 0), u64_at(entry, 8).filter(|time| i64::try_from(*time).is_ok()))
        } else {
            (u32_at(entry, 0).map(u64::from), u32_at(entry, 4).map(u64::from))
        };
        let is_empty = from.is_none() || !is_long && from == Some(u64::from(u32::MAX));
        let (false, Some(duration), Some(from)) = (is_empty, duration, from) else { continue };
        let to = movie
            .filter(|_| duration > 0)
            .and_then(|movie| Times { movie, media: track.timescale }.end(from, duration))
            .filter(|(end, tick)| *end < media.ticks && media.ticks - end >= *tick)
            .filter(|(end, tick)| !media.is_indexed(from, *end, *tick))
            .map(|(end, _)| end);
        edits.push(Edit { from, to });
    }
    Ok(edits)
}

/// The two clocks of an edit.
struct Times {
    movie: u32,
    media: u32,
}

impl Times {
    /// Where an edit that begins at `from` and lasts `duration` ticks of the movie ends, and how
    /// long one of these is, both in ticks of the media: an edit that ends nearer than that to
    /// the end of the media means all of it.
    fn end(&self, from: u64, duration: u64) -> Option<(u64, u64)> {
        let (movie, media) = (u128::from(self.movie), u128::from(self.media));
        let ticks = (u128::from(duration) * media + movie / 2) / movie;
        let end = from.checked_add(u64::try_from(ticks).ok()?)?;
        Some((end, u64::from(self.media.div_ceil(self.movie))))
    }
}
