//! The cheap way to the audio side.

use std::sync::Arc;

use actix::Addr;
use hotcue::{LoadedSample, SampleBuffer};

use super::AudioSinkActor;
use crate::messages::{Decoded, PushSample};
use crate::request::Request;
use crate::sample::Sample;
use crate::table::Table;

/// Pushes samples to the audio side, from any thread. Cheap to clone: it wraps the address of
/// [`AudioSinkActor`]. Never blocks.
#[derive(Clone, Debug)]
pub struct AudioStreamHandle {
    sink: Addr<AudioSinkActor>,
    table: Arc<Table>,
}

impl AudioStreamHandle {
    pub(crate) fn new(sink: Addr<AudioSinkActor>, table: Arc<Table>) -> Self {
        Self { sink, table }
    }

    /// Puts `buffer` into `slot` without a load: no event follows, and once this has returned,
    /// the slot holds it. A slot outside the table is ignored. `buffer` should be finished and at
    /// the engine's rate: it is played as it is.
    pub fn push_sample(&self, slot: u32, buffer: Arc<SampleBuffer>) {
        if self.table.check_slot(slot).is_ok() {
            let sample = Sample::from_buffer(buffer);
            let change = self.table.set_sample(slot, Arc::clone(&sample));
            self.sink.do_send(PushSample { slot, change, sample });
        }
    }

    pub(crate) fn decoded(&self, request: Arc<Request>, loaded: LoadedSample) {
        self.sink.do_send(Decoded { request, loaded });
    }
}
