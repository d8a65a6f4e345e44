//! All analyses, for those who feed them anything: see [`crate::fuzzing`].

use std::sync::Arc;

use super::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use super::{Key, Loudness, Onsets, TempoEstimate};
use crate::buffer::SampleBuffer;
use crate::spec::{MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};

/// Values that are heard at most.
const MAX_VALUES: usize = 1 << 18;
/// Low ones first: of these a few bytes are seconds.
const RATES_HZ: [u32; 8] =
    [MIN_SAMPLE_RATE, 1_001, 2_000, 8_000, 11_025, 44_100, 48_000, MAX_SAMPLE_RATE];
const SLOWEST_BPM: f64 = 50.0;
const FASTEST_BPM: f64 = 210.0;

/// Audio, in which all there is to be heard is heard: a byte each for the rate, the channels and how
/// the values are written (any `f32`, 8 bits, or 8 bits behind how many zeros precede them), and
/// these, channel by channel in each frame.
///
/// # Panics
/// When a result is beyond what is documented, or another one with all values negated.
pub fn analysis(bytes: &[u8]) {
    let Some(([rate, channels, form], bytes)) = bytes.split_first_chunk() else { return };
    let rate = RATES_HZ[usize::from(*rate) % RATES_HZ.len()];
    let channels = usize::from(*channels) % MAX_CHANNELS + 1;
    let values = values(*form, bytes);
    let planes: Vec<Vec<f32>> = (0..channels)
        .map(|channel| {
            let frames = values.chunks_exact(channels);
            frames.map(|frame| frame[channel]).collect()
        })
        .collect();
    let Some(heard) = heard(rate, planes.clone()) else { return };
    heard.iter().for_each(|result| check(result, planes[0].len(), rate));
    if values.iter().all(|value| value.is_finite()) {
        let negated = planes.into_iter().map(|plane| plane.iter().map(|value| -value).collect());
        let other = self::heard(rate, negated.collect()).unwrap_or_default();
        let tell = |results: Vec<AnalysisResult>| {
            // What is drawn is drawn the other way up.
            let same = |result: &AnalysisResult| result.kind() != AnalysisKind::Waveform;
            results.into_iter().filter(same).collect::<Vec<_>>()
        };
        assert_eq!(tell(heard), tell(other), "with all values negated");
    }
}

fn values(form: u8, bytes: &[u8]) -> Vec<f32> {
    let of_byte = |byte: u8| f32::from(byte.cast_signed()) / 128.0;
    match form % 3 {
        0 => bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        1 => bytes.iter().map(|byte| of_byte(*byte)).collect(),
        _ => {
            let mut values = Vec::new();
            for [low, high, value] in bytes.as_chunks().0 {
                let zeros = usize::from(u16::from_le_bytes([*low, *high]));
                if values.len() + zeros >= MAX_VALUES {
                    break;
                }
                values.resize(values.len() + zeros, 0.0);
                values.push(of_byte(*value));
            }
            values
        }
    }
}

