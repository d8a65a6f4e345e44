//! Samples are put into the cache after their loads: behind all that anybody waits for, whole or not at
//! all.

mod keeping;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::analysis::AnalysisKind;
use hotcue::{CacheStats, Source};
use hotcue_actors::{
    AudioEngine, EngineConfig, LoadTicket, Normalize, PlayOptions, Sample, SubmitOptions,
};
use hotcue_tests::loading::interleaved;
use hotcue_tests::{PATIENCE, TempDir, sine, wait_until, wav_bytes};

use crate::{patient, running};
use keeping::{Keeping, Manner};

const RATE: u32 = 48_000;
/// Of another rate than the engine's: what is resampled is kept.
const FILE_RATE: u32 = 44_100;

fn short() -> Source {
    Source::Memory(Arc::from(wav_bytes(RATE, 1, 500, sine(440.0, RATE))))
}

fn submit(engine: &AudioEngine, id: u32, source: Source) -> LoadTicket {
    engine.load_sample_async(Some(id), source, 0).expect("accepted")
}

fn loaded(ticket: &LoadTicket) -> Arc<Sample> {
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file")
}

#[test]
fn a_load_succeeds_before_its_sample_is_stored() {
    let keeping = Keeping::new();
    let engine = keeping.engine(1);
    loaded(&submit(&engine, 0, short()));
    wait_until("it is being stored", || keeping.steps() > 3);
    assert_eq!(engine.stats().stores, 1);
    keeping.behave(Manner::Ends);
    wait_until("it is stored", || engine.stats().stores == 0);
    assert_eq!((keeping.over(), keeping.there()), (1, 0));
}

#[test]
fn loads_and_analyses_wait_for_no_store() {
    let keeping = Keeping::new();
    let engine = keeping.engine(1);
    for id in 0..100 {
        loaded(&submit(&engine, id, short()));
    }
    let options =
        SubmitOptions { analyze: vec![AnalysisKind::Loudness], ..SubmitOptions::default() };
    let analysed = engine.submit(Some(100), short(), &options).expect("accepted");
    let sample = loaded(&analysed);
    wait_until("it is heard", || sample.result_of(AnalysisKind::Loudness).is_some());
    assert_eq!(engine.stats().stores, 101, "none was lost on the way");
    keeping.behave(Manner::Ends);
    wait_until("all are stored", || engine.stats().stores == 0);
    assert_eq!(keeping.over(), 101);
}

#[test]
fn streams_are_read_beside_a_store_that_does_not_return() {
    const FRAMES: u32 = 10 * RATE;
    let folder = TempDir::new();
    let path = long_file(&folder, 10);
    // Which of the decoders it is that stores is up to chance.
    for _ in 0..8 {
        let keeping = Keeping::new();
        keeping.behave(Manner::Hangs);
        let engine = keeping.engine(2);
        loaded(&submit(&engine, 0, short()));
        wait_until("it is being stored", || keeping.steps() > 0);
        let stream = engine.stream_sample_async(Some(1), Source::Path(path.clone()), 0);
        loaded(&stream.expect("accepted"));
        engine.play_sample(1, PlayOptions::default()).expect("it runs").expect("it plays");
        engine.render(FRAMES as usize).expect("offline");
        keeping.behave(Manner::Ends);
        // A render waits for five seconds of what does not come, and goes on without it.
        assert_eq!(engine.stats().underruns, 0);
    }
}

#[test]
fn a_store_that_panics_harms_nothing_else() {
    let keeping = Keeping::new();
    let engine = keeping.engine(1);
    loaded(&submit(&engine, 0, short()));
    wait_until("it is being stored", || keeping.steps() > 0);
    keeping.behave(Manner::Panics);
    wait_until("it is dropped", || engine.stats().stores == 0);
    keeping.behave(Manner::Ends);
    loaded(&submit(&engine, 1, short()));
    wait_until("the next is stored", || keeping.over() == 1);
    assert_eq!(engine.stats().abandoned_workers, 0);
}

