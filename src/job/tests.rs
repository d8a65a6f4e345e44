//! Jobs stepped by hand, without a thread.

mod limits;
mod parts;
mod seams;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::decode::VALUES_PER_STEP;
use crate::error::{LoadError, LoadErrorKind, Stage, WarningCode};
use crate::resample::Workbench;
use crate::source::Source;
use crate::testing::{Fault, Faulty, WAV_HEADER_BYTES, ramp, ramp_wav};

fn memory(file: &[u8]) -> Source {
    Source::Memory(Arc::from(file))
}

fn at_rate(rate: u32) -> LoadOptions {
    LoadOptions { sample_rate: Some(rate), ..LoadOptions::default() }
}

fn run(source: Source, options: LoadOptions) -> Result<LoadedSample, LoadError> {
    let mut job = LoadJob::new(source, options);
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench)? {
            return Ok(sample);
        }
    }
}

fn ramp_value(frame: usize) -> f32 {
    f32::from(ramp(u32::try_from(frame).expect("small"))) / 32_768.0
}

#[test]
fn equal_rates_pass_every_value_unchanged() {
    let sample = run(memory(&ramp_wav(50_000, 48_000)), at_rate(48_000)).expect("good file");
    let expected: Vec<f32> = (0..50_000).map(ramp_value).collect();
    let negative: Vec<f32> = expected.iter().map(|value| -value).collect();
    assert_eq!(sample.buffer.frames(), Some(50_000));
    assert_eq!(sample.buffer.plane(0), expected);
    assert_eq!(sample.buffer.plane(1), negative);
    assert_eq!((sample.container.as_str(), sample.codec.as_str()), ("wav", "pcm_s16le"));
    assert_eq!((sample.source_rate, sample.bits_per_sample), (48_000, Some(16)));
    assert_eq!(sample.warnings, []);
}

#[test]
fn other_rates_give_the_exact_length() {
    for frames in [1_u32, 2, 999, 4096, 30_001] {
        let sample = run(memory(&ramp_wav(frames, 44_100)), at_rate(48_000)).expect("good file");
        let expected = (u64::from(frames) * 48_000).div_ceil(44_100);
        assert_eq!(sample.buffer.frames().map(|frames| frames as u64), Some(expected));
        assert_eq!(sample.buffer.sample_rate(), 48_000);
        assert_eq!(sample.source_rate, 44_100);
    }
}

#[test]
fn nothing_is_touched_before_the_first_step() {
    let source = Faulty::new(ramp_wav(10, 48_000), None);
    let mut job = LoadJob::new(source.source(), LoadOptions::default());
    assert_eq!(source.opened.load(Ordering::Relaxed), 0);
    assert_eq!((job.stage(), job.percent()), (Stage::Queued, 0.0));
    job.step(&mut Workbench::default()).expect("opens");
    assert_eq!(source.opened.load(Ordering::Relaxed), 1);
    assert_eq!(job.stage(), Stage::Reading);
}

#[test]
fn progress_only_rises_and_is_whole_only_at_the_end() {
    for rate in [48_000, 44_100] {
        let mut job = LoadJob::new(memory(&ramp_wav(400_000, 48_000)), at_rate(rate));
        let mut bench = Workbench::default();
        let (mut stages, mut percents) = (vec![job.stage()], vec![job.percent()]);
        while let Step::Working = job.step(&mut bench).expect("good file") {
            assert!(job.percent() < 100.0);
            stages.push(job.stage());
            percents.push(job.percent());
        }
        assert!(stages.is_sorted(), "{stages:?}");
        assert!(percents.is_sorted(), "{percents:?}");
        assert_eq!(stages.contains(&Stage::Resampling), rate != 48_000);
        let halfway = percents.iter().filter(|percent| (25.0..75.0).contains(*percent)).count();
        assert!(halfway > 4, "too few steps on the way: {percents:?}");
        assert_eq!((job.stage(), job.percent()), (Stage::Publishing, 100.0));
    }
}

#[test]
fn a_step_stays_within_its_budget() {
    let mut job = LoadJob::new(memory(&ramp_wav(400_000, 48_000)), LoadOptions::default());
    let mut bench = Workbench::default();
    let mut ready = 0;
    while let Step::Working = job.step(&mut bench).expect("good file") {
        let now = job.buffer().map_or(0, |buffer| buffer.ready_frames());
        // One packet may overshoot; symphonia's PCM packets hold 1152 frames.
        assert!((now - ready) * 2 <= VALUES_PER_STEP + 2 * 1152, "{ready} to {now}");
        ready = now;
    }
    assert!(ready > 300_000, "the last step but one is far into the file");
}

