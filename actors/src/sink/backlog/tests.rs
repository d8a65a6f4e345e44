//! What waits for a callback that takes nothing stays bounded, and in order.

use hotcue::playback::{ControlMessage, VoiceParams};

use super::{Backlog, MAX_WAITING};
use crate::engine::Normalize;
use crate::messages::Play;
use crate::sink::Outgoing;
use crate::table::Change;

fn control(backlog: &mut Backlog, message: ControlMessage) {
    assert!(backlog.push(Outgoing::Control(message)).is_none());
}

fn play(backlog: &mut Backlog, voice: u64) -> bool {
    let play = Play { slot: 0, voice, params: VoiceParams::default(), normalize: Normalize::Off };
    backlog.push(Outgoing::Play(play)).is_none()
}

fn unload(backlog: &mut Backlog, slot: u32, serial: u64) {
    let change = Change { serial, emptied: serial };
    backlog.push(Outgoing::Unload { slot, change });
}

/// All that waits, in order.
fn rest(backlog: &mut Backlog) -> Vec<String> {
    std::iter::from_fn(|| backlog.pop())
        .map(|outgoing| match outgoing {
            Outgoing::Control(message) => format!("{message:?}"),
            Outgoing::Play(play) => format!("play {}", play.voice),
            Outgoing::Unload { slot, change } => format!("unload {slot} {}", change.serial),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn what_says_the_same_again_takes_the_older_ones_place_at_the_end() {
    use ControlMessage as M;
    let mut backlog = Backlog::default();
    let set = |volume, pan| M::SetVoice {
        voice: 7,
        volume,
        pan,
        speed: None,
        looping: None,
        fade_frames: None,
        at_frame: None,
    };
    for message in [
        M::SetVolume { volume: 0.5, fade_frames: None, at_frame: None },
        set(Some(0.1), None),
        M::PauseSample { slot: 1, at_frame: None },
        M::StopVoice { voice: 9, fade_frames: 10, at_frame: None },
        M::SeekVoice { voice: 7, frame: 1, at_frame: None },
        M::SeekVoice { voice: 8, frame: 2, at_frame: None },
        M::ResumeSample { slot: 1, at_frame: None },
        M::StopVoice { voice: 9, fade_frames: 1_000, at_frame: None },
        M::SeekVoice { voice: 7, frame: 3, at_frame: None },
        set(None, Some(0.2)),
        M::SetVolume { volume: 0.25, fade_frames: None, at_frame: None },
    ] {
        control(&mut backlog, message);
    }
    let expected = [
        M::SeekVoice { voice: 8, frame: 2, at_frame: None },
        M::ResumeSample { slot: 1, at_frame: None },
        M::StopVoice { voice: 9, fade_frames: 10, at_frame: None },
        M::SeekVoice { voice: 7, frame: 3, at_frame: None },
        set(Some(0.1), Some(0.2)),
        M::SetVolume { volume: 0.25, fade_frames: None, at_frame: None },
    ];
    assert_eq!(rest(&mut backlog), expected.map(|message| format!("{message:?}")));
}

#[test]
fn of_stops_of_all_at_a_frame_the_soonest_stays() {
    use ControlMessage as M;
    let stops: [fn(u32, Option<u64>) -> ControlMessage; 2] = [
        |fade_frames, at_frame| M::StopAll { fade_frames, at_frame },
        |fade_frames, at_frame| M::StopSample { slot: 3, fade_frames, at_frame },
    ];
    for stop in stops {
        let mut backlog = Backlog::default();
        for message in [stop(10, Some(500)), stop(20, Some(400)), stop(30, Some(600))] {
            control(&mut backlog, message);
        }
        assert_eq!(rest(&mut backlog), [format!("{:?}", stop(20, Some(400)))]);
    }
}

#[test]
fn of_stops_at_a_frame_the_last_stays_beside_one_at_once() {
    use ControlMessage as M;
    let mut backlog = Backlog::default();
    let stop = |fade_frames, at_frame| M::StopVoice { voice: 9, fade_frames, at_frame };
    for message in [stop(10, Some(500)), stop(1_000, None), stop(20, Some(400)), stop(30, None)] {
        control(&mut backlog, message);
    }
    let expected = [stop(20, Some(400)), stop(30, None)];
    assert_eq!(rest(&mut backlog), expected.map(|message| format!("{message:?}")));
}

#[test]
fn a_fade_stays_when_neither_volume_nor_pan_is_set_again() {
    use ControlMessage as M;
    let set = |volume, pan, speed, fade_frames| M::SetVoice {
        voice: 7,
        volume,
        pan,
        speed,
        looping: None,
        fade_frames,
        at_frame: None,
    };
    for (newer, expected) in [
        (set(None, None, Some(2.0), None), set(Some(0.0), None, Some(2.0), Some(9_000))),
        (set(None, Some(0.5), None, None), set(Some(0.0), Some(0.5), None, None)),
        (set(Some(1.0), None, None, Some(10)), set(Some(1.0), None, None, Some(10))),
    ] {
        let mut backlog = Backlog::default();
        control(&mut backlog, set(Some(0.0), None, None, Some(9_000)));
        control(&mut backlog, newer);
        assert_eq!(rest(&mut backlog), [format!("{expected:?}")]);
    }
}

#[test]
fn nothing_moves_past_a_play() {
    use ControlMessage as M;
    let mut backlog = Backlog::default();
    control(&mut backlog, M::StopAll { fade_frames: 240, at_frame: None });
    unload(&mut backlog, 0, 1);
    unload(&mut backlog, 1, 2);
    assert!(play(&mut backlog, 1));
    control(&mut backlog, M::StopAll { fade_frames: 240, at_frame: None });
    unload(&mut backlog, 0, 3);
    unload(&mut backlog, 1, 4);
    assert!(play(&mut backlog, 2));
    let stop = "StopAll { fade_frames: 240, at_frame: None }";
    let expected = [stop, "unload 0 1", "play 1", stop, "unload 0 3", "unload 1 4"];
    assert_eq!(rest(&mut backlog)[..6], expected, "slot 1 was not played in between");
}

#[test]
fn a_callback_that_takes_nothing_does_not_fill_the_memory() {
    use ControlMessage as M;
    let mut backlog = Backlog::default();
    let mut taken = 0;
    for turn in 0..20_000 {
        taken += usize::from(play(&mut backlog, turn));
        control(
            &mut backlog,
            M::SetVoice {
                voice: turn,
                volume: Some(1.0),
                pan: None,
                speed: None,
                looping: None,
                fade_frames: None,
                at_frame: None,
            },
        );
        control(&mut backlog, M::StopVoice { voice: turn, fade_frames: 1, at_frame: None });
        control(&mut backlog, M::SetVolume { volume: 1.0, fade_frames: None, at_frame: None });
        control(&mut backlog, M::StopSample { slot: 0, fade_frames: 240, at_frame: None });
        unload(&mut backlog, 1, turn);
    }
    let rest = rest(&mut backlog);
    assert!(rest.len() <= MAX_WAITING + 16, "{} wait", rest.len());
    assert!(taken >= 500, "only {taken} plays were taken");
    assert!(rest.iter().any(|waiting| waiting.starts_with("StopVoice { voice: 19999")));
    assert_eq!(rest.last().map(String::as_str), Some("unload 1 19999"));
}
