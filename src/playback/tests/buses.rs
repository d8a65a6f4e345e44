//! Buses, meters, playheads, the limiter: what lies between the voices and the output.

use super::*;
use crate::playback::{BUSES, Level, Retrigger, VoiceState};

fn set_bus(bus: u32, volume: Option<f32>, muted: Option<bool>) -> ControlMessage {
    ControlMessage::SetBus { bus, volume, muted, fade_frames: None, at_frame: None }
}

#[test]
fn a_bus_scales_and_mutes_its_voices_and_no_others() {
    let (a, b) = (noise(9000, 30), noise(9000, 31));
    let mut rig = Rig::new();
    rig.load(0, vec![a.clone()]);
    rig.load(1, vec![b.clone()]);
    rig.send(set_bus(3, Some(0.25), None));
    rig.play(1, 0, VoiceParams { bus: 3, ..params() });
    rig.play(2, 1, VoiceParams { bus: 15, ..params() });
    let mix = |gain: f32, range: std::ops::Range<usize>| -> Vec<f32> {
        range.map(|frame| a[frame] * gain + b[frame]).collect()
    };
    assert_eq!(rig.left(1000), mix(0.25, 0..1000), "set in silence, it holds from the start");
    rig.send(set_bus(3, None, Some(true)));
    rig.left(RAMP);
    assert_eq!(rig.left(1000), b[1240..2240], "muted it plays on");
    rig.send(set_bus(3, Some(2.0), None));
    assert_eq!(rig.left(1000), b[2240..3240], "whatever its volume");
    rig.send(set_bus(3, None, Some(false)));
    rig.left(RAMP);
    assert_eq!(rig.left(1000), mix(2.0, 3480..4480));
    // One that does not exist changes nothing; a voice on one is heard through the last.
    rig.send(set_bus(16, Some(0.0), None));
    rig.play(3, 0, VoiceParams { bus: 99, volume: 0.0, ..params() });
    assert_eq!(rig.left(1000), mix(2.0, 4480..5480));
}

#[test]
fn what_is_set_on_a_bus_that_nothing_is_heard_through_holds_at_once() {
    let mut rig = Rig::new();
    let (a, b) = (noise(2_000, 30), noise(2_000, 31));
    rig.load(0, vec![a.clone()]);
    rig.load(1, vec![b.clone()]);
    rig.play(1, 0, VoiceParams { bus: 1, ..params() });
    rig.left(100);
    rig.send(set_bus(2, Some(0.25), None));
    rig.play(2, 1, VoiceParams { bus: 2, ..params() });
    let expected: Vec<f32> = (0..500).map(|frame| a[100 + frame] + b[frame] * 0.25).collect();
    assert_eq!(rig.left(500), expected);
}

#[test]
fn changes_of_a_bus_do_not_click() {
    for message in [set_bus(0, Some(0.0), None), set_bus(0, None, Some(true))] {
        let mut rig = Rig::new();
        rig.load(0, vec![sine(100.0, 48_000)]);
        rig.play(1, 0, params());
        let mut out = rig.left(4_920);
        rig.send(message);
        out.extend(rig.left(3_000));
        assert!(sharpest(&out) < 4e-3, "{}", sharpest(&out));
        assert!(out[4_920 + RAMP..].iter().all(|value| *value == 0.0));
    }
}

/// What is heard of a rig with two voices, on buses 3 and 4, the first of which is paused.
fn held(a: &[f32], b: &[f32]) -> Rig {
    let mut rig = Rig::new();
    rig.load(0, vec![a.to_vec()]);
    rig.load(1, vec![b.to_vec()]);
    rig.play(1, 0, VoiceParams { bus: 3, ..params() });
    rig.play(2, 1, VoiceParams { bus: 4, ..params() });
    rig.left(1_000);
    rig.send(ControlMessage::PauseBus { bus: 3, at_frame: None });
    rig.left(RAMP);
    rig
}

