//! Analyses from the cache, beside analyses without one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Folder, PLENTY, RATE};
use crate::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::cache::{Cache, CachedAnalysis};
use crate::error::LoadError;
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

const ALL: [AnalysisKind; 5] = AnalysisKind::ALL;

/// Four seconds of a chord that is struck twice a second, on two channels.
fn chords(semitones: f64) -> Arc<SampleBuffer> {
    chords_of(semitones, 4 * RATE)
}

fn chords_of(semitones: f64, frames: u32) -> Arc<SampleBuffer> {
    let value = |frame: u32, detune: f64| {
        let sec = f64::from(frame) / f64::from(RATE);
        let decay = (-8.0 * (sec % 0.5)).exp();
        let tone = |steps: f64| (sec * 1_382.3 * 2_f64.powf((steps + semitones) / 12.0)).sin();
        #[expect(clippy::cast_possible_truncation, reason = "audio is f32")]
        let value = (0.2 * decay * (tone(0.0) + tone(4.0 + detune) + tone(7.0))) as f32;
        value
    };
    let plane = |detune: f64| (0..frames).map(|frame| value(frame, detune)).collect();
    SampleBuffer::from_planes(RATE, vec![plane(0.0), plane(0.01)]).expect("a sample")
}

/// Steps until the end; the results in the order of [`ALL`].
pub(super) fn results(mut step: impl FnMut() -> AnalysisStep) -> Vec<AnalysisResult> {
    let mut results = Vec::new();
    loop {
        match step() {
            AnalysisStep::More => {}
            AnalysisStep::Done(kind, result) => {
                let result = result.expect("the sample is finished");
                assert_eq!(result.kind(), kind);
                results.push(result);
            }
            AnalysisStep::Finished => break,
        }
    }
    results.sort_by_key(AnalysisResult::kind);
    results
}

