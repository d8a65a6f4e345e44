//! The cheap way to the audio side.

use std::sync::Arc;

use actix::Addr;
use hotcue::{LoadedSample, SampleBuffer};

use super::AudioSinkActor;
use crate::messages::{Decoded, PushSample};
use crate::request::Request;

/// Pushes samples to the audio side, from any thread. Cheap to clone: it wraps the address of
/// [`AudioSinkActor`]. Never blocks.
#[derive(Clone, Debug)]
pub struct AudioStreamHandle {
    sink: Addr<AudioSinkActor>,
}

impl AudioStreamHandle {
    pub(crate) fn new(sink: Addr<AudioSinkActor>) -> Self {
        Self { sink }
    }

    /// Puts `buffer` into `slot` without a load: no event follows. A slot outside the table is
    /// ignored. `buffer` should be finished and at the engine's rate: it is played as it is.
    pub fn push_sample(&self, slot: u32, buffer: Arc<SampleBuffer>) {
        self.sink.do_send(PushSample { slot, buffer });
    }

    pub(crate) fn decoded(&self, request: Arc<Request>, loaded: LoadedSample) {
        self.sink.do_send(Decoded { request, loaded });
    }
}
