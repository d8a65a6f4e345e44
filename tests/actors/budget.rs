//! The memory budget: what leaves, what stays, and what comes back.

mod churn;

use std::path::PathBuf;
use std::sync::Arc;

use hotcue::analysis::AnalysisKind;
use hotcue::playback::{EndReason, PlaybackEvent};
use hotcue::{LoadErrorKind, Source, Stage};
use hotcue_actors::{
    AudioEngine, DropReason, EngineConfig, EngineError, LoadFailure, LoadTicket, LoaderEvent,
    LoopMode, Normalize, PlayLoop, PlayOptions, PlaybackNotice, SlotState, SubmitError,
    SubmitOptions, WhenLoading,
};
use hotcue_tests::{
    BlockingSource, Contract, Gate, PATIENCE, TempDir, collect_until_ended, wait_until, wav_bytes,
};

use crate::running;

/// Frames of every sample here: a tenth of a second.
const FRAMES: u32 = 4_800;
/// Bytes of one such sample.
const SAMPLE: u64 = FRAMES as u64 * 4;
/// Loads that wait for a decoder at most.
const MAX_QUEUED: usize = 10;
/// Patience of a play that waits for its sample.
const LONG: PlayOptions = PlayOptions {
    max_wait_sec: 60.0,
    volume: 1.0,
    normalize: Normalize::Off,
    pan: 0.0,
    speed: 1.0,
    looping: PlayLoop { mode: LoopMode::Off, start_sec: 0.0, end_sec: None },
    start_sec: 0.0,
    end_sec: None,
    fade_in_sec: 0.0,
    fade_out_sec: 0.0,
    at_frame: None,
    choke: None,
    bus: 0,
    retrigger: hotcue::playback::Retrigger::Overlap,
    when_loading: WhenLoading::PlayWhenReady,
};

/// An engine with room for so many samples, and files of one steady level each.
struct Rig {
    engine: AudioEngine,
    folder: TempDir,
}

impl Rig {
    fn new(samples: u64, workers: usize) -> Self {
        let engine = running(EngineConfig {
            output: "offline".to_owned(),
            workers: Some(workers),
            memory_budget: Some(samples * SAMPLE),
            max_queued: MAX_QUEUED,
            ..EngineConfig::default()
        });
        Self { engine, folder: TempDir::new() }
    }

    /// The file of a slot. Every value in it is [`level`]`(id)`.
    fn file(&self, id: u32) -> PathBuf {
        let path = self.folder.path().join(format!("{id}.wav"));
        if !path.exists() {
            let wav =
                wav_bytes(48_000, 1, FRAMES, |_, _| f64::from(level(id)) * 32_768.0 / 32_767.0);
            std::fs::write(&path, wav).expect("a temporary file can be written");
        }
        path
    }

    fn submit(&self, id: u32) -> LoadTicket {
        let source = Source::Path(self.file(id));
        self.engine.load_sample_async(Some(id), source, 0).expect("accepted")
    }

    fn load(&self, id: u32) -> LoadTicket {
        let ticket = self.submit(id);
        assert!(ticket.wait(Some(PATIENCE)).expect("it ends").is_ok(), "load of {id}");
        ticket
    }

