//! `measure callback`: what a callback takes of the processor while samples come and go.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue::output::OutputRequest;
use hotcue::output::mock::{MockHandle, mock};
use hotcue_actors::{AudioEngine, EngineConfig, EngineError, PlayOptions};
use hotcue_tests::{PATIENCE, thread_cpu};

const RATE: u32 = 48_000;
/// Of one callback.
const BUFFER_FRAMES: usize = 128;
/// Voices that sound throughout, of a slot that stays.
const VOICES: usize = 32;
/// Slots that are loaded, played, loaded anew and unloaded.
const SLOTS: u32 = 64;

/// What was found.
#[derive(Debug)]
pub(crate) struct Callbacks {
    /// What each took of the processor while samples came and went.
    pub(crate) busy: Vec<Duration>,
    /// The same beside nothing.
    pub(crate) alone: Vec<Duration>,
}

/// How long one callback is, in time.
pub(crate) fn budget() -> Duration {
    Duration::from_secs_f64(BUFFER_FRAMES as f64 / f64::from(RATE))
}

/// Loads and unloads `loads` samples beneath a callback that keeps time.
pub(crate) fn run(files: &[PathBuf], loads: usize) -> Result<Callbacks, String> {
    let engine = AudioEngine::new(EngineConfig { workers: Some(2), ..EngineConfig::default() })
        .map_err(|error| error.to_string())?;
    let (output, device) = mock(&OutputRequest { sample_rate: Some(RATE), buffer_frames: None });
    engine.run_on(output).map_err(|error| error.to_string())?;
    let (stop, come_and_go) = (AtomicBool::new(false), AtomicBool::new(false));
    let found = thread::scope(|scope| {
        let clock = scope.spawn(|| call_back(&device, &stop, &come_and_go));
        let done = churn(&engine, files, loads, &come_and_go);
        stop.store(true, Ordering::Relaxed);
        let found = clock.join().expect("no panic");
        done.map(|()| found)
    });
    engine.shut_down();
    found.map_err(|error| error.to_string())
}

fn churn(
    engine: &AudioEngine,
    files: &[PathBuf],
    loads: usize,
    come_and_go: &AtomicBool,
) -> Result<(), EngineError> {
    let load =
        |slot, file: &Path| engine.load_sample_async(Some(slot), Source::Path(file.to_owned()), 0);
    load(SLOTS, &files[0])?.wait(Some(PATIENCE)).expect("an end").expect("a good file");
    for voice in 0..VOICES {
        let speed = 0.5 + voice as f64 / VOICES as f64;
        let options = PlayOptions { looping: true.into(), speed, ..PlayOptions::default() };
        engine.play_sample(SLOTS, options)?;
    }
    // What it takes alone.
    thread::sleep(Duration::from_secs(3));
    come_and_go.store(true, Ordering::Relaxed);
    let mut tickets = Vec::new();
    for (slot, file) in (0..SLOTS).cycle().zip(files.iter().cycle()).take(loads) {
        tickets.push(load(slot, file)?);
        engine.play_sample(slot, PlayOptions::default())?;
        if slot % 2 == 1 {
            // In a while, that is: while it sounds.
            engine.unload_sample((slot + SLOTS / 2) % SLOTS)?;
        }
        thread::sleep(Duration::from_millis(2));
    }
    for ticket in tickets {
        // Superseded, unloaded or loaded: all the same.
        ticket.wait(Some(PATIENCE)).expect("an end").ok();
    }
    come_and_go.store(false, Ordering::Relaxed);
    Ok(())
}

/// The device's thread: calls back in time, and says what each call took.
fn call_back(device: &MockHandle, stop: &AtomicBool, come_and_go: &AtomicBool) -> Callbacks {
    let mut found = Callbacks { busy: vec![], alone: vec![] };
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let before = thread_cpu();
        let block = device.pull(BUFFER_FRAMES);
        let took = thread_cpu() - before;
        device.forget_captured();
        if block.is_none() {
            break;
        }
        let is_busy = come_and_go.load(Ordering::Relaxed);
        if is_busy { &mut found.busy } else { &mut found.alone }.push(took);
        due += budget();
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    found
}
