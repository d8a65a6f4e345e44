//! Tests of the order that the bus gives events.

use std::sync::{Arc, mpsc};

use actix::Actor;
use actix_rt::System;
use hotcue::{Source, Stage};

use super::EventBus;
use crate::events::{DeviceState, LoaderEvent};
use crate::messages::{Close, Flush, Publish, Subscribe, Unsubscribe};
use crate::queue::EventQueue;
use crate::request::Request;

/// An event, to be handed out.
fn told_at(time_sec: f64) -> Publish {
    let (state, name) = (DeviceState::Started, String::new());
    Publish { event: LoaderEvent::Device { time_sec, state, name }, request: None }
}

#[test]
fn time_never_goes_back_from_one_event_to_the_next() {
    let queue = Arc::new(EventQueue::new());
    let subscribed = Arc::clone(&queue);
    System::new().block_on(async move {
        let bus = EventBus::new(vec![subscribed]).start();
        // Two threads looked at the clock, and the second was quicker to send.
        for time_sec in [0.5, 2.0, 1.0, 1.5, 3.0] {
            bus.do_send(told_at(time_sec));
        }
        bus.send(Flush(mpsc::channel().0)).await.expect("it lives");
    });
    let times: Vec<f64> = queue.drain(None).iter().map(LoaderEvent::time_sec).collect();
    assert_eq!(times, [0.5, 2.0, 2.0, 2.0, 3.0]);
}

#[test]
fn a_stage_never_goes_back_at_one_percentage() {
    let request = Request::new(0, Source::Path("a.wav".into()), 0);
    let goes_out = |percent, stage| {
        let event = LoaderEvent::Progress { id: 0, request_id: 1, time_sec: 0.0, percent, stage };
        request.admit(&event)
    };
    assert!(goes_out(0.0, Stage::Decoding));
    assert!(!goes_out(0.0, Stage::Reading));
    assert!(goes_out(0.0, Stage::Decoding));
    assert!(goes_out(5.0, Stage::Decoding));
    assert!(!goes_out(4.0, Stage::Resampling));
}

#[test]
fn closing_comes_after_what_was_published_before() {
    let (polled, subscribed) = (Arc::new(EventQueue::new()), Arc::new(EventQueue::new()));
    let queues = [Arc::clone(&polled), Arc::clone(&subscribed)];
    System::new().block_on(async move {
        let bus = EventBus::new(vec![polled]).start();
        bus.do_send(Subscribe(subscribed));
        (0..10).for_each(|_| bus.do_send(told_at(0.0)));
        bus.send(Close(mpsc::channel().0)).await.expect("it lives");
    });
    for queue in queues {
        assert_eq!(queue.drain(None).len(), 10);
        assert!(queue.is_finished());
    }
}

#[test]
fn a_queue_that_is_subscribed_twice_gets_each_event_once() {
    let (polled, subscribed) = (Arc::new(EventQueue::new()), Arc::new(EventQueue::new()));
    let queues = [Arc::clone(&polled), Arc::clone(&subscribed)];
    System::new().block_on(async move {
        let bus = EventBus::new(vec![Arc::clone(&polled)]).start();
        for queue in [&subscribed, &subscribed, &polled] {
            bus.do_send(Subscribe(Arc::clone(queue)));
        }
        bus.do_send(told_at(0.0));
        bus.do_send(Unsubscribe(subscribed));
        bus.do_send(told_at(0.0));
        bus.send(Flush(mpsc::channel().0)).await.expect("it lives");
    });
    assert_eq!(queues.map(|queue| queue.drain(None).len()), [2, 1]);
}

#[test]
fn a_queue_is_closed_by_being_taken_out_and_open_again_in_another_run() {
    let queue = Arc::new(EventQueue::new());
    System::new().block_on(async {
        let run = || EventBus::new(Vec::new()).start();
        let bus = run();
        bus.do_send(Subscribe(Arc::clone(&queue)));
        bus.do_send(told_at(0.0));
        bus.send(Unsubscribe(Arc::clone(&queue))).await.expect("it lives");
        assert!(!queue.is_finished(), "there is an event to read");
        assert!(queue.poll().is_some() && queue.is_finished());

        bus.send(Subscribe(Arc::clone(&queue))).await.expect("it lives");
        assert!(!queue.is_finished());
        bus.send(Close(mpsc::channel().0)).await.expect("it lives");
        assert!(queue.is_finished());
        bus.send(Subscribe(Arc::clone(&queue))).await.expect("it lives");
        assert!(queue.is_finished(), "nothing more will come");

        run().send(Subscribe(Arc::clone(&queue))).await.expect("it lives");
        assert!(!queue.is_finished());
    });
}

#[test]
fn where_it_ends_unasked_nobody_is_left_waiting() {
    let (polled, subscribed) = (Arc::new(EventQueue::new()), Arc::new(EventQueue::new()));
    let queues = [Arc::clone(&polled), Arc::clone(&subscribed)];
    let system = System::new();
    system.block_on(async move {
        let bus = EventBus::new(vec![polled]).start();
        bus.do_send(Subscribe(subscribed));
        bus.send(Flush(mpsc::channel().0)).await.expect("it lives");
    });
    drop(system);
    assert!(queues.iter().all(|queue| queue.is_finished()));
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
