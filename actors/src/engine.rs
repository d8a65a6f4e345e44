//! `AudioEngine`: the actors behind plain calls, usable from any thread.

mod answers;
mod ask;
mod batch;
#[cfg(feature = "testing")]
mod here;
mod mixing;
mod options;
mod playing;
mod subscription;
mod system;
mod ticket;
mod timed;

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::thread;

use actix::Addr;
use actix_rt::time::Instant;
use hotcue::analysis::AnalysisKind;
use hotcue::output::{
    self, DeviceError, DeviceErrorKind, OutputInfo, OutputRequest, PreparedOutput,
};
use hotcue::playback::{self, ControlMessage, PlaybackConfig};
use hotcue::{Cache, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, Source};

pub use answers::{Clock, EngineStats, LoadStatus, Meters, RenderedAudio, VoicePosition};
pub use batch::{BatchProgress, LoadBatch};
pub use options::{
    LoopMode, Normalize, PlayLoop, PlayOptions, SubmitOptions, VoiceChange, WhenLoading,
};
pub use subscription::{PlaybackSubscription, Subscription};
pub use ticket::{AnalysesWaiter, AnalysisAnswer, LoadTicket, LoadWaiter};
pub use timed::Timed;

use crate::aside;
use crate::bus::EventBus;
use crate::config::EngineConfig;
use crate::error::{ConfigError, EngineError};
use crate::events::{CancelReason, DeviceState, LoaderEvent};
use crate::forks;
use crate::home::Homes;
use crate::messages::{SwitchOutput, Unload, UnloadCause};
use crate::playback::Notices;
use crate::queue::EventQueue;
use crate::sample::{NamedSample, Sample};
use crate::sink::{AudioStreamHandle, Device, Target};
use crate::supervisor::{LoaderSupervisor, cancel};
use crate::table::{Held, SlotState};
use crate::work::{Files, Workshop};
use ask::{Waiter, ask, block_on};
use system::{Plan, Running};

/// What `run()` opened.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// The output that plays.
    pub output: OutputInfo,
    /// Why it is the null output instead of the default device, with `output: "auto"`.
    pub fallback: Option<DeviceError>,
}

/// Loads and plays samples. All methods may be called from any thread; only `run`, `run_on`,
/// `run_with`, `shut_down`, `set_output`, `render`, `wait` of a ticket or a queue, and a
/// ticket's `wait_analyses` may take longer than a millisecond; `load_many_async`,
/// `stream_many_async`, `submit_many` and `loads` only with very many loads. Dropped, it ends as by
/// `shut_down`; if that is on one of its own threads, a moment later.
///
/// ```
/// use hotcue::Source;
/// use hotcue_actors::{AudioEngine, EngineConfig};
///
/// let engine = AudioEngine::new(EngineConfig { output: "offline".into(), ..Default::default() })?;
/// engine.run()?;
/// let ticket = engine.load_sample_async(Some(0), Source::Path("missing.wav".into()), 0)?;
/// assert!(ticket.wait(None).is_some_and(|outcome| outcome.is_err()));
/// engine.shut_down();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AudioEngine {
    config: EngineConfig,
    /// Held while the engine starts or ends, which may take long; taken before `running`.
    lifecycle: Mutex<()>,
    /// Held shared while a batch is accepted, which may take long: whoever waits to write holds up
    /// all who read. Taken before `running`.
    accepting: RwLock<()>,
    /// Held by the thread that renders.
    rendering: Mutex<()>,
    /// Written to only when all is ready: no other call waits for a device that opens or closes.
    running: RwLock<Option<Running>>,
    events: Arc<EventQueue>,
    notices: Arc<Notices>,
    /// Opened by the first run.
    cache: OnceLock<Arc<Cache>>,
    fork_generation: u32,
}

impl std::fmt::Debug for AudioEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioEngine").field("config", &self.config).finish_non_exhaustive()
    }
}

