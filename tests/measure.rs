//! Measures loads of real files on a running engine, each in a process of its own.
//!
//! - `measure progress FOLDER [runs=N] [SVG]`: how far `percent` is from the share of the time
//!   between `started` and `success` that has passed, for the first load in a fresh process and for
//!   the second; at 44.1 kHz and at 48 kHz. A machine that others use stops or slows a load now and
//!   then, halfway, which nothing can foresee: of several runs those count that took little longer
//!   than the fastest, by their median. They are taken in turns, as that may last for a while, and
//!   again where fewer than half were undisturbed. Draws every load of the last run.
//! - `measure throttled FOLDER [runs=N] [SVG]`: the same from a source of 5 MB/s.
//! - `measure memory FOLDER`: the most memory that one load takes, against its result.
//! - `measure first_sound FOLDER [rounds=N]`: how soon a play is heard whose sample is still to be
//!   loaded, beside loading it first; and whether all that is heard is the finished sample.
//! - `measure cache FOLDER [pads=N] [rounds=N] [analyze]`: how long the files below it, copied until
//!   there are N (216), take to load, and to be analysed, at the first start and at later ones, with a
//!   cache on disk.
//! - `measure callback FOLDER [loads=N]`: what the callback takes of the processor while samples are
//!   loaded and unloaded, beside its time; most of it may be taken once in a thousand.
//! - `measure stream FOLDER [seconds=N]`: streams every file: memory, how soon seeks land, and
//!   whether eight voices run dry beside 200 loads on a clock that is 20 times too fast.
//! - `measure stream short [times=N]`: the last of these, of files of three hours made for it.
//! - `measure soak MINUTES [allow=KB_PER_MIN] [leak=KB_PER_MIN] [SVG]`: random calls of several
//!   threads; no event may be lost and nothing may grow.
//! - `measure promises [FOLDER] [times=N] [short]`: how soon cancelling, urgent and short loads
//!   and shutting down are answered while all workers are busy, what queued analyses cost loads,
//!   and how long their steps are; `times` as late as promised is within bounds.
//! - `measure analysis FOLDER`: what each kind of analysis takes of the processor, of each file's
//!   first minute (the least of three runs of each step), and the medians of stereo songs and loops.
//!
//! `scripts/make_long_audio.sh` makes a folder of long files. Exits with 1 where a bound of the
//! promises is exceeded.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod measure {
    pub(crate) mod analysis;
    pub(crate) mod cache;
    pub(crate) mod callback;
    pub(crate) mod child;
    pub(crate) mod first_sound;
    pub(crate) mod plot;
    pub(crate) mod promises;
    pub(crate) mod soak;
    pub(crate) mod stream;
    pub(crate) mod throttled;
}

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use hotcue::analysis::AnalysisKind;
use measure::callback;
use measure::child::{self, Curve};
use measure::first_sound;
use measure::plot;
use measure::promises::{self, Promises};
use measure::soak::{self, Soak};
use measure::stream;
use measure::{analysis, cache};

// That of the Python package, for which all this is measured.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: hotcue::Clearing<tikv_jemallocator::Jemalloc> =
    hotcue::Clearing(tikv_jemallocator::Jemalloc);

