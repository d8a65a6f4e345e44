//! What is heard in samples after their loads: once per kind, behind all loads, never in their way.

mod listening;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue::analysis::{AnalysisKind, AnalysisResult};
use hotcue_actors::{
    AnalysisFailure, AudioEngine, EngineError, LoadTicket, LoaderEvent, PlayOptions, SlotState,
    SubmitOptions,
};
use hotcue_tests::{
    Contract, Gate, PATIENCE, TempDir, collect_until_ended, collect_until_heard, sine, thread_cpu,
    wait_until, wav_bytes,
};

use crate::offline;
use listening::{Listening, Manner};

const RATE: u32 = 48_000;
const ALL: [AnalysisKind; 5] = AnalysisKind::ALL;

/// A second of a tone of 1 kHz on two channels, with peaks of −20 dBFS.
fn tone() -> Vec<u8> {
    let step = std::f64::consts::TAU * 1_000.0 / f64::from(RATE);
    wav_bytes(RATE, 2, RATE, |frame, _| 0.1 * (step * f64::from(frame)).sin())
}

/// A file of it.
fn tone_file(folder: &TempDir) -> PathBuf {
    folder.write("tone.wav", &tone())
}

fn submit(engine: &AudioEngine, id: u32, source: Source, kinds: &[AnalysisKind]) -> LoadTicket {
    let options = SubmitOptions { analyze: kinds.to_vec(), ..SubmitOptions::default() };
    engine.submit(Some(id), source, &options).expect("accepted")
}

fn memory() -> Source {
    Source::Memory(Arc::from(tone()))
}

fn loaded(ticket: &LoadTicket) -> Arc<hotcue_actors::Sample> {
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file")
}

/// Why there is no result of a request, kind by kind.
fn failures(contract: &Contract, ticket: &LoadTicket) -> Vec<&'static str> {
    let analyses = contract.events(ticket.request_id()).iter().filter_map(|event| match event {
        LoaderEvent::Analysis { result, .. } => Some(result),
        _ => None,
    });
    let failure = |result: &Result<_, AnalysisFailure>| match result {
        Ok(_) => "heard",
        Err(failure) => failure.kind(),
    };
    analyses.map(failure).collect()
}

#[test]
fn every_kind_has_one_event_after_the_load_and_the_last_says_so() {
    let engine = offline(2);
    let ticket = submit(&engine, 0, memory(), &[ALL, ALL].concat());
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(contract.kinds(ticket.request_id()), Some(&ALL[..]));
    let sample = loaded(&ticket);
    assert_eq!(sample.analysis().len(), ALL.len(), "kept with the sample");
    let Some(loudness) = sample.result_of(AnalysisKind::Loudness) else { panic!("it was heard") };
    let AnalysisResult::Loudness(loudness) = &*loudness else { panic!("{loudness:?}") };
    // EBU Tech 3341, case 1: such a tone on both channels is as loud as its peaks in dBFS say.
    let lufs = loudness.integrated_lufs.expect("it is loud enough");
    assert!((lufs + 20.0).abs() < 0.1, "{lufs} LUFS");
}

#[test]
fn what_was_heard_keeps_nothing_of_the_content_that_it_was_loaded_from() {
    let engine = offline(1);
    let content: Arc<[u8]> = tone().into();
    let ticket = submit(&engine, 0, Source::Memory(Arc::clone(&content)), &ALL);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    drop(ticket);
    wait_until("nobody has it any more", || Arc::strong_count(&content) == 1);
    assert_eq!(engine.stats().samples, 1);
}

