//! Plays that wait for their load, and what becomes of them.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue::playback::PlaybackEvent;
use hotcue_actors::{
    AudioEngine, DropReason, EngineConfig, EngineError, PlayOptions, PlaybackNotice, VoiceChange,
    WhenLoading,
};
use hotcue_tests::{BlockingSource, Gate, PATIENCE, sine, wait_until, wav_bytes};

use crate::{offline, patient, running};

fn blocked(gate: &Arc<Gate>) -> Source {
    let content = wav_bytes(48_000, 1, 4_800, sine(440.0, 48_000));
    Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(gate), content }))
}

fn dropped(engine: &AudioEngine, voice: u64) -> DropReason {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match engine.poll_playback_events() {
            Some(PlaybackNotice::Dropped { voice: v, reason, .. }) if v == voice => return reason,
            Some(_) => {}
            None => assert!(Instant::now() < deadline, "no notice of voice {voice}"),
        }
    }
}

fn is_silent(engine: &AudioEngine) -> bool {
    engine.render(2_048).expect("offline").samples.iter().all(|&value| value == 0.0)
}

#[test]
fn a_play_during_the_load_sounds_when_it_is_there() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let press = || engine.play_sample(0, patient()).expect("it runs");
    let voices: Vec<u64> = (0..50).filter_map(|_| press()).collect();
    assert_eq!(voices.len(), 50);
    assert!(is_silent(&engine));
    gate.open();
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    assert!(!is_silent(&engine));
    assert_eq!(engine.stats().voices, 1, "fifty presses are one voice");
    let started: Vec<u64> = std::iter::from_fn(|| engine.poll_playback_events())
        .filter_map(|notice| match notice {
            PlaybackNotice::Voice(PlaybackEvent::Started { voice, .. }) => Some(voice),
            _ => None,
        })
        .collect();
    assert_eq!(started, voices[49..], "the last press is the one");
}

#[test]
fn a_waiting_play_is_dropped_with_a_reason() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let play = |options| {
        engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
        engine.play_sample(0, options).expect("it runs").expect("it waits")
    };
    let options = patient();

    let voice = play(PlayOptions { max_wait_sec: 0.0, ..options });
    assert_eq!(dropped(&engine, voice), DropReason::WaitedTooLong);
    let voice = play(options);
    engine.stop_sample(0, 0.005).expect("it runs");
    assert_eq!(dropped(&engine, voice), DropReason::Stopped);
    let voice = play(options);
    assert!(engine.stop_voice(voice, 0.005).expect("it runs"));
    assert_eq!(dropped(&engine, voice), DropReason::Stopped);
    let voice = play(options);
    engine.unload_sample(0).expect("it runs");
    assert_eq!(dropped(&engine, voice), DropReason::Unloaded);
    let voice = play(options);
    engine.stop_all(0.005).expect("it runs");
    assert_eq!(dropped(&engine, voice), DropReason::Stopped);
    let voice = play(options);
    let running = engine.loads().expect("it runs").last().map(|load| load.request_id);
    assert!(engine.cancel_load(running.expect("one is live")).expect("it runs"));
    assert_eq!(dropped(&engine, voice), DropReason::LoadEnded);
    gate.open();
    assert!(is_silent(&engine));
}

#[test]
fn a_play_for_a_frame_to_come_waits_until_that() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let at_frame = Some(48_000);
    let play = PlayOptions { max_wait_sec: 0.0, at_frame, ..PlayOptions::default() };
    let voice = engine.play_sample(0, play).expect("it runs").expect("it waits");
    engine.render(47_999).expect("offline");
    // More than one look of the audio side at those that wait.
    thread::sleep(Duration::from_millis(200));
    assert!(engine.poll_playback_events().is_none());
    engine.render(1).expect("offline");
    assert_eq!(dropped(&engine, voice), DropReason::WaitedTooLong);
    gate.open();
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    assert!(is_silent(&engine));
}

/// A ramp, so that what is heard says where it is.
fn blocked_ramp(gate: &Arc<Gate>) -> Source {
    let ramp = |frame: u32, _: u16| f64::from(frame + 1) / 32_768.0;
    let content = wav_bytes(48_000, 1, 4_800, ramp);
    Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(gate), content }))
}

