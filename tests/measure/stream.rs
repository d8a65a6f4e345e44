//! `measure stream`: streams of long files: memory, seeks, and many at once on a clock that is too
//! fast.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::OutputRequest;
use hotcue::output::mock::{MockHandle, mock};
use hotcue::{
    LoadError, Source, StreamFeed, StreamOpening, StreamReader, StreamScan, StreamStep,
    StreamedSample, Wish, Workbench,
};
use hotcue_actors::{AudioEngine, EngineConfig, EngineError, PlayOptions};
use hotcue_tests::{PATIENCE, Random, TempDir, fixtures, resident_bytes};

const RATE: u32 = 48_000;
const SEEKS: usize = 300;
/// Through an engine, where each waits for its turn of the callback.
const ENGINE_SEEKS: usize = 60;
/// Frames that count as having landed.
const LANDED: u64 = 512;
const STREAMS: u32 = 8;
const LOADS: usize = 200;
/// How much faster than it should the clock is.
const TIMES: u32 = 20;
const CALLBACK: u32 = 128;
/// Later than this a clock goes on from where it is: no card asks for more than its buffer at once.
const MAX_LAG: Duration = Duration::from_millis(20);
const HOURS_SEC: u32 = 3 * 3_600;
/// What is promised.
const MOST_BYTES: u64 = 4 << 20;
const MOST_SEEK_MS: f64 = 30.0;

/// Measures every one of `files`, playing each for `lasts`; whether all is within its bounds.
pub(crate) fn run(files: &[PathBuf], lasts: Duration) -> bool {
    println!(
        "file\tminutes\topened ms\tscanned s\tseek ms p50\tp95\tmost\tvoice MB\tsample MB\t\
         seek in engine ms p50\tp95\tmost\tunderruns at {TIMES} x\tclock's longest stall ms\twithin"
    );
    let mut within = true;
    for path in files {
        within &= one(path, lasts).unwrap_or_else(|error| {
            println!("{}: {error}", path.display());
            false
        });
    }
    within
}

/// Underruns alone, in a few seconds, of files that are made for it.
pub(crate) fn run_short(times: u32) -> Result<bool, String> {
    let folder = TempDir::new();
    let files = [folder.silent_wav("hours.wav", RATE, HOURS_SEC), hours_of_mp2(&folder)?];
    let mut within = true;
    for path in &files {
        let seen = run_engine(path, Duration::from_secs(3), 1.0, times)?;
        println!("{}: {seen:?}", path.display());
        within &= seen.underruns == 0;
    }
    Ok(within)
}

/// Three hours of one second over and over.
fn hours_of_mp2(folder: &TempDir) -> Result<PathBuf, String> {
    let write = || -> io::Result<PathBuf> {
        let second = std::fs::read(fixtures().join("long/mp2.mp2"))?;
        let path = folder.path().join("hours.mp2");
        let mut file = BufWriter::new(std::fs::File::create(&path)?);
        for _ in 0..HOURS_SEC {
            file.write_all(&second)?;
        }
        file.flush().map(|()| path)
    };
    write().map_err(|error| error.to_string())
}

fn one(path: &Path, lasts: Duration) -> Result<bool, String> {
    let alone = measure_alone(path).map_err(|error| error.to_string())?;
    let apart_sec = alone.minutes * 30.0 / f64::from(STREAMS);
    let seen = run_engine(path, lasts, apart_sec, TIMES)?;
    let p95 = |seeks: &[f64]| of(seeks, 95);
    let is_kept = p95(&alone.seeks_ms) <= MOST_SEEK_MS
        && p95(&seen.seeks_ms) <= MOST_SEEK_MS
        && alone.voice_bytes <= MOST_BYTES
        && seen.underruns == 0;
    println!(
        "{}\t{:.0}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.2}\t{:.2}\t{:.1}\t{:.1}\t{:.1}\t{}\t{:.0}\t{}",
        path.file_name().unwrap_or_default().display(),
        alone.minutes,
        alone.opened_ms,
        alone.scanned_sec,
        of(&alone.seeks_ms, 50),
        of(&alone.seeks_ms, 95),
        of(&alone.seeks_ms, 100),
        alone.voice_bytes as f64 / 1e6,
        alone.sample_bytes as f64 / 1e6,
        of(&seen.seeks_ms, 50),
        of(&seen.seeks_ms, 95),
        of(&seen.seeks_ms, 100),
        seen.underruns,
        seen.longest_stall.as_secs_f64() * 1e3,
        if is_kept { "yes" } else { "NO" }
    );
    Ok(is_kept)
}

/// So many per cent of `sorted` are no more than this.
fn of(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or(f64::NAN)
}

/// What a stream takes by itself.
struct Alone {
    minutes: f64,
    opened_ms: f64,
    scanned_sec: f64,
    /// Sorted, as all of these.
    seeks_ms: Vec<f64>,
    /// Of one voice, and of what stays of the sample.
    voice_bytes: u64,
    sample_bytes: usize,
}

fn measure_alone(path: &Path) -> Result<Alone, LoadError> {
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
        let frame = number * frames / u64::from(STREAMS);
        reader.set_wish(Wish { frame, backwards: false });
        reader.set_jump(Wish { frame: frames / 3, backwards: false }, Some(frames / 2));
        while feed.step(&mut bench)? {}
    }
    let after = resident_bytes().unwrap_or(0);
    let voice_bytes = after.saturating_sub(before) / u64::from(STREAMS);
    drop(voices);
    let (mut feed, reader) = sample.voice();
    let mut seeks_ms = seeks(&mut feed, &reader, frames, &mut bench)?;
    seeks_ms.sort_by(f64::total_cmp);
    let minutes = frames as f64 / f64::from(RATE) / 60.0;
    let sample_bytes = sample.byte_len();
    Ok(Alone { minutes, opened_ms, scanned_sec, seeks_ms, voice_bytes, sample_bytes })
}

