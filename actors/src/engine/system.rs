//! Threads of a running engine: how they start, and how they end.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix::Addr;
use actix_rt::System;
use hotcue::playback::{Controller, PlaybackShared};

use super::LoadTicket;
use super::ask::Waiter;
use super::timed::Ahead;
use crate::budget::{Budget, Evicted};
use crate::bus::{EventBus, Publisher};
use crate::clock::EngineClock;
use crate::config::EngineConfig;
use crate::crew::Crew;
use crate::error::{AnalysisFailure, EngineError, LoadFailure};
use crate::events::CancelReason;
use crate::forks::RunningEngine;
use crate::home::{Home, Homes};
use crate::messages::{
    Close, Neglected, RoomFreed, StopSink, StopWorkers, Unheard, Unload, UnloadCause,
};
use crate::os;
use crate::playback::Notices;
use crate::queue::EventQueue;
use crate::request::Request;
use crate::sink::{AudioSinkActor, AudioStreamHandle, Device, DeviceView, Target};
use crate::storing::Stores;
use crate::streaming::Streams;
use crate::submit::Loader;
use crate::supervisor::{LoaderSupervisor, SupervisorParts};
use crate::table::Table;
use crate::work::Workshop;

/// With so many queued requests, messages come in crowds.
const RUSH: usize = 6;
/// How long shutting down waits for threads to end before it goes on without.
const PATIENCE: Duration = Duration::from_millis(150);
/// The same for the output, whose thread the system owns.
const OUTPUT_PATIENCE: Duration = Duration::from_secs(2);

/// The actors of a running engine.
pub(super) struct Running {
    pub(super) table: Arc<Table>,
    pub(super) streams: Arc<Streams>,
    pub(super) stores: Arc<Stores>,
    pub(super) publisher: Publisher,
    pub(super) supervisor: Addr<LoaderSupervisor>,
    pub(super) sink: Addr<AudioSinkActor>,
    pub(super) bus: Addr<EventBus>,
    pub(super) playback: Arc<PlaybackShared>,
    pub(super) ahead: Ahead,
    pub(super) device: Arc<DeviceView>,
    pub(super) clock: EngineClock,
    pub(super) sample_rate: u32,
    pub(super) workers: usize,
    /// What it was to play on when it started.
    pub(super) target: Option<Target>,
    /// None where all actors live on the caller's thread.
    system: Option<(System, JoinHandle<()>)>,
    /// Of supervisor, sink and bus.
    homes: Vec<Home>,
}

/// What a running engine is made of.
pub(super) struct Plan {
    pub(super) config: EngineConfig,
    pub(super) controller: Controller,
    pub(super) device: Device,
    pub(super) view: Arc<DeviceView>,
    pub(super) sample_rate: u32,
    /// What it is to play on.
    pub(super) target: Option<Target>,
    pub(super) events: Arc<EventQueue>,
    pub(super) notices: Arc<Notices>,
    /// Where its actors live.
    pub(super) homes: Homes,
    /// What they work on.
    pub(super) workshop: Arc<dyn Workshop>,
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

    /// What the caller gets of a request.
    pub(super) fn ticket(&self, request: Arc<Request>) -> LoadTicket {
        LoadTicket::new(request, Arc::clone(&self.table), self.publisher.clone())
    }

    pub(super) fn has_threads(&self) -> bool {
        self.system.is_some()
    }

    /// Whether the calling thread is one of its own.
    pub(super) fn is_here(&self) -> bool {
        let here = System::try_current().map(|system| system.id());
        self.system.as_ref().is_some_and(|(system, _)| here == Some(system.id()))
    }

