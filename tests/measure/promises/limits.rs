//! How much there is at once, and how soon all of it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{EngineConfig, EngineError};
use hotcue_tests::{CountedSource, OpenReaders, PATIENCE, Random, sine, thread_count, wav_bytes};

use super::rig::{Rig, WORKERS};
use super::{Promises, Spread};

/// The most loads that were begun and not ended while 200 of ten minutes are queued, and others
/// of changing priority and size come in between.
pub(super) fn buffers_of_200(promises: &Promises) -> Result<bool, EngineError> {
    let content: Arc<[u8]> = std::fs::read(&promises.files[1]).expect("it can be read").into();
    let small: Arc<[u8]> = wav_bytes(44_100, 1, 44_100, sine(440.0, 44_100)).into();
    let mut rig = Rig::new()?;
    let open = Arc::new(OpenReaders::default());
    let counted = |content: &Arc<[u8]>| {
        let (content, open) = (Arc::clone(content), Arc::clone(&open));
        Source::Custom(Arc::new(CountedSource { content, open }))
    };
    // Not the tickets: they would keep the samples.
    let mut requests = Vec::new();
    for id in 0..200 {
        requests.push(rig.engine.load_sample_async(Some(id), counted(&content), 0)?.request_id());
    }
    let (mut random, mut most_bytes) = (Random::new(4), 0);
    let end = Instant::now() + Duration::from_secs(if promises.short { 2 } else { 20 });
    let mut buffer_bytes = 0;
    while Instant::now() < end {
        let priority = i32::try_from(random.below(3)).unwrap_or(0);
        rig.engine.set_priority(requests[random.below(requests.len())], priority)?;
        if random.one_in(4) {
            rig.engine.load_sample_async(Some(300), counted(&small), priority)?;
        }
        for _ in 0..20 {
            let stats = rig.engine.stats();
            most_bytes = most_bytes.max(stats.reserved_bytes);
            thread::sleep(Duration::from_millis(1));
        }
        for id in 0..200 {
            if let Some(sample) = rig.engine.sample(id)? {
                buffer_bytes = sample.buffer().byte_len() as u64;
                rig.engine.unload_sample(id)?;
            }
        }
        rig.drain();
    }
    rig.engine.shut_down();
    let figures = format!(
        "{} files open at once, {:.1} GB reserved ({:.2} GB a sample), {} ended, limit {}",
        open.most(),
        most_bytes as f64 / 1e9,
        buffer_bytes as f64 / 1e9,
        rig.contract.ended(),
        3 * WORKERS
    );
    let what = "buffers with 200 ten-minute files queued (≤ 3 × workers)";
    Ok(promises.row(what, &figures, open.most() as f64, 3.0 * WORKERS as f64))
}

/// How long an engine of 500 loads takes to end.
pub(super) fn shutdown(promises: &Promises) -> Result<bool, EngineError> {
    let content: Arc<[u8]> = std::fs::read(&promises.files[1]).expect("it can be read").into();
    let mut random = Random::new(5);
    let (mut times, mut left, mut unended) = (Vec::new(), 0, 0);
    for _ in 0..promises.rounds(50) {
        let before = thread_count();
        let mut rig = Rig::new()?;
        let mut requests = Vec::new();
        for id in 0..500 {
            let source = Source::Memory(Arc::clone(&content));
            requests.push(rig.engine.load_sample_async(Some(id), source, 0)?);
        }
        thread::sleep(Duration::from_micros(random.number() % 100_000));
        let begin = Instant::now();
        rig.engine.shut_down();
        times.push(begin.elapsed());
        let more = || thread_count().unwrap_or(0).saturating_sub(before.unwrap_or(0));
        // A thread that has said its last word is still there for a moment.
        while more() > 0 && begin.elapsed() < Duration::from_millis(200) {
            thread::sleep(Duration::from_millis(1));
        }
        left += more();
        rig.drain();
        let ended = |ticket: &&hotcue_actors::LoadTicket| {
            rig.contract.terminal(ticket.request_id()).is_none()
        };
        unended += requests.iter().filter(ended).count();
    }
    let times = Spread::of(times);
    let figures = format!("{times}; {left} threads left, {unended} requests without an end");
    let sound = left == 0 && unended == 0;
    let what = "shutdown with 500 loads in flight (≤ 200 ms)";
    Ok(promises.row(what, &figures, times.most, 200.0 * promises.times) && sound)
}

/// By how much a churn of loads exceeds the memory budget.
pub(super) fn budget(promises: &Promises) -> Result<bool, EngineError> {
    const FRAMES: u32 = 48_000;
    const SAMPLE: u64 = FRAMES as u64 * 2 * 4;
    const FIT: u64 = 20;
    let mut rig =
        Rig::with(EngineConfig { memory_budget: Some(FIT * SAMPLE), ..EngineConfig::default() })?;
    // The budget counts what can be read again: files.
    let files: Vec<_> = (0..100)
        .map(|number| {
            let content = wav_bytes(48_000, 2, FRAMES, sine(f64::from(100 + number), 48_000));
            promises.folder.write(&format!("churn_{number}.wav"), &content)
        })
        .collect();
    let (over, most) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut failed = 0;
    let loads = promises.rounds(1_000);
    let Rig { engine, contract } = &mut rig;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                let stats = engine.stats();
                most.fetch_max(stats.sample_bytes + stats.reserved_bytes, Ordering::Relaxed);
                thread::yield_now();
            }
        });
        let mut random = Random::new(6);
        let mut tickets = Vec::new();
        for _ in 0..loads {
            let number = random.below(files.len());
            let id = u32::try_from(number).unwrap_or(0);
            let source = Source::Path(files[number].clone());
            tickets.push(engine.load_sample_async(Some(id), source, 0));
            for event in engine.drain_loader_events(None) {
                contract.see(event);
            }
            if tickets.len() >= 8 {
                let oldest = &tickets[tickets.len() - 8];
                // It may have left memory by then; that it ended is what counts.
                let ended =
                    oldest.as_ref().is_ok_and(|ticket| ticket.wait(Some(PATIENCE)).is_some());
                failed += usize::from(!ended);
            }
        }
        over.store(true, Ordering::Release);
    });
    let most = most.into_inner();
    rig.engine.shut_down();
    rig.drain();
    let over = most as f64 / SAMPLE as f64 - FIT as f64;
    let figures =
        format!("{over:.2} samples over a budget of {FIT} in {loads} loads, {failed} failed");
    let what = "churn under a budget (≤ 1 sample over)";
    Ok(promises.row(what, &figures, over, 1.0) && failed == 0)
}
