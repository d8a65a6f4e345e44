//! A slot that is played while its load still runs.

use std::sync::Arc;
use std::time::Instant;

use hotcue::Source;
use hotcue::playback::{EndReason, PlaybackEvent};
use hotcue_actors::{
    AudioEngine, EngineConfig, LoadFailure, LoadTicket, LoaderEvent, PlayOptions, PlaybackNotice,
    SlotState,
};
use hotcue_tests::{
    Contract, Gate, PATIENCE, PausingSource, collect_until_ended, sine, wait_until, wav_bytes,
};

use crate::{offline, running};

const RATE: u32 = 48_000;
const FRAMES: u32 = 10 * RATE;
/// Of the content, before the decoder waits; half of it.
const HEAD_BYTES: usize = FRAMES as usize;
/// Steeper than the sine is, or a fade of it.
const CLICK: f32 = 0.03;

/// Ten seconds of which the second half is behind a gate.
fn halved(gate: &Arc<Gate>, fails: bool) -> Source {
    Source::Custom(Arc::new(PausingSource {
        gates: vec![(HEAD_BYTES, Arc::clone(gate))],
        content: wav_bytes(RATE, 1, FRAMES, sine(100.0, RATE)).into(),
        fails,
    }))
}

/// Loads slot 0 up to where it can be played.
fn playable(engine: &AudioEngine, gate: &Arc<Gate>, fails: bool) -> LoadTicket {
    let ticket = engine.load_sample_async(Some(0), halved(gate, fails), 0).expect("accepted");
    wait_until("the head is there", || state(engine) == SlotState::Playable);
    wait_until("the decoder has come to the gate", || gate.waiting() > 0);
    ticket
}

fn state(engine: &AudioEngine) -> SlotState {
    engine.state(0).expect("it runs")
}

fn play(engine: &AudioEngine) -> u64 {
    let voice = engine.play_sample(0, crate::patient()).expect("it runs");
    voice.expect("there is something to play")
}

/// The left channel of the next frames.
fn render(engine: &AudioEngine, frames: usize) -> Vec<f32> {
    let rendered = engine.render(frames).expect("offline");
    rendered.samples.into_iter().step_by(rendered.channels).collect()
}

fn steepest(values: &[f32]) -> f32 {
    values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

fn ended(engine: &AudioEngine) -> Option<(u64, EndReason)> {
    std::iter::from_fn(|| engine.poll_playback_events()).find_map(|notice| match notice {
        PlaybackNotice::Voice(PlaybackEvent::Ended { frame, reason, .. }) => Some((frame, reason)),
        _ => None,
    })
}

#[test]
fn promise_10_once_playable_is_read_a_later_play_sounds_it() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), halved(&gate, false), 0).expect("accepted");
    let mut contract = Contract::default();
    let told = loop {
        let event = engine.events().wait(Instant::now() + PATIENCE).expect("an event");
        contract.see(event.clone());
        if let LoaderEvent::Playable { ready_sec, .. } = event {
            break ready_sec;
        }
    };
    assert_eq!(state(&engine), SlotState::Playable);
    assert!(engine.sample(0).expect("it runs").is_none(), "it is not finished");
    let arriving = ticket.sample().expect("it is arriving");
    assert!(told >= 0.1 && arriving.duration_sec() >= told, "{told} s");
    play(&engine);
    assert_eq!(render(&engine, 4_800), arriving.buffer().plane(0)[..4_800]);
    gate.open();
    collect_until_ended(engine.events(), &mut contract, 1);
}

