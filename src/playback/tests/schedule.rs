//! When a voice starts, and what it does to its slot's others.

use super::*;
use crate::playback::Retrigger;

#[test]
fn at_frame_is_exact_wherever_it_falls_in_a_block() {
    for at_frame in [1_u64, 63, 64, 65, 255, 256, 257, 1000] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 50]]);
        rig.play(1, 0, VoiceParams { at_frame: Some(at_frame), ..params() });
        let mut out = Vec::new();
        for _ in 0..20 {
            out.extend(rig.left(64));
        }
        let start = usize::try_from(at_frame).expect("small");
        let expected: Vec<f32> =
            (0..1280).map(|f| if (start..start + 50).contains(&f) { 0.5 } else { 0.0 }).collect();
        assert_eq!(out, expected, "at frame {at_frame}");
        let started = PlaybackEvent::Started { voice: 1, slot: 0, frame: at_frame };
        assert_eq!(rig.events()[0], started);
    }
}

#[test]
fn a_frame_in_the_past_is_now() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 50]]);
    rig.left(500);
    rig.play(1, 0, VoiceParams { at_frame: Some(200), ..params() });
    rig.play(2, 0, VoiceParams { at_frame: Some(500), ..params() });
    assert_eq!(rig.left(1), [1.0]);
    let started = |voice| PlaybackEvent::Started { voice, slot: 0, frame: 500 };
    assert_eq!(rig.events(), [started(1), started(2)]);
}

#[test]
fn a_waiting_voice_can_be_stopped_and_never_sounds() {
    for message in [
        ControlMessage::StopVoice { voice: 1, fade_frames: 100, at_frame: None },
        ControlMessage::StopSample { slot: 0, fade_frames: 240, at_frame: None },
        ControlMessage::StopAll { fade_frames: 240, at_frame: None },
    ] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 50]]);
        rig.play(1, 0, VoiceParams { at_frame: Some(100), ..params() });
        rig.left(10);
        assert_eq!(rig.controller.shared().voices(), 1);
        rig.send(message);
        assert!(rig.left(500).iter().all(|value| *value == 0.0));
        let reason = EndReason::Stopped;
        assert_eq!(rig.events(), [PlaybackEvent::Ended { voice: 1, slot: 0, frame: 10, reason }]);
        assert_eq!(rig.controller.shared().voices(), 0);
    }
}

#[test]
fn what_ends_at_a_frame_sounds_no_more_for_what_starts_there() {
    const LENGTH: usize = 300;
    use Retrigger::{Ignore, Overlap, Restart, Toggle};
    for (retrigger, choke) in
        [(Ignore, None), (Toggle, None), (Restart, None), (Overlap, Some(3)), (Ignore, Some(3))]
    {
        for ahead in [true, false] {
            let what = format!("{retrigger:?} {choke:?} {ahead}");
            let mut rig = Rig::new();
            rig.load(0, vec![vec![0.5; LENGTH]]);
            let play = |rig: &mut Rig, voice: u64| {
                let at_frame = Some(voice * LENGTH as u64);
                rig.play(voice, 0, VoiceParams { retrigger, choke, at_frame, ..params() });
            };
            if ahead {
                (0..5).for_each(|voice| play(&mut rig, voice));
            }
            for voice in 0..5 {
                if !ahead {
                    play(&mut rig, voice);
                }
                // Whole blocks, and parts of one.
                let out: Vec<f32> = [256, 40, 4].map(|frames| rig.left(frames)).concat();
                assert_eq!(out, [0.5; LENGTH], "{what}: voice {voice}");
            }
            let finished = |voice| (voice, (voice + 1) * LENGTH as u64, EndReason::Finished);
            assert_eq!(rig.ends(), (0..5).map(finished).collect::<Vec<_>>(), "{what}");
            assert_eq!(rig.controller.shared().voices(), 0, "{what}");
        }
    }
}

