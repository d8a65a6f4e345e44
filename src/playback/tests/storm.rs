//! A thousand retriggers, replacements and unloads while all of it sounds: nothing clicks.
//!
//! Every sample is a sine of 100 Hz that begins and ends at a zero crossing, every voice at most
//! 0.1 of full scale. The sharpest corner of such a voice is where it begins: 0.5 × 0.2 × 2π 100 /
//! 48000 = 1.3e-3; a straight ramp of its gain adds 0.1 / 240 = 4e-4.

use super::events::Dice;
use super::*;
use crate::playback::Retrigger;

/// Beginnings that fall on one frame, at most.
const TOGETHER: f32 = 2.0;
const BOUND: f32 = TOGETHER * 1.8e-3;

fn storm(seed: u64, plant: Option<usize>) -> Vec<f32> {
    let mut dice = Dice(seed);
    let mut rig = Rig::new();
    let mut out = Vec::new();
    let frames = [4_800, 9_600, 960];
    for slot in 0..3 {
        rig.load(slot, vec![sine(100.0, frames[slot as usize])]);
    }
    for event in 0..1_000 {
        let slot = u32::try_from(dice.below(3)).expect("small");
        match dice.below(10) {
            0 | 1 => {
                rig.load(slot, vec![sine(100.0, frames[dice.size(3)])]);
            }
            2 => {
                rig.send(ControlMessage::UnloadSample { slot });
                rig.load(slot, vec![sine(100.0, frames[slot as usize])]);
            }
            _ => {}
        }
        let retrigger = [Retrigger::Restart, Retrigger::Toggle, Retrigger::Restart][dice.size(3)];
        let choke = [None, Some(1)][dice.size(2)];
        let volume = 0.2;
        let looping = (dice.below(2) == 0).into();
        rig.play(event, slot, VoiceParams { retrigger, choke, volume, looping, ..params() });
        out.extend(rig.left(1 + dice.size(700)));
        rig.controller.collect();
    }
    if let Some(frame) = plant {
        out[frame] += 0.01;
    }
    out
}

#[test]
fn a_thousand_retriggers_replacements_and_unloads_do_not_click() {
    for seed in 0..3 {
        let out = storm(seed, None);
        let sharpest = sharpest(&out);
        assert!(sharpest < BOUND, "seed {seed}: a corner of {sharpest}");
        let loudest = out.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
        assert!(loudest > 0.1, "seed {seed}: it sounded");
    }
}

#[test]
fn the_detector_finds_a_click_of_one_percent_in_it() {
    for frame in [1_000, 77_777, 200_000] {
        assert!(sharpest(&storm(0, Some(frame))) > BOUND, "planted at {frame}");
    }
}
