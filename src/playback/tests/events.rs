//! Every play ends exactly once, and a listener who does not listen holds nothing up.

use std::collections::HashMap;

use super::seams::converted;
use super::*;
use crate::metadata::LoopKind;
use crate::playback::{LoopSpan, Retrigger};

#[test]
fn events_that_find_no_room_are_counted() {
    let mut rig = Rig::with(PlaybackConfig { event_capacity: 8, ..PlaybackConfig::default() });
    for voice in 0..20 {
        rig.play(voice, 0, params());
    }
    rig.left(1);
    let kept: Vec<u64> = rig.ends().into_iter().map(|(voice, ..)| voice).collect();
    assert_eq!(kept, [0, 1, 2, 3, 4, 5, 6, 7], "the oldest stay");
    assert_eq!(rig.controller.shared().dropped_events(), 12);
}

/// A small generator, so that a failure can be repeated from its seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(super) fn size(&mut self, below: u64) -> usize {
        usize::try_from(self.below(below)).expect("small")
    }

    pub(super) fn slot(&mut self) -> u32 {
        u32::try_from(self.below(5)).expect("small")
    }

    pub(super) fn looping(&mut self) -> Looping {
        let start_frame = self.below(400);
        let kind = [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward][self.size(3)];
        let rounds = u32::try_from(self.below(4)).expect("small");
        let end_frame = start_frame + self.below(600);
        let span = LoopSpan { start_frame, end_frame, kind, rounds };
        [Looping::Off, Looping::Off, Looping::WHOLE, Looping::Sample, Looping::Span(span)]
            [self.size(5)]
    }

    pub(super) fn params(&mut self, clock: u64) -> VoiceParams {
        use Retrigger::{Ignore, Overlap, Restart, Toggle};
        VoiceParams {
            volume: self.below(5) as f32,
            gain: 1.0,
            pan: self.below(21) as f32 / 10.0 - 1.0,
            speed: [self.below(81) as f64 / 10.0 - 4.0, 1.0][self.size(2)],
            looping: self.looping(),
            end_frame: if self.below(4) == 0 { self.below(1500) } else { u64::MAX },
            fade_in_frames: [0, 0, 300][self.size(3)],
            fade_out_frames: [0, 0, 300][self.size(3)],
            choke: [None, None, None, Some(1), Some(2)][self.size(5)],
            bus: u32::try_from(self.below(18)).expect("small"),
            start_frame: self.below(1200) * self.below(2),
            at_frame: (self.below(3) == 0).then(|| clock + self.below(500)),
            retrigger: [Overlap, Overlap, Restart, Ignore, Toggle][self.size(5)],
        }
    }

    /// One that is converted, with a loop of its own, or one that is not; some long enough for a voice
    /// that goes round to glide.
    fn sample(&mut self) -> Arc<SampleBuffer> {
        let frames = [self.size(1_500), self.size(1_500), 16_000 + self.size(1_500)][self.size(3)];
        let planes = vec![noise(frames, 12); 1 + self.size(2)];
        let own = self.below(1_500)..self.below(1_500);
        match self.below(2) {
            0 => SampleBuffer::from_planes(RATE, planes).expect("a valid sample"),
            _ => converted([44_100, 8_000, 96_000][self.size(3)], &planes, Some(own)),
        }
    }

    /// One of the buses that voices of these dice are on, or one that is not there.
    fn bus(&mut self) -> u32 {
        u32::try_from(self.below(17)).expect("small")
    }

    pub(super) fn message(&mut self, rig: &mut Rig, newest: u64) -> ControlMessage {
        let voice = newest.saturating_sub(self.below(12));
        let slot = self.slot();
        let clock_frames = rig.controller.shared().clock_frames();
        let at_frame = (self.below(2) == 0).then(|| clock_frames + self.below(500));
        let fade_frames = [None, Some(0), Some(1_000)][self.size(3)];
        match self.below(21) {
            0 | 1 => {
                let sample = self.sample();
                let own = self.looping();
                let own_loop = if let Looping::Span(span) = own { Some(span) } else { None };
                rig.send(ControlMessage::LoadSample { slot, sample, own_loop });
                ControlMessage::SetVolume { volume: 1.0, fade_frames, at_frame }
            }
            2 => ControlMessage::UnloadSample { slot },
            3 => ControlMessage::StopSample { slot, fade_frames: 240, at_frame },
            4 => ControlMessage::StopVoice { voice, fade_frames: 100, at_frame },
            5 => ControlMessage::PauseVoice { voice, at_frame },
            6 => ControlMessage::ResumeSample { slot, at_frame },
            7 => ControlMessage::SeekVoice { voice, frame: self.below(2000), at_frame },
            8 => ControlMessage::SetSpeed { speed: self.below(9) as f64 / 2.0 - 2.0, at_frame },
            9 => ControlMessage::SetVoice {
                voice,
                volume: Some(0.5),
                pan: Some(-0.5),
                speed: Some(1.5),
                looping: Some(Looping::Off),
                fade_frames,
                at_frame,
            },
            14 => ControlMessage::SetVoice {
                voice,
                volume: None,
                pan: None,
                speed: None,
                looping: Some(self.looping()),
                fade_frames,
                at_frame,
            },
            15 => ControlMessage::SetBus {
                bus: self.bus(),
                volume: Some(self.below(5) as f32 / 2.0),
                muted: Some(self.below(4) == 0),
                fade_frames,
                at_frame,
            },
            17 => ControlMessage::PauseBus { bus: self.bus(), at_frame },
            18 => ControlMessage::ResumeBus { bus: self.bus(), at_frame },
            16 => ControlMessage::SetLimiter { on: self.below(2) == 0 },
            10 if self.below(20) == 0 => ControlMessage::StopAll { fade_frames: 240, at_frame },
            19 => ControlMessage::SeekSample { slot, frame: self.below(2000), at_frame },
            20 => ControlMessage::CancelChanges { voice },
            _ => ControlMessage::PauseSample { slot, at_frame },
        }
    }
}

