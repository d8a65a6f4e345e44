//! One file in one process: what happens, printed for the parent.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hotcue::Source;
use hotcue_actors::{AudioEngine, EngineConfig, LoaderEvent};

use super::throttled::Throttled;

/// The events of one load.
#[derive(Debug, Default)]
pub(crate) struct Curve {
    /// From `started` to `success`.
    pub(crate) seconds: f64,
    /// Share of that time, and `percent`.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Curve {
    /// How far `percent / 100` lies from the share of the time: on average, and at worst. 0 where
    /// the load is too short for any `progress`.
    pub(crate) fn deviation(&self) -> (f64, f64) {
        let off = || self.points.iter().map(|(share, percent)| (percent / 100.0 - share).abs());
        let mean = off().sum::<f64>() / self.points.len().max(1) as f64;
        (mean, off().fold(0.0, f64::max))
    }

    /// The longest time between two of `started`, any `progress` and `success`.
    pub(crate) fn longest_gap_ms(&self) -> f64 {
        let shares = self.points.iter().map(|point| point.0);
        let mut last = 0.0;
        let gaps = shares.chain([1.0]).map(|share| share - std::mem::replace(&mut last, share));
        gaps.fold(0.0, f64::max) * self.seconds * 1e3
    }
}

/// Loads `file` and prints what `kind` asks for.
pub(crate) fn run(
    kind: &str,
    file: &Path,
    rate: u32,
    bytes_per_sec: Option<u32>,
) -> Result<(), String> {
    let config = EngineConfig {
        output: "offline".to_owned(),
        sample_rate: Some(rate),
        workers: Some(1),
        ..EngineConfig::default()
    };
    let engine = AudioEngine::new(config).map_err(|error| error.to_string())?;
    engine.run().map_err(|error| error.to_string())?;
    let source = || match bytes_per_sec {
        Some(rate) => Source::Custom(Arc::new(Throttled::new(file.to_owned(), rate))),
        None => Source::Path(file.to_owned()),
    };
    match kind {
        "progress" => {
            for _ in 0..2 {
                let curve = load(&engine, source())?;
                engine.unload_sample(0).map_err(|error| error.to_string())?;
                println!("load {}", curve.seconds);
                for (share, percent) in curve.points {
                    println!("{share} {percent}");
                }
            }
            Ok(())
        }
        "memory" => {
            let before = memory("VmRSS")?;
            load(&engine, source())?;
            let peak = memory("VmHWM")?.saturating_sub(before);
            let sample = engine.sample(0).ok().flatten().ok_or("the sample is not there")?;
            println!("{} {peak}", sample.buffer().byte_len());
            Ok(())
        }
        other => Err(format!("no such thing as {other}")),
    }
}

/// The curves that a child has printed.
pub(crate) fn parse(output: &str) -> Vec<Curve> {
    output.split("load ").skip(1).map(curve).collect()
}

fn curve(text: &str) -> Curve {
    let mut lines = text.lines();
    let seconds = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0.0);
    let points = lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(share, percent)| Some((share.parse().ok()?, percent.parse().ok()?)))
        .collect();
    Curve { seconds, points }
}

/// Loads into slot 0.
fn load(engine: &AudioEngine, source: Source) -> Result<Curve, String> {
    engine.load_sample_async(Some(0), source, 0).map_err(|error| error.to_string())?;
    let (mut begin, mut seen) = (0.0, Vec::new());
    loop {
        for event in engine.drain_loader_events(None) {
            match event {
                LoaderEvent::Started { time_sec, .. } => begin = time_sec,
                LoaderEvent::Progress { time_sec, percent, .. } => {
                    seen.push((time_sec, f64::from(percent)));
                }
                LoaderEvent::Success { time_sec, .. } => {
                    let seconds = time_sec - begin;
                    let share = |(at, percent): (f64, f64)| ((at - begin) / seconds, percent);
                    return Ok(Curve { seconds, points: seen.into_iter().map(share).collect() });
                }
                LoaderEvent::Error { error, .. } => return Err(error.full_message()),
                _ => {}
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A figure of the system about this process, in bytes.
fn memory(figure: &str) -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':')?.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| format!("the system does not tell {figure}"))
}
