//! Tempo, beats and onsets: one analysis, as they share all that is dear.
//!
//! While the sample is heard, its spectra become the rise of seven bands (`spectra`, `flux`). What
//! is left to do then depends on a hundred values per second: the signals that are compared with
//! themselves (`novelty`, and `deviation` for what does not rise), their likeness after every lag
//! (`correlation`), the strength of every pulse (`pulse`), after how long it comes back the same (`repetition`), which tempi come into
//! question (`candidates`), what all that, the length (`length`) and how busy it sounds (`pace`) say
//! for each (`evidence`), which of them it is (`choice`), and where the beats lie (`steady`, `beats`,
//! `grid`, and `bars` with `changes` of the sound as a whole and the `contrast` of one bar with the
//! next).

mod attack;
mod attacks;
mod bars;
mod beats;
mod candidates;
mod changes;
mod choice;
mod contrast;
mod correlation;
mod deviation;
mod evidence;
mod flux;
mod grid;
mod length;
mod novelty;
mod pace;
mod peaks;
mod pulse;
mod repetition;
mod silence;
mod spectra;
mod steady;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use attacks::Attacks;
use beats::Tracker;
use candidates::{Candidate, Search};
use choice::Choice;
use correlation::{BLOCK_FRAMES, Correlation, Correlator};
use deviation::Deviation;
use evidence::Evidence;
use flux::Flux;
use grid::{Chosen, Heard, Telling};
use novelty::{Moments, Novelty, SIGNALS};
use peaks::Rule;
use pulse::{Pulse, STRETCH_FRAMES};
use repetition::Repetition;
use silence::Silence;
use spectra::{FRAMES_PER_SEC, Spectra};
use steady::Phases;

use super::block::{Block, LOUDEST};
use super::kind::AnalysisResult;
use super::mono::{Mixture, Mono};
use super::onsets::{APART_SEC, Onsets};
use super::tempo::TempoEstimate;
use super::{Analyzer, Conclusion};
use crate::buffer::SampleBuffer;

/// Frames that are looked at in one step, where each takes little.
const STEP_FRAMES: usize = 8_192;
/// Frames whose memory is given back in one step: that takes a while, too, from an hour of them.
const CLEARED_FRAMES: usize = 32_768;
/// Values of the sample, likewise.
const STEP_VALUES: usize = 65_536;
/// Frames whose beats are tracked in one step: each is laid beside a hundred before it.
const TRACKED_FRAMES: usize = 1_024;

/// How much later an attack is than the peak of its flux, in frames. With it, tracked beats of the
/// rendered grooves of `benches/tempo` that are cut anywhere are late by 0.7 ms in the median.
const ATTACK_FRAMES: f64 = 0.2;

/// Frames at the end whose windows reach beyond it: what is cut off there looks like an attack.
const CUT_OFF_FRAMES: usize = 3;
/// That of most files, in Hz.
const USUAL_RATE: u32 = 44_100;
/// Frames in which the first sound rises.
const RISING_FRAMES: usize = 4;
/// By which peaks tempi are weighed, and which are told as onsets: those are 30 ms apart at least.
const WEIGHED: Rule = Rule { apart: 3, means: [1.1, 1.1] };
const TOLD: Rule = Rule { apart: 2, means: [1.4, 1.1] };

/// What is shorter has no tempo, unless it has as many onsets and is as long as a program makes two
/// beats: then that is a guess.
const SHORTEST_SEC: f64 = 1.2;
const FEWEST_ONSETS_OF_SHORT: usize = 4;
/// What has fewer onsets has none, either, unless it is as long as a program makes bars: then that
/// is a guess, as sure as this, and less so where single sounds are as long, too.
const FEWEST_ONSETS: usize = 3;
const GUESS: f64 = 0.4;
const ROUND_GUESS: f64 = 0.25;
/// What the flux is less sure of, if it is at least so long and no loop, is asked for what begins
/// without becoming louder, too: less of that says nothing.
const UNSURE: f64 = 0.6;
const ENOUGH_SEC: f64 = 6.0;
/// Nor what is less alike to itself at multiples of the beat, as noise is.
const LEAST_COMB: f64 = 0.02;
/// Nor what in such a sample begins without becoming louder, if that is less alike.
const LEAST_DEVIATION: f64 = 0.08;