#[test]
fn whatever_happens_every_play_ends_once_and_every_sample_comes_home() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut rig = Rig::with(PlaybackConfig {
            slots: 4,
            max_voices: 6,
            event_capacity: 1 << 16,
            ..PlaybackConfig::default()
        });
        let mut plays = 0;
        let mut plays_of = [0_u32; 5];
        for _ in 0..300 {
            for _ in 0..dice.below(6) {
                let message = dice.message(&mut rig, plays);
                rig.send(message);
                let (slot, clock) = (dice.slot(), rig.controller.shared().clock_frames());
                let params = dice.params(clock);
                rig.play(plays, slot, params);
                plays += 1;
                plays_of[slot as usize] += 1;
            }
            let out = rig.render(dice.size(400));
            assert!(out.iter().flatten().all(|value| value.is_finite()), "seed {seed}");
            rig.controller.collect();
        }
        rig.send(ControlMessage::StopAll { fade_frames: 240, at_frame: None });
        for slot in 0..4 {
            rig.send(ControlMessage::UnloadSample { slot });
        }
        rig.left(1000);
        rig.controller.collect();
        assert_eq!(rig.controller.free_slots(), 1024, "seed {seed}: a sample is missing");
        assert_eq!(rig.controller.shared().voices(), 0, "seed {seed}");

        let shared = rig.controller.shared();
        let over = [0, 1, 2, 3].map(|slot| shared.ended_plays(slot));
        assert_eq!(over, plays_of[..4], "seed {seed}: plays counted as over, by slot");
        assert_eq!(shared.ended_plays(4), 0, "seed {seed}: there is no such slot");

        let mut ends: HashMap<u64, u32> = HashMap::new();
        let mut starts: HashMap<u64, u32> = HashMap::new();
        for event in rig.events() {
            match event {
                PlaybackEvent::Started { voice, .. } => {
                    assert!(!ends.contains_key(&voice), "seed {seed}: started after its end");
                    *starts.entry(voice).or_default() += 1;
                }
                PlaybackEvent::Looped { voice, .. } => {
                    assert!(starts.contains_key(&voice) && !ends.contains_key(&voice));
                }
                PlaybackEvent::Ended { voice, .. } => *ends.entry(voice).or_default() += 1,
            }
        }
        assert_eq!(ends.len() as u64, plays, "seed {seed}: each play ends");
        assert!(ends.values().chain(starts.values()).all(|n| *n == 1), "seed {seed}: once");
    }
}
