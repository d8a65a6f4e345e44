//! What others learn of a running job: which file, how far, how much memory.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{at_rate, memory};
use crate::error::LoadError;
use crate::job::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::resample::Workbench;
use crate::source::{Source, identify};
use crate::testing::{Faulty, ramp_wav};

fn to_the_end(job: &mut LoadJob) -> Result<LoadedSample, LoadError> {
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench)? {
            return Ok(sample);
        }
    }
}

#[test]
fn a_file_has_the_identity_that_its_path_leads_to_until_it_is_written() {
    let folder = std::env::temp_dir().join(format!("hotcue-identity-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let (path, link) = (folder.join("a.wav"), folder.join("b.wav"));
    fs::write(&path, ramp_wav(100, 48_000)).expect("a file can be written");
    fs::hard_link(&path, &link).expect("a link can be made");

    let mut job = LoadJob::new(Source::Path(link), LoadOptions::default());
    assert_eq!((job.identity(), job.byte_len()), (None, None), "nothing is open yet");
    job.step(&mut Workbench::default()).expect("opens");
    let identity = job.identity().expect("this system tells files apart");
    assert_eq!(identity, identify(&path).expect("is there"), "two names of one file");
    assert_eq!((job.byte_len(), identity.len), (Some(444), 444));

    // Another length; the time alone may be too coarse to tell.
    fs::write(&path, ramp_wav(101, 48_000)).expect("a file can be written");
    assert_ne!(identity, identify(&path).expect("is there"));
    fs::copy(&path, folder.join("c.wav")).expect("a copy can be made");
    let copy = identify(&folder.join("c.wav")).expect("is there");
    assert_ne!(copy, identify(&path).expect("is there"), "the same content in another file");
    // What is open stays, on Windows.
    drop(job);
    fs::remove_dir_all(&folder).expect("the folder goes");
    assert_eq!(identify(&path).expect_err("is gone").kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn what_is_no_file_has_a_length_and_no_identity() {
    let mut job = LoadJob::new(memory(&ramp_wav(100, 48_000)), LoadOptions::default());
    to_the_end(&mut job).expect("good file");
    assert_eq!((job.identity(), job.byte_len()), (None, Some(444)));
}

#[test]
fn the_pulse_counts_the_opening_and_every_byte() {
    let file = ramp_wav(20_000, 48_000);
    let source = Faulty::new(file.clone(), None);
    let mut job = LoadJob::new(source.source(), LoadOptions::default());
    let pulse = job.pulse();
    assert_eq!((pulse.bytes(), pulse.beats()), (0, 0));
    job.step(&mut Workbench::default()).expect("opens");
    assert_eq!((pulse.bytes(), pulse.beats()), (0, 1), "an opened source is a sign of life");
    to_the_end(&mut job).expect("good file");
    assert!(pulse.bytes() >= file.len() as u64, "{} bytes", pulse.bytes());
    // Every third read of this source answers nothing.
    let reads = source.reads.load(Ordering::Relaxed) as u64;
    assert!(pulse.beats() > reads / 2, "{} beats of {reads} reads", pulse.beats());
    assert!(Arc::ptr_eq(&pulse, &job.pulse()));
}

#[test]
fn memory_is_held_whole_where_the_length_is_known() {
    let mut job = LoadJob::new(memory(&ramp_wav(100_000, 48_000)), LoadOptions::default());
    let mut bench = Workbench::default();
    let mut held = vec![job.held_bytes()];
    while let Step::Working = job.step(&mut bench).expect("good file") {
        held.push(job.held_bytes());
    }
    held.push(job.held_bytes());
    held.dedup();
    assert_eq!(held, [0, 800_000]);
}

#[test]
fn the_times_of_the_stages_add_up_to_the_time_of_the_steps() {
    for rate in [44_100, 48_000] {
        let mut job = LoadJob::new(memory(&ramp_wav(400_000, 48_000)), at_rate(rate));
        let begin = std::time::Instant::now();
        let timings = to_the_end(&mut job).expect("good file").timings;
        let outside = begin.elapsed();
        let sum = timings.reading + timings.decoding + timings.resampling;
        assert!(sum <= outside, "{timings:?} in {outside:?}");
        assert!(sum <= job.busy && 2 * sum >= job.busy, "{timings:?} of {:?}", job.busy);
        assert!(timings.reading > Duration::ZERO && timings.decoding > Duration::ZERO);
        assert_eq!(timings.resampling > Duration::ZERO, rate != 48_000);
    }
}
