//! `measure analysis`: what analyses take of the processor, by kind.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotcue::analysis::AnalysisKind::{self, Bpm, Key, Loudness, Onsets, Waveform};
use hotcue::{LoadOptions, SampleBuffer, Source};
use hotcue_tests::{PATIENCE, loading, step_times};

/// What is asked for, and what it may take of a stereo minute, in milliseconds.
const ASKED: [(&str, &[AnalysisKind], Option<f64>); 5] = [
    ("tempo, beats and onsets", &[Bpm, Onsets], Some(60.0)),
    ("key", &[Key], None),
    ("loudness", &[Loudness], None),
    ("waveform", &[Waveform], Some(40.0)),
    ("all", &AnalysisKind::ALL, Some(200.0)),
];
/// What all may take of a loop of three seconds.
const LOOP_MS: f64 = 12.0;
/// So much of a file is heard; bounds are held against what is no shorter than `SONG_SEC`, and
/// against loops about as long as `LOOP_SEC`.
const MOST_SEC: usize = 60;
const SONG_SEC: f64 = 20.0;
const LOOP_SEC: std::ops::Range<f64> = 2.0..4.0;

/// A file, and the processor time that each of [`ASKED`] takes, in milliseconds.
struct Cost {
    seconds: f64,
    channels: usize,
    each_ms: [f64; ASKED.len()],
}

/// Prints what all files take, and the medians of songs and of loops in stereo; whether these are
/// within bounds.
pub(crate) fn run(files: &[PathBuf]) -> Result<bool, String> {
    let names = ASKED.map(|(name, ..)| format!("{name} ms")).join("\t");
    println!("file\tseconds\tchannels\t{names}");
    let mut costs = Vec::new();
    for file in files {
        let cost = cost(&part(file)?);
        let each = cost.each_ms.map(|ms| format!("{ms:.1}")).join("\t");
        println!("{}\t{:.2}\t{}\t{each}", file.display(), cost.seconds, cost.channels);
        costs.push(cost);
    }
    costs.retain(|cost| cost.channels == 2);
    let mut within = true;
    for (which, (name, _, most_ms)) in ASKED.iter().enumerate() {
        let songs = costs.iter().filter(|cost| cost.seconds >= SONG_SEC);
        let per_minute = songs.map(|cost| cost.each_ms[which] * 60.0 / cost.seconds).collect();
        within &= row(&format!("{name}, a minute of songs"), per_minute, *most_ms);
    }
    let loops = costs.iter().filter(|cost| LOOP_SEC.contains(&cost.seconds));
    let all = |cost: &Cost| cost.each_ms[ASKED.len() - 1] * 3.0 / cost.seconds;
    let of_three_sec = loops.map(all).collect();
    within &= row("all, three seconds of loops", of_three_sec, Some(LOOP_MS));
    Ok(within)
}

/// Prints the median of some times; whether it is within its bound, as nothing always is.
fn row(what: &str, mut times_ms: Vec<f64>, most_ms: Option<f64>) -> bool {
    times_ms.sort_by(f64::total_cmp);
    let Some(median) = times_ms.get(times_ms.len() / 2) else { return true };
    let within = most_ms.is_none_or(|most| *median <= most);
    let bound = most_ms.map_or_else(String::new, |most| format!(" (≤ {most})"));
    let says = if within { "yes" } else { "NO" };
    println!("{what}{bound}\tmedian {median:.1} ms, n = {}\t{says}", times_ms.len());
    within
}

/// The beginning of a file.
fn part(file: &Path) -> Result<Arc<SampleBuffer>, String> {
    let loaded = loading::load(Source::Path(file.into()), LoadOptions::default(), PATIENCE);
    let buffer = loaded.map_err(|error| format!("{}: {error}", file.display()))?.buffer;
    let most = MOST_SEC * buffer.sample_rate() as usize;
    let frames = buffer.ready_frames().min(most);
    let planes = (0..buffer.channels()).map(|channel| buffer.plane(channel)[..frames].to_vec());
    SampleBuffer::from_planes(buffer.sample_rate(), planes.collect())
        .map_err(|error| format!("{}: {error}", file.display()))
}

fn cost(sample: &Arc<SampleBuffer>) -> Cost {
    let ms = |kinds| step_times(sample, kinds).iter().sum::<Duration>().as_secs_f64() * 1e3;
    Cost {
        seconds: sample.ready_frames() as f64 / f64::from(sample.sample_rate()),
        channels: sample.channels(),
        each_ms: ASKED.map(|(_, kinds, _)| ms(kinds)),
    }
}
