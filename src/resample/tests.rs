//! Length, alignment, reuse; the quality is in `tests/quality.rs`.

mod quality;

use std::sync::Arc;

use super::*;
use crate::buffer::{BEYOND, SampleBuffer};
use crate::error::LoadErrorKind;
use crate::testing::converted;

/// Pairs of every method: FFT, FFT with an awkward ratio, sinc down, sinc up, copy.
const PAIRS: [(u32, u32); 6] = [
    (44_100, 48_000),
    (96_000, 44_100),
    (11_003, 8_009),
    (95_989, 48_000),
    (8_009, 95_989),
    (48_000, 48_000),
];

/// Resamples one channel in pushes of `step` frames.
fn resample_by(resampler: &mut Resampler, input: &[f32], step: usize) -> Vec<f32> {
    let spec = AudioSpec { sample_rate: resampler.out_rate, channels: 1 };
    let mut writer = SampleWriter::growing(spec).expect("a valid spec");
    for part in input.chunks(step) {
        resampler.push(&[part], &mut writer).expect("memory");
    }
    resampler.finish(resampler.frames_pushed(), &mut writer).expect("memory");
    writer.finish().plane(0).to_vec()
}

fn resample(in_rate: u32, out_rate: u32, input: &[f32]) -> Vec<f32> {
    let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
    resample_by(&mut resampler, input, 4_096)
}

/// White noise, −0.5..0.5.
fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        // Numerical Recipes' linear congruential generator.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).expect("16 bits")) / 65_536.0 - 0.5
    };
    (0..frames).map(|_| next()).collect()
}

/// The least number of frames at `out_rate` that lasts at least as long.
fn assert_exact_length(made: usize, frames: usize, in_rate: u32, out_rate: u32) {
    let (made, wanted) =
        (made as u128 * u128::from(in_rate), frames as u128 * u128::from(out_rate));
    assert!(
        made >= wanted && made < wanted + u128::from(in_rate),
        "{frames} frames from {in_rate} to {out_rate}"
    );
}

#[test]
fn lengths_are_exact_for_every_short_input() {
    for (in_rate, out_rate) in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000)] {
        let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
        let input = noise(5_000, 1);
        for frames in 1..=5_000 {
            resampler.reset();
            let output = resample_by(&mut resampler, &input[..frames], 5_000);
            assert_exact_length(output.len(), frames, in_rate, out_rate);
        }
    }
}

#[test]
fn lengths_are_exact_for_whole_seconds_and_awkward_pairs() {
    for (in_rate, out_rate) in PAIRS {
        let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
        for seconds in [1, 2, 3] {
            resampler.reset();
            let input = vec![0.0; in_rate as usize * seconds];
            let output = resample_by(&mut resampler, &input, 10_000);
            assert_eq!(output.len(), out_rate as usize * seconds, "{in_rate} to {out_rate}");
        }
    }
    // In floating point, the first of these is one frame too long.
    assert_eq!(output_frames(60 * 44_100, 44_100, 48_000), 60 * 48_000);
    assert_eq!(output_frames(u64::MAX, 1_000, 768_000), u64::MAX);
}