#[test]
fn a_voice_that_has_faded_by_a_frame_is_over_at_that_frame() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 5_000]]);
    rig.play(1, 0, params());
    rig.left(100);
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 500, at_frame: None });
    rig.left(500);
    assert_eq!(rig.ends(), [(1, 600, EndReason::Stopped)]);
    // Paused at its very end it keeps its place, and is over once it goes on.
    let heard = 100 + RAMP;
    rig.play(2, 0, VoiceParams { start_frame: 5_000 - (heard + RAMP) as u64, ..params() });
    rig.left(heard);
    rig.send(ControlMessage::PauseVoice { voice: 2, at_frame: None });
    rig.left(RAMP);
    rig.left(1_000);
    assert_eq!(rig.ends(), []);
    rig.send(ControlMessage::ResumeVoice { voice: 2, at_frame: None });
    assert_eq!(rig.left(10), [0.0; 10]);
    let end = 600 + (heard + RAMP) as u64 + 1_000;
    assert_eq!(rig.ends(), [(2, end, EndReason::Finished)]);
}

/// Voice 2 comes while voice 1 sounds, at once or at a frame; what is left after the fades, and
/// the events.
fn second(retrigger: Retrigger, at_frame: Option<u64>) -> (f32, Vec<PlaybackEvent>) {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.25; 10_000]]);
    rig.play(1, 0, params());
    rig.left(100);
    rig.play(2, 0, VoiceParams { retrigger, at_frame, ..params() });
    rig.left(1000);
    let events = rig.events().into_iter().skip(1).collect();
    (rig.left(1)[0], events)
}

#[test]
fn retrigger_does_what_it_says_now_and_later() {
    for (at_frame, frame) in [(None, 100), (Some(333), 333)] {
        let started = PlaybackEvent::Started { voice: 2, slot: 0, frame };
        let ended = |voice, frame, reason| PlaybackEvent::Ended { voice, slot: 0, frame, reason };
        let faded = ended(1, frame + RAMP as u64, EndReason::Stopped);
        let ignored = ended(2, frame, EndReason::Ignored);
        let cases = [
            (Retrigger::Overlap, 0.5, vec![started]),
            (Retrigger::Restart, 0.25, vec![started, faded]),
            (Retrigger::Ignore, 0.25, vec![ignored]),
            (Retrigger::Toggle, 0.0, vec![ignored, faded]),
        ];
        for (retrigger, level, events) in cases {
            assert_eq!(second(retrigger, at_frame), (level, events), "{retrigger:?} {at_frame:?}");
        }
    }
}

#[test]
fn every_retrigger_sounds_on_a_silent_slot() {
    use Retrigger::{Ignore, Overlap, Restart, Toggle};
    for retrigger in [Overlap, Restart, Ignore, Toggle] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.25; 10]]);
        rig.load(1, vec![vec![0.5; 100]]);
        rig.play(1, 1, params());
        rig.play(2, 0, VoiceParams { retrigger, ..params() });
        assert_eq!(rig.left(1), [0.75], "{retrigger:?}: another slot does not count");
    }
}

#[test]
fn voices_of_one_frame_start_in_the_order_they_were_sent() {
    // Voice 3 gets the place that voice 1 left, before voice 2's.
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.25; 1000]]);
    rig.load(1, vec![vec![0.5; 10]]);
    rig.play(1, 1, params());
    rig.play(2, 0, VoiceParams { at_frame: Some(500), ..params() });
    rig.left(100);
    let restart = Retrigger::Restart;
    rig.play(3, 0, VoiceParams { at_frame: Some(500), retrigger: restart, ..params() });
    rig.left(1000);
    let ended = |voice, slot, frame, reason| PlaybackEvent::Ended { voice, slot, frame, reason };
    let expected = [
        PlaybackEvent::Started { voice: 1, slot: 1, frame: 0 },
        ended(1, 1, 10, EndReason::Finished),
        PlaybackEvent::Started { voice: 2, slot: 0, frame: 500 },
        // It had not sounded yet.
        ended(2, 0, 500, EndReason::Stopped),
        PlaybackEvent::Started { voice: 3, slot: 0, frame: 500 },
    ];
    assert_eq!(rig.events(), expected);
}