#[test]
fn a_waiting_play_heeds_what_its_voice_is_told() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let frame = |number: u32| f64::from(number) / 48_000.0;
    for slot in 0..3 {
        engine.load_sample_async(Some(slot), blocked_ramp(&gate), 0).expect("accepted");
    }
    let play = |slot| {
        let voice = engine.play_sample(slot, patient()).expect("it runs");
        voice.expect("it waits")
    };
    let set = play(0);
    let pause_and_seek = play(1);
    let slot = play(2);
    let quieter = VoiceChange { volume: Some(0.5), pan: Some(1.0), ..VoiceChange::default() };
    assert!(engine.set_voice(set, quieter).expect("it runs"));
    assert!(
        engine
            .set_voice(set, VoiceChange { pan: Some(-1.0), ..Default::default() })
            .expect("it runs")
    );
    assert!(engine.pause_voice(pause_and_seek).expect("it runs"));
    assert!(engine.seek_voice(pause_and_seek, frame(100)).expect("it runs"));
    engine.pause_sample(2).expect("it runs");
    engine.seek_sample(2, frame(200)).expect("it runs");
    gate.open();
    wait_until("all are loaded", || engine.stats().live == 0);
    let rendered = engine.render(480).expect("offline").samples;
    let (left, right): (Vec<f32>, Vec<f32>) =
        rendered.chunks(2).map(|frame| (frame[0], frame[1])).unzip();
    let sample = engine.sample(0).expect("it runs").expect("it is there");
    let ramp = sample.buffer().plane(0);
    let loud = 0.5 * std::f32::consts::SQRT_2;
    let expected: Vec<f32> = ramp[..480].iter().map(|value| value * loud).collect();
    assert_eq!(left, expected, "it sounds as the last calls said, from its first frame on");
    assert!(right.iter().all(|value| *value == 0.0));
    engine.stop_voice(set, 0.001).expect("it runs");
    engine.render(48).expect("offline");
    engine.resume_voice(pause_and_seek).expect("it runs");
    engine.resume_sample(2).expect("it runs");
    let heard = engine.render(480).expect("offline").samples;
    let last = heard[heard.len() - 1];
    assert!((last - ramp[100 + 479] - ramp[200 + 479]).abs() < 1e-6, "{last}");
    engine.stop_voice(slot, 0.001).expect("it runs");
}

#[test]
fn a_waiting_play_that_is_stopped_at_a_frame_sounds_till_then() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    for slot in 0..3 {
        engine.load_sample_async(Some(slot), blocked_ramp(&gate), 0).expect("accepted");
    }
    let play = |slot| {
        let voice = engine.play_sample(slot, patient()).expect("it runs");
        voice.expect("it waits")
    };
    let (by_voice, _by_slot) = (play(0), play(1));
    assert!(engine.stop_voice_at(by_voice, 0.001, Some(200)).expect("it runs"));
    engine.stop_sample_at(1, 0.001, Some(300)).expect("it runs");
    engine.stop_all_at(0.001, Some(400)).expect("it runs");
    let later = play(2);
    gate.open();
    wait_until("all are loaded", || engine.stats().live == 0);
    let rendered = engine.render(1_000).expect("offline").samples;
    let sample = engine.sample(0).expect("it runs").expect("it is there");
    let ramp = sample.buffer().plane(0);
    // Each at the sooner of its frames; the third, which came after all, goes on.
    for (frame, (heard, value)) in rendered.chunks(2).zip(ramp).enumerate() {
        let voices = match frame {
            0..200 => 3.0,
            248..300 => 2.0,
            348.. => 1.0,
            _ => continue,
        };
        assert!((heard[0] - voices * value).abs() < 1e-5, "frame {frame}: {}", heard[0]);
    }
    assert!(engine.stop_voice(later, 0.001).expect("it runs"));
}

