//! Reading between frames, against mathematics.

use super::super::LoopSpan;
use super::*;

/// The left channel of a voice at `speed`, and what a sine of `hz` would be there.
fn heard(hz: f64, speed: f64, frames: usize) -> Vec<f32> {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(hz, 20_000)]);
    rig.play(1, 0, VoiceParams { speed, ..params() });
    rig.left(frames)
}

#[test]
fn resampled_tones_are_80_db_clean_at_5_khz() {
    let speeds =
        [(2.0, 0.0), (0.5, 0.0), (-1.0, 19_999.0), (-0.5, 19_999.0), (1.059_463, 0.0), (0.1, 0.0)];
    for (speed, start) in speeds {
        for hz in [100.0, 1000.0, 5000.0] {
            let out = heard(hz, speed, 5000);
            // Where it starts and ends there is silence on one side: not a sine.
            let middle = &out[500..4500];
            let snr = snr_db(middle, |frame| sine_at(hz, start + speed * (frame + 500) as f64));
            assert!(snr > 80.0, "{hz} Hz at speed {speed}: {snr:.1} dB");
        }
    }
}

#[test]
fn backwards_at_unit_speed_is_exact() {
    let sample = noise(1000, 8);
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, VoiceParams { speed: -1.0, ..params() });
    let mut reversed = sample;
    reversed.reverse();
    assert_eq!(rig.left(1000), reversed);
    rig.left(1);
    assert_eq!(rig.ends(), [(1, 1000, EndReason::Finished)]);
}

#[test]
fn a_backward_loop_has_no_seam() {
    let sample = noise(300, 9);
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, VoiceParams { speed: -1.0, looping: Looping::WHOLE, ..params() });
    let expected: Vec<f32> = sample.iter().rev().copied().cycle().take(1000).collect();
    assert_eq!(rig.left(1000), expected);
}

#[test]
fn a_fractional_loop_of_whole_periods_is_one_long_sine() {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(1000.0, 480)]);
    rig.play(1, 0, VoiceParams { speed: 0.7, looping: Looping::WHOLE, ..params() });
    let snr = snr_db(&rig.left(10_000), |frame| sine_at(1000.0, 0.7 * frame as f64));
    assert!(snr > 80.0, "{snr:.1} dB");
}

#[test]
fn a_fast_voice_does_not_alias() {
    // 20 kHz at double speed would be 40 kHz, which folds to 8 kHz.
    let out = heard(20_000.0, 2.0, 4000);
    let loudest = out[500..3500].iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!(loudest < 0.5e-4, "alias at {:.1} dB", 20.0 * (loudest / 0.5).log10());
}

#[test]
fn a_constant_stays_that_constant() {
    for speed in [0.3, 1.3, 2.0, 3.999] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 40_000]]);
        rig.play(1, 0, VoiceParams { speed, ..params() });
        let out = rig.left(5000);
        assert!(out[200..].iter().all(|value| (value - 0.5).abs() < 1e-6), "speed {speed}");
    }
}

#[test]
fn the_master_speed_multiplies() {
    let mut rig = Rig::new();
    let sample = noise(1000, 10);
    rig.load(0, vec![sample.clone()]);
    rig.send(ControlMessage::SetSpeed { speed: 2.0, at_frame: None });
    rig.play(1, 0, VoiceParams { speed: 0.5, ..params() });
    assert_eq!(rig.left(500), sample[..500], "2 × 0.5 is 1");
    rig.send(ControlMessage::SetSpeed { speed: 0.0, at_frame: None });
    rig.left(RAMP);
    assert!(rig.left(500).iter().all(|value| *value == 0.0));
    assert_eq!(rig.ends(), [], "it stands still, and is not over");
}

#[test]
fn length_follows_speed() {
    for (speed, frames) in [(2.0, 500), (0.5, 2000), (-0.5, 2000), (4.0, 250), (-2.0, 500)] {
        let mut rig = Rig::new();
        rig.load(0, vec![noise(1000, 11)]);
        rig.play(1, 0, VoiceParams { speed, ..params() });
        rig.left(3000);
        assert_eq!(rig.ends(), [(1, frames, EndReason::Finished)], "speed {speed}");
    }
}

#[test]
fn a_loop_at_any_speed_keeps_its_beat() {
    // 110 beats a minute as 120. The nearest `f32` would be off by 0.03 frames, 5 in an hour.
    let speed = 120.0 / 110.0;
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.0; 48_000]]);
    rig.play(1, 0, VoiceParams { speed, looping: Looping::WHOLE, ..params() });
    let frames = 1_000_000;
    rig.left(frames);
    let place = rig.controller.shared().playheads()[0].position_frames;
    let expected = (frames as f64 * speed) % 48_000.0;
    assert!((place - expected).abs() < 1e-3, "at {place} instead of {expected}");
}