/// What an engine did whose clock was too fast.
#[derive(Debug)]
struct Seen {
    underruns: u64,
    /// How late the clock itself came at worst.
    longest_stall: Duration,
    /// Of seeks on a clock that is right, sorted; of what was not read through, none.
    seeks_ms: Vec<f64>,
}

/// Plays voices `apart_sec` from each other beside loads of small files.
fn run_engine(path: &Path, lasts: Duration, apart_sec: f64, times: u32) -> Result<Seen, String> {
    let engine = AudioEngine::new(EngineConfig::default()).map_err(|error| error.to_string())?;
    let (output, device) = mock(&OutputRequest { sample_rate: Some(RATE), buffer_frames: None });
    engine.run_on(output).map_err(|error| error.to_string())?;
    let clock = Clock { device, times: AtomicU32::new(times), is_over: AtomicBool::new(false) };
    let seen = thread::scope(|scope| {
        let ticking = scope.spawn(|| clock.tick());
        let played = play_all(&engine, &clock, path, lasts, apart_sec);
        clock.is_over.store(true, Ordering::Relaxed);
        let longest_stall = ticking.join().expect("no panic");
        let (underruns, seeks_ms) = played?;
        Ok(Seen { underruns, longest_stall, seeks_ms })
    });
    engine.shut_down();
    seen
}

fn play_all(
    engine: &AudioEngine,
    clock: &Clock,
    path: &Path,
    lasts: Duration,
    apart_sec: f64,
) -> Result<(u64, Vec<f64>), String> {
    let describe = |error: EngineError| error.to_string();
    let source = Source::Path(path.into());
    let ticket = engine.stream_sample_async(Some(0), source, 0).map_err(describe)?;
    ticket.wait(Some(PATIENCE)).ok_or("the load never ends")?.map_err(|e| format!("{e:?}"))?;
    let sample = engine.sample(0).ok().flatten().ok_or("nothing was loaded")?;
    let is_read_through = || sample.stream().is_some_and(|stream| stream.frames().is_some());
    let spread = apart_sec > 1.0;
    while spread && !is_read_through() {
        thread::sleep(Duration::from_millis(10));
    }
    let mut voice = None;
    for number in 0..STREAMS {
        let start_sec = f64::from(number) * apart_sec;
        let options = PlayOptions { start_sec, ..PlayOptions::default() };
        voice = engine.play_sample(0, options).map_err(describe)?;
    }
    let items = (1..).zip(0..LOADS).map(|(id, number)| (Some(id), small(number)));
    let batch = engine.load_many_async(items.collect(), 0).map_err(describe)?;
    thread::sleep(lasts);
    let (stats, progress) = (engine.stats(), batch.progress());
    if progress.percent < 100.0 || stats.stream_voices < STREAMS as usize {
        return Err(format!("{progress:?}, {} voices", stats.stream_voices));
    }
    let underruns = stats.underruns;
    let (Some(voice), true) = (voice, spread) else { return Ok((underruns, Vec::new())) };
    clock.times.store(1, Ordering::Relaxed);
    let mut seeks_ms =
        engine_seeks(engine, voice, sample.duration_sec() - 1.0).map_err(describe)?;
    seeks_ms.sort_by(f64::total_cmp);
    Ok((underruns, seeks_ms))
}

/// How long it takes until a voice that is told to go anywhere sounds there, in ms: it fades out
/// where it was first.
fn engine_seeks(
    engine: &AudioEngine,
    voice: u64,
    before_sec: f64,
) -> Result<Vec<f64>, EngineError> {
    let mut random = Random::new(1);
    let mut took = Vec::new();
    for _ in 0..ENGINE_SEEKS {
        let to_sec = before_sec * (random.below(1_000_000) as f64 / 1e6);
        let begin = Instant::now();
        engine.seek_voice(voice, to_sec)?;
        let has_landed = |heads: Vec<hotcue_actors::VoicePosition>| {
            heads.iter().any(|head| {
                head.voice == voice && (0.001..1.0).contains(&(head.position_sec - to_sec))
            })
        };
        while !has_landed(engine.playheads()?) && begin.elapsed() < PATIENCE {
            thread::sleep(Duration::from_micros(200));
        }
        took.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took)
}

/// The device's part, `times` as fast as it should be.
struct Clock {
    device: MockHandle,
    times: AtomicU32,
    is_over: AtomicBool,
}

impl Clock {
    /// Calls back until it is over; how late it came at worst.
    fn tick(&self) -> Duration {
        let (mut due, mut worst) = (Instant::now(), Duration::ZERO);
        while !self.is_over.load(Ordering::Relaxed) {
            self.device.pull(CALLBACK as usize);
            self.device.forget_captured();
            let times = f64::from(self.times.load(Ordering::Relaxed));
            due += Duration::from_secs_f64(f64::from(CALLBACK) / f64::from(RATE) / times);
            let now = Instant::now();
            let late = now.saturating_duration_since(due);
            worst = worst.max(late);
            match due.checked_duration_since(now) {
                Some(early) => thread::sleep(early),
                None if late > MAX_LAG => due = now,
                None => {}
            }
        }
        worst
    }
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
