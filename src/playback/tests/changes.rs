//! Changes at frames to come.

use super::*;
use crate::playback::{LoopSpan, MAX_CHANGES_AHEAD};

const VOICE: u64 = 1;

fn seek(frame: u64, at_frame: u64) -> ControlMessage {
    ControlMessage::SeekVoice { voice: VOICE, frame, at_frame: Some(at_frame) }
}

fn volume(volume: f32, fade_frames: Option<u32>, at_frame: Option<u64>) -> ControlMessage {
    ControlMessage::SetVoice {
        voice: VOICE,
        volume: Some(volume),
        pan: None,
        speed: None,
        looping: None,
        fade_frames,
        at_frame,
    }
}

/// The left channel of `frames` frames, in blocks of `block`.
fn blocks(rig: &mut Rig, frames: usize, block: usize) -> Vec<f32> {
    let mut out = Vec::new();
    while out.len() < frames {
        out.extend(rig.left(block.min(frames - out.len())));
    }
    out
}

/// That both are the same, to the bit.
#[track_caller]
fn check(heard: &[f32], expected: &[f32], what: &str) {
    assert_eq!(heard.len(), expected.len(), "{what}");
    let differs = heard.iter().zip(expected).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differs, None, "{what}");
}

fn rig_of(sample: &[f32], params: VoiceParams) -> Rig {
    let mut rig = Rig::new();
    rig.load(0, vec![sample.to_vec()]);
    rig.play(VOICE, 0, params);
    rig
}

#[test]
fn a_seek_at_a_frame_is_heard_there_whole_after_a_fade_that_leads_to_it() {
    let sample = noise(60_000, 3);
    for at in [2 * RAMP + 1, 700, 1_024, 5_003] {
        for (frame, block) in [(20_000, 64), (20_000, 333), (RAMP, 256), (50_000, 4_096)] {
            let what = format!("to {frame} at {at}, blocks of {block}");
            let mut rig = rig_of(&sample, params());
            rig.send(seek(frame as u64, at as u64));
            let out = blocks(&mut rig, at + 2_000, block);
            check(&out[..at - 2 * RAMP], &sample[..at - 2 * RAMP], &what);
            check(&out[at..], &sample[frame..frame + 2_000], &what);
            // 3x² − 2x³ down where it was, then up in front of where it goes.
            let bend = |x: f64| x * x * (3.0 - 2.0 * x);
            let begins = frame == RAMP;
            for n in 0..RAMP {
                let x = (n + 1) as f64 / RAMP as f64;
                let (falls, rises) = (at - 2 * RAMP + n, at - RAMP + n);
                let fallen = bend(1.0 - x) * f64::from(sample[falls]);
                // From its beginning a sample has its own attack.
                let gain = if begins { 1.0 } else { bend(x) };
                let risen = gain * f64::from(sample[frame - RAMP + n]);
                assert!((f64::from(out[falls]) - fallen).abs() < 1e-6, "{what}: {n} of the fall");
                assert!((f64::from(out[rises]) - risen).abs() < 1e-6, "{what}: {n} of the rise");
            }
        }
    }
}

#[test]
fn a_seek_into_the_first_moment_of_a_sample_begins_with_that() {
    let sample = noise(10_000, 4);
    // At its full level, also where it is read between frames.
    for speed in [1.06, 2.0] {
        let mut rig = rig_of(&vec![0.5; 60_000], VoiceParams { speed, ..params() });
        rig.send(seek(3, 2_000));
        let out = blocks(&mut rig, 3_000, 256);
        assert!((out[2_000] - 0.5).abs() < 0.05, "at {speed}: {}", out[2_000]);
    }
    for frame in [0, 1, 100, RAMP - 1] {
        let mut rig = rig_of(&sample, params());
        rig.send(seek(frame as u64, 2_000));
        let out = blocks(&mut rig, 3_000, 256);
        assert!(out[2_000 - RAMP..2_000 - frame].iter().all(|value| *value == 0.0), "{frame}");
        check(&out[2_000 - frame..], &sample[..1_000 + frame], &frame.to_string());
    }
}

#[test]
fn at_any_speed_and_backwards_the_place_is_heard_at_the_frame() {
    const HZ: f64 = 440.0;
    const PLACE: f64 = 30_000.0;
    let sample = sine(HZ, 60_000);
    for speed in [1.25, 0.731, 3.7, -1.0, -0.5, -2.3] {
        for at in [2 * RAMP as u64, 3_001] {
            let start_frame = 20_000;
            let mut rig = rig_of(&sample, VoiceParams { speed, start_frame, ..params() });
            rig.send(seek(30_000, at));
            rig.left(usize::try_from(at).expect("small"));
            let heard = rig.left(2_000);
            let off = snr_db(&heard, |frame| sine_at(HZ, PLACE + speed * frame as f64));
            assert!(off > 90.0, "at {speed}: {off} dB");
        }
    }
}