#[test]
fn the_direction_at_its_first_frame_decides_where_a_voice_starts() {
    let forwards = noise(1000, 15);
    let backwards: Vec<f32> = forwards.iter().rev().copied().collect();
    // Voice speed, master speed, and the voice speed it is given before it sounds.
    for (voice, master, changed, expected) in [
        (1.0, -1.0, None, &backwards),
        (-1.0, -1.0, None, &forwards),
        (1.0, 1.0, Some(-1.0), &backwards),
        (-1.0, 1.0, Some(1.0), &forwards),
    ] {
        let mut rig = Rig::new();
        rig.load(0, vec![forwards.clone()]);
        rig.send(ControlMessage::SetSpeed { speed: master, at_frame: None });
        rig.play(1, 0, VoiceParams { speed: voice, at_frame: Some(10), ..params() });
        rig.left(10);
        changed.into_iter().for_each(|speed| rig.send(set_speed(1, speed)));
        assert_eq!(rig.left(1000), *expected, "{voice} × {master}, then {changed:?}");
    }
}

#[test]
fn a_seek_to_the_beginning_of_a_backward_voice_does_not_click() {
    // A cosine: full level at its first frame.
    let mut rig = Rig::new();
    rig.load(0, vec![sine(100.0, 4920)[120..].to_vec()]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, speed: -1.0, ..params() });
    let mut out = rig.left(1000);
    rig.send(ControlMessage::SeekVoice { voice: 1, frame: 0, at_frame: None });
    out.extend(rig.left(1000));
    assert!(sharpest(&out) < 4e-4, "{}", sharpest(&out));
}

#[test]
fn loops_of_a_few_frames_keep_their_mean_at_every_speed() {
    for frames in 1..=3 {
        for speed in [0.01, 0.3, 1.0, 1.7, 4.0, -0.3, -1.0, -4.0] {
            for master in [1.0, 4.0, -2.5] {
                let mut rig = Rig::new();
                rig.load(0, vec![vec![0.5; frames]]);
                rig.send(ControlMessage::SetSpeed { speed: master, at_frame: None });
                rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, speed, ..params() });
                let out = rig.left(1000);
                let off = out.iter().map(|value| (value - 0.5).abs()).fold(0.0, f32::max);
                assert!(off < 1e-5, "{frames} frames at {speed} × {master}: off by {off}");
            }
        }
    }
    // Two frames that cancel: what is above the Nyquist frequency at double speed is gone.
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5, -0.5]]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, speed: 3.9, ..params() });
    let out = rig.left(1000);
    let loudest = out.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!(loudest < 0.5e-4, "alias of {loudest}");
}

/// Where a voice is, frame by frame, that is told another speed after 1000 frames: it gets there
/// on a straight way of 240 frames.
fn places(from: f64, to: f64, frames: usize) -> Vec<f64> {
    let mut place = 0.0;
    let at = |frame: usize| {
        let way = (frame as f64 + 1.0 - 1000.0).clamp(0.0, RAMP as f64) / RAMP as f64;
        from + (to - from) * way
    };
    (0..frames)
        .map(|frame| {
            let here = place;
            place += at(frame);
            here
        })
        .collect()
}

#[test]
fn a_change_of_speed_is_a_straight_way_to_it() {
    for (from, to) in [(1.0, 1.5), (1.0, 0.5), (0.5, -1.0), (2.0, -2.0), (1.0, 2.0)] {
        for master in [false, true] {
            let mut rig = Rig::new();
            rig.load(0, vec![sine(1000.0, 48_000)]);
            let start_frame = 20_000;
            rig.play(1, 0, VoiceParams { speed: from, start_frame, ..params() });
            let mut out = rig.left(1000);
            rig.send(match master {
                true => ControlMessage::SetSpeed { speed: to / from, at_frame: None },
                false => set_speed(1, to),
            });
            out.extend(rig.left(4000));
            let places = places(from, to, out.len());
            let snr =
                snr_db(&out[RAMP..], |frame| sine_at(1000.0, 20_000.0 + places[frame + RAMP]));
            assert!(snr > 80.0, "{from} to {to}, master {master}: {snr:.1} dB");
        }
    }
}

/// What is heard of voice 1, which jumps and is turned round so many frames later.
fn turned_after(gap: usize, from: f64, to: f64, frame: u64, looping: Looping) -> (Rig, Vec<f32>) {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; 48_000]]);
    rig.play(1, 0, VoiceParams { speed: from, looping, ..params() });
    rig.left(5_000);
    rig.send(ControlMessage::SeekVoice { voice: 1, frame, at_frame: None });
    let mut out = rig.left(gap);
    rig.send(set_speed(1, to));
    out.extend(rig.left(3_000));
    (rig, out)
}

