//! One pass over a sample as a value that is stepped.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::block::{Block, mix_down};
use super::key::KeyMeter;
use super::loudness::LoudnessMeter;
use super::mono::{Level, Mixture};
use super::rhythm::{Asked, Rhythm};
use super::single::Once;
use super::waveform::WaveformMeter;
use super::{AnalysisError, AnalysisKind, AnalysisResult, Analyzer, Conclusion};
use crate::buffer::SampleBuffer;
use crate::playback::without_denormals;

/// Values of all channels that are heard in one step: of stereo, 93 ms at 44.1 kHz.
const BLOCK_VALUES: usize = 8_192;
/// Blocks per second, at least: what counts per time instead is done for no more of it in one step.
const BLOCKS_PER_SEC: usize = 4;

/// What one step of an analysis came to.
#[derive(Clone, Debug, PartialEq)]
pub enum AnalysisStep {
    /// There is more to do.
    More,
    /// One of the kinds that were asked for has its result; each has exactly one.
    Done(AnalysisKind, Result<AnalysisResult, AnalysisError>),
    /// All of them have.
    Finished,
}

/// The analyses of one sample: a plain value that owns no thread and that whoever holds it may
/// step, move to another thread, or drop at any time.
///
/// ```
/// use hotcue::SampleBuffer;
/// use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};
///
/// let sample = SampleBuffer::from_planes(48_000, vec![vec![0.0; 48_000]])?;
/// let mut job = AnalysisJob::new(sample, &[AnalysisKind::Bpm, AnalysisKind::Onsets]);
/// let mut kinds = Vec::new();
/// loop {
///     match job.step() {
///         AnalysisStep::More => {}
///         AnalysisStep::Done(kind, _) => kinds.push(kind.as_str()),
///         AnalysisStep::Finished => break,
///     }
/// }
/// assert_eq!(kinds, ["onsets", "bpm"]);
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub struct AnalysisJob {
    sample: Arc<SampleBuffer>,
    /// The first frame that is not heard yet.
    next_frame: usize,
    /// Which channels are heard as one, and how loud that is: the first steps find out.
    heard: As,
    /// Whether somebody wants to know how loud it is.
    needs_level: bool,
    mono: Vec<f32>,
    /// In the order in which they conclude.
    analyzers: VecDeque<Box<dyn Analyzer>>,
    /// What has no result, with the reason.
    refused: VecDeque<(AnalysisKind, AnalysisError)>,
}

/// As what a sample is heard.
enum As {
    Unknown,
    Levelling(Level),
    One(Mixture, f32),
}

impl fmt::Debug for AnalysisJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnalysisJob")
            .field("sample", &self.sample)
            .field("next_frame", &self.next_frame)
            .finish_non_exhaustive()
    }
}

impl AnalysisJob {
    /// Makes a job for `kinds`, each once whatever their order, within the time of a step. Hears
    /// nothing yet.
    pub fn new(sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Self {
        let mut analyzers = VecDeque::new();
        let mut refused = VecDeque::new();
        // Asked once: all kinds are heard, or none.
        let is_finished = sample.is_finished();
        for kind in AnalysisKind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
            match is_finished {
                true => analyzers.extend(analyzer(kind, kinds, &sample)),
                false => refused.push_back((kind, AnalysisError::Unfinished)),
            }
        }
        let needs_level = kinds.iter().any(|kind| is_rhythm(*kind));
        let (heard, mono) = (As::Unknown, Vec::new());
        Self { sample, next_frame: 0, heard, needs_level, mono, analyzers, refused }
    }

    /// Does a little of the work, at most 1 ms of it on a machine of today, decided by a budget
    /// that is counted, never by the clock. Results come in the order of [`AnalysisKind::ALL`].
    ///
    /// After [`AnalysisStep::Finished`], further steps say the same again.
    pub fn step(&mut self) -> AnalysisStep {
        // A tail that dies away to nothing would take many times as long as any other audio.
        without_denormals(|| self.work())
    }

    fn work(&mut self) -> AnalysisStep {
        if let Some((kind, error)) = self.refused.pop_front() {
            return AnalysisStep::Done(kind, Err(error));
        }
        let Some(analyzer) = self.analyzers.front_mut() else { return AnalysisStep::Finished };
        if self.next_frame < self.sample.ready_frames() {
            self.hear();
            return AnalysisStep::More;
        }
        match analyzer.conclude() {
            Conclusion::More => AnalysisStep::More,
            Conclusion::Result(result) => AnalysisStep::Done(result.kind(), Ok(result)),
            Conclusion::End => {
                self.analyzers.pop_front();
                AnalysisStep::More
            }
        }
    }

    /// Finds out as what the sample is heard, then lets all analyses hear block by block.
    fn hear(&mut self) {
        let (mixture, peak) = match &mut self.heard {
            As::One(mixture, peak) => (*mixture, *peak),
            As::Levelling(level) => {
                if let Some(peak) = level.step(&self.sample) {
                    self.heard = As::One(level.mixture, peak);
                }
                return;
            }
            As::Unknown => {
                let mixture = Mixture::of(&self.sample);
                self.heard = match self.needs_level {
                    true => As::Levelling(Level::of(mixture)),
                    false => As::One(mixture, 0.0),
                };
                return;
            }
        };
        let rate = self.sample.sample_rate() as usize;
        let frames = (BLOCK_VALUES / self.sample.channels()).min(rate / BLOCKS_PER_SEC);
        let end = self.sample.ready_frames().min(self.next_frame + frames);
        let planes: Vec<&[f32]> = (0..self.sample.channels())
            .map(|channel| &self.sample.plane(channel)[self.next_frame..end])
            .collect();
        mix_down(&planes[mixture.channels(planes.len())], &mut self.mono);
        let block = Block { planes: &planes, mono: &self.mono, mixture, peak };
        for analyzer in &mut self.analyzers {
            analyzer.hear(&block);
        }
        self.next_frame = end;
    }
}

/// Whether what begins is looked for, which depends on how loud the sample is.
fn is_rhythm(kind: AnalysisKind) -> bool {
    matches!(kind, AnalysisKind::Onsets | AnalysisKind::Bpm)
}

/// What answers for `kind`; None where what answers for another of `kinds` does so, too.
fn analyzer(
    kind: AnalysisKind,
    kinds: &[AnalysisKind],
    sample: &Arc<SampleBuffer>,
) -> Option<Box<dyn Analyzer>> {
    let (channels, rate) = (sample.channels(), sample.sample_rate());
    match kind {
        AnalysisKind::Loudness => {
            Some(Box::new(LoudnessMeter::new(sample.speakers(), channels, rate)))
        }
        AnalysisKind::Waveform => {
            let meter = WaveformMeter::new(sample.spec(), sample.ready_frames());
            Some(Box::new(Once::new(meter)))
        }
        AnalysisKind::Onsets | AnalysisKind::Bpm => {
            let asked = Asked {
                onsets: kinds.contains(&AnalysisKind::Onsets),
                tempo: kinds.contains(&AnalysisKind::Bpm),
            };
            // The tempo is found together with the onsets, if these are asked for.
            (kind == AnalysisKind::Onsets || !asked.onsets)
                .then(|| Box::new(Rhythm::new(sample, asked)) as Box<dyn Analyzer>)
        }
        AnalysisKind::Key => Some(Box::new(Once::new(KeyMeter::new(rate)))),
    }
}
