//! Files that are replaced while they are loaded, and asked for again.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{
    LoadError, LoadJob, LoadOptions, Pulse, Source, SourceIdentity, Stage, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, LoaderEvent};
use hotcue_tests::{PATIENCE, TempDir, wait_until};

use super::{sample_of, tone, wait_for_progress};
use crate::offline;

#[test]
fn a_reload_does_not_wait_for_the_end_of_a_file_that_is_there_no_more() {
    let folder = TempDir::new();
    let path = folder.silent_wav("a.wav", 44_100, 2_400);
    let engine = offline(2);
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    let (still, older) = (load(0), load(1));
    wait_for_progress(&still);
    wait_for_progress(&older);
    let new = folder.write("b.wav", &tone(440.0, 44_100));
    fs::rename(new, &path).expect("it can be replaced");
    let newer = load(1);
    assert_eq!(sample_of(&newer).frames(), 48_000);
    assert!(still.percent() < 100.0, "it has waited for the old file");
    assert_eq!(sample_of(&still).frames(), 2_400 * 48_000, "the one that was asked for");
}

/// A file that is decoded without end until it is replaced by one that is not there.
#[derive(Default)]
struct Replaced {
    is_replaced: Arc<AtomicBool>,
    asked: AtomicUsize,
}

const BEFORE: SourceIdentity =
    SourceIdentity { device: 1, inode: 1, len: 1, modified_ns: 1, changed_ns: 1 };

impl Workshop for Replaced {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => Box::new(Endless(Arc::default())),
            _ => Box::new(LoadJob::new(source.clone(), options)),
        }
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        (!self.is_replaced.load(Ordering::Relaxed)).then_some(BEFORE)
    }
}

struct Endless(Arc<Pulse>);

impl Work for Endless {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        // So long that its progress is told after each step.
        thread::sleep(Duration::from_millis(40));
        Ok(Step::Working)
    }

    fn stage(&self) -> Stage {
        Stage::Decoding
    }

    fn percent(&self) -> f32 {
        10.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        Some(BEFORE)
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.0)
    }

    fn held_bytes(&self) -> usize {
        0
    }
}

#[test]
fn a_load_that_began_anew_and_fails_says_no_earlier_stage_than_before() {
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let files = Replaced::default();
    let is_replaced = Arc::clone(&files.is_replaced);
    engine.run_in(prepare_offline(&OutputRequest::default()), Arc::new(files)).expect("it starts");
    let load = || {
        let source = Source::Path("no such file.wav".into());
        engine.load_sample_async(Some(0), source, 0).expect("accepted")
    };
    let older = load();
    wait_until("it is decoded", || older.stage() == Stage::Decoding);
    is_replaced.store(true, Ordering::Relaxed);
    let newer = load();
    let deadline = Instant::now() + PATIENCE;
    let mut told = Stage::Queued;
    loop {
        match engine.events().wait(deadline).expect("it ends") {
            LoaderEvent::Progress { request_id, stage, .. } if request_id == newer.request_id() => {
                told = stage;
            }
            LoaderEvent::Error { request_id, stage, .. } if request_id == newer.request_id() => {
                // Whoever joins between a report and the file's end is told nothing before.
                assert!(stage >= told.max(Stage::Reading), "{stage:?} after {told:?}");
                break;
            }
            _ => {}
        }
    }
}