#[test]
fn success_is_not_heard_and_sends_nothing_again() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = playable(&engine, &gate, false);
    let arriving = ticket.sample().expect("it is arriving");
    let voice = play(&engine);
    let mut heard = render(&engine, 4_800);
    gate.open();
    let finished = ticket.wait(Some(PATIENCE)).expect("an end").expect("a good file");
    assert!(Arc::ptr_eq(&arriving, &finished), "it is the same sample");
    let held = engine.sample(0).expect("it runs").expect("it is there");
    assert!(Arc::ptr_eq(&held, &finished));
    assert_eq!(state(&engine), SlotState::Ready);
    assert_eq!(engine.playheads().expect("it runs")[0].voice, voice, "it sounds on");
    heard.extend(render(&engine, FRAMES as usize));
    let (audio, silence) = heard.split_at(FRAMES as usize);
    assert!(audio == finished.buffer().plane(0), "it is not what the sample is");
    assert!(silence.iter().all(|value| *value == 0.0));
    assert_eq!(ended(&engine), Some((FRAMES.into(), EndReason::Finished)));
    assert_eq!(engine.stats().underruns, 0);
}

#[test]
fn a_play_that_waits_begins_before_the_load_is_done() {
    let engine = offline(1);
    let (head, rest) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let source = PausingSource {
        gates: vec![(0, Arc::clone(&head)), (HEAD_BYTES, Arc::clone(&rest))],
        content: wav_bytes(RATE, 1, FRAMES, sine(100.0, RATE)).into(),
        fails: false,
    };
    let source = Source::Custom(Arc::new(source));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let voices: Vec<u64> = (0..50).map(|_| play(&engine)).collect();
    assert!(ticket.sample().is_none());
    head.open();
    wait_until("the head is there", || state(&engine) == SlotState::Playable);
    assert!(steepest(&render(&engine, 4_800)) > 0.0);
    let heads = engine.playheads().expect("it runs");
    let sounding: Vec<u64> = heads.iter().map(|head| head.voice).collect();
    assert_eq!(sounding, voices[49..], "fifty presses are one voice, the last");
    rest.open();
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
}

#[test]
fn promise_4_a_load_that_ends_without_success_fades_its_voices_and_empties_the_slot() {
    for end in ["cancelled", "superseded", "unloaded", "failed", "pushed"] {
        let engine = offline(1);
        let gate = Arc::new(Gate::default());
        let ticket = playable(&engine, &gate, end == "failed");
        let arriving = ticket.sample().expect("it is arriving");
        play(&engine);
        let mut heard = render(&engine, 1_000);
        let expected = match end {
            "cancelled" => {
                assert!(ticket.cancel());
                SlotState::Empty
            }
            "superseded" => {
                let newer = halved(&Arc::default(), false);
                engine.load_sample_async(Some(0), newer, 0).expect("accepted");
                SlotState::Queued
            }
            "unloaded" => {
                engine.unload_sample(0).expect("it runs");
                SlotState::Empty
            }
            "pushed" => {
                let silence = hotcue::SampleBuffer::from_planes(RATE, vec![vec![0.0; 100]]);
                let handle = engine.stream_handle().expect("it runs");
                handle.push_sample(0, silence.expect("valid")).expect("it runs");
                SlotState::Ready
            }
            _ => {
                gate.open();
                assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Err(_))));
                SlotState::Failed
            }
        };
        assert_eq!(state(&engine), expected, "{end}");
        assert!(ticket.sample().is_none() || end == "pushed", "{end}");
        heard.extend(render(&engine, 2_000));
        assert!(steepest(&heard) < CLICK, "{end}: a click of {}", steepest(&heard));
        let last = heard.iter().rposition(|value| *value != 0.0).expect("it sounded");
        assert!((1_000..=1_480).contains(&last), "{end}: its last sound is frame {last}");
        assert!(matches!(ended(&engine), Some((_, EndReason::Unloaded))), "{end}");
        assert_eq!(engine.stats().voices, 0, "{end}");
        if matches!(expected, SlotState::Empty | SlotState::Failed) {
            let again = engine.play_sample(0, PlayOptions::default()).expect("it runs");
            assert_eq!(again, None, "{end}: there is nothing to play");
        }
        // What somebody holds of it stays as it was.
        let first = arriving.buffer().plane(0)[..1_000].iter();
        assert!(first.eq(&heard[..1_000]), "{end}");
        gate.open();
    }
}

