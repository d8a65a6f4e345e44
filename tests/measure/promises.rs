//! `measure promises`: how soon the loader does what it promises, while every worker is busy.
//!
//! Every figure is taken on a running engine of two workers, from the caller's side: from a call
//! until the event is in the caller's hand.

mod analyses;
mod fairness;
mod limits;
mod rig;
mod steps;

use std::path::PathBuf;
use std::time::Duration;

use hotcue_tests::TempDir;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Promises {
    /// Three files of ten minutes.
    files: [PathBuf; 3],
    /// By how much the promised times may be exceeded: 1 on a machine that does nothing else.
    times: f64,
    /// A tenth of the rounds.
    short: bool,
    /// What was made for it.
    folder: std::sync::Arc<TempDir>,
}

impl Promises {
    /// Understands `[FOLDER] [times=N] [short]`. Without a folder of long files they are silence.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let (mut folder, mut times, mut short) = (None, 1.0, false);
        for word in words {
            match word.split_once('=') {
                Some(("times", text)) => {
                    times = text.parse().map_err(|_| format!("{text} is no number"))?;
                }
                None if *word == "short" => short = true,
                None => folder = Some(PathBuf::from(word)),
                Some(_) => return Err(format!("what is {word}?")),
            }
        }
        let own = TempDir::new();
        let files = match folder {
            Some(folder) => ["pcm_s16.wav", "flac.flac", "cbr.mp3"].map(|name| folder.join(name)),
            None => ["a.wav", "b.wav", "c.wav"].map(|name| own.silent_wav(name, 44_100, 600)),
        };
        if let Some(missing) = files.iter().find(|file| !file.is_file()) {
            return Err(format!("{} is not there", missing.display()));
        }
        Ok(Self { files, times, short, folder: std::sync::Arc::new(own) })
    }

    fn rounds(&self, all: usize) -> usize {
        if self.short { all / 10 } else { all }
    }

    /// A row of the table; whether the figure is within `bound`.
    fn row(&self, what: &str, figures: &str, got: f64, bound: f64) -> bool {
        let within = got <= bound;
        println!("{what}\t{figures}\t{}", if within { "yes" } else { "NO" });
        within
    }
}

/// Takes all figures and prints them; whether every promise is kept.
pub(crate) fn run(promises: &Promises) -> Result<bool, String> {
    println!("load average {}", rig::load_average());
    println!("what\tfigures\twithin");
    let mut within = true;
    for figure in [
        fairness::cancels,
        fairness::urgent_behind_500,
        fairness::short_among_hours,
        analyses::beside_loads,
        analyses::cancels,
        steps::longest,
        limits::buffers_of_200,
        limits::shutdown,
        limits::budget,
    ] {
        within &= figure(promises).map_err(|error| error.to_string())?;
    }
    println!("load average {}", rig::load_average());
    Ok(within)
}

/// p50, p90, p99 and the largest of some times, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Spread {
    count: usize,
    p50: f64,
    p90: f64,
    p99: f64,
    most: f64,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        // The nearest rank: of 300, the 99 % quantile is the 297th.
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        Self { count: times.len(), p50: at(50), p90: at(90), p99: at(99), most: at(100) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, p50, p90, p99, most } = self;
        write!(f, "p50 {p50:.2} p90 {p90:.2} p99 {p99:.2} max {most:.2} ms, n = {count}")
    }
}
