//! From a tempo and what was tracked to the beats that are told.

use super::super::tempo::TempoEstimate;
use super::bars::{Accents, Bars, Begins, PARTS, Scores, Start};
use super::beats::{self, Line, Tracker};
use super::candidates::{self, LOOP_MAX_SEC};
use super::choice::Choice;
use super::flux::Flux;
use super::length::{self, Fit};
use super::novelty::Novelty;
use super::spectra::FRAMES_PER_SEC;
use super::steady::{Folded, Steady};
use super::{ATTACK_FRAMES, GUESS, seconds};

/// Beats that miss an even grid by less (root of the mean square, in frames) are told as one.
const EVEN_FRAMES: f64 = 2.5;
/// A grid of what was tracked that is this far from the tempo is not believed.
const SAME_TEMPO: f64 = 0.015;
/// Beats that wander are farther from it on the whole only if they are others.
const WANDERING: f64 = 0.04;
/// Even beats that are so far beside those of the length after it, in beats, are others.
const OTHER_BEATS: f64 = 0.25;
/// What is shorter than this may be a few words: what speaks for a rhythm, and how much does.
///
/// # Sources
/// A logistic regression, both kinds alike in weight: 477 spoken words and effects of 1.2 to 6 s of
/// Debian's games, telephone prompts and children's programs that seemed to have a tempo with a
/// confidence of 0.5 and more, beside 203 loops of `benches/tempo` that are not as long as a program
/// makes them and have theirs. With folders left out, one in ten of the former passes, and 19 of 20
/// of the latter.
const WORDS_SEC: f64 = 6.0;
const STEADY: f64 = 13.1;
const ALONE: f64 = 14.6;
const LONG: f64 = 4.7;
const RHYTHM: f64 = 27.9;
/// From so many beats on, their grid knows the tempo better than the flux as a whole.
const MANY_BEATS: usize = 24;
/// How far from where they were tracked beats are looked for at a tempo that is known better.
const NEAR_FRAMES: i32 = 4;
/// A loop begins on a beat, unless the novelty has more than this much more on another phase.
const START_PART: f64 = 0.7;
/// Frames around the first sound that count as there.
const START_FRAMES: f64 = 2.5;
/// After less silence than this a sample begins with its sound.
const SOUND_SEC: f64 = 0.005;
/// Where beats miss an even grid by this part of a beat, nothing is stable.
const UNSTABLE_PART: f64 = 0.1;
/// Frames on either side in which the peak near a tracked beat is looked for.
const REFINED_FRAMES: usize = 2;
/// What begins so little before the sample begins with it, in frames.
const EARLY_FRAMES: f64 = 2.0;
/// Beats, and frames, that are looked at in one step.
const STEP_BEATS: usize = 512;
const STEP_FRAMES: usize = 8_192;
/// Beats whose bars are laid beside each other in one step.
const STEP_CONTRASTS: usize = 128;

/// A beat of the chosen tempo in frames.
pub(super) fn period(choice: &Choice) -> f64 {
    60.0 * f64::from(FRAMES_PER_SEC) / choice.best.bpm
}

fn bpm_of(period: f64) -> f64 {
    60.0 * f64::from(FRAMES_PER_SEC) / period
}

/// What the beats are laid by.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    /// How much more alike the sample is to itself after three beats than after four.
    pub(super) triple: f64,
    /// The file is as long as a program makes bars of it.
    pub(super) is_of_bars: bool,
    /// Nothing but its length tells the tempo.
    pub(super) is_guess: bool,
    /// Below 12 s, the file may be a loop of the number of beats that fits.
    pub(super) is_loop: bool,
}

/// How the beats lie.
pub(super) enum Heard {
    /// All a period apart: only where is to be found out.
    Steady(Steady, Folded),
    /// Where they were tracked.
    Tracked {
        tracker: Tracker,
        /// The next beat of the chain, which is gone along from its end.
        next: Option<usize>,
        /// Where the beats of the chain are, the last first; once all are known, the first first.
        beats: Vec<f64>,
    },
}

impl Heard {
    pub(super) fn steady(steady: Steady) -> Self {
        Self::Steady(steady, Folded::new(steady.period))
    }

