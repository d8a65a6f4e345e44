//! Threads of a running engine: how they start, and how they end.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use actix_rt::{Arbiter, System};
use hotcue::playback::{Controller, PlaybackShared};

use super::ask::ask;
use crate::bus::{EventBus, Publisher};
use crate::clock::EngineClock;
use crate::config::EngineConfig;
use crate::error::EngineError;
use crate::events::CancelReason;
use crate::messages::{Flush, StopSink, StopWorkers};
use crate::os;
use crate::playback::PlaybackQueue;
use crate::queue::EventQueue;
use crate::request::Outcome;
use crate::sink::{AudioSinkActor, AudioStreamHandle, Device, DeviceView};
use crate::submit::Loader;
use crate::supervisor::{LoaderSupervisor, SupervisorParts};
use crate::table::Table;
use crate::work::Files;

/// How long shutting down waits for threads to end before it goes on without.
const PATIENCE: Duration = Duration::from_millis(150);
/// The same for the output, whose thread the system owns.
const OUTPUT_PATIENCE: Duration = Duration::from_secs(2);

/// The actors of a running engine.
pub(super) struct Running {
    pub(super) table: Arc<Table>,
    pub(super) publisher: Publisher,
    pub(super) supervisor: Addr<LoaderSupervisor>,
    pub(super) sink: Addr<AudioSinkActor>,
    pub(super) bus: Addr<EventBus>,
    pub(super) playback: Arc<PlaybackShared>,
    pub(super) device: Arc<DeviceView>,
    pub(super) clock: EngineClock,
    pub(super) sample_rate: u32,
    pub(super) workers: usize,
    system: System,
    system_thread: JoinHandle<()>,
    /// Of supervisor, sink and bus.
    arbiters: Vec<Arbiter>,
}

/// What the audio side brings to a start.
pub(super) struct AudioSide {
    pub(super) controller: Controller,
    pub(super) device: Device,
    pub(super) view: Arc<DeviceView>,
    pub(super) sample_rate: u32,
}

/// What the system's thread hands out once its actors run.
struct Started {
    publisher: Publisher,
    supervisor: Addr<LoaderSupervisor>,
    sink: Addr<AudioSinkActor>,
    bus: Addr<EventBus>,
    system: System,
    arbiters: Vec<Arbiter>,
}

impl Running {
    /// What accepts loads.
    pub(super) fn loader(&self) -> Loader {
        Loader {
            table: Arc::clone(&self.table),
            publisher: self.publisher.clone(),
            supervisor: self.supervisor.clone(),
        }
    }

    /// Starts a thread for the actor system, one arbiter thread per actor, and the actors.
    pub(super) fn start(
        config: &EngineConfig,
        audio: AudioSide,
        events: Arc<EventQueue>,
        notices: Arc<PlaybackQueue>,
    ) -> Result<Self, EngineError> {
        let slots = u32::try_from(config.slots).unwrap_or(u32::MAX);
        let table = Arc::new(Table::new(slots, config.max_queued));
        let clock = EngineClock::start();
        let AudioSide { controller, device, view, sample_rate } = audio;
        let playback = controller.shared();
        let workers = config.worker_count();
        let (started_tx, started_rx) = mpsc::channel();
        let plan = Plan {
            config: config.clone(),
            table: Arc::clone(&table),
            clock,
            events,
            notices,
            controller,
            device,
            sample_rate,
            workers,
        };
        let system_thread = thread::Builder::new()
            .name("hotcue-system".into())
            .spawn(move || plan.run(&started_tx))
            .map_err(|error| EngineError::Threads(error.to_string()))?;
        let started = match started_rx.recv() {
            Ok(Ok(started)) => started,
            Ok(Err(error)) => {
                system_thread.join().ok();
                return Err(EngineError::Threads(error));
            }
            Err(_) => return Err(EngineError::Threads("the system thread ended".to_owned())),
        };
        let Started { publisher, supervisor, sink, bus, system, arbiters } = started;
        Ok(Self {
            table,
            publisher,
            supervisor,
            sink,
            bus,
            playback,
            device: view,
            clock,
            sample_rate,
            workers,
            system,
            system_thread,
            arbiters,
        })
    }

