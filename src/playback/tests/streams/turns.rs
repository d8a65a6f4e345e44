//! Voices that turn round.

use super::*;

const BLOCKS_PER_SEC: usize = RATE as usize / BLOCK;

/// What is played, and what it is told.
type Told<'a> = (&'static str, VoiceParams, &'a [&'a dyn Fn() -> ControlMessage]);

/// Of voice 1.
fn change(speed: Option<f64>, looping: Option<Looping>, at_frame: Option<u64>) -> ControlMessage {
    ControlMessage::SetVoice {
        voice: 1,
        volume: None,
        pan: None,
        speed,
        looping,
        fade_frames: None,
        at_frame,
    }
}

#[test]
fn a_short_loop_there_and_back_is_read_once() {
    // The second one with room for all that an interpolation looks at beside it.
    for frames in [RATE as u64 / 20, 30_000] {
        for speed in [1.0, -1.0, 1.3, -4.0] {
            let what = format!("{frames} frames at {speed}");
            let mut both = Both::new();
            let loops = span(100_000, 100_000 + frames, LoopKind::PingPong, 0);
            both.play(1, VoiceParams { speed, start_frame: 100_500, ..loops });
            both.check(&what, 2 * BLOCKS_PER_SEC);
            let steps = both.steps;
            both.check(&what, 2 * BLOCKS_PER_SEC);
            assert_eq!(both.steps, steps, "{what}: nothing is left to be read");
            // It goes on behind its loop as if that had never been.
            both.send(|| set_loop(Looping::Off));
            both.check(&what, BLOCKS_PER_SEC);
            assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
        }
    }
}

#[test]
fn a_stream_turns_round_at_any_speed_as_its_sample_in_memory() {
    for master in [1.0, 2.5, 4.0] {
        for (from, to) in [(-4.0, 4.0), (4.0, -4.0), (-1.0, 4.0), (0.5, -4.0)] {
            let mut both = Both::new();
            both.send(|| ControlMessage::SetSpeed { speed: master, at_frame: None });
            both.check_silence();
            both.play(1, VoiceParams { speed: from, start_frame: 200_000, ..params() });
            let what = format!("{from} to {to}, times {master}");
            both.check(&what, 20);
            both.send(|| set_speed(1, to));
            both.check(&what, 20);
            assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
        }
    }
}

#[test]
fn a_stream_that_stood_still_goes_on_as_its_sample_in_memory() {
    for speed in [1.0, -0.5, -1.0, -4.0] {
        for is_paused in [false, true] {
            let mut both = Both::new();
            both.play(1, VoiceParams { start_frame: 200_000, ..params() });
            both.check("before", 4);
            both.send(|| match is_paused {
                true => ControlMessage::PauseVoice { voice: 1, at_frame: None },
                false => set_speed(1, 0.0),
            });
            both.render(16);
            // In the middle of a block, of which feeds know nothing.
            let at_frame = Some(20 * BLOCK as u64 + 77);
            both.send(|| change(Some(speed), None, at_frame));
            both.send(|| ControlMessage::ResumeVoice { voice: 1, at_frame });
            let what = format!("on at {speed}, {is_paused}");
            both.check(&what, 40);
            assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
        }
    }
}

#[test]
fn what_a_stream_is_told_for_the_frame_at_which_it_begins_it_begins_with() {
    let at_frame = Some(1_500);
    let back = || change(Some(-1.0), None, at_frame);
    let pause = || ControlMessage::PauseVoice { voice: 1, at_frame: None };
    let resume = || ControlMessage::ResumeVoice { voice: 1, at_frame };
    let looping =
        Looping::Span(LoopSpan { start_frame: 100_000, end_frame: 140_000, ..LoopSpan::WHOLE });
    let round = || change(None, Some(looping), at_frame);
    let all = || ControlMessage::SetSpeed { speed: -1.0, at_frame };
    let hold = || ControlMessage::PauseBus { bus: 0, at_frame: None };
    let let_go = || ControlMessage::ResumeBus { bus: 0, at_frame };
    let seek = || ControlMessage::SeekVoice { voice: 1, frame: 250_000, at_frame };
    let (begins, far) = (VoiceParams { at_frame, ..params() }, 300_000);
    let told: [Told<'_>; 9] = [
        ("back", begins, &[&back]),
        ("back by the speed of all", begins, &[&all]),
        ("back from rest", VoiceParams { speed: 0.0, ..params() }, &[&back]),
        ("back from a pause", params(), &[&pause, &back, &resume]),
        ("back from a pause of its bus", params(), &[&hold, &back, &let_go]),
        ("back from there", VoiceParams { start_frame: far, ..begins }, &[&back]),
        ("into a loop", VoiceParams { start_frame: far, ..begins }, &[&round]),
        (
            "into a loop, from a pause",
            VoiceParams { start_frame: far, ..params() },
            &[&pause, &round, &resume],
        ),
        ("elsewhere and back", begins, &[&back, &seek]),
    ];
    for (what, params, messages) in told {
        let mut both = Both::new();
        both.play(1, params);
        messages.iter().for_each(|message| both.send(message));
        both.check(what, 40);
        assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
    }
}

#[test]
fn a_voice_that_waits_for_an_end_that_cannot_be_found_ends_and_says_so() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/long/mp3_no_tag.mp3");
    let path = std::env::temp_dir().join(format!("hotcue-end-{}.mp3", std::process::id()));
    std::fs::copy(fixture, &path).expect("a file can be copied");
    let sample = stream(&Source::Path(path.clone()));
    let mut rig = Rig::new();
    rig.send(ControlMessage::LoadSample { slot: 0, sample: sample.head(), own_loop: None });
    let (mut feed, stream) = sample.voice();
    let params = VoiceParams { speed: -1.0, ..params() };
    rig.send(ControlMessage::PlayStream { voice: 1, slot: 0, stream, params });
    assert!(rig.left(BLOCK).iter().all(|value| *value == 0.0), "it waits for the end");
    std::fs::write(&path, b"another one").expect("a file can be written");
    let mut bench = Workbench::default();
    let failed =
        std::iter::repeat_with(|| feed.step(&mut bench)).find(|step| !matches!(step, Ok(true)));
    assert!(matches!(failed, Some(Err(_))), "{failed:?}");
    rig.left(2 * BLOCK);
    let ends = rig.ends();
    assert!(matches!(ends[..], [(1, _, EndReason::SourceLost)]), "{ends:?}");
    std::fs::remove_file(&path).expect("the file goes");
}
