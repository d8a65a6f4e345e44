//! `measure first_sound`: how soon a play is heard whose sample is still to be loaded, and whether
//! what is heard is the finished sample.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::OutputRequest;
use hotcue::output::mock::{MockHandle, mock};
use hotcue::playback::PlaybackEvent;
use hotcue::{SampleBuffer, Source};
use hotcue_actors::{AudioEngine, EngineConfig, EngineError, PlayOptions, PlaybackNotice};
use hotcue_tests::PATIENCE;

const RATE: u32 = 48_000;
/// Of one callback.
const BUFFER_FRAMES: usize = 256;
/// A play is heard so soon after the call, beyond the callback that is under way.
pub(crate) const BOUND: Duration = Duration::from_millis(15);
/// Loading first is measured so often at most: it takes long, and is not what is bounded.
const AFTER_ROUNDS: usize = 3;
/// How far behind what is decoded the whole sample is played, so that it never has to wait.
const DISTANCE_FRAMES: usize = RATE as usize / 2;

/// What was found of one file.
#[derive(Debug)]
pub(crate) struct FirstSound {
    /// From the calls until a callback has given a value that is not 0.
    pub(crate) while_loading: Vec<Duration>,
    /// The same where the program waits for `success` before it plays.
    pub(crate) after_loading: Vec<Duration>,
    /// Whether all that was heard are the finished sample's values.
    pub(crate) is_equal: bool,
}

/// How long one callback is, in time.
pub(crate) fn buffer() -> Duration {
    Duration::from_secs_f64(BUFFER_FRAMES as f64 / f64::from(RATE))
}

/// Plays `file` in engines of its own, in turns as it arrives and when it is loaded.
pub(crate) fn run(file: &Path, rounds: usize) -> Result<FirstSound, String> {
    // The system shall have it in memory.
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut found = FirstSound { while_loading: vec![], after_loading: vec![], is_equal: false };
    for round in 0..rounds {
        found.while_loading.push(heard(file, false).map_err(|error| error.to_string())?);
        if round < AFTER_ROUNDS {
            found.after_loading.push(heard(file, true).map_err(|error| error.to_string())?);
        }
    }
    found.is_equal = is_equal(file).map_err(|error| error.to_string())?;
    Ok(found)
}

fn engine() -> Result<(AudioEngine, MockHandle), EngineError> {
    let config = EngineConfig { workers: Some(2), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let request = OutputRequest { sample_rate: Some(RATE), buffer_frames: None };
    let (output, device) = mock(&request);
    engine.run_on(output)?;
    Ok((engine, device))
}

/// One round: when the first sound came.
fn heard(file: &Path, loaded_first: bool) -> Result<Duration, EngineError> {
    let (engine, device) = engine()?;
    let (sound_tx, sound_rx) = mpsc::channel();
    let (stop_tx, stop_rx) = mpsc::channel();
    let clock = thread::spawn(move || call_back(&device, &sound_tx, &stop_rx));
    // Some callbacks, so that what begins only once has begun.
    thread::sleep(10 * buffer());
    let begin = Instant::now();
    let ticket = engine.load_sample_async(Some(0), Source::Path(file.to_owned()), 0)?;
    if loaded_first {
        ticket.wait(Some(PATIENCE)).expect("an end").expect("a good file");
    }
    engine.play_sample(0, PlayOptions { max_wait_sec: 60.0, ..PlayOptions::default() })?;
    let at = sound_rx.recv_timeout(PATIENCE).expect("a sound");
    stop_tx.send(()).ok();
    clock.join().expect("no panic");
    engine.shut_down();
    Ok(at - begin)
}

/// The device's thread: calls back in time, and says when it was given the first sound.
fn call_back(device: &MockHandle, sound_tx: &Sender<Instant>, stop_rx: &Receiver<()>) {
    let mut due = Instant::now();
    while let Err(mpsc::TryRecvError::Empty) = stop_rx.try_recv() {
        let Some(block) = device.pull(BUFFER_FRAMES) else { return };
        if block.iter().any(|value| *value != 0.0) {
            sound_tx.send(Instant::now()).ok();
            return;
        }
        due += buffer();
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// Plays the whole file, not far behind its decoder, and holds every value against the sample's.
fn is_equal(file: &Path) -> Result<bool, EngineError> {
    let (engine, device) = engine()?;
    let ticket = engine.load_sample_async(Some(0), Source::Path(file.to_owned()), 0)?;
    engine.play_sample(0, PlayOptions { max_wait_sec: 60.0, ..PlayOptions::default() })?;
    let (mut pulled, mut sounds_from, mut started) = (0, None, None);
    let deadline = Instant::now() + 10 * PATIENCE;
    let ended = loop {
        if Instant::now() > deadline {
            break false;
        }
        let sample = ticket.sample();
        let is_there = sample.is_some_and(|sample| {
            let played = pulled - sounds_from.unwrap_or(pulled);
            let ready = sample.buffer().ready_frames();
            sample.buffer().is_finished() || ready >= played + DISTANCE_FRAMES
        });
        if !is_there {
            thread::sleep(Duration::from_millis(1));
            if sounds_from.is_some() {
                continue;
            }
        }
        let block = device.pull(BUFFER_FRAMES).expect("the device is there");
        if block.iter().any(|value| *value != 0.0) {
            sounds_from.get_or_insert(pulled);
        }
        pulled += BUFFER_FRAMES;
        match engine.poll_playback_events() {
            Some(PlaybackNotice::Voice(PlaybackEvent::Started { frame, .. })) => {
                started = Some(frame);
            }
            Some(PlaybackNotice::Voice(PlaybackEvent::Ended { .. })) => break true,
            _ => {}
        }
    };
    let sample = ticket.wait(Some(PATIENCE)).expect("an end").expect("a good file");
    let heard = device.captured();
    let start = started.and_then(|frame| usize::try_from(frame).ok()).expect("it has started");
    engine.shut_down();
    Ok(ended && is_whole(&heard[2 * start..], sample.buffer()))
}

/// Whether `heard`, of two channels, is the sample from its beginning, and then silence.
fn is_whole(heard: &[f32], sample: &SampleBuffer) -> bool {
    let [left, right] = [0, sample.channels() - 1].map(|channel| sample.plane(channel));
    let heard = heard.as_chunks::<2>().0;
    heard.len() >= left.len()
        && heard.iter().enumerate().all(|(at, [of_left, of_right])| {
            let value = |plane: &[f32]| plane.get(at).copied().unwrap_or(0.0);
            (*of_left, *of_right) == (value(left), value(right))
        })
}