#[test]
fn a_voice_that_was_sent_for_the_frame_at_which_another_is_played_at_once_starts_before_it() {
    for (retrigger, choke) in [(Retrigger::Restart, None), (Retrigger::Overlap, Some(1))] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.25; 1000]]);
        rig.load(1, vec![vec![0.5; 10]]);
        rig.play(1, 0, VoiceParams { at_frame: Some(500), retrigger, choke, ..params() });
        rig.left(500);
        rig.play(2, 0, VoiceParams { choke, ..params() });
        rig.play(3, 1, params());
        let first = rig.left(1)[0];
        // The one that is choked had not sounded yet.
        let expected = if choke.is_some() { 0.75 } else { 1.0 };
        assert!((first - expected).abs() < 1e-6, "{retrigger:?}, {choke:?}: {first}");
        let started = rig.events().into_iter().filter_map(|event| match event {
            PlaybackEvent::Started { voice, frame, .. } => Some((voice, frame)),
            _ => None,
        });
        assert_eq!(started.collect::<Vec<_>>(), [(1, 500), (2, 500), (3, 500)]);
    }
}

/// The last frames of a fade over `frames`, of what sounds at 0.5.
fn faded(frames: u16) -> impl Iterator<Item = f32> {
    (0..frames).rev().map(move |left| {
        let way = f32::from(left) / f32::from(frames);
        0.5 * way * way * (3.0 - 2.0 * way)
    })
}

#[test]
fn a_stop_begins_exactly_at_its_frame_wherever_that_falls_in_a_block() {
    let stops = |at_frame| {
        let at_frame = Some(at_frame);
        [
            ControlMessage::StopVoice { voice: 1, fade_frames: 100, at_frame },
            ControlMessage::StopSample { slot: 0, fade_frames: 100, at_frame },
            ControlMessage::StopAll { fade_frames: 100, at_frame },
        ]
    };
    for at_frame in [301_u64, 363, 364, 365, 555, 556, 557, 1000] {
        for message in stops(at_frame) {
            let mut rig = Rig::new();
            rig.load(0, vec![vec![0.5; 5000]]);
            rig.play(1, 0, params());
            rig.left(300);
            rig.send(message);
            let out: Vec<f32> = (0..20).flat_map(|_| rig.left(64)).collect();
            let steady = usize::try_from(at_frame).expect("small") - 300;
            let expected = std::iter::repeat_n(0.5, steady).chain(faded(100));
            for (frame, (value, expected)) in
                out.iter().zip(expected.chain(std::iter::repeat(0.0))).enumerate()
            {
                assert!((value - expected).abs() < 1e-6, "frame {frame} of {at_frame}: {value}");
            }
            let ended = PlaybackEvent::Ended {
                voice: 1,
                slot: 0,
                frame: at_frame + 100,
                reason: EndReason::Stopped,
            };
            assert_eq!(rig.events()[1], ended);
        }
    }
}

#[test]
fn of_two_frames_to_stop_at_the_later_call_counts_and_at_once_is_at_once() {
    let at = |at_frame| ControlMessage::StopVoice { voice: 1, fade_frames: 48, at_frame };
    for (first, second, end) in [
        (Some(500), Some(900), 948),
        (Some(900), Some(500), 548),
        (Some(500), None, 248),
        (Some(500), Some(200), 248),
        (None, Some(500), 248),
    ] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 5000]]);
        rig.play(1, 0, params());
        rig.left(200);
        rig.send(at(first));
        rig.send(at(second));
        rig.left(2000);
        assert_eq!(rig.ends(), [(1, end, EndReason::Stopped)], "{first:?}, {second:?}");
    }
}