#[test]
fn the_growing_sample_can_be_read_while_it_arrives() {
    let mut job = LoadJob::new(memory(&ramp_wav(200_000, 48_000)), LoadOptions::default());
    let mut bench = Workbench::default();
    assert!(job.buffer().is_none());
    let early = loop {
        assert!(matches!(job.step(&mut bench), Ok(Step::Working)));
        if let Some(buffer) = job.buffer()
            && buffer.ready_frames() > 0
        {
            break buffer;
        }
    };
    assert!(!early.is_finished());
    let seen = early.ready_frames();
    let sample = loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("good file") {
            break sample;
        }
    };
    assert!(Arc::ptr_eq(&early, &sample.buffer), "it is the same sample, not a copy");
    assert!(early.is_finished() && early.ready_frames() > seen);
}

#[test]
fn a_job_dropped_in_the_middle_leaves_readers_and_workbench_whole() {
    let mut bench = Workbench::default();
    for steps in 1..12 {
        let mut job = LoadJob::new(memory(&ramp_wav(200_000, 44_100)), at_rate(48_000));
        for _ in 0..steps {
            assert!(matches!(job.step(&mut bench), Ok(Step::Working)));
        }
        let buffer = job.buffer();
        drop(job);
        if let Some(buffer) = buffer {
            assert!(!buffer.is_finished());
            assert!(buffer.plane(0).iter().all(|value| value.abs() <= 0.5));
        }
    }
    let mut job = LoadJob::new(memory(&ramp_wav(1000, 44_100)), at_rate(48_000));
    while let Step::Working = job.step(&mut bench).expect("good file") {}
    assert_eq!(job.buffer().and_then(|buffer| buffer.frames()), Some(1089));
}

#[test]
fn after_its_end_a_job_says_the_same_again() {
    let mut bench = Workbench::default();
    let mut job = LoadJob::new(memory(&ramp_wav(10, 48_000)), LoadOptions::default());
    while let Step::Working = job.step(&mut bench).expect("good file") {}
    assert!(matches!(job.step(&mut bench), Ok(Step::Done(_))));

    let mut job = LoadJob::new(memory(b"nonsense"), LoadOptions::default());
    while job.step(&mut bench).is_ok() {}
    let again = job.step(&mut bench).expect_err("stays failed");
    assert_eq!(again.kind(), LoadErrorKind::UnsupportedFormat);
    assert_eq!(job.stage(), Stage::Reading);
    assert!(job.percent() < 100.0);
}

#[test]
fn a_file_cut_at_any_byte_gives_its_whole_frames_or_an_error() {
    let whole = ramp_wav(30, 48_000);
    for len in 0..whole.len() {
        match run(memory(&whole[..len]), at_rate(48_000)) {
            Ok(sample) => {
                let frames = (len - WAV_HEADER_BYTES) / 4;
                assert_eq!(sample.buffer.frames(), Some(frames), "cut at {len}");
                let expected: Vec<f32> = (0..frames).map(ramp_value).collect();
                assert_eq!(sample.buffer.plane(0), expected, "cut at {len}");
                assert_eq!(sample.warnings[0].code, WarningCode::Truncated, "cut at {len}");
            }
            Err(error) => {
                assert!(len < WAV_HEADER_BYTES + 4, "cut at {len}: {}", error.full_message());
            }
        }
    }
}

#[test]
fn a_source_that_fails_at_any_read_fails_the_job_with_io() {
    let file = ramp_wav(20_000, 44_100);
    let mut met = 0;
    for at in 0..1000 {
        let faulty = Faulty::new(file.clone(), Some((at, Fault::Error)));
        let result = run(faulty.source(), at_rate(48_000));
        if faulty.reads.load(Ordering::Relaxed) <= at {
            result.expect("without a fault met it loads");
            break;
        }
        met += 1;
        assert_eq!(result.expect_err("the fault was met").kind(), LoadErrorKind::Io, "read {at}");
    }
    assert!((5..1000).contains(&met), "{met} reads");
}

#[test]
fn a_panic_of_the_source_passes_through_and_ends_the_job() {
    let faulty = Faulty::new(ramp_wav(20_000, 48_000), Some((4, Fault::Panic)));
    let mut job = LoadJob::new(faulty.source(), LoadOptions::default());
    let mut bench = Workbench::default();
    let unwound = (0..100)
        .any(|_| catch_unwind(AssertUnwindSafe(|| job.step(&mut bench).map(drop))).is_err());
    assert!(unwound, "nobody but the caller may catch it");
    let error = job.step(&mut bench).expect_err("a job that unwound does not go on");
    assert_eq!(error.kind(), LoadErrorKind::WorkerPanic);
}