fn found(sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Vec<AnalysisResult> {
    let mut job = AnalysisJob::new(Arc::clone(sample), kinds);
    results(|| job.step())
}

fn cached(
    cache: &Arc<Cache>,
    sample: &Arc<SampleBuffer>,
    kinds: &[AnalysisKind],
) -> Vec<AnalysisResult> {
    let mut job = CachedAnalysis::new(Arc::clone(cache), Arc::clone(sample), kinds);
    results(|| job.step())
}

/// Hits, misses, unsound, failures.
fn counts(cache: &Cache) -> [u64; 4] {
    let stats = cache.stats();
    [stats.analysis_hits, stats.analysis_misses, stats.unsound, stats.failures]
}

#[test]
fn the_second_analysis_has_the_same_results_and_finds_nothing_anew() {
    let folder = Folder::new();
    let cache = folder.cache();
    let sample = chords(0.0);
    let expected = found(&sample, &ALL);
    assert_eq!(cached(&cache, &sample, &ALL), expected);
    assert_eq!(counts(&cache), [0, 5, 0, 0]);
    // As another process finds it, in another piece of the same audio.
    let cache = folder.cache();
    assert_eq!(cached(&cache, &chords(0.0), &ALL), expected);
    assert_eq!(counts(&cache), [5, 0, 0, 0]);
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn what_is_not_there_is_found_beside_what_is() {
    let folder = Folder::new();
    let cache = folder.cache();
    let sample = chords(0.0);
    let expected = found(&sample, &ALL);
    cached(&cache, &sample, &[AnalysisKind::Bpm, AnalysisKind::Waveform]);
    assert_eq!(cached(&cache, &sample, &ALL), expected);
    assert_eq!(counts(&cache), [2, 5, 0, 0]);
    assert_eq!(folder.kept("result").len(), ALL.len());
}

#[test]
fn other_audio_has_its_own_results() {
    let folder = Folder::new();
    let cache = folder.cache();
    let plane = |value: f32| vec![value; 48_000];
    let sample = |rate, planes| SampleBuffer::from_planes(rate, planes).expect("a sample");
    let for_speakers = |mask| {
        let spec = AudioSpec { sample_rate: 48_000, channels: 3 };
        let mut writer = SampleWriter::with_capacity(spec, 48_000).expect("a sample");
        writer.set_speakers(Speakers::of_mask(mask, 3));
        let loud = plane(0.5);
        writer.append(&[&loud, &loud, &loud]).expect("there is room");
        writer.finish()
    };
    let others = [
        // L R C, and 2.1, which is less loud.
        for_speakers(0),
        for_speakers(0xb),
        chords(0.0),
        chords(1.0),
        sample(48_000, vec![plane(0.0)]),
        sample(44_100, vec![plane(0.0)]),
        sample(48_000, vec![plane(0.0), plane(0.0)]),
        sample(48_000, vec![vec![0.0; 96_000]]),
        sample(48_000, vec![plane(0.0), plane(0.5)]),
        sample(48_000, vec![plane(0.5), plane(0.0)]),
    ];
    for other in &others {
        assert_eq!(cached(&cache, other, &ALL), found(other, &ALL));
    }
    assert_eq!(counts(&cache), [0, 5 * others.len() as u64, 0, 0]);
}

#[test]
fn a_waveform_of_many_blocks_comes_back_whole() {
    let folder = Folder::new();
    let cache = folder.cache();
    // More than are read in one step, and a last block that is not full.
    let frames = 256 * 8_192 * 2 + 100;
    let plane = |seed: usize| {
        #[expect(clippy::cast_precision_loss, reason = "below 1,000")]
        let value = |frame| (frame * seed % 997) as f32 / 997.0 - 0.5;
        (0..frames).map(value).collect()
    };
    let sample = SampleBuffer::from_planes(RATE, vec![plane(7), plane(13)]).expect("a sample");
    let kinds = [AnalysisKind::Waveform];
    let expected = found(&sample, &kinds);
    cached(&cache, &sample, &kinds);
    assert_eq!(cached(&cache, &sample, &kinds), expected);
    assert_eq!(counts(&cache), [1, 1, 0, 0]);
}

/// Sound bytes, and many that are not: cut off, changed in one bit, longer, of nothing.
pub(super) fn damaged(sound: &[u8]) -> Vec<Vec<u8>> {
    let step = (sound.len() / 30).max(1);
    let cut = (0..sound.len()).step_by(step).map(|at| sound[..at].to_vec());
    let changed = (0..90.min(sound.len())).chain((90..sound.len()).step_by(step)).map(|at| {
        let mut content = sound.to_vec();
        content[at] ^= 0x10;
        content
    });
    let others = [[sound, b"!"].concat(), Vec::new(), vec![0; sound.len()]];
    cut.chain(changed).chain(others).collect()
}

#[test]
fn a_damaged_result_is_found_anew() {
    for kind in ALL {
        let folder = Folder::new();
        let cache = folder.cache();
        let sample = chords_of(0.0, RATE / 2);
        let expected = cached(&cache, &sample, &[kind]);
        let [entry] = folder.kept("result").try_into().expect("one result");
        let sound = fs::read(&entry).expect("ours");
        for (done, content) in (1..).zip(damaged(&sound)) {
            fs::write(&entry, content).expect("ours");
            assert_eq!(cached(&cache, &sample, &[kind]), expected);
            assert_eq!(counts(&cache), [0, 1 + done, done, 0]);
            assert_eq!(fs::read(&entry).expect("made anew"), sound);
        }
    }
}

#[test]
fn a_result_under_the_name_of_another_is_not_taken() {
    let folder = Folder::new();
    let cache = folder.cache();
    let kinds = [AnalysisKind::Key];
    let [one, other] = [0.0, 5.0].map(chords);
    cached(&cache, &one, &kinds);
    let [of_one] = folder.kept("result").try_into().expect("one result");
    cached(&cache, &other, &kinds);
    let of_other = folder.kept("result").into_iter().find(|entry| *entry != of_one).expect("two");
    fs::copy(&of_one, &of_other).expect("ours");
    assert_eq!(cached(&cache, &other, &kinds), found(&other, &kinds));
    assert_ne!(found(&one, &kinds), found(&other, &kinds));
    assert_eq!(cache.stats().unsound, 1);
}

#[test]
fn an_analysis_that_is_dropped_leaves_nothing_unfinished() {
    let folder = Folder::new();
    let cache = folder.cache();
    let sample = chords(0.0);
    let mut steps = 0;
    loop {
        let mut job = CachedAnalysis::new(Arc::clone(&cache), Arc::clone(&sample), &ALL);
        let ended = (0..steps).any(|_| job.step() == AnalysisStep::Finished);
        drop(job);
        assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
        if ended {
            break;
        }
        // Every place where it could be in a file, and not all of the blocks that it hears.
        steps += 1 + steps / 8;
    }
}

#[test]
fn a_folder_that_is_gone_or_too_small_fails_no_analysis() {
    let sample = chords(0.0);
    let expected = found(&sample, &ALL);
    let folder = Folder::new();
    let cache = folder.cache();
    fs::remove_dir_all(folder.0.join("cache")).expect("ours");
    fs::write(folder.0.join("cache"), []).expect("writable");
    assert_eq!(cached(&cache, &sample, &ALL), expected);
    assert_eq!(counts(&cache), [0, 5, 0, 5]);
    fs::remove_file(folder.0.join("cache")).expect("ours");
    let cache = folder.cache_of(10_000);
    assert_eq!(cached(&cache, &sample, &ALL), expected);
    assert!(folder.kept("result").len() < 3, "what there is room for");
    assert!(folder.kept("result").iter().all(|it| fs::metadata(it).expect("there").len() < 10_000));
    assert_eq!(counts(&folder.cache_of(PLENTY)), [0; 4]);
}

#[test]
fn a_result_that_has_no_room_takes_it_from_no_other() {
    let folder = Folder::new();
    let sample = chords(0.0);
    // Of 750 blocks of two channels.
    let cache = folder.cache_of(20_000);
    cached(&cache, &sample, &[AnalysisKind::Loudness, AnalysisKind::Key]);
    let before = folder.kept("result");
    assert_eq!(before.len(), 2);
    let kinds = [AnalysisKind::Waveform];
    assert_eq!(cached(&cache, &sample, &kinds), found(&sample, &kinds));
    assert_eq!(folder.kept("result"), before);
    assert_eq!(counts(&cache), [0, 3, 0, 0]);
}

#[test]
fn of_a_sample_that_grows_there_is_no_result() -> Result<(), LoadError> {
    let folder = Folder::new();
    let cache = folder.cache();
    let spec = AudioSpec { sample_rate: RATE, channels: 1 };
    let writer = SampleWriter::with_capacity(spec, 100)?;
    let growing = writer.buffer().expect("it is to be shared");
    let mut job = CachedAnalysis::new(cache, growing, &ALL[..1]);
    let AnalysisStep::Done(AnalysisKind::Loudness, Err(error)) = job.step() else {
        panic!("it has a result")
    };
    assert_eq!(error.as_str(), "unfinished");
    Ok(())
}
