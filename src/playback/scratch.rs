//! Working memory of the mixer, set aside once, and what is done with it.

mod plane;
mod unfolded;

pub(super) use plane::Plane;

use super::bus::Bus;
use super::channels::Matrix;
use super::interpolate::Interpolator;
use super::material::Material;
use super::track::Run;
use super::voice::{Common, Voice};
use crate::spec::MAX_CHANNELS;
use unfolded::Unfolded;

/// The most frames mixed at a time.
pub(crate) const BLOCK_FRAMES: usize = 256;

/// One channel's values of a block.
pub(super) type Lane = [f32; BLOCK_FRAMES];

/// Scratch for one voice and one block.
#[derive(Debug)]
pub(super) struct Scratch {
    interpolator: Interpolator,
    /// What the voice reads, a lane per channel of its sample.
    lanes: Box<[Lane; MAX_CHANNELS]>,
    /// What it reads of a streamed sample, before it is interpolated.
    unfolded: Unfolded,
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
            unfolded: Unfolded::new(),
            gains: [[0.0; BLOCK_FRAMES]; 3],
            tail: [0.0; BLOCK_FRAMES],
        })
    }

    /// Adds at most `frames` frames of a voice to its bus, from the bus's frame `offset` on;
    /// fewer if the voice comes to its end.
    pub(super) fn add_voice(
        &mut self,
        voice: &mut Voice,
        sample: Material<'_>,
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
            fades |= voice.tail(&run, sample, common.ramp_frames, tail);
            done += run.frames;
            if voice.rounds() != rounds {
                rounds = voice.rounds();
                looped_at = Some(offset + done);
            }
        }
        self.weigh(voice, done, fades);
        self.spread(Matrix::new(sample, bus.outputs()), done, bus, offset);
        Added { frames: done, looped_at }
    }

    /// Reads every channel of the sample along a run.
    fn read(&mut self, sample: Material<'_>, run: &Run, offset: usize) {
        let Self { interpolator, lanes, unfolded, .. } = self;
        let lanes = &mut lanes[..sample.channels()];
        if let Material::Memory(sample) = sample
            && (run.is_exact() && !run.is_at_a_seam() || unfolded::lies_unfolded(sample, run))
        {
            return read(*interpolator, |channel| sample.plane(channel), run, lanes, offset);
        }
        let mut done = 0;
        while done < run.frames {
            let part = run.part(done, unfolded::frames_at(run.step));
            match sample {
                Material::Memory(sample) => unfolded.gather(sample, &part),
                Material::Stream(reader) => unfolded.fetch(reader, &part),
            }
            let plane = |channel| unfolded.plane(channel);
            read(*interpolator, plane, &part, lanes, offset + done);
            done += part.frames;
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
    fn spread(&self, matrix: Matrix, frames: usize, bus: &mut Bus, offset: usize) {
        let Matrix { inputs, outputs, .. } = matrix;
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

/// Reads planes along a run, into lanes from `offset` on.
fn read<P: Plane>(
    interpolator: Interpolator,
    planes: impl Fn(usize) -> P,
    run: &Run,
    lanes: &mut [Lane],
    offset: usize,
) {
    if !run.is_exact() {
        return interpolator.read(run, planes, lanes, offset);
    }
    // Frame by frame at the sample's own pace: no arithmetic touches the values.
    for (channel, lane) in lanes.iter_mut().enumerate() {
        copy(planes(channel), run, &mut lane[offset..offset + run.frames]);
    }
}

fn copy(plane: impl Plane, run: &Run, lane: &mut [f32]) {
    let last = run.place(run.frames - 1).0;
    let (low, high) = (run.index.min(last), run.index.max(last));
    if run.surroundings.is_plain(low, high)
        && let Some(frames) = plane.stretch(low, run.frames)
    {
        lane.copy_from_slice(frames);
        if run.step < 0 {
            lane.reverse();
        }
        return;
    }
    for (frame, value) in lane.iter_mut().enumerate() {
        *value = plane.value(run.place(frame).0, &run.surroundings);
    }
}