    /// Loads what cannot fit.
    fn refused(&self, id: u32) -> String {
        match self.submit(id).wait(Some(PATIENCE)) {
            Some(Err(LoadFailure::Failed { error, .. })) => {
                assert_eq!(error.kind(), LoadErrorKind::OutOfMemoryBudget, "{error}");
                error.to_string()
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    fn state(&self, id: u32) -> SlotState {
        self.engine.state(id).expect("it runs")
    }

    fn play(&self, id: u32, options: PlayOptions) -> u64 {
        self.engine.play_sample(id, options).expect("it runs").expect("something to play")
    }

    /// Renders, and gives the left side.
    fn render(&self, frames: usize) -> Vec<f32> {
        let out = self.engine.render(frames).expect("offline");
        out.samples.chunks(out.channels).map(|frame| frame[0]).collect()
    }

    fn drain(&self, contract: &mut Contract) -> Vec<LoaderEvent> {
        let events = self.engine.drain_loader_events(None);
        events.iter().for_each(|event| contract.see(event.clone()));
        events
    }
}

/// A level that 16 bits hold exactly, and that no sum of two others equals.
fn level(id: u32) -> f32 {
    (id + 1) as f32 / 1_024.0
}

fn evictions(events: &[LoaderEvent]) -> Vec<(u32, u64, u64)> {
    let evicted = events.iter().filter_map(|event| match *event {
        LoaderEvent::Evicted { id, request_id, freed_bytes, .. } => {
            Some((id, request_id, freed_bytes))
        }
        _ => None,
    });
    evicted.collect()
}

#[test]
fn the_least_recently_used_sample_leaves_and_says_so() {
    let rig = Rig::new(3, 1);
    let first: Vec<u64> = (0..3).map(|id| rig.load(id).request_id()).collect();
    rig.play(0, LONG);
    rig.render(2 * FRAMES as usize);
    rig.load(3);
    let mut contract = Contract::default();
    collect_until_ended(rig.engine.events(), &mut contract, 4);
    wait_until("slot 1 is empty", || rig.state(1) == SlotState::Evicted);
    assert!(rig.engine.sample(1).expect("it runs").is_none());
    assert!([0, 2, 3].iter().all(|&id| rig.state(id) == SlotState::Ready));
    rig.drain(&mut contract);
    assert_eq!(evictions(contract.events(first[1])), [(1, first[1], SAMPLE)]);
    assert!(evictions(contract.events(first[0])).is_empty());
    let stats = rig.engine.stats();
    assert_eq!((stats.samples, stats.sample_bytes), (3, 3 * SAMPLE));
    assert_eq!(stats.memory_budget, Some(3 * SAMPLE));
    wait_until("the bytes are free", || rig.engine.stats().reserved_bytes == 0);
}

#[test]
fn without_a_budget_nothing_leaves() {
    let engine = crate::offline(1);
    let folder = TempDir::new();
    let path = folder.write("a.wav", &wav_bytes(48_000, 1, FRAMES, |_, _| 0.5));
    let tickets: Vec<LoadTicket> = (0..200)
        .map(|id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("ok"))
        .collect();
    assert!(tickets.iter().all(|ticket| matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_)))));
    engine.unload_sample(7).expect("it runs");
    assert!(tickets[7].sample().is_some(), "a ticket keeps its sample");
    let stats = engine.stats();
    assert_eq!((stats.memory_budget, stats.samples), (None, 199));
}

#[test]
fn what_is_in_use_never_leaves() {
    let rig = Rig::new(2, 1);
    let waiting = PlayOptions { at_frame: Some(1_000_000), ..LONG };
    let looped = PlayOptions { looping: true.into(), ..LONG };
    rig.load(0);
    rig.load(1);
    rig.engine.pin_sample(0, true).expect("it runs");
    // Each of them keeps slot 1 in memory; a load of slot 2 must fail, and evict nothing.
    rig.play(1, looped);
    assert!(rig.refused(2).contains("are pinned"), "a voice whose message is under way");
    rig.render(100);
    rig.refused(2);
    rig.engine.pause_sample(1).expect("it runs");
    rig.render(4_800);
    rig.refused(2);
    rig.engine.resume_sample(1).expect("it runs");
    let sound = rig.render(4_800);
    assert!(sound[1_000..].iter().all(|&value| value == level(1)), "it plays on");
    rig.engine.stop_all(0.005).expect("it runs");
    rig.render(1_000);
    rig.play(1, waiting);
    rig.render(100);
    rig.refused(2);
    rig.engine.stop_all(0.005).expect("it runs");
    rig.render(100);
    let held = rig.engine.sample(1).expect("it runs").expect("it is there");
    assert!(rig.refused(2).contains("held by the program"));
    assert_eq!((rig.state(0), rig.state(1)), (SlotState::Ready, SlotState::Ready));
    drop(held);
    rig.load(2);
    assert_eq!((rig.state(0), rig.state(1)), (SlotState::Ready, SlotState::Evicted));
    rig.engine.pin_sample(0, false).expect("it runs");
    rig.load(1);
    assert_eq!((rig.state(0), rig.state(1)), (SlotState::Evicted, SlotState::Ready));
    let out_of_range = rig.engine.pin_sample(1_024, true);
    assert!(matches!(out_of_range, Err(EngineError::Submit(SubmitError::IdOutOfRange))));
}