/// The analysis, between two steps.
pub(super) struct Rhythm {
    sample: Arc<SampleBuffer>,
    mixture: Mixture,
    asked: Asked,
    /// What is heard is multiplied by, so that its peak is 1; 0 of silence.
    gain: f32,
    spectra: Spectra,
    flux: Flux,
    deviation: Deviation,
    silence: Silence,
    moments: Moments,
    novelty: Novelty,
    /// Frames of the flux with a peak, by which tempi are weighed.
    peaks: Vec<usize>,
    struck: Onsets,
    attacks: Attacks,
    /// The same of what is told.
    told: Vec<usize>,
    onsets: Onsets,
    correlations: [Correlation; SIGNALS],
    correlator: Option<Correlator>,
    repetition: Repetition,
    pulse: Option<Pulse>,
    /// Frames of the flux, once all is heard.
    frames: usize,
    leading_silence_sec: f64,
    trailing_silence_sec: f64,
    stage: Stage,
}

/// Which results are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) onsets: bool,
    pub(super) tempo: bool,
}

/// What the next step does; numbers say how far that is.
enum Stage {
    Hearing,
    Measuring(usize),
    Combining(usize),
    Clearing,
    Picking(usize),
    Striking(usize),
    Placing(usize),
    Correlating(usize, usize),
    Repeating,
    Pulsing(usize),
    Searching,
    Weighing(Search),
    Steadying(Phases, Chosen),
    Tracking(Tracker, Chosen),
    Telling(Box<Telling>),
    Done,
}

impl Rhythm {
    pub(super) fn new(sample: &Arc<SampleBuffer>, asked: Asked) -> Self {
        let spectra = Spectra::new(sample.sample_rate(), deviation::HIGHEST_HZ);
        Self {
            mixture: Mixture::default(),
            asked,
            gain: 0.0,
            flux: Flux::new(spectra.bins(), spectra.bin_hz(), frames_of(sample)),
            deviation: Deviation::new(spectra.lowest_bins(), frames_of(sample)),
            spectra,
            silence: Silence::new(sample),
            moments: Moments::default(),
            novelty: Novelty::default(),
            peaks: Vec::new(),
            struck: Onsets::default(),
            attacks: Attacks::default(),
            told: Vec::new(),
            onsets: Onsets::default(),
            correlations: std::array::from_fn(|_| Correlation::new(&[], 0.0)),
            correlator: None,
            repetition: Repetition::default(),
            pulse: None,
            frames: 0,
            leading_silence_sec: 0.0,
            trailing_silence_sec: 0.0,
            stage: Stage::Hearing,
            sample: Arc::clone(sample),
        }
    }

    /// That of the file: a sample of another rate is longer by up to a frame.
    fn length_sec(&self) -> f64 {
        self.sample.exact_frames() / f64::from(self.sample.sample_rate())
    }

