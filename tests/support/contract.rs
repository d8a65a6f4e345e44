//! The event contract as a checker: feed it every event, it panics at the first that breaks it.

use std::collections::HashMap;
use std::time::Instant;

use hotcue::Stage;
use hotcue::analysis::AnalysisKind;
use hotcue_actors::{EventQueue, LoaderEvent};

use crate::PATIENCE;

/// What was seen of each request so far.
#[derive(Debug, Default)]
pub struct Contract {
    requests: HashMap<u64, Seen>,
    last_time_sec: f64,
    ended: usize,
    /// Requests whose last kind of analysis was told of.
    heard: usize,
    /// The newest that succeeded, of each slot.
    holders: HashMap<u32, u64>,
    /// No event of a request so old may come that is not in `requests` any more.
    forgotten_up_to: u64,
}

#[derive(Debug, Default)]
struct Seen {
    events: Vec<LoaderEvent>,
    percent: f32,
    /// How much was playable when that was said.
    ready_sec: Option<f64>,
    stage: Option<Stage>,
    ended: bool,
    /// How it ended.
    terminal: Option<LoaderEvent>,
    evicted: bool,
    /// Kinds of analysis that were told of.
    heard: Vec<AnalysisKind>,
    /// The last of them was.
    heard_last: bool,
}

impl Contract {
    /// Checks one event against all that came before.
    ///
    /// # Panics
    /// When it breaks the contract.
    pub fn see(&mut self, event: LoaderEvent) {
        // Each run begins with a `Device`, and the clock with it.
        let earliest_sec =
            if let LoaderEvent::Device { .. } = event { 0.0 } else { self.last_time_sec };
        assert!(event.time_sec() >= earliest_sec, "back in time: {event:?}");
        self.last_time_sec = event.time_sec();
        let Some((slot, request_id)) = event.ids() else { return };
        let known = request_id > self.forgotten_up_to || self.requests.contains_key(&request_id);
        assert!(known, "{event:?} comes long after others have ended that were newer");
        let seen = self.requests.entry(request_id).or_default();
        if let LoaderEvent::Evicted { .. } = event {
            let loaded = matches!(seen.terminal, Some(LoaderEvent::Success { .. }));
            assert!(loaded, "{event:?} of what was not loaded: {:?}", seen.events);
            assert!(!seen.evicted, "{event:?} follows another of {:?}", seen.events);
            seen.evicted = true;
            seen.events.push(event);
            return;
        }
        if let LoaderEvent::Analysis { analysis, result, last, .. } = &event {
            let loaded = matches!(seen.terminal, Some(LoaderEvent::Success { .. }));
            assert!(seen.ended, "{event:?} precedes the terminal event of {:?}", seen.events);
            assert!(loaded || result.is_err(), "{event:?} of what was not loaded");
            assert!(!seen.heard.contains(analysis), "{event:?} comes twice: {:?}", seen.events);
            assert!(!seen.heard_last, "{event:?} follows the last of {:?}", seen.events);
            seen.heard.push(*analysis);
            seen.heard_last = *last;
            self.heard += usize::from(*last);
            seen.events.push(event);
            return;
        }
        assert!(!seen.ended, "{event:?} follows the terminal event of {:?}", seen.events);
        match &event {
            LoaderEvent::Started { .. } => {
                assert!(seen.events.is_empty(), "started is not the first of {:?}", seen.events);
            }
            LoaderEvent::Progress { percent, stage, .. } => {
                assert!(!seen.events.is_empty(), "progress of {request_id} before started");
                assert!((0.0..=100.0).contains(percent), "percent {percent}");
                assert!(
                    *percent >= seen.percent,
                    "percent fell from {} in {event:?}",
                    seen.percent
                );
                assert!(Some(*stage) >= seen.stage, "stage went back in {event:?}");
                assert!(*stage > Stage::Queued, "progress while queued");
                seen.percent = *percent;
                seen.stage = Some(*stage);
            }
            LoaderEvent::Stalled { stage, stalled_sec, .. } => {
                assert!(!seen.events.is_empty(), "stalled {request_id} before started");
                assert!(*stalled_sec >= 2.0, "stalled too soon: {event:?}");
                assert!(Some(*stage) >= seen.stage, "stage went back in {event:?}");
            }
            LoaderEvent::Playable { ready_sec, .. } => {
                assert!(!seen.events.is_empty(), "playable {request_id} before started");
                assert!(*ready_sec > 0.0, "nothing to play: {event:?}");
                assert_eq!(seen.ready_sec, None, "{event:?} comes twice");
                seen.ready_sec = Some(*ready_sec);
            }
            LoaderEvent::Success { frames, sample_rate, duration_sec, from_cache, .. } => {
                let playable = seen.ready_sec.unwrap_or(0.0);
                assert!(playable <= *duration_sec, "{playable} s were playable of {event:?}");
                assert!(seen.ready_sec.is_none() || !from_cache, "{event:?} was playable before");
                assert!(!seen.events.is_empty(), "success of {request_id} before started");
                assert_eq!(seen.percent, 100.0, "100 precedes success");
                let length = *frames as f64 / f64::from(*sample_rate);
                assert!((length - duration_sec).abs() < 1e-9, "length of {event:?}");
            }
            LoaderEvent::Error { stage, .. } => {
                let queued = seen.events.is_empty();
                assert_eq!(*stage == Stage::Queued, queued, "stage of {event:?}");
                assert!(Some(*stage) >= seen.stage, "stage went back in {event:?}");
            }
            _ => {}
        }
        seen.ended = event.is_terminal();
        self.ended += usize::from(seen.ended);
        if matches!(event, LoaderEvent::Success { .. }) {
            let holder = self.holders.entry(slot).or_default();
            *holder = request_id.max(*holder);
        }
        seen.terminal = seen.ended.then(|| event.clone());
        seen.events.push(event);
    }