    pub(super) fn tracked(tracker: Tracker) -> Self {
        Self::Tracked { next: tracker.last(), tracker, beats: Vec::new() }
    }

    /// Listens to the next part; false once all is heard.
    fn listen(&mut self, novelty: &Novelty) -> bool {
        match self {
            Self::Steady(_, folded) => {
                let from = folded.frames();
                let to = novelty.all.len().min(from + STEP_FRAMES);
                (from..to).for_each(|at| folded.add(novelty.accent(at)));
                from < to
            }
            Self::Tracked { tracker, next, beats } => {
                for _ in 0..STEP_BEATS {
                    let Some(beat) = *next else { break };
                    beats.push(refine(&novelty.all, beat));
                    *next = tracker.before(beat);
                    if next.is_none() {
                        beats.reverse();
                    }
                }
                next.is_some()
            }
        }
    }

    /// The line along which the beats lie, if they lie along one; `silent` frames come before the
    /// first sound.
    fn line(&self, silent: f64) -> Option<Line> {
        match self {
            Self::Steady(steady, folded) => {
                // What begins without silence may have been cut out of something.
                let start = (silent > 0.0).then_some(silent);
                let first = folded.phase(start, START_PART, START_FRAMES);
                let (period, residual) = (steady.period, steady.deviation * steady.period);
                Some(Line { first, period, residual })
            }
            Self::Tracked { beats, .. } => beats::line(beats),
        }
    }

    /// Whether the beats are told to lie along their line; the tempo that was chosen has beats
    /// `period` frames apart.
    fn is_even(&self, line: &Line, period: f64) -> bool {
        match self {
            Self::Steady(..) => true,
            Self::Tracked { .. } => {
                line.residual < EVEN_FRAMES && (line.period / period - 1.0).abs() < SAME_TEMPO
            }
        }
    }

    fn tracked_beats(&self) -> &[f64] {
        match self {
            Self::Steady(..) => &[],
            Self::Tracked { beats, .. } => beats,
        }
    }
}

/// A chosen tempo on its way to what is told of it, a part at a time.
pub(super) struct Telling {
    chosen: Chosen,
    heard: Heard,
    /// Before the first sound, in frames.
    silent: f64,
    length_sec: f64,
    /// A frame of the sample.
    frame_sec: f64,
    laid: Option<Laid>,
    accents: Accents,
    scores: Option<Scores>,
    /// Of the bar that begins with each beat and the one before it.
    contrasts: Vec<Option<f64>>,
}

/// Beats in their places.
struct Laid {
    /// In frames.
    beats: Vec<f64>,
    /// How far apart they are on the whole, in frames.
    period: f64,
    bpm: f64,
    /// The number of beats that the length says, if the beats do not contradict it.
    fit: Option<Fit>,
    stability: f64,
}

impl Laid {
    /// From a beat to the next, in frames.
    fn period_after(&self, at: usize, beat: f64) -> f64 {
        self.beats.get(at + 1).map_or(self.period, |next| next - beat)
    }

    /// What comes so many fourths of a beat after a beat, or after the one that would follow the last,
    /// in frames.
    #[expect(clippy::cast_precision_loss, reason = "four")]
    fn place(&self, beat: usize, part: usize) -> Option<f64> {
        let within = |beat: usize| {
            let from = *self.beats.get(beat)?;
            Some(from + self.period_after(beat, from) * part as f64 / PARTS as f64)
        };
        within(beat).or_else(|| Some(within(beat.checked_sub(1)?)? + self.period))
    }
}

impl Telling {
    pub(super) fn new(
        chosen: Chosen,
        heard: Heard,
        silent_sec: f64,
        [length_sec, frame_sec]: [f64; 2],
    ) -> Self {
        // The first milliseconds of a sound may be as quiet as silence.
        let silent_sec = if silent_sec < SOUND_SEC { 0.0 } else { silent_sec };
        Self {
            chosen,
            heard,
            silent: silent_sec * f64::from(FRAMES_PER_SEC),
            length_sec,
            frame_sec,
            laid: None,
            accents: Accents::default(),
            scores: None,
            contrasts: Vec::new(),
        }
    }

