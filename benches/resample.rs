//! Time to resample a minute of stereo, and half a second with a resampler kept or made anew.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use hotcue::{AudioSpec, Resampler, SampleWriter, output_frames};
use hotcue_benches::tone;

/// As a decoder delivers them.
const CHUNK_FRAMES: usize = 4_096;

fn resample(resampler: &mut Resampler, in_rate: u32, out_rate: u32, input: &[f32]) {
    let frames = output_frames(input.len() as u64, in_rate, out_rate);
    let spec = AudioSpec { sample_rate: out_rate, channels: 2 };
    let mut writer = SampleWriter::with_capacity(spec, usize::try_from(frames).expect("in memory"))
        .expect("in memory");
    resampler.reset();
    for chunk in input.chunks(CHUNK_FRAMES) {
        resampler.push(&[chunk, chunk], &mut writer).expect("it fits");
    }
    resampler.finish(input.len() as u64, &mut writer).expect("it fits");
    black_box(writer.finish());
}

fn a_minute(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample_60_s_stereo");
    group.sample_size(10);
    for (in_rate, out_rate) in [
        (44_100, 48_000),
        (48_000, 44_100),
        (96_000, 48_000),
        // The first of these by FFT, the second by sinc.
        (44_101, 48_000),
        (95_989, 48_000),
    ] {
        let input = tone(1_000.0, in_rate, 60 * in_rate as usize);
        let mut resampler = Resampler::new(in_rate, out_rate, 2).expect("valid rates");
        group.throughput(Throughput::Elements(input.len() as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{in_rate}_to_{out_rate}")),
            |b| {
                b.iter(|| resample(&mut resampler, in_rate, out_rate, &input));
            },
        );
    }
    group.finish();
}

fn half_a_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample_half_a_second_stereo");
    group.sample_size(20);
    for (in_rate, out_rate) in [(44_100, 48_000), (44_101, 48_000), (95_989, 48_000)] {
        let input = tone(1_000.0, in_rate, in_rate as usize / 2);
        let pair = format!("{in_rate}_to_{out_rate}");
        let make = || Resampler::new(in_rate, out_rate, 2).expect("valid rates");
        let mut kept = make();
        group.bench_function(BenchmarkId::new("kept", &pair), |b| {
            b.iter(|| resample(&mut kept, in_rate, out_rate, &input));
        });
        group.bench_function(BenchmarkId::new("new", &pair), |b| {
            b.iter(|| resample(&mut make(), in_rate, out_rate, &input));
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    a_minute(&mut criterion);
    half_a_second(&mut criterion);
    criterion.final_summary();
}
