//! Lays estimated tempi beside known ones: `tempo LIST [COLUMN=VALUE…]`.
//!
//! LIST has a line per file, with tabs between: path, beats per minute, set, origin, and a file of
//! beats (`seconds<TAB>number in the bar`) or nothing. Only the audio is given to the estimator.
//! Files are divided by the hash of their origin: `half=dev` is for looking at, `half=held` for
//! figures that nothing was tuned by. `each=1` prints a line per file.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod tempo {
    pub(crate) mod score;
}

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep, TempoEstimate};
use hotcue::{LoadJob, LoadOptions, SampleBuffer, Source, Step, Workbench};
use sha1::{Digest, Sha1};
use tempo::score::{Known, Table};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let list = arguments.next().ok_or("the list of files is missing")?;
    let options: Vec<String> = arguments.collect();
    let option =
        |name: &str| options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    let mut table = Table::default();
    for line in std::fs::read_to_string(&list)?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, bpm, set, origin, beats] = fields[..] else {
            return Err(format!("not five columns: {line}").into());
        };
        if option("half").is_some_and(|half| half != half_of(origin))
            || option("set").is_some_and(|wanted| wanted != set)
        {
            continue;
        }
        let sample = load(Path::new(path))?;
        let length_sec = seconds(&sample);
        let begin = cpu_sec()?;
        let estimate = estimate(sample);
        let known = Known::new(bpm.parse()?, beats, length_sec, cpu_sec()? - begin)?;
        if option("each").is_some() {
            println!("{set}\t{bpm}\t{:?}\t{:.2}\t{path}", estimate.bpm, estimate.confidence);
        }
        table.add(set, &known, &estimate);
    }
    println!("{table}");
    Ok(())
}

/// Which half the files of an origin belong to.
fn half_of(origin: &str) -> &'static str {
    if Sha1::digest(origin.as_bytes())[0].is_multiple_of(2) { "dev" } else { "held" }
}

fn load(path: &Path) -> Result<Arc<SampleBuffer>, Failure> {
    let mut job = LoadJob::new(Source::Path(path.into()), LoadOptions::default());
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(loaded) = job.step(&mut bench)? {
            return Ok(loaded.buffer);
        }
    }
}

fn seconds(sample: &SampleBuffer) -> f64 {
    sample.ready_frames() as f64 / f64::from(sample.sample_rate())
}

fn estimate(sample: Arc<SampleBuffer>) -> TempoEstimate {
    let mut job = AnalysisJob::new(sample, &[AnalysisKind::Onsets, AnalysisKind::Bpm]);
    let mut estimate = TempoEstimate::default();
    loop {
        match job.step() {
            AnalysisStep::Done(_, Ok(AnalysisResult::Bpm(result))) => estimate = result,
            AnalysisStep::Finished => return estimate,
            _ => {}
        }
    }
}

/// Processor time of this thread.
fn cpu_sec() -> Result<f64, Failure> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[allow(unsafe_code, reason = "the standard library has no such clock")]
    // SAFETY: `time` is a timespec that outlives the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    match result {
        0 => Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9),
        _ => Err(std::io::Error::last_os_error().into()),
    }
}