#[test]
fn content_from_memory_never_leaves() {
    let rig = Rig::new(2, 1);
    let wav = wav_bytes(48_000, 1, FRAMES, |_, _| 0.5);
    for id in 0..2 {
        let source = Source::Memory(wav.clone().into());
        let ticket = rig.engine.load_sample_async(Some(id), source, 0).expect("accepted");
        assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
    }
    rig.refused(2);
    assert_eq!((rig.state(0), rig.state(1)), (SlotState::Ready, SlotState::Ready));
    // A newer load of the slot takes the old one's place, but needs room beside it.
    rig.refused(0);
    rig.engine.unload_sample(0).expect("it runs");
    rig.load(0);
}

#[test]
fn a_play_brings_an_evicted_sample_back() {
    let rig = Rig::new(1, 1);
    let first = rig.load(0);
    rig.load(1);
    assert_eq!(rig.state(0), SlotState::Evicted);
    assert!(first.sample().is_none());
    let Some(Err(LoadFailure::Failed { error, .. })) = first.wait(None) else {
        panic!("the sample is there: {first:?}");
    };
    assert_eq!(error.kind(), LoadErrorKind::OutOfMemoryBudget);
    assert_eq!(error.to_string(), "the sample has left memory; load it again");

    let voice = rig.play(0, LONG);
    let mut sound = Vec::new();
    wait_until("it has played to its end", || {
        sound.extend(rig.render(1_000));
        std::iter::from_fn(|| rig.engine.poll_playback_events()).any(|notice| {
            matches!(notice, PlaybackNotice::Voice(PlaybackEvent::Ended {
                voice: ended, reason: EndReason::Finished, ..
            }) if ended == voice)
        })
    });
    let loud: Vec<f32> = sound.into_iter().filter(|&value| value != 0.0).collect();
    assert_eq!(loud, vec![level(0); FRAMES as usize]);
    assert_eq!((rig.state(0), rig.state(1)), (SlotState::Ready, SlotState::Evicted));

    let mut contract = Contract::default();
    let mut events = Vec::new();
    wait_until("all three loads have ended", || {
        events.extend(rig.drain(&mut contract));
        contract.ended() == 3
    });
    let again = events.iter().rev().find_map(|event| match event {
        LoaderEvent::Started { id: 0, request_id, path, .. } => Some((*request_id, path.clone())),
        _ => None,
    });
    let (request_id, path) = again.expect("it was loaded again");
    assert!(request_id > first.request_id());
    assert_eq!(path, Some(rig.file(0)));
    assert!(matches!(contract.terminal(request_id), Some(LoaderEvent::Success { .. })));
}

#[test]
fn an_evicted_sample_comes_back_with_the_peak_that_was_heard_in_it() {
    const SECONDS: u32 = 30;
    let rate = 48_000;
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        sample_rate: Some(rate),
        memory_budget: Some(u64::from(SECONDS * rate * 4)),
        ..EngineConfig::default()
    });
    let folder = TempDir::new();
    // A quarter, exactly.
    let wav = wav_bytes(rate, 1, SECONDS * rate, |_, _| 8_192.0 / 32_767.0);
    let path = folder.write("long.wav", &wav);
    let analyze = vec![AnalysisKind::Loudness];
    let options = SubmitOptions { analyze, ..SubmitOptions::default() };
    let ticket = engine.submit(Some(0), Source::Path(path), &options).expect("accepted");
    ticket.wait_analyses(Some(PATIENCE)).expect("it is heard");
    drop(ticket);
    let other = Source::Memory(wav_bytes(rate, 1, rate, |_, _| 0.0).into());
    let other = engine.load_sample_async(Some(1), other, 0).expect("accepted");
    assert!(other.wait(Some(PATIENCE)).expect("it ends").is_ok());
    assert_eq!(engine.state(0).expect("it runs"), SlotState::Evicted);
    engine.unload_sample(1).expect("it runs");
    drop(other);
    let play = PlayOptions { normalize: Normalize::Peak, ..LONG };
    engine.play_sample(0, play).expect("it runs").expect("something to play");
    let mut out = Vec::new();
    wait_until("it sounds", || {
        out.extend(engine.render(1_000).expect("offline").samples);
        out.iter().any(|&value| value != 0.0)
    });
    assert!(out.iter().all(|&value| value == 0.0 || value == 1.0));
}

