//! How loud a voice is, frame by frame.

use super::super::material::Material;
use super::super::ramp::bend;
use super::super::track::Run;
use super::Voice;

impl Voice {
    /// The factor of the fade towards the voice's own end, `frame` frames into a run; `None`
    /// where there is no such fade.
    pub(in super::super) fn tail(
        &self,
        run: &Run,
        sample: Material<'_>,
        ramp_frames: u32,
    ) -> Option<Tail> {
        let least = if run.step > 0 && self.is_cut(sample) { ramp_frames } else { 0 };
        let frames = self.fade_out_frames.max(least);
        let left = run.frames_left(0)?;
        (frames > 0 && left - run.frames as f64 <= f64::from(frames)).then_some(Tail { frames })
    }

    /// The factors that hold for as long as nothing moves: all channels, left, right.
    pub(in super::super) fn steady_gains(&self) -> Option<[f32; 3]> {
        let [left, right] = &self.pan;
        let ramps = [&self.gate, &self.release, &self.volume, left, right];
        ramps.iter().all(|ramp| ramp.frames_left() == 0).then(|| {
            let gain = bend(self.gate.value()) * bend(self.release.value()) * self.volume.value();
            [gain, gain * left.value(), gain * right.value()]
        })
    }

    /// The next frame's factors: all channels, left, right.
    pub(in super::super) fn next_gains(&mut self) -> [f32; 3] {
        let gain = bend(self.gate.next()) * bend(self.release.next()) * self.volume.next();
        let [left, right] = &mut self.pan;
        [gain, gain * left.next(), gain * right.next()]
    }
}

/// The fade towards a voice's own end. It goes by the place in the sample, so that it is over
/// exactly there whatever becomes of the speed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Tail {
    frames: u32,
}

impl Tail {
    /// The factor `frame` frames into a run.
    pub(in super::super) fn gain(self, run: &Run, frame: usize) -> f32 {
        let left = run.frames_left(frame).unwrap_or(f64::INFINITY) - 1.0;
        #[allow(clippy::cast_possible_truncation, reason = "0..1")]
        let fade = (left / f64::from(self.frames)).clamp(0.0, 1.0) as f32;
        bend(fade)
    }
}
