//! Playing what is still being decoded.

use super::*;
use crate::buffer::SampleWriter;
use crate::metadata::LoopKind;
use crate::playback::LoopSpan;
use crate::spec::AudioSpec;

/// A rig with a growing sample in slot 0.
fn growing(frames: usize) -> (Rig, SampleWriter) {
    let spec = AudioSpec { sample_rate: RATE, channels: 1 };
    let writer = SampleWriter::with_capacity(spec, frames).expect("memory");
    let mut rig = Rig::new();
    let sample = writer.buffer().expect("its length is known");
    rig.send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None });
    (rig, writer)
}

#[test]
fn a_sample_that_grows_ahead_of_the_playhead_is_bit_exact() {
    let sample = noise(48_000, 13);
    let (mut rig, mut writer) = growing(48_000);
    writer.append(&[&sample[..24_000]]).expect("fits");
    rig.play(1, 0, params());
    let mut out = rig.left(10_000);
    writer.append(&[&sample[24_000..]]).expect("fits");
    writer.finish();
    out.extend(rig.left(38_000));
    assert_eq!(out, sample);
    rig.left(1);
    assert_eq!(rig.ends(), [(1, 48_000, EndReason::Finished)]);
}

#[test]
fn at_an_underrun_a_voice_fades_waits_and_goes_on_where_it_was() {
    let sample = sine(100.0, 48_000);
    let (mut rig, mut writer) = growing(48_000);
    writer.append(&[&sample[..10_000]]).expect("fits");
    rig.play(1, 0, params());
    let mut out = rig.left(20_000);
    let heard = out.iter().rposition(|value| *value != 0.0).expect("something sounded");
    assert!((9000..10_000).contains(&heard), "it stops at frame {heard} of 10000");
    assert_eq!((rig.ends(), rig.controller.shared().underruns()), (vec![], 1));

    writer.append(&[&sample[10_000..11_000]]).expect("fits");
    out.extend(rig.left(1000));
    assert!(out[heard + 1..].iter().all(|value| *value == 0.0), "a little more is not enough");

    writer.append(&[&sample[11_000..]]).expect("fits");
    writer.finish();
    out.extend(rig.left(48_000));
    // From where it stopped to the end, then it is over.
    let (_, end, reason) = rig.ends()[0];
    assert_eq!(reason, EndReason::Finished);
    let end = usize::try_from(end).expect("small");
    // Up to the sample's own end, which is its own affair.
    assert!(sharpest(&out[..end]) < 4e-4, "{}", sharpest(&out[..end]));
    assert_eq!(out[21_000 + RAMP..end], sample[48_000 - (end - 21_000 - RAMP)..]);
    let faded = end - 21_000;
    assert!((48_000 - faded).abs_diff(heard) <= 2, "it went on from {}", 48_000 - faded);
}

#[test]
fn a_voice_on_nothing_yet_waits_and_keeps_its_attack() {
    let (mut rig, mut writer) = growing(9600);
    rig.play(1, 0, params());
    assert!(rig.left(500).iter().all(|value| *value == 0.0));
    writer.append(&[&[0.5; 9600]]).expect("fits");
    assert_eq!(rig.left(10), [0.5; 10]);
    assert_eq!(rig.controller.shared().underruns(), 0, "it had not sounded yet");
}

#[test]
fn backwards_waits_for_the_end() {
    let sample = noise(2000, 14);
    let (mut rig, mut writer) = growing(2000);
    writer.append(&[&sample]).expect("fits");
    rig.play(1, 0, VoiceParams { speed: -1.0, ..params() });
    assert!(rig.left(500).iter().all(|value| *value == 0.0));
    writer.finish();
    let reversed: Vec<f32> = sample.into_iter().rev().collect();
    assert_eq!(rig.left(2000), reversed);
}

#[test]
fn a_load_that_fails_fades_its_voices_within_10_ms() {
    let (mut rig, mut writer) = growing(48_000);
    writer.append(&[&sine(100.0, 20_000)]).expect("fits");
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    let mut out = rig.left(120);
    rig.send(ControlMessage::UnloadSample { slot: 0 });
    out.extend(rig.left(1000));
    assert!(sharpest(&out) < 4e-4);
    assert!(out[120 + 480..].iter().all(|value| *value == 0.0));
    assert_eq!(rig.controller.collect(), 1);
}