/// All that is heard; None of what is no sample.
fn heard(rate: u32, planes: Vec<Vec<f32>>) -> Option<Vec<AnalysisResult>> {
    let sample: Arc<SampleBuffer> = SampleBuffer::from_planes(rate, planes).ok()?;
    let mut job = AnalysisJob::new(sample, &AnalysisKind::ALL);
    let mut results = Vec::new();
    loop {
        match job.step() {
            AnalysisStep::More => {}
            AnalysisStep::Done(kind, result) => {
                let result = result.expect("a finished sample is heard");
                assert_eq!(kind, AnalysisKind::ALL[results.len()], "in their order, each once");
                assert_eq!(kind, result.kind());
                results.push(result);
            }
            AnalysisStep::Finished => break,
        }
    }
    assert_eq!(results.len(), AnalysisKind::ALL.len(), "each has one");
    Some(results)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn check(result: &AnalysisResult, frames: usize, rate: u32) {
    let length_sec = frames as f64 / f64::from(rate);
    match result {
        AnalysisResult::Loudness(loudness) => check_loudness(loudness),
        AnalysisResult::Waveform(waveform) => {
            assert_eq!(waveform.frames(), frames);
            for pixel in waveform.pixels(7, 0.0, length_sec).into_iter().flatten() {
                let all = [pixel.rms, pixel.low, pixel.mid, pixel.high];
                assert!(all.iter().all(|level| level.is_finite() && *level >= 0.0), "{pixel:?}");
            }
        }
        AnalysisResult::Onsets(onsets) => check_onsets(onsets, frames, rate),
        AnalysisResult::Bpm(tempo) => check_tempo(tempo, length_sec),
        AnalysisResult::Key(key) => {
            if let Some(Key { tonic, confidence, tuning_cents, .. }) = key {
                assert!(*tonic < 12 && is_fraction(*confidence), "{key:?}");
                assert!((-50.0..=50.0).contains(tuning_cents), "{key:?}");
            }
        }
    }
}

fn check_loudness(loudness: &Loudness) {
    let Loudness { integrated_lufs, momentary_max_lufs, short_term_max_lufs, range_lu, .. } =
        *loudness;
    let all = [integrated_lufs, momentary_max_lufs, short_term_max_lufs, range_lu];
    assert!(all.into_iter().flatten().all(f64::is_finite), "{loudness:?}");
    assert!(range_lu.is_none_or(|range| range >= 0.0), "{loudness:?}");
    assert!(integrated_lufs.is_none_or(|integrated| integrated > -70.0), "{loudness:?}");
    let (sample_peak, true_peak) = (loudness.sample_peak, loudness.true_peak);
    assert!((0.0..=f32::MAX).contains(&sample_peak) && true_peak.is_finite(), "{loudness:?}");
    assert!(true_peak >= sample_peak, "{loudness:?}");
}

fn check_onsets(onsets: &Onsets, length: usize, rate: u32) {
    let Onsets { frames, onsets_sec, strengths, leading_silence_sec, trailing_silence_sec } =
        onsets;
    assert!(frames.is_sorted_by(|one, next| one < next), "{frames:?}");
    assert!(frames.iter().all(|frame| *frame < length as u64), "{frames:?} of {length}");
    assert_eq!((frames.len(), frames.len()), (onsets_sec.len(), strengths.len()));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let sec = |frame: u64| frame as f64 / f64::from(rate);
    assert!(frames.iter().zip(onsets_sec).all(|(frame, at_sec)| sec(*frame) == *at_sec));
    assert!(strengths.iter().all(|strength| is_fraction(*strength)), "{strengths:?}");
    let silent_sec = leading_silence_sec + trailing_silence_sec;
    assert!(*leading_silence_sec >= 0.0 && *trailing_silence_sec >= 0.0, "{onsets:?}");
    assert!(silent_sec <= sec(length as u64) + 1e-9, "{onsets:?}");
}

fn check_tempo(tempo: &TempoEstimate, length_sec: f64) {
    let Some(bpm) = tempo.bpm else {
        assert_eq!(*tempo, TempoEstimate::default(), "all else is empty then");
        return;
    };
    assert!((SLOWEST_BPM..=FASTEST_BPM).contains(&bpm), "{tempo:?}");
    let certainties = [tempo.confidence, tempo.octave_confidence, tempo.stability];
    assert!(certainties.into_iter().all(is_fraction), "{tempo:?}");
    let weights = tempo.alternatives.iter().map(|other| other.weight);
    assert!(weights.clone().all(is_fraction) && weights.is_sorted_by(|a, b| a >= b), "{tempo:?}");
    assert!(tempo.alternatives.iter().all(|other| other.bpm.is_normal()), "{tempo:?}");
    assert_eq!(tempo.loop_bpm.is_some(), tempo.n_beats.is_some(), "{tempo:?}");
    if let (Some(loop_bpm), Some(beats)) = (tempo.loop_bpm, tempo.n_beats) {
        let beats_sec = f64::from(beats) * 60.0 / loop_bpm;
        assert!((beats_sec / length_sec - 1.0).abs() < 1e-9, "{tempo:?}");
    }
    let beats = &tempo.beats_sec;
    assert!(beats.is_sorted_by(|one, next| one < next), "{tempo:?}");
    assert!(beats.iter().all(|beat| (0.0..=length_sec).contains(beat)), "{tempo:?}");
    assert!(tempo.downbeats_sec.iter().all(|bar| beats.contains(bar)), "{tempo:?}");
    assert!(matches!(tempo.beats_per_bar, 3 | 4), "{tempo:?}");
}

fn is_fraction(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}
