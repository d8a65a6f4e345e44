//! The load of a stream: all of it that stays in memory.

use std::sync::Arc;

use hotcue::{
    LoadError, LoadOptions, LoadedSample, Pulse, Source, SourceIdentity, Stage, StageTimings, Step,
    StreamOpening, StreamStep, StreamedSample, Workbench,
};

use crate::work::Work;

/// Opens a file to be streamed.
pub(crate) struct StreamWork {
    opening: StreamOpening,
    ready: Option<Arc<StreamedSample>>,
}

impl StreamWork {
    /// Touches nothing yet.
    pub(crate) fn new(source: &Source, options: LoadOptions) -> Self {
        let opening = StreamOpening::new(source.clone(), options.sample_rate);
        Self { opening, ready: None }
    }
}

impl Work for StreamWork {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        let StreamStep::Ready(sample) = self.opening.step(bench)? else { return Ok(Step::Working) };
        self.ready = Some(Arc::clone(&sample));
        Ok(Step::Done(LoadedSample {
            buffer: sample.head(),
            source_rate: sample.source_rate(),
            container: sample.container().to_owned(),
            codec: sample.codec().to_owned(),
            bits_per_sample: sample.bits_per_sample(),
            warnings: Vec::new(),
            metadata: sample.metadata().cloned(),
            timings: StageTimings::default(),
        }))
    }

    fn stage(&self) -> Stage {
        let is_read = self.ready.is_some() || self.opening.is_reading();
        if is_read { Stage::Decoding } else { Stage::Reading }
    }

    fn percent(&self) -> f32 {
        0.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        self.opening.identity()
    }

    fn byte_len(&self) -> Option<u64> {
        self.opening.byte_len()
    }

    fn pulse(&self) -> Arc<Pulse> {
        self.opening.pulse()
    }

    fn held_bytes(&self) -> usize {
        self.ready.as_ref().map_or(0, |sample| sample.most_bytes())
    }

    fn streamed(&self) -> Option<Arc<StreamedSample>> {
        self.ready.clone()
    }
}
