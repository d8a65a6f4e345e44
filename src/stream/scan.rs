//! One pass through a streamed file, for all that only the whole of it tells.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::origin::Opened;
use super::sample::StreamedSample;
use super::to_rate;
use crate::error::{LoadError, LoadWarning};
use crate::metadata::{Collector, Pictures};
use crate::source::Pulse;

/// Values and packets of one step: about 1 ms of the slowest codec.
const VALUES_PER_STEP: usize = 32_768;
const PACKETS_PER_STEP: usize = 64;

/// Passes through a streamed file once, as a value that is stepped: notes where it can be entered,
/// draws its waveform, finds out how long it is and what is odd about it. To be stepped when there
/// is nothing more urgent to do.
pub struct StreamScan {
    sample: Arc<StreamedSample>,
    pulse: Arc<Pulse>,
    pass: Option<Opened>,
    frames: u64,
    warnings: Option<Vec<LoadWarning>>,
}

impl fmt::Debug for StreamScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamScan")
            .field("sample", &self.sample)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl StreamScan {
    /// Makes one. Touches nothing yet.
    pub fn new(sample: &Arc<StreamedSample>) -> Self {
        let (sample, pulse) = (Arc::clone(sample), Arc::default());
        Self { sample, pulse, pass: None, frames: 0, warnings: None }
    }

    /// What has been had of the source.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Whether anybody else holds the sample.
    pub fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.sample) > 1
    }

    /// What was odd about the file, once all of it was seen.
    pub fn warnings(&self) -> Option<&[LoadWarning]> {
        self.warnings.as_deref()
    }

    /// Does about 1 ms of the work; false when it is done.
    ///
    /// # Errors
    /// Those of the source; `io` also when it is another file by now. It is over then, and what
    /// was found stays.
    pub fn step(&mut self) -> Result<bool, LoadError> {
        if self.warnings.is_some() {
            return Ok(false);
        }
        let Some(pass) = &mut self.pass else {
            self.pass = Some(self.open()?);
            return Ok(true);
        };
        pass.read.begin_step(Instant::now());
        let StreamedSample { index, overview, .. } = &*self.sample;
        let mut values = 0;
        for _ in 0..PACKETS_PER_STEP {
            let Some(chunk) = pass.decoder.next_chunk()? else {
                self.sample.origin.check()?;
                let StreamedSample { source_rate, spec, .. } = &*self.sample;
                self.sample.set_frames(to_rate(self.frames, *source_rate, spec.sample_rate));
                let warnings = pass.decoder.warnings();
                self.sample.warnings.set(warnings.clone()).ok();
                self.warnings = Some(warnings);
                self.pass = None;
                return Ok(false);
            };
            overview.add(chunk.planes());
            self.frames += chunk.frames() as u64;
            values += chunk.frames() * chunk.planes().len();
            if index.wants(self.frames)
                && let Some(mark) = pass.decoder.seeker().and_then(|seeker| seeker.mark())
            {
                index.note(mark);
            }
            if values >= VALUES_PER_STEP {
                break;
            }
        }
        Ok(true)
    }

    fn open(&self) -> Result<Opened, LoadError> {
        let mut found = Collector::new(Pictures::Note);
        self.sample.origin.open(Arc::clone(&self.pulse), &mut found)
    }
}
