//! What there is of a load while it runs, on its way to slots that hold nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hotcue::{LoadedSample, SampleBuffer, SourceIdentity};

use super::recall::small_kinds;
use super::{DecoderActor, Running};
use crate::job::{Job, Member};
use crate::sample::{Origin, Sample};

/// So much of a second is there before anybody is told: what a voice that has run dry waits for,
/// too, which stands for a fade, a callback of any size, and a decoder that is not yet done with its
/// next step.
const HEAD_PER_SEC: usize = 10;
/// A sample of which a second or more is still to come is offered at once, any other once its decoder
/// has been at it for so long: else it is complete before the message that offers it has arrived,
/// and every short load would pay for that. As any other is one in which something is to be heard:
/// that may be known with the end of the load, and a play that waits may want to be as loud.
const SLOW: Duration = Duration::from_millis(4);

impl DecoderActor {
    /// Once enough is there to be played, tells the members of the job that were not told yet.
    pub(super) fn offer_head(&mut self) {
        let Some(running) = &self.running else { return };
        let Running { job, work, reservation, .. } = running;
        let buffer = work.buffer();
        match (job.arriving(), &buffer) {
            (Some(sample), Some(buffer)) if Arc::ptr_eq(sample.buffer(), buffer) => {}
            // It holds more than it stated, and goes on elsewhere: what is heard ends nowhere.
            (Some(_), _) => return self.withdraw(job),
            (None, Some(buffer)) if self.is_worth_it(job, buffer) => {
                let Some(arriving) = work.arriving() else { return };
                reservation.accompanies(buffer);
                job.arrives(Sample::new(arriving, origin_of(job, work.identity())));
            }
            (None, _) => return,
        }
        self.tell_of_head(job, work.identity());
    }

    fn is_worth_it(&self, job: &Job, buffer: &SampleBuffer) -> bool {
        let ready = buffer.ready_frames();
        let room = buffer.byte_len() / (buffer.channels() * size_of::<f32>());
        let one_sec = buffer.sample_rate() as usize;
        let is_long = room.saturating_sub(ready) >= one_sec && small_kinds(job).is_empty();
        ready >= one_sec / HEAD_PER_SEC && (is_long || self.since.elapsed() >= SLOW)
    }

    /// Tells members of a job that decodes `file` what is there of it. Whoever asked for a path
    /// when the file was open already is told if it is still that file.
    pub(super) fn tell_of_head(&self, job: &Job, file: Option<SourceIdentity>) {
        let Some((sample, members)) = job.untold() else { return };
        let mut requests = Vec::new();
        for Member { request, by_path } in members {
            let is_same = || self.parts.workshop.identify(&request.source) == file;
            if (!by_path || is_same()) && job.arrives_for(&request, &sample) {
                requests.push(request);
            }
        }
        if !requests.is_empty() {
            self.parts.sink.arriving(requests, sample);
        }
    }

    /// What was arriving comes to nothing, though the load goes on.
    pub(super) fn withdraw(&self, job: &Job) {
        if job.take_arriving().is_some() {
            for request in job.live() {
                self.parts.table.withdraw(&request);
            }
        }
    }

    /// The sample that a load has come to: the one that was arriving, if it is that.
    pub(super) fn completed(&self, job: &Job, loaded: LoadedSample, origin: Origin) -> Arc<Sample> {
        let Some(sample) = job.take_arriving() else { return Sample::new(loaded, origin) };
        match sample.complete(loaded) {
            Ok(()) => sample,
            Err(other) => {
                for request in job.live() {
                    self.parts.table.withdraw(&request);
                }
                Sample::new(*other, origin)
            }
        }
    }
}

/// Where the sample of a job that decodes `file` comes from.
pub(super) fn origin_of(job: &Job, file: Option<SourceIdentity>) -> Origin {
    Origin { path: job.source.path().map(Path::to_path_buf), file }
}
