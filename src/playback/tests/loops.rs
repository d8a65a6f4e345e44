//! Loops as they are heard.

use super::*;
use crate::metadata::LoopKind;
use crate::playback::LoopSpan;

fn span(start_frame: u64, end_frame: u64, kind: LoopKind) -> LoopSpan {
    LoopSpan { start_frame, end_frame, kind, rounds: 0 }
}

#[test]
fn a_region_is_repeated_to_the_bit_and_left_again() {
    let sample = noise(1000, 20);
    let forwards: Vec<f32> = sample[300..500].to_vec();
    let there_and_back: Vec<f32> = forwards.iter().chain(forwards.iter().rev()).copied().collect();
    let back: Vec<f32> = forwards.iter().rev().copied().collect();
    let cases = [
        (LoopKind::Forward, &[][..], &forwards),
        (LoopKind::PingPong, &[][..], &there_and_back),
        (LoopKind::Backward, &forwards, &back),
    ];
    for (kind, before, round) in cases {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        let looping = Looping::Span(span(300, 500, kind));
        rig.play(1, 0, VoiceParams { looping, ..params() });
        let expected: Vec<f32> = sample[..300]
            .iter()
            .chain(before)
            .copied()
            .chain(round.iter().copied().cycle())
            .take(2350)
            .collect();
        let heard: Vec<f32> = (0..47).flat_map(|_| rig.left(50)).collect();
        assert_eq!(heard, expected, "{kind:?}");
        let rounds = rig.events().into_iter().filter_map(|event| match event {
            PlaybackEvent::Looped { frame, rounds, .. } => Some((frame, rounds)),
            _ => None,
        });
        let turns: Vec<_> = (1..=10).map(|round| (300 + 200 * round, round)).collect();
        assert_eq!(rounds.collect::<Vec<_>>(), turns, "{kind:?}");
    }
}

#[test]
fn a_file_s_own_loop_is_followed_as_often_as_it_says() {
    let sample = noise(1000, 21);
    let own = LoopSpan { rounds: 3, ..span(300, 500, LoopKind::Forward) };
    for (own_loop, expected) in [
        (Some(own), [&sample[..500], &sample[300..500], &sample[300..]].concat()),
        (None, sample.clone()),
    ] {
        let mut rig = Rig::new();
        let buffer = SampleBuffer::from_planes(RATE, vec![sample.clone()]).expect("valid");
        rig.send(ControlMessage::LoadSample { slot: 0, sample: buffer, own_loop });
        rig.play(1, 0, VoiceParams { looping: Looping::Sample, ..params() });
        let out = rig.left(2000);
        assert_eq!(out[..expected.len()], expected);
        assert!(out[expected.len()..].iter().all(|value| *value == 0.0));
    }
}

/// To the bit: both are added up in the same order, at the same cost. Backwards it is another order.
#[test]
fn a_loop_of_few_frames_is_what_it_repeats_laid_out() {
    for length in [1, 2, 7, 40, 300] {
        let forwards = noise(length, 24);
        let back = forwards.iter().rev().copied();
        let there_and_back: Vec<f32> = forwards.iter().copied().chain(back).collect();
        let kinds =
            [(LoopKind::Forward, forwards, 0.0), (LoopKind::PingPong, there_and_back, 1e-6)];
        for (kind, round, tolerance) in kinds {
            let laid_out: Vec<f32> = round.iter().copied().cycle().take(90_000).collect();
            // At the start of a round, and so far on that nothing before the sample is read.
            let start = (100 * round.len()) as u64;
            let looping = Looping::Span(span(start, start + length as u64, kind));
            for speed in [0.3, 1.06, 4.0] {
                let heard = [Looping::Off, looping].map(|looping| {
                    let mut rig = Rig::new();
                    rig.load(0, vec![laid_out.clone()]);
                    rig.play(1, 0, VoiceParams { looping, speed, start_frame: start, ..params() });
                    rig.left(700)
                });
                let [straight, looped] = heard;
                let differs =
                    |(straight, looped): (&f32, &f32)| (straight - looped).abs() > tolerance;
                let first = straight.iter().zip(&looped).position(differs);
                assert_eq!(first, None, "{kind:?} of {length} at {speed}");
            }
        }
    }
}

