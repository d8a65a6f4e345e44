//! Opus in Ogg from anywhere, with the numbers that frames have for whoever comes from the start.
//!
//! Pages say where they end, but damaged files need not keep to that. So what lies before a place is
//! counted once, page by page, without being decoded: a hundredth of the work.

use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;

use super::OggOpusDecoder;
use super::link::{Link, Queued};
use crate::decode::failure::io_failure;
use crate::decode::ogg::{Next, Pages};
use crate::decode::opus::framing::packet_frames;
use crate::decode::opus::{Codec, LEAD_FRAMES, SAMPLE_RATE};
use crate::decode::{Mark, Seeker};
use crate::error::{LoadError, LoadErrorKind};

/// Frames between two places that are noted.
const APART_FRAMES: u64 = SAMPLE_RATE as u64;
/// Bytes that are counted at once, in some hundredths of a second. What lies behind them is come to
/// by decoding, or the next time.
const MOST_BYTES: u64 = 32 << 20;

/// Gaps that are noted. Behind others it is decoded from the start, as it shows that it is not
/// settled.
const MOST_GAPS: usize = 4096;

/// Where the first stream can be entered, as far as its frames were counted.
pub(super) struct Survey {
    /// What has counted them, and where in the file it goes on.
    link: Link,
    at: u64,
    /// Frames up to there, those that are skipped at the start included.
    frames: u64,
    marks: Vec<Mark>,
    /// Frames that are missing, numbered like those of marks.
    gaps: Vec<Range<u64>>,
    ended: bool,
}

impl Survey {
    pub(super) fn new(link: Link) -> Self {
        Self { link, at: 0, frames: 0, marks: Vec::new(), gaps: Vec::new(), ended: false }
    }

    /// The last place up to `frame`.
    fn before(&self, frame: u64) -> Option<Mark> {
        let behind = self.marks.partition_point(|mark| mark.frame <= frame);
        behind.checked_sub(1).map(|last| self.marks[last])
    }

    /// The frame from which on [`LEAD_FRAMES`] frames before `wanted` are there: silence in place of
    /// those that are missing gets no codec going.
    fn lead_before(&self, wanted: u64) -> u64 {
        let (mut at, mut lead) = (wanted, LEAD_FRAMES);
        let behind = self.gaps.partition_point(|gap| gap.start < wanted);
        for gap in self.gaps[..behind].iter().rev() {
            let there = at - gap.end.min(at);
            if there >= lead {
                break;
            }
            lead -= there;
            at = gap.start;
        }
        at.saturating_sub(lead)
    }

    /// Counts what queues up of a page.
    fn count(&mut self, pre_skip: u64) {
        while let Some(queued) = self.link.next() {
            self.frames += match queued {
                Queued::Lost(frames) => {
                    let start = self.frames.saturating_sub(pre_skip);
                    let frames = frames.unwrap_or(0);
                    if self.gaps.len() < MOST_GAPS {
                        self.gaps.push(start..start + frames);
                    }
                    frames
                }
                Queued::Packet { bytes, cut } => {
                    packet_frames(&bytes).map_or(0, |frames| frames.saturating_sub(cut) as u64)
                }
            };
        }
    }

    /// Notes the place between two pages, if it is far enough from the one before.
    fn note(&mut self, pre_skip: u64, at: u64) {
        let last = self.marks.last().map_or(0, |mark| mark.frame + APART_FRAMES);
        if let Some([granule, sequence]) = self.link.border()
            && let Some(frame) = self.frames.checked_sub(pre_skip).filter(|frame| *frame >= last)
        {
            self.marks.push(Mark { frame, at: [at, granule, sequence] });
        }
    }
}

impl Seeker for OggOpusDecoder {
    fn mark(&self) -> Option<Mark> {
        let is_plain = self.waiting == 0
            && self.lost_frames == 0
            && self.frames_to_skip == 0
            && !self.ended
            && self.tally.bad_in_a_row == 0
            && !self.tally.restarted;
        let [granule, sequence] = self.link.border().filter(|_| is_plain)?;
        Some(Mark { frame: self.tally.frames, at: [self.pages.position(), granule, sequence] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        if self.tally.restarted {
            return Ok(None);
        }
        let wanted = frame.saturating_add(LEAD_FRAMES);
        let stands_at = self.pages.source().stream_position();
        let counted = stands_at.and_then(|stands_at| {
            self.count_up_to(wanted)?;
            self.pages.source().seek(SeekFrom::Start(stands_at))
        });
        counted.map_err(|error| io_failure(&self.read, error))?;
        Ok(self.survey.before(self.survey.lead_before(wanted)))
    }

    fn lead_frames(&self) -> u64 {
        LEAD_FRAMES
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        if self.tally.restarted {
            let message = "its places are those of the stream before";
            return Err(LoadError::new(LoadErrorKind::Corrupt, message));
        }
        let [at, granule, sequence] = mark.at;
        self.pages.go_to(at).map_err(|error| io_failure(&self.read, error))?;
        self.link.go_to([granule, sequence]);
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
    /// Has the survey count up to `frame`, if that is not too far.
    fn count_up_to(&mut self, frame: u64) -> io::Result<()> {
        let (survey, pre_skip) = (&mut self.survey, self.head.pre_skip());
        let most = survey.at + MOST_BYTES;
        let mut pages = Pages::new(self.pages.source());
        pages.go_to(survey.at)?;
        while !survey.ended && survey.frames <= frame + pre_skip && survey.at < most {
            match pages.next()? {
                // Other streams begin before the first has audio; those behind that follow it.
                Next::Page(page) if page.is_first() => {
                    let is_its = page.serial == survey.link.serial();
                    if survey.link.has_audio() {
                        survey.ended = true;
                    } else if is_its && !survey.link.has_begun() {
                        survey.link.begin(&page);
                    }
                }
                Next::Page(page) => survey.link.enter(&page),
                Next::Junk => {}
                Next::End => survey.ended = true,
            }
            survey.at = pages.position();
            survey.count(pre_skip);
            survey.note(pre_skip, survey.at);
        }
        Ok(())
    }
}
