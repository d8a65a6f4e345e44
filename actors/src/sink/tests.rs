//! Changes of a slot that overtake each other on their way to the callback.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix::{Actor, Context, Handler};
use actix_rt::System;
use actix_rt::time::{Instant, sleep};
use hotcue::output::mock::mock;
use hotcue::output::{DeviceError, DeviceErrorKind, OutputRequest, prepare_offline};
use hotcue::playback::{ControlMessage, PlaybackConfig, VoiceParams, split};
use hotcue::{SampleBuffer, Source};

use super::{AudioSinkActor, Device, Outgoing};
use crate::bus::{EventBus, Publisher};
use crate::clock::EngineClock;
use crate::engine::Normalize;
use crate::events::{DeviceState, LoaderEvent};
use crate::messages::{Control, Play, PlayWhenReady, SwitchOutput, Unload, UnloadCause};
use crate::playback::{DropReason, PlaybackNotice};
use crate::queue::EventQueue;
use crate::request::Request;
use crate::sample::Sample;
use crate::streaming::Streams;
use crate::table::{Expected, PlayStart, Resident, Table};

fn tone(value: f32) -> Arc<Resident> {
    let buffer = SampleBuffer::from_planes(48_000, vec![vec![value; 100_000]]).expect("valid");
    Resident::pushed(Sample::from_buffer(buffer))
}

/// A sink that nobody sends messages to, on an output that is pulled by hand.
fn with_sink(test: impl FnOnce(&mut AudioSinkActor)) {
    System::new().block_on(async {
        let bus = EventBus::new(Vec::new()).start();
        let (controller, renderer) = split(PlaybackConfig::default());
        let output = prepare_offline(&OutputRequest::default()).start(renderer);
        let (device, _) =
            Device::new(output.expect("it always starts"), OutputRequest::default(), None, false);
        let publisher = Publisher::new(bus, EngineClock::start());
        let table = Arc::new(Table::new(8, 8));
        let streams = Streams::new(table.ledger());
        test(&mut AudioSinkActor::new(
            table,
            publisher,
            Arc::default(),
            controller,
            device,
            streams,
        ));
    });
}

fn play(sink: &mut AudioSinkActor, voice: u64) {
    sink.send(Outgoing::Play(Play {
        slot: 0,
        voice,
        params: VoiceParams::default(),
        normalize: Normalize::Off,
    }));
}

fn sounding(sink: &mut AudioSinkActor) -> f32 {
    let rendered = sink.device.render(4_800).expect("offline");
    rendered.last().copied().expect("frames were asked for")
}

#[test]
fn an_overtaken_unload_still_fades_the_voices_before_it() {
    with_sink(|sink| {
        let (first, second) = (tone(0.25), tone(0.5));
        let change = sink.table.set_sample(0, &first);
        sink.send(Outgoing::Pushed { slot: 0, change, sample: first });
        play(sink, 1);
        assert_eq!(sounding(sink), 0.25);
        // One thread unloads, another fills the slot; their messages change places.
        let unloaded = sink.table.unload(0).change;
        let change = sink.table.set_sample(0, &second);
        sink.send(Outgoing::Pushed { slot: 0, change, sample: second });
        play(sink, 2);
        sink.send(Outgoing::Unload { slot: 0, change: unloaded });
        assert_eq!(sounding(sink), 0.5, "the old voice has gone, the new one has not");
    });
}

#[test]
fn an_overtaken_sample_does_not_come_back() {
    with_sink(|sink| {
        let (first, second) = (tone(0.25), tone(0.5));
        let older = sink.table.set_sample(0, &first);
        let newer = sink.table.set_sample(0, &second);
        sink.send(Outgoing::Pushed { slot: 0, change: newer, sample: second });
        sink.send(Outgoing::Pushed { slot: 0, change: older, sample: first });
        play(sink, 1);
        assert_eq!(sounding(sink), 0.5, "what the table holds is what sounds");
    });
}

/// A play of slot 0 that waits for its load, asked for now.
fn ask_for_play(sink: &AudioSinkActor, voice: u64) -> PlayWhenReady {
    let request = |slot| Request::new(slot, Source::Path("a.wav".into()), 0);
    sink.table.register(Some(0), request, |_, _| {}).expect("accepted");
    let start = sink.table.begin_play(0, true, |_| request(0)).expect("it is not closed");
    let PlayStart::Loading(Expected { since, reload: None }) = start else {
        panic!("its load was registered above")
    };
    let play = Play { slot: 0, voice, params: VoiceParams::default(), normalize: Normalize::Off };
    let deadline = Instant::now() + Duration::from_secs(600);
    PlayWhenReady { play, since, deadline }
}

