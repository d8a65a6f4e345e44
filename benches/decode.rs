//! Time to load from memory: ten seconds of WAV at the engine's rate and at another, and every
//! file of the demo kit, one or more per format.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use hotcue::{LoadJob, LoadOptions, LoadedSample, Source, Step, Workbench};
use hotcue_benches::{WavFormat, stereo_wav};

fn load(file: &Arc<[u8]>, options: LoadOptions, bench: &mut Workbench) -> LoadedSample {
    let mut job = LoadJob::new(Source::Memory(Arc::clone(file)), options);
    loop {
        if let Step::Done(sample) = job.step(bench).expect("a good file") {
            return sample;
        }
    }
}

fn wav(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load_wav_10_s_stereo");
    for format in [WavFormat::Int16, WavFormat::Int24, WavFormat::Float32] {
        for sample_rate in [48_000, 44_100] {
            let frames = 10 * sample_rate as usize;
            let file: Arc<[u8]> = stereo_wav(format, sample_rate, frames).into();
            let options = LoadOptions { sample_rate: Some(48_000), ..LoadOptions::default() };
            let mut bench = Workbench::default();
            group.throughput(Throughput::Elements(frames as u64));
            group.bench_function(BenchmarkId::new(format!("{format:?}"), sample_rate), |b| {
                b.iter(|| load(&file, options, &mut bench));
            });
        }
    }
    group.finish();
}

fn demo_kit(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../py/python/hotcue/kit");
    let mut group = criterion.benchmark_group("decode_demo_kit");
    // The kit comes with the repository, though not with a packaged crate.
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "json"));
    paths.sort();
    for path in paths {
        let file: Arc<[u8]> = fs::read(&path).expect("a readable file").into();
        // At the file's own rate, so that nothing but decoding counts.
        let options = LoadOptions::default();
        let mut bench = Workbench::default();
        let frames = load(&file, options, &mut bench).buffer.ready_frames();
        group.throughput(Throughput::Elements(frames as u64));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| load(&file, options, &mut bench));
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    wav(&mut criterion);
    demo_kit(&mut criterion);
    criterion.final_summary();
}
