//! What a callback does with a streamed sample.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use hotcue::playback::{
    ControlMessage, LoopSpan, Looping, PlaybackConfig, PlaybackEvent, VoiceParams, split,
};
use hotcue::{
    LoopKind, Source, StreamFeed, StreamOpening, StreamReader, StreamScan, StreamStep,
    StreamedSample, Wish, Workbench,
};

use crate::{Dice, calls_during};

/// Reads a block forwards or backwards from `frame`, having its feed bring it.
fn play(feed: &mut StreamFeed, reader: &StreamReader, bench: &mut Workbench, wish: Wish) {
    let mut block = [[0.0; 256]; 2];
    let first = if wish.backwards { wish.frame - 256 } else { wish.frame };
    let mut is_read = false;
    while !is_read {
        let [left, right] = &mut block;
        let calls = calls_during(|| {
            reader.set_wish(wish);
            let jump = Wish { frame: 100_000 - wish.frame % 50_000, ..wish };
            reader.set_jump(jump, Some(jump.frame + 1_000));
            let is_there = reader.frames_from(first) >= 256;
            is_read = reader.read(first, &mut [left, right]);
            assert!(is_read || !is_there);
            assert!(!wish.backwards || !is_read || reader.frames_before(wish.frame) >= 256);
        });
        assert_eq!(calls, 0, "at {wish:?}");
        assert!(is_read || feed.step(bench).expect("the same file"), "at {wish:?}");
    }
}

fn open(bench: &mut Workbench) -> Arc<StreamedSample> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/long/mp3_vbr.mp3");
    let mut opening = StreamOpening::new(Source::Path(path.into()), Some(48_000));
    loop {
        if let StreamStep::Ready(sample) = opening.step(bench).expect("a sound file") {
            return sample;
        }
    }
}

/// Voices on streams that come and go, seek, turn round, go round loops, run dry, and are fed by
/// another thread meanwhile; slots are emptied and filled again.
#[test]
fn promise_8_holds_while_streams_play() {
    let mut bench = Workbench::default();
    let sample = open(&mut bench);
    let (mut controller, mut renderer) =
        split(PlaybackConfig { slots: 4, max_voices: 6, ..PlaybackConfig::default() });
    let feeds: Mutex<Vec<StreamFeed>> = Mutex::default();
    let is_over = AtomicBool::new(false);
    let (mut calls, mut loudest, mut ended, mut collected) = (0, 0.0_f32, 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut bench = Workbench::default();
            let mut scan = StreamScan::new(&sample);
            while !is_over.load(Ordering::Relaxed) {
                scan.step().expect("the same file");
                let mut feeds = feeds.lock().expect("nobody panics");
                feeds.retain(|feed| !feed.is_over());
                for feed in feeds.iter_mut() {
                    feed.step(&mut bench).expect("the same file");
                }
            }
        });
        let mut dice = Dice(3);
        let mut voice = 0;
        for _ in 0..3_000 {
            let slot = u32::try_from(dice.below(4)).expect("small");
            let frame = dice.below(140_000);
            let message = match dice.below(12) {
                0 | 1 => ControlMessage::LoadSample { slot, sample: sample.head(), own_loop: None },
                2 if dice.below(4) == 0 => ControlMessage::UnloadSample { slot },
                3 => {
                    let now = controller.shared().clock_frames();
                    let at_frame = (dice.below(2) == 0).then(|| now + dice.below(4_000));
                    ControlMessage::SeekVoice { voice, frame, at_frame }
                }
                4 => {
                    let start_frame = dice.below(100_000);
                    let kind = [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward];
                    let looping = Some(Looping::Span(LoopSpan {
                        start_frame,
                        end_frame: start_frame + 1 + dice.below(30_000),
                        kind: kind[dice.size(3)],
                        rounds: 0,
                    }));
                    let speed = Some([1.0, -1.0, 3.7, 0.4][dice.size(4)]);
                    ControlMessage::SetVoice {
                        voice,
                        volume: None,
                        pan: None,
                        speed,
                        looping,
                        fade_frames: None,
                        at_frame: None,
                    }
                }
                5 | 6 => {
                    voice += 1;
                    let (feed, stream) = sample.voice();
                    feeds.lock().expect("nobody panics").push(feed);
                    let speed = [1.0, 2.5, -1.0, 4.0][dice.size(4)];
                    let start_frame = dice.below(2) * frame;
                    let params = VoiceParams { speed, start_frame, ..VoiceParams::default() };
                    ControlMessage::PlayStream { voice, slot, stream, params }
                }
                _ => ControlMessage::ResumeVoice { voice, at_frame: None },
            };
            controller.try_send(message).expect("the rings are large enough");
            let mut out = [0.0; 2 * 256];
            calls += calls_during(|| renderer.render(&mut out));
            loudest = out.iter().fold(loudest, |peak, value| peak.max(value.abs()));
            collected += controller.collect();
            while let Some(event) = controller.poll_event() {
                ended += u64::from(matches!(event, PlaybackEvent::Ended { .. }));
            }
            // So that the one who feeds has a turn.
            std::thread::yield_now();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(calls, 0, "the callback called the allocator");
    assert!(loudest > 0.1 && ended > 100 && collected > 100, "{loudest} {ended} {collected}");
    assert_eq!(controller.shared().callback_panics(), 0);
}

#[test]
fn nothing_is_allocated_where_a_streamed_sample_is_read() {
    let mut bench = Workbench::default();
    let sample = open(&mut bench);
    let mut scan = StreamScan::new(&sample);
    while scan.step().expect("the same file") {}
    let frames = sample.frames().expect("all of it was seen");
    let (mut feed, reader) = sample.voice();
    for number in 0..400 {
        // On, to somewhere else, and back.
        let frame = match number % 4 {
            0 | 1 => number * 256,
            2 => frames / 2 + number * 200,
            _ => frames - 256 - number * 100,
        };
        let wish = Wish { frame: frame % (frames - 512) + 256, backwards: number % 3 == 0 };
        play(&mut feed, &reader, &mut bench, wish);
    }
}