/// Bounds on the first and the second load: on average, and at worst.
const BOUNDS: [(f64, f64); 2] = [(0.10, 0.25), (0.05, 0.15)];
/// A load of more than a second says at least so often how far it is.
const LONGEST_GAP_MS: f64 = 250.0;
/// A load may take this share more than its result, and so many bytes beyond.
const MEMORY_SHARE: f64 = 1.15;
const MEMORY_SPARE_BYTES: f64 = 8e6;
const SLOW_BYTES_PER_SEC: u32 = 5_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let within = match arguments.as_slice() {
        [kind @ ("progress" | "throttled"), folder, rest @ ..] if rest.len() < 3 => {
            let bytes_per_sec = (*kind == "throttled").then_some(SLOW_BYTES_PER_SEC);
            let runs = rest.iter().find_map(|word| word.strip_prefix("runs=")).unwrap_or("1");
            let svg = rest.iter().find(|word| !word.starts_with("runs="));
            match runs.parse() {
                Ok(runs @ 1..) => {
                    progress(Path::new(folder), bytes_per_sec, runs, svg.map(Path::new))
                }
                _ => Err(format!("{runs} is no number of runs")),
            }
        }
        ["promises", rest @ ..] => {
            Promises::parse(rest).and_then(|promises| promises::run(&promises))
        }
        ["soak", rest @ ..] => {
            let (svg, words): (Vec<&str>, _) = rest.iter().partition(|word| word.ends_with(".svg"));
            Soak::parse(&words).and_then(|soak| soak::run(&soak, svg.first().map(Path::new)))
        }
        ["first_sound", folder, rest @ ..] if rest.len() < 2 => {
            let rounds = rest.iter().find_map(|word| word.strip_prefix("rounds=")).unwrap_or("20");
            match rounds.parse() {
                Ok(rounds @ 1..) => first_sounds(Path::new(folder), rounds),
                _ => Err(format!("{rounds} is no number of rounds")),
            }
        }
        ["cache", folder, rest @ ..] if rest.len() < 4 => {
            let word = |name: &str, default: usize| {
                let found = rest.iter().find_map(|word| word.strip_prefix(name));
                found.map_or(Ok(default), str::parse)
            };
            match (word("pads=", 216), word("rounds=", 3)) {
                (Ok(pads @ 1..), Ok(rounds @ 1..)) => {
                    let kinds: &[_] =
                        if rest.contains(&"analyze") { &AnalysisKind::ALL } else { &[] };
                    starts(Path::new(folder), pads, rounds, kinds)
                }
                _ => Err(format!("{rest:?} are no numbers of pads and rounds")),
            }
        }
        ["callback", folder, rest @ ..] if rest.len() < 2 => {
            let loads = rest.iter().find_map(|word| word.strip_prefix("loads=")).unwrap_or("500");
            match loads.parse() {
                Ok(loads @ 1..) => callbacks(Path::new(folder), loads),
                _ => Err(format!("{loads} is no number of loads")),
            }
        }
        ["stream", "short", rest @ ..] if rest.len() < 2 => {
            let times = rest.iter().find_map(|word| word.strip_prefix("times=")).unwrap_or("20");
            match times.parse() {
                Ok(times @ 1..) => stream::run_short(times),
                _ => Err(format!("{times} is no speed")),
            }
        }
        ["stream", folder, rest @ ..] if rest.len() < 2 => {
            let lasts = rest.iter().find_map(|word| word.strip_prefix("seconds=")).unwrap_or("60");
            match lasts.parse() {
                Ok(sec @ 1..) => files(Path::new(folder))
                    .map(|files| stream::run(&files, Duration::from_secs(sec))),
                _ => Err(format!("{lasts} is no number of seconds")),
            }
        }
        ["analysis", folder] => files(Path::new(folder)).and_then(|files| analysis::run(&files)),
        ["memory", folder] => memory(Path::new(folder)),
        ["child", kind, file, rate, bytes_per_sec] => {
            let rate = rate.parse().map_err(|_| format!("{rate} is no rate"));
            rate.and_then(|rate| {
                child::run(kind, Path::new(file), rate, bytes_per_sec.parse().ok())
            })
            .map(|()| true)
        }
        _ => Err(
            "usage: measure progress|throttled FOLDER [runs=N] [SVG] | measure memory FOLDER | \
                 measure cache FOLDER [pads=N] [rounds=N] [analyze] | \
                 measure analysis FOLDER | measure stream FOLDER|short | \
                 measure soak MINUTES [allow=KB_PER_MIN] [leak=KB_PER_MIN] [SVG]"
                .to_owned(),
        ),
    };
    match within {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints each start; whether the best of the later ones is within the bounds.
fn starts(
    folder: &Path,
    pads: usize,
    rounds: usize,
    analyze: &[AnalysisKind],
) -> Result<bool, String> {
    let starts = cache::run(&files(folder)?, pads, rounds, analyze)?;
    println!("start\tms\tMB\thits\tmisses\tstored\tanalysis hits\tmisses");
    for (number, cache::Start { took, sample_bytes, cache }) in (1..).zip(&starts) {
        let (ms, mb) = (took.as_secs_f64() * 1e3, *sample_bytes as f64 / 1e6);
        let hotcue::CacheStats { hits, misses, stored, analysis_hits, analysis_misses, .. } = cache;
        println!(
            "{number}\t{ms:.1}\t{mb:.1}\t{hits}\t{misses}\t{stored}\t{analysis_hits}\t{analysis_misses}"
        );
    }
    let Some((first, later)) = starts.split_first() else { return Ok(false) };
    let Some(best) = later.iter().map(|start| start.took).min() else { return Ok(false) };
    let times = first.took.as_secs_f64() / best.as_secs_f64();
    println!("{times:.1} times as fast");
    Ok(times >= cache::TIMES && best <= cache::BOUND)
}

/// A run that took more than this many times the fastest was slowed on its way.
const UNDISTURBED: f64 = 1.25;
/// Rounds that are taken for each that was asked for, at most.
const MOST_ROUNDS: usize = 4;

/// What was seen of a file: in each run, its loads.
struct Row {
    file: PathBuf,
    rate: u32,
    runs: Vec<Vec<Curve>>,
}

impl Row {
    /// What was seen of a load in the runs that nobody slowed.
    fn undisturbed(&self, load: usize) -> Vec<&Curve> {
        let curves = || self.runs.iter().filter_map(|run| run.get(load));
        let fastest = curves().map(|curve| curve.seconds).fold(f64::INFINITY, f64::min);
        curves().filter(|curve| curve.seconds <= UNDISTURBED * fastest).collect()
    }

    /// Whether that is known of fewer than half of so many runs.
    fn is_disturbed(&self, runs: usize) -> bool {
        (0..BOUNDS.len()).any(|load| self.undisturbed(load).len() < runs.div_ceil(2))
    }
}

fn progress(
    folder: &Path,
    bytes_per_sec: Option<u32>,
    runs: usize,
    svg: Option<&Path>,
) -> Result<bool, String> {
    let mut within = true;
    let source = if bytes_per_sec.is_some() { "5 MB/s" } else { "file" };
    let mut rows: Vec<Row> = files(folder)?
        .into_iter()
        .flat_map(|file| {
            [44_100, 48_000].map(|rate| Row { file: file.clone(), rate, runs: vec![] })
        })
        .collect();
    for round in 0..MOST_ROUNDS * runs {
        for row in rows.iter_mut().filter(|row| round < runs || row.is_disturbed(runs)) {
            let output = run_child("progress", &row.file, row.rate, bytes_per_sec)?;
            row.runs.push(child::parse(&output));
        }
    }
    println!(
        "file\tto Hz\tsource\tload\truns\tms\tevents\tmean\tmax\twithin\tworst max\tlongest gap ms"
    );
    for row in &rows {
        let Row { file, rate, runs } = row;
        for (load, bound) in BOUNDS.into_iter().enumerate() {
            let curves = row.undisturbed(load);
            let over = |figure: &dyn Fn(&Curve) -> f64| {
                curves.iter().map(|curve| figure(curve)).collect::<Vec<_>>()
            };
            let mean = median(over(&|curve| curve.deviation().0));
            let maxima = over(&|curve| curve.deviation().1);
            let worst = maxima.iter().copied().fold(0.0, f64::max);
            let max = median(maxima);
            let gap = median(over(&Curve::longest_gap_ms));
            let seconds = median(over(&|curve| curve.seconds));
            let is_heard = seconds < 1.0 || gap <= LONGEST_GAP_MS;
            let good = mean <= bound.0 && max <= bound.1 && is_heard;
            within &= good;
            println!(
                "{}\t{rate}\t{source}\t{}\t{}/{}\t{:.0}\t{:.0}\t{mean:.3}\t{max:.3}\t{}\t{worst:.3}\t{gap:.0}",
                name(file),
                load + 1,
                curves.len(),
                runs.len(),
                seconds * 1e3,
                median(over(&|curve| curve.points.len() as f64)),
                if good { "yes" } else { "NO" }
            );
        }
    }
    if let Some(svg) = svg {
        let last = rows.iter_mut().filter_map(|row| {
            let name = format!("{} · {} Hz · {source}", name(&row.file), row.rate);
            Some((name, row.runs.pop()?))
        });
        std::fs::write(svg, plot::svg(&last.collect::<Vec<_>>()))
            .map_err(|error| format!("{}: {error}", svg.display()))?;
    }
    Ok(within)
}

fn first_sounds(folder: &Path, rounds: usize) -> Result<bool, String> {
    let bound_ms = (first_sound::BOUND + first_sound::buffer()).as_secs_f64() * 1e3;
    let mut within = true;
    println!(
        "file\tms while loading, median\tworst\tms after loading\tequal\twithin {bound_ms:.1} ms"
    );
    for file in files(folder)? {
        let found = first_sound::run(&file, rounds)?;
        let ms = |times: &[Duration]| times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        let arriving: Vec<f64> = ms(&found.while_loading);
        let worst = arriving.iter().copied().fold(0.0, f64::max);
        let middle = median(arriving);
        let good = middle <= bound_ms && found.is_equal;
        within &= good;
        println!(
            "{}\t{middle:.1}\t{worst:.1}\t{:.0}\t{}\t{}",
            name(&file),
            median(ms(&found.after_loading)),
            if found.is_equal { "yes" } else { "NO" },
            if good { "yes" } else { "NO" }
        );
    }
    Ok(within)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
fn callbacks(folder: &Path, loads: usize) -> Result<bool, String> {
    let found = callback::run(&files(folder)?, loads)?;
    let budget = callback::budget();
    let share = |time: Duration| 100.0 * time.as_secs_f64() / budget.as_secs_f64();
    println!("callbacks\tof\tmedian\tp99\tp99.9\tmost, in % of {budget:.2?}");
    let mut within = true;
    for (what, mut times) in [("alone", found.alone), ("beside loads", found.busy)] {
        times.sort();
        let at =
            |share: f64| times.get((times.len() as f64 * share) as usize).or_else(|| times.last());
        let [median, p99, p999, most] =
            [0.5, 0.99, 0.999, 1.0].map(|share| at(share).copied().unwrap_or(Duration::MAX));
        within &= p999 <= budget;
        let [median, p99, p999, most] = [median, p99, p999, most].map(share);
        println!("{what}\t{}\t{median:.1}\t{p99:.1}\t{p999:.1}\t{most:.1}", times.len());
    }
    Ok(within)
}

/// The middle one; the upper of two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn memory(folder: &Path) -> Result<bool, String> {
    let mut within = true;
    println!("file\tto Hz\tresult MB\tpeak MB\tratio\tallowed MB\twithin");
    for file in files(folder)? {
        for rate in [44_100, 48_000] {
            let output = run_child("memory", &file, rate, None)?;
            let figures: Vec<f64> =
                output.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let [result, peak] = figures.as_slice() else {
                return Err(format!("{}: no figures in {output:?}", name(&file)));
            };
            let allowed = MEMORY_SHARE * result + MEMORY_SPARE_BYTES;
            within &= *peak <= allowed;
            println!(
                "{}\t{}\t{:.1}\t{:.1}\t{:.3}\t{:.1}\t{}",
                name(&file),
                rate,
                result / 1e6,
                peak / 1e6,
                peak / result,
                allowed / 1e6,
                if *peak <= allowed { "yes" } else { "NO" }
            );
        }
    }
    Ok(within)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let describe = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(describe)? {
        let path = entry.map_err(describe)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What this program prints as a fresh process.
fn run_child(
    kind: &str,
    file: &Path,
    rate: u32,
    bytes_per_sec: Option<u32>,
) -> Result<String, String> {
    let bytes_per_sec = bytes_per_sec.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
    let output = std::env::current_exe()
        .and_then(|this| {
            Command::new(this)
                .args(["child", kind])
                .arg(file)
                .args([rate.to_string(), bytes_per_sec])
                .output()
        })
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}: {}", name(file), String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
