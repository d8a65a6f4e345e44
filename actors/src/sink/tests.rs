//! Changes of a slot that overtake each other on their way to the callback.

use std::sync::Arc;

use actix::Actor;
use actix_rt::System;
use hotcue::SampleBuffer;
use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::playback::{PlaybackConfig, VoiceParams, split};

use super::{AudioSinkActor, Device, Outgoing};
use crate::bus::{EventBus, Publisher};
use crate::clock::EngineClock;
use crate::messages::Play;
use crate::sample::Sample;
use crate::table::{Resident, Table};

fn tone(value: f32) -> Arc<Resident> {
    let buffer = SampleBuffer::from_planes(48_000, vec![vec![value; 100_000]]).expect("valid");
    Resident::pushed(Sample::from_buffer(buffer))
}

/// A sink that nobody sends messages to, on an output that is pulled by hand.
fn with_sink(test: impl FnOnce(&mut AudioSinkActor)) {
    System::new().block_on(async {
        let bus = EventBus::default().start();
        let (controller, renderer) = split(PlaybackConfig::default());
        let output = prepare_offline(&OutputRequest::default()).start(renderer);
        let (device, _) = Device::new(output.expect("it always starts"), None, None, false);
        let publisher = Publisher::new(bus, EngineClock::start());
        let table = Arc::new(Table::new(8, 8));
        test(&mut AudioSinkActor::new(table, publisher, Arc::default(), controller, device));
    });
}

fn play(sink: &mut AudioSinkActor, voice: u64) {
    sink.send(Outgoing::Play(Play { slot: 0, voice, params: VoiceParams::default() }));
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
