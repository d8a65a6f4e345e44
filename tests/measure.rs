//! Measures loads of real files on a running engine, each in a process of its own.
//!
//! - `measure progress FOLDER [SVG]`: how far `percent` is from the share of the time between
//!   `started` and `success` that has passed, for the first load in a fresh process and for the
//!   second; at 44.1 kHz and at 48 kHz. Draws every load.
//! - `measure throttled FOLDER [SVG]`: the same from a source of 5 MB/s.
//! - `measure memory FOLDER`: the most memory that one load takes, against its result.
//! - `measure soak MINUTES [allow=KB_PER_MIN] [leak=KB_PER_MIN] [SVG]`: random calls of several
//!   threads; no event may be lost and nothing may grow.
//! - `measure promises [FOLDER] [times=N] [short]`: how soon cancelling, urgent and short loads
//!   and shutting down are answered while all workers are busy; `times` as late as promised is
//!   within bounds.
//!
//! `scripts/make_long_audio.sh` makes a folder of long files. Exits with 1 where a bound of the
//! promises is exceeded.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod measure {
    pub(crate) mod child;
    pub(crate) mod plot;
    pub(crate) mod promises;
    pub(crate) mod soak;
    pub(crate) mod throttled;
}

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use measure::child;
use measure::plot;
use measure::promises::{self, Promises};
use measure::soak::{self, Soak};

/// Bounds on the first and the second load: on average, and at worst.
const BOUNDS: [(f64, f64); 2] = [(0.10, 0.25), (0.05, 0.15)];
/// A load may take this share more than its result, and so many bytes beyond.
const MEMORY_SHARE: f64 = 1.15;
const MEMORY_SPARE_BYTES: f64 = 8e6;
const SLOW_BYTES_PER_SEC: u32 = 5_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let within = match arguments.as_slice() {
        [kind @ ("progress" | "throttled"), folder, svg @ ..] if svg.len() < 2 => {
            let bytes_per_sec = (*kind == "throttled").then_some(SLOW_BYTES_PER_SEC);
            progress(Path::new(folder), bytes_per_sec, svg.first().map(Path::new))
        }
        ["promises", rest @ ..] => {
            Promises::parse(rest).and_then(|promises| promises::run(&promises))
        }
        ["soak", rest @ ..] => {
            let (svg, words): (Vec<&str>, _) = rest.iter().partition(|word| word.ends_with(".svg"));
            Soak::parse(&words).and_then(|soak| soak::run(&soak, svg.first().map(Path::new)))
        }
        ["memory", folder] => memory(Path::new(folder)),
        ["child", kind, file, rate, bytes_per_sec] => {
            let rate = rate.parse().map_err(|_| format!("{rate} is no rate"));
            rate.and_then(|rate| {
                child::run(kind, Path::new(file), rate, bytes_per_sec.parse().ok())
            })
            .map(|()| true)
        }
        _ => Err("usage: measure progress|throttled FOLDER [SVG] | measure memory FOLDER | \
                 measure soak MINUTES [allow=KB_PER_MIN] [leak=KB_PER_MIN] [SVG]"
            .to_owned()),
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

fn progress(folder: &Path, bytes_per_sec: Option<u32>, svg: Option<&Path>) -> Result<bool, String> {
    let mut within = true;
    let mut rows = Vec::new();
    println!("file\tto Hz\tsource\tload\tms\tevents\tmean\tmax\twithin");
    for file in files(folder)? {
        for rate in [44_100, 48_000] {
            let curves = child::parse(&run_child("progress", &file, rate, bytes_per_sec)?);
            let source = if bytes_per_sec.is_some() { "5 MB/s" } else { "file" };
            for (number, (curve, bound)) in curves.iter().zip(BOUNDS).enumerate() {
                let (mean, max) = curve.deviation();
                let good = mean <= bound.0 && max <= bound.1;
                within &= good;
                println!(
                    "{}\t{rate}\t{source}\t{}\t{:.0}\t{}\t{mean:.3}\t{max:.3}\t{}",
                    name(&file),
                    number + 1,
                    curve.seconds * 1e3,
                    curve.points.len(),
                    if good { "yes" } else { "NO" }
                );
            }
            rows.push((format!("{} · {rate} Hz · {source}", name(&file)), curves));
        }
    }
    if let Some(svg) = svg {
        std::fs::write(svg, plot::svg(&rows))
            .map_err(|error| format!("{}: {error}", svg.display()))?;
    }
    Ok(within)
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
