//! What was heard before in the audio that a load has come to: known by the time that it is there.

use std::sync::Arc;

use hotcue::analysis::{AnalysisResult, AnalysisStep};
use hotcue::{LoadedSample, SampleBuffer};

use super::{DecoderActor, panic};
use crate::analysis::Kinds;
use crate::job::Job;
use crate::sample::Sample;
use crate::work::{Study, Workshop};

/// A look for it, and what that has found so far.
pub(super) struct Recalling {
    study: Box<dyn Study>,
    found: Vec<Arc<AnalysisResult>>,
}

impl Recalling {
    fn new(workshop: &dyn Workshop, job: &Job, sample: &Arc<SampleBuffer>) -> Option<Self> {
        let kinds: Vec<_> = small_kinds(job).iter().collect();
        let study = if kinds.is_empty() { None } else { workshop.recall(sample, &kinds) };
        Some(Self { study: study?, found: Vec::new() })
    }

    /// Tells a sample what was found.
    pub(super) fn tell(self, sample: &Sample) {
        sample.findings().add(self.found);
    }
}

/// What those who wait for a sample ask to be heard in it, but for the waveform, which is large.
pub(super) fn small_kinds(job: &Job) -> Kinds {
    let requests = if job.streams { Vec::new() } else { job.live() };
    let all = requests.iter().fold(Kinds::default(), |all, request| all.or(request.kinds));
    all.small()
}

impl DecoderActor {
    /// Looks some more for what is known of a sample; false once there is nothing left to do.
    pub(super) fn recall(&mut self, loaded: &LoadedSample) -> bool {
        let Some(running) = &mut self.running else { return false };
        if running.recalling.is_none() {
            let workshop = &*self.parts.workshop;
            running.recalling = Recalling::new(workshop, &running.job, &loaded.buffer);
        }
        let Some(Recalling { study, found }) = &mut running.recalling else { return false };
        match panic::caught(|| study.step()) {
            Ok(AnalysisStep::More) => true,
            Ok(AnalysisStep::Done(_, result)) => {
                found.extend(result.map(Arc::new));
                true
            }
            // Had it panicked, all of it is found again.
            Ok(AnalysisStep::Finished) | Err(_) => false,
        }
    }
}
