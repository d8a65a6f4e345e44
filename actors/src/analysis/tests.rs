//! Who is answered, which task goes first, and what is kept of what nobody waits for.

use std::sync::{Arc, Mutex, Weak};

use hotcue::analysis::AnalysisKind;
use hotcue::{SampleBuffer, Source};

use super::{Analyses, Ask, Kinds, lock};
use crate::error::AnalysisFailure;
use crate::events::CancelReason;
use crate::request::{Request, Wishes};
use crate::sample::Sample;

const SHUTDOWN: AnalysisFailure = AnalysisFailure::Cancelled(CancelReason::Shutdown);
const USER: AnalysisFailure = AnalysisFailure::Cancelled(CancelReason::User);

fn sample() -> Arc<Sample> {
    let silence = SampleBuffer::from_planes(48_000, vec![vec![0.0; 100]]);
    Sample::from_buffer(silence.expect("valid"))
}

/// Asks for loudness and key.
fn ask(analyses: &Analyses, sample: &Sample, priority: i32) -> Arc<Ask> {
    let kinds = Kinds::from_iter([AnalysisKind::Key, AnalysisKind::Loudness]);
    let wishes = Wishes { priority, kinds, ..Wishes::default() };
    let request = Request::with(0, Source::Memory(Arc::from([])), wishes);
    analyses.ask(&request, sample).expect("it asks for something")
}

/// The audio of a sample that everybody lets go of here.
fn audio_of(sample: Arc<Sample>) -> Weak<SampleBuffer> {
    Arc::downgrade(sample.buffer())
}

#[test]
fn who_asks_once_it_is_over_is_told_so_and_nothing_is_kept() {
    let analyses = Analyses::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    analyses.on_answer(move |_, kind, found, last| {
        lock(&teller).push((kind, found.map_err(|failure| failure.kind()).err(), last));
    });
    analyses.stop();
    let sample = sample();
    ask(&analyses, &sample, 0);
    let shutdown = Some(SHUTDOWN.kind());
    let expected = [(AnalysisKind::Loudness, shutdown, false), (AnalysisKind::Key, shutdown, true)];
    assert_eq!(*lock(&told), expected);
    assert!(audio_of(sample).upgrade().is_none(), "its audio is kept");
    assert_eq!(analyses.open(), 0);
}

#[test]
fn nothing_is_gone_on_with_once_it_is_over() {
    let analyses = Analyses::default();
    let samples = [(); 3].map(|()| sample());
    let [under_way, waiting, unwanted] = &samples;
    ask(&analyses, under_way, 2);
    ask(&analyses, waiting, 1);
    let ended = ask(&analyses, unwanted, 0);
    let task = analyses.take().expect("somebody waits");
    assert!(analyses.end(&ended, &USER));
    assert!(analyses.is_waiting() && analyses.is_discarding());
    analyses.stop();
    assert!(!analyses.is_waiting() && !analyses.is_discarding());
    // The decoder that was at it comes back.
    analyses.put_back(task);
    assert!(!analyses.is_waiting());
    analyses.end_all(&SHUTDOWN);
    for sample in samples {
        assert!(audio_of(sample).upgrade().is_none(), "its audio is kept");
    }
}

#[test]
fn a_task_stands_where_the_most_urgent_of_those_who_wait_has_it() {
    let analyses = Analyses::default();
    let (wanted, other) = (sample(), sample());
    let first = |analyses: &Analyses| {
        let task = analyses.take().expect("somebody waits");
        let is_wanted = Arc::ptr_eq(task.findings(), wanted.findings());
        analyses.put_back(task);
        is_wanted
    };
    let low = ask(&analyses, &wanted, 0);
    ask(&analyses, &other, 5);
    assert!(!first(&analyses));
    let high = ask(&analyses, &wanted, 10);
    assert!(first(&analyses), "the more urgent one is not served");
    assert!(analyses.end(&high, &USER));
    assert!(!first(&analyses), "who is urgent is gone");
    ask(&analyses, &wanted, 10);
    assert!(analyses.end(&low, &USER));
    assert!(first(&analyses), "who has gone was not the urgent one");
}

#[test]
fn a_task_is_let_go_of_with_the_last_who_waits_for_it_wherever_it_stood() {
    let analyses = Analyses::default();
    let sample = sample();
    let low = ask(&analyses, &sample, 0);
    let high = ask(&analyses, &sample, 10);
    assert!(analyses.end(&high, &USER));
    assert!(analyses.end(&low, &USER));
    assert!(!analyses.is_waiting());
    analyses.discard();
    // Whoever asks again is no worse off.
    ask(&analyses, &sample, 0);
    assert!(analyses.is_waiting());
}

#[test]
fn who_does_not_wait_finds_nothing_while_somebody_writes() {
    let sample = sample();
    let writes = sample.findings().lock();
    assert!(sample.try_analysis().is_none());
    drop(writes);
    assert!(sample.try_analysis().is_some_and(|found| found.is_empty()));
}
