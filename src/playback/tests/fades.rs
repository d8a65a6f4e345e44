//! Nothing clicks.
//!
//! A 100 Hz sine of amplitude 0.5 has a second difference of at most 0.5 (2π 100 / 48000)² =
//! 8.6e-5. A fade over 240 frames along 3x² − 2x³ adds at most 0.5 × 6 / 240² = 5.2e-5 at its
//! ends plus 2 × 0.5 × (1.5 / 240) × (2π 100 / 48000) = 8.2e-5 within; a straight ramp between
//! two gains adds a corner of 0.5 / 240 = 2.1e-3. A cut at full level makes one of about 0.5.

use super::*;
use crate::playback::LoopSpan;

/// Any fade stays below this; a click of 1 % of full scale does not.
const BOUND: f32 = 4e-3;
/// What bends instead of having corners stays below this.
const SMOOTH: f32 = 4e-4;

/// A rig that has played a looped sine for a while; its level is 0.5 or near at the next frame.
fn humming() -> Rig {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(100.0, 4800)]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    rig.left(4800 + 120);
    rig
}

/// What is heard around a command: 10 frames before it and 3000 after.
fn around(rig: &mut Rig, messages: impl IntoIterator<Item = ControlMessage>) -> Vec<f32> {
    let mut out = rig.left(10);
    for message in messages {
        rig.send(message);
    }
    out.extend(rig.left(3000));
    out
}

fn set(volume: Option<f32>, pan: Option<f32>) -> ControlMessage {
    ControlMessage::SetVoice {
        voice: 1,
        volume,
        pan,
        speed: None,
        looping: None,
        fade_frames: None,
        at_frame: None,
    }
}

#[test]
fn the_detector_finds_a_planted_click() {
    let clean = sine(100.0, 4800);
    assert!(sharpest(&clean) < 1e-4);
    let mut cut = clean.clone();
    cut[120..].fill(0.0);
    assert!(sharpest(&cut) > 0.4, "a cut at full level");
    let mut tick = clean;
    tick[1000] += 0.01;
    assert!(sharpest(&tick) > BOUND, "a click of 1 % of full scale");
}

#[test]
fn every_way_to_end_fades_within_its_time() {
    let ends = [
        (
            ControlMessage::StopVoice { voice: 1, fade_frames: 240, at_frame: None },
            240,
            EndReason::Stopped,
        ),
        (
            ControlMessage::StopVoice { voice: 1, fade_frames: 2000, at_frame: None },
            2000,
            EndReason::Stopped,
        ),
        (
            ControlMessage::StopSample { slot: 0, fade_frames: 240, at_frame: None },
            240,
            EndReason::Stopped,
        ),
        (ControlMessage::StopAll { fade_frames: 240, at_frame: None }, 240, EndReason::Stopped),
        (ControlMessage::UnloadSample { slot: 0 }, 240, EndReason::Unloaded),
    ];
    for (message, frames, reason) in ends {
        let what = format!("{message:?}");
        let mut rig = humming();
        let out = around(&mut rig, [message]);
        assert!(sharpest(&out) < SMOOTH, "{what}: {}", sharpest(&out));
        assert!(out[10..10 + frames - 1].iter().any(|value| value.abs() > 0.05), "{what}");
        assert!(out[10 + frames..].iter().all(|value| *value == 0.0), "{what}");
        assert_eq!(rig.ends(), [(1, 4930 + frames as u64, reason)], "{what}");
    }
}

#[test]
fn a_stop_without_a_fade_still_takes_a_millisecond() {
    let mut rig = humming();
    let out =
        around(&mut rig, [ControlMessage::StopVoice { voice: 1, fade_frames: 0, at_frame: None }]);
    assert!(sharpest(&out) < BOUND, "{}", sharpest(&out));
    assert_eq!(rig.ends(), [(1, 4930 + 48, EndReason::Stopped)]);
}

#[test]
fn pause_and_resume_fade_and_lose_nothing() {
    let mut rig = humming();
    let out = around(&mut rig, [ControlMessage::PauseVoice { voice: 1, at_frame: None }]);
    assert!(sharpest(&out) < SMOOTH);
    assert!(out[10 + RAMP..].iter().all(|value| *value == 0.0));
    let out = around(&mut rig, [ControlMessage::ResumeVoice { voice: 1, at_frame: None }]);
    assert!(sharpest(&out) < SMOOTH);
    // It went on while it faded, and from there again.
    let resumed = &out[10 + RAMP..];
    let place = 4930 + RAMP + RAMP;
    let expected: Vec<f32> =
        (place..place + resumed.len()).map(|frame| sine(100.0, 4800)[frame % 4800]).collect();
    assert_eq!(resumed, expected);
    assert_eq!(rig.ends(), []);
}

