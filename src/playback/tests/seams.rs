//! Loops of another rate: what is heard is what the file would be at its own, by mathematics.

use std::ops::Range;

use super::events::Dice;
use super::*;
use crate::metadata::LoopKind;
use crate::playback::LoopSpan;

/// A sample as a load makes it of `planes` of another rate, and of a loop in them.
pub(super) fn converted(
    from: u32,
    planes: &[Vec<f32>],
    own_loop: Option<Range<u64>>,
) -> Arc<SampleBuffer> {
    crate::testing::converted((from, RATE), planes, own_loop)
}

/// A cosine of amplitude 0.5 that has `periods` periods in `frames` frames: not the least of it lies
/// at its ends.
fn periods(periods: f64, frames: f64, at: f64) -> f64 {
    0.5 * (TAU * periods * at / frames + 1.0).cos()
}

#[test]
fn a_loop_of_another_rate_follows_on_itself_as_if_it_had_always_been() {
    for (from, frames, tone) in [
        (44_100, 10_007, 227.0),
        (44_100, 88_200, 2_000.0),
        (96_000, 30_011, 1_501.0),
        (8_000, 4_001, 401.0),
        (22_050, 661, 30.0),
        // Shorter than what is read round a place, and a single frame more.
        (44_100, 25, 1.0),
        (44_100, 100, 3.0),
        (11_025, 1_030, 77.0),
    ] {
        let file: Vec<f32> = (0..frames)
            .map(|frame| narrow(periods(tone, f64::from(frames), f64::from(frame))))
            .collect();
        let sample = converted(from, &[file], None);
        let ratio = f64::from(from) / f64::from(RATE);
        for speed in [1.0, 0.7, 1.3, -1.0] {
            let mut rig = Rig::new();
            rig.lend(0, &sample);
            rig.play(1, 0, VoiceParams { speed, looping: Looping::WHOLE, ..params() });
            // The first round is what the sample is by itself.
            let length = sample.ready_frames();
            let first = 2 * length + 400;
            let out = rig.left(first + 150_000);
            let start = if speed < 0.0 { length as f64 - 1.0 } else { 0.0 };
            let snr = snr_db(&out[first..], |frame| {
                let at = (start + speed * (frame + first) as f64) * ratio;
                periods(tone, f64::from(frames), at)
            });
            assert!(snr > 75.0, "{frames} frames at {from}, speed {speed}: {snr:.1} dB");
        }
    }
}

/// Where a cosine of [`periods`] is that `heard` shows, by least squares: its phase in frames of a
/// sample in which it has a period every `period` frames.
fn place_of(heard: &[f32], period: f64) -> f64 {
    let sum = |part: fn(f64) -> f64| -> f64 {
        let weigh =
            |(frame, value): (usize, &f32)| f64::from(*value) * part(TAU * frame as f64 / period);
        heard.iter().enumerate().map(weigh).sum()
    };
    // cos(a + b) = cos(a) cos(b) − sin(a) sin(b), over whole periods.
    (f64::atan2(-sum(f64::sin), sum(f64::cos)) - 1.0) / TAU * period
}

