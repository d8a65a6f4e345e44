//! What a decoder without a job hears in samples.

use std::time::Duration;

use super::{DecoderActor, panic};

impl DecoderActor {
    /// One step of the most urgent analysis, and the time that no thread has spent in it; None if
    /// there is none.
    pub(super) fn analyse(&mut self) -> Option<Duration> {
        if !self.parts.streams.is_idle() {
            // One that waits for a disk here keeps no analysis waiting.
            self.put_study_back();
            self.feed_streams();
        }
        let analyses = &self.parts.analyses;
        let task = match self.task.take() {
            Some(task) => analyses.most_urgent(task),
            None => analyses.take()?,
        };
        let stepped = analyses.step(task, &*self.parts.workshop, |step| panic::caught(step));
        let Some((task, blocks_for)) = stepped else { return Some(Duration::ZERO) };
        self.task = Some(task);
        Some(blocks_for)
    }

    /// Leaves the analysis at hand to others; whether there was one.
    pub(super) fn put_study_back(&mut self) -> bool {
        let task = self.task.take();
        let had_one = task.is_some();
        task.into_iter().for_each(|task| self.parts.analyses.put_back(task));
        had_one
    }

    /// Leaves what can wait to others, for something more urgent: another decoder may have the time.
    pub(super) fn set_aside(&mut self) {
        let had_some = self.put_study_back() | self.put_store_back();
        if had_some {
            self.parts.analyses.call();
        }
    }
}
