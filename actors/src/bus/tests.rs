//! Tests of the order that the bus gives events.

use std::sync::{Arc, mpsc};

use actix::Actor;
use actix_rt::System;
use hotcue::{Source, Stage};

use super::EventBus;
use crate::events::{DeviceState, LoaderEvent};
use crate::messages::{Close, Flush, Publish, Subscribe};
use crate::queue::EventQueue;
use crate::request::Request;

#[test]
fn time_never_goes_back_from_one_event_to_the_next() {
    let queue = Arc::new(EventQueue::new());
    let subscribed = Arc::clone(&queue);
    System::new().block_on(async move {
        let bus = EventBus::new(vec![subscribed]).start();
        // Two threads looked at the clock, and the second was quicker to send.
        for time_sec in [0.5, 2.0, 1.0, 1.5, 3.0] {
            let (state, name) = (DeviceState::Started, String::new());
            let event = LoaderEvent::Device { time_sec, state, name };
            bus.do_send(Publish { event, request: None });
        }
        bus.send(Flush(mpsc::channel().0)).await.expect("it lives");
    });
    let times: Vec<f64> = queue.drain(None).iter().map(LoaderEvent::time_sec).collect();
    assert_eq!(times, [0.5, 2.0, 2.0, 2.0, 3.0]);
}

#[test]
fn closing_comes_after_what_was_published_before() {
    let (polled, subscribed) = (Arc::new(EventQueue::new()), Arc::new(EventQueue::new()));
    let queues = [Arc::clone(&polled), Arc::clone(&subscribed)];
    System::new().block_on(async move {
        let bus = EventBus::new(vec![polled]).start();
        bus.do_send(Subscribe(subscribed));
        for _ in 0..10 {
            let (state, name) = (DeviceState::Started, String::new());
            let event = LoaderEvent::Device { time_sec: 0.0, state, name };
            bus.do_send(Publish { event, request: None });
        }
        bus.send(Close(mpsc::channel().0)).await.expect("it lives");
    });
    for queue in queues {
        assert_eq!(queue.drain(None).len(), 10);
        assert!(queue.is_finished());
    }
}

#[test]
fn a_percentage_that_was_overtaken_is_left_out() {
    let request = Request::new(0, Source::Memory(Arc::from([])), 0);
    let admitted = [10.0, 30.0, 20.0, 30.0, 40.0].map(|percent| {
        request.admit(&LoaderEvent::Progress {
            id: 0,
            request_id: request.id,
            time_sec: 0.0,
            percent,
            stage: Stage::Decoding,
        })
    });
    assert_eq!(admitted, [true, true, false, true, true]);
}
