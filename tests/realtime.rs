//! Promise 8: the callback allocates, frees, locks and panics never.
//!
//! This binary's allocator counts what a thread asks of it while it is inside
//! `Renderer::render`.
#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

mod realtime {
    mod stream;
}

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::playback::{
    COMMANDS_PER_BLOCK, ControlMessage, Controller, EndReason, LoopSpan, Looping, PlaybackConfig,
    PlaybackEvent, Renderer, Retrigger, VoiceParams, split,
};
use hotcue::{AudioSpec, LoopKind, SampleBuffer, SampleWriter};

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    if IN_CALLBACK.get() {
        CALLS.set(CALLS.get() + 1);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches two thread-local
// cells that need neither memory nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        count();
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(start, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` called the allocator, in this thread.
fn calls_during(work: impl FnOnce()) -> u64 {
    let before = CALLS.replace(0);
    IN_CALLBACK.set(true);
    work();
    IN_CALLBACK.set(false);
    CALLS.replace(before)
}

#[test]
fn the_counter_sees_an_allocation_and_a_free() {
    let mut kept = None;
    assert_eq!(calls_during(|| kept = Some(Box::new(1))), 1, "an allocation");
    assert_eq!(calls_during(|| drop(kept.take())), 1, "a free");
    let mut list = vec![1_u64];
    assert_eq!(calls_during(|| list.reserve_exact(1000)), 1, "a growing list");
    let shared = Arc::new(1);
    let other = Arc::clone(&shared);
    assert_eq!(calls_during(|| drop(shared)), 0, "not the last owner");
    assert_eq!(calls_during(|| drop(other)), 1, "the last owner");
    assert_eq!(calls_during(|| ()), 0);
}

/// A small generator: the session is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn slot(&mut self) -> u32 {
        u32::try_from(self.below(20)).expect("small")
    }

    fn size(&mut self, below: u64) -> usize {
        usize::try_from(self.below(below)).expect("small")
    }

    fn looping(&mut self) -> Looping {
        let start_frame = self.below(2000);
        let kind = [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward][self.size(3)];
        let rounds = u32::try_from(self.below(4)).expect("small");
        let span = LoopSpan { start_frame, end_frame: start_frame + self.below(900), kind, rounds };
        [Looping::Off, Looping::WHOLE, Looping::Sample, Looping::Span(span)][self.size(4)]
    }

    fn params(&mut self, clock: u64) -> VoiceParams {
        VoiceParams {
            volume: self.below(9) as f32 / 8.0,
            gain: 1.0,
            pan: self.below(21) as f32 / 10.0 - 1.0,
            speed: [1.0, 1.0, -1.0, 0.7, 2.0, -3.3, 0.0, f64::NAN, f64::INFINITY][self.size(9)],
            looping: self.looping(),
            end_frame: if self.below(3) == 0 { self.below(9000) } else { u64::MAX },
            fade_in_frames: [0, 0, 500][self.size(3)],
            fade_out_frames: [0, 0, 500][self.size(3)],
            choke: [None, None, None, None, Some(1)][self.size(5)],
            bus: u32::try_from(self.below(17)).expect("small"),
            start_frame: self.below(2) * self.below(4000),
            at_frame: (self.below(3) == 0).then(|| clock + self.below(2000)),
            retrigger: [
                Retrigger::Overlap,
                Retrigger::Restart,
                Retrigger::Ignore,
                Retrigger::Toggle,
            ][self.size(4)],
        }
    }
}

/// What a session came across; each of it is a path of its own through the callback.
#[derive(Default)]
struct Seen {
    ended: [u64; 7],
    looped: u64,
    collected: usize,
    loudest: f32,
}

/// Sends one to eight commands of every kind there is.
fn command(dice: &mut Dice, controller: &mut Controller, next_voice: &mut u64) {
    for _ in 0..=dice.below(8) {
        let slot = dice.slot();
        let voice = next_voice.saturating_sub(dice.below(30));
        let at_frame = [None, None, Some(dice.below(1 << 20))][dice.size(3)];
        let message = match dice.below(30) {
            0..=2 => {
                let channels = [1, 2, 6][dice.size(3)];
                let planes = vec![vec![0.5; dice.size(9000)]; channels];
                let sample = SampleBuffer::from_planes(48_000, planes).expect("valid");
                let own_loop = (dice.below(2) == 0).then_some(LoopSpan {
                    start_frame: 100,
                    end_frame: 700,
                    kind: LoopKind::PingPong,
                    rounds: 2,
                });
                ControlMessage::LoadSample { slot, sample, own_loop }
            }
            3 => ControlMessage::UnloadSample { slot },
            4 => {
                let fade_frames = [0, 500, 100_000, u32::MAX][dice.size(4)];
                let at_frame = [None, Some(0), Some(dice.below(1 << 20))][dice.size(3)];
                ControlMessage::StopVoice { voice, fade_frames, at_frame }
            }
            5 => ControlMessage::StopSample {
                slot,
                fade_frames: 240,
                at_frame: (dice.below(2) == 0).then(|| dice.below(1 << 20)),
            },
            6 if dice.below(20) == 0 => {
                ControlMessage::StopAll { fade_frames: 240, at_frame: None }
            }
            7 => ControlMessage::PauseVoice { voice, at_frame },
            8 => ControlMessage::ResumeVoice { voice, at_frame },
            9 => ControlMessage::SeekVoice { voice, frame: dice.below(9000), at_frame },
            10 => ControlMessage::SetVoice {
                voice,
                volume: Some(0.3),
                pan: Some(0.2),
                speed: Some(1.25),
                looping: Some(dice.looping()),
                fade_frames: None,
                at_frame,
            },
            // Rarely, as it takes what the callback is to find.
            18 if dice.below(20) == 0 => ControlMessage::CancelChanges { voice },
            11 => ControlMessage::PauseSample { slot, at_frame },
            12 => ControlMessage::ResumeSample { slot, at_frame },
            13 => ControlMessage::SeekSample { slot, frame: 0, at_frame },
            14 => ControlMessage::SetVolume {
                volume: dice.below(5) as f32 / 4.0,
                fade_frames: None,
                at_frame,
            },
            16 | 17 => ControlMessage::SetBus {
                bus: u32::try_from(dice.below(17)).expect("small"),
                volume: Some(dice.below(5) as f32 / 2.0),
                muted: Some(dice.below(4) == 0),
                fade_frames: None,
                at_frame,
            },
            19 => ControlMessage::PauseBus {
                bus: u32::try_from(dice.below(17)).expect("small"),
                at_frame,
            },
            20..=22 => ControlMessage::ResumeBus {
                bus: u32::try_from(dice.below(17)).expect("small"),
                at_frame,
            },
            18 => ControlMessage::SetLimiter { on: dice.below(2) == 0 },
            15 => ControlMessage::SetSpeed { speed: dice.below(5) as f64 / 2.0 - 0.5, at_frame },
            _ => {
                *next_voice += 1;
                let params = dice.params(controller.shared().clock_frames());
                ControlMessage::Play { voice: *next_voice, slot, params }
            }
        };
        controller.try_send(message).expect("the rings are large enough");
    }
}

/// Plays a long session of everything; returns how often the callback called the allocator.
fn session(controller: &mut Controller, renderer: &mut Renderer, seen: &mut Seen) -> u64 {
    let mut dice = Dice(1);
    let mut next_voice = 0;
    let mut calls = 0;
    for block in 0..4000 {
        command(&mut dice, controller, &mut next_voice);
        let frames = [256, 64, 1, 0, 700][dice.size(5)];
        let mut out = vec![0.0; frames * renderer.output_channels()];
        calls += calls_during(|| renderer.render(&mut out));
        seen.loudest = out.iter().fold(seen.loudest, |peak, value| peak.max(value.abs()));
        seen.collected += controller.collect();
        // For the second half nobody listens: events are dropped.
        while block < 2000
            && let Some(event) = controller.poll_event()
        {
            seen.looped += u64::from(matches!(event, PlaybackEvent::Looped { .. }));
            if let PlaybackEvent::Ended { reason, .. } = event {
                let kinds = [
                    EndReason::Finished,
                    EndReason::Stopped,
                    EndReason::Stolen,
                    EndReason::Choked,
                    EndReason::Unloaded,
                    EndReason::Ignored,
                    EndReason::NoSample,
                ];
                let kind = kinds.iter().position(|kind| *kind == reason);
                seen.ended[kind.expect("no panic")] += 1;
            }
        }
    }
    calls
}

#[test]
fn promise_8_callback_never_allocates() {
    for output_channels in [1, 2, 6] {
        let (mut controller, mut renderer) = split(PlaybackConfig {
            output_channels,
            slots: 18,
            max_voices: 12,
            event_capacity: 512,
            ..PlaybackConfig::default()
        });
        let mut seen = Seen::default();
        let calls = session(&mut controller, &mut renderer, &mut seen);
        assert_eq!(calls, 0, "the callback called the allocator ({output_channels} channels)");

        let shared = controller.shared();
        assert_eq!(shared.callback_panics(), 0);
        assert!(seen.ended.iter().all(|count| *count > 0), "some end never came: {:?}", seen.ended);
        assert!(seen.collected > 500 && seen.loudest > 0.5 && shared.dropped_events() > 0);
        assert!(seen.looped > 100 && shared.playheads().len() == shared.voices() as usize);
        assert!(shared.load().max > 0.0 && shared.master_levels()[0].peak > 0.0);
        // What the callback gave back was freed here, and what is left goes with the two ends.
        assert_eq!(controller.collect(), 0);
    }
}

#[test]
fn promise_8_the_last_owner_is_never_the_callback() {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    let sample = SampleBuffer::from_planes(48_000, vec![vec![0.5; 1000]]).expect("valid");
    let weak = Arc::downgrade(&sample);
    // From here on the playback side alone holds it.
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    let params = VoiceParams::default();
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    controller.try_send(ControlMessage::UnloadSample { slot: 0 }).expect("room");
    let mut out = vec![0.0; 4096];
    assert_eq!(calls_during(|| renderer.render(&mut out)), 0);
    assert_eq!(weak.strong_count(), 1, "it waits in the retired ring");
    assert_eq!(controller.collect(), 1);
    assert_eq!(weak.strong_count(), 0);
}

#[test]
fn promise_8_holds_while_a_sample_grows() {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    let spec = AudioSpec { sample_rate: 48_000, channels: 2 };
    let mut writer = SampleWriter::with_capacity(spec, 96_000).expect("memory");
    let sample = writer.buffer().expect("its length is known");
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    for (voice, speed, looped) in
        [(1, 1.0, false), (2, 1.3, true), (3, -1.0, true), (4, 4.0, false)]
    {
        let params = VoiceParams { speed, looping: looped.into(), ..VoiceParams::default() };
        controller.try_send(ControlMessage::Play { voice, slot: 0, params }).expect("room");
    }
    let mut out = vec![0.0; 1024];
    let (mut calls, mut loudest) = (0, 0.0_f32);
    let mut play = |renderer: &mut Renderer| {
        calls += calls_during(|| renderer.render(&mut out));
        loudest = out.iter().fold(loudest, |peak, value| peak.max(value.abs()));
    };
    for _ in 0..100 {
        // Slower than the fastest voice: it starves, and goes on.
        writer.append(&[&[0.5; 960], &[0.25; 960]]).expect("fits");
        play(&mut renderer);
    }
    writer.finish();
    for _ in 0..100 {
        play(&mut renderer);
    }
    assert_eq!(calls, 0, "the callback called the allocator");
    assert!(loudest > 0.5 && controller.shared().callback_panics() == 0);
}

#[test]
fn regression_unbounded_draining_in_the_callback() {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    let places = controller.free_slots();
    assert!(places > COMMANDS_PER_BLOCK, "the ring holds more than one block may take");
    for _ in 0..places {
        controller
            .try_send(ControlMessage::SetVolume { volume: 0.5, fade_frames: None, at_frame: None })
            .expect("room");
    }
    let mut out = vec![0.0; 64];
    renderer.render(&mut out);
    assert_eq!(controller.free_slots(), COMMANDS_PER_BLOCK);
    // Without frames there is no deadline.
    renderer.render(&mut []);
    assert_eq!(controller.free_slots(), places);
}

#[test]
fn a_device_of_another_rate_costs_no_allocation() {
    for (mix_rate, channels) in [(44_100, 1), (44_101, 2), (192_000, 8)] {
        let (mut controller, renderer) =
            split(PlaybackConfig { sample_rate: mix_rate, ..PlaybackConfig::default() });
        let planes = vec![vec![0.5; 100_000]; channels];
        let sample = SampleBuffer::from_planes(mix_rate, planes).expect("valid");
        let params = VoiceParams { looping: true.into(), ..VoiceParams::default() };
        controller
            .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
            .expect("room");
        controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
        // At 48 kHz: the mix is resampled.
        let output = prepare_offline(&OutputRequest::default()).start(renderer);
        let mut output = output.map_err(|error| error.to_string()).expect("it always starts");
        let mut out = vec![0.0; 2 * 5_000];
        for frames in [0, 1, 7, 64, 5_000, 300, 1_024].into_iter().cycle().take(200) {
            let out = &mut out[..2 * frames];
            assert_eq!(calls_during(|| assert!(output.render(out))), 0, "{mix_rate} Hz");
        }
        let low = out.iter().copied().fold(f32::MAX, f32::min);
        let high = out.iter().copied().fold(f32::MIN, f32::max);
        assert!(low > 0.1 && high - low < 1e-4, "a constant stays one: {low} to {high}");
    }
}
