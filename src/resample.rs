//! Changing the sample rate, chunk by chunk, to an exact length and in phase.

mod blocks;
mod converter;
mod rubato;
mod seam;
#[cfg(test)]
mod tests;
mod workbench;

use std::fmt;

pub use workbench::Workbench;

use crate::buffer::{FrameSink, SampleWriter};
use crate::error::LoadError;
use crate::spec::AudioSpec;
use converter::Converter;
pub(crate) use seam::Ends;

/// How many frames at `out_rate` last as long as `frames` at `in_rate`, both in Hz:
/// `ceil(frames · out_rate / in_rate)`, in integers.
///
/// Saturates at `u64::MAX`, which no real length reaches.
///
/// # Panics
/// When `in_rate` is 0.
///
/// ```
/// assert_eq!(hotcue::output_frames(44_100, 44_100, 48_000), 48_000);
/// assert_eq!(hotcue::output_frames(1, 44_100, 48_000), 2);
/// ```
pub fn output_frames(frames: u64, in_rate: u32, out_rate: u32) -> u64 {
    let exact = (u128::from(frames) * u128::from(out_rate)).div_ceil(u128::from(in_rate));
    u64::try_from(exact).unwrap_or(u64::MAX)
}

/// The frame at `rate` that is nearest to place `count` on a clock of `per_sec` a second; halves go
/// up. Saturates.
pub(crate) fn nearest_frame(count: u64, per_sec: u32, rate: u32) -> u64 {
    let (count, per_sec, rate) = (u128::from(count), u128::from(per_sec), u128::from(rate));
    u64::try_from((2 * count * rate + per_sec) / (2 * per_sec)).unwrap_or(u64::MAX)
}

/// Converts one stream of planar `f32` from one sample rate to another.
///
/// Output frame `n` is the input at time `n / out_rate`: the delay of the filter is trimmed, and
/// the length is [`output_frames`] exactly. Equal rates give an exact copy. Nothing is allocated
/// between construction and the end, at which the sample learns how it follows on itself.
///
/// The noise floor lies 130 dB or more below a tone, and aliases of what lies 4 % or more above
/// the output's Nyquist frequency by as much.
///
/// ```
/// # use hotcue::{AudioSpec, Resampler, SampleWriter};
/// let mut resampler = Resampler::new(44_100, 48_000, 1)?;
/// let mut writer = SampleWriter::growing(AudioSpec { sample_rate: 48_000, channels: 1 })?;
/// resampler.push(&[&[0.5; 300]], &mut writer)?;
/// resampler.push(&[&[0.5; 141]], &mut writer)?;
/// resampler.finish(441, &mut writer)?;
/// assert_eq!(writer.finish().frames(), Some(480));
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub struct Resampler {
    in_rate: u32,
    out_rate: u32,
    channels: usize,
    /// None copies.
    converter: Option<Converter>,
    /// Input that does not fill a chunk yet: `carried` frames in planes of one chunk.
    carry: Vec<Vec<f32>>,
    carried: usize,
    /// Output frames still to be thrown away: what lies before input frame 0.
    skip_left: usize,
    /// Input frames still to come from before the frame that it begins at.
    history_left: usize,
    /// What the stream begins and ends with, for the seam of a sample.
    ends: Ends,
    pushed: u64,
    written: u64,
    /// No more than this is ever written; known at the end.
    limit: u64,
}

impl Resampler {
    /// Makes a resampler for `channels` channels; rates are in Hz. That takes some 0.3 ms, 20 ms
    /// for awkward pairs of rates: a [`Workbench`] keeps it for the next stream.
    ///
    /// # Errors
    /// `unsupported_format` for rates or channels outside the limits of [`AudioSpec::validate`].
    pub fn new(in_rate: u32, out_rate: u32, channels: usize) -> Result<Self, LoadError> {
        AudioSpec { sample_rate: in_rate, channels }.validate()?;
        AudioSpec { sample_rate: out_rate, channels }.validate()?;
        let converter = (in_rate != out_rate).then(|| Converter::new(in_rate, out_rate, channels));
        let chunk_frames = converter.as_ref().map_or(0, Converter::chunk_frames);
        let converter_history = converter.as_ref().and_then(Converter::history_frames).unwrap_or(0);
        let mut this = Self {
            in_rate,
            out_rate,
            channels,
            converter,
            carry: vec![vec![0.0; chunk_frames]; channels],
            carried: 0,
            skip_left: 0,
            history_left: 0,
            ends: Ends::new(channels, converter_history),
            pushed: 0,
            written: 0,
            limit: 0,
        };
        this.reset();
        Ok(this)
    }