#[test]
fn what_fails_or_is_cancelled_before_it_is_there_says_so_for_each_kind() {
    let engine = offline(1);
    let missing = Source::Path(std::env::temp_dir().join("hotcue-there-is-no-such-file.wav"));
    let failed = submit(&engine, 0, missing, &ALL);
    let folder = TempDir::new();
    let long = Source::Path(folder.silent_wav("long.wav", RATE, 3_600));
    let cancelled = submit(&engine, 1, long.clone(), &ALL[..2]);
    assert!(cancelled.cancel());
    let superseded = submit(&engine, 2, long, &ALL[..1]);
    let newer = submit(&engine, 2, memory(), &[]);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 3);
    collect_until_ended(engine.events(), &mut contract, 4);
    assert_eq!(failures(&contract, &failed), ["not_found"; 5]);
    assert_eq!(failures(&contract, &cancelled), ["user"; 2]);
    assert_eq!(failures(&contract, &superseded), ["superseded"]);
    assert_eq!(failures(&contract, &newer), [""; 0], "it asked for nothing");
}

#[test]
fn one_piece_of_audio_is_heard_once_whatever_slots_it_is_in() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let folder = TempDir::new();
    let path = Source::Path(tone_file(&folder));
    let first = submit(&engine, 0, path.clone(), &[AnalysisKind::Bpm]);
    loaded(&first);
    listening.wait();
    let second = submit(&engine, 1, path.clone(), &[AnalysisKind::Bpm]);
    loaded(&second);
    // Of what is not under way, there will be another pass.
    let third = submit(&engine, 2, path, &[AnalysisKind::Bpm, AnalysisKind::Key]);
    loaded(&third);
    listening.behave(Manner::Truly);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 3);
    let fourth = engine.analyze_sample_async(1, &ALL[3..], 0).expect("it is there");
    collect_until_heard(engine.events(), &mut contract, 4);
    for (ticket, heard) in [(&first, 1), (&second, 1), (&third, 2), (&fourth, 2)] {
        assert_eq!(failures(&contract, ticket), vec!["heard"; heard]);
    }
    assert_eq!(listening.passes(), [vec![AnalysisKind::Bpm], vec![AnalysisKind::Key]]);
}

#[test]
fn an_analysis_of_what_a_slot_holds_is_a_load_that_has_succeeded_already() {
    let engine = offline(1);
    let nothing = engine.analyze_sample_async(0, &ALL, 0);
    assert!(matches!(nothing, Err(EngineError::NoSample(0))), "{nothing:?}");
    let sample = loaded(&submit(&engine, 0, memory(), &[]));
    let ticket = engine.analyze_sample_async(0, &[AnalysisKind::Onsets], 0).expect("it is there");
    assert!(Arc::ptr_eq(&sample, &loaded(&ticket)));
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    let kinds: Vec<_> = contract.events(ticket.request_id()).iter().map(|e| e.kind()).collect();
    assert_eq!(kinds, ["started", "progress", "success", "analysis"]);
    let out_of_range = engine.analyze_sample_async(0, &ALL, 101);
    assert!(matches!(out_of_range, Err(EngineError::OutOfRange("priority"))));
}

/// How an analysis that goes on without end is ended, and what is said then.
fn ends_by(ending: impl FnOnce(&AudioEngine, &LoadTicket), expected: &'static str, is_left: bool) {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let ticket = submit(&engine, 0, memory(), &ALL);
    loaded(&ticket);
    listening.wait();
    ending(&engine, &ticket);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(failures(&contract, &ticket), [expected; 5]);
    assert!(!ticket.cancel(), "there is nothing left to cancel");
    let held = usize::from(is_left);
    wait_until("the decoder has let go of it", || listening.studies() == 0);
    assert_eq!(engine.stats().samples, held);
    assert_eq!(engine.stats().analyses, 0);
}

#[test]
fn cancel_load_ends_an_analysis_after_success() {
    let cancel = |engine: &AudioEngine, ticket: &LoadTicket| {
        assert!(engine.cancel_load(ticket.request_id()).expect("it runs"));
    };
    ends_by(cancel, "user", true);
}

#[test]
fn unloading_ends_an_analysis() {
    ends_by(|engine, _| engine.unload_sample(0).expect("it runs"), "user", false);
}

#[test]
fn another_sample_in_the_slot_ends_an_analysis() {
    let replace = |engine: &AudioEngine, _: &LoadTicket| {
        loaded(&submit(engine, 0, memory(), &[]));
    };
    ends_by(replace, "superseded", true);
}