#[test]
fn a_seek_fades_jumps_and_is_there() {
    let mut rig = humming();
    let out =
        around(&mut rig, [ControlMessage::SeekVoice { voice: 1, frame: 360, at_frame: None }]);
    assert!(sharpest(&out) < SMOOTH, "{}", sharpest(&out));
    let sample = sine(100.0, 4800);
    // Down in 240 frames, up in 240 more from the new place.
    assert_eq!(out[10 + 2 * RAMP..], sample[360 + RAMP..][..3000 - 2 * RAMP]);

    let out = around(&mut rig, [ControlMessage::SeekSample { slot: 0, frame: 0, at_frame: None }]);
    // At the beginning the attack is the sample's own.
    assert_eq!(out[10 + RAMP..], sample[..3000 - RAMP]);
}

#[test]
fn a_start_in_the_middle_fades_in_and_one_at_the_beginning_does_not() {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(100.0, 4800)]);
    rig.left(10);
    rig.play(1, 0, VoiceParams { start_frame: 120, ..params() });
    let out = rig.left(1000);
    assert!(out[0].abs() < 1e-3 && sharpest(&out) < SMOOTH, "{}", sharpest(&out));
    assert_eq!(out[RAMP..], sine(100.0, 4800)[120 + RAMP..1120]);

    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; 10]]);
    rig.play(1, 0, params());
    assert_eq!(rig.left(10), [1.0; 10]);
}

#[test]
fn changes_of_gain_take_the_time_they_are_given_in_a_straight_line() {
    let fade_frames = Some(1_000);
    let (volume, pan, speed, looping) = (Some(0.25), None, None, None);
    for message in [
        ControlMessage::SetVoice {
            voice: 1,
            volume,
            pan,
            speed,
            looping,
            fade_frames,
            at_frame: None,
        },
        ControlMessage::SetBus { bus: 0, volume, muted: None, fade_frames, at_frame: None },
        ControlMessage::SetVolume { volume: 0.25, fade_frames, at_frame: None },
    ] {
        let what = format!("{message:?}");
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 10_000]]);
        rig.play(1, 0, params());
        rig.left(100);
        rig.send(message);
        for (frame, value) in rig.left(2_000).into_iter().enumerate() {
            let way = (frame + 1).min(1_000) as f32 / 1_000.0;
            let expected = 0.5 * (1.0 - 0.75 * way);
            assert!((value - expected).abs() < 1e-6, "{what}: {value} at frame {frame}");
        }
    }
}

#[test]
fn of_two_fades_to_one_gain_the_one_that_is_over_first_counts() {
    let to = |fade_frames| ControlMessage::SetVolume { volume: 0.0, fade_frames, at_frame: None };
    for (fades, silent_after) in
        [([Some(10_000), None], RAMP), ([None, Some(10_000)], RAMP), ([Some(10_000), Some(0)], 48)]
    {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 20_000]]);
        rig.play(1, 0, params());
        rig.left(100);
        fades.into_iter().for_each(|fade| rig.send(to(fade)));
        let out = rig.left(2_000);
        assert!(out[silent_after - 2] > 0.0, "{fades:?}");
        assert!(out[silent_after - 1..].iter().all(|value| *value == 0.0), "{fades:?}");
    }
}

#[test]
fn changes_of_gain_are_ramps() {
    for message in [set(Some(0.0), None), set(Some(2.0), None), set(None, Some(1.0))] {
        let what = format!("{message:?}");
        let mut rig = humming();
        let out = around(&mut rig, [message]);
        assert!(sharpest(&out) < 2.0 * BOUND, "{what}: {}", sharpest(&out));
    }
    let mut rig = humming();
    let out = around(
        &mut rig,
        [ControlMessage::SetVolume { volume: 0.25, fade_frames: None, at_frame: None }],
    );
    assert!(sharpest(&out) < BOUND);
    let sample = sine(100.0, 4800);
    for (frame, value) in out.iter().enumerate().skip(10 + RAMP) {
        assert_eq!(*value, sample[(4920 + frame) % 4800] * 0.25);
    }
}

