//! One engine's life under a virtual clock: random calls at random times.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::{Instant, sleep};
use hotcue::SampleBuffer;
use hotcue::analysis::AnalysisKind;
use hotcue::output::OutputRequest;
use hotcue::playback::COMMANDS_PER_BLOCK;
use hotcue_actors::testing::{Jitter, World};
use hotcue_actors::{
    AudioEngine, EngineConfig, EngineError, LoadBatch, LoaderEvent, PlayOptions, SlotState,
    SubmitError, SubmitOptions, WhenLoading,
};
use hotcue_tests::Random;

use crate::checks;
use crate::device::Device;
use crate::disk::Disk;
use crate::log::{Call, Entry, Log, What};
use crate::model::{Model, Request};
use crate::under_a_virtual_clock;

/// How often the reader polls; events of one load are further apart.
const POLL: Duration = Duration::from_millis(10);
/// The engine's, in Hz: low, so that short scripts are long enough to be played before their end.
const RATE: u32 = 8_000;
/// The values of the sample that is pushed: no file has such.
const PUSHED: f32 = 0.99;
/// What the callback asks for at a time, and how often.
const BLOCK: usize = 80;
const BLOCK_TIME: Duration = Duration::from_millis(10);
/// Messages that fill the ring to the callback.
const FLOOD: usize = 1_100;

/// Shape of one schedule.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) workers: usize,
    pub(crate) jitter: Jitter,
    slots: usize,
    files: usize,
    /// How many of them are played from where they lie.
    streamed: usize,
    max_queued: usize,
    clocked: bool,
    pub(crate) budget: Option<u64>,
    calls: usize,
    ends_after: Option<usize>,
    /// The callback will be left without a turn while the ring fills.
    pub(crate) floods: bool,
}

impl Shape {
    fn new(random: &mut Random, seed: u64) -> Self {
        // Of a source of its own: what has none is as it was before there were any.
        let mut aside = Random::new(!seed);
        let jitter = match random.below(4) {
            0 => Jitter::default(),
            1 | 2 => Jitter { yields_one_in: 2 + random.below(6) as u64, ..Jitter::default() },
            _ => Jitter {
                yields_one_in: 4,
                sleeps_one_in: 2 + random.below(20) as u64,
                longest: Duration::from_millis(1 + random.below(20) as u64),
            },
        };
        let calls = 4 + random.below(40);
        let clocked = random.one_in(2);
        let budget = random.one_in(3).then(|| [1_000, 10_000, 30_000, 60_000][random.below(4)]);
        let [workers, slots, files] = [3, 6, 8].map(|most| 1 + random.below(most));
        Self {
            workers,
            jitter,
            slots,
            files,
            streamed: if aside.one_in(4) { 1 + aside.below(files) } else { 0 },
            max_queued: if random.one_in(6) { 3 } else { 1_000 },
            clocked,
            budget,
            calls,
            ends_after: random.one_in(3).then(|| random.below(calls)),
            floods: clocked && random.one_in(50),
        }
    }
}

/// Runs the schedule that follows from `seed`; all that happened, in order. Panics, with the log
/// in it, when a promise is broken.
pub(crate) fn run(seed: u64) -> Result<Vec<Entry>, (String, Vec<Entry>)> {
    under_a_virtual_clock(async {
        let log = Log::start();
        let schedule = actix_rt::spawn(live(seed, log.clone()));
        match schedule.await {
            Ok(()) => Ok(log.entries()),
            Err(failed) => Err((message(failed.into_panic()), log.entries())),
        }
    })
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, |s| (*s).to_owned()),
    }
}

async fn live(seed: u64, log: Log) {
    let mut random = Random::new(seed);
    let shape = Shape::new(&mut random, seed);
    let contents = random.below(2);
    let disk = Disk::new(&mut random, (shape.files, shape.streamed, contents), &log);
    let spare = Device::default();
    let world = World::new(random.number(), shape.jitter, Arc::clone(&disk) as _, {
        let spare = spare.clone();
        move |request: &OutputRequest| spare.prepare(request)
    });
    let engine = AudioEngine::new(EngineConfig {
        slots: shape.slots,
        sample_rate: Some(RATE),
        workers: Some(shape.workers),
        max_queued: shape.max_queued,
        memory_budget: shape.budget,
        ..EngineConfig::default()
    })
    .expect("a valid configuration");
    let device = if shape.clocked { Device::clocked() } else { Device::default() };
    engine.run_here(device.prepare(&OutputRequest::default()), &world).expect("it starts");
    let mut model = Model::new(shape.slots, &disk, shape.budget);
    model.pulled(!shape.clocked);
    let pushed = SampleBuffer::from_planes(48_000, vec![vec![PUSHED; 100]]).expect("not empty");
    let engine = Arc::new(engine);
    let reader = actix_rt::spawn(read_along(Arc::clone(&engine), Arc::clone(&disk), log.clone()));
    let mut caller = Caller {
        random,
        shape,
        disk,
        engine,
        device,
        model,
        pushed,
        log: log.clone(),
        batches: Vec::new(),
    };
    caller.live().await;
    reader.abort();
    if let Err(failed) = reader.await
        && failed.is_panic()
    {
        std::panic::resume_unwind(failed.into_panic());
    }
    read(&caller.engine, &caller.disk, &log);
    checks::check(&caller.shape, &caller.disk, &caller.model, &log.entries());
}