#[test]
fn shutting_down_ends_an_analysis() {
    ends_by(|engine, _| engine.shut_down(), "shutdown", false);
}

#[test]
fn what_was_not_begun_lets_go_of_its_audio_when_it_is_ended() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    loaded(&submit(&engine, 0, memory(), &ALL));
    listening.wait();
    loaded(&submit(&engine, 1, memory(), &ALL));
    wait_until("both have asked", || engine.stats().analyses == 2);
    engine.unload_sample(1).expect("it runs");
    wait_until("its memory is free", || engine.stats().reserved_bytes == 0);
    assert_eq!(listening.passes().len(), 1);
}

#[test]
fn what_was_begun_and_waits_is_dropped_by_a_decoder_when_it_is_ended() {
    let end: [fn(&AudioEngine, &LoadTicket); 2] = [
        |engine, _| engine.unload_sample(0).expect("it runs"),
        |_, ticket| assert!(ticket.cancel()),
    ];
    for end in end {
        let listening = Listening::new();
        let engine = listening.engine(1);
        loaded(&submit(&engine, 0, memory(), &[]));
        loaded(&submit(&engine, 1, memory(), &[]));
        let ticket = ask(&engine, 0, 0);
        listening.wait();
        ask(&engine, 1, 1);
        wait_until("the other one is under way", || listening.passes().len() == 2);
        end(&engine, &ticket);
        wait_until("it is gone", || listening.studies() == 1);
        let here = thread::current().id();
        assert!(!listening.dropped_in().contains(&here), "whoever ends it waits for nothing");
    }
}

#[test]
fn many_who_wait_for_one_sample_are_let_go_of_one_by_one() {
    let (listening, engine) = hearing(1, 0);
    for _ in 0..30_000 {
        ask(&engine, 0, 0);
    }
    let begin = thread_cpu();
    engine.unload_sample(0).expect("it runs");
    let took = thread_cpu() - begin;
    assert_eq!(engine.stats().analyses, 0);
    // To look through all for each takes ten times as long, and more.
    assert!(took < Duration::from_secs(2), "{took:?}");
    wait_until("the decoder has let go of it", || listening.studies() == 0);
}

#[test]
fn eviction_ends_an_analysis_and_is_not_held_up_by_it() {
    let listening = Listening::new();
    let folder = TempDir::new();
    let bytes = u64::from(RATE) * 2 * 4;
    let engine = listening.engine_with(1, Some(bytes * 3 / 2));
    let ticket = submit(&engine, 0, Source::Path(tone_file(&folder)), &ALL);
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 1);
    listening.wait();
    // There is no room for both.
    let other = folder.write("other.wav", &tone());
    submit(&engine, 1, Source::Path(other), &[]);
    collect_until_ended(engine.events(), &mut contract, 2);
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(failures(&contract, &ticket), ["evicted"; 5]);
    wait_until("its memory is free", || engine.stats().reserved_bytes == 0);
}

#[test]
fn what_was_heard_comes_back_with_an_evicted_sample_if_that_is_of_the_same_file() {
    for is_same in [true, false] {
        let folder = TempDir::new();
        let listening = Listening::new();
        listening.behave(Manner::Truly);
        let bytes = u64::from(RATE) * 2 * 4;
        let engine = listening.engine_with(1, Some(bytes * 3 / 2));
        let path = tone_file(&folder);
        let kinds = [AnalysisKind::Loudness, AnalysisKind::Waveform];
        submit(&engine, 0, Source::Path(path.clone()), &kinds);
        let mut contract = Contract::default();
        collect_until_heard(engine.events(), &mut contract, 1);
        let other = folder.write("other.wav", &tone());
        submit(&engine, 1, Source::Path(other), &[]);
        let state = |id| engine.state(id).expect("it runs");
        wait_until("it has left", || state(0) == SlotState::Evicted);
        wait_until("its place is taken", || state(1) == SlotState::Ready);
        if !is_same {
            std::fs::write(path, wav_bytes(RATE, 2, RATE / 2, sine(50.0, RATE)))
                .expect("a file can be written");
        }
        engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("it comes back");
        wait_until("it has come back", || state(0) == SlotState::Ready);
        let sample = engine.sample(0).expect("it runs").expect("it is there");
        let heard: Vec<_> = sample.analysis().iter().map(|result| result.kind()).collect();
        // All but the waveform, which is large.
        let expected = if is_same { &kinds[..1] } else { &[] };
        assert_eq!(heard, expected, "of the same file: {is_same}");
    }
}