    /// Ends all requests, then all threads. Every terminal event is in its queues afterwards, and
    /// nothing more will come.
    pub(super) async fn stop(self, waiter: Waiter) {
        self.table.close();
        self.end_requests();
        // Supervisor and bus never block: however much lies in their mailboxes, the answer comes.
        let workers = waiter.ask(&self.supervisor, StopWorkers, None).await.unwrap_or_default();
        // A `LoadSample` that was in the mailbox before may have come in after the first sweep.
        self.end_requests();
        waiter.join(workers, PATIENCE).await;
        self.stores.clear();
        // None means that the sink is gone or its output hangs; then it is left behind.
        waiter.ask(&self.sink, StopSink, Some(OUTPUT_PATIENCE)).await;
        // From here on no load succeeds, and asks to be heard.
        let shutdown = AnalysisFailure::Cancelled(CancelReason::Shutdown);
        self.table.analyses().end_all(&shutdown);
        // A ticket may be cancelling its load in another thread: its event goes out first.
        self.table.settle();
        self.table.let_go();
        waiter.ask(&self.bus, Close, None).await;
        self.homes.iter().for_each(Home::stop);
        waiter.join(self.homes, PATIENCE).await;
        if let Some((system, thread)) = self.system {
            system.stop();
            thread.join().ok();
        }
    }

    fn end_requests(&self) {
        for request in self.table.live_requests() {
            let reason = CancelReason::Shutdown;
            if self.table.end_without_sample(&request, LoadFailure::Cancelled(reason)) {
                self.publisher.cancelled(&request, reason);
            }
        }
    }
}

impl Plan {
    /// Starts a thread for the actor system, one arbiter thread per actor, and the actors.
    pub(super) fn start(self) -> Result<Running, EngineError> {
        let (started_tx, started_rx) = mpsc::channel();
        let counted = RunningEngine::new();
        let thread = thread::Builder::new()
            .name("hotcue-system".into())
            .spawn(move || {
                self.run(&started_tx);
                drop(counted);
            })
            .map_err(failed)?;
        match started_rx.recv() {
            Ok(Ok((running, system))) => Ok(Running { system: Some((system, thread)), ..running }),
            Ok(Err(error)) => {
                thread.join().ok();
                Err(failed(error))
            }
            Err(_) => Err(failed(io::Error::other("the system thread ended"))),
        }
    }

    /// Starts the actors from the calling thread.
    #[cfg(feature = "testing")]
    pub(super) fn start_here(self) -> Result<Running, EngineError> {
        self.start_actors().map_err(failed)
    }

    fn run(self, started: &Sender<io::Result<(Running, System)>>) {
        let system = System::new();
        let result = system
            .block_on(async { self.start_actors().map(|running| (running, System::current())) });
        if result.is_err() {
            // The threads that had started before one could not: each ends as it hears of this.
            System::current().stop();
            system.run().ok();
            started.send(result).ok();
            return;
        }
        if started.send(result).is_err() {
            return;
        }
        // Errors would be of the exit code only, which nobody sets.
        system.run().ok();
    }

    fn start_actors(self) -> io::Result<Running> {
        let Self { config, controller, view: device, sample_rate, homes, .. } = self;
        let slots = u32::try_from(config.slots).unwrap_or(u32::MAX);
        let playback = controller.shared();
        let (queued, limit) = (config.max_queued, config.memory_budget);
        let table = Arc::new(Table::with_budget(slots, queued, limit, Arc::clone(&playback)));
        let named = |name: &'static str| {
            // Weak: the runtime can outlive the engine, and must not keep its samples.
            let table = Arc::downgrade(&table);
            let home = homes
                .open_for_many(move || table.upgrade().is_some_and(|all| all.queued() >= RUSH))?;
            home.prepare(move || os::name_thread(name));
            Ok::<_, io::Error>(home)
        };
        let sink_home = named("hotcue-sink")?;
        // Supervisor and bus share a thread: each is awake for a moment only, and most of what a
        // tiny load costs is waking threads.
        let loader_home = named("hotcue-loader")?;
        // It gives way as the decoders do: else, with all cores at work, it would interrupt the
        // caller at every few dozen loads that are submitted in a row.
        let nice = os::nice() + config.worker_nice;
        loader_home.prepare(move || os::set_nice(nice));
        let workers = config.worker_count();
        let decoders = (0..workers).map(|_| homes.open()).collect::<Result<Vec<_>, _>>()?;
        let scout = homes.open()?;