/// Polls events and notices until it is aborted.
async fn read_along(engine: Arc<AudioEngine>, disk: Arc<Disk>, log: Log) {
    loop {
        read(&engine, &disk, &log);
        sleep(POLL).await;
    }
}

fn read(engine: &AudioEngine, disk: &Disk, log: &Log) {
    while let Some(event) = engine.poll_loader_events() {
        // What it says is already true.
        if event.is_terminal()
            && let Ok(loads) = engine.loads()
        {
            let id = event.request_id();
            assert!(!loads.iter().any(|load| Some(load.request_id) == id), "not yet: {event:?}");
        }
        // A later play of it sounds, unless its sample has to begin anew or to move.
        if let LoaderEvent::Playable { id, request_id, .. } = event
            && !disk.has_lied()
            && engine.stats().memory_budget.is_none()
            && let (Ok(state), Ok(loads)) = (engine.state(id), engine.loads())
            && loads.iter().any(|load| load.request_id == request_id)
        {
            let can_play = matches!(state, SlotState::Playable | SlotState::Ready);
            assert!(can_play, "{state:?} after {event:?}");
        }
        log.note(What::Event(event));
    }
    while let Some(notice) = engine.poll_playback_events() {
        log.note(What::Notice(notice));
    }
}

struct Caller {
    random: Random,
    shape: Shape,
    disk: Arc<Disk>,
    engine: Arc<AudioEngine>,
    device: Device,
    model: Model,
    pushed: Arc<SampleBuffer>,
    log: Log,
    /// With the number of the first request.
    batches: Vec<(LoadBatch, usize)>,
}

impl Caller {
    async fn live(&mut self) {
        let flood_at = self.shape.floods.then(|| self.random.below(self.shape.calls));
        for call in 0..self.shape.calls {
            if self.shape.ends_after == Some(call) {
                return self.shut_down().await;
            }
            self.pause().await;
            self.model.look(&self.engine, &self.disk);
            if flood_at == Some(call) {
                self.flood().await;
            }
            self.call().await;
        }
        self.come_to_rest().await;
        self.shut_down().await;
    }

    /// Lets others have a turn, or time pass.
    async fn pause(&mut self) {
        let ms = match self.random.below(16) {
            0..6 => return,
            6..9 => return tokio::task::yield_now().await,
            9..13 => 1 + self.random.below(12),
            13 | 14 => self.random.below(150),
            _ => {
                let most = if self.random.one_in(4) { 4_000 } else { 600 };
                self.random.below(most)
            }
        };
        sleep(Duration::from_millis(ms as u64)).await;
    }

    fn note(&self, call: Call) {
        self.log.note(What::Call(call));
    }

    fn slot(&mut self) -> u32 {
        u32::try_from(self.random.below(self.shape.slots)).expect("few slots")
    }

    async fn call(&mut self) {
        match self.random.below(40) {
            0..15 => self.load(),
            15 if self.random.one_in(2) => self.load_many(),
            15 => self.cancel_many(),
            16..19 => self.cancel(),
            19..23 => self.set_priority(),
            23 | 24 => self.unload(),
            25 => self.push(),
            26..29 => self.play(),
            34 | 35 => self.pin(),
            36 | 37 => self.analyze(),
            29 => {
                let slot = self.slot();
                self.engine.stop_sample(slot, 0.005).expect("it runs");
                self.model.stopped(slot as usize);
                self.note(Call::Stop { slot });
            }
            30 | 31 => {
                let file = self.random.below(self.disk.len());
                if self.disk.is_path(file) {
                    self.disk.replace(file, &mut self.random);
                    self.model.replaced(file, self.disk.now(file).1.end);
                    self.note(Call::Replace { file });
                }
            }
            32 if self.random.one_in(3) => {
                self.device.lose();
                self.note(Call::LoseDevice);
            }
            33 if self.random.one_in(3) => {
                self.device =
                    if self.shape.clocked { Device::clocked() } else { Device::default() };
                let prepared = self.device.prepare(&OutputRequest::default());
                self.note(Call::SwitchOutput);
                self.engine.switch_here(prepared).await.expect("it opens");
            }
            _ => {
                let frames = self.random.below(2_000);
                self.device.pull(frames);
                self.model.pulled(!self.shape.clocked);
                self.note(Call::Pull { frames });
            }
        }
    }

