//! Samples go in, and come home once.

use super::*;
use crate::playback::{COMMANDS_PER_BLOCK, Full};

#[test]
fn a_replaced_sample_comes_home_after_its_last_voice_and_not_before() {
    let mut rig = Rig::new();
    let old = Arc::downgrade(&rig.load(0, vec![vec![0.5; 1000]]));
    rig.play(1, 0, params());
    rig.play(2, 0, VoiceParams { at_frame: Some(300), ..params() });
    rig.left(100);
    let new = Arc::downgrade(&rig.load(0, vec![vec![0.25; 10]]));
    rig.left(1100);
    assert_eq!((rig.controller.collect(), old.strong_count()), (0, 1), "voice 2 holds it");
    rig.left(101);
    assert_eq!(old.strong_count(), 1, "the callback frees nothing");
    assert_eq!((rig.controller.collect(), old.strong_count()), (1, 0));
    assert_eq!((rig.controller.collect(), new.strong_count()), (0, 1));
}

#[test]
fn an_unloaded_sample_comes_home_after_its_fade() {
    let mut rig = Rig::new();
    let sample = Arc::downgrade(&rig.load(0, vec![vec![0.5; 1000]]));
    rig.play(1, 0, params());
    rig.left(100);
    rig.send(ControlMessage::UnloadSample { slot: 0 });
    rig.left(RAMP - 1);
    assert_eq!(rig.controller.collect(), 0);
    rig.left(1);
    assert_eq!((rig.controller.collect(), sample.strong_count()), (1, 0));
    rig.play(2, 0, params());
    assert_eq!(rig.left(1), [0.0]);
    assert_eq!(rig.ends()[1], (2, 340, EndReason::NoSample));
}

#[test]
fn a_sample_for_a_slot_that_does_not_exist_comes_straight_home() {
    let mut rig = Rig::new();
    let sample = Arc::downgrade(&rig.load(1024, vec![vec![0.5]]));
    rig.renderer.render(&mut []);
    assert_eq!((rig.controller.collect(), sample.strong_count()), (1, 0));
}

#[test]
fn a_full_ring_gives_the_message_back_and_room_promised_is_room() {
    let mut rig = Rig::with(PlaybackConfig {
        slots: 4,
        max_voices: 2,
        command_capacity: 16,
        ..PlaybackConfig::default()
    });
    let sample = SampleBuffer::from_planes(RATE, vec![vec![0.5]]).expect("valid");
    let mut sent = 0;
    // Nobody collects: first places run out, then commands do.
    for round in 0..20_u32 {
        let promised = rig.controller.free_slots();
        for place in 0.. {
            let slot = (place + round) % 4;
            let message =
                ControlMessage::LoadSample { slot, sample: Arc::clone(&sample), own_loop: None };
            match rig.controller.try_send(message) {
                Ok(()) => sent += 1,
                Err(Full(ControlMessage::LoadSample {
                    slot: back,
                    sample: same,
                    own_loop: None,
                })) => {
                    assert_eq!((back, Arc::ptr_eq(&same, &sample)), (slot, true));
                    assert!(place as usize >= promised, "{promised} promised, {place} fitted");
                    break;
                }
                Err(Full(other)) => panic!("sent a LoadSample, got {other:?} back"),
            }
        }
        rig.renderer.render(&mut []);
    }
    assert_eq!(sent, 4 + (2 + 32) + 16, "the places that split() set aside");
    assert_eq!(rig.controller.free_slots(), 0);
    assert_eq!(rig.controller.collect(), sent - 4, "all but those in the slots");
    assert_eq!(Arc::strong_count(&sample), 1 + 4);
    assert_eq!(rig.controller.free_slots(), 16);
}

#[test]
fn the_command_phase_takes_everything_and_a_block_a_bounded_number() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.001; 10]]);
    for voice in 0..600 {
        rig.play(voice, 9, params());
    }
    rig.left(1);
    assert_eq!(rig.ends().len(), COMMANDS_PER_BLOCK - 1);
    rig.renderer.render(&mut []);
    assert_eq!(rig.ends().len(), 600 - (COMMANDS_PER_BLOCK - 1));
    assert_eq!(rig.controller.shared().clock_frames(), 1, "no time has passed");
}

#[test]
fn a_longer_block_takes_more_commands() {
    for (frames, taken) in [(256, 256), (257, 512), (1_000, 1_000), (2_048, 1_000)] {
        let mut rig = Rig::new();
        for voice in 0..1_000 {
            rig.play(voice, 9, params());
        }
        rig.left(frames);
        assert_eq!(rig.ends().len(), taken, "{frames} frames");
        assert_eq!(rig.controller.free_slots(), 24 + taken);
    }
}

#[test]
fn dropping_both_ends_in_either_order_frees_everything() {
    for renderer_first in [true, false] {
        let mut rig = Rig::new();
        let playing = Arc::downgrade(&rig.load(0, vec![vec![0.5; 1000]]));
        rig.play(1, 0, params());
        rig.left(10);
        let retired = Arc::downgrade(&rig.load(1, vec![vec![0.5]]));
        rig.send(ControlMessage::UnloadSample { slot: 1 });
        rig.left(10);
        let waiting = Arc::downgrade(&rig.load(2, vec![vec![0.5]]));
        let Rig { controller, renderer, .. } = rig;
        if renderer_first {
            drop(renderer);
            drop(controller);
        } else {
            drop(controller);
            drop(renderer);
        }
        for sample in [playing, retired, waiting] {
            assert_eq!(sample.strong_count(), 0);
        }
    }
}

#[test]
fn a_panic_becomes_silence_and_the_samples_survive() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 1000]]);
    let replaced = Arc::downgrade(&rig.load(1, vec![vec![0.5; 1000]]));
    rig.play(1, 0, params());
    rig.play(2, 1, params());
    rig.left(10);
    rig.load(1, vec![vec![0.125; 1000]]);
    rig.renderer.mixer().panic_on_play_of = Some(3);
    rig.play(3, 0, params());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let out = rig.left(100);
    std::panic::set_hook(hook);
    assert!(out.iter().all(|value| *value == 0.0));
    let shared = rig.controller.shared();
    assert_eq!((shared.callback_panics(), shared.clock_frames()), (1, 110));
    // The third was being taken: it ends like the others, or nobody would hear of it again.
    assert_eq!(rig.ends(), [1, 2, 3].map(|voice| (voice, 110, EndReason::Failed)));
    assert_eq!([0, 1].map(|slot| shared.ended_plays(slot)), [2, 1]);
    assert_eq!((rig.controller.collect(), replaced.strong_count()), (1, 0));
    rig.play(4, 0, params());
    rig.play(5, 1, params());
    assert_eq!(rig.left(10), [0.625; 10]);
}

#[test]
fn a_panic_in_the_middle_of_a_block_keeps_the_clock() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 1000]]);
    rig.play(1, 0, params());
    rig.renderer.panic_at(300);
    rig.left(700);
    let shared = rig.controller.shared();
    assert_eq!((shared.callback_panics(), shared.clock_frames()), (1, 700));
    assert_eq!(rig.ends(), [(1, 700, EndReason::Failed)]);
}
