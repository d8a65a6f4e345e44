//! The cheap way to the audio side.

use std::sync::Arc;

use actix::Addr;
use actix_rt::time::Instant;
use hotcue::SampleBuffer;

use super::AudioSinkActor;
use crate::error::SubmitError;
use crate::messages::{Arriving, Decoded, PushSample};
use crate::request::Request;
use crate::sample::Sample;
use crate::table::{Delivery, Resident, Table};

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
    /// the slot holds it. `buffer` should be finished and at the engine's rate: it is played as it
    /// is. It is the caller's memory: it neither counts against the memory budget nor is evicted.
    ///
    /// # Errors
    /// `IdOutOfRange`; `Closed` where the engine has shut down.
    pub fn push_sample(&self, slot: u32, buffer: Arc<SampleBuffer>) -> Result<(), SubmitError> {
        self.table.check_slot(slot)?;
        if !self.sink.connected() {
            return Err(SubmitError::Closed);
        }
        let sample = Resident::pushed(Sample::from_buffer(buffer));
        let change = self.table.set_sample(slot, &sample);
        self.sink.do_send(PushSample { slot, change, sample });
        Ok(())
    }

    /// Has the slots of `requests` play a sample that is still arriving, if they are empty.
    pub(crate) fn arriving(&self, requests: Vec<Arc<Request>>, sample: Arc<Sample>) {
        self.sink.do_send(Arriving { requests, sample });
    }

    /// Hands a finished sample on to all who asked for it.
    pub(crate) fn decoded(&self, deliveries: Vec<(Arc<Request>, Delivery)>, from_cache: bool) {
        self.sink.do_send(Decoded { deliveries, from_cache, at: Instant::now() });
    }
}