    /// What is to be heard in a sample; mostly nothing.
    fn kinds(&mut self) -> Vec<AnalysisKind> {
        const KINDS: [AnalysisKind; 3] =
            [AnalysisKind::Onsets, AnalysisKind::Bpm, AnalysisKind::Key];
        match self.random.below(4) {
            0 => KINDS.into_iter().filter(|_| self.random.one_in(2)).collect(),
            1 => KINDS.to_vec(),
            _ => Vec::new(),
        }
    }

    fn analyze(&mut self) {
        let (slot, kinds) = (self.slot(), self.kinds());
        let request = match self.engine.analyze_sample_async(slot, &kinds, 0) {
            Ok(ticket) => {
                self.model.analyzed(&ticket, &kinds, self.log.now());
                Some(self.model.requests.len() - 1)
            }
            Err(EngineError::NoSample(_)) => {
                self.model.cannot_be_analyzed(slot);
                None
            }
            Err(other) => panic!("{other}"),
        };
        self.note(Call::Analyze { slot, request });
    }

    fn load(&mut self) {
        let slot = (!self.random.one_in(5)).then(|| self.slot());
        let file = self.random.below(self.disk.len());
        let priority = [0, 0, 0, 1, 5, -3][self.random.below(6)];
        let kinds = self.kinds();
        let stream = self.disk.is_streamed(file);
        let analyze = kinds.clone();
        let options = SubmitOptions { priority, stream, analyze, ..Default::default() };
        let loaded = self.engine.submit(slot, self.disk.source(file), &options);
        let ticket = match loaded {
            Ok(ticket) => Some(ticket),
            Err(EngineError::Submit(SubmitError::QueueFull)) => None,
            Err(EngineError::Submit(SubmitError::NoFreeSlot)) if slot.is_none() => None,
            Err(other) => panic!("{other}"),
        };
        let request = ticket.is_some().then_some(self.model.requests.len());
        if let Some(ticket) = ticket {
            let (version, _) = self.disk.now(file);
            self.model.accepted(ticket, file, version, priority, self.log.now());
            self.model.asks(&kinds);
        }
        let kinds = kinds.len();
        self.note(Call::Load { request, slot, file, priority, kinds });
    }

    fn load_many(&mut self) {
        let count = 1 + self.random.below(5);
        let mut loads: Vec<(Option<u32>, usize)> = (0..count)
            .map(|_| {
                let slot = (!self.random.one_in(3)).then(|| self.slot());
                (slot, self.random.below(self.disk.len()))
            })
            .collect();
        // Of a batch, all are loaded.
        loads.retain(|(_, file)| !self.disk.is_streamed(*file));
        if loads.is_empty() {
            return;
        }
        let priority = [0, 3, -3][self.random.below(3)];
        let items = loads.iter().map(|(slot, file)| (*slot, self.disk.source(*file))).collect();
        // What ends meanwhile would be taken for superseded.
        self.model.look(&self.engine, &self.disk);
        let kinds = self.kinds();
        let options = SubmitOptions { priority, analyze: kinds.clone(), ..Default::default() };
        let first = match self.engine.submit_many(items, &options) {
            Ok(batch) => {
                let first = self.model.requests.len();
                let mut tickets: Vec<_> = batch.tickets().iter().cloned().zip(&loads).collect();
                // Ids of loads without a slot of their own were given out first.
                tickets.sort_by_key(|(ticket, _)| ticket.request_id());
                for (ticket, (_, file)) in tickets {
                    let (version, _) = self.disk.now(*file);
                    self.model.accepted(ticket, *file, version, priority, self.log.now());
                    self.model.asks(&kinds);
                }
                self.batches.push((batch, first));
                Some(first)
            }
            // None was.
            Err(EngineError::Submit(SubmitError::QueueFull | SubmitError::NoFreeSlot)) => None,
            Err(other) => panic!("{other}"),
        };
        self.note(Call::LoadMany { first, loads, priority });
        self.model.look(&self.engine, &self.disk);
    }