#[test]
fn a_seam_between_frames_is_made_of_what_comes_next() {
    // Ten periods from frame 480 on; frames before and after them are something else.
    let mut sample = noise(480, 22);
    sample.extend(sine(1000.0, 480));
    sample.extend(noise(480, 23));
    for speed in [0.7, 1.25, -0.9] {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        let looping = Looping::Span(span(480, 960, LoopKind::Forward));
        let start_frame = if speed > 0.0 { 480 } else { 959 };
        rig.play(1, 0, VoiceParams { speed, looping, start_frame, ..params() });
        // The first round has what came before it on its other side, and the fade of a start.
        let skipped = 2000;
        let out = rig.left(12_000);
        let start = start_frame as f64 - 480.0;
        let snr = snr_db(&out[skipped..], |frame| {
            sine_at(1000.0, start + speed * (frame + skipped) as f64)
        });
        assert!(snr > 80.0, "{speed}: {snr:.1} dB");
    }
}

#[test]
fn there_and_back_between_frames_is_one_long_cosine() {
    // Mirrored at both ends, half a frame beyond them, this cosine is itself.
    let at = |frame: f64| 0.5 * (std::f64::consts::PI * 20.0 * (frame + 0.5) / 480.0).cos();
    let sample: Vec<f32> = (0..480).map(|frame| narrow(at(f64::from(frame)))).collect();
    for speed in [0.7, 1.3, 3.1] {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        let looping = Looping::Span(span(0, u64::MAX, LoopKind::PingPong));
        rig.play(1, 0, VoiceParams { speed, looping, ..params() });
        let snr = snr_db(&rig.left(10_000), |frame| at(speed * frame as f64));
        assert!(snr > 80.0, "{speed}: {snr:.1} dB");
    }
}

#[test]
fn a_loop_that_is_moved_takes_the_voice_along_without_a_click() {
    let mut rig = Rig::new();
    rig.load(0, vec![sine(100.0, 48_000)]);
    rig.play(1, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
    let mut out = rig.left(30_120);
    // Behind the voice: it jumps back into the loop, by whole lengths of that.
    rig.send(set_loop(Looping::Span(span(4_800, 9_600, LoopKind::Forward))));
    out.extend(rig.left(2 * RAMP));
    assert!(sharpest(&out) < 4e-4, "{}", sharpest(&out));
    // On the beat: where it would be had it gone round that loop all the time.
    let place = 4_800 + (30_120 + 2 * RAMP - 4_800) % 4_800;
    assert_eq!(rig.left(100), sine(100.0, 48_000)[place..place + 100]);

    // Ahead of the voice: nothing changes till it is there.
    let mut rig = Rig::new();
    let sample = noise(2000, 24);
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, params());
    assert_eq!(rig.left(500), sample[..500]);
    rig.send(set_loop(Looping::Span(span(1_000, 1_500, LoopKind::Forward))));
    let expected = [&sample[500..1_500], &sample[1_000..1_500]].concat();
    assert_eq!(rig.left(1_500), expected);
}

#[test]
fn a_moved_loop_keeps_the_beat_whatever_the_voice_does() {
    // Each frame is its own number in 10,000ths: what is heard is where the voice is.
    let sample: Vec<f32> = (0..10_000).map(|frame| frame as f32 / 10_000.0).collect();
    let moved = || set_loop(Looping::Span(span(100, 1_000, LoopKind::Forward)));
    let elsewhere = || set_loop(Looping::Span(span(2_000, 2_700, LoopKind::Forward)));
    let pause = || ControlMessage::PauseVoice { voice: 1, at_frame: None };
    let resume = || ControlMessage::ResumeVoice { voice: 1, at_frame: None };
    let seek = |frame| ControlMessage::SeekVoice { voice: 1, frame, at_frame: None };
    // From frame 5,000 on: what is sent, frames, what is sent, and where it is 479 frames later,
    // having faded out and in.
    let (now, then) = (5_000, 2 * RAMP - 1);
    for (what, before, frames, after, place) in [
        ("it plays", vec![], 0, vec![moved()], now + then),
        ("it opens", vec![pause()], 100, vec![resume(), moved()], now + 100 + then),
        // Half of the way there it was as slow as before.
        (
            "it is faster",
            vec![set_speed(1, 2.0)],
            1_000,
            vec![moved()],
            now + 2 * (1_000 + then) - RAMP / 2,
        ),
        ("it is paused", vec![pause()], 300, vec![moved(), resume()], now + RAMP + then),
        ("it pauses", vec![pause(), moved()], 300, vec![resume()], now + RAMP + then),
        ("it moves on", vec![], 0, vec![elsewhere(), moved()], now + then),
        ("it was sought", vec![], 0, vec![seek(300), moved()], 300 + RAMP - 1),
        ("it was sought far", vec![], 0, vec![seek(2_000), moved()], 2_000 + RAMP - 1),
    ] {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        rig.play(1, 0, params());
        rig.left(now);
        before.into_iter().for_each(|message| rig.send(message));
        rig.left(frames);
        after.into_iter().for_each(|message| rig.send(message));
        let heard = rig.left(then + 1)[then] * 10_000.0;
        let expected = (100 + (place - 100) % 900) as f32;
        assert!((heard - expected).abs() < 1.1, "{what}: at {heard}, not at {expected}");
    }
}