    /// Forgets requests that ended before `time_sec`, so that a checker of millions takes no more
    /// memory than one of thousands. What a slot may still hold is kept: it may be evicted. Any
    /// further event of a forgotten one breaks the contract.
    pub fn forget_ended_before(&mut self, time_sec: f64) {
        let Self { requests, holders, forgotten_up_to, .. } = self;
        requests.retain(|id, seen| {
            let ended = seen.terminal.as_ref().is_some_and(|event| event.time_sec() < time_sec);
            if ended {
                *forgotten_up_to = (*id).max(*forgotten_up_to);
            }
            let held = seen.events.last().and_then(LoaderEvent::ids);
            !ended || held.is_some_and(|(slot, _)| holders.get(&slot) == Some(id))
        });
    }

    /// Requests that have ended, forgotten ones too.
    pub fn ended(&self) -> usize {
        self.ended
    }

    /// Requests of whose analyses the last was told.
    pub fn heard(&self) -> usize {
        self.heard
    }

    /// Kinds of analysis that were told of a request, in order; None while the last is missing.
    pub fn kinds(&self, request_id: u64) -> Option<&[AnalysisKind]> {
        let seen = self.requests.get(&request_id)?;
        seen.heard_last.then_some(&seen.heard)
    }

    /// All requests of which anything was seen and that were not forgotten.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// The terminal event of a request.
    pub fn terminal(&self, request_id: u64) -> Option<&LoaderEvent> {
        self.requests.get(&request_id)?.terminal.as_ref()
    }

    /// The events of a request so far.
    pub fn events(&self, request_id: u64) -> &[LoaderEvent] {
        self.requests.get(&request_id).map_or(&[], |seen| &seen.events)
    }
}

/// Reads events until `count` requests have ended.
///
/// # Panics
/// When the contract is broken, or when they do not end.
pub fn collect_until_ended(queue: &EventQueue, contract: &mut Contract, count: usize) {
    collect_until(queue, contract, count, Contract::ended);
}

/// Reads events until of `count` requests the last kind of analysis was told.
///
/// # Panics
/// When the contract is broken, or when they are not.
pub fn collect_until_heard(queue: &EventQueue, contract: &mut Contract, count: usize) {
    collect_until(queue, contract, count, Contract::heard);
}

fn collect_until(
    queue: &EventQueue,
    contract: &mut Contract,
    count: usize,
    so_far: fn(&Contract) -> usize,
) {
    let deadline = Instant::now() + PATIENCE;
    while so_far(contract) < count {
        match queue.wait(deadline) {
            Some(event) => contract.see(event),
            None => panic!("{} of {count} requests", so_far(contract)),
        }
    }
}