#[test]
fn what_is_heard_through_a_paused_bus_keeps_its_place_and_all_else_goes_on() {
    let (a, b) = (noise(9_000, 30), noise(9_000, 31));
    let mut rig = held(&a, &b);
    let frames = 1_000 + RAMP..3_000 + RAMP;
    assert_eq!(rig.left(2_000), b[frames], "from where it was on");
    let heads = rig.controller.shared().playheads();
    let shown: Vec<_> = heads.iter().map(|it| (it.voice, it.position_frames, it.state)).collect();
    let place = (1_000 + RAMP) as f64;
    assert_eq!(shown, [(1, place, VoiceState::Paused), (2, place + 2_000.0, VoiceState::Playing)]);
    rig.send(ControlMessage::ResumeBus { bus: 3, at_frame: None });
    rig.left(RAMP);
    let expected: Vec<f32> =
        (0..1_000).map(|frame| a[1_000 + 2 * RAMP + frame] + b[3_000 + 2 * RAMP + frame]).collect();
    assert_eq!(rig.left(1_000), expected);
    assert_eq!(rig.ends(), []);
}

#[test]
fn a_paused_bus_does_not_click() {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(100.0, 48_000)]);
    rig.play(1, 0, params());
    let mut out = rig.left(4_920);
    for message in [
        ControlMessage::PauseBus { bus: 0, at_frame: None },
        ControlMessage::ResumeBus { bus: 0, at_frame: None },
    ] {
        rig.send(message);
        out.extend(rig.left(3_000));
    }
    assert!(sharpest(&out) < 4e-3, "{}", sharpest(&out));
    assert!(out[4_920 + RAMP..7_920].iter().all(|value| *value == 0.0));
}

#[test]
fn what_is_played_on_a_paused_bus_waits_at_its_attack() {
    let (a, b) = (noise(9_000, 30), vec![0.0; 9_000]);
    for at_frame in [None, Some(1_500)] {
        let mut rig = held(&a, &b);
        rig.send(ControlMessage::UnloadSample { slot: 1 });
        rig.play(3, 0, VoiceParams { bus: 3, at_frame, retrigger: Retrigger::Restart, ..params() });
        assert!(rig.left(2_000).iter().all(|value| *value == 0.0));
        let frame = at_frame.unwrap_or(1_000 + RAMP as u64);
        assert!(rig.events().contains(&PlaybackEvent::Started { voice: 3, slot: 0, frame }));
        rig.send(ControlMessage::ResumeBus { bus: 3, at_frame: None });
        assert_eq!(rig.left(1_000), a[..1_000], "{at_frame:?}");
    }
}

#[test]
fn a_pause_of_a_voice_outlasts_that_of_its_bus_and_a_fade_to_the_end_does_not() {
    let (a, b) = (noise(9_000, 30), noise(9_000, 31));
    let mut rig = held(&a, &b);
    rig.send(ControlMessage::PauseVoice { voice: 1, at_frame: None });
    rig.send(ControlMessage::ResumeBus { bus: 3, at_frame: None });
    let frames = 1_000 + RAMP..2_000 + RAMP;
    assert_eq!(rig.left(1_000), b[frames]);
    rig.send(ControlMessage::PauseBus { bus: 3, at_frame: None });
    rig.send(ControlMessage::ResumeVoice { voice: 1, at_frame: None });
    let frames = 2_000 + RAMP..3_000 + RAMP;
    assert_eq!(rig.left(1_000), b[frames], "its bus holds it");
    rig.send(ControlMessage::StopVoice { voice: 2, fade_frames: 5_000, at_frame: None });
    rig.send(ControlMessage::PauseBus { bus: 4, at_frame: None });
    rig.left(1_000);
    let end = (3_000 + 2 * RAMP) as u64;
    assert_eq!(rig.ends(), [(2, end, EndReason::Stopped)]);
    // Neither does it hold what is stopped.
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 5_000, at_frame: None });
    rig.left(10);
    assert_eq!(rig.ends(), [(1, end + 1_000 - RAMP as u64, EndReason::Stopped)]);
    // A bus that does not exist is none.
    rig.send(ControlMessage::PauseBus { bus: 16, at_frame: None });
    rig.left(10);
}

