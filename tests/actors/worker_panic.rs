//! A panic in a decoder is an event; the pool keeps its size.

use std::sync::Arc;

use hotcue::{LoadErrorKind, Source};
use hotcue_actors::LoadFailure;
use hotcue_tests::{Contract, PanickingSource, collect_until_ended, sine, thread_count, wav_bytes};

use crate::offline;

#[test]
fn promise_1_a_panic_in_a_decoder_ends_its_request_only() {
    let engine = offline(2);
    let threads = thread_count();
    let good = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000))));
    let tickets: Vec<_> = (0..100)
        .map(|id| {
            let source =
                if id % 2 == 0 { Source::Custom(Arc::new(PanickingSource)) } else { good() };
            engine.load_sample_async(Some(id), source, 0).expect("accepted")
        })
        .collect();
    for (number, ticket) in tickets.iter().enumerate() {
        match ticket.wait(None).expect("no timeout was given") {
            Ok(_) => assert_eq!(number % 2, 1),
            Err(LoadFailure::Failed { error, .. }) => {
                assert_eq!(number % 2, 0, "{error}");
                assert_eq!(error.kind(), LoadErrorKind::WorkerPanic);
                assert!(error.to_string().contains("planted panic"), "{error}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 100);
    assert_eq!(thread_count(), threads, "the pool keeps its size");
    assert_eq!(engine.stats().workers, 2);
}
