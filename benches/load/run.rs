//! The loop of a UI: submits, reads events, and notes what it sees.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use hotcue::Source;
use hotcue_actors::{AudioEngine, EngineConfig, EngineStats, LoaderEvent, MAX_SLOTS};
use hotcue_benches::{cpu_time, resident_bytes};

use super::material::Material;
use super::options::Options;

/// How often the terminal is told how far it is.
const TELL: Duration = Duration::from_millis(250);
/// In how many frames a load is cancelled, at most.
const CANCELLED_WITHIN: usize = 60;
/// Without any event for so long, what is left never ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// How one frame of the loop went.
pub(crate) struct Frame {
    /// Since the first.
    pub(crate) time_sec: f64,
    /// Behind its time.
    pub(crate) late_ms: f64,
    /// Inside the engine's calls.
    pub(crate) calls_ms: f64,
    /// Requests that have ended so far.
    pub(crate) ended: usize,
    pub(crate) resident_mb: f64,
}

/// All that was seen.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) frames: Vec<Frame>,
    /// Terminal events by kind.
    pub(crate) ends: BTreeMap<&'static str, usize>,
    pub(crate) from_cache: usize,
    /// Requests that ended more than once.
    pub(crate) twice: usize,
    pub(crate) without_end: usize,
    pub(crate) wall_sec: f64,
    pub(crate) cpu_sec: f64,
    /// Of the sources that succeeded.
    pub(crate) bytes: u64,
    pub(crate) audio_sec: f64,
    pub(crate) to_started_ms: Vec<f64>,
    pub(crate) to_success_ms: Vec<f64>,
    /// From publishing an event to reading it.
    pub(crate) event_ms: Vec<f64>,
    pub(crate) submit_us: Vec<f64>,
    pub(crate) stats: EngineStats,
}

impl Outcome {
    /// Whether each request has ended once.
    pub(crate) fn is_whole(&self) -> bool {
        self.twice == 0 && self.without_end == 0
    }
}

/// A request that has not ended.
struct Open {
    submitted_sec: f64,
    bytes: u64,
    /// In which frame to cancel it.
    cancel_in: Option<usize>,
}

/// Loads all of it on an engine of its own.
///
/// # Errors
/// The engine does not start, or refuses a load.
pub(crate) fn run(options: &Options, material: &Material) -> Result<Outcome, String> {
    let engine = AudioEngine::new(EngineConfig {
        output: options.output.clone(),
        sample_rate: Some(options.rate),
        slots: options.loads.min(MAX_SLOTS),
        workers: options.workers,
        memory_budget: options.budget_mb.map(|mb| mb * 1_000_000),
        ..EngineConfig::default()
    })
    .map_err(|error| error.to_string())?;
    engine.run().map_err(|error| error.to_string())?;
    let ui = Ui {
        engine: &engine,
        options,
        material,
        random: Rng::with_seed(options.seed),
        open: HashMap::with_capacity(options.loads),
        submitted: 0,
        outcome: Outcome::default(),
    };
    let outcome = ui.run().map_err(|error| error.to_string());
    engine.shut_down();
    outcome
}

struct Ui<'a> {
    engine: &'a AudioEngine,
    options: &'a Options,
    material: &'a Material,
    random: Rng,
    open: HashMap<u64, Open>,
    submitted: usize,
    outcome: Outcome,
}

