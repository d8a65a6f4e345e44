//! One sample's analysis as a value that travels.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hotcue::SampleBuffer;
use hotcue::analysis::AnalysisStep;

use super::pool::Place;
use super::{Analyses, Findings, Kinds};
use crate::error::AnalysisFailure;
use crate::work::{Study, Workshop};

/// What is to be found in one sample, and what was done of it. It keeps the audio, not the sample:
/// that is evicted and let go of as if nobody listened.
pub(crate) struct Task {
    pub(super) place: Place,
    findings: Arc<Findings>,
    buffer: Arc<SampleBuffer>,
    /// What is under way.
    pass: Option<Pass>,
}

struct Pass {
    /// Made by the first step.
    study: Option<Box<dyn Study>>,
    /// Of its kinds those without an answer.
    open: Kinds,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Task {
    pub(super) fn new(place: Place, findings: &Arc<Findings>, buffer: &Arc<SampleBuffer>) -> Self {
        let (findings, buffer) = (Arc::clone(findings), Arc::clone(buffer));
        Self { place, findings, buffer, pass: None }
    }

    pub(super) fn findings(&self) -> &Arc<Findings> {
        &self.findings
    }
}

impl Analyses {
    /// Does the next step of a task, by `caught`, which turns a panic into its message. Gives the
    /// task back, unless it is over, and the time that the step took and no thread has spent.
    pub(crate) fn step(
        &self,
        mut task: Task,
        workshop: &dyn Workshop,
        caught: impl FnOnce(&mut dyn FnMut() -> AnalysisStep) -> Result<AnalysisStep, String>,
    ) -> Option<(Task, Duration)> {
        if self.stopped.load(Ordering::Acquire) {
            return None;
        }
        // What nobody wants any more ends here, before the next step of it.
        task.pass = task.pass.take_if(|pass| task.findings.wants(pass.open));
        let pass = match &mut task.pass {
            Some(pass) => pass,
            none => none.insert(Pass { study: None, open: task.findings.next_pass()? }),
        };
        let kinds = pass.open;
        let stepped = caught(&mut || {
            let make = || workshop.study(&task.buffer, &kinds.iter().collect::<Vec<_>>());
            pass.study.get_or_insert_with(make).step()
        });
        let blocks_for = pass.study.as_mut().map_or(Duration::ZERO, |study| study.blocks_for());
        let failure = match stepped {
            Ok(AnalysisStep::More) => return Some((task, blocks_for)),
            Ok(AnalysisStep::Done(kind, result)) => {
                pass.open.remove(kind);
                let result = result.map(Arc::new).map_err(AnalysisFailure::from);
                self.found(&task.findings, kind, &result);
                return Some((task, blocks_for));
            }
            // Of what core makes nothing is left open.
            Ok(AnalysisStep::Finished) => "it has no result".to_owned(),
            Err(message) => message,
        };
        // What is left of a study that panicked is not trusted again.
        for kind in task.pass.take()?.open.iter() {
            self.found(&task.findings, kind, &Err(AnalysisFailure::Panicked(failure.clone())));
        }
        Some((task, blocks_for))
    }
}