impl AudioEngine {
    /// Checks `config`; opens and starts nothing.
    ///
    /// # Errors
    /// A field outside its range.
    pub fn new(config: EngineConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let events = Arc::new(EventQueue::new());
        let notices = Arc::new(Notices::default());
        // Nothing comes before `run()`.
        events.close();
        notices.close();
        Ok(Self {
            config,
            lifecycle: Mutex::new(()),
            accepting: RwLock::new(()),
            rendering: Mutex::new(()),
            running: RwLock::new(None),
            events,
            notices,
            cache: OnceLock::new(),
            fork_generation: forks::generation(),
        })
    }

    /// Opens the output and starts the actors, with empty slots.
    ///
    /// # Errors
    /// `AlreadyRunning`; `Device` when the output cannot be opened; `Cache` when its folder cannot;
    /// `Threads`. Nothing runs then.
    pub fn run(&self) -> Result<RunInfo, EngineError> {
        let _lifecycle = self.begin()?;
        let request = self.output_request(self.config.sample_rate);
        let name = self.config.output.as_str();
        let target = target_of(name);
        let mut fallback = None;
        let prepared = match prepare(name, target.as_ref(), &request) {
            Err(error) if name == "auto" => {
                fallback = Some(error);
                output::prepare_null(&request)
            }
            prepared => prepared?,
        };
        match self.start(prepared, target.clone(), fallback.clone()) {
            // The default device was there but would not start.
            Err(EngineError::Device(error)) if name == "auto" && fallback.is_none() => {
                self.start(output::prepare_null(&request), target, Some(error))
            }
            result => result,
        }
    }

