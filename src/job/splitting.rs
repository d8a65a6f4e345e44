//! One load in parts: cutting them, and putting them together in order.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::parts::{Conversion, Part, SharedLoad};
use crate::buffer::SampleWriter;
use crate::decode::{Cut, Decoder, Uncut, Wanted};
use crate::error::{LoadError, LoadErrorKind};
use crate::resample::{Ends, Resampler, Workbench};

/// A load of fewer stretches than this is not worth splitting.
const MIN_STRETCHES: u64 = 6;
/// Bytes of the source in parts that are not finished, about, at most.
const MAX_BYTES: usize = 6 << 20;
/// Parts that wait beside those that are worked at.
const AHEAD: usize = 2;
/// Frames that lead up to a part in any codec.
const LEAD_FRAMES: u64 = 16 * 576;
/// Longest wait for others, after which a step ends.
const MAX_WAIT: Duration = Duration::from_millis(1);

/// After so long with nothing but waits, somebody has lost the way in a part.
const LOST: Duration = Duration::from_secs(60);

/// What a step came to.
pub(super) enum Progress {
    Working,
    /// All parts are together.
    Done,
    /// The stream is to be decoded from its start.
    StartOver,
}

/// The rest of a load in parts.
pub(super) struct Splitting {
    shared: Arc<SharedLoad>,
    /// The part that this thread works at.
    own: Option<Part>,
    /// Of the next part to be cut, and of the next to come back.
    next: usize,
    next_back: usize,
    /// The frame of the source that the next part begins with.
    at: u64,
    /// The frame of the sample that it begins with.
    out_at: u64,
    /// Frames of the source that a part is a multiple of, that it needs of those before it, and
    /// frames of the sample that come of the former.
    unit: u64,
    history: u64,
    unit_out: u64,
    /// Output before the sample's first frame.
    delay: u64,
    rates: (u32, u32),
    /// The loop that the file says, in frames of it.
    own_loop: Option<Range<u64>>,
    /// That of the first part.
    resampler: Option<Box<Resampler>>,
    stretch_units: u64,
    has_cut_all: bool,
    /// Those of the parts so far, where they are converted.
    ends: Option<Ends>,
    /// Since when it does nothing but wait.
    waits_since: Option<Instant>,
}

/// Whether a load of `frames` frames can be split that `decoder` decodes.
pub(super) fn is_worthwhile(
    decoder: &mut dyn Decoder,
    resampler: Option<&Resampler>,
    frames: u64,
) -> bool {
    let info = decoder.info();
    let channels = info.spec.channels as u64;
    // What is merely copied waits for memory, and two threads wait longer for it.
    let is_copied = resampler.is_none() && info.codec.starts_with("pcm_");
    let Some(splitter) = decoder.splitter() else { return false };
    !is_copied
        && resampler.is_none_or(|resampler| resampler.parts().is_some())
        && frames * channels >= MIN_STRETCHES * splitter.stretch_values() as u64
}

impl Splitting {
    /// Goes on in parts after `frames` frames.
    pub(super) fn new(
        decoder: &mut dyn Decoder,
        shared: Arc<SharedLoad>,
        resampler: Option<Resampler>,
        writer: &SampleWriter,
        frames: u64,
        own_loop: Option<Range<u64>>,
    ) -> Option<Self> {
        let spec = decoder.info().spec;
        let stretch_frames = decoder.splitter()?.stretch_values() as u64 / spec.channels as u64;
        let (unit, history) = resampler.as_ref().map_or(Some((1, 0)), Resampler::parts)?;
        let (unit_out, delay) = resampler.as_ref().map_or((1, 0), Resampler::part_output);
        Some(Self {
            shared,
            own: None,
            next: 0,
            next_back: 0,
            at: frames,
            out_at: writer.frames_written() as u64,
            unit: unit as u64,
            history: history as u64,
            unit_out: unit_out as u64,
            delay: delay as u64,
            rates: (spec.sample_rate, writer.spec().sample_rate),
            own_loop,
            resampler: resampler.map(Box::new),
            stretch_units: (stretch_frames / unit as u64).max(1),
            has_cut_all: false,
            ends: None,
            waits_since: None,
        })
    }

