//! Every message between actors, on one screen.
//!
//! | message | from | to | when the receiver is gone |
//! |---|---|---|---|
//! | `LoadSample`, `CancelLoad`, `SetPriority` | anyone | `LoaderSupervisor` | the sender's future says so |
//! | `Submit`, `Reprioritised` | whoever submits, `DecoderActor` | `LoaderSupervisor` | the engine ends its requests at shutdown |
//! | `StopWorkers` | `AudioEngine` | `LoaderSupervisor` | its decoders are left to themselves |
//! | `WorkerFree`, `Suspended`, `Measured`, `WorkerDied`, `Shareable`, `Idle` | `DecoderActor` | `LoaderSupervisor` | nothing to dispatch any more |
//! | `Unheard` | whoever asks for an analysis, `DecoderActor` | `LoaderSupervisor` | all that was asked for has ended |
//! | `RoomFreed` | the memory budget's ledger | `LoaderSupervisor` | nothing waits for memory any more |
//! | `Neglected` | `AudioSinkActor` | `LoaderSupervisor` | no stream plays any more |
//! | `Decode`, `Preempt`, `Measure`, `Discard`, `Assist`, `Tend`, `Continue` | `LoaderSupervisor`, itself, the sink | `DecoderActor` | `WorkerDied` |
//! | `Arriving`, `Decoded`, `PushSample`, `Play…`, `Control`, `Unload`, `Render`, `SwitchOutput`, `StopSink` | decoders, anyone | `AudioSinkActor` | only at shutdown |
//! | `Publish`, `Subscribe`, `Unsubscribe`, `Flush`, `Close` | all | `EventBus` | only at shutdown, it goes last |
//!
//! Mailboxes are not bounded by actix (`do_send` ignores the bound). What bounds them:
//! `max_queued` admits requests, a decoder is sent one job at a time (the next few lie beside it,
//! see `supervisor::ahead`), progress is at most 30 a second per running job, and the rest answers
//! calls of the user one to one.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use actix::Message;
use actix_rt::time::Instant;
use hotcue::Source;
use hotcue::output::{DeviceError, PreparedOutput};
use hotcue::playback::{ControlMessage, VoiceParams};

use crate::engine::Normalize;
use crate::error::SubmitError;
use crate::events::LoaderEvent;
use crate::home::Home;
use crate::job::{Assignment, Job};
use crate::queue::EventQueue;
use crate::request::Request;
use crate::sample::Sample;
use crate::sink::Target;
use crate::table::{Change, Delivery, Resident};

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

/// Changes the priority of a queued or running request, −100..=100. Answers false when it has
/// ended, or outside that range.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "bool")]
pub struct SetPriority {
    /// The request.
    pub request_id: u64,
    /// Higher goes first.
    pub priority: i32,
}

/// A new job, whose requests are in the table already, to be queued.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Submit(pub(crate) Arc<Job>);

/// The priority of a job may have changed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Reprioritised(pub(crate) Arc<Job>);

/// The sizes of waiting files are known now.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Measured(pub(crate) Vec<Arc<Job>>);

/// A decoder has handed its job on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct WorkerFree {
    /// Its number and generation.
    pub(crate) from: (usize, u64),
    /// The job that it has taken already, of those that were laid out.
    pub(crate) next: Option<Arc<Job>>,
    /// How long it was at the one that it has handed on.
    pub(crate) took: Duration,
}

/// A decoder gives its job back between two steps and can take another.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Suspended {
    pub(crate) from: (usize, u64),
    pub(crate) assignment: Assignment,
    /// The memory budget has no room for it while other loads hold theirs.
    pub(crate) no_room: bool,
}

/// A decoder is at a load that others may help with.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Shareable;

/// There is something to be heard in a sample, or to be stored, and perhaps a decoder that has no job.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Unheard;

/// A decoder has nothing to help with any more, or has come too late for its job.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Idle {
    pub(crate) from: (usize, u64),
}

/// There may be room in the memory budget for a load that found none.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct RoomFreed;

/// A decoder is gone without having been stopped; another takes its place.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct WorkerDied {
    pub(crate) from: (usize, u64),
}

/// Ends all decoders; the answer is where they lived, to be joined by the asker.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct StopWorkers(pub(crate) Sender<Vec<Home>>);

/// A job for a free decoder, new or begun, lies ready: see [`Given`](crate::supervisor::Given).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Decode;

/// Has a decoder that has no job help others with theirs, and hear what is in samples, until it
/// gets one.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Assist;

/// The next step of the job at hand, unless that is another one by now.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Continue {
    /// Counts the jobs that this decoder took.
    pub(crate) turn: u64,
}

/// Asks a decoder to give this job back, if it is still at it.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Preempt {
    pub(crate) job_id: u64,
}

/// Has a decoder that has no job look how large files are.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Measure(pub(crate) Vec<Arc<Job>>);

/// Nobody looks after the feeds of streams.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Neglected;

/// Has a decoder look after the feeds of streams, beside its jobs.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Tend {
    /// Whose turn it is.
    pub(crate) term: u64,
    /// It looks again and again; else there is something new to look at once.
    pub(crate) again: bool,
}

/// Has a decoder drop what was done of jobs that nobody wants any more; they lie beside.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Discard;

/// A sample that is still arriving, of which enough is there to be played.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Arriving {
    /// For whom: only an empty slot offers it.
    pub(crate) requests: Vec<Arc<Request>>,
    pub(crate) sample: Arc<Sample>,
}

/// A finished sample on its way to the slots and the callback.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Decoded {
    /// All that get it.
    pub(crate) deliveries: Vec<(Arc<Request>, Delivery)>,
    /// It was in memory before.
    pub(crate) from_cache: bool,
    /// When it was there.
    pub(crate) at: Instant,
}

/// A sample from elsewhere that is in the table already; see [`AudioStreamHandle`](crate::AudioStreamHandle).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PushSample {
    pub(crate) slot: u32,
    pub(crate) change: Change,
    pub(crate) sample: Arc<Resident>,
}

/// A voice of a slot that holds a sample.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Play {
    pub(crate) slot: u32,
    pub(crate) voice: u64,
    pub(crate) params: VoiceParams,
    /// By what the sample is amplified, once it is known which that is.
    pub(crate) normalize: Normalize,
}

/// A voice of a slot whose sample is on its way; at most one waits per slot.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PlayWhenReady {
    pub(crate) play: Play,
    /// The serial of the slot's last change when it was asked for.
    pub(crate) since: u64,
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
    pub(crate) cause: UnloadCause,
}

/// Why a slot was emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnloadCause {
    /// By `unload_sample`: the play that waits was meant, too.
    Asked,
    /// Its sample was evicted. A play that waits was asked for later, since such a slot has none.
    Evicted,
    /// What it offered while that was arriving has come to nothing. A play that waits is one for a
    /// load that goes on, or falls with that.
    Withdrawn,
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

/// Adds a queue that gets every event from now on, until the engine shuts down; one of an earlier
/// run is open again. What is there already is added once.
///
/// Sent to the bus of an engine that has just ended, it arrives nowhere, and nobody closes the queue.
/// [`AudioEngine::subscribe`](crate::AudioEngine::subscribe) has no such gap.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Subscribe(pub Arc<EventQueue>);

/// Takes a queue out again, and closes it: whoever waits is woken, and what it holds stays readable.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Unsubscribe(pub Arc<EventQueue>);

/// Answers when all that was published before is in the queues.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Flush(pub Sender<()>);

/// Ends what every reader gets. Answers when all that was published before is in the queues, and
/// they are closed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Close(pub(crate) Sender<()>);
