//! Every message between actors, on one screen.
//!
//! | message | from | to | when the receiver is gone |
//! |---|---|---|---|
//! | `LoadSample`, `CancelLoad` | anyone | `LoaderSupervisor` | the sender's future says so |
//! | `Submit` | `AudioEngine` | `LoaderSupervisor` | the engine ends its requests at shutdown |
//! | `WorkerFree`, `WorkerDied` | `DecoderActor` | `LoaderSupervisor` | nothing to dispatch any more |
//! | `Decode`, `Continue` | `LoaderSupervisor`, itself | `DecoderActor` | `WorkerDied` |
//! | `Decoded`, `PushSample`, `Play…`, `Control`, `Unload`, `Render`, `SwitchOutput`, `StopSink` | decoders, anyone | `AudioSinkActor` | only at shutdown |
//! | `Publish`, `Subscribe`, `Unsubscribe`, `Flush` | all | `EventBus` | only at shutdown, it goes last |
//!
//! Mailboxes are not bounded by actix (`do_send` ignores the bound). What bounds them:
//! `max_queued` admits requests, a decoder holds one job, progress is at most 30 a second per
//! running job, and the rest answers calls of the user one to one.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use actix::Message;
use hotcue::output::{DeviceError, PreparedOutput};
use hotcue::playback::{ControlMessage, VoiceParams};
use hotcue::{LoadedSample, Source};

use crate::error::SubmitError;
use crate::events::LoaderEvent;
use crate::queue::EventQueue;
use crate::request::Request;
use crate::sample::Sample;
use crate::sink::Target;
use crate::table::Change;

/// Loads `source` into slot `id`, or into the lowest free one. Answers with the request's id;
/// all else comes as events.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<u64, SubmitError>")]
pub struct LoadSample {
    /// The slot; None takes the lowest free one.
    pub id: Option<u32>,
    /// What to load.
    pub source: Source,
    /// Higher goes first, −100..=100.
    pub priority: i32,
}

/// Ends a request. Answers true when a `cancelled` event follows.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "bool")]
pub struct CancelLoad {
    /// The request.
    pub request_id: u64,
}

/// A request that is in the table already, to be queued.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Submit(pub(crate) Arc<Request>);

/// A decoder has handed its job on and can take another.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct WorkerFree {
    pub(crate) worker: usize,
    pub(crate) generation: u64,
}

/// A decoder is gone without having been stopped; another takes its place.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct WorkerDied {
    pub(crate) worker: usize,
    pub(crate) generation: u64,
}

/// Ends all decoders; the answer is their arbiters, to be joined by the asker.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct StopWorkers(pub(crate) Sender<Vec<actix::Arbiter>>);

/// A job for a free decoder.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Decode(pub(crate) Arc<Request>);

/// The next step of the job at hand.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Continue;

/// A finished sample on its way to the slot and the callback.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Decoded {
    pub(crate) request: Arc<Request>,
    pub(crate) loaded: LoadedSample,
}

/// A sample from elsewhere that is in the table already; see [`AudioStreamHandle`](crate::AudioStreamHandle).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PushSample {
    pub(crate) slot: u32,
    pub(crate) change: Change,
    pub(crate) sample: Arc<Sample>,
}

/// A voice of a slot that holds a sample.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Play {
    pub(crate) slot: u32,
    pub(crate) voice: u64,
    pub(crate) params: VoiceParams,
}

/// A voice of a slot whose sample is on its way; at most one waits per slot.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PlayWhenReady {
    pub(crate) play: Play,
    /// Where to start, known in frames only with the sample.
    pub(crate) start_sec: f64,
    pub(crate) deadline: Instant,
}

/// A command that goes to the callback as it is.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Control(pub(crate) ControlMessage);

/// A slot was emptied in the table.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Unload {
    pub(crate) slot: u32,
    pub(crate) change: Change,
}

/// Renders on an offline output; the answer is interleaved frames, None elsewhere.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Render {
    pub(crate) frames: usize,
    pub(crate) done: Sender<Option<Vec<f32>>>,
}

/// Moves the callback to another output; the answer says whether it plays.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct SwitchOutput {
    pub(crate) prepared: Box<dyn PreparedOutput>,
    pub(crate) target: Option<Target>,
    pub(crate) done: Sender<Result<(), DeviceError>>,
}

/// Ends the output. No callback runs after the answer.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct StopSink(pub(crate) Sender<()>);

/// An event for every subscriber; `request` lets the bus hold back what would follow its end.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Publish {
    pub(crate) event: LoaderEvent,
    pub(crate) request: Option<Arc<Request>>,
}

/// Adds a queue that gets every event from now on.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Subscribe(pub Arc<EventQueue>);

/// Takes a queue out again; what it holds stays readable.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Unsubscribe(pub Arc<EventQueue>);

/// Answers when all that was published before is in the queues.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Flush(pub Sender<()>);
