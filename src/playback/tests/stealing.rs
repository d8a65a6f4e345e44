//! More voices than there are places.

use super::*;

fn small(max_voices: usize) -> Rig {
    let mut rig = Rig::with(PlaybackConfig { max_voices, ..PlaybackConfig::default() });
    rig.load(0, vec![sine(100.0, 48_000)]);
    rig
}

#[test]
fn the_quietest_is_stolen_and_the_oldest_among_equals() {
    let mut rig = small(3);
    for (voice, volume) in [(1, 0.5), (2, 0.25), (3, 0.25)] {
        rig.play(voice, 0, VoiceParams { volume, ..params() });
    }
    rig.left(120);
    rig.play(4, 0, params());
    rig.left(RAMP + 1);
    assert_eq!(rig.ends(), [(2, 120 + RAMP as u64, EndReason::Stolen)]);
    rig.play(5, 0, params());
    rig.left(RAMP + 1);
    assert_eq!(rig.ends()[0].0, 3);
    rig.play(6, 0, params());
    rig.left(RAMP + 1);
    assert_eq!(rig.ends()[0].0, 1);
}

#[test]
fn a_stolen_voice_fades() {
    let mut rig = small(1);
    rig.play(1, 0, params());
    let mut out = rig.left(120);
    rig.play(2, 0, params());
    out.extend(rig.left(1000));
    // The new voice begins at a zero crossing: what corner there is, its first slope makes.
    assert!(sharpest(&out) < 0.01, "{}", sharpest(&out));
    let sample = sine(100.0, 48_000);
    assert_eq!(out[120 + RAMP..], sample[RAMP..1000]);
}

#[test]
fn a_waiting_voice_is_the_last_to_go() {
    let mut rig = small(2);
    rig.play(1, 0, VoiceParams { at_frame: Some(5000), volume: 0.0, ..params() });
    rig.play(2, 0, params());
    rig.left(100);
    rig.play(3, 0, params());
    rig.left(RAMP + 1);
    assert_eq!(rig.ends(), [(2, 100 + RAMP as u64, EndReason::Stolen)]);
}

#[test]
fn of_more_than_there_is_room_for_those_that_start_first_are_heard() {
    let mut rig = small(4);
    // In no order, with two of one frame.
    let frames = [700, 100, 900, 300, 500, 300, 200, 100];
    for (voice, at_frame) in (0..).zip(frames) {
        rig.play(voice, 0, VoiceParams { at_frame: Some(at_frame), ..params() });
    }
    rig.left(1);
    let stolen: Vec<u64> = rig.ends().into_iter().map(|(voice, ..)| voice).collect();
    // The fifth takes the place of that at 900, the sixth of that at 700, the seventh of that at
    // 500, the last of the younger at 300.
    assert_eq!(stolen, [2, 0, 4, 5]);
    rig.play(8, 0, VoiceParams { at_frame: Some(400), ..params() });
    rig.left(1);
    assert_eq!(rig.ends(), [(8, 1, EndReason::Stolen)], "the new one would be the last");
    rig.play(9, 0, params());
    rig.left(1);
    assert_eq!(rig.ends(), [(3, 2, EndReason::Stolen)], "one that starts at once has a place");
}

#[test]
fn a_burst_leaves_the_newest_and_never_more_than_allowed() {
    let mut rig = small(4);
    for voice in 0..100 {
        rig.play(voice, 0, params());
    }
    rig.left(1);
    let stolen: Vec<u64> = rig.ends().into_iter().map(|(voice, ..)| voice).collect();
    assert_eq!(stolen, (0..96).collect::<Vec<_>>(), "they end before they have sounded");
    assert_eq!(rig.controller.shared().voices(), 4);

    // Faster than a fade: those that fade fill the other places, 32, then the quietest is cut.
    for voice in 100..200_u32 {
        rig.play(voice.into(), 0, params());
        rig.left(1);
        assert_eq!(rig.controller.shared().voices(), (voice - 100 + 5).min(36));
    }
    rig.left(RAMP + 1);
    assert_eq!(rig.ends().len(), 100);
    assert_eq!(rig.controller.shared().voices(), 4);
}

#[test]
fn long_fades_count_as_voices_so_that_none_is_cut() {
    let mut rig = small(2);
    for voice in 1..=2 {
        rig.play(voice, 0, params());
    }
    let mut out = rig.left(120);
    for voice in 1..=2 {
        rig.send(ControlMessage::StopVoice { voice, fade_frames: 480_000, at_frame: None });
    }
    out.extend(rig.left(480));
    for voice in 3..=6 {
        rig.play(voice, 0, params());
        out.extend(rig.left(480));
    }
    // Each new voice takes the place of a fading one, and that one still gets its 5 ms.
    assert!(sharpest(&out) < 0.02, "{}", sharpest(&out));
    let ended: Vec<_> = rig.ends().into_iter().map(|(voice, _, reason)| (voice, reason)).collect();
    let (stopped, stolen) = (EndReason::Stopped, EndReason::Stolen);
    assert_eq!(ended, [(1, stopped), (2, stopped), (3, stolen), (4, stolen)]);
}

#[test]
fn a_flam_on_one_voice_does_not_click() {
    for max_voices in [1, 2, 4, 8] {
        let mut rig = Rig::with(PlaybackConfig { max_voices, ..PlaybackConfig::default() });
        // Each begins at 0, and gets there slowly.
        let slow = (0..48_000).map(|frame| narrow(0.5 * f64::from(frame.min(2_400)) / 2_400.0));
        rig.load(0, vec![slow.collect()]);
        rig.play(1, 0, params());
        let mut out = rig.left(4_800);
        for voice in 2..2 + 3 * max_voices as u64 {
            rig.play(voice, 0, params());
            out.extend(rig.left(240 / (3 * max_voices)));
        }
        out.extend(rig.left(1_000));
        let step = out.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        // The steepest of a bent fade over 240 frames: 1.5 / 240 of what fades.
        assert!(step < 0.5 * 1.6 / 240.0 * (max_voices + 1) as f32, "{max_voices}: {step}");
    }
}

#[test]
fn a_place_that_was_left_shows_nobody_and_is_the_next_to_be_taken() {
    let mut rig = small(40);
    let stop = |voice| ControlMessage::StopVoice { voice, fade_frames: 0, at_frame: None };
    let mut shown_after = |left: &[u64], plays: &[u64]| -> Vec<u64> {
        left.iter().for_each(|voice| rig.send(stop(*voice)));
        // All of their fades.
        rig.left(RAMP);
        plays.iter().for_each(|voice| rig.play(*voice, 0, params()));
        rig.left(1);
        rig.controller.shared().playheads().iter().map(|head| head.voice).collect()
    };
    assert_eq!(shown_after(&[], &[1, 2, 3, 4]), [1, 2, 3, 4]);
    assert_eq!(shown_after(&[2, 4], &[]), [1, 3]);
    assert_eq!(shown_after(&[], &[5, 6]), [1, 5, 3, 6]);
    assert_eq!(shown_after(&[1, 5, 3], &[]), [6]);
    assert_eq!(shown_after(&[6], &[]), []);
    assert_eq!(shown_after(&[], &[7]), [7]);
}
