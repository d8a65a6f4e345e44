//! Who goes first, and who gives way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{AudioEngine, LoadTicket, LoaderEvent};
use hotcue_tests::{
    BlockingSource, Contract, CountedSource, Gate, OpenReaders, PATIENCE, TempDir,
    collect_until_ended, wait_until, wav_bytes,
};

use crate::offline;

fn counted(open: &Arc<OpenReaders>, content: &Arc<[u8]>) -> Source {
    Source::Custom(Arc::new(CountedSource { content: Arc::clone(content), open: Arc::clone(open) }))
}

fn silence(seconds: u32) -> Arc<[u8]> {
    Arc::from(wav_bytes(44_100, 1, 44_100 * seconds, |_, _| 0.0))
}

/// Waits for the start of a load and returns all events up to it.
fn events_until_start(engine: &AudioEngine, ticket: &LoadTicket) -> Vec<LoaderEvent> {
    let mut events = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = engine.events().wait(deadline).expect("an event");
        let started = matches!(event, LoaderEvent::Started { request_id, .. }
            if request_id == ticket.request_id());
        events.push(event);
        if started {
            return events;
        }
    }
}

#[test]
fn a_priority_load_behind_500_others_is_the_next_to_start() {
    let engine = offline(2);
    let open = Arc::new(OpenReaders::default());
    let long = silence(600);
    for id in 0..500 {
        engine.load_sample_async(Some(id), counted(&open, &long), 0).expect("accepted");
    }
    wait_until("both workers are at work", || open.now() >= 2);
    // Both have told.
    let mut started = 0;
    let deadline = Instant::now() + PATIENCE;
    while started < 2 {
        let event = engine.events().wait(deadline).expect("an event");
        started += usize::from(matches!(event, LoaderEvent::Started { .. }));
    }
    let urgent = engine.load_sample_async(Some(500), counted(&open, &long), 1).expect("accepted");
    let events = events_until_start(&engine, &urgent);
    let others = events.iter().filter(|event| matches!(event, LoaderEvent::Started { .. }));
    // A worker may just have come to its end.
    assert!(others.count() <= 2, "{events:?}");
    engine.shut_down();
}

#[test]
fn a_running_load_whose_priority_falls_gives_way_and_loses_no_work() {
    let engine = offline(1);
    let open = Arc::new(OpenReaders::default());
    let first = engine.load_sample_async(Some(0), counted(&open, &silence(900)), 5);
    let first = first.expect("accepted");
    let second = engine.load_sample_async(Some(1), counted(&open, &silence(60)), 0);
    let second = second.expect("accepted");
    wait_until("the first runs", || first.percent() > 1.0);
    assert!(engine.set_priority(first.request_id(), -5).expect("it runs"));
    let reached = first.percent();
    assert!(second.wait(Some(PATIENCE)).is_some());
    assert!(first.percent() < 100.0, "it waits meanwhile");
    assert!(first.wait(Some(PATIENCE)).is_some_and(|outcome| outcome.is_ok()));
    assert_eq!(open.most(), 2, "nobody opened the first file again");
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
    let starts = contract.events(first.request_id()).iter();
    let starts = starts.filter(|event| matches!(event, LoaderEvent::Started { .. })).count();
    assert_eq!(starts, 1);
    assert!(reached > 0.0);
    assert!(!engine.set_priority(first.request_id(), 1).expect("it runs"), "it has ended");
    assert!(engine.set_priority(first.request_id(), 101).is_err());
}

#[test]
fn a_queued_load_whose_priority_rises_overtakes() {
    let engine = offline(1);
    let open = Arc::new(OpenReaders::default());
    let long = silence(300);
    let load = |id| engine.load_sample_async(Some(id), counted(&open, &long), 0).expect("accepted");
    let tickets: Vec<_> = (0..5).map(load).collect();
    assert!(engine.set_priority(tickets[4].request_id(), 7).expect("it runs"));
    assert!(tickets[4].wait(Some(PATIENCE)).is_some_and(|outcome| outcome.is_ok()));
    assert!(tickets[3].percent() < 100.0);
    engine.shut_down();
}

