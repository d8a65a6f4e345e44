//! What a program draws of a sample.

use std::ops::Range;

use super::SampleBuffer;
use super::overview::Extremes;

/// What a border may lie before a frame and still count as that frame: times in seconds are seldom
/// exact.
const TOLERANCE_FRAMES: f64 = 1e-6;

/// The least and the greatest values of consecutive stretches of a sample, one stretch per pixel.
///
/// Planar: `channels` planes of `width` values each, the first channel's first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waveform {
    /// Pixels.
    pub width: usize,
    /// The least value of each pixel; channels × width.
    pub min: Vec<f32>,
    /// The greatest value of each pixel; channels × width.
    pub max: Vec<f32>,
}

impl SampleBuffer {
    /// Minima and maxima of the stretch from `start_sec` to `end_sec`, divided into `width` equal
    /// pixels.
    ///
    /// Exact at any zoom: pixel `p` is made of the frames from `⌊start + p · step⌋` up to where
    /// the next pixel begins, and of one frame at least, so that far enough in, both values are
    /// those of that frame. Where there is no frame, or none yet, both are 0. Takes
    /// microseconds, about as long for an hour as for a second; reads what is ready now.
    ///
    /// ```
    /// # use hotcue::SampleBuffer;
    /// let sample = SampleBuffer::from_planes(1_000, vec![vec![0.0, 0.5, -1.0, 0.25]])?;
    /// let waveform = sample.waveform(2, 0.0, 0.004);
    /// assert_eq!((waveform.min, waveform.max), (vec![0.0, -1.0], vec![0.5, 0.25]));
    /// # Ok::<(), hotcue::LoadError>(())
    /// ```
    pub fn waveform(&self, width: usize, start_sec: f64, end_sec: f64) -> Waveform {
        let ready = self.ready_frames();
        let border = border(width, start_sec, end_sec, self.sample_rate());
        let mut start = border(0);
        let stretches: Vec<_> = (1..=width)
            .map(|pixel| {
                let end = border(pixel);
                let stretch = frames_between(start, end.max(start + 1.0), ready);
                start = end;
                stretch
            })
            .collect();
        let mut waveform = Waveform { width, min: Vec::new(), max: Vec::new() };
        waveform.min.reserve_exact(width * self.channels());
        waveform.max.reserve_exact(width * self.channels());
        for channel in 0..self.channels() {
            for stretch in &stretches {
                let extremes = match *stretch {
                    Some((from, to)) => self.overview.extremes(&self.storage, channel, from, to),
                    None => Extremes { min: 0.0, max: 0.0 },
                };
                waveform.min.push(extremes.min);
                waveform.max.push(extremes.max);
            }
        }
        waveform
    }

    /// The greatest absolute value of all channels in some of the ready frames, in microseconds.
    pub(crate) fn peak(&self, frames: Range<usize>) -> f32 {
        let peak = |channel| {
            let Range { start, end } = frames;
            let Extremes { min, max } = self.overview.extremes(&self.storage, channel, start, end);
            max.max(-min)
        };
        (0..self.channels()).map(peak).fold(0.0, f32::max)
    }
}

/// The frame, at `rate` Hz, at which a pixel begins: the stretch from `start_sec` to `end_sec` is
/// divided into `width` equal ones.
#[expect(clippy::cast_precision_loss, reason = "pixels and frames are far below 2^53")]
pub(crate) fn border(
    width: usize,
    start_sec: f64,
    end_sec: f64,
    rate: u32,
) -> impl Fn(usize) -> f64 {
    move |pixel| {
        let at_sec = start_sec + (end_sec - start_sec) * (pixel as f64 / width as f64);
        (at_sec * f64::from(rate) + TOLERANCE_FRAMES).floor()
    }
}

/// The frames from `start` to `end` that are among the first `ready`; None without any.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to 0..=ready, far below 2^53; NaN becomes 0"
)]
fn frames_between(start: f64, end: f64, ready: usize) -> Option<(usize, usize)> {
    let within = |frame: f64| frame.clamp(0.0, ready as f64) as usize;
    let (start, end) = (within(start), within(end));
    (start < end).then_some((start, end))
}
