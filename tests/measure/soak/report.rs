//! What a soak has found, as text and as a picture.

mod chart;
mod slope;

use std::path::Path;
use std::sync::atomic::Ordering;

use hotcue_actors::EngineStats;

use super::caller::Done;
use super::reader::Reader;
use super::{BUDGET, LARGEST, Soak};

/// What the process has open, and how much of the heap is in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtRest {
    pub(super) threads: usize,
    pub(super) descriptors: usize,
    pub(super) heap_bytes: Option<u64>,
}

/// What was seen of the process over time.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Minutes, and resident MB.
    pub(super) points: Vec<(f64, f64)>,
    /// Minutes, and MB of the heap in use.
    pub(super) heap: Vec<(f64, f64)>,
    /// Those between the warm-up and the end of the calls.
    pub(super) measured: std::ops::Range<usize>,
    pub(super) most_threads: usize,
    pub(super) most_descriptors: usize,
    pub(super) most_bytes: u64,
}

/// Everything that is known at the end.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) before: AtRest,
    pub(super) after: AtRest,
    pub(super) stats: EngineStats,
    pub(super) reader: Reader,
    pub(super) done: Done,
}

impl Found {
    /// Prints it, draws it to `svg`, and says whether all is well.
    pub(super) fn report(&self, soak: &Soak, svg: Option<&Path>) -> Result<bool, String> {
        let Self { record, before, after, stats, reader, done } = self;
        let measured = |points: &[(f64, f64)]| {
            slope::fit(&points[record.measured.clone()])
                .ok_or_else(|| format!("{} samples are too few", points.len()))
        };
        let (line, heap) = (measured(&record.points)?, measured(&record.heap)?);
        let warm = record.points[record.measured.start].0;
        let (slope, margin) = (line.slope * 1e3, line.margin * 1e3);
        let grows = slope - margin > soak.allowed;
        let verdict = if grows { "GROWS" } else { "flat" };
        let dropped = stats.dropped_events + stats.dropped_playback_events;
        let lost = reader.without_end() as u64 + dropped;
        let plays = done.plays.load(Ordering::Relaxed);
        let open = [(before.threads, before.descriptors), (after.threads, after.descriptors)];
        let held = record.most_bytes <= BUDGET + LARGEST;
        let mut kinds: Vec<_> = reader.events.iter().collect();
        kinds.sort();
        let heap_mb = |at: &AtRest| at.heap_bytes.map_or(f64::NAN, |bytes| bytes as f64 / 1e6);

        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        println!("calls\t{}, refused {}", count(&done.calls), count(&done.refused));
        println!("requests ended\t{}, cancelled {}", reader.ended(), count(&done.cancels));
        println!("events\t{kinds:?}");
        println!("events lost\t{lost}");
        println!("voices\t{plays} played, {} ended", reader.voices_ended);
        println!("decoders replaced\t{}", stats.abandoned_workers);
        println!(
            "samples, loads\t{:.1} MB at most, budget {:.1} MB",
            record.most_bytes as f64 / 1e6,
            BUDGET as f64 / 1e6
        );
        println!(
            "threads, descriptors\tat rest {:?} before, {:?} after; at most {} and {}",
            open[0], open[1], record.most_threads, record.most_descriptors
        );
        println!(
            "heap in use\tat rest {:.2} MB before, {:.2} MB after; slope {:.1} ± {:.1} kB/min",
            heap_mb(before),
            heap_mb(after),
            heap.slope * 1e3,
            heap.margin * 1e3
        );
        println!("resident\tslope {slope:.1} ± {margin:.1} kB/min (99 %)\t{verdict}");
        if let Some(svg) = svg {
            let title = format!(
                "Resident memory (heap in use: grey), {:.1} minutes of random calls: \
                 {slope:.1} ± {margin:.1} kB/min, {verdict}",
                soak.minutes
            );
            let text = chart::svg(&record.points, &record.heap, warm, &line, &title);
            std::fs::write(svg, text).map_err(|error| format!("{}: {error}", svg.display()))?;
        }
        let sound = lost == 0 && plays == reader.voices_ended && stats.callback_panics == 0;
        Ok(!grows && sound && open[0] == open[1] && held)
    }
}
