//! What an event says is already true.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use hotcue::Source;
use hotcue_actors::{LoaderEvent, PlayOptions};
use hotcue_tests::{PATIENCE, sine, wav_bytes};

use crate::offline;

const LOADS: u32 = 10_000;
const SLOTS: u32 = 512;

#[test]
fn promise_10_what_success_says_is_already_true() {
    let engine = offline(4);
    let busy = AtomicBool::new(true);
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 400, sine(440.0, 48_000)));
    thread::scope(|scope| {
        // Also when an assertion fails: the scope waits for its threads.
        let _stop = StopWhenDropped(&busy);
        // Threads that keep the machine and the engine's locks busy.
        for id in [600, 601] {
            let (engine, busy, content) = (&engine, &busy, Arc::clone(&content));
            scope.spawn(move || {
                // Each waits for its load, or events would pile up faster than one reader reads.
                for round in 0_u64.. {
                    if !busy.load(Ordering::Relaxed) {
                        break;
                    }
                    let source = Source::Memory(Arc::clone(&content));
                    let ticket = engine.load_sample_async(Some(id), source, 0).expect("accepted");
                    if round % 4 == 0 {
                        ticket.cancel();
                    }
                    assert!(ticket.wait(Some(PATIENCE)).is_some());
                    std::hint::black_box(engine.loads().map(|loads| loads.len()).ok());
                }
            });
        }
        // A slot is loaded again once its load has ended: loads end in any order.
        let mut idle: Vec<u32> = (0..SLOTS).collect();
        let (mut submitted, mut read) = (0, 0);
        while read < LOADS {
            while submitted < LOADS
                && let Some(id) = idle.pop()
            {
                let source = Source::Memory(Arc::clone(&content));
                engine.load_sample_async(Some(id), source, 0).expect("accepted");
                submitted += 1;
            }
            let event = engine.events().wait(Instant::now() + PATIENCE).expect("an event");
            let LoaderEvent::Success { id, .. } = event else {
                assert!(!matches!(event, LoaderEvent::Error { .. }), "{event:?}");
                continue;
            };
            if id >= 600 {
                continue;
            }
            read += 1;
            idle.push(id);
            assert!(engine.sample(id).expect("it runs").is_some(), "slot {id} is empty");
            let voice = engine.play_sample(id, PlayOptions::default()).expect("it runs");
            assert!(voice.is_some());
            let sound = engine.render(64).expect("offline");
            assert!(sound.samples.iter().any(|value| value.abs() > 0.1), "slot {id} is silent");
            engine.stop_all(0.005).expect("it runs");
            engine.render(1_024).expect("offline");
        }
    });
}

struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn promise_10_an_unloaded_slot_is_empty_at_once() {
    let engine = offline(4);
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 400, sine(440.0, 48_000)));
    for round in 0..LOADS {
        let id = round % SLOTS;
        let source = Source::Memory(Arc::clone(&content));
        engine.load_sample_async(Some(id), source, 0).expect("accepted");
        if round % 2 == 0 {
            thread::yield_now();
        }
        engine.unload_sample(id).expect("it runs");
        assert!(engine.sample(id).expect("it runs").is_none(), "slot {id} holds a ghost");
    }
}
