//! What waits for a callback that takes nothing stays bounded, and in order.

use hotcue::SampleBuffer;
use hotcue::playback::{ControlMessage, PlaybackConfig, VoiceParams, split};

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

fn shown(message: &ControlMessage) -> String {
    format!("{message:?}")
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
fn two_fades_of_volume_and_pan_both_stay() {
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
    let fading = || set(Some(0.0), None, None, Some(9_000));
    for (newer, expected) in [
        (set(None, None, Some(2.0), None), vec![set(Some(0.0), None, Some(2.0), Some(9_000))]),
        (set(None, Some(0.5), None, None), vec![fading(), set(None, Some(0.5), None, None)]),
        (
            set(None, Some(0.5), None, Some(9_000)),
            vec![set(Some(0.0), Some(0.5), None, Some(9_000))],
        ),
        (set(Some(1.0), None, None, Some(10)), vec![set(Some(1.0), None, None, Some(10))]),
    ] {
        let mut backlog = Backlog::default();
        control(&mut backlog, fading());
        control(&mut backlog, newer);
        assert_eq!(rest(&mut backlog), expected.iter().map(shown).collect::<Vec<_>>());
    }
}

#[test]
fn a_bus_that_fades_is_not_hurried_by_being_unmuted() {
    use ControlMessage as M;
    let set = |volume, muted, fade_frames| M::SetBus {
        bus: 1,
        volume,
        muted,
        fade_frames,
        at_frame: None,
    };
    let mut backlog = Backlog::default();
    let told = [set(Some(0.0), None, Some(96_000)), set(None, Some(false), None)];
    let expected = told.each_ref().map(shown);
    told.into_iter().for_each(|message| control(&mut backlog, message));
    assert_eq!(rest(&mut backlog), expected);
}

/// The next 300 frames of a voice on bus 1, which is muted before or not, that is told this.
fn heard(muted: bool, told: Vec<ControlMessage>) -> Vec<f32> {
    use ControlMessage as M;
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    let mut send = |message| controller.try_send(message).expect("room");
    let plane = (0..2_000_u16).map(|frame| f32::from(frame + 1) / 2_048.0).collect();
    let sample = SampleBuffer::from_planes(48_000, vec![plane]).expect("valid");
    send(M::LoadSample { slot: 0, sample, own_loop: None });
    let (volume, fade_frames, at_frame) = (None, None, None);
    send(M::SetBus { bus: 1, volume, muted: Some(muted), fade_frames, at_frame });
    send(M::Play { voice: 7, slot: 0, params: VoiceParams { bus: 1, ..VoiceParams::default() } });
    renderer.render(&mut [0.0; 2 * 300]);
    told.into_iter().for_each(send);
    let mut out = vec![0.0; 2 * 300];
    renderer.render(&mut out);
    out
}

/// What three commands do is the same if they wait, and two are left of them at most.
fn waits_as_told(kinds: usize, set: impl Fn(usize, usize) -> ControlMessage) {
    for (turn, muted) in (0..2 * kinds.pow(3)).map(|turn| (turn / 2, turn % 2 == 1)) {
        let each = [turn % kinds, turn / kinds % kinds, turn / kinds / kinds];
        let told = || std::array::from_fn::<_, 3, _>(|place| set(place, each[place]));
        let mut backlog = Backlog::default();
        told().into_iter().for_each(|message| control(&mut backlog, message));
        let left: Vec<_> = std::iter::from_fn(|| backlog.pop())
            .map(|outgoing| match outgoing {
                Outgoing::Control(message) => message,
                other => panic!("{other:?}"),
            })
            .collect();
        let shown = format!(
            "muted {muted}, {:#?}
as {left:#?}",
            told()
        );
        assert!(left.len() <= 2, "{shown}");
        assert!(heard(muted, left) == heard(muted, told().into()), "{shown}");
    }
}

/// Each is shorter: on its way already, a value is there no later.
const FADES: [Option<u32>; 3] = [Some(9_000), Some(2_000), None];

#[test]
fn a_voice_that_waits_fades_as_told() {
    let value = |place: usize| 0.1 * (place + 1) as f32;
    waits_as_told(8, |place, kind| ControlMessage::SetVoice {
        voice: 7,
        volume: (kind & 1 != 0).then(|| value(place)),
        pan: (kind & 2 != 0).then(|| -value(place)),
        speed: (kind & 4 != 0).then(|| 1.0 + f64::from(value(place))),
        looping: None,
        fade_frames: FADES[place],
        at_frame: None,
    });
}

#[test]
fn a_bus_that_waits_fades_as_told() {
    waits_as_told(6, |place, kind| ControlMessage::SetBus {
        bus: 1,
        volume: (kind & 1 != 0).then(|| 0.1 * (place + 1) as f32),
        muted: [None, Some(false), Some(true)][kind / 2],
        fade_frames: FADES[place],
        at_frame: None,
    });
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