/// Shuts an engine down that has twenty stores, which are like that from then on: how many came to their
/// end, and how long it took.
fn over_at_shutdown(manner: Manner) -> (usize, Duration) {
    let keeping = Keeping::new();
    let engine = keeping.engine(2);
    for id in 0..20 {
        loaded(&submit(&engine, id, short()));
    }
    assert_eq!(engine.stats().stores, 20);
    keeping.behave(manner);
    let before = Instant::now();
    engine.shut_down();
    let took = before.elapsed();
    wait_until("none is left", || keeping.there() == 0);
    (keeping.over(), took)
}

/// 200 ms are promised, twice is noise.
const QUICK: Duration = Duration::from_millis(400);

#[test]
fn shutting_down_finishes_stores_that_take_a_moment() {
    // A thread that has no core for that moment drops what it has.
    wait_until("all come to their end", || {
        let (over, took) = over_at_shutdown(Manner::Ends);
        over == 20 && took < QUICK
    });
}

#[test]
fn shutting_down_waits_for_no_store_that_takes_long() {
    // A machine may stand still for longer now and then.
    wait_until("it is quick", || {
        let (over, took) = over_at_shutdown(Manner::Endless);
        assert_eq!(over, 0);
        took < QUICK
    });
}

/// A file whose sample is too long to be stored at once.
fn long_file(folder: &TempDir, seconds: u32) -> PathBuf {
    let tone = wav_bytes(FILE_RATE, 2, FILE_RATE * seconds, sine(440.0, FILE_RATE));
    let path = folder.write("long.wav", &tone);
    // Nothing is kept of a file that was just written.
    thread::sleep(Duration::from_millis(30));
    path
}

fn caching(folder: &Path) -> AudioEngine {
    running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(2),
        sample_rate: Some(RATE),
        cache_dir: Some(folder.join("cache")),
        ..EngineConfig::default()
    })
}

/// Files of the cache with this extension.
fn kept(folder: &Path, extension: &str) -> usize {
    let Ok(items) = fs::read_dir(folder.join("cache")) else { return 0 };
    let names = items.filter_map(Result::ok).map(|item| item.path());
    names.filter(|path| path.extension().is_some_and(|it| it == extension)).count()
}

/// What a file is loaded as, by an engine of its own, and what that says of the cache.
fn values_of(folder: &Path, path: &Path) -> (Vec<f32>, CacheStats) {
    let engine = caching(folder);
    let sample = loaded(&submit(&engine, 0, Source::Path(path.into())));
    wait_until("it is stored", || engine.stats().stores == 0);
    (interleaved(sample.buffer()), engine.stats().cache)
}

#[test]
fn a_second_start_finds_what_was_stored_after_its_load() {
    let folder = TempDir::new();
    let path = long_file(&folder, 60);
    let (first, cache) = values_of(folder.path(), &path);
    assert_eq!((cache.hits, cache.stored, cache.failures), (0, 1, 0));
    let (second, cache) = values_of(folder.path(), &path);
    assert_eq!((cache.hits, cache.stored, cache.unsound), (1, 0, 0));
    assert!(first == second, "bit by bit");
}

#[test]
fn what_is_unloaded_or_left_before_it_was_stored_is_there_whole_or_not_at_all() {
    let folder = TempDir::new();
    let path = long_file(&folder, 60);
    let ends: [fn(&AudioEngine); 2] =
        [|engine| drop(engine.unload_sample(0)), AudioEngine::shut_down];
    for end in ends {
        let engine = caching(folder.path());
        drop(loaded(&submit(&engine, 0, Source::Path(path.clone()))));
        end(&engine);
        wait_until("nothing is being stored", || engine.stats().stores == 0);
        engine.shut_down();
        assert_eq!(kept(folder.path(), "unfinished"), 0);
        let stored = kept(folder.path(), "sample");
        let (values, cache) = values_of(folder.path(), &path);
        assert_eq!((cache.hits, cache.unsound), (stored as u64, 0));
        fs::remove_dir_all(folder.path().join("cache")).expect("ours");
        assert!(values == values_of(folder.path(), &path).0, "bit by bit");
        fs::remove_dir_all(folder.path().join("cache")).expect("ours");
    }
}

