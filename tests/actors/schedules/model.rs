//! What must be true of a whole schedule.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use hotcue::playback::{EndReason, PlaybackEvent};
use hotcue_actors::{
    AnalysisFailure, AudioEngine, CancelReason, LoadFailure, LoadTicket, LoaderEvent, PlayOptions,
    PlaybackNotice,
};
use hotcue_tests::{Contract, PATIENCE, wait_until};

use super::caller::Done;
use super::sources::Expected;
use super::{SLOTS, lock};

/// Ends the engine if it still runs, and checks all that is known then.
pub(super) fn check(
    engine: &AudioEngine,
    calls: &[Mutex<Vec<Done>>],
    events: &mut Vec<LoaderEvent>,
) {
    let calls: Vec<Vec<Done>> = calls.iter().map(|calls| lock(calls).clone()).collect();
    let calls = &calls[..];
    let loads: Vec<(&LoadTicket, Expected)> = calls
        .iter()
        .flatten()
        .filter_map(|done| match done {
            Done::Load { ticket, expected, .. } => Some((ticket, *expected)),
            _ => None,
        })
        .collect();
    for (ticket, _) in &loads {
        assert!(ticket.wait(Some(PATIENCE)).is_some(), "{ticket:?} never ends");
    }
    if engine.is_running() {
        check_slots(engine, calls, &loads);
        check_voices(engine, calls);
        engine.shut_down();
    }
    events.extend(engine.drain_loader_events(None));

    let mut contract = Contract::default();
    for event in events.iter() {
        contract.see(event.clone());
    }
    assert_eq!(contract.ended(), loads.len(), "one terminal event for each accepted request");
    let cancelled: HashSet<u64> = calls
        .iter()
        .flatten()
        .filter_map(|done| match done {
            Done::Cancel { request_id, cancelled: true } => Some(*request_id),
            _ => None,
        })
        .collect();
    for done in calls.iter().flatten() {
        if let Done::Load { ticket, kinds, .. } = done {
            let mut heard = contract.kinds(ticket.request_id()).unwrap_or_default().to_vec();
            heard.sort_unstable();
            assert!(kinds.iter().rev().eq(&heard), "{kinds:?} of {ticket:?}: told of {heard:?}");
        }
    }
    for done in calls.iter().flatten() {
        if let Done::CancelMany { batch, cancelled } = done {
            let by_user = |ticket: &&LoadTicket| {
                matches!(ticket.wait(None), Some(Err(LoadFailure::Cancelled(CancelReason::User))))
            };
            let found = batch.tickets().iter().filter(by_user).count();
            assert!(found >= *cancelled, "{cancelled} were cancelled, but {batch:?}");
        }
    }
    for (ticket, expected) in &loads {
        check_end(ticket, *expected, contract.terminal(ticket.request_id()));
        if cancelled.contains(&ticket.request_id()) {
            let by_user =
                matches!(ticket.wait(None), Some(Err(LoadFailure::Cancelled(CancelReason::User))));
            let unheard = AnalysisFailure::Cancelled(CancelReason::User);
            let is_unheard = contract.events(ticket.request_id()).iter().any(|event| match event {
                LoaderEvent::Analysis { result: Err(why), .. } => why.kind() == unheard.kind(),
                _ => false,
            });
            assert!(by_user || is_unheard, "cancel said true, but {ticket:?}");
        }
        let superseded = matches!(
            ticket.wait(None),
            Some(Err(LoadFailure::Cancelled(CancelReason::Superseded)))
        );
        // Whose id may be lower: a batch takes its ids before its requests take their slots.
        let other = loads.iter().any(|(other, _)| {
            other.id() == ticket.id() && other.request_id() != ticket.request_id()
        });
        assert!(!superseded || other, "superseded by nothing: {ticket:?}");
    }
}

/// The ticket and the event say the same, and it is what the source allows.
fn check_end(ticket: &LoadTicket, expected: Expected, terminal: Option<&LoaderEvent>) {
    let terminal = terminal.expect("its terminal event was counted");
    match (ticket.wait(None).expect("it has ended"), terminal) {
        (Ok(sample), LoaderEvent::Success { frames, .. }) => {
            assert_eq!(expected, Expected::Good, "{ticket:?}");
            assert_eq!(sample.frames() as u64, *frames);
        }
        (Err(LoadFailure::Failed { error, .. }), LoaderEvent::Error { error: told, .. }) => {
            assert_eq!(expected, Expected::Bad, "{error} of {ticket:?}");
            assert_eq!(error.kind(), told.kind());
        }
        (Err(LoadFailure::Cancelled(reason)), LoaderEvent::Cancelled { reason: told, .. }) => {
            assert_eq!(reason, *told);
        }
        (outcome, event) => panic!("the ticket says {outcome:?}, the event {event:?}"),
    }
}