    /// Does about 1 ms of work, or waits that long for others. Adds what comes back to `decoded`.
    pub(super) fn step(
        &mut self,
        decoder: &mut dyn Decoder,
        writer: &mut SampleWriter,
        bench: &mut Workbench,
        decoded: &mut Decoded,
    ) -> Result<Progress, LoadError> {
        if self.shared.is_odd() {
            return Ok(Progress::StartOver);
        }
        while let Some(finished) = self.shared.finished(self.next_back) {
            writer.take_back(finished.region);
            if let Some(splitter) = decoder.splitter() {
                splitter.count(finished.frames, &finished.tally);
            }
            decoded.frames += finished.frames;
            self.ends = match (self.ends.take(), finished.ends) {
                (Some(first), Some(next)) => Some(first.and(next)),
                (first, next) => first.or(next),
            };
            self.next_back += 1;
            self.waits_since = None;
            if finished.is_last {
                return Ok(Progress::Done);
            }
        }
        let (waiting, bytes) = self.shared.waiting();
        let is_short = waiting < AHEAD + self.shared.helpers() && bytes < MAX_BYTES;
        if !self.has_cut_all && (is_short || (waiting == 0 && self.own.is_none())) {
            return match self.cut(decoder, writer) {
                Ok(part) => {
                    self.shared.open(part);
                    Ok(Progress::Working)
                }
                Err(Uncut::Odd) => {
                    self.shared.set_odd();
                    Ok(Progress::StartOver)
                }
                Err(Uncut::Failed(error)) => Err(error),
            };
        }
        match self.own.take().or_else(|| self.shared.take()) {
            Some(part) => {
                self.own = self.shared.step(part, bench, &mut decoded.resampling);
                self.waits_since = None;
            }
            None => {
                self.shared.wait(self.next_back, MAX_WAIT);
                self.has_waited()?;
            }
        }
        Ok(Progress::Working)
    }

    /// # Errors
    /// `corrupt` after a minute of nothing else.
    fn has_waited(&mut self) -> Result<(), LoadError> {
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        if since.elapsed() < LOST {
            return Ok(());
        }
        Err(LoadError::new(LoadErrorKind::Corrupt, "a part of it is decoded without end"))
    }

    fn cut(&mut self, decoder: &mut dyn Decoder, writer: &mut SampleWriter) -> Result<Part, Uncut> {
        let splitter = decoder.splitter().ok_or(Uncut::Odd)?;
        // The first part begins anywhere, and holds all that leads up to the second one. All of them
        // end where the resampler has nothing left over.
        let (lead, history) =
            if self.next == 0 { (self.history + LEAD_FRAMES, 0) } else { (0, self.history) };
        let units = (self.at + lead) / self.unit + self.stretch_units;
        let end = units * self.unit;
        let wanted = Wanted {
            frames: self.at - history..end,
            counted_from: self.at,
            next_from: end - self.history,
        };
        let Cut { stretch, bytes, is_last } = splitter.cut(&wanted)?;
        let out_end = units * self.unit_out - self.delay;
        let frames = match is_last {
            true => writer.room(),
            false => usize::try_from(out_end - self.out_at).unwrap_or(usize::MAX),
        };
        let region = writer.lend(frames).ok_or(Uncut::Odd)?;
        let conversion = match self.resampler.take() {
            Some(resampler) => Conversion::With(resampler),
            None if self.rates.0 != self.rates.1 => {
                Conversion::From { rates: self.rates, at: self.at, own_loop: self.own_loop.clone() }
            }
            None => Conversion::None,
        };
        let part = Part {
            number: self.next,
            stretch,
            bytes,
            is_last,
            region,
            conversion,
            frames: 0,
            history_left: history,
            ends: None,
        };
        (self.at, self.out_at) = (end, out_end);
        self.next += 1;
        self.has_cut_all = is_last;
        Ok(part)
    }

    /// What the source begins and ends with, once all parts are together that convert it.
    pub(super) fn take_ends(&mut self) -> Option<Ends> {
        self.ends.take()
    }

    /// Whether nobody has a part any more. Waits a moment for that.
    ///
    /// # Errors
    /// `corrupt` after a minute of waiting.
    pub(super) fn has_ended(&mut self, writer: &mut SampleWriter) -> Result<bool, LoadError> {
        self.own = None;
        self.shared.end();
        if writer.reclaim() {
            return Ok(true);
        }
        self.shared.pause(MAX_WAIT);
        self.has_waited()?;
        Ok(writer.reclaim())
    }
}

impl Drop for Splitting {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// What came of a step.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) frames: u64,
    /// Time that this thread spent in changing the rate.
    pub(super) resampling: Duration,
}
