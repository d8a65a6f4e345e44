//! One pass through a streamed file, for all that only the whole of it tells.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::origin::Opened;
use super::sample::StreamedSample;
use super::to_rate;
use crate::decode::{PACKETS_PER_STEP, VALUES_PER_STEP};
use crate::error::LoadError;
use crate::metadata::{Collector, Pictures};
use crate::source::Pulse;

/// Passes through a streamed file once, as a value that is stepped: notes where it can be entered,
/// draws its waveform, finds out how long it is and what is odd about it. To be stepped when there
/// is nothing more urgent to do.
pub struct StreamScan {
    sample: Arc<StreamedSample>,
    pulse: Arc<Pulse>,
    pass: Option<Opened>,
    frames: u64,
    /// Frames that were drawn already, by this pass or one that failed.
    drawn: u64,
    is_done: bool,
    /// Is one of those that others may wait for: it is not over, and could be read so far.
    is_hopeful: bool,
}

impl fmt::Debug for StreamScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamScan")
            .field("sample", &self.sample)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Drop for StreamScan {
    fn drop(&mut self) {
        self.hope(false);
    }
}

impl StreamScan {
    /// Makes one. Touches nothing yet.
    pub fn new(sample: &Arc<StreamedSample>) -> Self {
        let (sample, pulse) = (Arc::clone(sample), Arc::default());
        let mut this = Self {
            sample,
            pulse,
            pass: None,
            frames: 0,
            drawn: 0,
            is_done: false,
            is_hopeful: false,
        };
        this.hope(true);
        this
    }

    /// Whether others may wait for it.
    fn hope(&mut self, is_hopeful: bool) {
        if self.is_hopeful != is_hopeful {
            self.is_hopeful = is_hopeful;
            self.sample.count_scan(is_hopeful);
        }
    }

    /// What has been had of the source.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Whether anybody else holds the sample.
    pub fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.sample) > 1
    }

    /// Does about 1 ms of the work; false when it is done.
    ///
    /// # Errors
    /// Those of the source; `io` also when it is another file by now. What was found stays, and a
    /// further step begins another pass.
    pub fn step(&mut self) -> Result<bool, LoadError> {
        self.hope(true);
        let result = self.go_on();
        if result.is_err() {
            (self.pass, self.frames) = (None, 0);
            self.hope(false);
        }
        result
    }

    fn go_on(&mut self) -> Result<bool, LoadError> {
        if self.is_done {
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
                let length = to_rate(self.frames, *source_rate, spec.sample_rate);
                self.sample.set_frames(length, true);
                self.sample.warnings.set(pass.decoder.warnings()).ok();
                (self.pass, self.is_done) = (None, true);
                return Ok(false);
            };
            let drawn = self.drawn.saturating_sub(self.frames).min(chunk.frames() as u64);
            let from = usize::try_from(drawn).unwrap_or(usize::MAX);
            let planes: Vec<&[f32]> = chunk.planes().iter().map(|plane| &plane[from..]).collect();
            overview.add(&planes);
            self.frames += chunk.frames() as u64;
            self.drawn = self.drawn.max(self.frames);
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