#[test]
fn a_reversal_and_a_standstill_do_not_click() {
    for speed in [-1.0, 0.0, 0.5, 2.0, 1.0] {
        let message = ControlMessage::SetVoice {
            voice: 1,
            volume: None,
            pan: None,
            speed: Some(speed),
            looping: None,
            fade_frames: None,
            at_frame: None,
        };
        let mut rig = humming();
        let out = around(&mut rig, [message]);
        // The speed goes there on a straight way, too: the slope has no step. Of a step of 2 in
        // 240 frames the sine's own slope, 0.5 × 2π 100 / 48000 = 6.5e-3, makes 5.5e-5 per frame.
        assert!(sharpest(&out) < 6e-4, "{speed}: {}", sharpest(&out));
        let silent = out[10 + RAMP..].iter().all(|value| *value == 0.0);
        assert_eq!(silent, speed == 0.0, "{speed}");
    }
}

#[test]
fn a_replaced_sample_plays_on_to_its_end_beside_the_new_one() {
    let old = sine(100.0, 4800);
    let mut rig = Rig::new();
    rig.load(0, vec![old.clone()]);
    rig.play(1, 0, params());
    let mut out = rig.left(1000);
    rig.load(0, vec![vec![0.25; 100]]);
    out.extend(rig.left(1000));
    rig.play(2, 0, params());
    let both = rig.left(2800);
    assert_eq!(out, old[..2000]);
    let expected: Vec<f32> =
        (0..2800).map(|frame| old[2000 + frame] + if frame < 100 { 0.25 } else { 0.0 }).collect();
    assert_eq!(both, expected);
    rig.left(1);
    assert_eq!(rig.ends(), [(2, 2100, EndReason::Finished), (1, 4800, EndReason::Finished)]);
}

#[test]
fn a_fade_of_any_length_is_the_curve_it_should_be() {
    // Two and ten minutes, and one so long that a step of it is less than f32 can add to 1.
    for (fade_frames, heard) in
        [(5_760_000, 5_760_480), (28_800_000, 28_800_480), (u32::MAX, 1_000_000)]
    {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 64]]);
        rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
        rig.left(1);
        rig.send(ControlMessage::StopVoice { voice: 1, fade_frames, at_frame: None });
        for block in 0..heard / 480 {
            let out = rig.left(480);
            // Far apart is enough: what drifts is thousands of frames late or early.
            for frame in [0, 479] {
                let left = 1.0 - (block * 480 + frame + 1) as f64 / f64::from(fade_frames);
                let expected = left.max(0.0).powi(2) * (3.0 - 2.0 * left.max(0.0));
                let off = (f64::from(out[frame]) - expected).abs();
                assert!(
                    off < 1e-6,
                    "{fade_frames}: frame {frame} of block {block} is off by {off}"
                );
            }
        }
        let ended = rig.ends().len();
        assert_eq!(ended, usize::from(fade_frames < u32::MAX), "{fade_frames}");
    }
}

#[test]
fn whatever_stops_a_voice_shortens_a_longer_fade() {
    let stops = [
        (ControlMessage::StopVoice { voice: 1, fade_frames: 480, at_frame: None }, 480),
        (ControlMessage::StopSample { slot: 0, fade_frames: 240, at_frame: None }, RAMP),
        (ControlMessage::StopAll { fade_frames: 240, at_frame: None }, RAMP),
        (ControlMessage::UnloadSample { slot: 0 }, RAMP),
    ];
    for (message, frames) in stops {
        let what = format!("{message:?}");
        let mut rig = humming();
        rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 480_000, at_frame: None });
        rig.left(4800);
        let out = around(&mut rig, [message]);
        assert!(sharpest(&out) < BOUND, "{what}: {}", sharpest(&out));
        let end = 4920 + 4800 + 10 + frames as u64;
        assert_eq!(rig.ends(), [(1, end, EndReason::Stopped)], "{what}: the first reason stays");
        assert!(out[10 + frames..].iter().all(|value| *value == 0.0), "{what}");
    }

    // A longer one does not lengthen it.
    let mut rig = humming();
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 480, at_frame: None });
    rig.left(100);
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 48_000, at_frame: None });
    rig.left(1000);
    assert_eq!(rig.ends(), [(1, 4920 + 480, EndReason::Stopped)]);
}