#[test]
fn backwards_from_the_middle_ends_at_the_beginning_or_waits_there_for_the_end() {
    let sample = sine(100.0, 48_000);
    for looped in [false, true] {
        let (mut rig, mut writer) = growing(48_000);
        writer.append(&[&sample[..24_000]]).expect("fits");
        rig.play(
            1,
            0,
            VoiceParams { speed: -1.0, start_frame: 12_000, looping: looped.into(), ..params() },
        );
        let mut out = rig.left(20_000);
        let heard = out.iter().rposition(|value| *value != 0.0).expect("something sounded");
        let ends = rig.ends();
        if looped {
            assert_eq!(ends, []);
            assert!((11_000..12_001).contains(&heard), "it waits at frame {heard}");
            writer.append(&[&sample[24_000..]]).expect("fits");
            writer.finish();
            out.extend(rig.left(20_000));
            assert!(sharpest(&out) < 4e-4, "{}", sharpest(&out));
            // Round the corner, from where it stopped: the fade's last frame was silent.
            let place = |frame: usize| (60_000 - heard - 2 - (frame - 20_000)) % 48_000;
            for (frame, value) in out.iter().enumerate().skip(20_000 + RAMP) {
                let near = [0, 1, 2].map(|off| sample[(place(frame) + off + 47_999) % 48_000]);
                assert!(near.contains(value), "frame {frame}: {value} is none of {near:?}");
            }
        } else {
            assert_eq!(ends, [(1, 12_001, EndReason::Finished)]);
            let reversed = sample[..=12_000 - RAMP].iter().rev();
            assert!(out[RAMP..12_001].iter().eq(reversed));
        }
    }
}

#[test]
fn a_counted_loop_that_ends_within_a_block_waits_for_what_comes_behind_it() {
    let (mut rig, mut writer) = growing(9600);
    writer.append(&[&[0.5; 480 + 640]]).expect("fits");
    let span = LoopSpan { start_frame: 0, end_frame: 480, kind: LoopKind::Forward, rounds: 2 };
    rig.play(1, 0, VoiceParams { speed: 16.0, looping: Looping::Span(span), ..params() });
    // 4,096 frames of the sample, of which the loop has 960.
    assert_eq!(rig.left(256), [0.0; 256]);
    writer.append(&[&[0.5; 9600 - 480 - 640]]).expect("fits");
    writer.finish();
    assert!(rig.left(500).iter().all(|value| (value - 0.5).abs() < 1e-3));
}

#[test]
fn there_and_back_it_begins_as_one_that_is_all_there() {
    let sample = noise(9600, 27);
    let span =
        LoopSpan { start_frame: 0, end_frame: u64::MAX, kind: LoopKind::PingPong, rounds: 0 };
    let play = |rig: &mut Rig| {
        rig.play(1, 0, VoiceParams { speed: 0.7, looping: Looping::Span(span), ..params() });
        rig.left(1000)
    };
    let mut whole = Rig::new();
    whole.load(0, vec![sample.clone()]);
    let (mut rig, mut writer) = growing(9600);
    writer.append(&[&sample[..4800]]).expect("fits");
    assert_eq!(play(&mut rig), play(&mut whole));
}

#[test]
fn a_voice_that_stands_waits_for_what_is_not_there_yet_and_is_over_if_nothing_comes() {
    let (mut rig, mut writer) = growing(9600);
    writer.append(&[&[0.5; 1000]]).expect("fits");
    for (voice, start_frame) in [(1, 1_299), (2, 1_300), (3, 100)] {
        rig.play(voice, 0, VoiceParams { speed: 0.0, start_frame, ..params() });
    }
    rig.left(500);
    assert_eq!(rig.ends(), []);
    writer.append(&[&[0.5; 300]]).expect("fits");
    writer.finish();
    rig.left(500);
    assert_eq!(rig.ends(), [(2, 500, EndReason::Finished)]);
}