#[test]
fn a_voice_that_catches_up_waits_and_is_counted_and_goes_on() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = playable(&engine, &gate, false);
    play(&engine);
    let mut heard = render(&engine, FRAMES as usize);
    let stopped = heard.iter().rposition(|value| *value != 0.0).expect("it sounded");
    assert!(stopped < FRAMES as usize / 2 + 1, "not beyond what is there: frame {stopped}");
    let stats = engine.stats();
    assert_eq!((stats.voices, stats.underruns), (1, 1));
    gate.open();
    let sample = ticket.wait(Some(PATIENCE)).expect("an end").expect("a good file");
    heard.extend(render(&engine, FRAMES as usize));
    let (end, reason) = ended(&engine).expect("it is over");
    assert_eq!(reason, EndReason::Finished);
    let end = usize::try_from(end).expect("small");
    // Up to the end of the sample, which is its own affair.
    let click = heard[..end].windows(2).position(|pair| (pair[1] - pair[0]).abs() >= CLICK);
    assert_eq!(click, None, "a click; it stopped at {stopped}, and ended at {end}");
    // From where it stopped to the end, but for the fade.
    let plane = sample.buffer().plane(0);
    let went_on = &heard[FRAMES as usize + 240..end];
    assert!(went_on == &plane[plane.len() - went_on.len()..], "it went on elsewhere");
    assert!((plane.len() - went_on.len()).abs_diff(stopped) <= 480, "nothing is left out");
}

#[test]
fn a_slot_that_holds_a_sample_offers_no_other_before_success() {
    let engine = offline(1);
    let content = wav_bytes(RATE, 1, 100, sine(100.0, RATE));
    let first = engine.load_sample_async(Some(0), Source::Memory(content.into()), 0);
    let first = first.expect("accepted").wait(Some(PATIENCE)).expect("an end").expect("good");
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), halved(&gate, false), 0).expect("accepted");
    wait_until("the head is there", || ticket.sample().is_some());
    assert_eq!(state(&engine), SlotState::Ready);
    let held = engine.sample(0).expect("it runs").expect("it is there");
    assert!(Arc::ptr_eq(&held, &first));
    gate.open();
    let second = ticket.wait(Some(PATIENCE)).expect("an end").expect("good");
    assert!(!Arc::ptr_eq(&second, &first));
    engine.shut_down(); // All events are there then.
    let events = engine.drain_loader_events(None);
    assert!(!events.iter().any(|event| matches!(event, LoaderEvent::Playable { .. })));
}

#[test]
fn shutting_down_ends_a_load_that_is_played() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = playable(&engine, &gate, false);
    let arriving = ticket.sample().expect("it is arriving");
    play(&engine);
    render(&engine, 100);
    gate.open();
    engine.shut_down();
    assert!(ticket.wait(Some(PATIENCE)).is_some());
    assert!(arriving.buffer().plane(0)[1_000..2_000].iter().any(|value| *value != 0.0));
}

#[test]
fn what_was_played_of_a_load_that_failed_counts_until_it_is_freed_and_nobody_waits_for_it() {
    let bytes = u64::from(FRAMES) * 4;
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(2),
        memory_budget: Some(bytes + bytes / 2),
        ..EngineConfig::default()
    });
    let gate = Arc::new(Gate::default());
    let ticket = playable(&engine, &gate, false);
    let arriving = ticket.sample().expect("it is arriving");
    play(&engine);
    render(&engine, 1_000);
    assert!(ticket.cancel());
    gate.open();
    render(&engine, 1_000);
    assert_eq!(engine.stats().reserved_bytes, bytes, "somebody holds it");
    let other = |id| {
        let open = Arc::new(Gate::default());
        open.open();
        let ticket = engine.load_sample_async(Some(id), halved(&open, false), 0).expect("accepted");
        ticket.wait(Some(PATIENCE)).expect("an end")
    };
    assert!(matches!(other(1), Err(LoadFailure::Failed { .. })), "there is no room beside it");
    drop(arriving);
    wait_until("it is freed", || engine.stats().reserved_bytes == 0);
    assert!(other(1).is_ok());
}