/// How long short files wait beside two of an hour: the median of ten.
fn wait_beside_hours() -> Duration {
    let folder = TempDir::new();
    let engine = offline(2);
    let hours = ["a.wav", "b.wav"].map(|name| folder.silent_wav(name, 44_100, 3_600));
    let long: Vec<_> = (0..)
        .zip(hours)
        .map(|(id, path)| engine.load_sample_async(Some(id), Source::Path(path), 0))
        .map(|ticket| ticket.expect("accepted"))
        .collect();
    wait_until("both are decoded", || long.iter().all(|ticket| ticket.percent() > 0.0));
    let mut waits = Vec::new();
    for round in 0..10 {
        let short = Source::Path(folder.silent_wav(&format!("{round}.wav"), 44_100, 1));
        let before = Instant::now();
        let ticket = engine.load_sample_async(Some(10), short, 0).expect("accepted");
        events_until_start(&engine, &ticket);
        waits.push(before.elapsed());
        assert!(ticket.wait(Some(PATIENCE)).is_some_and(|outcome| outcome.is_ok()));
        assert!(long.iter().all(|ticket| ticket.percent() < 100.0), "both are still under way");
    }
    waits.sort();
    engine.shut_down();
    waits[waits.len() / 2]
}

#[test]
fn a_short_file_does_not_wait_for_hours_of_its_own_priority() {
    // 100 ms and two steps, on a machine that does nothing else.
    wait_until("short files begin soon", || wait_beside_hours() < Duration::from_millis(150));
}

#[test]
fn no_more_than_three_buffers_per_worker_exist() {
    let engine = offline(2);
    let open = Arc::new(OpenReaders::default());
    let long = silence(600);
    let tickets: Vec<_> = (0..200)
        .map(|id| {
            // All that makes jobs give way: other priorities, set and changed.
            let priority = [0, 3, -7, 50][id as usize % 4];
            engine.load_sample_async(Some(id), counted(&open, &long), priority).expect("accepted")
        })
        .collect();
    for (round, priority) in (-30..70).enumerate() {
        let ticket = &tickets[round * 7 % 200];
        engine.set_priority(ticket.request_id(), priority).expect("it runs");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(open.most() > 2, "some were given back unfinished");
    assert!(open.most() <= 3 * 2, "{} at once", open.most());
    for ticket in &tickets {
        ticket.cancel();
    }
    wait_until("what nobody wants is dropped", || open.now() == 0);
}

#[test]
fn a_low_priority_does_not_starve() {
    let engine = offline(1);
    let open = Arc::new(OpenReaders::default());
    let short = silence(2);
    let low = engine.load_sample_async(Some(999), counted(&open, &short), -100).expect("accepted");
    let deadline = Instant::now() + PATIENCE;
    let mut id = 0;
    while low.percent() < 100.0 {
        assert!(Instant::now() < deadline, "it starves");
        // Never fewer than four more urgent ones wait.
        if engine.stats().queued < 5 {
            engine.load_sample_async(Some(id % 900), counted(&open, &short), 0).expect("accepted");
            id += 1;
        } else {
            std::thread::sleep(Duration::from_micros(200));
        }
        engine.drain_loader_events(None);
    }
    assert!(low.wait(Some(PATIENCE)).is_some_and(|outcome| outcome.is_ok()));
    engine.shut_down();
}

#[test]
fn no_load_waits_behind_one_that_has_just_begun_while_younger_ones_begin() {
    let engine = offline(2);
    let content = silence(1);
    let gates: [Arc<Gate>; 2] = std::array::from_fn(|_| Arc::default());
    let held = |gate: usize| {
        let (gate, content) = (Arc::clone(&gates[gate]), content.to_vec());
        Source::Custom(Arc::new(BlockingSource { gate, content }))
    };
    let load = |id: u32, source| engine.load_sample_async(Some(id), source, 0).expect("accepted");
    let first = [load(0, held(0)), load(1, held(0))];
    wait_until("both decoders are at work", || gates[0].waiting() == 2);
    let hangs = load(2, held(1));
    let short: Vec<LoadTicket> =
        (3..40).map(|id| load(id, Source::Memory(Arc::clone(&content)))).collect();
    gates[0].open();
    for ticket in first.iter().chain(&short) {
        assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
    }
    gates[1].open();
    assert!(matches!(hangs.wait(Some(PATIENCE)), Some(Ok(_))));
    // Tickets may be quicker than events.
    let events = events_until_start(&engine, short.last().expect("there are 37"));
    let began = events.into_iter().filter_map(|event| match event {
        LoaderEvent::Started { request_id, .. } => Some(request_id),
        _ => None,
    });
    // One decoder hangs: the other begins all of them.
    let began: Vec<u64> = began.filter(|id| *id > hangs.request_id()).collect();
    assert_eq!(began, short.iter().map(LoadTicket::request_id).collect::<Vec<_>>());
}