    /// As [`run`](Self::run), on an output of the caller's own, such as a mock.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_on(&self, output: Box<dyn PreparedOutput>) -> Result<RunInfo, EngineError> {
        let _lifecycle = self.begin()?;
        self.start(output, None, None)
    }

    /// As [`run`](Self::run), on a device of the caller's own. `open` is called now for the first
    /// of `paths`, and for the others if that does not open; whenever the device is lost it is
    /// called again, on a thread of the engine's, until it succeeds. A path is the `id` of the
    /// output that it leads to.
    ///
    /// # Errors
    /// As [`run`](Self::run); where none opens, what `open` said of the first.
    pub fn run_with(
        &self,
        paths: Vec<String>,
        open: impl Fn(&str, &OutputRequest) -> Result<Box<dyn PreparedOutput>, DeviceError>
        + Send
        + Sync
        + 'static,
    ) -> Result<RunInfo, EngineError> {
        let _lifecycle = self.begin()?;
        let target = Target::Own { paths, open: Arc::new(open) };
        let prepared = target.prepare(&self.output_request(self.config.sample_rate))?;
        self.start(prepared, Some(target), None)
    }

    fn start(
        &self,
        prepared: Box<dyn PreparedOutput>,
        target: Option<Target>,
        fallback: Option<DeviceError>,
    ) -> Result<RunInfo, EngineError> {
        let files = Files { cache: self.cache()?, caches_audio: self.config.cache_audio };
        self.start_by(prepared, target, fallback, Arc::new(files), Plan::start)
    }

    /// The cache, if there is to be one.
    fn cache(&self) -> Result<Option<Arc<Cache>>, EngineError> {
        let Some(folder) = &self.config.cache_dir else { return Ok(None) };
        if let Some(cache) = self.cache.get() {
            return Ok(Some(Arc::clone(cache)));
        }
        let cache = Cache::open(folder, self.config.cache_bytes).map_err(|error| {
            EngineError::Cache { folder: folder.clone(), error: Arc::new(error) }
        })?;
        Ok(Some(Arc::clone(self.cache.get_or_init(|| Arc::new(cache)))))
    }

    fn start_by(
        &self,
        prepared: Box<dyn PreparedOutput>,
        target: Option<Target>,
        fallback: Option<DeviceError>,
        workshop: Arc<dyn Workshop>,
        start: impl FnOnce(Plan) -> Result<Running, EngineError>,
    ) -> Result<RunInfo, EngineError> {
        self.notices.begin_run();
        let info = prepared.info().clone();
        // From here to `shut_down()`, whatever outputs come and go.
        let sample_rate = self.config.sample_rate.unwrap_or(info.sample_rate);
        let can_load = (MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&sample_rate);
        if !can_load || info.channels == 0 {
            let OutputInfo { name, channels, .. } = info;
            let message = format!(
                "{name} has {channels} channels at {sample_rate} Hz: 1 or more, at \
                 {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz, are supported"
            );
            return Err(DeviceError::new(DeviceErrorKind::UnsupportedConfig, message).into());
        }
        let (mut controller, renderer) = playback::split(PlaybackConfig {
            sample_rate,
            output_channels: info.channels,
            slots: self.config.slots,
            max_voices: self.config.max_voices,
            meter_frames: sample_rate.div_ceil(self.config.meter_rate_hz),
            // All of them may begin and end in one block, and half of the ring is theirs.
            event_capacity: (4 * self.config.max_voices).max(4_096),
            ..PlaybackConfig::default()
        });
        // The first command, and so there is room for it.
        controller.try_send(ControlMessage::SetLimiter { on: self.config.limiter }).ok();
        let output = prepared.start(renderer).map_err(|failed| failed.error)?;
        let info = output.info().clone();
        let request = self.output_request(Some(sample_rate));
        let (device, view) = Device::new(output, request, target.clone(), fallback.is_some());
        let started = start(Plan {
            config: self.config.clone(),
            controller,
            device,
            view,
            sample_rate,
            target,
            events: Arc::clone(&self.events),
            notices: Arc::clone(&self.notices),
            homes: Homes::Threads,
            workshop,
        })?;
        self.events.open();
        self.notices.open();
        let state = if fallback.is_some() { DeviceState::Fallback } else { DeviceState::Started };
        started.publisher.device(state, info.name.clone());
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = Some(started);
        Ok(RunInfo { output: info, fallback })
    }

    /// Ends every load, the output and all threads. Does nothing when nothing runs. Events stay
    /// readable; samples that the caller holds stay valid.
    pub fn shut_down(&self) {
        if self.is_forked() {
            // The threads live in the parent, and the lock may have been taken there.
            return;
        }
        // A `run()` of another thread begins after the end; all other calls fail from here on.
        let _lifecycle = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = self.accepting.write().unwrap_or_else(PoisonError::into_inner);
        let running = self.running.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(accepted);
        // Actors on the caller's own thread end with their runtime: here nobody could wait.
        if let Some(running) = running.filter(Running::has_threads) {
            end(running, &self.events, &self.notices);
        }
    }

    /// Whether `run()` was called and `shut_down()` was not.
    pub fn is_running(&self) -> bool {
        self.with(|_| Ok(())).is_ok()
    }

    /// Loads `source` into slot `id`, or into the lowest free one. Returns at once; what becomes
    /// of it comes as events and through the ticket. Higher `priority` goes first, −100..=100.
    ///
    /// A newer load of a slot supersedes its older one. The sample that is in the slot stays,
    /// playing, until the new one is there.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("priority")`, `Submit`. A bad file is no error here.
    pub fn load_sample_async(
        &self,
        id: Option<u32>,
        source: Source,
        priority: i32,
    ) -> Result<LoadTicket, EngineError> {
        self.submit(id, source, &SubmitOptions { priority, ..SubmitOptions::default() })
    }

    /// As [`load_sample_async`](Self::load_sample_async), but only the head of the file and the
    /// beginnings of its loops come into memory: what voices play is read ahead of them. For files
    /// that are too long to be held; `success` comes as soon as the head is there.
    ///
    /// At most [`MAX_STREAM_VOICES`](crate::MAX_STREAM_VOICES) voices play streams at a time. Such a
    /// sample is not evicted, and is not shared with a load of the same file.
    ///
    /// # Errors
    /// As [`load_sample_async`](Self::load_sample_async).
    pub fn stream_sample_async(
        &self,
        id: Option<u32>,
        source: Source,
        priority: i32,
    ) -> Result<LoadTicket, EngineError> {
        self.submit(id, source, &SubmitOptions { priority, stream: true, ..Default::default() })
    }

    /// As [`load_sample_async`](Self::load_sample_async), with all options there are.
    ///
    /// # Errors
    /// As [`load_sample_async`](Self::load_sample_async).
    pub fn submit(
        &self,
        id: Option<u32>,
        source: Source,
        options: &SubmitOptions,
    ) -> Result<LoadTicket, EngineError> {
        let wishes = options.wishes()?;
        self.with(|running| {
            let request = running.loader().submit(id, aside::kept(source), wishes)?;
            Ok(running.ticket(request))
        })
    }

    /// Has what the slot holds heard: one `analysis` event per kind follows. The ticket's load has
    /// ended already, with `success`, from memory; [`cancel_load`](Self::cancel_load) ends the
    /// analysis. Higher `priority` goes first, −100..=100, among analyses; all loads go before.
    ///
    /// What was found once is kept with the sample, whatever slots that is in.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("priority")`, `Submit(IdOutOfRange)`; `NoSample` for a slot
    /// that is empty, or still loading.
    pub fn analyze_sample_async(
        &self,
        id: u32,
        kinds: &[AnalysisKind],
        priority: i32,
    ) -> Result<LoadTicket, EngineError> {
        let analyze = kinds.to_vec();
        self.submit_analysis(id, &SubmitOptions { priority, analyze, ..SubmitOptions::default() })
    }

    /// As [`analyze_sample_async`](Self::analyze_sample_async), of the kinds in `options`. Whether it
    /// says `stream` makes no difference: the sample is there.
    ///
    /// # Errors
    /// As [`analyze_sample_async`](Self::analyze_sample_async).
    pub fn submit_analysis(
        &self,
        id: u32,
        options: &SubmitOptions,
    ) -> Result<LoadTicket, EngineError> {
        let wishes = options.wishes()?;
        self.with(|running| {
            running.table.check_slot(id)?;
            let request = running.table.analyze(id, wishes, |request, sample| {
                running.publisher.started(request);
                running.publisher.success(request, sample, true, Instant::now());
            });
            Ok(running.ticket(request.ok_or(EngineError::NoSample(id))?))
        })
    }

    /// Ends a queued or running request, or what is still to be heard for one that has succeeded.
    /// True means that its `cancelled` event follows, or `analysis` events that say so.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn cancel_load(&self, request_id: u64) -> Result<bool, EngineError> {
        self.with(|running| Ok(cancel(&running.table, &running.publisher, request_id)))
    }

    /// Changes the priority of a queued or running request, −100..=100; higher goes first. False
    /// when it has ended.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("priority")`.
    pub fn set_priority(&self, request_id: u64, priority: i32) -> Result<bool, EngineError> {
        options::check_priority(priority)?;
        self.with(|running| Ok(running.loader().set_priority(request_id, priority)))
    }

    /// Takes the next event, unless it is of a load that is `awaited`. Never waits for an actor or for
    /// work, never fails; no system call when there is none. Before `run()` there is nothing, after
    /// `shut_down()` what is left.
    pub fn poll_loader_events(&self) -> Option<LoaderEvent> {
        self.events.poll()
    }

    /// Takes up to `limit` events, all with None.
    pub fn drain_loader_events(&self, limit: Option<usize>) -> Vec<LoaderEvent> {
        self.events.drain(limit)
    }

    /// The queue behind [`poll_loader_events`](Self::poll_loader_events): closed outside `run()` to
    /// `shut_down()`.
    pub fn events(&self) -> &Arc<EventQueue> {
        &self.events
    }

    /// What a slot holds; read from the table, never stale after a call or a polled event.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`.
    pub fn state(&self, id: u32) -> Result<SlotState, EngineError> {
        self.with(|running| {
            running.table.check_slot(id)?;
            Ok(running.table.state(id))
        })
    }

    /// Every queued and running request, oldest first.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn loads(&self) -> Result<Vec<LoadStatus>, EngineError> {
        self.with(|running| {
            let live = running.table.live_requests();
            Ok(live.iter().map(|request| ticket::status(request)).collect())
        })
    }

    /// The finished sample that the slot plays.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`.
    pub fn sample(&self, id: u32) -> Result<Option<Arc<Sample>>, EngineError> {
        Ok(self.sample_and_path(id)?.map(|(sample, _)| sample))
    }

    /// As [`sample`](Self::sample), with the path that it was loaded from into this slot: where a file
    /// has several, slots share its sample.
    ///
    /// # Errors
    /// As [`sample`](Self::sample).
    pub fn sample_and_path(&self, id: u32) -> Result<Option<NamedSample>, EngineError> {
        self.with(|running| {
            running.table.check_slot(id)?;
            Ok(running.table.sample(id))
        })
    }

    /// Cancels the slot's load, drops its waiting play, fades its voices and empties it. Once
    /// this has returned, `sample(id)` is None.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`.
    pub fn unload_sample(&self, id: u32) -> Result<(), EngineError> {
        self.with(|running| {
            running.table.check_slot(id)?;
            let unloaded = running.table.unload(id);
            if let Some(request) = unloaded.cancelled {
                running.publisher.cancelled(&request, CancelReason::User);
            }
            running.sink.do_send(Unload {
                slot: id,
                change: unloaded.change,
                cause: UnloadCause::Asked,
            });
            Ok(())
        })
    }

    /// Keeps what the slot holds, now and after further loads, in memory whatever the budget
    /// says, until it is unpinned or unloaded. Brings back nothing that was evicted.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`.
    pub fn pin_sample(&self, id: u32, pinned: bool) -> Result<(), EngineError> {
        self.with(|running| {
            running.table.check_slot(id)?;
            running.table.pin(id, pinned);
            Ok(())
        })
    }

    /// Moves to another output: `"default"`, `"null"`, the id of a device, or a path that
    /// [`run_with`](Self::run_with) was given, which is tried before the others of that device.
    /// Voices keep their place. The engine's rate stays.
    ///
    /// # Errors
    /// `NotInitialized`; `Device` when it does not open at the engine's rate: the output stays
    /// as it was, or, where the new one fails while starting, the null clock goes on.
    pub fn set_output(&self, output: &str) -> Result<(), EngineError> {
        let (sample_rate, sink, own) = self.with(|running| {
            let own = running.target.as_ref().and_then(|target| target.own_by(output));
            Ok((running.sample_rate, running.sink.clone(), own))
        })?;
        let target = own.or_else(|| target_of(output));
        let request = self.output_request(Some(sample_rate));
        let prepared = prepare(output, target.as_ref(), &request)?;
        ask(&sink, |done| SwitchOutput { prepared, target, done }, None)
            .ok_or(EngineError::NotInitialized)?
            .map_err(EngineError::from)
    }

    /// Figures about the running engine; in a forked child, which has none, nothing.
    pub fn stats(&self) -> EngineStats {
        if self.is_forked() {
            // A thread that is not there may hold the locks.
            return EngineStats::default();
        }
        let unread_events = self.events.len();
        let dropped_events = self.events.dropped();
        let unread_notices = self.notices.polled().dropped();
        let cache = self.cache.get().map(|cache| cache.stats()).unwrap_or_default();
        let figures = self.with(|running| {
            let Held { samples, sample_bytes, elsewhere_bytes } = running.table.held();
            Ok(EngineStats {
                workers: running.workers,
                abandoned_workers: running.table.abandoned_workers(),
                queued: running.table.queued(),
                live: running.table.live(),
                analyses: running.table.analyses().open(),
                stores: running.stores.open(),
                samples,
                sample_bytes,
                reserved_bytes: elsewhere_bytes,
                memory_budget: running.table.ledger().limit(),
                unread_events,
                dropped_events,
                voices: running.table.plays().count(),
                most_voices: running.playback.most_voices(),
                stream_voices: running.streams.voices(),
                underruns: running.playback.underruns(),
                callback_load: running.playback.load(),
                callbacks: running.playback.callbacks(),
                xruns: running.device.xruns(),
                dropped_playback_events: running.playback.dropped_events() + unread_notices,
                dropped_changes: running.playback.dropped_changes(),
                callback_panics: running.playback.callback_panics(),
                output: running.device.info().map_or_else(String::new, |info| info.id),
                cache,
            })
        });
        figures.unwrap_or_else(|_| EngineStats {
            unread_events,
            dropped_events,
            dropped_playback_events: unread_notices,
            cache,
            ..EngineStats::default()
        })
    }

    /// The loader's address, for programs that send messages themselves.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn supervisor(&self) -> Result<Addr<LoaderSupervisor>, EngineError> {
        self.with(|running| Ok(running.supervisor.clone()))
    }

    /// The event bus's address, to subscribe a queue of one's own.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn event_bus(&self) -> Result<Addr<EventBus>, EngineError> {
        self.with(|running| Ok(running.bus.clone()))
    }

    /// A handle that pushes samples to the audio side without a load.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn stream_handle(&self) -> Result<AudioStreamHandle, EngineError> {
        self.with(|running| {
            Ok(AudioStreamHandle::new(running.sink.clone(), Arc::clone(&running.table)))
        })
    }

    fn with<T>(
        &self,
        call: impl FnOnce(&Running) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        call(self.read()?.as_ref().ok_or(EngineError::NotInitialized)?)
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Option<Running>>, EngineError> {
        self.check_fork()?;
        Ok(self.running.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an output is asked for.
    fn output_request(&self, sample_rate: Option<u32>) -> OutputRequest {
        OutputRequest { sample_rate, buffer_frames: self.config.buffer_frames }
    }

    /// Waits for another thread's `run` or `shut_down`, then keeps the engine for this one.
    fn begin(&self) -> Result<MutexGuard<'_, ()>, EngineError> {
        self.check_fork()?;
        if !forks::can_run() {
            return Err(EngineError::Forked);
        }
        let lifecycle = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_running() { Err(EngineError::AlreadyRunning) } else { Ok(lifecycle) }
    }

    fn check_fork(&self) -> Result<(), EngineError> {
        if self.is_forked() { Err(EngineError::Forked) } else { Ok(()) }
    }

    fn is_forked(&self) -> bool {
        forks::generation() != self.fork_generation
    }
}

/// What an output of this name is to come back to when it is lost.
fn target_of(output: &str) -> Option<Target> {
    match output {
        "null" | "offline" => None,
        "auto" | "default" => Some(Target::Default),
        id => Some(Target::Id(id.to_owned())),
    }
}

/// Prepares the output of this name, by the ways to its target if it has one.
fn prepare(
    name: &str,
    target: Option<&Target>,
    request: &OutputRequest,
) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    match target {
        Some(target) => target.prepare(request),
        None if name == "null" => Ok(output::prepare_null(request)),
        None => Ok(output::prepare_offline(request)),
    }
}

/// Ends what runs, its output and all its threads.
fn end(running: Running, events: &EventQueue, notices: &Notices) {
    block_on(running.stop(Waiter::Thread));
    // The bus has done so, if it was still there.
    events.close();
    // No sink does so: one whose output hangs may come back in the next run.
    notices.close();
}

impl Drop for AudioEngine {
    fn drop(&mut self) {
        let is_forked = self.is_forked();
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        if is_forked {
            // Nothing of it works here, not even its end.
            mem::forget(running.take());
        } else if let Some(running) = running.take_if(|running| running.is_here()) {
            // A thread of its own, as by a waker that held it last, would wait for itself.
            let (events, notices) = (Arc::clone(&self.events), Arc::clone(&self.notices));
            let end = move || end(running, &events, &notices);
            thread::Builder::new().name("hotcue-end".into()).spawn(end).ok();
        } else {
            self.shut_down();
        }
    }
}