#[test]
fn what_does_not_sound_yet_starts_at_the_gain_it_was_given() {
    let gains = |voice| ControlMessage::SetVoice {
        voice,
        volume: Some(0.5),
        pan: Some(1.0),
        speed: None,
        looping: None,
        fade_frames: None,
        at_frame: None,
    };
    // Just started, waiting for its frame, and paused before its first one.
    for (at_frame, pause) in [(None, false), (Some(100), false), (None, true)] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 10], vec![0.5; 10]]);
        rig.play(1, 0, VoiceParams { at_frame, ..params() });
        if pause {
            rig.send(ControlMessage::PauseVoice { voice: 1, at_frame: None });
        }
        rig.send(gains(1));
        rig.send(ControlMessage::SetVolume { volume: 0.5, fade_frames: None, at_frame: None });
        rig.left(if at_frame.is_some() || pause { 100 } else { 0 });
        rig.send(ControlMessage::ResumeVoice { voice: 1, at_frame: None });
        let right = 0.5 * std::f32::consts::SQRT_2 * 0.25;
        assert_eq!(rig.render(10), [[0.0; 10], [right; 10]], "{at_frame:?} {pause}");
    }
    // A volume set in silence holds from the first frame on.
    let mut rig = humming();
    rig.send(ControlMessage::StopAll { fade_frames: 240, at_frame: None });
    rig.left(1000);
    rig.send(ControlMessage::SetVolume { volume: 0.0, fade_frames: None, at_frame: None });
    rig.play(2, 0, params());
    assert!(rig.left(1000).iter().all(|value| *value == 0.0));
}

/// The curve of a fade: 3x² − 2x³.
fn curve(way: f64) -> f64 {
    let way = way.clamp(0.0, 1.0);
    way * way * (3.0 - 2.0 * way)
}

#[test]
fn fades_in_and_out_follow_their_curve_frame_by_frame() {
    for speed in [1.0_f64, -1.0, 0.5, 2.0] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 20_000]]);
        let (fade_in_frames, fade_out_frames) = (1_000, 3_000);
        rig.play(1, 0, VoiceParams { speed, fade_in_frames, fade_out_frames, ..params() });
        let length = (20_000.0 / speed.abs()).round();
        let out = rig.left(50_000);
        for (frame, value) in out.iter().enumerate() {
            let (done, left) = (frame as f64 + 1.0, length - 1.0 - frame as f64);
            let expected = curve(done / 1_000.0) * curve(left / 3_000.0);
            // Where a sample begins and ends, what is read between frames rings.
            let tolerance = if speed.abs() == 1.0 { 1e-6 } else { 1e-5 };
            let near_an_end = done < 20.0 || left.abs() < 20.0;
            let off = (f64::from(*value) - expected).abs();
            assert!(near_an_end || off < tolerance, "{speed}, frame {frame}: off by {off}");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let length = length as u64;
        assert_eq!(rig.ends(), [(1, length, EndReason::Finished)], "{speed}");
    }
}

#[test]
fn an_end_within_the_sample_is_exact_and_fades() {
    let sample = sine(100.0, 48_000);
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, VoiceParams { end_frame: 10_120, ..params() });
    let out = rig.left(12_000);
    assert_eq!(out[..10_120 - RAMP], sample[..10_120 - RAMP], "untouched till the fade");
    assert!(sharpest(&out) < SMOOTH, "{}", sharpest(&out));
    assert!(out[10_118] != 0.0 && out[10_119..].iter().all(|value| *value == 0.0));
    assert_eq!(rig.ends(), [(1, 10_120, EndReason::Finished)]);

    // Backwards it begins there, with a fade, and goes to the first frame.
    rig.play(2, 0, VoiceParams { end_frame: 10_120, speed: -1.0, ..params() });
    let out = rig.left(12_000);
    assert!(sharpest(&out[..10_000]) < SMOOTH, "{}", sharpest(&out[..10_000]));
    assert!(out[RAMP..10_120].iter().eq(sample[..10_120 - RAMP].iter().rev()));
    assert_eq!(rig.ends(), [(2, 12_000 + 10_120, EndReason::Finished)]);

    // An end beyond the sample's is that.
    rig.play(3, 0, VoiceParams { end_frame: 48_001, ..params() });
    assert_eq!(rig.left(48_000), sample);
}

