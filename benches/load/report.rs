//! The figures as JSON, as a table, and as a page that draws them.

use hotcue_benches::peak_resident_bytes;
use serde_json::{Value, json};

use super::figures::distribution;
use super::material::Material;
use super::options::Options;
use super::run::Outcome;

/// Draws one run or several; `hotcue bench` uses the same one.
const PAGE: &str = include_str!("../../py/python/hotcue/bench/page.html");
/// Where it takes the runs from.
const RUNS: &str = "/*RUNS*/[]";
/// Most points of what is drawn over time.
const MAX_POINTS: usize = 2_000;

/// Everything that was measured. The names carry the units.
pub(crate) fn figures(options: &Options, material: &Material, outcome: &Outcome) -> Value {
    let ended: usize = outcome.ends.values().sum();
    let late: Vec<f64> = outcome.frames.iter().map(|frame| frame.late_ms).collect();
    let calls: Vec<f64> = outcome.frames.iter().map(|frame| frame.calls_ms).collect();
    let period_ms = 1e3 / options.fps;
    let stride = outcome.frames.len().div_ceil(MAX_POINTS).max(1);
    // Of each stretch the worst frame, so that none is lost between two points.
    let frames: Vec<Value> = outcome
        .frames
        .chunks(stride)
        .filter_map(|stretch| stretch.iter().max_by(|a, b| a.late_ms.total_cmp(&b.late_ms)))
        .map(|frame| json!([frame.time_sec, frame.late_ms, frame.ended, frame.resident_mb]))
        .collect();
    json!({
        "version": 1,
        "by": format!("hotcue {} (Rust)", env!("CARGO_PKG_VERSION")),
        "machine": machine(),
        "scenario": {
            "material": material.name,
            "loads": options.loads,
            "workers": outcome.stats.workers,
            "priorities": [options.priorities.start(), options.priorities.end()],
            "cancel": options.cancel,
            "fps": options.fps,
            "per_frame": options.per_frame,
            "engine_rate_hz": options.rate,
            "output": outcome.stats.output,
            "keep": options.keep,
        },
        "ends": outcome.ends,
        "from_cache": outcome.from_cache,
        "without_end": outcome.without_end,
        "ended_twice": outcome.twice,
        "wall_sec": outcome.wall_sec,
        "cpu_sec": outcome.cpu_sec,
        "loads_per_sec": ended as f64 / outcome.wall_sec,
        "mb_per_sec": outcome.bytes as f64 / 1e6 / outcome.wall_sec,
        "times_realtime": outcome.audio_sec / outcome.wall_sec,
        "peak_resident_mb": peak_resident_bytes() as f64 / 1e6,
        "xruns": outcome.stats.xruns,
        "dropped_events": outcome.stats.dropped_events,
        "missed_frames": late.iter().filter(|late| **late >= period_ms).count(),
        "latency_ms": {
            "submit to started": distribution(&outcome.to_started_ms),
            "submit to success": distribution(&outcome.to_success_ms),
            "published to polled": distribution(&outcome.event_ms),
        },
        "submit_us": distribution(&outcome.submit_us),
        "frame_late_ms": distribution(&late),
        "frame_calls_ms": distribution(&calls),
        // Seconds, ms late, requests that have ended, resident MB.
        "frames": frames,
    })
}

fn machine() -> Value {
    json!({
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
    })
}

/// The table.
pub(crate) fn print(figures: &Value) {
    let number =
        |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |n| format!("{n:.3}"));
    println!("{} loads: {}", figures["scenario"]["loads"], figures["scenario"]["material"]);
    println!("ends\t{}, {} from memory", figures["ends"], figures["from_cache"]);
    println!("without an end\t{}, twice {}", figures["without_end"], figures["ended_twice"]);
    for name in [
        "wall_sec",
        "cpu_sec",
        "loads_per_sec",
        "mb_per_sec",
        "times_realtime",
        "peak_resident_mb",
        "xruns",
        "missed_frames",
    ] {
        println!("{name}\t{}", number(&figures[name]));
    }
    println!("\tp50\tp90\tp99\tp999\tmax");
    let row = |name: &str, of: &Value| {
        let cells = ["p50", "p90", "p99", "p999", "max"].map(|key| number(&of[key]));
        println!("{name}\t{}", cells.join("\t"));
    };
    for (name, of) in figures["latency_ms"].as_object().into_iter().flatten() {
        row(&format!("{name}, ms"), of);
    }
    row("load_sample_async, µs", &figures["submit_us"]);
    row("frame late, ms", &figures["frame_late_ms"]);
    row("calls per frame, ms", &figures["frame_calls_ms"]);
}

/// The files that were asked for.
///
/// # Errors
/// One cannot be written.
pub(crate) fn write(options: &Options, figures: &Value) -> Result<(), String> {
    let runs = json!([figures]);
    // `</` would end the page's script.
    let page = || PAGE.replacen(RUNS, &runs.to_string().replace("</", "<\\/"), 1);
    let files = [
        (&options.json, &(|| format!("{runs:#}\n")) as &dyn Fn() -> String),
        (&options.html, &page),
    ];
    for (path, text) in files {
        if let Some(path) = path {
            std::fs::write(path, text()).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}
