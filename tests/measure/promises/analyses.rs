//! What two hundred queued analyses cost the loads, and how soon one of them is cancelled.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::analysis::AnalysisKind;
use hotcue::{SampleBuffer, Source};
use hotcue_actors::{EngineError, LoadTicket, LoaderEvent};
use hotcue_tests::{Random, wav_bytes};

use super::rig::Rig;
use super::{Promises, Spread};

/// Analyses that are queued.
const QUEUED: u32 = 200;
/// Loads whose wall time is measured.
const LOADS: u32 = 500;
const RATE: u32 = 48_000;
/// What the queue may add: to the time until a load starts, and to the time of all loads.
const MORE_MS: f64 = 2.0;
const SLOWER: f64 = 0.05;
/// What cancelling may take.
const CANCEL_MS: f64 = 20.0;

/// Submit to `started`, one load after another, and the time of 500 at once: with the analyses
/// queued and without, in turns.
pub(super) fn beside_loads(promises: &Promises) -> Result<bool, EngineError> {
    // Of few, moments in which the machine did something else are all there is.
    let rounds = promises.rounds(10).max(5);
    let content: Arc<[u8]> = noise_wav(1).into();
    let mut random = Random::new(2);
    let (mut started, mut walls) = ([vec![], vec![]], [vec![], vec![]]);
    let mut left_over = QUEUED;
    for round in 0..2 * rounds {
        let with = round % 2;
        let mut rig = Rig::new()?;
        // Either has loaded before: where the decoders still have to begin, more of the loads of one
        // content share a decoding.
        fill(&rig)?;
        if with == 1 {
            queue(&rig)?;
        }
        for number in 0..100 {
            thread::sleep(Duration::from_micros(500 + random.number() % 3_000));
            let source = Source::Memory(Arc::clone(&content));
            let begin = Instant::now();
            let ticket = rig.engine.load_sample_async(Some(QUEUED + number % 8), source, 0)?;
            started[with].push(rig.until_started(ticket.request_id()) - begin);
            ticket.wait(None);
        }
        walls[with].push(load_all(&rig, &content)?);
        if with == 1 {
            let open = rig.engine.stats().analyses;
            left_over = left_over.min(u32::try_from(open).unwrap_or(u32::MAX));
        }
    }
    assert!(left_over > 0, "the queue was empty before the loads were done");
    let [without, with] = started.map(Spread::of);
    let more = with.p99 - without.p99;
    let what = "submit → started beside 200 analyses, and without (p99 + 2 ms at most)";
    let figures = format!("{with}; {without}");
    let soon = promises.row(what, &figures, more, MORE_MS * promises.times);
    let [without, with] = walls.map(median);
    let slower = with.as_secs_f64() / without.as_secs_f64() - 1.0;
    let what = "500 loads beside 200 analyses, and without (5 % slower at most)";
    let figures = format!(
        "{:.1} ms; {:.1} ms: {:+.1} %, {left_over} analyses left",
        with.as_secs_f64() * 1e3,
        without.as_secs_f64() * 1e3,
        slower * 100.0
    );
    Ok(promises.row(what, &figures, slower, SLOWER * promises.times) && soon)
}

/// From `cancel_load` of a request that has succeeded to its last `analysis` event, while two
/// decoders analyse.
pub(super) fn cancels(promises: &Promises) -> Result<bool, EngineError> {
    let mut rig = Rig::new()?;
    fill(&rig)?;
    let mut tickets = queue(&rig)?;
    let mut random = Random::new(3);
    let mut told = Vec::new();
    for _ in 0..promises.rounds(QUEUED as usize) {
        thread::sleep(Duration::from_micros(500 + random.number() % 5_000));
        rig.drain();
        let ticket = tickets.swap_remove(random.below(tickets.len()));
        let begin = Instant::now();
        if rig.engine.cancel_load(ticket.request_id())? {
            let last = |event: &LoaderEvent| matches!(event, LoaderEvent::Analysis { request_id, last: true, .. } if *request_id == ticket.request_id());
            told.push(rig.until(last) - begin);
        }
    }
    let told = Spread::of(told);
    let what = "cancel → the last analysis event polled (p99 ≤ 20 ms)";
    Ok(promises.row(what, &told.to_string(), told.p99, CANCEL_MS * promises.times))
}

/// Puts the same minute of noise into as many slots as are heard, as so many samples.
fn fill(rig: &Rig) -> Result<(), EngineError> {
    let minute = noise(60);
    let planes = vec![minute.clone(), minute];
    let minute = SampleBuffer::from_planes(RATE, planes).expect("a valid sample");
    let handle = rig.engine.stream_handle()?;
    (0..QUEUED).try_for_each(|id| handle.push_sample(id, Arc::clone(&minute)))?;
    Ok(())
}

/// Has all of these slots heard.
fn queue(rig: &Rig) -> Result<Vec<LoadTicket>, EngineError> {
    (0..QUEUED).map(|id| rig.engine.analyze_sample_async(id, &AnalysisKind::ALL, 0)).collect()
}

/// How long it takes until the last of many loads is there.
fn load_all(rig: &Rig, content: &Arc<[u8]>) -> Result<Duration, EngineError> {
    let items = (0..LOADS).map(|number| {
        let source = Source::Memory(Arc::clone(content));
        (Some(QUEUED + number), source)
    });
    let items = items.collect();
    let begin = Instant::now();
    let batch = rig.engine.load_many_async(items, 0)?;
    for ticket in batch.tickets() {
        ticket.wait(None);
    }
    Ok(begin.elapsed())
}

fn noise(seconds: u32) -> Vec<f32> {
    let mut random = Random::new(1);
    let value = |number: u64| (number % 20_001) as f32 / 10_000.0 - 1.0;
    (0..seconds * RATE).map(|_| 0.3 * value(random.number())).collect()
}

fn noise_wav(seconds: u32) -> Vec<u8> {
    let values = noise(seconds);
    wav_bytes(44_100, 2, seconds * 44_100, |frame, _| f64::from(values[frame as usize]))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