#[test]
fn a_loop_that_was_taken_away_is_none_any_more() {
    let sample = noise(2_000, 26);
    let off = || set_loop(Looping::Off);
    let seek = |frame| ControlMessage::SeekVoice { voice: 1, frame, at_frame: None };
    for kind in [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward] {
        let play = |at_frame| {
            let mut rig = Rig::new();
            rig.load(0, vec![sample.clone()]);
            let looping = Looping::Span(span(100, 200, kind));
            rig.play(1, 0, VoiceParams { looping, at_frame, ..params() });
            rig
        };
        // Before it sounds.
        for at_frame in [None, Some(50)] {
            let mut rig = play(at_frame);
            rig.send(off());
            rig.left(at_frame.map_or(0, |_| 50));
            assert_eq!(rig.left(2_000), sample, "{kind:?}, {at_frame:?}");
        }
        // Before a jump, and while it fades for one.
        for commands in [[off(), seek(0)], [seek(0), off()]] {
            let mut rig = play(None);
            rig.left(150);
            commands.into_iter().for_each(|command| rig.send(command));
            rig.left(RAMP);
            assert_eq!(rig.left(2_000), sample, "{kind:?}");
        }
    }
    // While the voice fades to jump into it.
    let mut rig = Rig::new();
    rig.load(0, vec![sample.clone()]);
    rig.play(1, 0, params());
    rig.left(1_000);
    rig.send(set_loop(Looping::Span(span(100, 200, LoopKind::Forward))));
    rig.left(RAMP / 2);
    rig.send(off());
    rig.left(RAMP);
    assert_eq!(rig.left(100), sample[1_000 + RAMP / 2 + RAMP..][..100]);
    // Given back on the way back: the voice stays in it.
    let mut rig = Rig::new();
    rig.load(0, vec![sample]);
    let looping = Looping::Span(span(100, 200, LoopKind::PingPong));
    rig.play(1, 0, VoiceParams { looping, ..params() });
    rig.left(250);
    rig.send(off());
    rig.send(set_loop(looping));
    rig.left(5_000);
    assert_eq!(rig.ends(), []);
}

#[test]
fn a_voice_that_turns_round_behind_its_loop_reads_what_is_there() {
    // Each frame is its own number in 10,000ths: what is heard is where the voice is.
    let sample: Vec<f32> = (0..10_000).map(|frame| frame as f32 / 10_000.0).collect();
    for kind in [LoopKind::Forward, LoopKind::PingPong] {
        let mut rig = Rig::new();
        rig.load(0, vec![sample.clone()]);
        let looping = Looping::Span(LoopSpan { rounds: 2, ..span(1_000, 2_000, kind) });
        rig.play(1, 0, VoiceParams { looping, ..params() });
        while rig.left(1)[0] < 0.35 {}
        rig.send(set_speed(1, -1.0));
        let out = rig.left(1_000);
        assert!((out[RAMP] - 0.35).abs() < 1e-3, "{kind:?}: {}", out[RAMP]);
        // A frame's way, and what an interpolator makes of that.
        let steepest = out.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 1.1e-4, "{kind:?}: a step of {steepest}");
    }
}

#[test]
fn a_growing_sample_is_looped_as_soon_as_the_loop_is_there() {
    let spec = crate::spec::AudioSpec { sample_rate: RATE, channels: 1 };
    let mut writer = crate::buffer::SampleWriter::with_capacity(spec, 48_000).expect("memory");
    let sample = writer.buffer().expect("its length is known");
    let mut rig = Rig::new();
    rig.send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None });
    let head = noise(2_000, 25);
    writer.append(&[&head]).expect("fits");
    let looping = Looping::Span(span(500, 1_500, LoopKind::Forward));
    rig.play(1, 0, VoiceParams { looping, ..params() });
    let expected: Vec<f32> = head[..500]
        .iter()
        .copied()
        .chain(head[500..1_500].iter().copied().cycle())
        .take(5_000)
        .collect();
    assert_eq!(rig.left(5_000), expected);
    assert_eq!(rig.controller.shared().underruns(), 0);
}

/// How far voice 1 is in front of voice 2, which goes round `round` frames.
fn lead(rig: &Rig, round: f64) -> f64 {
    let heads = rig.controller.shared().playheads();
    let place = |voice| heads.iter().find(|head| head.voice == voice).expect("it plays");
    let lead = place(1).position_frames - place(2).position_frames;
    (lead + round / 2.0).rem_euclid(round) - round / 2.0
}

