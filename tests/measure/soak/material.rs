//! What is loaded for half an hour: good files, broken ones, and sources that misbehave.

use std::sync::Arc;
use std::time::Duration;

use hotcue::{SampleBuffer, Source};
use hotcue_tests::{FaultySource, PanickingSource, Random, TempDir, noise, sine, wav_bytes};

/// Longer than after what a decoder counts as stalled.
const STALL: Duration = Duration::from_millis(2_300);
const RATE: u32 = 44_100;

/// Whether a load of it can succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Good,
    Bad,
    /// A broken file of which something may be left.
    Unknown,
}

/// Everything that is loaded; made once.
pub(super) struct Material {
    good: Vec<Source>,
    fixtures: Vec<Source>,
    bad: Vec<Source>,
    long: Source,
    tiny: Arc<[u8]>,
    pub(super) pushed: Arc<SampleBuffer>,
    _folder: TempDir,
}

impl Material {
    pub(super) fn new() -> std::io::Result<Self> {
        let folder = TempDir::new();
        let mut good = Vec::new();
        // Up to 5 s: the largest takes 1.9 MB in memory.
        for (number, tenths) in [1, 2, 3, 5, 8, 13, 20, 30, 40, 50].into_iter().enumerate() {
            let content = wav_bytes(RATE, 2, RATE / 10 * tenths, sine(440.0, RATE));
            if number % 3 == 2 {
                good.push(Source::Memory(content.into()));
            } else {
                good.push(Source::Path(folder.write(&format!("{tenths}.wav"), &content)));
            }
        }
        let mut fixtures = Vec::new();
        for entry in std::fs::read_dir(hotcue_tests::fixtures())? {
            let path = entry?.path();
            // What claims gigabytes has tests of its own.
            if path.is_file() && !path.to_string_lossy().contains("lie") {
                fixtures.push(Source::Path(path));
            }
        }
        let tiny: Arc<[u8]> = wav_bytes(RATE, 1, 300, sine(440.0, RATE)).into();
        let mut bad = vec![
            Source::Path(folder.path().join("there_is_no_such_file.wav")),
            Source::Path(folder.path().to_owned()),
            Source::Memory(Arc::from([])),
            Source::Memory(noise(7, 3_000).into()),
            Source::Custom(Arc::new(PanickingSource)),
        ];
        for good_reads in [0, 1, 2, 3, 12, 25] {
            let panics = good_reads % 2 == 1;
            bad.push(faulty(&tiny, Some(good_reads), panics, Duration::ZERO));
        }
        let long = Source::Path(folder.silent_wav("long.wav", RATE, 30));
        let pushed = SampleBuffer::from_planes(48_000, vec![vec![0.25; 500]])
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { good, fixtures, bad, long, tiny, pushed, _folder: folder })
    }

    /// One of `stalls_one_in` stalls for so long that its decoder may be replaced.
    pub(super) fn pick(&self, random: &mut Random, stalls_one_in: usize) -> (Source, Expected) {
        if random.one_in(stalls_one_in) {
            // Two reads: one gives the header, the other one is the test of patience.
            return (faulty(&self.tiny, Some(2), false, STALL), Expected::Bad);
        }
        match random.below(10) {
            0 | 1 => (one_of(&self.bad, random), Expected::Bad),
            2 => (self.long.clone(), Expected::Good),
            3 => {
                let pause = Duration::from_micros(random.number() % 1_000);
                (faulty(&self.tiny, None, false, pause), Expected::Good)
            }
            4..7 => (one_of(&self.fixtures, random), Expected::Unknown),
            _ => (one_of(&self.good, random), Expected::Good),
        }
    }
}

fn one_of(sources: &[Source], random: &mut Random) -> Source {
    sources[random.below(sources.len())].clone()
}

fn faulty(content: &Arc<[u8]>, good_reads: Option<u32>, panics: bool, pause: Duration) -> Source {
    let content = Arc::clone(content);
    Source::Custom(Arc::new(FaultySource { content, good_reads, panics, pause }))
}