    /// Frames of the flux up to where the first sound is there.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the sample"
    )]
    fn first_frames(&self) -> usize {
        (self.leading_silence_sec * f64::from(FRAMES_PER_SEC)) as usize + RISING_FRAMES
    }

    /// Frames of the flux from `from` on, at most `most` of them.
    fn until(&self, from: usize, most: usize) -> usize {
        self.frames.min(from + most)
    }

    /// Finds what stands out, a part at a time.
    fn pick(&mut self, from: usize) -> usize {
        let to = self.until(from, STEP_FRAMES);
        let Novelty { all, most, .. } = &self.novelty;
        if self.asked.tempo {
            peaks::pick(all, *most, WEIGHED, from..to, |at| self.peaks.push(at));
        }
        if self.asked.onsets {
            let most = self.novelty.most_told();
            peaks::pick(all, most, TOLD, from..to, |at| self.told.push(at));
        }
        to
    }

    /// Finds where the attacks of some of the peaks begin, by which tempi are weighed.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn strike(&mut self, from: usize) -> usize {
        let mono = Mono::new(&self.sample, self.mixture);
        let values = attack::values_per_attack(&self.sample);
        let to = self.peaks.len().min(from + per_step(values));
        let mut struck = std::mem::take(&mut self.struck);
        for &peak in &self.peaks[from..to] {
            let start = attack::start(mono, seconds(peak as f64 + ATTACK_FRAMES));
            let frame = self.or_first(&struck, start, |frame| attack::crossing(mono, frame));
            struck.push(frame, &self.sample, self.novelty.all[peak] / self.novelty.most);
        }
        self.struck = struck;
        to
    }

    /// The same of what is told: where the sample is cut. Where a sound merely ends is no onset.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn place(&mut self, from: usize) -> usize {
        let mono = Mono::new(&self.sample, self.mixture);
        let to = self.told.len().min(from + per_step(attack::values_per_told(&self.sample)));
        let (loudest, most) = (self.loudest(), self.novelty.most_told());
        let cut = |frame| attack::cut_before(mono, frame, loudest);
        let mut onsets = std::mem::take(&mut self.onsets);
        for &peak in &self.told[from..to] {
            let start = attack::told_start(mono, seconds(peak as f64 + ATTACK_FRAMES));
            let frame = self.or_first(&onsets, start, cut);
            if attack::only_ends(mono, frame) {
                continue;
            }
            onsets.push(frame, &self.sample, (self.novelty.all[peak] / most).min(1.0));
        }
        self.onsets = onsets;
        to
    }

    /// The greatest value of any channel.
    fn loudest(&self) -> f32 {
        self.sample.peak(0..self.sample.ready_frames())
    }

    /// Where the attack that starts at `start` is cut: the first one of all with the first sound, if
    /// that comes just before it.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn or_first(&self, known: &Onsets, start: usize, cut: impl Fn(usize) -> usize) -> usize {
        let frame = cut(start);
        if !known.frames.is_empty() {
            return frame;
        }
        let first = cut(attack::first(&self.sample, self.leading_silence_sec));
        let at_sec = frame as f64 / f64::from(self.sample.sample_rate());
        let is_soon = at_sec < self.leading_silence_sec + APART_SEC;
        let mono = Mono::new(&self.sample, self.mixture);
        if is_soon || attack::hides(mono, first, frame) { first } else { frame }
    }

    /// Makes the strongest of those that were placed 1: what rises most of all may be no onset.
    fn level_strengths(&mut self) {
        let strengths = &mut self.onsets.strengths;
        let most = strengths.iter().copied().fold(0.0, f64::max);
        if most > 0.0 {
            strengths.iter_mut().for_each(|strength| *strength /= most);
        }
    }

    /// Adds what begins where the flux says nothing; tempi are weighed without it.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn place_last(&mut self) {
        let within_sec = seconds(CUT_OFF_FRAMES as f64);
        let mono = Mono::new(&self.sample, self.mixture);
        let Some((begin, level)) = attack::last(mono, within_sec, self.gain) else { return };
        let frame = attack::cut_before(mono, begin, self.loudest());
        let at_sec = frame as f64 / f64::from(self.sample.sample_rate());
        let Onsets { frames, onsets_sec, strengths, .. } = &mut self.onsets;
        if onsets_sec.last().is_some_and(|last| at_sec < last + APART_SEC) {
            return;
        }
        strengths.push(if frames.is_empty() { 1.0 } else { level.into() });
        frames.push(frame as u64);
        onsets_sec.push(at_sec);
    }

    /// What tempi are weighed by; None of what has none.
    fn evidence(&self) -> Option<Evidence<'_>> {
        let length_sec = self.length_sec();
        let is_clear = length_sec >= SHORTEST_SEC && self.has_onsets();
        if !is_clear && (self.peaks.is_empty() || self.guess(None).is_none()) {
            return None;
        }
        let [all, kick, snare, hat, both, deviation] = &self.correlations;
        // What is too short to have a tempo is no loop with silence around it.
        let without = |seconds: f64| {
            let rest_sec = length_sec - seconds;
            if rest_sec < SHORTEST_SEC { length_sec } else { rest_sec }
        };
        let [before, after] = [self.leading_silence_sec, self.trailing_silence_sec];
        let constant = self.silence.constant_sec(self.sample.sample_rate());
        Some(Evidence {
            all,
            kick,
            snare,
            hat,
            both,
            deviation,
            pulse: self.pulse.as_ref()?,
            attacks: &self.attacks,
            repeats_sec: self.repetition.shortest_sec(),
            frame_sec: self.frame_sec(),
            lengths_sec: [length_sec, without(before), without(after), without(before + after)],
            changing_sec: [constant[0], constant[1], constant[0] + constant[1]].map(without),
            onsets: self.peaks.len(),
            pace: pace::pace(&self.moments),
        })
    }

    /// Chooses among all tempi that were weighed.
    fn choose(&self, search: &Search) -> Option<Chosen> {
        let evidence = self.evidence()?;
        // A word with silence around it is as long as two beats, too.
        let pulse = self.is_brief().then_some(GUESS);
        let heard = choice::choose(&search.found, pulse)?;
        let is_long = self.length_sec() >= ENOUGH_SEC && !self.is_of_bars(Some(heard.best.bpm));
        let may_be_open = heard.best.is_open || heard.best.comb < LEAST_COMB;
        let is_unsure = heard.confidence < UNSURE && may_be_open;
        let heard = match is_unsure && is_long {
            true => Self::choose_by_deviation(&evidence, &search.found, pulse)?,
            false => heard,
        };
        let is_pulse = is_pulse(&evidence, &heard);
        let is_guess = !is_pulse || !self.has_onsets() || self.length_sec() < SHORTEST_SEC;
        let choice = if is_guess { self.guess_among(&search.found)? } else { heard };
        let best = &choice.best;
        let triple = evidence.triple(best.bpm, best.fit.map(|_| self.length_sec()));
        let (length_sec, frame_sec) = (self.length_sec(), self.frame_sec());
        let is_loop = best.fit.is_some_and(|fit| length::is_loop(length_sec, frame_sec, &fit));
        let is_of_bars = is_guess || self.is_of_bars(Some(best.bpm));
        Some(Chosen { is_of_bars, is_guess, is_loop, choice, triple })
    }

    /// Chooses by what begins without becoming louder as well, or where nothing rises again and
    /// again, by that alone: then it is a guess.
    fn choose_by_deviation(
        evidence: &Evidence<'_>,
        found: &[Candidate],
        pulse: Option<f64>,
    ) -> Option<Choice> {
        let both = choice::choose(&evidence.with_deviation(found), pulse)?;
        if is_pulse(evidence, &both) {
            return Some(both);
        }
        let alone = choice::choose(&evidence.by_deviation(found), Some(GUESS));
        Some(alone.filter(|alone| alone.best.comb >= LEAST_DEVIATION).unwrap_or(both))
    }

    /// Chooses among those tempi at which the file is as long as a program makes bars.
    fn guess_among(&self, found: &[Candidate]) -> Option<Choice> {
        let of_bars = |candidate: &&Candidate| self.guess(Some(candidate.bpm)).is_some();
        let bars: Vec<Candidate> = found.iter().filter(of_bars).cloned().collect();
        choice::choose(&bars, self.guess(None))
    }

    /// Whether what sounds is too short to have a tempo, in a file that no program has cut to bars.
    fn is_brief(&self) -> bool {
        let silent_sec = self.leading_silence_sec + self.trailing_silence_sec;
        self.length_sec() - silent_sec < SHORTEST_SEC && !self.is_of_bars(None)
    }

    fn has_onsets(&self) -> bool {
        self.peaks.len() >= FEWEST_ONSETS
    }

    /// Whether the file is as long as a program makes bars, at `bpm` or at any tempo.
    fn is_of_bars(&self, bpm: Option<f64>) -> bool {
        self.is_one_of(length::bars_of_four(self.length_sec(), self.frame_sec()), bpm)
    }

    /// How sure it is that the file is so many bars, or half of one, at `bpm` or at any tempo, where
    /// nothing but its length says so.
    fn guess(&self, bpm: Option<f64>) -> Option<f64> {
        let (length_sec, frame_sec) = (self.length_sec(), self.frame_sec());
        if length_sec < SHORTEST_SEC {
            let is_half = self.peaks.len() >= FEWEST_ONSETS_OF_SHORT
                && self.is_one_of(length::half_a_bar(length_sec, frame_sec), bpm);
            return is_half.then_some(GUESS);
        }
        let is_round = || self.is_one_of(length::round_bars(length_sec, frame_sec), bpm);
        let round_guess = || is_round().then_some(ROUND_GUESS);
        self.is_of_bars(bpm).then_some(GUESS).or_else(round_guess)
    }

    /// Whether `bpm`, or any tempo that is considered, is that at which the file is one of so many
    /// beats long.
    fn is_one_of(&self, beats: impl Iterator<Item = u32>, bpm: Option<f64>) -> bool {
        beats
            .map(|beats| length::bpm_of(self.length_sec(), beats))
            .filter(candidates::is_usual)
            .any(|of_length| bpm.is_none_or(|bpm| bpm == of_length))
    }

    /// What a length is rounded to: a frame of the file, whatever rate it is heard at.
    fn frame_sec(&self) -> f64 {
        f64::from(self.sample.sample_rate().min(USUAL_RATE)).recip()
    }

    /// The stage after the onsets.
    fn after_onsets(&mut self) -> Stage {
        if !self.asked.tempo {
            return Stage::Done;
        }
        let Self { novelty, .. } = self;
        self.correlations = std::array::from_fn(|which| {
            Correlation::new(novelty.signal(which), novelty.mean(which))
        });
        self.correlator = Some(Correlator::new());
        Stage::Correlating(0, 0)
    }

    /// The stage after the tempo is known, and how the beats lie.
    fn tell(&self, chosen: Chosen, heard: Heard) -> Stage {
        let lengths_sec = [self.length_sec(), self.frame_sec()];
        let telling = Telling::new(chosen, heard, self.leading_silence_sec, lengths_sec);
        Stage::Telling(Box::new(telling))
    }

    fn correlate(&mut self, which: usize, from: usize) -> Stage {
        let signal = self.novelty.signal(which);
        let mean = self.novelty.mean(which);
        if let Some(correlator) = &mut self.correlator {
            correlator.add(signal, mean, from, &mut self.correlations[which]);
        }
        if from + BLOCK_FRAMES < signal.len() {
            return Stage::Correlating(which, from + BLOCK_FRAMES);
        }
        if which + 1 < self.correlations.len() {
            return Stage::Correlating(which + 1, 0);
        }
        self.correlator = None;
        self.repetition = Repetition::new(&self.correlations[0]);
        Stage::Repeating
    }
}

