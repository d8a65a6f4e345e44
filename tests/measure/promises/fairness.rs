//! Cancelling, urgent loads, and short ones among long ones.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::{LoadJob, LoadOptions, Source, Step, Workbench};
use hotcue_actors::{EngineError, LoadTicket, LoaderEvent};
use hotcue_tests::{Random, sine, wav_bytes};

use super::rig::{Rig, WORKERS};
use super::{Promises, Spread};

/// What runs goes before what waits, so that size does not decide.
const RUNNING: i32 = 10;

/// One of the three files, and the request that loads it.
struct Load {
    id: u32,
    source: Source,
    ticket: LoadTicket,
}

/// From `cancel_load` to the polled event, while every worker decodes ten minutes; and until the
/// freed worker has started the next.
pub(super) fn cancels(promises: &Promises) -> Result<bool, EngineError> {
    let mut rig = Rig::new()?;
    let mut random = Random::new(1);
    let (mut told, mut next) = (Vec::new(), Vec::new());
    let mut loads = Vec::new();
    for (id, file) in (0..).zip(&promises.files) {
        let source = Source::Path(file.clone());
        let ticket = rig.engine.load_sample_async(Some(id), source.clone(), 0)?;
        loads.push(Load { id, source, ticket });
    }
    for load in &loads[..WORKERS] {
        rig.until_started(load.ticket.request_id());
        rig.engine.set_priority(load.ticket.request_id(), RUNNING)?;
    }
    let rounds = promises.rounds(400);
    while told.len() < rounds {
        // The last of `loads` waits, the others run.
        let mut victim = loads.remove(random.below(WORKERS));
        thread::sleep(Duration::from_micros(2_000 + random.number() % 60_000));
        rig.drain();
        let both_run = loads[..WORKERS - 1].iter().all(|load| load.ticket.percent() < 99.0);
        let begin = Instant::now();
        let request = victim.ticket.request_id();
        let cancelled = rig.engine.cancel_load(request)?;
        if cancelled {
            let at = rig.until(|event| matches!(event, LoaderEvent::Cancelled { request_id, .. } if *request_id == request));
            let waiting = loads[WORKERS - 1].ticket.request_id();
            let was_waiting = rig.contract.events(waiting).is_empty();
            let started = rig.until_started(waiting);
            if both_run && was_waiting {
                told.push(at - begin);
                next.push(started - begin);
            }
        }
        rig.engine.unload_sample(victim.id)?;
        let waiting = loads[WORKERS - 1].ticket.request_id();
        rig.until_started(waiting);
        rig.engine.set_priority(waiting, RUNNING)?;
        victim.ticket = rig.engine.load_sample_async(Some(victim.id), victim.source.clone(), 0)?;
        loads.push(victim);
    }
    let (told, next) = (Spread::of(told), Spread::of(next));
    let what = "cancel → cancelled polled (p99 ≤ 20 ms)";
    let within = promises.row(what, &told.to_string(), told.p99, 20.0 * promises.times);
    let what = "cancel → that worker starts the next";
    Ok(promises.row(what, &next.to_string(), next.p99, 50.0 * promises.times) && within)
}

/// How long the steps of a file are when nothing else runs.
fn steps(source: Source) -> Spread {
    let mut job = LoadJob::new(source, LoadOptions::default());
    let (mut bench, mut times) = (Workbench::default(), Vec::new());
    loop {
        let begin = Instant::now();
        let step = job.step(&mut bench);
        times.push(begin.elapsed());
        if matches!(step, Ok(Step::Done(_)) | Err(_)) {
            return Spread::of(times);
        }
    }
}