    /// Does the next part; all that is told of the tempo with the last one.
    pub(super) fn step(&mut self, novelty: &Novelty, flux: &Flux) -> Option<TempoEstimate> {
        let Some(laid) = &self.laid else {
            if !self.heard.listen(novelty) {
                self.laid = Some(self.lay(novelty));
            }
            return None;
        };
        let from = self.accents.beats();
        for (at, beat) in laid.beats.iter().enumerate().skip(from).take(STEP_BEATS) {
            let period = laid.period_after(at, *beat);
            self.accents.add(beat - ATTACK_FRAMES, period, novelty, &flux.changes);
        }
        if self.accents.beats() < laid.beats.len() {
            return None;
        }
        if self.chosen.is_of_bars && laid.fit.is_some() {
            return Some(self.tell(laid, Bars { per_bar: 4, first: 0 }));
        }
        let Some(scores) = &self.scores else {
            self.scores = Some(self.scores(laid));
            return None;
        };
        let (part, per_bar) = (scores.part(), scores.per_bar);
        let from = self.contrasts.len();
        for beat in (from..laid.beats.len()).take(STEP_CONTRASTS) {
            let beats = [beat.checked_sub(per_bar), Some(beat), Some(beat + per_bar)];
            let borders = beats.map(|beat| Some(laid.place(beat?, part)? - ATTACK_FRAMES));
            let contrast = match borders {
                [Some(from), Some(border), Some(to)] => flux.sound.contrast([from, border, to]),
                _ => None,
            };
            self.contrasts.push(contrast);
        }
        if self.contrasts.len() < laid.beats.len() {
            return None;
        }
        Some(self.tell(laid, scores.bars(&self.contrasts)))
    }

    /// Lays an even grid, or the beats where they were tracked.
    fn lay(&self, novelty: &Novelty) -> Laid {
        let period = period(&self.chosen.choice);
        let length = self.length_sec * f64::from(FRAMES_PER_SEC);
        let line = self.heard.line(self.silent).filter(|_| !self.chosen.is_guess);
        let stability = line.map_or(0.0, |line| 1.0 - line.residual / line.period / UNSTABLE_PART);
        let fit = self.chosen.choice.best.fit;
        // Beats that say themselves that the file was cut out of something.
        let may_be_cut = fit.is_some() && !self.chosen.is_of_bars;
        let other = line.filter(|line| may_be_cut && is_other(line, period, length));
        let fit = fit.filter(|fit| {
            if self.length_sec < LOOP_MAX_SEC {
                return self.chosen.is_loop && other.is_none();
            }
            length::is_usual(fit.beats) && line.is_none_or(|line| is_loop(&line, period, length))
        });
        let even_line = other.or_else(|| line.filter(|line| self.heard.is_even(line, period)));
        let (beats, heard) = match (fit, even_line) {
            // What a program has cut begins with a bar, whatever sounds there.
            (Some(_), _) if self.chosen.is_of_bars => (even(0.0, period, length), None),
            (Some(_), _) => (even(loop_phase(novelty, period, self.silent), period, length), None),
            (None, Some(line)) => {
                let beats = even(line.first + ATTACK_FRAMES, line.period, length);
                if other.is_some() || beats.len() >= MANY_BEATS {
                    (beats, Some(line.period))
                } else {
                    // The tempo that is told is not theirs: it is known better than they know it.
                    let middle = beats.get(beats.len() / 2);
                    let middle = middle.map_or(line.first, |beat| beat - ATTACK_FRAMES);
                    (even(phase_near(novelty, period, middle), period, length), None)
                }
            }
            (None, None) => {
                let tracked = self.heard.tracked_beats();
                let beats = tracked.iter().map(|beat| beat + ATTACK_FRAMES).collect();
                (beats, beats::mean_period(tracked, period))
            }
        };
        let is_known = |heard: &f64| {
            let same = (heard / period - 1.0).abs() < WANDERING;
            other.is_some() || beats.len() >= MANY_BEATS && same
        };
        let bpm = heard.filter(is_known).map(bpm_of).filter(candidates::is_usual);
        let bpm = bpm.unwrap_or(self.chosen.choice.best.bpm);
        Laid { beats, period: heard.unwrap_or(period), bpm, fit, stability: stability.max(0.0) }
    }