#[test]
fn a_fade_of_a_bus_goes_on_when_what_it_does_not_fade_is_set() {
    let faded = |volume, muted| {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 48_000]]);
        rig.play(1, 0, params());
        rig.left(100);
        rig.send(ControlMessage::SetBus {
            bus: 0,
            volume,
            muted,
            fade_frames: Some(10_000),
            at_frame: None,
        });
        rig.left(1_000);
        rig
    };
    for (mut rig, then) in [
        // Is muted: it has no volume to be heard.
        (faded(None, Some(true)), set_bus(0, Some(0.25), None)),
        // Is not muted.
        (faded(Some(0.0), None), set_bus(0, None, Some(false))),
    ] {
        let what = format!("{then:?}");
        rig.send(then);
        for (frame, value) in rig.left(9_100).into_iter().enumerate() {
            let expected = 0.5 * (8_999.0 - frame as f32).max(0.0) / 10_000.0;
            assert!((value - expected).abs() < 1e-6, "{what}: {value} at frame {frame}");
        }
    }
}

#[test]
fn meters_show_the_peak_and_the_mean_square_of_a_turn() {
    let mut rig = Rig::with(PlaybackConfig { meter_frames: 4_800, ..PlaybackConfig::default() });
    rig.load(0, vec![sine(1000.0, 48_000), vec![0.25; 48_000]]);
    rig.send(ControlMessage::SetVolume { volume: 0.5, fade_frames: None, at_frame: None });
    rig.play(1, 0, VoiceParams { bus: 2, ..params() });
    let shared = rig.controller.shared();
    for _ in 0..48 {
        rig.render(100);
    }
    let near = |level: Level, peak: f32, rms: f32| {
        (level.peak - peak).abs() < 1e-6 && (level.rms - rms).abs() < 1e-4
    };
    let [left, right, none, ..] = shared.bus_levels(2);
    // Whole periods of a sine of 0.5: peak over the root of 2.
    assert!(near(left, 0.5, 0.5 * std::f32::consts::FRAC_1_SQRT_2), "{left:?}");
    assert!(near(right, 0.25, 0.25), "{right:?}");
    assert_eq!(none, Level::default());
    let [left, right, ..] = shared.master_levels();
    assert!(near(left, 0.25, 0.25 * std::f32::consts::FRAC_1_SQRT_2), "{left:?}");
    assert!(near(right, 0.125, 0.125), "{right:?}");
    for bus in (0..BUSES + 5).filter(|bus| *bus != 2) {
        assert_eq!(shared.bus_levels(bus), <[Level; 8]>::default(), "bus {bus}");
    }
    assert_eq!(shared.limiter_gain(), 1.0);
    // Silence is shown, too, a turn later.
    rig.send(ControlMessage::StopAll { fade_frames: 48, at_frame: None });
    rig.left(10_000);
    assert_eq!(shared.master_levels(), <[Level; 8]>::default());
    assert_eq!(shared.bus_levels(2), <[Level; 8]>::default());
}

#[test]
fn playheads_say_where_every_voice_is() {
    let mut rig = Rig::new();
    rig.load(4, vec![noise(10_000, 32)]);
    rig.play(1, 4, params());
    rig.play(2, 4, VoiceParams { speed: 0.5, start_frame: 1_000, ..params() });
    rig.play(3, 4, VoiceParams { at_frame: Some(5_000), ..params() });
    rig.left(100);
    rig.send(ControlMessage::PauseVoice { voice: 2, at_frame: None });
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 10_000, at_frame: None });
    rig.left(1_000);
    let shown = |rig: &Rig| -> Vec<(u64, f64, VoiceState)> {
        let heads = rig.controller.shared().playheads();
        assert!(heads.iter().all(|head| head.slot == 4));
        heads.iter().map(|head| (head.voice, head.position_frames, head.state)).collect()
    };
    // Its fade in had come 100 frames far, and it takes as long as any other to come to rest.
    let paused_at = 1_000.0 + 0.5 * (100.0 + RAMP as f64);
    let expected = [
        (1, 1_100.0, VoiceState::Stopping),
        (2, paused_at, VoiceState::Paused),
        (3, 0.0, VoiceState::Waiting),
    ];
    assert_eq!(shown(&rig), expected);
    assert_eq!(rig.controller.shared().most_voices(), 3);
    rig.send(ControlMessage::StopAll { fade_frames: 48, at_frame: None });
    rig.left(100);
    assert_eq!(shown(&rig), []);
    assert_eq!((rig.controller.shared().voices(), rig.controller.shared().most_voices()), (0, 3));
}

