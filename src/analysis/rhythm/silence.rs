//! How long nothing is heard at both ends.

use crate::buffer::SampleBuffer;

/// Below this part of the peak is silence: −60 dB.
const SILENCE: f32 = 0.001;
/// What a channel begins or ends with may be where it rests, as with an offset, up to this part of
/// the peak, −30 dB, ...
const MOST_REST: f32 = 0.03;
/// ... and if it stays there for so long.
const LEAST_REST_SEC: f64 = 0.03;
/// Constant for less than this is nothing that was put there: any first value is so by itself.
const LEAST_CONSTANT_SEC: f64 = 0.005;

/// Looks for the first and the last frame that is not silent.
pub(super) struct Silence {
    channels: Vec<Channel>,
    frames: usize,
    least_rest_frames: usize,
}

struct Channel {
    /// Where it is heard.
    heard: Stretch,
    /// The same, with what it begins and ends with as silence.
    moved: Stretch,
    /// Where it is anything but what it begins and ends with.
    changing: Stretch,
}

/// From the first to the last frame that is farther than `threshold` from what is silence at the start
/// and at the end.
struct Stretch {
    silent: [f32; 2],
    threshold: f32,
    first: Option<usize>,
    /// The frame after the last one.
    end: Option<usize>,
}

impl Silence {
    pub(super) fn new(sample: &SampleBuffer) -> Self {
        let frames = sample.ready_frames();
        let threshold = SILENCE * sample.peak(0..frames);
        let most_rest = MOST_REST / SILENCE * threshold;
        let channel = |channel| {
            let plane = sample.plane(channel);
            let ends =
                [plane.first(), plane[..frames].last()].map(|end| end.map_or(0.0, |end| *end));
            let rest =
                |end: f32| if (threshold..most_rest).contains(&end.abs()) { end } else { 0.0 };
            Channel {
                heard: Stretch::new([0.0; 2], threshold),
                moved: Stretch::new(ends.map(rest), threshold),
                changing: Stretch::new(ends, 0.0),
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a rate"
        )]
        let least_rest_frames = (LEAST_REST_SEC * f64::from(sample.sample_rate())) as usize;
        let channels = (0..sample.channels()).map(channel).collect();
        Self { channels, frames: 0, least_rest_frames }
    }

    pub(super) fn hear(&mut self, planes: &[&[f32]]) {
        for (channel, plane) in self.channels.iter_mut().zip(planes) {
            for stretch in [&mut channel.heard, &mut channel.moved, &mut channel.changing] {
                stretch.hear(self.frames, plane);
            }
        }
        self.frames += planes.first().map_or(0, |plane| plane.len());
    }

    /// Seconds before and after what is heard; the whole length before, where nothing is.
    pub(super) fn ends_sec(&self, sample_rate: u32) -> [f64; 2] {
        let heard = self.channels.iter().filter_map(|channel| {
            let ([first, end], [moved_first, moved_end]) =
                (channel.heard.found()?, channel.moved.found()?);
            let rests = |frames: usize| frames >= self.least_rest_frames;
            Some([
                if rests(moved_first) { moved_first.max(first) } else { first },
                if rests(self.frames - moved_end) { moved_end.min(end) } else { end },
            ])
        });
        let all = || [seconds(self.frames, sample_rate), 0.0];
        self.around(heard, sample_rate).unwrap_or_else(all)
    }

    /// Seconds at both ends in which not a value changes, where that is no chance.
    pub(super) fn constant_sec(&self, sample_rate: u32) -> [f64; 2] {
        let changing = self.channels.iter().filter_map(|channel| channel.changing.found());
        let ends = self.around(changing, sample_rate).unwrap_or_default();
        ends.map(|end| if end < LEAST_CONSTANT_SEC { 0.0 } else { end })
    }

    /// Seconds before and after all of these stretches; None where there is none.
    fn around(
        &self,
        stretches: impl Iterator<Item = [usize; 2]>,
        sample_rate: u32,
    ) -> Option<[f64; 2]> {
        let [first, end] =
            stretches.reduce(|one, other| [one[0].min(other[0]), one[1].max(other[1])])?;
        Some([seconds(first, sample_rate), seconds(self.frames - end, sample_rate)])
    }
}

impl Stretch {
    fn new(silent: [f32; 2], threshold: f32) -> Self {
        Self { silent, threshold, first: None, end: None }
    }

    /// The first frame, and the one after the last; None where there are none.
    fn found(&self) -> Option<[usize; 2]> {
        Some([self.first?, self.end?])
    }

    /// Hears what stands behind so many frames.
    fn hear(&mut self, frames: usize, plane: &[f32]) {
        let (threshold, [at_start, at_end]) = (self.threshold, self.silent);
        let is_off = |silent: f32| move |value: &f32| (value - silent).abs() > threshold;
        if self.first.is_none() {
            self.first = plane.iter().position(is_off(at_start)).map(|at| frames + at);
        }
        if let Some(last) = plane.iter().rposition(is_off(at_end)) {
            self.end = Some(frames + last + 1);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn seconds(frames: usize, sample_rate: u32) -> f64 {
    frames as f64 / f64::from(sample_rate)
}
