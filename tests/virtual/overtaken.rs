//! A load that others overtake all the time: it waits, and then has a moment of its own.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::{Instant, sleep};
use hotcue::{
    LoadError, LoadJob, LoadOptions, Pulse, Source, SourceIdentity, Stage, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, LoadTicket};
use hotcue_tests::{sine, wav_bytes};

use crate::{device, under_a_virtual_clock};

const RATE: u32 = 8_000;
/// What a step takes.
const STEP: Duration = Duration::from_millis(5);

/// Loads whose steps take time: a long one has some more of them.
struct Slow;

impl Workshop for Slow {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let is_long = matches!(source, Source::Memory(content) if content.len() > 1_000);
        let left = if is_long { 4 } else { 0 };
        Box::new(SlowWork { job: LoadJob::new(source.clone(), options), left })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

struct SlowWork {
    job: LoadJob,
    left: u32,
}

impl Work for SlowWork {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(Step::Working);
        }
        self.job.step(bench)
    }

    fn stage(&self) -> Stage {
        self.job.stage()
    }

    fn percent(&self) -> f32 {
        self.job.percent()
    }

    fn identity(&self) -> Option<SourceIdentity> {
        None
    }

    fn byte_len(&self) -> Option<u64> {
        self.job.byte_len()
    }

    fn pulse(&self) -> Arc<Pulse> {
        self.job.pulse()
    }

    fn held_bytes(&self) -> usize {
        self.job.held_bytes()
    }

    fn blocks_for(&mut self) -> Duration {
        STEP
    }
}

fn submit(engine: &AudioEngine, id: u32, frames: u32, priority: i32) -> LoadTicket {
    let content = wav_bytes(RATE, 1, frames, sine(440.0, RATE));
    let source = Source::Memory(content.into());
    engine.load_sample_async(Some(id), source, priority).expect("accepted")
}

fn has_ended(ticket: &LoadTicket) -> bool {
    ticket.wait(Some(Duration::ZERO)).map(|end| end.expect("a sound file")).is_some()
}

#[test]
fn a_load_that_others_overtake_has_its_turn_after_two_seconds_and_is_left_alone_then() {
    under_a_virtual_clock(async {
        let config =
            EngineConfig { workers: Some(1), sample_rate: Some(RATE), ..EngineConfig::default() };
        let engine = device::engine(config, Slow);
        let mut urgent: Vec<_> = (1..20).map(|id| (id, submit(&engine, id, 100, 10))).collect();
        let begin = Instant::now();
        let low = submit(&engine, 0, 1_000, 0);
        let mut began = None;
        while !has_ended(&low) {
            assert!(begin.elapsed() < Duration::from_secs(60), "it waits for ever");
            for (id, ticket) in &mut urgent {
                if has_ended(ticket) {
                    *ticket = submit(&engine, *id, 100, 10);
                }
            }
            let loads = engine.loads().expect("it runs");
            let runs = |load: &&hotcue_actors::LoadStatus| load.stage > Stage::Queued;
            if loads.iter().filter(runs).any(|load| load.id == 0) {
                began.get_or_insert_with(|| begin.elapsed());
            }
            sleep(Duration::from_millis(1)).await;
        }
        let (began, ended) = (began.expect("it has begun"), begin.elapsed());
        assert!((2_000..3_000).contains(&began.as_millis()), "it began after {began:?}");
        assert!(ended - began < Duration::from_millis(100), "it ended after {ended:?}");
        engine.shut_down_here().await;
    });
}
