//! The job, whatever its analyses find.
#![expect(clippy::cast_precision_loss, reason = "a few thousand frames")]

use std::sync::Arc;

use super::{AnalysisError, AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::spec::AudioSpec;

/// The kinds that a job gives results for, in order.
fn kinds_of(sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Vec<AnalysisKind> {
    let mut job = AnalysisJob::new(sample, kinds);
    let mut done = Vec::new();
    loop {
        match job.step() {
            AnalysisStep::More => {}
            AnalysisStep::Done(kind, _) => done.push(kind),
            AnalysisStep::Finished => break,
        }
    }
    assert_eq!(job.step(), AnalysisStep::Finished, "what is finished stays so");
    done
}

#[test]
fn every_kind_is_answered_once_in_a_fixed_order() {
    let sample = SampleBuffer::from_planes(8_000, vec![vec![0.1; 8_000]]).expect("a mono sample");
    let mut asked = AnalysisKind::ALL.to_vec();
    asked.reverse();
    asked.extend(AnalysisKind::ALL);
    assert_eq!(kinds_of(Arc::clone(&sample), &asked), AnalysisKind::ALL);
    for kind in AnalysisKind::ALL {
        assert_eq!(kinds_of(Arc::clone(&sample), &[kind]), [kind]);
    }
    assert_eq!(kinds_of(sample, &[]), []);
}

#[test]
fn a_sample_that_grows_is_refused() {
    let spec = AudioSpec { sample_rate: 48_000, channels: 1 };
    let writer = SampleWriter::with_capacity(spec, 10).expect("little memory");
    let sample = writer.buffer().expect("its length is known");
    let mut job = AnalysisJob::new(sample, &[AnalysisKind::Bpm]);
    let expected = AnalysisStep::Done(AnalysisKind::Bpm, Err(AnalysisError::Unfinished));
    assert_eq!(job.step(), expected);
    assert_eq!(job.step(), AnalysisStep::Finished);
}

/// What may come of audio that nobody means to be heard.
fn odd_planes(rate: u32) -> Vec<(&'static str, Vec<f32>)> {
    let half = rate as usize / 2;
    let saw = (0..half).map(|at| (at % 100) as f32 / 100.0 - 0.5);
    vec![
        ("nothing", vec![]),
        ("one frame", vec![0.5]),
        ("silence", vec![0.0; half]),
        ("a constant", vec![-1.0; half]),
        ("half the rate", [1.0, -1.0].repeat(half / 2)),
        ("a saw", saw.collect()),
        ("as loud as can be", [f32::MAX, f32::MIN].repeat(half / 2)),
        ("as quiet as can be", [f32::MIN_POSITIVE, 0.0].repeat(half / 2)),
    ]
}

#[test]
fn odd_audio_has_every_result_at_any_rate_and_with_many_channels() {
    for rate in [8_000, 11_025, 44_100, 96_000, 384_000] {
        for (what, plane) in odd_planes(rate) {
            for channels in [1, 2, 8] {
                let planes = vec![plane.clone(); channels];
                let sample = SampleBuffer::from_planes(rate, planes).expect("few channels");
                let done = kinds_of(sample, &AnalysisKind::ALL);
                assert_eq!(done, AnalysisKind::ALL, "of {what} at {rate} Hz, {channels} channels");
            }
        }
    }
}

#[test]
fn a_step_hears_at_most_so_many_values_and_so_much_time() {
    // Frames per step, but for the first: 8,192 values in all, and no more than a quarter of a second.
    for (rate, channels, expected) in [
        (44_100, 1, 8_192),
        (44_100, 2, 4_096),
        (192_000, 8, 1_024),
        (8_000, 1, 2_000),
        (1_000, 1, 250),
    ] {
        let frames = 10 * expected + 1;
        let planes = vec![vec![0.1; frames]; channels];
        let sample = SampleBuffer::from_planes(rate, planes).expect("few channels");
        let mut job = AnalysisJob::new(sample, &[AnalysisKind::Waveform]);
        let steps = (0..).take_while(|_| job.step() == AnalysisStep::More).count();
        assert_eq!(steps, 1 + 11, "at {rate} Hz, {channels} channels");
    }
}

#[test]
fn a_job_may_be_dropped_after_any_step() {
    let plane: Vec<f32> = (0..16_000).map(|at| (at % 4_000) as f32 / 4_000.0 - 0.5).collect();
    let sample = SampleBuffer::from_planes(8_000, vec![plane]).expect("a mono sample");
    let mut steps = 0;
    let mut whole = AnalysisJob::new(Arc::clone(&sample), &AnalysisKind::ALL);
    while whole.step() != AnalysisStep::Finished {
        steps += 1;
    }
    for after in 0..steps {
        let mut job = AnalysisJob::new(Arc::clone(&sample), &AnalysisKind::ALL);
        for _ in 0..after {
            job.step();
        }
    }
    drop(whole);
    assert_eq!(Arc::strong_count(&sample), 1, "nothing else holds the sample");
}

/// What is found in a sample that is finished.
pub(super) fn results(sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Vec<AnalysisResult> {
    let mut job = AnalysisJob::new(Arc::clone(sample), kinds);
    let mut results = Vec::new();
    loop {
        match job.step() {
            AnalysisStep::More => {}
            AnalysisStep::Done(_, result) => results.push(result.expect("a finished sample")),
            AnalysisStep::Finished => return results,
        }
    }
}

#[test]
fn what_is_no_number_is_silence() {
    let heard = |odd: f32| {
        let mut plane: Vec<f32> = (0..44_100).map(|at| (at % 100) as f32 / 100.0 - 0.5).collect();
        plane[20_000..20_100].fill(odd);
        let sample = SampleBuffer::from_planes(22_050, vec![plane]).expect("a mono sample");
        results(&sample, &[AnalysisKind::Bpm, AnalysisKind::Key])
    };
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(heard(odd), heard(0.0), "{odd}");
    }
}

#[test]
fn numbers_too_small_for_a_normal_float_are_silence() {
    // That is what keeps the processor from working them out, which takes many times as long.
    let kinds =
        [AnalysisKind::Loudness, AnalysisKind::Onsets, AnalysisKind::Bpm, AnalysisKind::Key];
    let heard = |tiny: f32, sounding: usize| {
        let value = |at: usize| (at % 100) as f32 / 100.0 - 0.5;
        let scaled = |at: usize| if at < sounding { value(at) } else { tiny * value(at) };
        let sample = SampleBuffer::from_planes(8_000, vec![(0..16_000).map(scaled).collect()]);
        results(&sample.expect("a mono sample"), &kinds)
    };
    for sounding in [0, 4_000] {
        assert_eq!(heard(1e-39, sounding), heard(0.0, sounding), "behind {sounding} frames");
    }
}
