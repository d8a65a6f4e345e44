//! Opus in Ogg from anywhere: pages say where they end.

use std::io::{self, Seek as _, SeekFrom};

use super::OggOpusDecoder;
use super::link::frames_begun;
use crate::decode::failure::io_failure;
use crate::decode::opus::pages::{MAX_PAGE_BYTES, Next, Page, Pages};
use crate::decode::opus::{Codec, LEAD_FRAMES};
use crate::decode::reader::CountingReader;
use crate::decode::{Mark, Seeker};
use crate::error::{LoadError, LoadErrorKind};

/// So near to each other that what lies between two places is read in one go.
const NEAR_BYTES: u64 = 2 * MAX_PAGE_BYTES as u64;

impl Seeker for OggOpusDecoder {
    fn mark(&self) -> Option<Mark> {
        let is_plain = self.waiting == 0
            && self.lost_frames == 0
            && self.frames_to_skip == 0
            && !self.ended
            && self.tally.bad_in_a_row == 0
            && !self.tally.restarted;
        let granule = self.link.border().filter(|_| is_plain)?;
        Some(Mark { frame: self.tally.frames, at: [self.pages.position(), granule, 0] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        // What follows may be another stream, with positions of its own.
        let is_inside = self.info.frames.is_some_and(|frames| frame < frames);
        let first = self.first_granule().filter(|_| is_inside && !self.tally.restarted);
        let granule = first.and_then(|first| frame.checked_add_signed(first));
        let Some((first, granule)) = first.zip(granule) else { return Ok(None) };
        let found = self.page_before(granule).map_err(|error| io_failure(&self.read, error))?;
        Ok(found.and_then(|(at, granule)| {
            let frame = u64::try_from(granule.cast_signed().checked_sub(first)?).ok()?;
            Some(Mark { frame, at: [at, granule, 0] })
        }))
    }

    fn lead_frames(&self) -> u64 {
        LEAD_FRAMES
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        if self.tally.restarted {
            let message = "its places are those of the stream before";
            return Err(LoadError::new(LoadErrorKind::Corrupt, message));
        }
        let [at, granule, _] = mark.at;
        self.pages.go_to(at).map_err(|error| io_failure(&self.read, error))?;
        self.link.go_to(granule);
        self.codec = Codec::new(&self.head)?;
        self.settled_from = mark.frame + LEAD_FRAMES;
        self.tally.frames = mark.frame;
        self.tally.bad_in_a_row = 0;
        (self.waiting, self.lost_frames, self.frames_to_skip) = (0, 0, 0);
        self.ended = false;
        Ok(mark.frame)
    }

    fn is_settled(&self) -> bool {
        self.tally.frames >= self.settled_from
    }
}

impl OggOpusDecoder {
    /// The granule position of the first frame that is given out.
    fn first_granule(&self) -> Option<i64> {
        self.link.start()?.checked_add_unsigned(self.head.pre_skip())
    }

    /// Where in the file a page begins in which, or behind which, `granule` lies, and the position of
    /// the first packet that begins there. The reader stays where it is.
    fn page_before(&mut self, granule: u64) -> io::Result<Option<(u64, u64)>> {
        let (serial, byte_len) = (self.link.serial(), self.info.byte_len.unwrap_or(0));
        let source = self.pages.source();
        let stands_at = source.stream_position()?;
        let found = search(source, serial, byte_len, granule);
        source.seek(SeekFrom::Start(stands_at))?;
        found
    }
}

/// As [`OggOpusDecoder::page_before`].
fn search(
    source: &mut CountingReader,
    serial: u32,
    byte_len: u64,
    granule: u64,
) -> io::Result<Option<(u64, u64)>> {
    let (mut low, mut high) = (0, byte_len);
    while high - low > NEAR_BYTES {
        let middle = low + (high - low) / 2;
        let mut found = None;
        walk(source, middle, |at, page| {
            let end = page.granule.filter(|_| page.serial == serial && at < high);
            found = end.map(|end| (at, end));
            found.is_none() && at < high
        })?;
        match found {
            Some((at, end)) if end <= granule => low = at,
            _ => high = middle,
        }
    }
    let mut best = None;
    walk(source, low, |at, page| {
        // The last page's position says where the audio ends in it, not where it begins.
        let end = page.granule.filter(|_| page.serial == serial && !page.is_last());
        let begin = end.and_then(|end| end.checked_sub(frames_begun(page)));
        let is_before = begin.is_none_or(|begin| begin <= granule);
        best = begin.filter(|_| is_before).map(|begin| (at, begin)).or(best);
        is_before && at <= high
    })?;
    Ok(best)
}

/// Shows the pages from byte `from` on, and where each of them begins, for as long as that asks for
/// more.
fn walk(
    source: &mut CountingReader,
    from: u64,
    mut show: impl FnMut(u64, &Page) -> bool,
) -> io::Result<()> {
    source.seek(SeekFrom::Start(from))?;
    let mut pages = Pages::new(source);
    loop {
        let at = from + pages.position();
        match pages.next()? {
            Next::Page(page) if !show(at, &page) => return Ok(()),
            Next::Page(_) | Next::Junk => {}
            Next::End => return Ok(()),
        }
    }
}