#[test]
fn a_voice_that_jumps_and_is_turned_round_meanwhile_goes_on_from_there() {
    let span = LoopSpan { start_frame: 14_400, end_frame: 43_200, ..LoopSpan::WHOLE };
    let ring = Looping::Span(span);
    for gap in (0..=240).step_by(16).chain([1, 239]) {
        for (from, to, frame) in [(-1.0, 1.0, 0), (1.0, -1.0, 47_999)] {
            for looping in [Looping::Off, ring] {
                let what = format!("{from} to {to}, {gap} frames later, {looping:?}");
                let (mut rig, out) = turned_after(gap, from, to, frame, looping);
                assert!(rig.ends().is_empty(), "{what}");
                // It fades out, and begins anew with the attack that is there, bent by no more than
                // what interpolates at its edge.
                let silent = out.iter().position(|value| *value == 0.0).expect("it fades");
                assert_eq!(out[silent + 1..].iter().find(|value| **value < 0.9), None, "{what}");
                let heads = rig.controller.shared().playheads();
                let moved = heads[0].position_frames - frame as f64;
                let frames = (out.len() - silent) as f64;
                assert!((moved - to * frames).abs() < 300.0, "{what}: {moved} of {frames}");
            }
        }
    }
}

#[test]
fn a_voice_that_waits_to_play_backwards_is_shown_where_it_will_begin() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; 9_600]]);
    let at_frame = Some(500);
    rig.play(1, 0, VoiceParams { speed: -1.0, at_frame, ..params() });
    rig.play(2, 0, VoiceParams { at_frame, ..params() });
    rig.play(3, 0, VoiceParams { speed: -1.0, start_frame: 7, at_frame, ..params() });
    rig.left(100);
    let heads = rig.controller.shared().playheads();
    let shown: Vec<_> = heads.iter().map(|head| (head.voice, head.position_frames)).collect();
    assert_eq!(shown, [(1, 9_599.0), (2, 0.0), (3, 7.0)]);
}

#[test]
fn beyond_the_end_a_voice_is_over_at_once_also_if_it_stands() {
    let span = |start_frame, end_frame| {
        Looping::Span(LoopSpan { start_frame, end_frame, ..LoopSpan::WHOLE })
    };
    for (start_frame, end_frame, looping, is_beyond) in [
        (1_000, u64::MAX, Looping::Off, true),
        (480_000, u64::MAX, Looping::Off, true),
        (400, 400, Looping::Off, true),
        // A loop that starts there is none.
        (480_000, u64::MAX, span(5_000, 6_000), true),
        (480_000, u64::MAX, span(200, 600), false),
        (480_000, u64::MAX, Looping::WHOLE, false),
        (0, u64::MAX, Looping::Off, false),
        (999, u64::MAX, Looping::Off, false),
        (399, 400, Looping::Off, false),
    ] {
        for (speed, master) in [(1.0, 1.0), (-0.7, 1.0), (0.0, 1.0), (1.0, 0.0)] {
            let mut rig = Rig::new();
            rig.load(0, vec![noise(1000, 11)]);
            rig.send(ControlMessage::SetSpeed { speed: master, at_frame: None });
            rig.play(1, 0, VoiceParams { start_frame, end_frame, looping, speed, ..params() });
            rig.left(500);
            let what = format!("{start_frame} of {end_frame}, {looping:?}, {speed} × {master}");
            let ends = rig.ends();
            let is_over = ends.contains(&(1, 0, EndReason::Finished));
            assert_eq!(is_over, is_beyond, "{what}");
            // Within it, it waits to be moved.
            assert!(is_beyond || speed * master != 0.0 || ends.is_empty(), "{what}");
        }
    }
}

#[test]
fn a_voice_that_stands_is_over_where_it_jumps_beyond_the_end_unless_it_is_paused() {
    let sample = noise(1000, 11);
    let seek = |frame| ControlMessage::SeekVoice { voice: 1, frame, at_frame: None };
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, VoiceParams { speed: 0.0, ..params() });
    rig.left(300);
    rig.send(seek(999));
    rig.left(300);
    rig.send(ControlMessage::PauseVoice { voice: 1, at_frame: None });
    rig.send(seek(1_000));
    rig.left(300);
    assert_eq!(rig.ends(), []);
    rig.send(ControlMessage::ResumeVoice { voice: 1, at_frame: None });
    rig.left(1);
    assert_eq!(rig.ends(), [(1, 900, EndReason::Finished)]);

    // In front of it, it plays when it is moved.
    rig.play(1, 0, VoiceParams { speed: 0.0, ..params() });
    rig.left(300);
    rig.send(set_speed(1, 1.0));
    assert_eq!(rig.left(1000), sample);
}

#[test]
fn a_voice_that_comes_to_a_halt_is_over_if_that_is_beyond_the_end() {
    // From speed 1 to 0 in 240 frames: 239/240, 238/240 and so on make 119.5.
    for (begin, rests_at) in [(100, Some(219.5)), (880, Some(999.5)), (881, None), (990, None)] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 1000]]);
        rig.play(1, 0, VoiceParams { start_frame: begin - 10, ..params() });
        rig.left(10);
        rig.send(set_speed(1, 0.0));
        rig.left(1000);
        let heads = rig.controller.shared().playheads();
        let place = heads.first().map(|head| (head.position_frames * 1e6).round() / 1e6);
        assert_eq!(place, rests_at, "from {begin}");
        let reasons: Vec<_> = rig.ends().into_iter().map(|(.., reason)| reason).collect();
        let over = vec![EndReason::Finished; usize::from(rests_at.is_none())];
        assert_eq!(reasons, over, "from {begin}");
    }
}