#[test]
fn a_play_that_still_waits_when_its_frame_to_stop_at_has_come_disturbs_nobody() {
    let engine = offline(1);
    let content = wav_bytes(48_000, 1, 4_800, sine(440.0, 48_000));
    let ready = engine.load_sample_async(Some(1), Source::Memory(content.into()), 0);
    assert!(matches!(ready.expect("accepted").wait(None), Some(Ok(_))));
    let gate = Arc::new(Gate::default());
    engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let play = |slot| {
        let choke = PlayOptions { choke: Some(1), ..patient() };
        engine.play_sample(slot, choke).expect("it runs").expect("it sounds or waits")
    };
    let (sounding, waiting) = (play(1), play(0));
    assert!(engine.stop_voice_at(waiting, 0.005, Some(100)).expect("it runs"));
    engine.render(200).expect("offline");
    gate.open();
    assert_eq!(dropped(&engine, waiting), DropReason::Stopped);
    wait_until("all are loaded", || engine.stats().live == 0);
    engine.render(1_000).expect("offline");
    assert!(engine.stop_voice(sounding, 0.001).expect("it runs"), "it is still there");
    assert_eq!(engine.stats().voices, 1);
}

#[test]
fn when_loading_can_drop_or_raise() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let play = |when_loading| {
        engine.play_sample(0, PlayOptions { when_loading, ..PlayOptions::default() })
    };
    assert!(matches!(play(WhenLoading::Drop), Ok(None)));
    assert!(matches!(play(WhenLoading::Raise), Err(EngineError::NotReady(0))));
    assert!(matches!(engine.play_sample(1, PlayOptions::default()), Ok(None)), "an empty slot");
    gate.open();
}

#[test]
fn arguments_outside_their_range_are_named() {
    let engine = offline(1);
    let play = |options: PlayOptions| match engine.play_sample(0, options) {
        Err(error) => error.to_string(),
        Ok(voice) => panic!("accepted: {voice:?}"),
    };
    let good = PlayOptions::default();
    for volume in [-0.1, 4.1, f32::NAN, f32::INFINITY] {
        assert_eq!(play(PlayOptions { volume, ..good }), "volume out of range");
    }
    assert_eq!(play(PlayOptions { pan: 1.5, ..good }), "pan out of range");
    assert_eq!(play(PlayOptions { speed: f64::NAN, ..good }), "speed out of range");
    assert_eq!(play(PlayOptions { start_sec: -1.0, ..good }), "start_sec out of range");
    let change = VoiceChange { pan: Some(-2.0), ..VoiceChange::default() };
    assert!(engine.set_voice(1, change).is_err());
    assert!(engine.set_volume(f32::NAN).is_err());
    assert!(engine.play_sample(1_024, good).is_err_and(|e| e.to_string() == "id out of range"));
}

#[test]
fn commands_take_effect_in_call_order() {
    let engine = offline(1);
    let content = wav_bytes(48_000, 1, 48_000, sine(440.0, 48_000));
    let ticket =
        engine.load_sample_async(Some(0), Source::Memory(Arc::from(content)), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    for _ in 0..200 {
        engine.play_sample(0, PlayOptions::default()).expect("it runs");
        assert!(!is_silent(&engine), "a play before a render is in it");
        engine.stop_all(0.005).expect("it runs");
        engine.render(4_800).expect("offline");
        assert!(is_silent(&engine), "a stop before a render is in it");
    }
}

#[test]
fn what_a_waiting_play_is_told_later_holds_over_what_was_for_frames_before_that() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let slots = 0..4;
    for slot in slots.clone() {
        engine.load_sample_async(Some(slot), blocked_ramp(&gate), 0).expect("accepted");
    }
    let voices: Vec<u64> = slots
        .map(|slot| engine.play_sample(slot, patient()).expect("it runs").expect("it waits"))
        .collect();
    let at = engine.at(100);
    let set = |volume, speed| VoiceChange { volume, speed, ..VoiceChange::default() };
    at.pause_voice(voices[0]).expect("it runs");
    at.set_voice(voices[1], set(Some(0.0), None)).expect("it runs");
    at.set_voice(voices[2], set(None, Some(0.0))).expect("it runs");
    at.pause_sample(3).expect("it runs");
    // Their frame passes.
    engine.render(480).expect("offline");
    engine.resume_voice(voices[0]).expect("it runs");
    engine.set_voice(voices[1], set(Some(1.0), None)).expect("it runs");
    engine.set_voice(voices[2], set(None, Some(1.0))).expect("it runs");
    engine.resume_sample(3).expect("it runs");
    gate.open();
    wait_until("all are loaded", || engine.stats().live == 0);
    let rendered = engine.render(1_000).expect("offline").samples;
    let sample = engine.sample(0).expect("it runs").expect("it is there");
    for (frame, (heard, value)) in rendered.chunks(2).zip(sample.buffer().plane(0)).enumerate() {
        assert!((heard[0] - 4.0 * value).abs() < 1e-5, "frame {frame}: {}", heard[0]);
    }
}