#[test]
fn a_fade_towards_an_end_in_the_middle_is_as_short_as_was_asked_for() {
    for fade_out_frames in [1, 4, 100, 239, 1_000] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 5_000]]);
        rig.play(1, 0, VoiceParams { end_frame: 3_000, fade_out_frames, ..params() });
        let out = rig.left(3_500);
        let fade = fade_out_frames as usize;
        assert!(out[..3_000 - fade].iter().all(|value| *value == 1.0), "{fade}");
        for (left, value) in out[..3_000].iter().rev().take(fade).enumerate() {
            let expected = curve(left as f64 / fade as f64);
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{fade}, {left}: {value}");
        }
        assert!(out[3_000..].iter().all(|value| *value == 0.0), "{fade}");
    }
}

#[test]
fn a_looped_voice_fades_only_when_it_plays_on_to_its_end() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; 1_000]]);
    let looping = Looping::WHOLE;
    rig.play(1, 0, VoiceParams { looping, fade_out_frames: 500, ..params() });
    assert_eq!(rig.left(5_000), [1.0; 5_000]);
    rig.send(set_loop(Looping::Off));
    let out = rig.left(1_000);
    for (frame, value) in out.iter().enumerate() {
        let expected = curve((999.0 - frame as f64) / 500.0);
        assert!((f64::from(*value) - expected).abs() < 1e-6, "frame {frame}: {value}");
    }
}

#[test]
fn a_choke_group_fades_the_others_and_only_them() {
    let mut rig = Rig::new();
    for slot in 0..3 {
        rig.load(slot, vec![vec![0.25; 48_000]]);
    }
    rig.play(1, 0, VoiceParams { choke: Some(7), ..params() });
    rig.play(2, 1, VoiceParams { choke: Some(8), ..params() });
    rig.play(3, 2, params());
    rig.left(100);
    // At its frame, not when it is asked for.
    rig.play(4, 1, VoiceParams { choke: Some(7), at_frame: Some(1_000), ..params() });
    assert_eq!(rig.left(900), [0.75; 900]);
    let out = rig.left(1_000);
    for (frame, value) in out.iter().enumerate() {
        let expected = 0.75 + 0.25 * curve(1.0 - (frame as f64 + 1.0) / RAMP as f64);
        assert!((f64::from(*value) - expected).abs() < 1e-6, "frame {frame}: {value}");
    }
    assert_eq!(rig.ends(), [(1, 1_000 + RAMP as u64, EndReason::Choked)]);
    // Of one that does not sound nobody takes notice.
    let retrigger = crate::playback::Retrigger::Ignore;
    rig.play(5, 1, VoiceParams { choke: Some(8), retrigger, ..params() });
    rig.left(1_000);
    assert_eq!(rig.ends(), [(5, 2_000, EndReason::Ignored)]);
}

/// The largest step from frame to frame.
fn steepest(signal: &[f32]) -> f32 {
    signal.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

/// What is heard of a constant that begins softly and fades for `fade_out_frames` towards its end;
/// at frame `at` its loop becomes `then`.
fn constant(
    frames: usize,
    looping: Looping,
    fade_out_frames: u32,
    at: usize,
    then: Looping,
) -> Vec<f32> {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; frames]]);
    rig.play(1, 0, VoiceParams { looping, fade_in_frames: 480, fade_out_frames, ..params() });
    let mut out = rig.left(at);
    let looping = Some(then);
    let (volume, pan, speed) = (None, None, None);
    rig.send(ControlMessage::SetVoice {
        voice: 1,
        volume,
        pan,
        speed,
        looping,
        fade_frames: None,
        at_frame: None,
    });
    out.extend(rig.left(9_600));
    out
}