    fn cancel_many(&mut self) {
        let Some((batch, first)) = self.batches.pop() else { return };
        let live = |model: &Model| {
            let of_batch = first..first + batch.tickets().len();
            model.live().filter(|request| of_batch.contains(request)).collect::<Vec<_>>()
        };
        let ended = live(&self.model);
        let cancelled = batch.cancel();
        self.note(Call::CancelMany { cancelled });
        assert_eq!(cancelled, ended.len(), "{batch:?}");
        ended.into_iter().for_each(|request| self.model.cancel(request, true));
        let progress = batch.progress();
        assert_eq!(progress.done + progress.failed + progress.cancelled, progress.total);
        assert!((progress.percent - 100.0).abs() < 1e-9, "{progress:?}");
    }

    /// One of the newest requests, most likely a live one.
    fn some_request(&mut self) -> Option<usize> {
        if self.random.one_in(3)
            && let Some(asks) = self.model.some_that_asks()
        {
            return Some(asks);
        }
        let live: Vec<usize> = self.model.live().collect();
        if !live.is_empty() && !self.random.one_in(8) {
            return Some(live[self.random.below(live.len())]);
        }
        let count = self.model.requests.len();
        (count > 0).then(|| self.random.below(count))
    }

    fn cancel(&mut self) {
        let Some(request) = self.some_request() else { return };
        let Request { ticket, id, .. } = &self.model.requests[request];
        let cancelled = match ticket {
            Some(ticket) if self.random.one_in(2) => ticket.cancel(),
            _ => self.engine.cancel_load(*id).expect("it runs"),
        };
        self.note(Call::Cancel { request, cancelled });
        self.model.cancel(request, cancelled);
    }

    fn set_priority(&mut self) {
        let Some(request) = self.some_request() else { return };
        let priority = [-100, -1, 0, 2, 9, 100][self.random.below(6)];
        let id = self.model.requests[request].id;
        let live = self.engine.set_priority(id, priority).expect("it runs");
        self.note(Call::SetPriority { request, priority, live });
        self.model.set_priority(request, priority, live, self.log.now());
    }

    fn unload(&mut self) {
        let slot = self.slot();
        self.engine.unload_sample(slot).expect("it runs");
        self.note(Call::Unload { slot });
        self.model.unload(slot as usize);
        assert!(self.engine.sample(slot).expect("it runs").is_none(), "unloaded");
        // Nothing is heard of it any more, either.
        for request in self.model.requests.iter().filter(|request| request.slot == slot) {
            let open = self.engine.cancel_load(request.id).expect("it runs");
            assert!(!open, "an analysis of what was unloaded goes on: {request:?}");
        }
    }

    fn push(&mut self) {
        let slot = self.slot();
        let handle = self.engine.stream_handle().expect("it runs");
        handle.push_sample(slot, Arc::clone(&self.pushed)).expect("it runs");
        self.note(Call::Push { slot });
        self.model.push(slot as usize, &self.pushed);
    }

    fn play(&mut self) {
        let slot = self.slot();
        let looped = self.random.one_in(3);
        let options = PlayOptions {
            looping: looped.into(),
            when_loading: WhenLoading::PlayWhenReady,
            ..PlayOptions::default()
        };
        let voice = self.engine.play_sample(slot, options).expect("it runs");
        self.note(Call::Play { slot, plays: voice.is_some() });
        let now = self.log.now();
        self.model.played(slot, (voice, looped), &self.engine, &self.disk, now);
    }

    fn pin(&mut self) {
        let slot = self.slot();
        let pinned = !self.random.one_in(3);
        self.engine.pin_sample(slot, pinned).expect("it runs");
        self.note(Call::Pin { slot, pinned });
        self.model.pin(slot as usize, pinned);
    }

    /// Fills the ring while no callback takes anything.
    async fn flood(&mut self) {
        self.note(Call::Flood);
        self.model.ring_may_fill = true;
        self.model.stopped_all();
        for _ in 0..FLOOD {
            self.engine.set_volume(1.0).expect("it runs");
        }
        sleep(Duration::from_millis(2_500)).await;
        self.model.look(&self.engine, &self.disk);
    }

