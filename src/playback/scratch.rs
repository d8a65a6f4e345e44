//! Working memory of the mixer, set aside once, and what is done with it.

use super::bus::Bus;
use super::channels::Matrix;
use super::interpolate::{Interpolator, frame_at};
use super::track::Run;
use super::voice::{Common, Voice};
use crate::buffer::SampleBuffer;
use crate::spec::MAX_CHANNELS;

/// The most frames mixed at a time.
pub(super) const BLOCK_FRAMES: usize = 256;

/// One channel's values of a block.
pub(super) type Lane = [f32; BLOCK_FRAMES];

/// Scratch for one voice and one block.
#[derive(Debug)]
pub(super) struct Scratch {
    interpolator: Interpolator,
    /// What the voice reads, a lane per channel of its sample.
    lanes: Box<[Lane; MAX_CHANNELS]>,
    /// Factors per frame: all channels, left, right.
    gains: [Lane; 3],
    /// The fade towards the voice's own end.
    tail: Lane,
}

/// What was added of a voice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    /// How many frames.
    pub(super) frames: usize,
    /// The frame of the bus at which it last came to the end of its loop, if it did.
    pub(super) looped_at: Option<usize>,
}

impl Scratch {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            interpolator: Interpolator::new(),
            lanes: Box::new([[0.0; BLOCK_FRAMES]; MAX_CHANNELS]),
            gains: [[0.0; BLOCK_FRAMES]; 3],
            tail: [0.0; BLOCK_FRAMES],
        })
    }

    /// Adds at most `frames` frames of a voice to its bus, from the bus's frame `offset` on;
    /// fewer if the voice comes to its end.
    pub(super) fn add_voice(
        &mut self,
        voice: &mut Voice,
        sample: &SampleBuffer,
        common: Common,
        frames: usize,
        bus: &mut Bus,
        offset: usize,
    ) -> Added {
        let (mut done, mut fades, mut looped_at) = (0, false, None);
        let mut rounds = voice.rounds();
        while done < frames
            && let Some(run) = voice.next_run(sample, frames - done)
        {
            self.read(sample, &run, done);
            let tail = &mut self.tail[done..done + run.frames];
            match voice.tail(&run, sample, common.ramp_frames) {
                Some(fade) => {
                    fades = true;
                    (0..).zip(tail).for_each(|(frame, gain)| *gain = fade.gain(&run, frame));
                }
                None => tail.fill(1.0),
            }
            done += run.frames;
            if voice.rounds() != rounds {
                rounds = voice.rounds();
                looped_at = Some(offset + done);
            }
        }
        self.weigh(voice, done, fades);
        self.spread(sample.channels(), done, bus, offset);
        Added { frames: done, looped_at }
    }

    /// Reads every channel of the sample along a run.
    fn read(&mut self, sample: &SampleBuffer, run: &Run, offset: usize) {
        let lanes = &mut self.lanes[..sample.channels()];
        if run.is_exact() {
            // Frame by frame at the sample's own pace: no arithmetic touches the values.
            for (channel, lane) in lanes.iter_mut().enumerate() {
                copy(sample.plane(channel), run, &mut lane[offset..offset + run.frames]);
            }
        } else {
            self.interpolator.read(run, |channel| sample.plane(channel), lanes, offset);
        }
    }

    /// Works out the factors of each frame.
    fn weigh(&mut self, voice: &mut Voice, frames: usize, fades: bool) {
        let [all, left, right] = &mut self.gains;
        if let Some(steady) = voice.steady_gains() {
            for (gains, gain) in [all, left, right].into_iter().zip(steady) {
                gains[..frames].fill(gain);
            }
        } else {
            for ((all, left), right) in all.iter_mut().zip(left).zip(right).take(frames) {
                [*all, *left, *right] = voice.next_gains();
            }
        }
        if fades {
            for gains in &mut self.gains {
                gains.iter_mut().zip(&self.tail).take(frames).for_each(|(g, tail)| *g *= tail);
            }
        }
    }

    /// Adds the lanes to the bus's channels.
    fn spread(&self, inputs: usize, frames: usize, bus: &mut Bus, offset: usize) {
        let outputs = bus.outputs();
        let matrix = Matrix::new(inputs, outputs);
        for (output, plane) in bus.planes().iter_mut().enumerate() {
            let gains = match (outputs, output) {
                // One speaker has no sides.
                (1, _) | (_, 2..) => &self.gains[0],
                (_, 0) => &self.gains[1],
                (_, _) => &self.gains[2],
            };
            let target = &mut plane[offset..offset + frames];
            for (input, lane) in self.lanes[..inputs].iter().enumerate() {
                let share = matrix.share(input, output);
                if share != 0.0 {
                    add(target, &lane[..frames], share, &gains[..frames]);
                }
            }
        }
    }
}

fn add(target: &mut [f32], lane: &[f32], share: f32, gains: &[f32]) {
    for ((target, value), gain) in target.iter_mut().zip(lane).zip(gains) {
        *target += value * (share * gain);
    }
}

fn copy(plane: &[f32], run: &Run, lane: &mut [f32]) {
    let last = run.place(run.frames - 1).0;
    let (low, high) = (run.index.min(last), run.index.max(last));
    if run.surroundings.is_plain(low, high)
        && let (Ok(low), Ok(high)) = (usize::try_from(low), usize::try_from(high))
        && let Some(frames) = plane.get(low..=high)
    {
        lane.copy_from_slice(frames);
        if run.step < 0 {
            lane.reverse();
        }
        return;
    }
    for (frame, value) in lane.iter_mut().enumerate() {
        *value = frame_at(plane, run.surroundings.frame(run.place(frame).0));
    }
}