#[test]
fn a_long_loop_of_another_rate_is_read_frame_by_frame_and_keeps_its_time() {
    // 24 frames a period at 48 kHz, and a round of 48,001.09 frames.
    let (frames, tone) = (44_101_u32, 2_000.0);
    let round = f64::from(frames) * 48_000.0 / 44_100.0;
    let period = round / tone;
    let file: Vec<f32> = (0..frames)
        .map(|frame| narrow(periods(tone, f64::from(frames), f64::from(frame))))
        .collect();
    let sample = converted(44_100, &[file], None);
    let mut rig = Rig::new();
    rig.lend(0, &sample);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    let plane = sample.plane(0);
    assert_eq!(rig.left(47_000), plane[..47_000]);
    let corner = sharpest(&plane[1_000..2_000]);
    let mut at = 47_000;
    for number in 1..60_u32 {
        // Over the seam, and the glide behind it.
        let out = rig.left(4_000);
        assert!(sharpest(&out) < 1.02 * corner, "round {number}: {}", sharpest(&out));
        let heard = rig.left(44_000 - 120);
        at += 4_000;
        let exact = f64::from(at) - f64::from(number) * round;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let nearest = exact.round() as usize;
        assert_eq!(heard, plane[nearest..][..heard.len()], "round {number}, {exact}");
        at += 44_000 - 120;
        // The same by ear: at most half a frame off.
        let place = place_of(&heard[..24_000], period);
        let off = (place - exact).rem_euclid(period);
        assert!(off.min(period - off) < 0.51, "round {number}: {off}");
        // On to 1,000 frames in front of the next end.
        let next = f64::from(number + 1) * round - 1_000.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let next = next as u32;
        rig.left((next - at) as usize);
        at = next;
    }
    // As often as it went round, at the exact times.
    let rounds = rig.events().into_iter().filter_map(|event| match event {
        PlaybackEvent::Looped { frame, rounds, .. } => Some((rounds, frame)),
        _ => None,
    });
    let rounds: Vec<_> = rounds.collect();
    assert_eq!(rounds.len(), 59);
    for (number, frame) in rounds {
        let exact = number as f64 * round;
        assert!((frame as f64 - exact).abs() < 1.01, "round {number} at {frame}, not {exact}");
    }
}

#[test]
fn a_file_s_own_loop_at_another_rate_is_as_long_as_the_file_says() {
    // Rate, attack, loop and release in frames, periods in the loop.
    for (from, attack, round, release, tone) in [
        (44_100, 1_003_u32, 2_014_u32, 500_u32, 40.0),
        (44_100, 1_003, 2_014, 0, 40.0),
        // One period, of 1,002 Hz, and two; to the end of the file and not.
        (44_100, 3_001, 44, 0, 1.0),
        (44_100, 3_001, 89, 2_000, 2.0),
        (22_050, 1, 300, 0, 7.0),
        (96_000, 5_000, 7_777, 10, 200.0),
        (8_000, 100, 1_601, 333, 99.0),
    ] {
        let (frames, begin) = (attack + round + release, f64::from(attack));
        let outside = noise(frames as usize, 31);
        let at = |frame: f64| periods(tone, f64::from(round), frame - begin);
        let file: Vec<f32> = (0..frames)
            .map(|frame| match (attack..attack + round).contains(&frame) {
                true => narrow(at(f64::from(frame))),
                false => outside[frame as usize],
            })
            .collect();
        let range = u64::from(attack)..u64::from(attack + round);
        let sample = converted(from, &[file], Some(range.clone()));
        let ratio = f64::from(from) / f64::from(RATE);
        // As metadata are placed: to the nearest frame.
        let placed = |frame: u64| (2 * frame * 48_000 + u64::from(from)) / (2 * u64::from(from));
        let (start_frame, end_frame) = (placed(range.start), placed(range.end));
        let own = LoopSpan { start_frame, end_frame, kind: LoopKind::Forward, rounds: 0 };
        for speed in [1.0, 0.8, 1.3] {
            let mut rig = Rig::new();
            rig.send(ControlMessage::LoadSample {
                slot: 0,
                sample: Arc::clone(&sample),
                own_loop: Some(own),
            });
            rig.play(1, 0, VoiceParams { speed, looping: Looping::Sample, ..params() });
            // The first round comes out of the attack.
            let first = 2 * sample.ready_frames() + 400;
            let out = rig.left(first + 100_000);
            let snr = snr_db(&out[first..], |frame| at(speed * (frame + first) as f64 * ratio));
            assert!(snr > 70.0, "{round} of {frames} frames at {from}, speed {speed}: {snr:.1} dB");
        }
    }
}