#[test]
fn two_threads_that_render_get_a_stretch_each() {
    let engine = offline(1);
    // A stair of 1/64 each 8,192 frames.
    let content = wav_bytes(48_000, 1, 400_000, |frame, _| f64::from(frame / 8_192) / 64.0);
    let ticket = engine.load_sample_async(Some(0), Source::Memory(content.into()), 0);
    assert!(matches!(ticket.expect("accepted").wait(None), Some(Ok(_))));
    engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("it sounds");
    let render = || engine.render(180_000).expect("offline").samples;
    let halves = thread::scope(|scope| {
        [scope.spawn(render), scope.spawn(render)].map(|half| half.join().expect("no panic"))
    });
    for half in halves {
        let left: Vec<f32> = half.into_iter().step_by(2).collect();
        let jump = left.windows(2).find(|pair| (pair[1] - pair[0]).abs() > 1.5 / 64.0);
        assert_eq!((left.len(), jump), (180_000, None));
    }
}

#[test]
fn no_end_is_lost_of_as_many_voices_as_there_may_be() {
    const VOICES: usize = 4_096;
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(1),
        max_voices: VOICES,
        ..EngineConfig::default()
    });
    let content = wav_bytes(48_000, 1, 1, |_, _| 0.0);
    let ticket = engine.load_sample_async(Some(0), Source::Memory(content.into()), 0);
    assert!(matches!(ticket.expect("accepted").wait(None), Some(Ok(_))));
    for _ in 0..VOICES {
        engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("it sounds");
    }
    engine.render(20_000).expect("offline");
    let ends = std::iter::from_fn(|| engine.poll_playback_events())
        .filter(|notice| matches!(notice, PlaybackNotice::Voice(PlaybackEvent::Ended { .. })));
    assert_eq!(ends.count(), VOICES);
}

#[test]
fn voices_are_counted_from_the_call_on() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    engine.load_sample_async(Some(1), blocked(&gate), 0).expect("accepted");
    let content = wav_bytes(48_000, 1, 4_800, |_, _| 0.5);
    let ticket = engine.load_sample_async(Some(0), Source::Memory(content.into()), 0);
    gate.open();
    assert!(matches!(ticket.expect("accepted").wait(None), Some(Ok(_))));
    let play = |at_frame| {
        let options = PlayOptions { at_frame, ..PlayOptions::default() };
        engine.play_sample(0, options).expect("it runs").expect("it sounds")
    };
    assert_eq!(engine.stats().voices, 0);
    for count in 1..=50 {
        play(Some(100_000));
        assert_eq!(engine.stats().voices, count);
    }
    play(None);
    assert_eq!(engine.stats().voices, 51);
    engine.render(9_600).expect("offline");
    assert_eq!(engine.stats().voices, 50, "one is over");
    engine.stop_all(0.005).expect("it runs");
    engine.render(9_600).expect("offline");
    assert_eq!(engine.stats().voices, 0);
}

#[test]
fn what_nobody_reads_of_voices_is_counted() {
    const VOICES: u64 = 3_000;
    let engine = offline(1);
    let content = wav_bytes(48_000, 1, 1, |_, _| 0.0);
    let ticket = engine.load_sample_async(Some(0), Source::Memory(content.into()), 0);
    assert!(matches!(ticket.expect("accepted").wait(None), Some(Ok(_))));
    for _ in 0..VOICES {
        engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("it sounds");
        engine.render(64).expect("offline");
    }
    // Each began and ended.
    let read = || std::iter::from_fn(|| engine.poll_playback_events()).count() as u64;
    assert_eq!(read(), 4_096);
    assert_eq!(engine.stats().dropped_playback_events, 2 * VOICES - 4_096);
    engine.shut_down();
    assert_eq!(engine.stats().dropped_playback_events, 2 * VOICES - 4_096);
}