    /// Begins a new stream. What follows equals the output of a new resampler, bit by bit.
    pub fn reset(&mut self) {
        self.carried = 0;
        self.skip_left = 0;
        self.history_left = 0;
        self.pushed = 0;
        self.written = 0;
        self.limit = u64::MAX;
        self.ends.clear();
        if let Some(converter) = &mut self.converter {
            converter.reset();
            self.skip_left = converter.delay_frames();
        }
    }

    /// Frames of input that its output depends on, in parts that begin at multiples of the first
    /// number, the second many before them included; None where a part depends on all before it.
    pub(crate) fn parts(&self) -> Option<(usize, usize)> {
        match &self.converter {
            None => Some((1, 0)),
            Some(converter) => Some((converter.chunk_frames(), converter.history_frames()?)),
        }
    }

    /// Frames that come out of as much as [`parts`](Self::parts) says, and how many are thrown away
    /// at the start of the stream.
    pub(crate) fn part_output(&self) -> (usize, usize) {
        self.converter
            .as_ref()
            .map_or((1, 0), |converter| (converter.chunk_out_frames(), converter.delay_frames()))
    }

    /// Begins in the middle of a stream, at frame `at` of its input, a multiple of what
    /// [`parts`](Self::parts) says: what it says of frames before that come first, and nothing is
    /// written for them. What is written equals what would have been without the beginning.
    ///
    /// # Panics
    /// Where there are no parts, or `at` is no multiple.
    pub(crate) fn start_at(&mut self, at: u64) {
        self.reset();
        let (frames, history) = self.parts().expect("a converter that works in parts");
        assert!(at.is_multiple_of(frames as u64), "parts begin at multiples");
        self.pushed = at;
        if at > 0
            && let Some(converter) = &self.converter
        {
            let chunks = at / frames as u64;
            let delay = std::mem::take(&mut self.skip_left);
            self.written = chunks * converter.chunk_out_frames() as u64 - delay as u64;
            self.history_left = history;
        } else {
            self.written = at;
        }
    }

    /// Takes what lies before the frame that the stream begins at; how many frames that is.
    fn fill_history(&mut self, input: &[&[f32]], frames: usize) -> usize {
        let taken = self.history_left.min(frames);
        if taken > 0
            && let Some(converter) = &mut self.converter
        {
            for (channel, plane) in input.iter().enumerate() {
                converter.fill_history(channel, self.history_left, &plane[..taken]);
            }
            self.history_left -= taken;
        }
        taken
    }

    /// The rates of its input and its output, in Hz.
    pub(crate) fn rates(&self) -> (u32, u32) {
        (self.in_rate, self.out_rate)
    }

    /// Frames of input so far, those before the beginning included.
    pub(crate) fn frames_pushed(&self) -> u64 {
        self.pushed
    }

    /// Output frames so far, those before the beginning included.
    #[cfg(test)]
    fn frames_written(&self) -> u64 {
        self.written
    }

    /// Takes the next input, planar and of any length, and appends what is complete to `out`.
    /// Up to one chunk stays inside.
    ///
    /// # Errors
    /// Those of [`SampleWriter::append`]; the stream cannot go on then.
    ///
    /// # Panics
    /// When `input` is not one plane per channel, all of one length, and when `out` has more channels.
    pub fn push(&mut self, input: &[&[f32]], out: &mut SampleWriter) -> Result<(), LoadError> {
        self.push_to(input, out)
    }

