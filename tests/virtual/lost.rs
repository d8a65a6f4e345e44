//! A decoder that works without end, at a load that is wanted: a minute, then it is over.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::{Instant, sleep};
use hotcue::{
    LoadError, LoadErrorKind, LoadOptions, Pulse, Source, SourceIdentity, Stage, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{EngineConfig, LoadFailure, LoadTicket};

use crate::disk::FOR_EVER;
use crate::{device, under_a_virtual_clock};

/// All loads of which take for ever, in reads or without.
struct Endless {
    reads: bool,
}

impl Workshop for Endless {
    fn work(&self, _: &Source, _: LoadOptions) -> Box<dyn Work> {
        Box::new(EndlessWork { reads: self.reads, pulse: Arc::default() })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

struct EndlessWork {
    reads: bool,
    pulse: Arc<Pulse>,
}

impl Work for EndlessWork {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        self.pulse.set_waiting(self.reads);
        Ok(Step::Working)
    }

    fn stage(&self) -> Stage {
        Stage::Decoding
    }

    fn percent(&self) -> f32 {
        0.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        None
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    fn held_bytes(&self) -> usize {
        0
    }

    fn blocks_for(&mut self) -> Duration {
        FOR_EVER
    }
}

/// What came of such a load within ten minutes, when, and how many decoders were given up.
fn outcome(reads: bool) -> (Option<(LoadErrorKind, Duration)>, usize) {
    under_a_virtual_clock(async {
        let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
        let engine = device::engine(config, Endless { reads });
        let begin = Instant::now();
        let source = Source::Memory(Arc::from([0; 10]));
        let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
        let ended = loop {
            if let Some(kind) = failure(&ticket) {
                break Some((kind, begin.elapsed()));
            }
            if begin.elapsed() > Duration::from_secs(600) {
                break None;
            }
            sleep(Duration::from_millis(50)).await;
        };
        let given_up = engine.stats().abandoned_workers;
        engine.shut_down_here().await;
        (ended, given_up)
    })
}

fn failure(ticket: &LoadTicket) -> Option<LoadErrorKind> {
    match ticket.wait(Some(Duration::ZERO))? {
        Err(LoadFailure::Failed { error, .. }) => Some(error.kind()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_load_that_works_without_end_fails_after_a_minute() {
    let (ended, given_up) = outcome(false);
    let (kind, after) = ended.expect("it ends");
    assert_eq!((kind, given_up), (LoadErrorKind::Corrupt, 1));
    assert!((60..=61).contains(&after.as_secs()), "{after:?}");
}

#[test]
fn a_disk_that_does_not_answer_is_waited_for() {
    assert_eq!(outcome(true), (None, 0));
}

#[test]
fn a_time_in_which_the_process_was_stopped_does_not_count() {
    under_a_virtual_clock(async {
        let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
        let engine = device::engine(config, Endless { reads: false });
        let source = Source::Memory(Arc::from([0; 10]));
        let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
        sleep(Duration::from_secs(10)).await;
        // All timers that are due come at once, as after a SIGCONT.
        tokio::time::advance(Duration::from_secs(600)).await;
        sleep(Duration::from_secs(40)).await;
        assert_eq!(failure(&ticket), None, "it was at it for less than a minute");
        sleep(Duration::from_secs(15)).await;
        assert_eq!(failure(&ticket), Some(LoadErrorKind::Corrupt));
        engine.shut_down_here().await;
    });
}