    /// Ends all requests, then all threads. Every terminal event is in its queues afterwards.
    pub(super) fn stop(self) {
        self.table.close();
        self.end_requests();
        // Supervisor and bus never block: however much lies in their mailboxes, the answer comes.
        let workers = ask(&self.supervisor, StopWorkers, None).unwrap_or_default();
        // A `LoadSample` that was in the mailbox before may have come in after the first sweep.
        self.end_requests();
        join_within(workers, PATIENCE);
        // A ticket may be cancelling its load in another thread: its event goes out first.
        self.table.settle();
        // None means that the sink is gone or its output hangs; then it is left behind.
        ask(&self.sink, StopSink, Some(Instant::now() + OUTPUT_PATIENCE));
        ask(&self.bus, Flush, None);
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        join_within(self.arbiters, PATIENCE);
        self.system.stop();
        self.system_thread.join().ok();
    }

    fn end_requests(&self) {
        for request in self.table.live_requests() {
            let reason = CancelReason::Shutdown;
            if self.table.end_without_sample(&request, Outcome::Cancelled(reason)) {
                self.publisher.cancelled(&request, reason);
            }
        }
    }
}

/// What the system's thread needs to start the actors.
struct Plan {
    config: EngineConfig,
    table: Arc<Table>,
    clock: EngineClock,
    events: Arc<EventQueue>,
    notices: Arc<PlaybackQueue>,
    controller: Controller,
    device: Device,
    sample_rate: u32,
    workers: usize,
}

impl Plan {
    fn run(self, started: &Sender<Result<Started, String>>) {
        let system = System::new();
        let result = system.block_on(async { self.start_actors() });
        let failed = result.is_err();
        if started.send(result).is_err() || failed {
            return;
        }
        // Errors would be of the exit code only, which nobody sets.
        system.run().ok();
    }

    fn start_actors(self) -> Result<Started, String> {
        let arbiter = |name: &'static str| {
            let arbiter = Arbiter::try_new().map_err(|error| error.to_string())?;
            arbiter.spawn_fn(move || os::name_thread(name));
            Ok::<_, String>(arbiter)
        };
        let bus_arbiter = arbiter("hotcue-bus")?;
        let sink_arbiter = arbiter("hotcue-sink")?;
        let supervisor_arbiter = arbiter("hotcue-loader")?;
        let workers = (0..self.workers)
            .map(|_| Arbiter::try_new().map_err(|error| error.to_string()))
            .collect::<Result<Vec<_>, _>>()?;

        let events = self.events;
        let bus =
            EventBus::start_in_arbiter(&bus_arbiter.handle(), |_| EventBus::new(vec![events]));
        let publisher = Publisher::new(bus.clone(), self.clock);
        let sink = AudioSinkActor::new(
            Arc::clone(&self.table),
            publisher.clone(),
            self.notices,
            self.controller,
            self.device,
        );
        let sink = AudioSinkActor::start_in_arbiter(&sink_arbiter.handle(), |_| sink);
        let parts = SupervisorParts {
            sink: AudioStreamHandle::new(sink.clone(), Arc::clone(&self.table)),
            table: self.table,
            publisher: publisher.clone(),
            registry: Arc::default(),
            workshop: Arc::new(Files),
            sample_rate: self.sample_rate,
            max_sample_bytes: self.config.max_sample_bytes,
            worker_nice: self.config.worker_nice,
        };
        let supervisor =
            LoaderSupervisor::start_in_arbiter(&supervisor_arbiter.handle(), move |context| {
                LoaderSupervisor::new(parts, workers, context)
            });
        Ok(Started {
            publisher,
            supervisor,
            sink,
            bus,
            system: System::current(),
            arbiters: vec![supervisor_arbiter, sink_arbiter, bus_arbiter],
        })
    }
}

/// Joins threads that were told to stop, all within `patience`. One that is stuck in a call of
/// the operating system is left behind; it touches nothing shared that is still in use.
fn join_within(arbiters: Vec<Arbiter>, patience: Duration) {
    let deadline = Instant::now() + patience;
    let (done_tx, done_rx) = mpsc::channel();
    let mut joiner = Some(thread::Builder::new().name("hotcue-joiner".into()).spawn(move || {
        for arbiter in arbiters {
            arbiter.join().ok();
        }
        done_tx.send(()).ok();
    }));
    let left = deadline.saturating_duration_since(Instant::now());
    match done_rx.recv_timeout(left) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            if let Some(Ok(thread)) = joiner.take() {
                thread.join().ok();
            }
        }
        Err(RecvTimeoutError::Timeout) => {}
    }
}
