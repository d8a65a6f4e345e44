//! Streams of long files: memory, seeks, and many at once on a clock that is too fast.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hotcue::{
    LoadError, LoadJob, LoadOptions, Source, Step, StreamFeed, StreamOpening, StreamReader,
    StreamScan, StreamStep, StreamedSample, Wish, Workbench,
};
use hotcue_actors::{AudioEngine, EngineConfig, PlayOptions};
use hotcue_tests::resident_bytes;

const RATE: u32 = 48_000;
const SEEKS: usize = 300;
/// Frames that count as having landed.
const LANDED: u64 = 512;
const STREAMS: u64 = 8;
const LOADS: usize = 200;
const TIMES: u32 = 20;
const CALLBACK: u64 = 128;
const LASTS: Duration = Duration::from_secs(15);
/// What is promised.
const MOST_BYTES: u64 = 4 << 20;
const MOST_SEEK_MS: f64 = 30.0;

/// Measures every one of `files`; whether all is within its bounds.
pub(crate) fn run(files: &[PathBuf]) -> bool {
    println!(
        "file: opened in ms; scanned in s; seek p50, p95, max in ms; MB of a voice, of what stays \
         of the sample, of that the head; how often voices ran dry, and underruns of the engine"
    );
    let mut within = true;
    for path in files {
        match one(path) {
            Ok(is_within) => within &= is_within,
            Err(error) => println!("{}: {error}", path.display()),
        }
    }
    within
}

fn one(path: &Path) -> Result<bool, LoadError> {
    let mut bench = Workbench::default();
    let begin = Instant::now();
    let sample = open(path, &mut bench)?;
    let opened_ms = begin.elapsed().as_secs_f64() * 1e3;
    let begin = Instant::now();
    let mut scan = StreamScan::new(&sample);
    while scan.step()? {}
    drop(scan);
    let scanned_sec = begin.elapsed().as_secs_f64();
    let frames = sample.frames().unwrap_or(0);
    let before = resident_bytes().unwrap_or(0);
    let mut voices: Vec<_> = (0..STREAMS).map(|_| sample.voice()).collect();
    for (number, (feed, reader)) in (0..).zip(&mut voices) {
        reader.set_wish(Wish { frame: number * frames / STREAMS, backwards: false });
        reader.set_jump(Wish { frame: frames / 3, backwards: false }, Some(frames / 2));
        while feed.step(&mut bench)? {}
    }
    let voice = resident_bytes().unwrap_or(0).saturating_sub(before) / STREAMS;
    drop(voices);
    let (mut feed, reader) = sample.voice();
    let mut seeks = seeks(&mut feed, &reader, frames, &mut bench)?;
    seeks.sort_by(f64::total_cmp);
    let at = |percent: usize| seeks[(seeks.len() - 1) * percent / 100];
    drop((feed, reader));
    let dry = run_fast(&sample);
    let held = sample.byte_len() as f64 / 1e6;
    drop(sample);
    let underruns = run_engine(path);
    println!(
        "{}: {:.0} min; {opened_ms:.1} ms; {scanned_sec:.1} s; {:.1}, {:.1}, {:.1} ms; {:.2} MB, \
         {held:.2} MB; ran dry {dry} times at {TIMES} x; {underruns:?} underruns at 16 x",
        path.file_name().unwrap_or_default().display(),
        frames as f64 / f64::from(RATE) / 60.0,
        at(50),
        at(95),
        at(100),
        voice as f64 / 1e6,
    );
    let is_kept = at(95) <= MOST_SEEK_MS && voice <= MOST_BYTES && dry == 0;
    Ok(is_kept && underruns == Ok(0))
}

/// Plays many voices as fast as an engine does, four times their speed times four, on a clock of
/// its own beside loads of small files; how often one had to wait.
fn run_engine(path: &Path) -> Result<u64, String> {
    let engine = AudioEngine::new(EngineConfig {
        output: "null".to_owned(),
        sample_rate: Some(RATE),
        ..EngineConfig::default()
    })
    .map_err(|error| error.to_string())?;
    engine.run().map_err(|error| error.to_string())?;
    let source = Source::Path(path.into());
    let ticket = engine.stream_sample_async(Some(0), source, 0).map_err(|e| e.to_string())?;
    ticket.wait(None).map(drop).ok_or("the load never ends")?;
    engine.set_speed(4.0).map_err(|error| error.to_string())?;
    let sample = engine.sample(0).ok().flatten().ok_or("nothing was loaded")?;
    while sample.stream().is_some_and(|stream| stream.frames().is_none()) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let sec = sample.duration_sec();
    for number in 0..STREAMS {
        let options = PlayOptions {
            speed: 4.0,
            start_sec: number as f64 * sec / STREAMS as f64 / 2.0,
            ..PlayOptions::default()
        };
        engine.play_sample(0, options).map_err(|error| error.to_string())?;
    }
    let items = (1..).zip(0..LOADS).map(|(id, number)| (Some(id), small(number)));
    let batch = engine.load_many_async(items.collect(), 0).map_err(|error| error.to_string())?;
    std::thread::sleep(LASTS);
    let stats = engine.stats();
    let progress = batch.progress();
    if progress.percent < 100.0 || (stats.stream_voices as u64) < STREAMS {
        return Err(format!("{progress:?}, {} voices", stats.stream_voices));
    }
    Ok(stats.underruns)
}

