//! Working memory of the mixer, set aside once, and what is done with it.

use super::channels::coefficient;
use super::interpolate::{Interpolator, Weights};
use super::voice::{Playhead, Voice};
use crate::buffer::SampleBuffer;
use crate::spec::MAX_CHANNELS;

/// The most frames mixed at a time.
pub(super) const BLOCK_FRAMES: usize = 256;

/// Scratch for one voice and one block.
#[derive(Debug)]
pub(super) struct Scratch {
    interpolator: Interpolator,
    weights: Weights,
    playheads: [Playhead; BLOCK_FRAMES],
    /// What the voice reads, `BLOCK_FRAMES` per channel of its sample.
    lanes: Box<[[f32; BLOCK_FRAMES]; MAX_CHANNELS]>,
    /// Factors per frame: all channels, left, right.
    gains: [[f32; BLOCK_FRAMES]; 3],
}

impl Scratch {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            interpolator: Interpolator::new(),
            weights: Weights::new(),
            playheads: [Playhead::default(); BLOCK_FRAMES],
            lanes: Box::new([[0.0; BLOCK_FRAMES]; MAX_CHANNELS]),
            gains: [[0.0; BLOCK_FRAMES]; 3],
        })
    }

    /// Adds at most `frames` (≤ [`BLOCK_FRAMES`]) frames of a voice to `out`, interleaved, of
    /// `outputs` channels. Returns how many; fewer if its sample ended.
    pub(super) fn add_voice(
        &mut self,
        voice: &mut Voice,
        sample: &SampleBuffer,
        speed: f32,
        frames: usize,
        out: &mut [f32],
        outputs: usize,
    ) -> usize {
        let length = sample.frames();
        let frames = voice.advance(speed, length, &mut self.playheads[..frames]);
        self.read(sample, frames, speed, voice.wraps(length));
        for frame in 0..frames {
            let [all, left, right] = voice.next_gains();
            self.gains[0][frame] = all;
            self.gains[1][frame] = left;
            self.gains[2][frame] = right;
        }
        self.spread(sample.channels(), frames, out, outputs);
        frames
    }

    /// Reads every channel of the sample at the playheads.
    fn read(&mut self, sample: &SampleBuffer, frames: usize, speed: f32, looped: bool) {
        let Self { interpolator, weights, playheads, lanes, .. } = self;
        let playheads = &playheads[..frames];
        let exact = playheads.first().is_some_and(|first| first.fraction == 0.0);
        if exact && speed.abs() == 1.0 {
            // Frame by frame at the sample's own pace: no arithmetic touches the values.
            for (channel, lane) in lanes[..sample.channels()].iter_mut().enumerate() {
                copy(sample.plane(channel), playheads, lane);
            }
            return;
        }
        for (frame, playhead) in playheads.iter().enumerate() {
            interpolator.weigh(playhead.index, playhead.fraction, speed, weights);
            for (channel, lane) in lanes[..sample.channels()].iter_mut().enumerate() {
                lane[frame] = weights.apply(sample.plane(channel), looped);
            }
        }
    }

    /// Adds the lanes to the output's channels.
    fn spread(&self, inputs: usize, frames: usize, out: &mut [f32], outputs: usize) {
        for output in 0..outputs {
            let gains = match (outputs, output) {
                // One speaker has no sides.
                (1, _) | (_, 2..) => &self.gains[0],
                (_, 0) => &self.gains[1],
                (_, _) => &self.gains[2],
            };
            for (input, lane) in self.lanes[..inputs].iter().enumerate() {
                let share = coefficient(inputs, outputs, input, output);
                if share == 0.0 {
                    continue;
                }
                let targets = out.iter_mut().skip(output).step_by(outputs);
                for ((target, value), gain) in targets.zip(&lane[..frames]).zip(gains) {
                    *target += value * share * gain;
                }
            }
        }
    }
}

fn copy(plane: &[f32], playheads: &[Playhead], lane: &mut [f32]) {
    for (value, playhead) in lane.iter_mut().zip(playheads) {
        let frame = usize::try_from(playhead.index).ok().and_then(|index| plane.get(index));
        *value = frame.copied().unwrap_or(0.0);
    }
}