#[test]
fn a_loop_that_is_moved_again_and_again_keeps_the_beat_at_any_speed() {
    for speed in [0.9999, 0.96, 1.04, 1.7, -0.93] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 19_200]]);
        for voice in [1, 2] {
            rig.play(voice, 0, VoiceParams { speed, looping: Looping::WHOLE, ..params() });
        }
        let first_beat = || Looping::Span(span(0, 2_400, LoopKind::Forward));
        for _ in 0..100 {
            rig.left(15_001);
            rig.send(set_loop(first_beat()));
            rig.left(3_000);
            rig.send(set_loop(Looping::WHOLE));
        }
        let lead = lead(&rig, 2_400.0);
        assert!(lead.abs() < 1e-3, "{lead} frames at speed {speed}");
    }
}

#[test]
fn a_loop_that_is_moved_while_the_speed_changes_keeps_the_beat() {
    for later in [0, 1, 100, RAMP - 1, RAMP, RAMP + 1, 2 * RAMP] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 48_000]]);
        for voice in [1, 2] {
            rig.play(voice, 0, VoiceParams { looping: Looping::WHOLE, ..params() });
        }
        rig.left(20_000);
        rig.send(set_loop(Looping::Span(span(0, 4_800, LoopKind::Forward))));
        rig.left(later);
        rig.send(ControlMessage::SetSpeed { speed: 0.5, at_frame: None });
        rig.left(5_000);
        let lead = lead(&rig, 4_800.0);
        assert!(lead.abs() < 1e-3, "{lead} frames, {later} frames later");
    }
}

#[test]
fn voices_that_are_paused_together_stay_together() {
    let pause = |rig: &mut Rig| rig.send(ControlMessage::PauseBus { bus: 0, at_frame: None });
    let resume = |rig: &mut Rig| rig.send(ControlMessage::ResumeBus { bus: 0, at_frame: None });
    // One is still in the fade that it began with.
    for faded in [1, 1_000, 4_799] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 48_000]]);
        rig.play(1, 0, VoiceParams { fade_in_frames: 4_800, ..params() });
        rig.play(2, 0, params());
        rig.left(faded);
        pause(&mut rig);
        rig.left(1_000);
        resume(&mut rig);
        rig.left(1_000);
        assert_eq!(lead(&rig, 1e6), 0.0, "{faded} frames into its fade");
    }
    // Or has just jumped into its loop.
    for later in [RAMP + 1, RAMP + 100, 2 * RAMP - 1, 2 * RAMP] {
        let mut rig = Rig::new();
        rig.load(0, vec![vec![0.5; 48_000]]);
        for voice in [1, 2] {
            rig.play(voice, 0, params());
        }
        rig.left(20_000);
        rig.send(set_loop(Looping::Span(span(0, 4_800, LoopKind::Forward))));
        rig.left(later);
        pause(&mut rig);
        rig.left(1_000);
        resume(&mut rig);
        rig.left(1_000);
        assert_eq!(lead(&rig, 4_800.0), 0.0, "{later} frames later");
    }
}

#[test]
fn rounds_of_few_frames_are_the_same_in_blocks_of_any_length() {
    for length in [1, 2, 3, 7, 16, 17] {
        for speed in [1.0, 0.7, 0.01, 2.5, 4.0, -0.7, -3.3] {
            for (kind, rounds) in
                [(LoopKind::Forward, 0), (LoopKind::Forward, 5), (LoopKind::Backward, 0)]
            {
                let heard = |block: usize| {
                    let mut rig = Rig::new();
                    rig.load(0, vec![noise(200, 9)]);
                    let span = LoopSpan { rounds, ..span(90, 90 + length, kind) };
                    let params = VoiceParams { looping: Looping::Span(span), speed, ..params() };
                    rig.play(1, 0, VoiceParams { start_frame: 90, ..params });
                    let (mut heard, mut last) = (vec![], None);
                    for frames in std::iter::repeat_n(block, 600 / block) {
                        heard.extend(rig.left(frames));
                        let looped = rig.events().into_iter().rev().find_map(|event| match event {
                            PlaybackEvent::Looped { frame, rounds, .. } => Some((frame, rounds)),
                            _ => None,
                        });
                        last = looped.or(last);
                    }
                    (heard, last)
                };
                // Frame by frame there is one round at a time.
                assert!(
                    heard(200) == heard(1),
                    "{length} frames, {speed}, {kind:?}, {rounds} rounds"
                );
            }
        }
    }
}