#[test]
fn what_a_load_tells_is_shown_on_a_page() {
    let engine = offline(1);
    let minute = wav_bytes(48_000, 2, 60 * 48_000, sine(440.0, 48_000));
    let kinds = [AnalysisKind::Loudness, AnalysisKind::Waveform];
    let ticket = submit(&engine, 0, Source::Memory(minute.into()), &kinds);
    let sample = loaded(&ticket);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    let events = contract.events(ticket.request_id()).iter();
    let handles = [format!("{ticket:?}"), format!("{sample:?}")];
    for shown in events.map(|event| format!("{event:?}")).chain(handles) {
        assert!(shown.len() < 4_000, "{} bytes: {}", shown.len(), &shown[..200]);
    }
}

#[test]
fn promise_3_an_unread_event_keeps_no_waveform_in_memory() {
    let kinds = [AnalysisKind::Loudness, AnalysisKind::Waveform];
    for (what, expected) in [("all let go", "unread"), ("in its slot", "heard"), ("kept", "heard")]
    {
        let engine = offline(1);
        let ticket = submit(&engine, 0, memory(), &kinds);
        let answers = ticket.wait_analyses(Some(PATIENCE)).expect("all is heard");
        let waveform = answers.into_iter().find_map(|(_, answer)| match answer {
            Ok(result) if result.kind() == AnalysisKind::Waveform => Some(result),
            _ => None,
        });
        let weak = Arc::downgrade(&waveform.expect("it was heard"));
        let kept = (what == "kept").then(|| loaded(&ticket));
        let request_id = ticket.request_id();
        drop(ticket);
        if what != "in its slot" {
            engine.unload_sample(0).expect("it runs");
            engine.render(4_800).expect("offline");
        }
        wait_until("what nobody has is gone", || {
            (weak.strong_count() == 0) == (expected == "unread")
        });
        let mut contract = Contract::default();
        collect_until_heard(engine.events(), &mut contract, 1);
        let results: Vec<_> = contract
            .events(request_id)
            .iter()
            .filter_map(|event| match event {
                LoaderEvent::Analysis { result, .. } => {
                    Some(result.as_ref().map_or_else(|failure| failure.kind(), |_| "heard"))
                }
                _ => None,
            })
            .collect();
        assert_eq!(results, ["heard", expected], "{what}");
        drop(kept);
    }
}

#[test]
fn a_decoder_that_analyses_takes_up_a_load_and_goes_on_afterwards() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let analysed = submit(&engine, 0, memory(), &[AnalysisKind::Bpm]);
    loaded(&analysed);
    listening.wait();
    for id in 1..20 {
        // The one decoder that there is has an analysis that never ends.
        loaded(&submit(&engine, id, memory(), &[]));
        let steps = listening.steps();
        wait_until("the analysis goes on", || listening.steps() > steps);
    }
    assert_eq!(listening.passes().len(), 1, "it went on where it was");
    listening.behave(Manner::Truly);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(failures(&contract, &analysed), ["heard"]);
}

#[test]
fn the_most_urgent_is_heard_first() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let first = submit(&engine, 0, memory(), &[AnalysisKind::Bpm]);
    loaded(&first);
    listening.wait();
    let later = [(1, 0), (2, 5), (3, -5), (4, 5)].map(|(id, priority)| {
        let options = SubmitOptions {
            priority,
            analyze: vec![AnalysisKind::Bpm],
            ..SubmitOptions::default()
        };
        let ticket = engine.submit(Some(id), memory(), &options).expect("accepted");
        loaded(&ticket);
        ticket
    });
    wait_until("all have asked", || engine.stats().analyses == 5);
    listening.behave(Manner::Truly);
    let mut heard = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while heard.len() < 5 {
        let event = engine.events().wait(deadline).expect("an event");
        if let LoaderEvent::Analysis { id, .. } = event {
            heard.push(id);
        }
    }
    assert_eq!(heard, [2, 4, 0, 1, 3]);
    assert_eq!(later.len(), 4);
}

