//! A decoder that dies, and what it was told before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_rt::time::sleep;
use hotcue::{LoadError, LoadOptions, Pulse, Source, SourceIdentity, Stage, Step, Workbench};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{EngineConfig, LoadTicket};

use crate::{device, under_a_virtual_clock};

/// A step of any load here.
const STEP: Duration = Duration::from_millis(40);

/// Loads that take for ever; the second one kills its decoder after its first step.
struct Deadly {
    made: AtomicUsize,
    open: Arc<AtomicUsize>,
}

impl Workshop for Deadly {
    fn work(&self, _: &Source, _: LoadOptions) -> Box<dyn Work> {
        self.open.fetch_add(1, Ordering::Relaxed);
        let kills = self.made.fetch_add(1, Ordering::Relaxed) == 1;
        Box::new(DeadlyWork { kills, open: Arc::clone(&self.open) })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

struct DeadlyWork {
    kills: bool,
    open: Arc<AtomicUsize>,
}

impl Work for DeadlyWork {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        Ok(Step::Working)
    }

    fn stage(&self) -> Stage {
        Stage::Decoding
    }

    fn percent(&self) -> f32 {
        if self.kills {
            std::panic::resume_unwind(Box::new("as the script says"));
        }
        0.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        None
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::default()
    }

    fn held_bytes(&self) -> usize {
        100
    }

    fn blocks_for(&mut self) -> Duration {
        STEP
    }
}

impl Drop for DeadlyWork {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn has_ended(ticket: &LoadTicket) -> bool {
    ticket.wait(Some(Duration::ZERO)).is_some()
}

#[test]
fn what_a_dead_decoder_was_told_to_drop_is_dropped() {
    under_a_virtual_clock(async {
        let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
        let open = Arc::<AtomicUsize>::default();
        let deadly = Deadly { made: AtomicUsize::new(0), open: Arc::clone(&open) };
        let engine = device::engine(config, deadly);
        let load = |id, priority| {
            let source = Source::Memory(Arc::from([0; 10]));
            engine.load_sample_async(Some(id), source, priority).expect("accepted")
        };
        let given_back = load(0, 0);
        sleep(STEP * 2).await;
        let kills = load(1, 5);
        while open.load(Ordering::Relaxed) < 2 {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(given_back.cancel());
        // It comes to what it was told after the step in which it dies.
        assert!(!has_ended(&kills));
        sleep(STEP * 2).await;
        assert!(has_ended(&kills));
        assert_eq!(open.load(Ordering::Relaxed), 0, "its memory is free for others");
        engine.shut_down_here().await;
    });
}