/// Whether the sample is alike to itself at multiples of what was chosen, or repeats itself.
fn is_pulse(evidence: &Evidence<'_>, choice: &Choice) -> bool {
    choice.best.comb >= LEAST_COMB || evidence.repeated(choice.best.bpm) > 0.0
}

/// Attacks that are looked at in one step, each of which takes so many values.
fn per_step(values: usize) -> usize {
    (STEP_VALUES / values).max(1)
}

/// Frames that the flux of a sample has, or a few more.
fn frames_of(sample: &SampleBuffer) -> usize {
    let per_frame = (sample.sample_rate() / FRAMES_PER_SEC).max(1) as usize;
    sample.ready_frames() / per_frame + 2
}

/// Frames of the flux in seconds.
fn seconds(frames: f64) -> f64 {
    frames / f64::from(FRAMES_PER_SEC)
}

impl Analyzer for Rhythm {
    fn hear(&mut self, block: &Block<'_>) {
        self.mixture = block.mixture;
        let peak = block.peak;
        self.gain = if peak.is_normal() { peak.min(LOUDEST).recip() } else { 0.0 };
        self.silence.hear(block.planes);
        let Self { spectra, flux, deviation, gain, .. } = self;
        spectra.hear(block.mono, *gain, |powers, bins| {
            flux.hear(powers);
            bins.into_iter().for_each(|bins| deviation.hear(bins));
        });
    }