fn ask(engine: &AudioEngine, id: u32, priority: i32) -> LoadTicket {
    engine.analyze_sample_async(id, &[AnalysisKind::Bpm], priority).expect("it is there")
}

/// An engine of one decoder, which hears the tempo of slot 0 without end, at this priority; the first
/// `slots` hold something.
fn hearing(slots: u32, priority: i32) -> (Listening, AudioEngine) {
    let listening = Listening::new();
    let engine = listening.engine(1);
    for id in 0..slots {
        loaded(&submit(&engine, id, memory(), &[]));
    }
    ask(&engine, 0, priority);
    listening.wait();
    (listening, engine)
}

/// Has `asking` ask, and then somebody for slot 1 at priority 5. What was begun by then; slot 0 is
/// under way at priority 0.
fn begun_after(asking: impl FnOnce(&AudioEngine)) -> usize {
    let (listening, engine) = hearing(2, 0);
    asking(&engine);
    ask(&engine, 1, 5);
    // For a load, what is under way is left for a moment.
    loaded(&submit(&engine, 2, memory(), &[]));
    let steps = listening.steps();
    wait_until("an analysis goes on", || listening.steps() > steps + 1);
    let begun = listening.passes().len();
    listening.behave(Manner::Truly);
    wait_until("all is heard", || engine.stats().analyses == 0);
    begun
}

#[test]
fn an_analysis_is_as_urgent_as_the_most_urgent_who_waits_for_it() {
    assert_eq!(begun_after(|_| {}), 2, "the other one is more urgent");
    assert_eq!(begun_after(|engine| drop(ask(engine, 0, 9))), 1, "the one under way is");
    let waits_no_more = |engine: &AudioEngine| assert!(ask(engine, 0, 9).cancel());
    assert_eq!(begun_after(waits_no_more), 2, "who was in a hurry has gone");
}

#[test]
fn a_more_urgent_analysis_begins_between_two_steps_of_another() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    loaded(&submit(&engine, 0, memory(), &[]));
    loaded(&submit(&engine, 1, memory(), &[]));
    for (id, priority) in [(0, 0), (1, 1)] {
        engine.analyze_sample_async(id, &[AnalysisKind::Bpm], priority).expect("it is there");
        let begun = id as usize + 1;
        wait_until("it has begun", || listening.passes().len() == begun);
    }
    listening.behave(Manner::Truly);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 2);
    assert_eq!(listening.passes().len(), 2, "the first one went on where it was");
}

/// In which order slots 1 and 2 are heard, where that of slot 2 is a little more urgent, and
/// somebody else asks for that of slot 1 at priority 5.
fn heard_order(then: impl FnOnce(LoadTicket)) -> Vec<u32> {
    let (listening, engine) = hearing(3, 9);
    ask(&engine, 1, 0);
    ask(&engine, 2, 1);
    then(ask(&engine, 1, 5));
    listening.behave(Manner::Truly);
    wait_until("all is heard", || engine.stats().analyses == 0);
    engine.shut_down();
    let heard = engine.drain_loader_events(None);
    let mut order: Vec<u32> = heard
        .iter()
        .filter_map(|event| match event {
            LoaderEvent::Analysis { id: id @ 1.., result: Ok(_), .. } => Some(*id),
            _ => None,
        })
        .collect();
    order.dedup();
    order
}

#[test]
fn what_waits_is_as_urgent_as_the_most_urgent_who_waits_for_it() {
    assert_eq!(heard_order(drop), [1, 2]);
    let waits_no_more = |ticket: LoadTicket| assert!(ticket.cancel());
    assert_eq!(heard_order(waits_no_more), [2, 1]);
}