#[test]
fn what_is_to_stop_sooner_than_all_does() {
    let all = |at_frame| ControlMessage::StopAll { fade_frames: 48, at_frame: Some(at_frame) };
    let slot = |at_frame| ControlMessage::StopSample {
        slot: 0,
        fade_frames: 48,
        at_frame: Some(at_frame),
    };
    let voice = |at_frame| ControlMessage::StopVoice {
        voice: 1,
        fade_frames: 48,
        at_frame: Some(at_frame),
    };
    for (stops, end) in [
        ([voice(500), all(900)], 548),
        ([voice(500), slot(900)], 548),
        ([all(900), slot(500)], 548),
        ([all(500), voice(900)], 948),
    ] {
        let what = format!("{stops:?}");
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 5_000]]);
        rig.play(1, 0, params());
        rig.left(1);
        stops.into_iter().for_each(|stop| rig.send(stop));
        rig.left(2_000);
        assert_eq!(rig.ends(), [(1, end, EndReason::Stopped)], "{what}");
    }
}

#[test]
fn a_stop_at_a_frame_shortens_a_longer_fade_and_lengthens_none() {
    // The fade at once begins with frame 1.
    for (fade_frames, end) in [(48_000, 1_000 + 48), (1_000, 1 + 1_000)] {
        let at_once = || ControlMessage::StopVoice { voice: 1, fade_frames, at_frame: None };
        let later = || ControlMessage::StopAll { fade_frames: 48, at_frame: Some(1_000) };
        for stops in [[at_once(), later()], [later(), at_once()]] {
            let mut rig = Rig::new();
            rig.load(0, vec![vec![0.5; 60_000]]);
            rig.play(1, 0, params());
            rig.left(1);
            stops.into_iter().for_each(|stop| rig.send(stop));
            rig.left(50_000);
            assert_eq!(rig.ends(), [(1, end, EndReason::Stopped)]);
        }
    }
}

#[test]
fn a_voice_has_one_frame_to_stop_at_also_while_it_fades() {
    let stop =
        |fade_frames, at_frame| ControlMessage::StopVoice { voice: 1, fade_frames, at_frame };
    for (later, end) in [
        (Some(2_000), 2_000 + 48),
        (Some(1 << 62), 1 + 40_000),
        // At once, which is no frame, a frame in the past likewise.
        (None, 1_000 + 48),
        (Some(1), 1_000 + 48),
    ] {
        for fades in [false, true] {
            let mut rig = Rig::new();
            rig.load(0, vec![vec![0.5; 60_000]]);
            rig.play(1, 0, params());
            rig.left(1);
            if fades {
                rig.send(stop(40_000, None));
            }
            rig.send(stop(48, Some(1_000)));
            let is_at_once = later.is_none_or(|frame| frame <= 1);
            rig.send(stop(if is_at_once { 40_000 } else { 48 }, later));
            rig.left(50_000);
            let end = if fades || later != Some(1 << 62) { end } else { continue };
            assert_eq!(rig.ends(), [(1, end, EndReason::Stopped)], "{later:?}, fades: {fades}");
        }
    }
}

#[test]
fn what_waits_or_is_paused_is_never_heard_once_its_frame_to_stop_at_has_come() {
    for paused in [false, true] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 5000]]);
        let at_frame = if paused { None } else { Some(500) };
        rig.play(1, 0, VoiceParams { at_frame, ..params() });
        if paused {
            rig.send(ControlMessage::PauseVoice { voice: 1, at_frame: None });
        }
        rig.send(ControlMessage::StopAll { fade_frames: 240, at_frame: Some(500) });
        rig.left(499);
        assert_eq!(rig.controller.shared().voices(), 1);
        assert!(rig.left(1000).iter().all(|value| *value == 0.0));
        let reason = EndReason::Stopped;
        let ended = PlaybackEvent::Ended { voice: 1, slot: 0, frame: 500, reason };
        assert_eq!(rig.events().last(), Some(&ended), "paused: {paused}");
    }
}

#[test]
fn a_frame_to_stop_at_is_for_the_voices_that_there_are_and_goes_with_them() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 100]]);
    rig.load(1, vec![vec![0.25; 5000]]);
    rig.play(1, 0, params());
    rig.send(ControlMessage::StopAll { fade_frames: 48, at_frame: Some(1000) });
    rig.left(200);
    // Has the place that voice 1 has left.
    rig.play(2, 1, params());
    rig.left(2000);
    assert_eq!(rig.left(1), [0.25]);
    assert_eq!(rig.controller.shared().voices(), 1);
}