#[test]
fn an_evicted_sample_comes_back_by_the_name_that_its_slot_was_loaded_by() {
    let rig = Rig::new(1, 1);
    // One file by two names is one sample in two slots.
    std::fs::hard_link(rig.file(0), rig.folder.path().join("2.wav")).expect("it can be linked");
    rig.load(0);
    rig.load(2);
    rig.load(1);
    assert_eq!([0, 2].map(|id| rig.state(id)), [SlotState::Evicted; 2]);
    std::fs::remove_file(rig.file(0)).expect("it is there");
    rig.play(2, LONG);
    wait_until("it is loaded again", || rig.state(2) == SlotState::Ready);
    rig.engine.stop_sample(2, 0.005).expect("it runs");
    rig.play(0, LONG);
    wait_until("it cannot be", || rig.state(0) == SlotState::Failed);
}

#[test]
fn promise_4_an_evicted_sample_stays_where_another_file_fails() {
    let rig = Rig::new(1, 1);
    rig.load(0);
    rig.load(1);
    assert_eq!(rig.state(0), SlotState::Evicted);
    let missing = Source::Path(rig.folder.path().join("missing.wav"));
    let ticket = rig.engine.load_sample_async(Some(0), missing, 0).expect("accepted");
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Err(_))));
    assert_eq!(rig.state(0), SlotState::Evicted);
    rig.play(0, LONG);
    wait_until("it is loaded again", || rig.state(0) == SlotState::Ready);
}

#[test]
fn a_play_of_an_evicted_sample_follows_when_loading() {
    let rig = Rig::new(1, 1);
    let play = |when_loading| rig.engine.play_sample(0, PlayOptions { when_loading, ..LONG });
    for when_loading in [WhenLoading::Drop, WhenLoading::Raise] {
        rig.load(0);
        rig.load(1);
        assert_eq!(rig.state(0), SlotState::Evicted);
        match (when_loading, play(when_loading)) {
            (WhenLoading::Drop, Ok(None)) | (WhenLoading::Raise, Err(EngineError::NotReady(0))) => {
            }
            other => panic!("{other:?}"),
        }
        wait_until("it comes back all the same", || rig.state(0) == SlotState::Ready);
        assert!(rig.render(FRAMES as usize).iter().all(|&value| value == 0.0));
    }
    // Nothing of what was not to wait keeps the sample from leaving again.
    rig.load(1);
    assert_eq!(rig.state(0), SlotState::Evicted);
}

#[test]
fn a_failed_reload_leaves_the_memory_of_the_file() {
    let rig = Rig::new(1, 1);
    rig.load(0);
    rig.load(1);
    std::fs::remove_file(rig.file(0)).expect("it is there");
    let voice = rig.play(0, LONG);
    wait_until("the reload has failed", || rig.state(0) == SlotState::Failed);
    wait_until("the play is dropped", || {
        matches!(rig.engine.poll_playback_events(),
            Some(PlaybackNotice::Dropped { voice: dropped, slot: 0, reason: DropReason::LoadEnded })
            if dropped == voice)
    });
    let mut contract = Contract::default();
    let mut errors = Vec::new();
    wait_until("its error is told", || {
        let events = rig.drain(&mut contract);
        errors.extend(events.iter().filter_map(|event| match event {
            LoaderEvent::Error { id: 0, error, .. } => Some(error.kind()),
            _ => None,
        }));
        !errors.is_empty()
    });
    assert_eq!(errors, [LoadErrorKind::NotFound]);
    rig.file(0);
    rig.play(0, LONG);
    wait_until("it is back", || rig.state(0) == SlotState::Ready);
    assert!(rig.render(100).iter().all(|&value| value == level(0)));

    // Unloaded, a slot remembers nothing.
    rig.engine.stop_all(0.005).expect("it runs");
    rig.render(1_000);
    rig.load(1);
    assert_eq!(rig.state(0), SlotState::Evicted);
    rig.engine.unload_sample(0).expect("it runs");
    assert_eq!(rig.state(0), SlotState::Empty);
    assert!(matches!(rig.engine.play_sample(0, LONG), Ok(None)));
}