    /// As [`push`](Self::push).
    pub(crate) fn push_to(
        &mut self,
        input: &[&[f32]],
        out: &mut impl FrameSink,
    ) -> Result<(), LoadError> {
        assert_eq!(input.len(), self.channels, "one plane per channel");
        let frames = input.first().map_or(0, |plane| plane.len());
        assert!(input.iter().all(|plane| plane.len() == frames), "planes of one length");
        let Some(chunk_frames) = self.converter.as_ref().map(Converter::chunk_frames) else {
            self.pushed += frames as u64;
            self.written += frames as u64;
            return out
                .write_with(frames, |channel, target| target.copy_from_slice(input[channel]));
        };
        self.ends.note(input, self.pushed - self.history_left as u64, self.pushed);
        let mut at = self.fill_history(input, frames);
        self.pushed += (frames - at) as u64;
        while at < frames {
            let part = (chunk_frames - self.carried).min(frames - at);
            match &mut self.converter {
                // A whole chunk needs no detour through the carry.
                Some(converter) if part == chunk_frames => {
                    converter.convert(input, at);
                    self.write_converted(out)?;
                }
                _ => self.carry_in(part, out, |channel, carry| {
                    carry.copy_from_slice(&input[channel][at..at + part]);
                })?,
            }
            at += part;
        }
        Ok(())
    }

    /// Ends the stream: appends what is left, so that `output_frames(total_in_frames)` frames
    /// were appended in all. Frames counted in `total_in_frames` but never pushed are silence.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    ///
    /// # Panics
    /// When `total_in_frames` is less than what was pushed.
    pub fn finish(
        &mut self,
        total_in_frames: u64,
        out: &mut SampleWriter,
    ) -> Result<(), LoadError> {
        let silence = total_in_frames.saturating_sub(self.pushed);
        self.finish_to(total_in_frames, out)?;
        self.ends.note_silence(silence);
        let ends = std::mem::take(&mut self.ends);
        out.set_seams(self.seams(&ends, total_in_frames));
        self.ends = ends;
        Ok(())
    }

    /// As [`finish`](Self::finish).
    pub(crate) fn finish_to(
        &mut self,
        total_in_frames: u64,
        out: &mut impl FrameSink,
    ) -> Result<(), LoadError> {
        assert!(total_in_frames >= self.pushed, "pushed frames cannot be taken back");
        self.limit = output_frames(total_in_frames, self.in_rate, self.out_rate);
        while self.written < self.limit {
            let left = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
            match &self.converter {
                Some(converter) => {
                    let part = converter.chunk_frames() - self.carried;
                    self.carry_in(part, out, |_, carry| carry.fill(0.0))?;
                }
                None => {
                    out.write_with(left, |_, target| target.fill(0.0))?;
                    self.written = self.limit;
                }
            }
        }
        Ok(())
    }

    /// Lets `fill(channel, target)` put `frames` more frames into the carry, and converts it
    /// when it is full.
    fn carry_in(
        &mut self,
        frames: usize,
        out: &mut impl FrameSink,
        fill: impl Fn(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        let end = self.carried + frames;
        for (channel, plane) in self.carry.iter_mut().enumerate() {
            fill(channel, &mut plane[self.carried..end]);
        }
        self.carried = end;
        match &mut self.converter {
            Some(converter) if end == converter.chunk_frames() => {
                converter.convert_planes(&self.carry);
                self.carried = 0;
                self.write_converted(out)
            }
            _ => Ok(()),
        }
    }

    /// Appends the last converted chunk without what lies before the beginning or after the end.
    fn write_converted(&mut self, out: &mut impl FrameSink) -> Result<(), LoadError> {
        let Some(converter) = &self.converter else { return Ok(()) };
        let made = converter.converted_frames();
        let skip = self.skip_left.min(made);
        self.skip_left -= skip;
        let left = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let frames = (made - skip).min(left);
        if frames == 0 {
            return Ok(());
        }
        self.written += frames as u64;
        out.write_with(frames, |channel, target| {
            converter.copy_converted(channel, skip, target);
        })
    }

    fn key(&self) -> (u32, u32, usize) {
        (self.in_rate, self.out_rate, self.channels)
    }

    /// Bytes of memory held, about.
    fn byte_len(&self) -> usize {
        self.converter.as_ref().map_or(0, Converter::byte_len)
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler")
            .field("in_rate", &self.in_rate)
            .field("out_rate", &self.out_rate)
            .field("channels", &self.channels)
            .field("pushed", &self.pushed)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