fn dropped(sink: &AudioSinkActor) -> Vec<(u64, DropReason)> {
    std::iter::from_fn(|| sink.notices.polled().poll())
        .filter_map(|notice| match notice {
            PlaybackNotice::Dropped { voice, reason, .. } => Some((voice, reason)),
            PlaybackNotice::Voice(_) => None,
        })
        .collect()
}

#[test]
fn an_unload_drops_the_plays_before_it_and_no_other_whichever_comes_first() {
    with_sink(|sink| {
        let context = &mut Context::new();
        let before = ask_for_play(sink, 1);
        let unload =
            Unload { slot: 0, change: sink.table.unload(0).change, cause: UnloadCause::Asked };
        let after = ask_for_play(sink, 2);
        sink.handle(after, context);
        sink.handle(before, context);
        sink.handle(unload, context);
        assert_eq!(dropped(sink), [(1, DropReason::Unloaded)]);
        assert!(sink.waiting.take(0).is_some_and(|play| play.voice == 2));
    });
}

#[test]
fn a_look_between_an_unload_and_its_message_says_that_it_was_unloaded() {
    with_sink(|sink| {
        let context = &mut Context::new();
        let asked = ask_for_play(sink, 1);
        sink.handle(asked, context);
        let change = sink.table.unload(0).change;
        let swept = sink.waiting.sweep(&sink.table, Instant::now(), 0);
        let reasons: Vec<_> = swept.iter().map(|(play, reason)| (play.voice, *reason)).collect();
        assert_eq!(reasons, [(1, DropReason::Unloaded)]);
        sink.handle(Unload { slot: 0, change, cause: UnloadCause::Asked }, context);
        assert!(dropped(sink).is_empty(), "it is told once");
    });
}

#[test]
fn an_eviction_drops_no_play() {
    with_sink(|sink| {
        let context = &mut Context::new();
        let asked = ask_for_play(sink, 1);
        sink.handle(asked, context);
        // As of a slot that was found evicted before the table said so.
        let change = sink.table.unload(0).change;
        sink.handle(Unload { slot: 0, change, cause: UnloadCause::Evicted }, context);
        assert!(dropped(sink).is_empty());
        assert!(sink.waiting.take(0).is_some());
    });
}

#[test]
fn a_dropped_play_does_not_count_any_more() {
    with_sink(|sink| {
        let context = &mut Context::new();
        let asked = ask_for_play(sink, 1);
        assert!(sink.table.plays().under_way(0));
        sink.handle(asked, context);
        sink.handle(
            Control(ControlMessage::StopSample { slot: 0, fade_frames: 240, at_frame: None }),
            context,
        );
        assert_eq!(dropped(sink), [(1, DropReason::Stopped)]);
        assert!(!sink.table.plays().under_way(0));
    });
}

#[test]
fn an_output_that_is_left_for_one_that_does_not_start_is_said_to_be_lost_by_its_name() {
    System::new().block_on(async {
        let events = Arc::new(EventQueue::new());
        let bus = EventBus::new(vec![Arc::clone(&events)]).start();
        let request = OutputRequest::default();
        let (controller, renderer) = split(PlaybackConfig::default());
        let (played, _handle) = mock(&request);
        let output = played.start(renderer).expect("a mock starts");
        let (device, _) = Device::new(output, request, None, false);
        let table = Arc::new(Table::new(8, 8));
        let streams = Streams::new(table.ledger());
        let publisher = Publisher::new(bus, EngineClock::start());
        let sink =
            AudioSinkActor::new(table, publisher, Arc::default(), controller, device, streams);
        let sink = sink.start();
        let (prepared, next) = mock(&request);
        next.refuse(DeviceError::new(DeviceErrorKind::Busy, "refused"));
        let (done, switched) = mpsc::channel();
        sink.send(SwitchOutput { prepared, target: None, done }).await.expect("it lives");
        assert!(switched.recv().expect("it answers").is_err());
        let deadline = Instant::now() + Duration::from_secs(10);
        let said = loop {
            assert!(Instant::now() < deadline, "nothing is said");
            match events.poll() {
                Some(LoaderEvent::Device { state, name, .. }) => break (state, name),
                _ => sleep(Duration::from_millis(1)).await,
            }
        };
        assert_eq!(said, (DeviceState::Lost, "Mock".to_owned()));
    });
}
