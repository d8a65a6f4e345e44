//! Places for voices: who gets one, who loses his.

use super::super::events::EndReason;
use super::super::voice::{Phase, Voice};
use super::Mixer;

impl Mixer {
    /// Finds a place for a voice that starts `at_frame`, or at once, and takes it from another if
    /// `max_voices` are there: from the quietest that has started, the oldest among equals; if none
    /// has, from the one that starts last of those that wait, which may be the new one. It fades. A
    /// voice in a long fade is still one of `max_voices`; should every place be in its last 5 ms
    /// already, the quietest is cut off.
    pub(super) fn make_room(&mut self, at_frame: Option<u64>) -> Option<usize> {
        let ramp = self.ramp_frames;
        let leaves = |voice: &Voice| voice.ends_within(ramp);
        let counts = |voice: &Voice| voice.phase != Phase::Free && !leaves(voice);
        let taken = self.voices.iter().filter(|voice| counts(voice)).count();
        if taken >= self.max_voices {
            let sounds = |voice: &Voice| counts(voice) && voice.phase == Phase::Started;
            let victim = match self.weakest(sounds, Voice::level) {
                Some(quietest) => quietest,
                None => self.last_to_start(at_frame)?,
            };
            self.release(victim, EndReason::Stolen, self.ramp_frames);
        }
        if let Some(free) = self.voices.free_place() {
            return Some(free);
        }
        let fading = self.weakest(leaves, Voice::level)?;
        self.end(fading, self.clock_frames, EndReason::Stolen);
        Some(fading)
    }

    /// The voice of the least `level`, then the oldest, among those that `filter` lets through.
    pub(super) fn weakest(
        &self,
        filter: impl Fn(&Voice) -> bool,
        level: impl Fn(&Voice) -> f32,
    ) -> Option<usize> {
        let candidates = self.voices.iter().enumerate().filter(|(_, voice)| filter(voice));
        let weakest = candidates.min_by(|(_, a), (_, b)| {
            level(a).total_cmp(&level(b)).then(a.sequence.cmp(&b.sequence))
        });
        weakest.map(|(index, _)| index)
    }

    /// The voice that waits for the latest frame, the youngest among equals; None if a new one that
    /// starts `at_frame` would be that.
    fn last_to_start(&self, at_frame: Option<u64>) -> Option<usize> {
        let waiting = self.voices.iter().enumerate().filter_map(|(index, voice)| {
            let Phase::Waiting { at_frame } = voice.phase else { return None };
            Some((at_frame, voice.sequence, index))
        });
        let (last, _, index) = waiting.max()?;
        (at_frame < Some(last)).then_some(index)
    }

    pub(super) fn release_where(
        &mut self,
        reason: EndReason,
        fade: u32,
        filter: impl Fn(&Voice) -> bool,
    ) {
        for index in 0..self.voices.len() {
            let voice = &self.voices[index];
            if voice.phase != Phase::Free && filter(voice) {
                self.release(index, reason, fade);
            }
        }
    }

    /// Fades a voice; one that is silent ends at once. One that fades already is in no less of a
    /// hurry, and keeps its reason.
    pub(super) fn release(&mut self, index: usize, reason: EndReason, fade_frames: u32) {
        let voice = &mut self.voices[index];
        voice.release(reason, fade_frames);
        if let Some(reason) = voice.releasing().filter(|_| voice.is_silent()) {
            self.end(index, self.clock_frames, reason);
        }
    }
}
