//! Any bytes as a whole file, through every reader and codec.
#![no_main]

use hotcue::{LoadJob, LoadOptions, Source, Step, Workbench};

/// Small, so that inputs are many: what can be reached is reached in the first frames.
const MAX_SAMPLE_BYTES: u64 = 1 << 20;

fn decode(input: &[u8]) {
    // By the input itself, so that a kept one is all there is to know.
    let resample = input.iter().fold(0_u8, |sum, byte| sum ^ byte) % 4 == 0;
    let options = LoadOptions {
        sample_rate: resample.then_some(48_000),
        max_sample_bytes: Some(MAX_SAMPLE_BYTES),
    };
    let mut job = LoadJob::new(Source::Memory(input.into()), options);
    let mut bench = Workbench::default();
    let mut percent = 0.0;
    while let Ok(step) = job.step(&mut bench) {
        assert!(job.percent() >= percent && job.percent() <= 100.0);
        percent = job.percent();
        if let Step::Done(sample) = step {
            let buffer = &sample.buffer;
            assert!(buffer.frames().is_some_and(|frames| frames > 0));
            assert!(buffer.spec().validate().is_ok());
            let planes = || (0..buffer.channels()).map(|channel| buffer.plane(channel));
            assert!(planes().all(|plane| plane.iter().all(|value| value.is_finite())));
            assert!((planes().map(size_of_val).sum::<usize>() as u64) <= MAX_SAMPLE_BYTES);
            break;
        }
    }
}

hotcue_fuzz::target!(ogg decode);