    /// Waits until all has ended that will, and ends the rest.
    async fn come_to_rest(&mut self) {
        let hanging: Vec<usize> =
            self.model.live().filter(|request| self.model.may_hang(*request)).collect();
        for request in hanging {
            self.model.look(&self.engine, &self.disk);
            let id = self.model.requests[request].id;
            let cancelled = self.engine.cancel_load(id).expect("it runs");
            self.note(Call::Cancel { request, cancelled });
            self.model.cancel(request, cancelled);
        }
        let all: Duration = (0..self.disk.len()).map(|file| self.disk.now(file).1.takes()).sum();
        let deadline = Instant::now()
            + Duration::from_secs(120)
            + all.min(Duration::from_secs(60))
                * u32::try_from(self.model.requests.len()).expect("few requests");
        while self.model.live().next().is_some() {
            assert!(
                Instant::now() < deadline,
                "never ends: {:?}",
                self.model.live().collect::<Vec<_>>()
            );
            sleep(Duration::from_millis(50)).await;
            self.device.pull(64);
            self.model.look(&self.engine, &self.disk);
        }
        self.model.look(&self.engine, &self.disk);
        assert_eq!(self.engine.stats().queued, 0);
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.engine.stats().analyses > 0 {
            assert!(Instant::now() < deadline, "something is never heard");
            sleep(Duration::from_millis(50)).await;
        }
        self.hear_the_rest().await;
    }

    /// Of a slot that holds nothing, nothing is heard, whatever became of what it was to hold.
    async fn hear_the_rest(&mut self) {
        self.device = Device::clocked();
        let prepared = self.device.prepare(&OutputRequest::default());
        self.engine.switch_here(prepared).await.expect("it opens");
        self.model.pulled(false);
        // A callback takes so many commands at a time, and there may be a flood of them.
        for _ in 0..4 + FLOOD / COMMANDS_PER_BLOCK {
            sleep(Duration::from_millis(50)).await;
            self.device.pull(2 * RATE as usize / 100);
        }
        self.model.look(&self.engine, &self.disk);
        for voice in self.engine.playheads().expect("it runs") {
            let held = self.engine.sample(voice.id).expect("it runs");
            assert!(held.is_some(), "{voice:?} plays what is not there");
        }
        for slot in 0..u32::try_from(self.shape.slots).expect("few slots") {
            self.hear_stream(slot).await;
        }
    }

    /// A stream sounds from start to end, whatever decoders have gone through, and is known as a
    /// whole then.
    async fn hear_stream(&mut self, slot: u32) {
        let Some(sample) = self.engine.sample(slot).expect("it runs") else { return };
        let Some(stream) = sample.stream() else { return };
        self.engine.stop_all(0.0).expect("it runs");
        self.model.stopped_all();
        for _ in 0..20 {
            self.device.pull(BLOCK);
            sleep(BLOCK_TIME).await;
        }
        let mark = sample.buffer().plane(0)[0];
        self.engine.play_sample(slot, PlayOptions::default()).expect("it runs");
        let mut heard = Vec::new();
        // Before it has reached the callback, nobody knows of it.
        while heard.len() < 20 * BLOCK || !self.engine.playheads().expect("it runs").is_empty() {
            assert!(heard.len() < 2 * self.disk.longest_stream() + 100 * BLOCK, "it never ends");
            heard.extend(self.device.pull(BLOCK));
            sleep(BLOCK_TIME).await;
        }
        let begin = heard.iter().position(|value| *value != 0.0).expect("it sounds");
        let end = heard.iter().rposition(|value| *value != 0.0).expect("it sounds") + 1;
        let gap = heard[begin..end].iter().position(|value| (value - mark).abs() > 1e-6);
        assert_eq!(gap, None, "of {mark} in slot {slot}: {:?}", self.engine.stats());
        let known = stream.frames().map(|frames| usize::try_from(frames).expect("not that long"));
        assert_eq!(known, Some(end - begin), "all of it in slot {slot}");
    }

    async fn shut_down(&mut self) {
        self.model.look(&self.engine, &self.disk);
        let before = Instant::now();
        self.engine.shut_down_here().await;
        let took = before.elapsed();
        self.note(Call::ShutDown { took });
        let limit = Duration::from_millis(500) + self.shape.jitter.longest * 20;
        assert!(took <= limit, "shutting down took {took:?}");
        self.model.shut_down(&self.disk);
        read(&self.engine, &self.disk, &self.log);
        let told = self.log.entries().len();
        sleep(Duration::from_secs(3)).await;
        read(&self.engine, &self.disk, &self.log);
        let after: Vec<Entry> = self.log.entries().split_off(told);
        let told =
            after.iter().find(|entry| matches!(entry.what, What::Event(_) | What::Notice(_)));
        assert!(told.is_none(), "after the end: {told:?}");
    }
}