/// Nothing is left of ended loads, and slots hold the last that succeeded.
fn check_slots(engine: &AudioEngine, calls: &[Vec<Done>], loads: &[(&LoadTicket, Expected)]) {
    // The last of them is taken out of the table just after its outcome is there.
    wait_until("no load is left", || engine.loads().expect("it runs").is_empty());
    let stats = engine.stats();
    assert_eq!((stats.queued, stats.live), (0, 0), "{stats:?}");
    let changed: HashSet<u32> = calls
        .iter()
        .flatten()
        .filter_map(|done| match done {
            Done::Unload { id } | Done::Push { id } => Some(*id),
            _ => None,
        })
        .collect();
    let (mut held, mut bytes, mut seen) = (0, 0, std::collections::HashSet::new());
    for id in 0..SLOTS {
        let sample = engine.sample(id).expect("it runs");
        if let Some(sample) = &sample {
            held += 1;
            // Slots share what several requests loaded of one file.
            let pushed = sample.container() == "memory";
            if pushed || seen.insert(std::ptr::from_ref(sample.buffer()).addr()) {
                bytes += sample.buffer().byte_len() as u64;
            }
        }
        if changed.contains(&id) {
            continue;
        }
        let newest = loads
            .iter()
            .filter(|(ticket, _)| ticket.id() == id)
            .filter_map(|(ticket, _)| Some((ticket.request_id(), ticket.sample()?)))
            .max_by_key(|(request_id, _)| *request_id);
        match (sample, newest) {
            (Some(sample), Some((_, newest))) => {
                assert!(Arc::ptr_eq(&sample, &newest), "slot {id} holds an older one");
            }
            (None, None) => {}
            (sample, newest) => panic!("slot {id} holds {sample:?}, not {newest:?}"),
        }
    }
    assert_eq!((stats.samples, stats.sample_bytes), (held, bytes));
}

/// The callback plays what the table holds, every voice ends once, and none outlives its slot.
fn check_voices(engine: &AudioEngine, calls: &[Vec<Done>]) {
    engine.set_output("offline").expect("it always opens");
    engine.stop_all(0.005).expect("it runs");
    engine.render(1_024).expect("offline");
    assert_eq!(engine.stats().voices, 0, "all voices were stopped");

    let mut lengths = HashMap::new();
    for id in 0..SLOTS {
        let sample = engine.sample(id).expect("it runs");
        let voice = engine.play_sample(id, PlayOptions::default()).expect("it runs");
        assert_eq!(sample.is_some(), voice.is_some(), "slot {id} when all loads have ended");
        if let (Some(sample), Some(voice)) = (sample, voice) {
            lengths.insert(voice, sample.frames());
        }
    }
    engine.render(1 + lengths.values().max().copied().unwrap_or(0)).expect("offline");

    let mut started = HashMap::new();
    let mut ended = HashSet::new();
    for notice in std::iter::from_fn(|| engine.poll_playback_events()) {
        match notice {
            PlaybackNotice::Voice(PlaybackEvent::Started { voice, frame, .. }) => {
                assert!(started.insert(voice, frame).is_none(), "{voice} started twice");
            }
            PlaybackNotice::Voice(PlaybackEvent::Looped { voice, frame, .. }) => {
                assert!(frame > started[&voice], "{voice} looped before it sounded");
                assert!(!ended.contains(&voice), "{voice} looped after its end");
            }
            PlaybackNotice::Voice(PlaybackEvent::Ended { voice, frame, reason, .. }) => {
                assert!(ended.insert(voice), "{voice} ended twice");
                if let Some(length) = lengths.get(&voice) {
                    assert_eq!(reason, EndReason::Finished, "voice {voice}");
                    let sounded = frame - started[&voice];
                    assert_eq!(sounded, *length as u64, "the callback plays another sample");
                }
            }
            PlaybackNotice::Dropped { voice, .. } => {
                assert!(ended.insert(voice), "{voice} ended twice");
            }
            other => panic!("{other:?}"),
        }
    }
    for done in calls.iter().flatten() {
        if let Done::Play { voice, id } = done {
            assert!(ended.contains(voice), "voice {voice} of slot {id} has no end");
        }
    }
    assert!(lengths.keys().all(|voice| ended.contains(voice)), "a voice of the end goes on");

    for id in 0..SLOTS {
        let options = PlayOptions { looping: true.into(), ..PlayOptions::default() };
        engine.play_sample(id, options).expect("it runs");
        engine.unload_sample(id).expect("it runs");
    }
    engine.render(1_024).expect("offline");
    assert_eq!(engine.stats().voices, 0, "a voice outlives its slot");
}