#[test]
fn a_process_that_is_killed_while_it_stores_leaves_nothing_that_is_taken() {
    const FOLDER: &str = "HOTCUE_TEST_STORES_IN";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = PathBuf::from(folder);
        let engine = caching(&folder);
        let _sample = loaded(&submit(&engine, 0, Source::Path(folder.join("long.wav"))));
        wait_until("it is stored", || engine.stats().stores == 0);
        return;
    }
    let folder = TempDir::new();
    let path = long_file(&folder, 60);
    let program = std::env::current_exe().expect("a test knows its program");
    let name = "storing::a_process_that_is_killed_while_it_stores_leaves_nothing_that_is_taken";
    let deadline = Instant::now() + PATIENCE;
    // It may be through before it is seen.
    while kept(folder.path(), "unfinished") == 0 {
        assert!(Instant::now() < deadline, "it was always quicker");
        fs::remove_dir_all(folder.path().join("cache")).ok();
        let mut child = Command::new(&program)
            .args(["--exact", name, "--test-threads=1"])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the test starts itself");
        while child.try_wait().expect("it is ours").is_none() {
            if kept(folder.path(), "unfinished") > 0 {
                child.kill().ok();
            }
        }
    }
    assert_eq!(kept(folder.path(), "sample"), 0);
    let (values, cache) = values_of(folder.path(), &path);
    assert_eq!((cache.hits, cache.stored, cache.unsound), (0, 1, 0));
    let (again, cache) = values_of(folder.path(), &path);
    assert_eq!((cache.hits, cache.unsound), (1, 0));
    assert!(values == again, "bit by bit");
}

#[test]
fn a_play_that_waits_for_its_load_is_as_loud_as_the_first_start_has_heard() {
    // EBU Tech 3341, case 1: such a tone on both channels is as loud as its peaks in dBFS say.
    let folder = TempDir::new();
    let step = std::f64::consts::TAU * 1_000.0 / f64::from(FILE_RATE);
    let tone = |frame, _| 0.5 * (step * f64::from(frame)).sin();
    let path = folder.write("tone.wav", &wav_bytes(FILE_RATE, 2, FILE_RATE / 2, tone));
    thread::sleep(Duration::from_millis(30));
    let options = SubmitOptions { analyze: AnalysisKind::ALL.to_vec(), ..SubmitOptions::default() };
    let submit = |engine: &AudioEngine| {
        engine.submit(Some(0), Source::Path(path.clone()), &options).expect("accepted")
    };
    {
        let engine = caching(folder.path());
        let ticket = submit(&engine);
        ticket.wait_analyses(Some(PATIENCE)).expect("it is heard");
        let cache = engine.stats().cache;
        assert_eq!((cache.analysis_hits, cache.analysis_misses), (0, 5));
    }
    for waits in [true, false] {
        let engine = caching(folder.path());
        let ticket = submit(&engine);
        if !waits {
            loaded(&ticket);
        }
        let normalize = Normalize::Loudness { target_lufs: -23.0 };
        let play = PlayOptions { normalize, ..patient() };
        engine.play_sample(0, play).expect("it runs").expect("it plays");
        loaded(&ticket);
        wait_until("all is known", || engine.stats().analyses == 0);
        let out = engine.render(RATE as usize / 2).expect("offline");
        let peak = out.samples.iter().fold(0.0_f32, |peak, it| peak.max(it.abs()));
        let decibels = 20.0 * peak.log10();
        assert!((decibels + 23.0).abs() < 0.1, "{decibels} dBFS, waits: {waits}");
        let cache = engine.stats().cache;
        assert_eq!((cache.analysis_hits, cache.analysis_misses), (5, 0));
    }
}
