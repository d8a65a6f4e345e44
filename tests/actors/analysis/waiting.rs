//! Whoever waits for what is to be heard.

use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::Duration;

use hotcue::Source;
use hotcue::analysis::AnalysisKind;
use hotcue_actors::{AnalysisAnswer, AudioEngine, LoadTicket, SubmitOptions};
use hotcue_tests::{Contract, PATIENCE, TempDir, collect_until_heard};

use super::listening::{Listening, Manner};
use super::{ALL, loaded, memory, submit};
use crate::offline;
use crate::subscriptions::Count;

fn answers(ticket: &LoadTicket) -> Vec<AnalysisAnswer> {
    ticket.wait_analyses(Some(PATIENCE)).expect("each kind is answered")
}

/// What was answered, in place of results that they are there.
fn told(ticket: &LoadTicket) -> Vec<(AnalysisKind, &'static str)> {
    let said = |(kind, result): AnalysisAnswer| match result {
        Ok(result) => {
            assert_eq!(result.kind(), kind);
            (kind, "heard")
        }
        Err(failure) => (kind, failure.kind()),
    };
    answers(ticket).into_iter().map(said).collect()
}

fn each(said: &'static str) -> Vec<(AnalysisKind, &'static str)> {
    ALL.map(|kind| (kind, said)).to_vec()
}

#[test]
fn the_last_answer_ends_the_wait_and_wakes_once() {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let ticket = submit(&engine, 0, memory(), &ALL);
    loaded(&ticket);
    listening.wait();
    assert!(ticket.wait_analyses(Some(Duration::from_millis(20))).is_none(), "it is endless");
    let (count, other) = (Count::here(), Count::here());
    let waiting = ticket.wake_analyses(&Waker::from(Arc::clone(&count)));
    assert!(waiting.is_some());
    drop(ticket.wake_analyses(&Waker::from(Arc::clone(&other))));
    thread::scope(|scope| {
        let blocked = scope.spawn(|| told(&ticket));
        listening.behave(Manner::Truly);
        assert_eq!(blocked.join().expect("it does not panic"), each("heard"));
    });
    count.wait_until_woken();
    assert!(ticket.wake_analyses(Waker::noop()).is_none(), "all is answered");
    assert_eq!((count.woken(), other.woken()), (1, 0));
}

#[test]
fn what_is_known_already_is_answered_at_once_in_the_order_of_the_kinds() {
    let engine = offline(1);
    let load = submit(&engine, 0, memory(), &ALL[3..]);
    assert_eq!(told(&load).len(), 2);
    let asked = |analyze: &[AnalysisKind], awaited| {
        let options =
            SubmitOptions { analyze: analyze.to_vec(), awaited, ..SubmitOptions::default() };
        engine.submit_analysis(0, &options).expect("it is there")
    };
    // The last two are known, the others are heard now.
    assert_eq!(told(&asked(&ALL, true)), each("heard"));
    let again = asked(&ALL, true);
    let answered = again.wait_analyses(Some(Duration::ZERO));
    assert_eq!(answered.expect("all are known").len(), ALL.len());
    let nothing = asked(&[], true);
    assert!(nothing.wait_analyses(Some(Duration::ZERO)).is_some_and(|all| all.is_empty()));

    let polled = asked(&ALL[..1], false);
    let mut contract = Contract::default();
    collect_until_heard(engine.events(), &mut contract, 2);
    for (ticket, polls) in [(&load, true), (&polled, true), (&again, false), (&nothing, false)] {
        assert_eq!(!contract.events(ticket.request_id()).is_empty(), polls, "{ticket:?}");
    }
}

#[test]
fn what_is_known_or_cannot_be_is_answered_once_the_load_has_ended() {
    let engine = offline(1);
    let folder = TempDir::new();
    let path = Source::Path(super::tone_file(&folder));
    let first = submit(&engine, 0, path.clone(), &ALL[..1]);
    assert_eq!(told(&first).len(), 1);
    for (stream, said) in [(false, "heard"), (true, "streamed")] {
        let options =
            SubmitOptions { analyze: ALL[..1].to_vec(), stream, ..SubmitOptions::default() };
        for round in 0..2_000 {
            let ticket = engine.submit(Some(1), path.clone(), &options).expect("accepted");
            // Half of them block, half of them are woken.
            if round % 2 == 0 {
                let count = Count::here();
                let waiting = ticket.wake_analyses(&Waker::from(Arc::clone(&count)));
                if waiting.is_some() {
                    count.wait_until_woken();
                }
                assert!(ticket.wait_analyses(Some(Duration::ZERO)).is_some());
            }
            assert_eq!(told(&ticket), [(ALL[0], said)]);
            let ended = ticket.wait(Some(Duration::ZERO));
            assert!(matches!(ended, Some(Ok(_))), "{round}: {ended:?}");
            assert!(ticket.percent() == 100.0 && ticket.sample().is_some());
            engine.drain_loader_events(None);
        }
    }
}

/// However an analysis, or its load, ends, whoever waits is told.
fn ends_by(ending: impl FnOnce(&AudioEngine, &LoadTicket), said: &'static str) {
    let listening = Listening::new();
    let engine = listening.engine(1);
    let ticket = submit(&engine, 0, memory(), &ALL);
    loaded(&ticket);
    listening.wait();
    let count = Count::here();
    let waiting = ticket.wake_analyses(&Waker::from(Arc::clone(&count)));
    assert!(waiting.is_some());
    ending(&engine, &ticket);
    count.wait_until_woken();
    assert_eq!(told(&ticket), each(said));
}

#[test]
fn however_an_analysis_ends_whoever_waits_is_woken() {
    ends_by(|_, ticket| assert!(ticket.cancel()), "user");
    ends_by(|engine, _| engine.unload_sample(0).expect("it runs"), "user");
    ends_by(|engine, _| drop(loaded(&submit(engine, 0, memory(), &[]))), "superseded");
    ends_by(|engine, _| engine.shut_down(), "shutdown");
}

#[test]
fn a_load_without_a_sample_answers_for_its_analyses() {
    let engine = offline(1);
    let missing = Source::Path(std::env::temp_dir().join("hotcue-there-is-no-such-file.wav"));
    for _ in 0..100 {
        let ticket = submit(&engine, 0, missing.clone(), &ALL);
        let count = Count::here();
        // None if it was quicker than this line.
        let waiting = ticket.wake_analyses(&Waker::from(Arc::clone(&count)));
        if waiting.is_some() {
            count.wait_until_woken();
        }
        assert_eq!(told(&ticket), each("not_found"));
    }
    let listening = Listening::new();
    let busy = listening.engine(1);
    let queued: Vec<_> = (0..50).map(|id| submit(&busy, id, memory(), &ALL)).collect();
    busy.shut_down();
    for ticket in &queued {
        let all = answers(ticket);
        assert!(all.iter().all(|(_, answer)| answer.is_err()), "{all:?}");
    }
}
