//! The actors from outside: messages in, events out, threads counted.

/// What a load of a test's own says of itself: what the `LoadJob` in its field `job` says.
macro_rules! as_its_job {
    () => {
        fn stage(&self) -> hotcue::Stage {
            self.job.stage()
        }

        fn percent(&self) -> f32 {
            self.job.percent()
        }

        fn identity(&self) -> Option<hotcue::SourceIdentity> {
            self.job.identity()
        }

        fn byte_len(&self) -> Option<u64> {
            self.job.byte_len()
        }

        fn pulse(&self) -> std::sync::Arc<hotcue::Pulse> {
            self.job.pulse()
        }

        fn held_bytes(&self) -> usize {
            self.job.held_bytes()
        }

        fn buffer(&self) -> Option<std::sync::Arc<hotcue::SampleBuffer>> {
            self.job.buffer()
        }

        fn arriving(&self) -> Option<hotcue::LoadedSample> {
            self.job.arriving()
        }

        fn shared(&self) -> Option<std::sync::Arc<hotcue::SharedLoad>> {
            self.job.shared()
        }
    };
}

mod analysis;
mod batch;
mod budget;
mod devices;
mod direct_messages;
mod dropped_sources;
mod events;
mod helping;
mod idle;
mod leaks;
mod lost_decoders;
mod measured;
mod odd_sources;
mod outputs;
mod playable;
mod playing;
mod preemption;
mod promise_10;
mod regressions;
mod schedules;
mod sharing;
mod shutdown;
mod slot_states;
mod slots;
mod stalls;
mod storing;
mod streaming;
mod streams_by_chance;
mod stuck_reads;
mod subscriptions;
mod worker_panic;

use hotcue_actors::{AudioEngine, EngineConfig, PlayOptions};
use hotcue_tests::PATIENCE;

/// A running engine without a clock.
fn offline(workers: usize) -> AudioEngine {
    running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(workers),
        ..EngineConfig::default()
    })
}

fn running(config: EngineConfig) -> AudioEngine {
    let engine = AudioEngine::new(config).expect("a valid configuration");
    engine.run().expect("the engine starts");
    engine
}

/// A play that waits for its load as long as a test does.
fn patient() -> PlayOptions {
    PlayOptions { max_wait_sec: PATIENCE.as_secs_f64(), ..PlayOptions::default() }
}

/// Runs a test that counts threads in a process of its own: others start threads meanwhile.
fn alone(name: &str, test: impl FnOnce()) {
    const CHILD: &str = "HOTCUE_TEST_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return test();
    }
    let program = std::env::current_exe().expect("a test knows its program");
    let child = std::process::Command::new(program)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .expect("the test starts itself");
    let said = String::from_utf8_lossy(&child.stdout);
    // No test at all would be a success, too.
    let has_run = child.status.success() && said.contains("1 passed");
    assert!(has_run, "{said}\n{}", String::from_utf8_lossy(&child.stderr));
}
