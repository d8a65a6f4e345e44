//! Places for voices: who gets one, who loses his.

use super::super::events::EndReason;
use super::super::voice::{Phase, Voice};
use super::Mixer;

impl Mixer {
    /// Finds a place for a voice, and takes it from another if `max_voices` are there: from the
    /// quietest that has started, the oldest among equals; if none has, from the oldest that
    /// waits. It fades. A voice in a long fade is still one of `max_voices`; should every place
    /// be in its last 5 ms already, the quietest is cut off.
    pub(super) fn make_room(&mut self) -> Option<usize> {
        let ramp = self.ramp_frames;
        let leaves = |voice: &Voice| voice.ends_within(ramp);
        let counts = |voice: &Voice| voice.phase != Phase::Free && !leaves(voice);
        let taken = self.voices.iter().filter(|voice| counts(voice)).count();
        if taken >= self.max_voices {
            let order = |voice: &Voice| (voice.phase != Phase::Started, voice.level());
            let victim = self.weakest(counts, order)?;
            self.release(victim, EndReason::Stolen, self.ramp_frames);
        }
        if let Some(free) = self.voices.iter().position(|voice| voice.phase == Phase::Free) {
            return Some(free);
        }
        let fading = self.weakest(leaves, |voice| (false, voice.level()))?;
        self.end(fading, self.clock_frames, EndReason::Stolen);
        Some(fading)
    }

    /// The voice that comes first by `order`, then by age, among those that `filter` lets through.
    pub(super) fn weakest(
        &self,
        filter: impl Fn(&Voice) -> bool,
        order: impl Fn(&Voice) -> (bool, f32),
    ) -> Option<usize> {
        let candidates = self.voices.iter().enumerate().filter(|(_, voice)| filter(voice));
        let weakest = candidates.min_by(|(_, a), (_, b)| {
            let (a_late, a_level) = order(a);
            let (b_late, b_level) = order(b);
            let by_order = a_late.cmp(&b_late).then(a_level.total_cmp(&b_level));
            by_order.then(a.sequence.cmp(&b.sequence))
        });
        weakest.map(|(index, _)| index)
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