#[test]
fn a_loop_that_comes_or_goes_within_the_fade_to_the_end_does_not_click() {
    // The steepest that a fade of 5 ms is: 1.5 / 240.
    const BOUND: f32 = 1.6 / RAMP as f32;
    for at in [38_500, 43_200, 47_900] {
        let kept = constant(48_000, Looping::Off, 9_600, at, Looping::WHOLE);
        assert!(steepest(&kept) < BOUND, "a loop comes at {at}: {}", steepest(&kept));
        assert_eq!(kept[kept.len() - 9_000..], [1.0; 9_000], "{at}: and it is as loud as ever");
    }
    for at in [38_500, 43_200, 47_700] {
        let ends = constant(48_000, Looping::WHOLE, 9_600, at, Looping::Off);
        assert!(steepest(&ends) < BOUND, "a loop goes at {at}: {}", steepest(&ends));
        // From half of the fade on it is where it would be without the loop.
        let plain = constant(48_000, Looping::Off, 9_600, at, Looping::Off);
        assert_eq!(ends[at + 240..], plain[at + 240..], "{at}");
    }
    // Rounds that are shorter than the fade.
    let span = LoopSpan { rounds: 3, ..LoopSpan::WHOLE };
    let ends = constant(4_800, Looping::Span(span), 9_600, 20_000, Looping::Off);
    assert!(steepest(&ends) < BOUND, "the last round: {}", steepest(&ends));
    assert!(ends[9_500] == 1.0 && ends[12_000] < 0.3 && ends[14_400] == 0.0);
}

#[test]
fn a_voice_that_is_turned_round_at_its_first_frame_before_it_sounds_begins_softly() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![1.0; 9_600]]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    rig.left(500);
    rig.send(ControlMessage::PauseVoice { voice: 1, at_frame: None });
    rig.left(500);
    rig.send(ControlMessage::SeekVoice { voice: 1, frame: 0, at_frame: None });
    rig.left(500);
    rig.send(set_speed(1, -1.0));
    rig.send(ControlMessage::ResumeVoice { voice: 1, at_frame: None });
    let out = rig.left(500);
    assert!(out[0] < 1e-3, "it begins with {}", out[0]);
    assert_eq!(out[RAMP..], [1.0; 500 - RAMP]);
}

#[test]
fn a_voice_that_comes_to_its_end_while_it_fades_for_a_jump_jumps() {
    let sample = noise(2_000, 31);
    for speed in [1.0, -1.0] {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        rig.play(1, 0, VoiceParams { speed, ..params() });
        rig.left(1_900);
        rig.send(ControlMessage::SeekVoice { voice: 1, frame: 1_000, at_frame: None });
        let out = rig.left(100 + RAMP);
        assert!(out[100].abs() < 1e-3, "{}: it begins softly there", out[100]);
        let expected: Vec<f32> = match speed {
            1.0 => sample[1_000 + RAMP..1_500].to_vec(),
            _ => sample[501..=1_000 - RAMP].iter().rev().copied().collect(),
        };
        assert_eq!(rig.left(500 - RAMP), expected, "{speed}");
        assert_eq!(rig.ends(), []);
    }
    // One that is told to stop, too, ends with its sample.
    let mut rig = Rig::new();
    rig.load(0, vec![sample]);
    rig.play(1, 0, params());
    rig.left(1_900);
    rig.send(ControlMessage::SeekVoice { voice: 1, frame: 1_000, at_frame: None });
    rig.send(ControlMessage::StopVoice { voice: 1, fade_frames: 480, at_frame: None });
    rig.left(500);
    assert_eq!(rig.ends(), [(1, 2_000, EndReason::Stopped)]);
}

#[test]
fn a_pause_or_a_jump_holds_the_fade_that_a_voice_begins_with() {
    let bend = |fade: f32| fade * fade * (3.0 - 2.0 * fade);
    let seek = || ControlMessage::SeekVoice { voice: 1, frame: 100, at_frame: None };
    let held = || {
        let pause = ControlMessage::PauseVoice { voice: 1, at_frame: None };
        (vec![pause], 700, vec![ControlMessage::ResumeVoice { voice: 1, at_frame: None }])
    };
    for (what, (first, silent, then)) in [
        ("a pause", held()),
        ("a jump", (vec![seek()], RAMP, vec![])),
        ("none", (vec![], RAMP, vec![])),
    ] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 48_000]]);
        rig.play(1, 0, VoiceParams { fade_in_frames: 10_000, ..params() });
        rig.left(3_000);
        first.into_iter().for_each(|message| rig.send(message));
        rig.left(silent);
        then.into_iter().for_each(|message| rig.send(message));
        // It has sounded for a fade out, and sounds for a fade in.
        let back = rig.left(2 * RAMP);
        for (frame, value) in (1..).zip(&back[RAMP..]) {
            let sounded = (3_000 + RAMP + RAMP + frame) as f32;
            let expected = bend(sounded / 10_000.0);
            assert!((value - expected).abs() < 1e-5, "{what}, {frame}: {value}, not {expected}");
        }
        assert!(sharpest(&back) < 0.01, "{what}");
    }
}