    fn conclude(&mut self) -> Conclusion {
        let frames = self.frames;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Hearing => {
                let Self { spectra, flux, deviation, gain, .. } = self;
                spectra.finish(*gain, |powers, bins| {
                    flux.hear(powers);
                    bins.into_iter().for_each(|bins| deviation.hear(bins));
                });
                self.frames = flux.frames.len();
                flux.frames.iter_mut().rev().take(CUT_OFF_FRAMES).for_each(|bands| bands.fill(0.0));
                let [leading, trailing] = self.silence.ends_sec(self.sample.sample_rate());
                self.leading_silence_sec = leading;
                self.trailing_silence_sec = trailing;
                self.onsets.leading_silence_sec = leading;
                self.onsets.trailing_silence_sec = trailing;
                Stage::Measuring(0)
            }
            Stage::Measuring(from) if from < frames => {
                let to = self.until(from, STEP_FRAMES);
                self.moments.add(&self.flux.frames[from..to]);
                Stage::Measuring(to)
            }
            Stage::Measuring(_) => {
                self.novelty = Novelty::new(&self.moments, frames, self.first_frames());
                Stage::Combining(0)
            }
            Stage::Combining(from) if from < frames => {
                let to = self.until(from, STEP_FRAMES);
                self.novelty.extend(&self.flux.frames, &self.deviation, from, to);
                Stage::Combining(to)
            }
            Stage::Combining(_) => Stage::Clearing,
            Stage::Clearing => {
                let heard = &mut self.flux.frames;
                heard.truncate(heard.len().saturating_sub(CLEARED_FRAMES));
                heard.shrink_to_fit();
                if heard.is_empty() { Stage::Picking(0) } else { Stage::Clearing }
            }
            Stage::Picking(from) if from < frames => Stage::Picking(self.pick(from)),
            Stage::Picking(_) => Stage::Striking(0),
            Stage::Striking(from) if from < self.peaks.len() => Stage::Striking(self.strike(from)),
            Stage::Striking(_) => {
                let struck = std::mem::take(&mut self.struck);
                self.attacks = Attacks::new(&struck.onsets_sec, &struck.strengths);
                Stage::Placing(0)
            }
            Stage::Placing(from) if from < self.told.len() => Stage::Placing(self.place(from)),
            Stage::Placing(_) => {
                self.stage = self.after_onsets();
                if !self.asked.onsets {
                    return Conclusion::More;
                }
                self.level_strengths();
                self.place_last();
                return Conclusion::Result(AnalysisResult::Onsets(std::mem::take(
                    &mut self.onsets,
                )));
            }
            Stage::Correlating(which, from) => self.correlate(which, from),
            Stage::Repeating => {
                let mono = Mono::new(&self.sample, self.mixture);
                if self.repetition.step(mono, &self.attacks.times_sec()) {
                    Stage::Repeating
                } else {
                    self.pulse = Some(Pulse::new(frames));
                    Stage::Pulsing(0)
                }
            }
            Stage::Pulsing(from) if from < frames => {
                let to = self.until(from, STRETCH_FRAMES);
                if let Some(pulse) = &mut self.pulse {
                    pulse.add(&self.novelty.all[from..to]);
                }
                Stage::Pulsing(to)
            }
            Stage::Pulsing(_) => Stage::Searching,
            Stage::Searching => {
                let search = self.evidence().map(|evidence| evidence.search());
                Stage::Weighing(search.unwrap_or_default())
            }
            Stage::Weighing(mut search) => {
                if self.evidence().is_some_and(|evidence| evidence.weigh_next(&mut search)) {
                    self.stage = Stage::Weighing(search);
                    return Conclusion::More;
                }
                let chosen = self.choose(&search);
                self.pulse = None;
                let Some(chosen) = chosen else {
                    return Conclusion::Result(AnalysisResult::Bpm(TempoEstimate::default()));
                };
                Stage::Steadying(Phases::new(grid::period(&chosen.choice)), chosen)
            }
            Stage::Steadying(mut phases, chosen) if phases.frames() < frames => {
                let from = phases.frames();
                for novelty in &self.novelty.all[from..self.until(from, STEP_FRAMES)] {
                    phases.add(f64::from(*novelty));
                }
                Stage::Steadying(phases, chosen)
            }
            Stage::Steadying(phases, chosen) => match phases.steady() {
                Some(steady) => self.tell(chosen, Heard::steady(steady)),
                None => Stage::Tracking(Tracker::new(grid::period(&chosen.choice), frames), chosen),
            },
            Stage::Tracking(mut tracker, chosen) if tracker.frames() < frames => {
                let from = tracker.frames();
                for at in from..self.until(from, TRACKED_FRAMES) {
                    tracker.add(self.novelty.accent(at));
                }
                Stage::Tracking(tracker, chosen)
            }
            Stage::Tracking(tracker, chosen) => self.tell(chosen, Heard::tracked(tracker)),
            Stage::Telling(mut telling) => {
                if let Some(estimate) = telling.step(&self.novelty, &self.flux) {
                    return Conclusion::Result(AnalysisResult::Bpm(estimate));
                }
                Stage::Telling(telling)
            }
            Stage::Done => return Conclusion::End,
        };
        Conclusion::More
    }
}