#[test]
fn a_seek_that_is_told_late_keeps_its_beat() {
    let sample = noise(60_000, 5);
    for ahead in [1, 47, 100, RAMP, RAMP + 50, 2 * RAMP - 1] {
        let mut rig = rig_of(&sample, params());
        rig.left(1_000);
        rig.send(seek(30_000, 1_000 + ahead as u64));
        let out = blocks(&mut rig, 2_000, 256);
        let open = ahead.max(2 * RAMP);
        check(&out[open..], &sample[30_000 + open - ahead..][..2_000 - open], &ahead.to_string());
        let corner = sharpest(&out) / sharpest(&sample);
        assert!(corner <= 1.0, "{ahead} ahead: {corner}");
    }
    // Also one that is told behind its frame; one long past is at once.
    for (behind, way) in [(0, RAMP), (1, RAMP + 1), (4_799, RAMP + 4_799), (4_800, 0), (9_000, 0)] {
        let mut rig = rig_of(&sample, params());
        rig.left(9_000);
        rig.send(seek(30_000, 9_000 - behind));
        let out = rig.left(2_000);
        let expected = &sample[30_000 + RAMP + way..][..2_000 - 2 * RAMP];
        check(&out[2 * RAMP..], expected, &format!("{behind} behind"));
    }
}

#[test]
fn jumps_ahead_follow_each_other_beat_by_beat() {
    const BEAT: usize = 3_000;
    let sample = noise(40_000, 6);
    let beats = [7, 0, 3, 3, 11, 1];
    let mut rig = rig_of(&sample, params());
    for (number, beat) in beats.iter().enumerate().rev() {
        rig.send(seek((beat * BEAT) as u64, ((number + 1) * BEAT) as u64));
    }
    let out = blocks(&mut rig, (beats.len() + 1) * BEAT, 100);
    for (number, beat) in std::iter::once(&0).chain(&beats).enumerate() {
        let last = BEAT - if number == beats.len() { 0 } else { 2 * RAMP };
        let heard = &out[number * BEAT..][..last];
        check(heard, &sample[beat * BEAT..][..last], &format!("beat {number}"));
    }
}

#[test]
fn a_loop_goes_on_as_if_it_had_come_there_by_itself() {
    let sample = noise(20_000, 7);
    let looping =
        Looping::Span(LoopSpan { start_frame: 4_000, end_frame: 12_000, ..LoopSpan::WHOLE });
    // To its start, into it, to its end, and behind it, where that is a place in it.
    for (frame, heard) in [(4_000, 4_000), (9_000, 9_000), (12_000, 4_000), (12_100, 4_100)] {
        let mut rig = rig_of(&sample, VoiceParams { looping, ..params() });
        rig.send(seek(frame, 6_000));
        let out = blocks(&mut rig, 30_000, 256);
        let place = |n: usize| 4_000 + (heard - 4_000 + n) % 8_000;
        let expected: Vec<f32> = (0..24_000).map(|n| sample[place(n)]).collect();
        check(&out[6_000..], &expected, &format!("to {frame}"));
    }
}

#[test]
fn a_paused_voice_is_moved_and_resumed_at_the_frame() {
    let sample = noise(30_000, 8);
    let mut rig = rig_of(&sample, params());
    let voice = VOICE;
    rig.send(ControlMessage::PauseVoice { voice, at_frame: Some(1_000) });
    rig.send(ControlMessage::ResumeVoice { voice, at_frame: Some(3_000) });
    rig.send(seek(20_000, 3_000));
    let out = blocks(&mut rig, 5_000, 77);
    check(&out[..1_000], &sample[..1_000], "before");
    assert!(out[1_000 + RAMP..3_000 - RAMP].iter().all(|value| *value == 0.0));
    check(&out[3_000..], &sample[20_000..22_000], "it is there at its full level");
    // The other way round it sounds until then, and is moved while it is not heard.
    let mut rig = rig_of(&sample, params());
    rig.send(seek(20_000, 1_000));
    rig.send(ControlMessage::PauseVoice { voice, at_frame: Some(1_000) });
    let out = blocks(&mut rig, 3_000, 77);
    check(&out[..1_000], &sample[..1_000], "before");
    assert!(out[1_000 + RAMP..].iter().all(|value| *value == 0.0));
    rig.send(ControlMessage::ResumeVoice { voice, at_frame: None });
    check(&rig.left(1_000)[RAMP..], &sample[20_000 + RAMP..21_000], "later");
}

