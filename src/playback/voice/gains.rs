//! How loud a voice is, frame by frame.

use super::super::material::Material;
use super::super::ramp::bend;
use super::super::track::Run;
use super::Voice;

impl Voice {
    /// Sets the factors of the fade towards the voice's own end, frame by frame of a run; false where
    /// all of them are 1. The fade goes by the place in the sample, so that it is over exactly there
    /// whatever becomes of the speed. Where a loop brings that end nearer, or takes it away, and it is
    /// heard, the factor goes there no faster than any fade.
    pub(in super::super) fn tail(
        &mut self,
        run: &Run,
        sample: Material<'_>,
        ramp_frames: u32,
        factors: &mut [f32],
    ) -> bool {
        let frames = match self.fade_out_frames {
            0 if run.step > 0 && self.is_cut(sample) => ramp_frames,
            frames => frames,
        };
        let to_end = |frame| run.frames_left(frame).filter(|_| frames > 0);
        let is_near = to_end(0).is_some_and(|left| left - run.frames as f64 <= f64::from(frames));
        if !is_near && self.tail.is_none_or(|tail| tail == 1.0) {
            self.tail = Some(1.0);
            factors.fill(1.0);
            return false;
        }
        // With room for rounding: a fade by itself is not held up.
        let shortest = if frames == 0 { ramp_frames } else { ramp_frames.min(frames) };
        let most = 1.01 / shortest as f32;
        for (frame, factor) in factors.iter_mut().enumerate() {
            let left = to_end(frame).unwrap_or(f64::INFINITY);
            #[allow(clippy::cast_possible_truncation, reason = "0..1")]
            let fade = ((left - 1.0) / f64::from(frames.max(1))).clamp(0.0, 1.0) as f32;
            let tail = self.tail.map_or(fade, |tail| {
                #[allow(clippy::cast_possible_truncation, reason = "rounding is as good")]
                let in_time = tail / left as f32;
                fade.clamp(tail - most.max(in_time), tail + most)
            });
            self.tail = Some(tail);
            *factor = bend(tail);
        }
        true
    }

    /// The factors that hold for as long as nothing moves: all channels, left, right.
    pub(in super::super) fn steady_gains(&self) -> Option<[f32; 3]> {
        let [left, right] = &self.pan;
        let ramps = [&self.attack, &self.gate, &self.release, &self.volume, left, right];
        ramps.iter().all(|ramp| ramp.frames_left() == 0).then(|| {
            let fades = [&self.attack, &self.gate, &self.release];
            let fade: f32 = fades.into_iter().map(|ramp| bend(ramp.value())).product();
            let gain = fade * self.volume.value();
            [gain, gain * left.value(), gain * right.value()]
        })
    }

    /// The next frame's factors: all channels, left, right.
    pub(in super::super) fn next_gains(&mut self) -> [f32; 3] {
        let fades = [&mut self.attack, &mut self.gate, &mut self.release];
        let fade: f32 = fades.into_iter().map(|ramp| bend(ramp.next())).product();
        let gain = fade * self.volume.next();
        let [left, right] = &mut self.pan;
        [gain, gain * left.next(), gain * right.next()]
    }
}