    /// What says where bars begin, but for their contrast.
    fn scores(&self, laid: &Laid) -> Scores {
        #[expect(clippy::cast_precision_loss, reason = "four")]
        let part_frames = laid.period / PARTS as f64;
        let first = laid.beats.first().copied().unwrap_or_default();
        let start = Start {
            begins: match laid.fit {
                Some(_) => Begins::Loop,
                None if self.silent > 0.0 => Begins::Silence,
                None => Begins::Cut,
            },
            parts: (self.silent - first) / part_frames,
            part_frames,
            is_on_beat: laid.fit.is_some() && self.length_sec < LOOP_MAX_SEC,
        };
        self.accents.scores(self.chosen.triple, &start, laid.fit.map(|fit| fit.beats))
    }

    /// Whether the file, with the silence around its music, is a loop of so many beats.
    fn is_likely(&self, of_file: &Fit) -> bool {
        if self.length_sec < LOOP_MAX_SEC {
            return length::is_loop(self.length_sec, self.frame_sec, of_file);
        }
        length::is_usual(of_file.beats)
    }

    /// Whether what is short is more than a few words, which seem to have a tempo, too: it is as
    /// long as a program makes so many beats, or else its beats are steady, and next to nothing
    /// speaks for tempi that are no octave of this one.
    fn is_rhythm(&self, stability: f64, of_file: Option<Fit>) -> bool {
        let is_made = |fit: Fit| length::is_exact(self.length_sec, self.frame_sec, fit.beats);
        let sum = STEADY * stability
            + ALONE * self.chosen.choice.octave_confidence
            + LONG * self.length_sec.ln();
        self.length_sec >= WORDS_SEC || of_file.is_some_and(is_made) || sum > RHYTHM
    }

    fn tell(&self, laid: &Laid, bars: Bars) -> TempoEstimate {
        let choice = &self.chosen.choice;
        let fit = laid.fit;
        // What is so long may be the music alone, without the silence around it.
        let of_file = fit.and_then(|fit| length::fit(self.length_sec, fit.bpm));
        let of_file = of_file.filter(|of_file| self.is_likely(of_file));
        let Bars { per_bar, first } = bars;
        let length = self.length_sec * f64::from(FRAMES_PER_SEC);
        let (beats, is_before) = moved(&laid.beats, first % PARTS, laid.period, length);
        let first = (first / PARTS + usize::from(is_before)) % per_bar;
        let beats_sec: Vec<f64> =
            beats.iter().map(|frame| seconds(*frame).clamp(0.0, self.length_sec)).collect();
        let mut alternatives = choice.alternatives_to(laid.bpm);
        let belief = match self.is_rhythm(laid.stability, of_file) {
            true => 1.0,
            false => (GUESS / choice.confidence).min(1.0),
        };
        alternatives.iter_mut().for_each(|alternative| alternative.weight *= belief);
        TempoEstimate {
            bpm: Some(laid.bpm),
            confidence: belief * choice.confidence,
            octave_confidence: belief * choice.octave_confidence,
            alternatives,
            loop_bpm: of_file.map(|fit| fit.bpm),
            n_beats: of_file.map(|fit| fit.beats),
            downbeats_sec: beats_sec.iter().skip(first).step_by(per_bar).copied().collect(),
            beats_per_bar: u32::try_from(per_bar).unwrap_or(4),
            beats_sec,
            stability: laid.stability,
        }
    }
}

/// Whether beats that lie along a line are not those of a length that is a whole number of periods.
fn is_other(line: &Line, period: f64, length: f64) -> bool {
    drift(line, period, length).is_some_and(|drift| drift > OTHER_BEATS * period)
}

/// Whether beats that lie along a line are those of something that is a whole number of periods
/// long: any length is nearly that for some of the tempi near one that is heard.
fn is_loop(line: &Line, period: f64, length: f64) -> bool {
    drift(line, period, length).is_some_and(|drift| drift < EVEN_FRAMES)
}