        let clock = EngineClock::start();
        let bus = loader_home.start(|_| EventBus::new(vec![self.events]));
        let publisher = Publisher::new(bus.clone(), clock);
        let streams = Streams::new(table.ledger());
        let sink = AudioSinkActor::new(
            Arc::clone(&table),
            publisher.clone(),
            self.notices,
            controller,
            self.device,
            Arc::clone(&streams),
        );
        let sink = sink_home.start(|_| sink);
        let fading = sink.clone();
        table.on_withdrawn(move |slot, change| {
            fading.do_send(Unload { slot, change, cause: UnloadCause::Withdrawn });
        });
        let telling = publisher.clone();
        table.analyses().on_answer(move |request, kind, result, last| {
            telling.analysis(request, kind, result, last);
        });
        let stores = Arc::default();
        let parts = SupervisorParts {
            budget: budget(&table, &sink, &publisher),
            sink: AudioStreamHandle::new(sink.clone(), Arc::clone(&table)),
            homes,
            workshop: self.workshop,
            crew: Crew::new(workers),
            streams: Arc::clone(&streams),
            analyses: Arc::clone(table.analyses()),
            stores: Arc::clone(&stores),
            laid_out: Arc::default(),
            unwanted: Arc::default(),
            table: Arc::clone(&table),
            publisher: publisher.clone(),
            registry: Arc::default(),
            sample_rate,
            max_sample_bytes: config.max_sample_bytes,
            nice,
        };
        let supervisor = loader_home
            .start(move |context| LoaderSupervisor::new(parts, decoders, scout, context));
        let waiting = supervisor.clone();
        table.ledger().on_room(move || waiting.do_send(RoomFreed));
        let calling = supervisor.clone();
        table.analyses().on_work(move || calling.do_send(Unheard));
        let tending = supervisor.clone();
        streams.on_neglect(move || tending.do_send(Neglected));
        Ok(Running {
            table,
            streams,
            stores,
            publisher,
            supervisor,
            sink,
            bus,
            playback,
            ahead: Ahead::default(),
            device,
            clock,
            sample_rate,
            workers,
            target: self.target,
            system: None,
            homes: vec![loader_home, sink_home],
        })
    }
}

impl Waiter {
    /// Waits for the end of homes that were told to stop.
    async fn join(self, homes: Vec<Home>, patience: Duration) {
        match self {
            Self::Thread => join_within(homes, patience),
            #[cfg(feature = "testing")]
            Self::Task => super::here::join(homes, patience).await,
        }
    }
}

/// The budget of an engine: of what is evicted, the callback hears before the listeners.
fn budget(table: &Arc<Table>, sink: &Addr<AudioSinkActor>, publisher: &Publisher) -> Arc<Budget> {
    let (sink, publisher) = (sink.clone(), publisher.clone());
    Budget::new(Arc::clone(table), move |Evicted { slot, request_id, change, freed_bytes }| {
        if let Some(change) = change {
            sink.do_send(Unload { slot, change, cause: UnloadCause::Evicted });
        }
        publisher.evicted(slot, request_id, freed_bytes);
    })
}

/// Joins threads that were told to stop, all within `patience`. One that is stuck in a call of
/// the operating system is left behind; it touches nothing shared that is still in use.
fn join_within(homes: Vec<Home>, patience: Duration) {
    let deadline = Instant::now() + patience;
    let (done_tx, done_rx) = mpsc::channel();
    let mut joiner = Some(thread::Builder::new().name("hotcue-joiner".into()).spawn(move || {
        homes.into_iter().for_each(Home::join);
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

/// A thread that did not start.
fn failed(error: io::Error) -> EngineError {
    EngineError::Threads(Arc::new(error))
}