#[test]
fn a_voice_goes_round_a_loop_of_another_rate_both_ways_for_ever() {
    for frames in 44_100_u32..44_116 {
        let tone = 2_000.0;
        let file: Vec<f32> = (0..frames)
            .map(|frame| narrow(periods(tone, f64::from(frames), f64::from(frame))))
            .collect();
        let sample = converted(44_100, &[file], None);
        let mut rig = Rig::new();
        rig.lend(0, &sample);
        rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
        let mut dice = Dice(u64::from(frames));
        let mut ways = vec![(72_000, -1.0), (48_000, 1.0)];
        ways.extend(
            (0..20)
                .map(|_| (1 + dice.size(60_000), [1.0, -1.0, 0.7, -0.5, 1.0, -1.0][dice.size(6)])),
        );
        for (frames, speed) in ways {
            for _ in 0..frames / 480 {
                rig.left(480);
                let place = rig.controller.shared().playheads()[0].position_frames;
                assert!((0.0..=sample.ready_frames() as f64).contains(&place), "{place}");
            }
            rig.send(set_speed(1, speed));
        }
        rig.left(480);
        let loudest = rig.left(4_800).iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
        assert!((0.49..0.52).contains(&loudest), "{frames}: {loudest}");
        assert_eq!(rig.ends(), [], "{frames}");
    }
}

#[test]
fn the_last_round_ends_as_the_sample_does() {
    for (frames, own) in [(44_101_u32, None), (44_107, None), (44_103, Some(1_000..44_104))] {
        let file = noise(frames as usize, 34);
        let sample = converted(44_100, &[file], own.clone());
        let length = sample.ready_frames() as u64;
        let seam = sample.seams().last().expect("has one");
        let span = LoopSpan {
            start_frame: seam.start,
            end_frame: seam.end,
            kind: LoopKind::Forward,
            rounds: 0,
        };
        let mut rig = Rig::new();
        rig.lend(0, &sample);
        rig.play(1, 0, VoiceParams { looping: Looping::Span(span), ..params() });
        // Behind the glide of the third round.
        rig.left(110_000);
        rig.send(set_loop(Looping::Off));
        rig.left(1);
        let round = (seam.end - seam.start) as f64 - seam.short_by as f64 / 2.0_f64.powi(32);
        let exact = length as f64 + 2.0 * round;
        let out = rig.left(50_000);
        let plane = sample.plane(0);
        let ended = rig.ends();
        let [(1, frame, EndReason::Finished)] = ended[..] else { panic!("{ended:?}") };
        assert!((frame as f64 - exact).abs() <= 0.5, "{frames}: at {frame}, not {exact}");
        #[allow(clippy::cast_possible_truncation, reason = "far below")]
        let last = frame as usize - 110_001;
        assert_eq!(out[last - 10_000..last], plane[plane.len() - 10_000..], "{frames}");
        assert!(out[last..].iter().all(|value| *value == 0.0), "{frames}");
    }
}

#[test]
fn the_cut_into_blocks_changes_nothing_in_a_loop_that_glides() {
    let sample = converted(44_100, &[noise(17_003, 33)], None);
    let render = |sizes: &mut Dice| {
        let mut rig = Rig::new();
        rig.lend(0, &sample);
        rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
        let mut out = Vec::new();
        // Through a glide, out of it, and back to its own pace somewhere else.
        for (frames, speed) in
            [(60_000, 1.1), (3_000, 1.0), (21_000, -1.0), (40_000, 1.0), (50_000, 1.0)]
        {
            let mut left = frames;
            while left > 0 {
                let size = (1 + sizes.size(1_500)).min(left);
                out.extend(rig.left(size));
                left -= size;
            }
            rig.send(set_speed(1, speed));
        }
        out
    };
    let whole = render(&mut Dice(0));
    for cut in 1..6 {
        let other = render(&mut Dice(cut));
        let differs = whole.iter().zip(&other).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!((differs, whole.len()), (None, other.len()), "cut {cut}");
    }
}