/// What else is told for the frame of a seek, before it or behind it.
fn told_with(change: impl Fn() -> ControlMessage, mut params: VoiceParams, frame: u64) -> Vec<f32> {
    let sample = noise(40_000, 11);
    params.start_frame = 5_000;
    let mut heard = Vec::new();
    // Long before, in the moment in which it fades, and just before it is put there.
    for told in [0, 3_000 - 2 * RAMP + 100, 3_000 - RAMP - 10] {
        for first in [true, false] {
            let mut rig = rig_of(&sample, params);
            if first {
                rig.send(change());
            }
            // As early as it has to begin, if the change comes later.
            let begun = if first { 0 } else { told.min(3_000 - 2 * RAMP) };
            blocks(&mut rig, begun, 256);
            rig.send(seek(frame, 3_000));
            if !first {
                blocks(&mut rig, told - begun, 7);
                rig.send(change());
            }
            let gone = if first { 0 } else { told };
            heard.push(blocks(&mut rig, 6_000 - gone, 256).split_off(3_000 - gone));
        }
    }
    for other in &heard[1..] {
        check(other, &heard[0], "in either order");
    }
    heard.swap_remove(0)
}

#[test]
fn a_seek_lands_in_the_loop_and_at_the_speed_that_are_told_for_its_frame() {
    let sample = noise(40_000, 11);
    let span = |start_frame, end_frame| {
        Looping::Span(LoopSpan { start_frame, end_frame, ..LoopSpan::WHOLE })
    };
    let set = |speed, looping| ControlMessage::SetVoice {
        voice: VOICE,
        volume: None,
        pan: None,
        speed,
        looping,
        fade_frames: None,
        at_frame: Some(3_000),
    };
    let looped = VoiceParams { looping: span(1_000, 3_000), ..params() };
    let heard = told_with(|| set(None, Some(span(20_000, 21_000))), looped, 20_000);
    let expected: Vec<f32> = (0..3_000).map(|n| sample[20_000 + n % 1_000]).collect();
    check(&heard, &expected, "out of a loop into another");
    let heard = told_with(|| set(None, Some(Looping::Off)), looped, 20_000);
    check(&heard, &sample[20_000..23_000], "out of a loop");
    let backwards = VoiceParams { speed: -1.0, ..params() };
    let heard = told_with(|| set(Some(1.0), None), backwards, 20_000);
    check(&heard, &sample[20_000..23_000], "and forwards again");
}

#[test]
fn a_seek_at_once_leaves_one_that_is_under_way() {
    let sample = noise(40_000, 12);
    for ahead in [100, 300, 479] {
        let mut rig = rig_of(&sample, params());
        rig.send(seek(20_000, 3_000));
        rig.left(3_000 - ahead);
        rig.send(ControlMessage::SeekVoice { voice: VOICE, frame: 9_000, at_frame: None });
        let out = rig.left(ahead + 1_000);
        check(&out[ahead..], &sample[20_000..21_000], &ahead.to_string());
    }
}

#[test]
fn volumes_change_at_their_frames() {
    let mut rig = rig_of(&vec![0.5; 20_000], params());
    rig.send(volume(0.0, Some(1_000), Some(500)));
    rig.send(volume(1.0, None, Some(4_000)));
    rig.send(volume(0.5, None, None));
    let out = blocks(&mut rig, 6_000, 256);
    assert!(out[RAMP..500].iter().all(|value| *value == 0.25), "one at once comes before");
    for n in 0..1_000 {
        let expected = 0.25 * (1.0 - (n + 1) as f32 / 1_000.0);
        assert!((out[500 + n] - expected).abs() < 1e-5, "{n} of 1,000");
    }
    assert!(out[1_500..4_000].iter().all(|value| *value == 0.0));
    assert!(out[4_000] > 0.0 && out[4_000] < 0.01);
    assert!(out[4_000 + RAMP..].iter().all(|value| *value == 0.5));
}

#[test]
fn buses_master_and_speed_change_at_their_frames() {
    let bus = |muted, at_frame| ControlMessage::SetBus {
        bus: 0,
        volume: None,
        muted: Some(muted),
        fade_frames: None,
        at_frame: Some(at_frame),
    };
    let mut rig = rig_of(&vec![0.5; 20_000], params());
    rig.send(bus(true, 1_000));
    rig.send(bus(false, 2_000));
    rig.send(ControlMessage::PauseBus { bus: 0, at_frame: Some(3_000) });
    rig.send(ControlMessage::ResumeBus { bus: 0, at_frame: Some(4_000) });
    rig.send(ControlMessage::SetVolume { volume: 0.5, fade_frames: None, at_frame: Some(5_000) });
    let out = blocks(&mut rig, 6_000, 200);
    for (frames, value) in [
        (0..1_000, 0.5),
        (1_000 + RAMP..2_000, 0.0),
        (2_000 + RAMP..3_000, 0.5),
        (3_000 + RAMP..4_000, 0.0),
        (4_000 + RAMP..5_000, 0.5),
        (5_000 + RAMP..6_000, 0.25),
    ] {
        assert!(out[frames.clone()].iter().all(|heard| *heard == value), "{frames:?}");
    }
    for frame in [1_000, 2_000, 3_000, 4_000, 5_000] {
        assert_ne!(out[frame], out[frame - 1], "at {frame}");
    }

    // A straight way of 5 ms from the frame on: (1 + 2) / 2 · 240 frames, and then two a frame.
    let mut rig = rig_of(&noise(20_000, 9), params());
    rig.send(ControlMessage::SetSpeed { speed: 2.0, at_frame: Some(1_000) });
    blocks(&mut rig, 3_000, 256);
    let place = rig.controller.shared().playheads()[0].position_frames;
    let ramp = RAMP as f64;
    let expected = 1_000.0 + ramp * 1.5 + 0.5 + 2.0 * (2_000.0 - ramp);
    assert!((place - expected).abs() < 1e-3, "{place}, not {expected}");
}

