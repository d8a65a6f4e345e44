//! What the schedules load, and where their chance comes from.

use std::sync::Arc;
use std::time::Duration;

use hotcue::{SampleBuffer, Source};
use hotcue_tests::{FaultySource, PanickingSource, Random, fixtures, noise, sine, wav_bytes};

/// Whether a load of it can succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Good,
    Bad,
}

/// Everything that is loaded; made once.
pub(super) struct Material {
    good: Vec<Source>,
    bad: Vec<Source>,
    long: Arc<[u8]>,
    tiny: Arc<[u8]>,
    pub(super) pushed: Arc<SampleBuffer>,
}

impl Material {
    pub(super) fn new() -> Self {
        let mut good: Vec<Source> = ["flac_16.flac", "mp3_mono.mp3", "pcm_f32.aifc", "mulaw.wav"]
            .map(|name| Source::Path(fixtures().join(name)))
            .into();
        for frames in [1, 2, 100, 1_000] {
            good.push(Source::Memory(wav_bytes(48_000, 2, frames, sine(440.0, 48_000)).into()));
        }
        let mut bad = vec![
            Source::Path(fixtures().join("there_is_no_such_file.wav")),
            Source::Path(fixtures()),
            Source::Path(fixtures().join("garbage.mp3")),
            Source::Memory(Arc::from([])),
            Source::Memory(noise(7, 3_000).into()),
            Source::Custom(Arc::new(PanickingSource)),
        ];
        let tiny: Arc<[u8]> = wav_bytes(44_100, 1, 300, sine(440.0, 44_100)).into();
        for good_reads in [0, 1, 2, 3, 12, 25] {
            bad.push(Source::Custom(Arc::new(FaultySource {
                content: Arc::clone(&tiny),
                good_reads: Some(good_reads),
                panics: good_reads % 2 == 1,
                pause: Duration::ZERO,
            })));
        }
        let long = wav_bytes(44_100, 2, 60_000, sine(440.0, 44_100)).into();
        let pushed = SampleBuffer::from_planes(48_000, vec![vec![0.25; 500]]).expect("valid");
        Self { good, bad, long, tiny, pushed }
    }

    pub(super) fn pick(&self, random: &mut Random) -> (Source, Expected) {
        match random.below(10) {
            0..3 => (self.bad[random.below(self.bad.len())].clone(), Expected::Bad),
            3 => (Source::Memory(Arc::clone(&self.long)), Expected::Good),
            4 => {
                let pause = Duration::from_micros(random.number() % 1_000);
                let content = Arc::clone(&self.tiny);
                let source = FaultySource { content, good_reads: None, panics: false, pause };
                (Source::Custom(Arc::new(source)), Expected::Good)
            }
            _ => (self.good[random.below(self.good.len())].clone(), Expected::Good),
        }
    }
}