/// A file to be loaded beside.
fn small(number: usize) -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/long");
    let names = ["flac.flac", "mp2.mp2", "mp3_cbr.mp3", "mp3_vbr.mp3", "vorbis.ogg"];
    Source::Path(folder.join(names[number % names.len()]))
}

fn open(path: &Path, bench: &mut Workbench) -> Result<Arc<StreamedSample>, LoadError> {
    let mut opening = StreamOpening::new(Source::Path(path.into()), Some(RATE));
    loop {
        if let StreamStep::Ready(sample) = opening.step(bench)? {
            return Ok(sample);
        }
    }
}

/// How long it takes to land anywhere, in ms, the file being in the page cache.
fn seeks(
    feed: &mut StreamFeed,
    reader: &StreamReader,
    frames: u64,
    bench: &mut Workbench,
) -> Result<Vec<f64>, LoadError> {
    let mut random = 1_u64;
    let mut took = Vec::new();
    for number in 0..2 * SEEKS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let frame = (random >> 20) % frames.saturating_sub(LANDED).max(1);
        let begin = Instant::now();
        reader.set_wish(Wish { frame, backwards: false });
        while reader.frames_from(frame) < LANDED && feed.step(bench)? {}
        // The first ones warm the cache.
        if number >= SEEKS {
            took.push(begin.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(took)
}

/// Plays many voices on a clock that is too fast, beside loads of small files, on as many workers as
/// there are processors; how often one ran dry.
fn run_fast(sample: &Arc<StreamedSample>) -> usize {
    let frames = sample.frames().unwrap_or(0);
    let (feeds, readers): (Vec<_>, Vec<_>) = (0..STREAMS).map(|_| sample.voice()).unzip();
    let feeds: Vec<Mutex<StreamFeed>> = feeds.into_iter().map(Mutex::new).collect();
    let (is_over, next, dry) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut bench = Workbench::default();
                let mut load: Option<LoadJob> = None;
                while !is_over.load(Ordering::Relaxed) {
                    if step_most_urgent(&feeds, &mut bench) {
                        continue;
                    }
                    let number = next.load(Ordering::Relaxed);
                    if load.is_none() && number < LOADS {
                        next.fetch_add(1, Ordering::Relaxed);
                        load = Some(LoadJob::new(small(number), LoadOptions::default()));
                    }
                    match load.as_mut().map(|load| load.step(&mut bench)) {
                        Some(Ok(Step::Working)) => {}
                        Some(_) => load = None,
                        None => std::thread::sleep(Duration::from_micros(200)),
                    }
                }
            });
        }
        let (begin, mut block, mut ticks) = (Instant::now(), [[0.0; 128]; 2], 0_u64);
        let tick = Duration::from_secs_f64(CALLBACK as f64 / f64::from(RATE * TIMES));
        while begin.elapsed() < LASTS {
            let due = begin.elapsed().as_nanos() / tick.as_nanos().max(1);
            let due = u64::try_from(due).unwrap_or(u64::MAX);
            while ticks < due {
                for (number, reader) in (0..).zip(&readers) {
                    let frame = (ticks * CALLBACK + number * frames / STREAMS) % frames.max(1);
                    reader.set_wish(Wish { frame, backwards: false });
                    let [left, right] = &mut block;
                    let mut planes = [&mut left[..], &mut right[..]];
                    let planes = &mut planes[..sample.spec().channels.min(2)];
                    // While it starts, it is only on its way.
                    if !reader.read(frame, planes) && begin.elapsed() > Duration::from_millis(500) {
                        dry.fetch_add(1, Ordering::Relaxed);
                    }
                }
                ticks += 1;
            }
            std::thread::sleep(tick * 4);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    dry.into_inner()
}

/// Steps the feed whose deadline is nearest of those that nobody steps; false if none needs it.
fn step_most_urgent(feeds: &[Mutex<StreamFeed>], bench: &mut Workbench) -> bool {
    let free = feeds.iter().filter_map(|feed| feed.try_lock().ok());
    let waiting = free.filter(|feed| !feed.is_full());
    let most_urgent = waiting.min_by_key(|feed| feed.ahead_frames());
    most_urgent.is_some_and(|mut feed| feed.step(bench).unwrap_or(false))
}