#[test]
fn kinds_may_be_asked_for_one_after_another() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    listening.behave(Manner::Truly);
    loaded(&submit(&engine, 0, memory(), &[]));
    let mut contract = Contract::default();
    for (before, kind) in ALL.into_iter().enumerate() {
        engine.analyze_sample_async(0, &[kind], 0).expect("it is there");
        collect_until_heard(engine.events(), &mut contract, before + 1);
        wait_until("the pass is over", || listening.studies() == 0);
    }
    assert_eq!(listening.passes(), ALL.map(|kind| vec![kind]));
}

#[test]
fn an_analysis_that_panics_fails_no_load_and_leaves_its_decoder_usable() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let mut contract = Contract::default();
    for (id, manner) in [(0, Manner::Panics), (1, Manner::PanicsAtOnce)] {
        listening.behave(manner);
        let bad = submit(&engine, id, memory(), &ALL[..3]);
        loaded(&bad);
        let heard = contract.heard();
        collect_until_heard(engine.events(), &mut contract, heard + 1);
        assert_eq!(failures(&contract, &bad), ["worker_panic"; 3]);
        listening.behave(Manner::Truly);
        // What failed is not kept: it may be asked for again.
        let again = engine.analyze_sample_async(id, &ALL[..3], 0).expect("it is there");
        collect_until_heard(engine.events(), &mut contract, heard + 2);
        assert_eq!(failures(&contract, &again), ["heard"; 3]);
    }
    assert_eq!(engine.stats().abandoned_workers, 0);
}

#[test]
fn of_a_streamed_sample_the_events_say_that_it_is_not_in_memory() {
    let engine = offline(1);
    let options = SubmitOptions { stream: true, analyze: ALL.to_vec(), ..SubmitOptions::default() };
    let ticket = engine.submit(Some(0), memory(), &options).expect("accepted");
    loaded(&ticket);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(failures(&contract, &ticket), ["streamed"; 5]);
}

#[test]
fn analyses_that_nobody_reads_are_not_left_out() {
    let engine = offline(2);
    let sample = loaded(&submit(&engine, 0, memory(), &ALL));
    wait_until("it was heard", || sample.analysis().len() == ALL.len());
    for _ in 0..500 {
        engine.analyze_sample_async(0, &ALL, 0).expect("it is there");
    }
    wait_until("all are answered", || engine.stats().analyses == 0);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 501);
}

#[test]
fn a_cancel_that_races_with_its_answer_leaves_one_event_per_kind() {
    let engine = offline(2);
    let mut contract = Contract::default();
    let rounds = 300;
    let short: Arc<[u8]> = wav_bytes(RATE, 1, RATE / 20, sine(440.0, RATE)).into();
    for round in 0..rounds {
        let source = Source::Memory(Arc::clone(&short));
        let ticket = submit(&engine, round % 4, source, &ALL);
        if round % 3 > 0 {
            loaded(&ticket);
        }
        match round % 5 {
            0 => drop(ticket.cancel()),
            1 => engine.unload_sample(round % 4).expect("it runs"),
            _ => {}
        }
        for event in engine.drain_loader_events(None) {
            contract.see(event);
        }
    }
    engine.shut_down();
    for event in engine.drain_loader_events(None) {
        contract.see(event);
    }
    assert_eq!(contract.heard(), rounds as usize, "the last of each was told");
}

#[test]
fn a_stream_that_waits_for_its_source_keeps_no_analysis() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let heard = submit(&engine, 1, memory(), &[AnalysisKind::Loudness]);
    loaded(&heard);
    listening.wait();
    let gate = Arc::new(Gate::default());
    let stream =
        engine.stream_sample_async(Some(0), crate::streaming::waiting(&gate), 0).expect("accepted");
    loaded(&stream);
    engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("there is a stream");
    wait_until("the decoder is inside the read", || gate.waiting() > 0);
    listening.behave(Manner::Truly);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 1);
    assert_eq!(failures(&contract, &heard), ["heard"]);
    engine.shut_down();
    gate.open();
}
