//! A cache on a disk that does not answer for a while: analyses wait for that, loads do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_rt::time::{Instant, sleep};
use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};
use hotcue::{LoadJob, LoadOptions, SampleBuffer, Source, SourceIdentity};
use hotcue_actors::testing::{Study, Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, LoadTicket, SubmitOptions};
use hotcue_tests::{sine, wav_bytes};

use crate::{device, under_a_virtual_clock};

const RATE: u32 = 8_000;
/// Until then the disk does not answer.
const HANGS_UNTIL: Duration = Duration::from_secs(20);

/// Loads that need no disk, and analyses that do.
struct Hanging {
    answers_at: Instant,
    studies: Arc<AtomicUsize>,
    drops_badly: bool,
}

impl Workshop for Hanging {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        Box::new(LoadJob::new(source.clone(), options))
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }

    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        self.studies.fetch_add(1, Ordering::Relaxed);
        Box::new(HangingStudy {
            job: AnalysisJob::new(Arc::clone(sample), kinds),
            answers_at: self.answers_at,
            drops_badly: self.drops_badly,
        })
    }
}

struct HangingStudy {
    job: AnalysisJob,
    answers_at: Instant,
    drops_badly: bool,
}

impl Study for HangingStudy {
    fn step(&mut self) -> AnalysisStep {
        self.job.step()
    }

    fn blocks_for(&mut self) -> Duration {
        self.answers_at.saturating_duration_since(Instant::now())
    }
}

impl Drop for HangingStudy {
    fn drop(&mut self) {
        if self.drops_badly {
            std::panic::resume_unwind(Box::new("as the script says"));
        }
    }
}

/// An engine in such a world.
struct Scene {
    engine: AudioEngine,
    begin: Instant,
    studies: Arc<AtomicUsize>,
}

impl Scene {
    fn new(workers: usize, drops_badly: bool) -> Self {
        let begin = Instant::now();
        let studies = Arc::<AtomicUsize>::default();
        let answers_at = begin + HANGS_UNTIL;
        let workshop = Hanging { answers_at, studies: Arc::clone(&studies), drops_badly };
        let config = EngineConfig {
            workers: Some(workers),
            sample_rate: Some(RATE),
            ..EngineConfig::default()
        };
        let engine = device::engine(config, workshop);
        Self { engine, begin, studies }
    }

    fn submit(&self, id: u32, kinds: &[AnalysisKind]) -> LoadTicket {
        let options = SubmitOptions { analyze: kinds.to_vec(), ..SubmitOptions::default() };
        let content = wav_bytes(RATE, 1, 800, sine(440.0, RATE));
        self.engine.submit(Some(id), Source::Memory(content.into()), &options).expect("accepted")
    }

    /// How long a load takes.
    async fn load(&self, id: u32, kinds: &[AnalysisKind]) -> Duration {
        let begin = Instant::now();
        let ticket = self.submit(id, kinds);
        while ticket.wait(Some(Duration::ZERO)).map(|it| it.expect("a sound file")).is_none() {
            assert!(begin.elapsed() < Duration::from_secs(60), "{id} was lost");
            sleep(Duration::from_millis(1)).await;
        }
        begin.elapsed()
    }

    fn studies(&self) -> usize {
        self.studies.load(Ordering::Relaxed)
    }
}

#[test]
fn no_load_waits_for_decoders_that_do_not_come_back_from_an_analysis() {
    for workers in 1..4 {
        under_a_virtual_clock(async move {
            let scene = Scene::new(workers, false);
            let few = u32::try_from(workers).expect("few");
            for id in 0..few {
                scene.load(id, &[AnalysisKind::Loudness]).await;
            }
            while scene.studies() < workers {
                sleep(Duration::from_millis(1)).await;
            }
            // All are inside a call that does not return.
            let first = scene.load(few, &[AnalysisKind::Loudness]).await;
            assert!(first < Duration::from_millis(400), "{first:?}");
            for id in few + 1..100 {
                let next = scene.load(id, &[AnalysisKind::Loudness]).await;
                assert!(next < Duration::from_millis(20), "{id} took {next:?}");
            }
            assert_eq!(scene.studies(), workers, "no other decoder is lost the same way");
            assert!(scene.begin.elapsed() < HANGS_UNTIL);
            sleep(HANGS_UNTIL).await;
            let stats = scene.engine.stats();
            assert_eq!((stats.analyses, stats.abandoned_workers), (0, 0), "all was heard");
            scene.engine.shut_down_here().await;
        });
    }
}

#[test]
fn a_load_is_given_to_a_decoder_that_does_nothing() {
    under_a_virtual_clock(async {
        let scene = Scene::new(2, false);
        scene.load(0, &[AnalysisKind::Loudness]).await;
        while scene.studies() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        // One of them is inside a call that does not return.
        for id in 1..20 {
            let next = scene.load(id, &[]).await;
            assert!(next < Duration::from_millis(20), "{id} took {next:?}");
        }
        scene.engine.shut_down_here().await;
    });
}

#[test]
fn a_load_is_not_lost_with_a_decoder_that_dies_before_it_comes_for_it() {
    under_a_virtual_clock(async {
        let scene = Scene::new(1, true);
        let heard = scene.submit(0, &[AnalysisKind::Loudness]);
        while scene.studies() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(heard.cancel());
        sleep(HANGS_UNTIL - scene.begin.elapsed() - Duration::from_millis(50)).await;
        // It is there when the decoder comes back, which lets go of what nobody waits for.
        let next = scene.load(1, &[]).await;
        assert!(next < Duration::from_millis(200), "{next:?}");
        scene.engine.shut_down_here().await;
    });
}

#[test]
fn a_decoder_that_has_died_at_an_analysis_is_there_for_the_next() {
    under_a_virtual_clock(async {
        let scene = Scene::new(1, true);
        scene.load(0, &[]).await;
        let heard = scene.submit(1, &[AnalysisKind::Loudness]);
        while scene.studies() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(heard.cancel());
        // It dies of letting go of that.
        sleep(HANGS_UNTIL).await;
        scene.engine.analyze_sample_async(0, &[AnalysisKind::Key], 0).expect("it is there");
        sleep(Duration::from_secs(1)).await;
        assert_eq!((scene.studies(), scene.engine.stats().analyses), (2, 0), "it was heard");
        scene.engine.shut_down_here().await;
    });
}