#[test]
fn a_reload_is_not_held_up_by_a_full_queue() {
    let rig = Rig::new(1, 1);
    rig.load(0);
    rig.load(1);
    let gate = Arc::new(Gate::default());
    let content = b"this is no audio".to_vec();
    let blocked = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    rig.engine.load_sample_async(Some(2), blocked, 0).expect("accepted");
    wait_until("it runs", || rig.state(2) == SlotState::Loading);
    let broken = || Source::Memory(Arc::from(*b"neither is this"));
    let full = loop {
        if let Err(error) = rig.engine.load_sample_async(None, broken(), 0) {
            break error;
        }
    };
    assert!(matches!(full, EngineError::Submit(SubmitError::QueueFull)), "{full}");
    rig.play(0, LONG);
    assert_eq!(rig.state(0), SlotState::Queued);
    gate.open();
    wait_until("it is back", || rig.state(0) == SlotState::Ready);
    let mut contract = Contract::default();
    collect_until_ended(rig.engine.events(), &mut contract, 2 + 1 + MAX_QUEUED + 1);
    let stats = rig.engine.stats();
    assert_eq!((stats.live, stats.queued), (0, 0));
}

#[test]
fn what_is_urgent_does_not_wait_for_what_waits_for_memory() {
    /// Bytes of ten minutes at 48,000 Hz.
    const LONG_SAMPLE: u64 = 600 * 48_000 * 4;
    let rig = Rig::new(LONG_SAMPLE * 3 / 2 / SAMPLE, 1);
    let long = ["a.wav", "b.wav"].map(|name| rig.folder.silent_wav(name, 44_100, 600));
    let [first, second] = [(0, 0), (1, 1)].map(|(id, priority): (u32, i32)| {
        let source = Source::Path(long[id as usize].clone());
        let ticket = rig.engine.load_sample_async(Some(id), source, priority).expect("accepted");
        wait_until("it is begun", || ticket.stage() > Stage::Queued);
        // Only then has the first its room, which the second would take before it.
        wait_until("the first has begun to decode", || id > 0 || ticket.percent() > 0.0);
        ticket
    });
    // The second is more urgent and finds no room beside the first, which goes on.
    let reached = first.percent();
    wait_until("the first goes on", || first.percent() > reached);
    let urgent = Source::Path(rig.file(2));
    let urgent = rig.engine.load_sample_async(Some(2), urgent, 2).expect("accepted");
    assert!(urgent.wait(Some(PATIENCE)).expect("it ends").is_ok());
    assert!(first.percent() < 100.0, "it has waited until a load of ten minutes was over");
    assert!(second.percent() < 100.0);
    rig.engine.shut_down();
}

#[test]
fn a_sample_above_the_limit_of_one_is_refused_however_much_room_there_is() {
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        sample_rate: Some(48_000),
        max_sample_bytes: Some(SAMPLE),
        ..EngineConfig::default()
    });
    let load = |frames| {
        let content = wav_bytes(48_000, 1, frames, |_, _| 0.5);
        let ticket = engine.load_sample_async(None, Source::Memory(content.into()), 0);
        ticket.expect("accepted").wait(Some(PATIENCE)).expect("it ends")
    };
    assert!(load(FRAMES).is_ok());
    match load(FRAMES + 1) {
        Err(LoadFailure::Failed { error, .. }) => {
            assert_eq!(error.kind(), LoadErrorKind::TooLarge, "{error}");
        }
        other => panic!("not refused: {other:?}"),
    }
}