#[test]
fn the_extremes_of_rates_and_channels_work() {
    for (in_rate, out_rate, channels) in [
        (1_000, 768_000, 1),
        (768_000, 1_000, 1),
        (767_999, 1_000, 1),
        (1_009, 767_999, 1),
        (44_101, 48_000, 64),
        (1_000, 96_000, 64),
    ] {
        let mut resampler = Resampler::new(in_rate, out_rate, channels).expect("valid");
        assert!(resampler.byte_len() < 64 << 20, "{in_rate} to {out_rate}: {resampler:?}");
        let spec = AudioSpec { sample_rate: out_rate, channels };
        let mut writer = SampleWriter::growing(spec).expect("a valid spec");
        let input = vec![0.25; in_rate as usize / 2];
        resampler.push(&vec![&input[..]; channels], &mut writer).expect("memory");
        resampler.finish(input.len() as u64, &mut writer).expect("memory");
        let sample = writer.finish();
        assert_exact_length(sample.ready_frames(), input.len(), in_rate, out_rate);
        for channel in 0..channels {
            let middle = sample.plane(channel)[sample.ready_frames() / 2];
            assert!((middle - 0.25).abs() < 1e-3, "{in_rate} to {out_rate}: {middle}");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_is() {
    for at in [0, 1, 1_023, 1_024, 2_999] {
        let mut input = vec![0.0; 3_000];
        input[at] = 1.0;
        let output = resample(48_000, 96_000, &input);
        let peak = (0..output.len()).max_by(|&a, &b| output[a].total_cmp(&output[b]));
        assert_eq!(peak, Some(2 * at));
        for distance in 1..(2 * at).min(output.len() - 1 - 2 * at) {
            let (before, after) = (output[2 * at - distance], output[2 * at + distance]);
            assert!((before - after).abs() < 1e-6, "impulse at {at} is skewed");
        }
    }
}

#[test]
fn equal_rates_copy_exactly() {
    let input = noise(10_000, 2);
    assert_eq!(resample(44_100, 44_100, &input), input);
}

#[test]
fn the_size_of_the_pushes_changes_no_bit() {
    let input = noise(50_000, 3);
    for (in_rate, out_rate) in PAIRS {
        let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
        let whole = resample_by(&mut resampler, &input, input.len());
        for step in [113, 1_024, 30_000] {
            resampler.reset();
            let parts = resample_by(&mut resampler, &input, step);
            assert!(parts == whole, "{in_rate} to {out_rate} in steps of {step}");
        }
    }
}

#[test]
fn beginning_in_the_middle_changes_no_bit() {
    let input = noise(100_000, 8);
    for (in_rate, out_rate) in [(44_100, 48_000), (96_000, 44_100), (8_000, 48_000)] {
        let whole = resample(in_rate, out_rate, &input);
        let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
        let (part, history) = resampler.parts().expect("by blocks");
        for chunks in [1, 2, 4] {
            let at = chunks * part;
            resampler.start_at(at as u64);
            let first = usize::try_from(resampler.frames_written()).expect("in memory");
            let rest = resample_by(&mut resampler, &input[at - history..], 777);
            assert!(rest == whole[first..], "{in_rate} to {out_rate} from {at}");
        }
    }
}

#[test]
fn channels_do_not_mix() {
    let planes: Vec<_> = (0..3).map(|seed| noise(5_000, seed)).collect();
    let mut resampler = Resampler::new(44_100, 48_000, 3).expect("valid rates");
    let spec = AudioSpec { sample_rate: 48_000, channels: 3 };
    let mut writer = SampleWriter::growing(spec).expect("a valid spec");
    let input: Vec<_> = planes.iter().map(Vec::as_slice).collect();
    resampler.push(&input, &mut writer).expect("memory");
    resampler.finish(5_000, &mut writer).expect("memory");
    let sample = writer.finish();
    for (channel, plane) in planes.iter().enumerate() {
        assert!(sample.plane(channel) == resample(44_100, 48_000, plane), "channel {channel}");
    }
}

#[test]
fn silence_stays_silent_beside_sound() {
    let mut input = noise(100_000, 7);
    input[20_000..80_000].fill(0.0);
    for (in_rate, out_rate) in [(44_100, 48_000), (96_000, 44_100)] {
        let output = resample(in_rate, out_rate, &input);
        let at = |frame: usize| frame * out_rate as usize / in_rate as usize;
        // Some blocks in, nothing of the sound is left, not even a rounding error.
        let inside = &output[at(35_000)..at(65_000)];
        assert!(inside.iter().all(|value| *value == 0.0), "{in_rate} to {out_rate}");
        assert!(output[at(85_000)..at(95_000)].iter().any(|value| value.abs() > 0.1));
    }
}

#[test]
fn frames_that_never_came_are_silence() {
    for (in_rate, out_rate) in PAIRS {
        let input = noise(3_000, 4);
        let mut padded = input.clone();
        padded.resize(9_000, 0.0);
        let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
        let spec = AudioSpec { sample_rate: out_rate, channels: 1 };
        let mut writer = SampleWriter::growing(spec).expect("a valid spec");
        resampler.push(&[&input], &mut writer).expect("memory");
        resampler.finish(9_000, &mut writer).expect("memory");
        assert!(writer.finish().plane(0) == resample(in_rate, out_rate, &padded));
    }
}

#[test]
fn a_kept_resampler_is_as_good_as_new() {
    let input = noise(50_000, 5);
    for (in_rate, out_rate) in PAIRS {
        let fresh = resample(in_rate, out_rate, &input);
        let mut bench = Workbench::default();
        let mut used = bench.take_resampler(in_rate, out_rate, 1).expect("valid rates");
        // Abandoned in the middle, as after a cancel.
        let spec = AudioSpec { sample_rate: out_rate, channels: 1 };
        let mut writer = SampleWriter::growing(spec).expect("a valid spec");
        used.push(&[&noise(34_567, 6)], &mut writer).expect("memory");
        bench.put_back(used);
        let mut kept = bench.take_resampler(in_rate, out_rate, 1).expect("valid rates");
        assert!(bench.kept() == 0, "made a new one instead");
        assert!(resample_by(&mut kept, &input, 4_096) == fresh, "{in_rate} to {out_rate}");
    }
}

#[test]
fn the_workbench_keeps_the_latest_few() {
    let mut bench = Workbench::default();
    for in_rate in 0..20 {
        let resampler = Resampler::new(8_000 + 1_000 * in_rate, 48_000, 1).expect("valid rates");
        bench.put_back(resampler);
    }
    assert_eq!(bench.kept(), 8);
    let latest = bench.take_resampler(27_000, 48_000, 1).expect("valid rates");
    assert_eq!(bench.kept(), 7);
    drop(latest);
    // One that is larger than all that may be kept is not kept; nor is anything in its stead.
    for _ in 0..8 {
        bench.put_back(Resampler::new(44_101, 48_000, 8).expect("valid rates"));
    }
    assert!(bench.kept() < 8);
}

#[test]
fn rates_and_channels_outside_the_limits_are_refused() {
    for (in_rate, out_rate, channels) in
        [(0, 48_000, 1), (48_000, 0, 1), (48_000, 768_001, 1), (44_100, 48_000, 65)]
    {
        let error = Resampler::new(in_rate, out_rate, channels).expect_err("out of the limits");
        assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
    }
}

#[test]
#[should_panic(expected = "cannot be taken back")]
fn fewer_frames_than_pushed_are_a_bug_of_the_caller() {
    let spec = AudioSpec { sample_rate: 48_000, channels: 1 };
    let mut writer = SampleWriter::growing(spec).expect("a valid spec");
    let mut resampler = Resampler::new(44_100, 48_000, 1).expect("valid rates");
    resampler.push(&[&[0.0; 10]], &mut writer).expect("memory");
    let _never = resampler.finish(9, &mut writer);
}

/// The sample that comes of one channel.
fn sample_of(in_rate: u32, out_rate: u32, input: Vec<f32>) -> Arc<SampleBuffer> {
    converted((in_rate, out_rate), &[input], None)
}

#[test]
fn the_seam_of_a_sample_is_what_lies_between_many_of_it() {
    // Lengths that are whole numbers of frames at both rates, so that each round is the same.
    for (in_rate, out_rate, frames) in [
        (44_100, 48_000, 147 * 40),
        (44_100, 48_000, 147),
        (48_000, 44_100, 160 * 31),
        (96_000, 48_000, 2 * 1_501),
        (8_000, 48_000, 777),
        (48_000, 8_000, 6 * 5),
    ] {
        let input = noise(frames, 9);
        let sample = sample_of(in_rate, out_rate, input.clone());
        let [seam] = sample.seams() else { panic!("has one") };
        let round = sample.ready_frames();
        assert_eq!(
            (seam.start, seam.end, seam.short_by),
            (0, round as u64, 0),
            "{in_rate} to {out_rate}"
        );
        // In the middle of so many rounds that the ends of them all are far away.
        let rounds = 2 * (8_000 / frames + 1) + 1;
        let middle = rounds / 2 * round;
        let many = sample_of(in_rate, out_rate, input.repeat(rounds));
        let many = many.plane(0);
        let near = seam.near as usize;
        assert!(near >= 250.min(round / 2), "{near}");
        let sides =
            [(seam.start_side(0), middle - BEYOND), (seam.end_side(0), middle + round - near)];
        for (side, at) in sides {
            assert_eq!(side.len(), near + BEYOND);
            let error =
                side.iter().zip(&many[at..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error < 1e-6, "{in_rate} to {out_rate}, {frames} frames: {error}");
        }
        // Where it begins to be read it is hardly another than the sample by itself.
        let inner = seam.end_side(0)[0] - sample.plane(0)[round - near];
        assert!(round < 2_000 || inner.abs() < 3e-4, "{in_rate} to {out_rate}: {inner}");
    }
}

#[test]
fn a_seam_knows_what_a_round_is_short_of_a_whole_frame() {
    for frames in [1, 2, 25, 44_101, 100_003] {
        let sample = sample_of(44_100, 48_000, noise(frames, 7));
        let [seam] = sample.seams() else { panic!("has one") };
        let round = sample.ready_frames() as f64 - seam.short_by as f64 / 2.0_f64.powi(32);
        let exact = frames as f64 * 48_000.0 / 44_100.0;
        assert!((round - exact).abs() < 1e-9, "{frames} frames: {round}, not {exact}");
    }
    let silent = sample_of(44_100, 48_000, vec![0.0; 500]);
    assert_eq!(silent.seams()[0].values.len(), 0);
    assert_eq!(sample_of(48_000, 48_000, noise(500, 3)).seams(), []);
    // Blocks are too long for these.
    assert_eq!(sample_of(44_101, 48_000, noise(500, 3)).seams(), []);
}

#[test]
fn a_loop_has_a_seam_where_metadata_place_it() {
    // Frames, and a loop that ends with them, behind them, and before them.
    for (frames, from, to) in [
        (44_101, 0, 44_101),
        (44_105, 0, 44_105),
        (44_109, 0, 44_109),
        (44_101, 0, 44_102),
        (44_103, 1_000, 44_103),
        (44_103, 1_000, 44_104),
        (44_103, 1_000, 50_000),
        (44_103, 1_000, 44_000),
    ] {
        let sample = converted((44_100, 48_000), &[noise(frames, 5)], Some(from..to));
        let whole = sample.ready_frames() as u64;
        // To the nearest frame, and no further than the sample.
        let placed = |frame: u64| (2 * frame * 160 + 147) / 294;
        let (start, end) = (placed(from), placed(to).min(whole));
        let seam = sample.seams().iter().find(|seam| (seam.start, seam.end) == (start, end));
        let seam = seam.expect("has one");
        let round = (seam.end - seam.start) as f64 - seam.short_by as f64 / 2.0_f64.powi(32);
        let exact = (to.min(frames as u64) - from) as f64 * 160.0 / 147.0;
        assert!((round - exact).abs() < 1e-9, "{from} to {to} of {frames}: {round}, not {exact}");
        assert!(!seam.values.is_empty());
    }
}

#[test]
fn numbers_too_small_for_a_normal_float_are_silence_but_stay_as_they_are_where_none_is_converted() {
    // That is what keeps the processor from working them out, which takes many times as long.
    let tiny = f32::MIN_POSITIVE / 4.0;
    let input: Vec<f32> = noise(20_000, 3).iter().map(|value| tiny * value).collect();
    assert!(input.iter().any(|value| value.is_subnormal()));
    for (in_rate, out_rate) in PAIRS {
        let output = resample(in_rate, out_rate, &input);
        if in_rate == out_rate {
            assert_eq!(output, input);
        } else {
            assert!(output.iter().all(|value| *value == 0.0), "{in_rate} to {out_rate}");
        }
    }
}