/// From the submission of an urgent load to its `started`, behind 500 others.
pub(super) fn urgent_behind_500(promises: &Promises) -> Result<bool, EngineError> {
    let mut within = true;
    for file in &promises.files {
        let content: Arc<[u8]> = std::fs::read(file).expect("it can be read").into();
        let step = steps(Source::Memory(Arc::clone(&content)));
        let mut rig = Rig::new()?;
        let mut tickets = Vec::new();
        for id in 0..500 {
            let source = Source::Memory(Arc::clone(&content));
            tickets.push(rig.engine.load_sample_async(Some(id), source, 0)?);
        }
        rig.until_started(tickets[1].request_id());
        let tiny: Arc<[u8]> = wav_bytes(44_100, 1, 300, sine(440.0, 44_100)).into();
        let mut random = Random::new(2);
        let (mut waits, mut overtaken) = (Vec::new(), 0);
        for _ in 0..promises.rounds(100) {
            thread::sleep(Duration::from_micros(random.number() % 20_000));
            rig.drain();
            let source = Source::Memory(Arc::clone(&tiny));
            let begin = Instant::now();
            let ticket = rig.engine.load_sample_async(Some(600), source, 1)?;
            let before = begin_count(&rig);
            waits.push(rig.until_started(ticket.request_id()) - begin);
            overtaken += begin_count(&rig).saturating_sub(before + 1);
            rig.until(|event| {
                event.is_terminal() && event.request_id() == Some(ticket.request_id())
            });
            // What has been decoded meanwhile would fill the memory.
            for id in 0..500 {
                if rig.engine.sample(id)?.is_some() {
                    rig.engine.unload_sample(id)?;
                }
            }
        }
        let waits = Spread::of(waits);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let figures = format!(
            "{waits}; a step alone p50 {:.2} max {:.2} ms; {overtaken} others started before it",
            step.p50, step.most
        );
        // Two steps, and waking two threads.
        let bound = (2.0 * step.most + 5.0) * promises.times;
        let what = format!("urgent load behind 500 × {name} → started (2 steps)");
        // A worker may just have come to its end.
        within &= overtaken <= WORKERS * waits.count;
        within &= promises.row(&what, &figures, waits.p90, bound);
        rig.engine.shut_down();
    }
    Ok(within)
}

/// Requests that were begun.
fn begin_count(rig: &Rig) -> usize {
    rig.contract.requests()
}

/// From the submission of a second of audio to its start and its success, while every worker
/// decodes an hour of the same priority.
pub(super) fn short_among_hours(promises: &Promises) -> Result<bool, EngineError> {
    let mut rig = Rig::new()?;
    let folder = &promises.folder;
    let mut random = Random::new(3);
    let hours = ["hour_1.wav", "hour_2.wav"].map(|name| folder.silent_wav(name, 44_100, 3_600));
    let mut tickets: Vec<Option<LoadTicket>> = vec![None, None];
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    let rounds = promises.rounds(100);
    for round in 0.. {
        for (id, (ticket, hour)) in (0..).zip(tickets.iter_mut().zip(&hours)) {
            let spent = ticket.as_ref().is_none_or(|ticket| ticket.percent() > 80.0);
            if spent {
                rig.engine.unload_sample(id)?;
                let load = rig.engine.load_sample_async(Some(id), Source::Path(hour.clone()), 0)?;
                rig.until_started(load.request_id());
                *ticket = Some(load);
            }
        }
        thread::sleep(Duration::from_micros(random.number() % 200_000));
        rig.drain();
        let name = format!("second_{round}.wav");
        let second = folder.write(&name, &wav_bytes(44_100, 2, 44_100, sine(440.0, 44_100)));
        let begin = Instant::now();
        let ticket = rig.engine.load_sample_async(Some(9), Source::Path(second), 0)?;
        let request = ticket.request_id();
        let started = rig.until_started(request) - begin;
        let ended =
            rig.until(|event| event.is_terminal() && event.request_id() == Some(request)) - begin;
        // Only where both hours were under way all the time.
        if tickets.iter().flatten().all(|ticket| ticket.percent() < 99.0) {
            starts.push(started);
            ends.push(ended);
        }
        if starts.len() >= rounds {
            break;
        }
    }
    let (starts, ends) = (Spread::of(starts), Spread::of(ends));
    let what = "1 s among hours, same priority → started (≤ 100 ms + 2 steps)";
    let figures = starts.to_string();
    let within = promises.row(what, &figures, starts.p99, 120.0 * promises.times);
    let what = "1 s among hours → success";
    Ok(promises.row(what, &ends.to_string(), ends.p99, 250.0 * promises.times) && within)
}