#[test]
fn what_is_told_at_a_frame_holds_for_what_starts_there() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 5_000]]);
    rig.send(volume(0.5, None, Some(1_000)));
    rig.play(VOICE, 0, VoiceParams { at_frame: Some(1_000), ..params() });
    // Not heard yet, so that it has it at once; of one frame the last one counts.
    rig.send(volume(3.0, None, Some(1_000)));
    rig.send(volume(2.0, None, Some(1_000)));
    let out = blocks(&mut rig, 2_000, 256);
    assert!(out[1_000..].iter().all(|value| *value == 1.0), "{}", out[1_000]);
}

#[test]
fn what_is_to_come_goes_with_its_voice_or_is_taken_back() {
    let sample = noise(20_000, 10);
    let mut rig = rig_of(&sample, params());
    rig.send(seek(10_000, 2_000));
    rig.send(volume(0.0, None, Some(2_000)));
    rig.send(ControlMessage::SetVolume { volume: 0.5, fade_frames: None, at_frame: Some(2_000) });
    rig.left(500);
    rig.send(ControlMessage::CancelChanges { voice: VOICE });
    rig.left(2_000);
    let halved: Vec<f32> = sample[2_500..3_500].iter().map(|value| value * 0.5).collect();
    check(&rig.left(1_000), &halved, "the master's is not the voice's");

    // No place is taken by what was for a voice that is over.
    let never = u64::MAX;
    for _ in 0..MAX_CHANGES_AHEAD {
        rig.send(seek(0, never));
        rig.left(0);
    }
    assert_eq!(rig.controller.shared().dropped_changes(), 0);
    rig.send(seek(0, 4_000));
    rig.left(0);
    assert_eq!(rig.controller.shared().dropped_changes(), 1, "there is no room for one more");
    rig.send(ControlMessage::StopVoice { voice: VOICE, fade_frames: 0, at_frame: None });
    rig.left(500);
    assert_eq!(rig.ends().len(), 1);
    rig.play(VOICE + 1, 0, params());
    let voice = VOICE + 1;
    rig.send(ControlMessage::SeekVoice { voice, frame: 8_000, at_frame: Some(6_000) });
    let out = rig.left(3_000);
    let halved: Vec<f32> = sample[8_000..9_000].iter().map(|value| value * 0.5).collect();
    check(&out[2_000..], &halved, "of the next voice");
    assert_eq!(rig.controller.shared().dropped_changes(), 1);
}

#[test]
fn a_cue_to_the_last_frame_of_a_voice_that_plays_backwards_is_heard_whole() {
    let sample = noise(9_600, 11);
    let mut rig = rig_of(&sample, VoiceParams { speed: -1.0, ..params() });
    rig.left(1_000);
    rig.send(seek(9_599, 2_000));
    let out = rig.left(2_000);
    let expected: Vec<f32> = sample.iter().rev().copied().take(1_000).collect();
    check(&out[1_000..], &expected, "from its last frame");
}

#[test]
fn what_is_told_for_the_frame_of_a_jump_is_taken_back_also_while_the_voice_fades() {
    // Until it is silent, 5 ms before its frame.
    for before in [500, 470, 300, 250] {
        let sample = noise(40_000, 12);
        let mut rig = rig_of(&sample, params());
        rig.send(seek(10_000, 2_000));
        rig.send(ControlMessage::SetVoice {
            voice: VOICE,
            volume: None,
            pan: None,
            speed: Some(-1.0),
            looping: None,
            fade_frames: None,
            at_frame: Some(2_000),
        });
        rig.left(2_000 - before);
        rig.send(ControlMessage::CancelChanges { voice: VOICE });
        let out = rig.left(before + 1_000);
        // The jump itself is under way from 10 ms before.
        let place = if before > 2 * RAMP { 2_000 } else { 10_000 };
        check(&out[before..], &sample[place..place + 1_000], &format!("{before} frames before"));
    }
}