/// How far even beats, a line, run away in a length from those that are a `period` apart, in frames;
/// None where the beats are not even.
fn drift(line: &Line, period: f64, length: f64) -> Option<f64> {
    (line.residual < EVEN_FRAMES).then(|| (line.period / period - 1.0).abs() * length)
}

/// Beats so many parts of a beat later, all that lie within the length; and whether there is one
/// more, before those that were the first.
#[expect(clippy::cast_precision_loss, reason = "four")]
fn moved(beats: &[f64], parts: usize, period: f64, length: f64) -> (Vec<f64>, bool) {
    let part = parts as f64 / PARTS as f64;
    let before = beats.first().filter(|_| parts > 0).map(|first| first + (part - 1.0) * period);
    let before = before.filter(|before| *before >= -EARLY_FRAMES);
    let next = |at: usize| beats.get(at + 1).copied().unwrap_or(beats[at] + period);
    let later = beats.iter().enumerate().map(|(at, beat)| beat + part * (next(at) - beat));
    let ends = |beat: &f64| parts == 0 || *beat < length - EARLY_FRAMES;
    (before.into_iter().chain(later.take_while(ends)).collect(), before.is_some())
}

/// Beats a period apart that go through `phase`, all that lie within the length.
fn even(phase: f64, period: f64, length: f64) -> Vec<f64> {
    let first = phase - ((phase + EARLY_FRAMES) / period).floor() * period;
    (0..u32::MAX)
        .map(|n| f64::from(n).mul_add(period, first))
        .take_while(|frame| *frame < length - EARLY_FRAMES)
        .collect()
}

/// Where the beats of a loop lie, in frames from its start; its first sound comes after `silent`.
#[expect(clippy::cast_precision_loss, reason = "a period is a hundred frames or so")]
fn loop_phase(novelty: &Novelty, period: f64, silent: f64) -> f64 {
    let sums = beats::fold(&novelty.all, period);
    let kicks = beats::fold(&novelty.kick, period);
    let at = |phase: usize| sums[phase] + kicks[phase];
    let best = (0..sums.len()).max_by(|one, other| at(*one).total_cmp(&at(*other))).unwrap_or(0);
    let from_start = |phase: usize| {
        let distance = (phase as f64 - silent).rem_euclid(period);
        distance.min(period - distance)
    };
    let near_start = (0..sums.len()).filter(|phase| from_start(*phase) <= START_FRAMES);
    let start = near_start.map(at).fold(0.0, f64::max);
    if start >= START_PART * at(best) { silent } else { best as f64 + ATTACK_FRAMES }
}

/// Where the beats lie that are a `period` apart, one of them near `about`.
fn phase_near(novelty: &Novelty, period: f64, about: f64) -> f64 {
    let at = |phase: f64| {
        let from = phase.rem_euclid(period);
        let [all, kick] = [&novelty.all, &novelty.kick];
        beats::mean_at(all, from, period) + beats::mean_at(kick, from, period)
    };
    let near = (-NEAR_FRAMES..=NEAR_FRAMES).map(|by| about + f64::from(by));
    let peak = near.max_by(|one, other| at(*one).total_cmp(&at(*other))).unwrap_or(about);
    let [before, now, after] = [peak - 1.0, peak, peak + 1.0].map(at);
    let bend = before - 2.0 * now + after;
    let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    peak + shift.clamp(-1.0, 1.0) + ATTACK_FRAMES
}

/// The peak of the novelty nearest to a tracked beat, between frames.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn refine(novelty: &[f32], beat: usize) -> f64 {
    let near = beat.saturating_sub(REFINED_FRAMES)..(beat + REFINED_FRAMES + 1).min(novelty.len());
    let peak = near.max_by(|one, other| novelty[*one].total_cmp(&novelty[*other])).unwrap_or(beat);
    let [Some(before), Some(now), Some(after)] = [
        peak.checked_sub(1).and_then(|at| novelty.get(at)),
        novelty.get(peak),
        novelty.get(peak + 1),
    ] else {
        return peak as f64;
    };
    let bend = f64::from(before - 2.0 * now + after);
    let shift = if bend < 0.0 { 0.5 * f64::from(before - after) / bend } else { 0.0 };
    peak as f64 + shift.clamp(-1.0, 1.0)
}
