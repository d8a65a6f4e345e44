//! Loads a source to its end on the calling thread, without any actor.

use std::time::{Duration, Instant};

use hotcue::{
    LoadError, LoadJob, LoadOptions, LoadedSample, SampleBuffer, Source, Step, Workbench,
};
use sha1::{Digest, Sha1};

/// Loads `source` by stepping a job until it ends.
///
/// # Errors
/// The load's own; `Io` past `deadline`.
pub fn load(
    source: Source,
    options: LoadOptions,
    deadline: Duration,
) -> Result<LoadedSample, LoadError> {
    let mut job = LoadJob::new(source, options);
    let mut bench = Workbench::default();
    let begin = Instant::now();
    loop {
        if let Step::Done(sample) = job.step(&mut bench)? {
            return Ok(sample);
        }
        if begin.elapsed() > deadline {
            return Err(LoadError::new(hotcue::LoadErrorKind::Io, "still loading at the deadline"));
        }
    }
}

/// All values of a finished sample, frame by frame.
pub fn interleaved(buffer: &SampleBuffer) -> Vec<f32> {
    let planes: Vec<&[f32]> = (0..buffer.channels()).map(|c| buffer.plane(c)).collect();
    let frames = buffer.ready_frames();
    (0..frames).flat_map(|frame| planes.iter().map(move |plane| plane[frame])).collect()
}

/// SHA-1 of `values` as little-endian bytes, in lower-case hex.
pub fn sha1_of(values: &[f32]) -> String {
    let mut hash = Sha1::new();
    for value in values {
        hash.update(value.to_le_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signal-to-noise ratio of `ours` against `reference` in dB, over what both have; infinite when
/// they are equal, 0 when the reference is silent and ours is not.
pub fn snr_db(reference: &[f32], ours: &[f32]) -> f64 {
    let mut signal = 0.0;
    let mut noise = 0.0;
    for (&expected, &got) in reference.iter().zip(ours) {
        signal += f64::from(expected) * f64::from(expected);
        noise += (f64::from(expected) - f64::from(got)).powi(2);
    }
    match (signal > 0.0, noise > 0.0) {
        (_, false) => f64::INFINITY,
        (false, true) => 0.0,
        (true, true) => 10.0 * (signal / noise).log10(),
    }
}