#[test]
fn the_limiter_delays_what_is_soft_and_holds_what_is_loud() {
    let soft = noise(5_000, 33);
    let mut rig = Rig::new();
    rig.load(0, vec![soft.clone()]);
    rig.send(ControlMessage::SetLimiter { on: true });
    rig.play(1, 0, params());
    let out = rig.left(5_096);
    let shared = rig.controller.shared();
    assert_eq!(shared.limiter_frames(), 96, "2 ms");
    assert_eq!(out[96..], soft, "to the bit");
    rig.play(2, 0, VoiceParams { volume: 4.0, ..params() });
    let out = rig.left(6_000);
    assert!(out.iter().all(|value| value.abs() <= 1.0));
    assert!(out.iter().any(|value| value.abs() > 0.9));
    rig.send(ControlMessage::SetLimiter { on: false });
    rig.left(1_000);
    assert_eq!(shared.limiter_frames(), 0);
    assert!(shared.limiter_gain() < 1.0 || shared.master_levels()[0].peak == 0.0);
}

#[test]
fn the_load_of_the_callback_is_counted() {
    let mut rig = Rig::new();
    let shared = rig.controller.shared();
    assert_eq!(shared.load().max, 0.0);
    for _ in 0..100 {
        rig.left(64);
    }
    let load = shared.load();
    assert!(load.mean > 0.0 && load.mean <= load.max && load.p99 <= load.max, "{load:?}");
}

#[test]
fn a_samples_gain_stands_beside_the_volume_and_stays_when_that_is_changed() {
    let a = noise(9000, 40);
    let times = |gain: f32, range: std::ops::Range<usize>| -> Vec<f32> {
        range.map(|frame| a[frame] * gain).collect()
    };
    let mut rig = Rig::new();
    rig.load(0, vec![a.clone()]);
    rig.play(1, 0, VoiceParams { gain: 8.0, volume: 0.5, ..params() });
    assert_eq!(rig.left(1000), times(4.0, 0..1000));
    let (volume, pan, speed, looping) = (Some(0.25), None, None, None);
    rig.send(ControlMessage::SetVoice {
        voice: 1,
        volume,
        pan,
        speed,
        looping,
        fade_frames: None,
        at_frame: None,
    });
    rig.left(RAMP);
    assert_eq!(rig.left(1000), times(2.0, 1240..2240));
    for (gain, heard) in [(f32::NAN, 1.0), (f32::INFINITY, 10_000.0), (0.0, 0.0001)] {
        let mut rig = Rig::new();
        rig.load(0, vec![a.clone()]);
        rig.play(1, 0, VoiceParams { gain, ..params() });
        assert_eq!(rig.left(100), times(heard, 0..100), "of {gain}");
    }
}

#[test]
fn the_mean_of_what_is_far_too_loud_is_a_number() {
    let mut rig = Rig::with(PlaybackConfig { meter_frames: 480, ..PlaybackConfig::default() });
    rig.load(0, vec![vec![1e20; 4_800]]);
    rig.send(ControlMessage::SetLimiter { on: false });
    rig.play(1, 0, params());
    rig.left(2_400);
    let [left, ..] = rig.controller.shared().bus_levels(0);
    assert!((left.rms / 1e20 - 1.0).abs() < 1e-6, "{left:?}");
}
