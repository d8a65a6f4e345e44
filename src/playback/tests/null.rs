//! What must come out exactly as it went in.

use super::*;

#[test]
fn a_sample_at_unity_comes_out_bit_exact_from_its_first_frame() {
    let (left, right) = (noise(1000, 1), noise(1000, 2));
    let mut rig = Rig::new();
    rig.load(5, vec![left.clone(), right.clone()]);
    rig.play(1, 5, params());
    let out = rig.render(1200);
    assert_eq!(out[0][..1000], left);
    assert_eq!(out[1][..1000], right);
    assert!(out.iter().all(|plane| plane[1000..].iter().all(|value| *value == 0.0)));
    let expected = [
        PlaybackEvent::Started { voice: 1, slot: 5, frame: 0 },
        PlaybackEvent::Ended { voice: 1, slot: 5, frame: 1000, reason: EndReason::Finished },
    ];
    assert_eq!(rig.events(), expected);
}

#[test]
fn the_block_size_changes_nothing() {
    let script = |sizes: &[usize]| {
        let mut rig = Rig::new();
        rig.load(0, vec![noise(3000, 3)]);
        rig.play(1, 0, VoiceParams { speed: 0.73, volume: 0.5, pan: -0.4, ..params() });
        rig.play(2, 0, VoiceParams { start_frame: 100, looping: Looping::WHOLE, ..params() });
        rig.play(3, 0, VoiceParams { speed: -1.9, at_frame: Some(777), ..params() });
        rig.send(ControlMessage::SetVolume { volume: 0.9, fade_frames: None, at_frame: None });
        let mut out = Vec::new();
        for size in sizes.iter().cycle() {
            let size = (*size).min(6000 - out.len());
            out.extend(rig.left(size));
            if out.len() == 6000 {
                return out;
            }
        }
        out
    };
    let whole = script(&[6000]);
    assert!(sharpest(&whole) > 0.1, "it is not silent");
    for sizes in [&[1][..], &[64], &[256], &[1, 255, 257, 1000, 3]] {
        assert_eq!(script(sizes), whole, "blocks of {sizes:?}");
    }
}

#[test]
fn volume_scales_and_voices_add_up() {
    let (a, b) = (noise(500, 4), noise(500, 5));
    let mut rig = Rig::new();
    rig.load(0, vec![a.clone()]);
    rig.load(1, vec![b.clone()]);
    rig.play(1, 0, VoiceParams { volume: 0.5, ..params() });
    rig.play(2, 1, VoiceParams { volume: 4.0, ..params() });
    // Powers of two: the products are exact, one rounding is left in the sum.
    let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a * 0.5 + b * 4.0).collect();
    assert_eq!(rig.left(500), expected, "and nothing is clipped");
}

#[test]
fn a_loop_has_no_seam() {
    let sample = noise(300, 6);
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    let expected: Vec<f32> = sample.iter().copied().cycle().take(2000).collect();
    assert_eq!(rig.left(2000), expected);

    // A change of mind lets the round end.
    rig.send(set_loop(Looping::Off));
    let out = rig.left(300);
    assert_eq!(out[..100], sample[200..]);
    assert!(out[100..].iter().all(|value| *value == 0.0));
    assert_eq!(rig.ends(), [(1, 2100, EndReason::Finished)]);
}

#[test]
fn an_unplayed_renderer_is_silent_and_counts_time() {
    let mut rig = Rig::new();
    assert!(rig.left(100).iter().all(|value| *value == 0.0));
    let mut odd = [f32::NAN; 7];
    rig.renderer.render(&mut odd);
    assert_eq!(odd, [0.0; 7], "an incomplete frame is silence");
    rig.renderer.render(&mut []);
    let shared = rig.controller.shared();
    assert_eq!((shared.clock_frames(), shared.callbacks()), (103, 2));
}

#[test]
fn nonsense_is_survived() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![]]);
    rig.load(1, vec![noise(100, 7)]);
    for (voice, slot, looped) in [(1, 0, true), (2, 0, false), (3, u32::MAX, false)] {
        rig.play(voice, slot, VoiceParams { looping: looped.into(), ..params() });
    }
    let odd = VoiceParams {
        volume: f32::NAN,
        pan: f32::INFINITY,
        speed: f64::NEG_INFINITY,
        start_frame: u64::MAX,
        ..params()
    };
    rig.play(4, 1, odd);
    rig.play(5, 1, VoiceParams { looping: Looping::WHOLE, ..odd });
    rig.send(ControlMessage::SetVolume { volume: f32::NAN, fade_frames: None, at_frame: None });
    rig.send(ControlMessage::SetSpeed { speed: f64::NAN, at_frame: None });
    rig.send(ControlMessage::SeekVoice { voice: 5, frame: u64::MAX, at_frame: None });
    rig.send(ControlMessage::StopVoice { voice: 99, fade_frames: 0, at_frame: None });
    rig.send(ControlMessage::UnloadSample { slot: u32::MAX });
    for _ in 0..20 {
        assert!(rig.render(100).iter().flatten().all(|value| value.is_finite()));
    }
    assert_eq!(rig.controller.shared().callback_panics(), 0);
    let mut ended: Vec<_> = rig.ends().into_iter().map(|(voice, ..)| voice).collect();
    ended.sort_unstable();
    assert_eq!(ended, [1, 2, 3, 4]);
}