impl Ui<'_> {
    fn run(mut self) -> Result<Outcome, hotcue_actors::EngineError> {
        let (cpu, begin) = (cpu_time(), Instant::now());
        let period = Duration::from_secs_f64(1.0 / self.options.fps);
        let (mut told, mut heard) = (begin, begin);
        let mut due = begin;
        for number in 0.. {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let woken = Instant::now();
            self.submit(number)?;
            self.cancel(number)?;
            let events = self.engine.drain_loader_events(None);
            let calls = woken.elapsed();
            if !events.is_empty() {
                heard = woken;
            }
            let now_sec = self.engine.clock()?.time_sec;
            for event in &events {
                self.see(event, now_sec)?;
            }
            self.outcome.frames.push(Frame {
                time_sec: (woken - begin).as_secs_f64(),
                late_ms: ms(woken - due),
                calls_ms: ms(calls),
                ended: self.ended(),
                resident_mb: resident_bytes().map_or(f64::NAN, |bytes| bytes as f64 / 1e6),
            });
            let done = self.submitted == self.options.loads && self.open.is_empty();
            if done || told.elapsed() >= TELL {
                told = Instant::now();
                tell(|| eprint!("\r{} submitted, {} ended ", self.submitted, self.ended()));
            }
            if done || heard.elapsed() >= PATIENCE {
                break;
            }
            // A frame that was missed is not made up for.
            due = (due + period).max(woken);
        }
        tell(|| eprintln!());
        self.outcome.wall_sec = begin.elapsed().as_secs_f64();
        self.outcome.cpu_sec = (cpu_time() - cpu).as_secs_f64();
        self.outcome.without_end = self.open.len();
        self.outcome.stats = self.engine.stats();
        Ok(self.outcome)
    }

    fn ended(&self) -> usize {
        self.submitted - self.open.len()
    }

    fn submit(&mut self, frame: usize) -> Result<(), hotcue_actors::EngineError> {
        let most = self.options.loads.min(self.submitted + self.options.per_frame);
        while self.submitted < most {
            let item = self.material.item(self.submitted);
            let slot = u32::try_from(self.submitted % MAX_SLOTS).unwrap_or(0);
            let priority = self.random.i32(self.options.priorities.clone());
            let cancel_in = (self.random.f64() < self.options.cancel)
                .then(|| frame + self.random.usize(0..=CANCELLED_WITHIN));
            let submitted_sec = self.engine.clock()?.time_sec;
            let source = Source::Path(item.path.clone());
            let before = Instant::now();
            let ticket = self.engine.load_sample_async(Some(slot), source, priority)?;
            self.outcome.submit_us.push(before.elapsed().as_secs_f64() * 1e6);
            let open = Open { submitted_sec, bytes: item.bytes, cancel_in };
            self.open.insert(ticket.request_id(), open);
            self.submitted += 1;
        }
        Ok(())
    }

    fn cancel(&mut self, frame: usize) -> Result<(), hotcue_actors::EngineError> {
        for (id, open) in &mut self.open {
            if open.cancel_in.take_if(|due| *due <= frame).is_some() {
                self.engine.cancel_load(*id)?;
            }
        }
        Ok(())
    }

    fn see(&mut self, event: &LoaderEvent, now_sec: f64) -> Result<(), hotcue_actors::EngineError> {
        self.outcome.event_ms.push((now_sec - event.time_sec()) * 1e3);
        let Some((slot, request)) = event.ids() else { return Ok(()) };
        let since = |open: &Open| (event.time_sec() - open.submitted_sec) * 1e3;
        if let LoaderEvent::Started { .. } = event {
            self.outcome.to_started_ms.extend(self.open.get(&request).map(since));
        }
        if !event.is_terminal() {
            return Ok(());
        }
        *self.outcome.ends.entry(event.kind()).or_default() += 1;
        let Some(open) = self.open.remove(&request) else {
            self.outcome.twice += 1;
            return Ok(());
        };
        if let LoaderEvent::Success { duration_sec, from_cache, .. } = event {
            self.outcome.to_success_ms.push(since(&open));
            self.outcome.bytes += open.bytes;
            self.outcome.audio_sec += duration_sec;
            self.outcome.from_cache += usize::from(*from_cache);
            if !self.options.keep {
                self.engine.unload_sample(slot)?;
            }
        }
        Ok(())
    }
}

/// Shows how far it is, where somebody looks.
fn tell(show: impl FnOnce()) {
    if std::io::stderr().is_terminal() {
        show();
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
