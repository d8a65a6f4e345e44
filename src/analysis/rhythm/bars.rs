//! Which beats begin a bar, and whether what was taken for beats lies between them.
//!
//! Both are one question: at which fourth of a beat does a bar begin? Kicks and snares have their
//! places in a bar, chords and basses change with it, and what begins after silence, or a loop,
//! begins on its first beat.

use super::changes::Changes;
use super::novelty::Novelty;

/// Frames on either side of a place that count as there.
const NEAR_FRAMES: usize = 2;
/// How much more alike a sample must be to itself after three beats than after four, to be taken
/// for one of three: most music is not.
const TRIPLE: f64 = 0.1;
/// Places of a beat.
pub(super) const PARTS: usize = 4;
/// Bars of three and bars of four beats are both whole after so many places.
const PLACES: usize = 12 * PARTS;
/// A start that is farther from a place is at none, in frames.
const START_FRAMES: f64 = 3.0;
/// What is added to a strength over its mean before the logarithm.
const FLOOR: f64 = 0.1;

/// What the logarithm of the strength at each sixteenth of a bar of four says for that bar.
///
/// All weights are those of one regression over the sixteen rotations of a bar, fitted on the half
/// of the material that is looked at: `docs/ANALYSIS.md`.
const KICK: [f64; 16] = [
    1.34, -0.54, -0.47, -0.04, -0.46, -0.42, 0.12, 0.18, //
    -0.07, -0.22, 0.23, 0.04, 0.11, 0.21, 0.10, -0.09,
];
const SNARE: [f64; 16] = [
    0.35, -0.55, -0.08, -0.09, 0.58, -0.74, -0.25, -0.20, //
    -0.23, 0.26, -0.23, 0.14, 0.73, -0.24, 0.22, 0.33,
];
/// Likewise for a change of the whole sound on the first beat.
const CHANGE: f64 = 1.06;
/// Likewise for how unlike the bar that begins there is to the one before, where that is more than
/// at the beats beside. It was fitted last, beside the sum of all others, and says only which beat is
/// the first.
const CONTRAST: f64 = 0.9;
/// Added to every contrast: that of a tenth of a neper in each filter. Where a sound repeats itself
/// all but exactly, as a program plays it, the rest says nothing.
const NO_CONTRAST: f64 = 0.01;
/// Contrasts say nothing before there are so many of each beat of a bar.
const FEWEST_BARS: usize = 2;
/// For beats that are those that were tracked.
const TRACKED: f64 = 0.61;
/// For kicks on every beat and snares halfway between them, as in punk and polkas: by the weights
/// above, snares would be on the beat, as they are where they sound together with the kick.
const ALTERNATING: f64 = 7.0;

/// How a sample begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// As a loop does.
    Loop,
    /// After silence.
    Silence,
    /// With its sound: it may have been cut out of something.
    Cut,
}

impl Begins {
    /// What it says for a beat there, and for a bar.
    fn weights(self) -> (f64, f64) {
        match self {
            Self::Loop => (0.89, 2.64),
            Self::Silence => (0.33, 1.02),
            Self::Cut => (-0.02, 1.29),
        }
    }
}

/// Where a sample begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Start {
    pub(super) begins: Begins,
    /// After the first beat that is added, in fourths of a beat; below 0 before it.
    pub(super) parts: f64,
    /// Such a fourth in frames.
    pub(super) part_frames: f64,
    /// The beats are where they were added, whatever else may be.
    pub(super) is_on_beat: bool,
}

impl Start {
    /// Its place in a bar of so many; None if it is at none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "from 0 to below the places of a bar"
    )]
    fn place(&self, places: usize) -> Option<usize> {
        let nearest = self.parts.round();
        let is_near = (self.parts - nearest).abs() * self.part_frames <= START_FRAMES;
        is_near.then(|| nearest.rem_euclid(places as f64) as usize)
    }
}

/// Where bars begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bars {
    /// In beats.
    pub(super) per_bar: usize,
    /// The first place that begins one, in fourths of a beat from the first beat that was added.
    pub(super) first: usize,
}

/// Strengths, summed up by their places in twelve beats.
pub(super) struct Accents {
    beats: usize,
    counts: [f64; PLACES],
    bass: [f64; PLACES],
    kick: [f64; PLACES],
    snare: [f64; PLACES],
    changes: [f64; PLACES],
    /// Where the change is known.
    known: [f64; PLACES],
}

impl Default for Accents {
    fn default() -> Self {
        let none = [0.0; PLACES];
        Self {
            beats: 0,
            counts: none,
            bass: none,
            kick: none,
            snare: none,
            changes: none,
            known: none,
        }
    }
}

impl Accents {
    /// Adds the beat at a frame; the next one comes `period` frames later.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn add(&mut self, beat: f64, period: f64, novelty: &Novelty, changes: &Changes) {
        for part in 0..PARTS {
            let at = beat + period * part as f64 / PARTS as f64;
            if at >= novelty.all.len() as f64 {
                break;
            }
            let place = (self.beats * PARTS + part) % PLACES;
            self.counts[place] += 1.0;
            self.bass[place] += strength(&novelty.bass, at);
            self.kick[place] += strength(&novelty.kick, at);
            self.snare[place] += strength(&novelty.snare, at);
            if let Some(change) = changes.at(at) {
                self.changes[place] += change;
                self.known[place] += 1.0;
            }
        }
        self.beats += 1;
    }

    /// Beats added so far.
    pub(super) fn beats(&self) -> usize {
        self.beats
    }

    /// How much says that a bar begins at each place. `triple` is how much more alike the sample is
    /// to itself after three beats than after four; `loop_beats`, of a loop, how many beats it has.
    pub(super) fn scores(&self, triple: f64, start: &Start, loop_beats: Option<u32>) -> Scores {
        let per_bar = match loop_beats {
            Some(beats) if !beats.is_multiple_of(3) => 4,
            Some(beats) if !beats.is_multiple_of(4) => 3,
            _ if triple > TRIPLE => 3,
            _ => 4,
        };
        let places = per_bar * PARTS;
        let bass = levels(&self.bass, &self.counts, places);
        let kick = levels(&self.kick, &self.counts, places);
        let snare = levels(&self.snare, &self.counts, places);
        let changes = levels(&self.changes, &self.known, places);
        let start_at = start.place(places);
        let score = |first: usize| {
            let strokes = (0..places).map(|place| {
                let at = (first + place) % places;
                weight(&KICK, place, places) * kick[at] + weight(&SNARE, place, places) * snare[at]
            });
            let (on_beat, on_bar) = start.begins.weights();
            let begins = start_at.map_or(0.0, |at| {
                let beat = if first % PARTS == at % PARTS { on_beat } else { 0.0 };
                beat + if first == at { on_bar } else { 0.0 }
            });
            let tracked = if first.is_multiple_of(PARTS) { TRACKED } else { 0.0 };
            let alternating = ALTERNATING * alternation(&bass, &snare, first, places);
            strokes.sum::<f64>() + CHANGE * changes[first] + begins + tracked + alternating
        };
        let step = if start.is_on_beat { PARTS } else { 1 };
        Scores { per_bar, step, of_places: (0..places).map(score).collect() }
    }
}

/// How much says that a bar begins at each place, but for the contrast.
pub(super) struct Scores {
    /// In beats.
    pub(super) per_bar: usize,
    /// So many places are between two that come into question.
    step: usize,
    of_places: Vec<f64>,
}

impl Scores {
    /// How much later the beats are than those that were added, in fourths of a beat.
    pub(super) fn part(&self) -> usize {
        self.best(0, self.step, |place| self.of_places[place]) % PARTS
    }

    /// Where bars begin. `contrasts` are those of the bar that begins with each beat and the one
    /// before, as far as these are known.
    pub(super) fn bars(&self, contrasts: &[Option<f64>]) -> Bars {
        let part = self.part();
        let [mut sums, mut counts] = [[0.0; PLACES]; 2];
        let known = |beat: Option<usize>| *contrasts.get(beat?)?;
        let is_enough = contrasts.iter().flatten().count() >= FEWEST_BARS * self.per_bar;
        for beat in (0..contrasts.len()).filter(|_| is_enough) {
            let Some(contrast) = known(Some(beat)) else { continue };
            let beside = [known(beat.checked_sub(1)), known(Some(beat + 1))];
            let is_peak = beside.into_iter().flatten().all(|beside| contrast >= beside);
            let place = (beat * PARTS + part) % PLACES;
            sums[place] += NO_CONTRAST + if is_peak { contrast } else { 0.0 };
            counts[place] += 1.0;
        }
        let contrasts = levels(&sums, &counts, self.of_places.len());
        let score = |place: usize| self.of_places[place] + CONTRAST * contrasts[place];
        Bars { per_bar: self.per_bar, first: self.best(part, PARTS, score) }
    }

    /// The place from `from` on, in steps, that has most; of equals the earlier.
    fn best(&self, from: usize, step: usize, score: impl Fn(usize) -> f64) -> usize {
        let places = (from..self.of_places.len()).step_by(step);
        let best =
            places.max_by(|one, other| score(*one).total_cmp(&score(*other)).then(other.cmp(one)));
        best.unwrap_or(from)
    }
}

/// How much all kicks are at `first` and a whole number of beats after it, and all snares half a beat
/// later: how far the least of their levels is above the greatest where the other is; 0 if it is
/// not.
fn alternation(bass: &[f64; PLACES], snare: &[f64; PLACES], first: usize, places: usize) -> f64 {
    let at = |signal: &[f64; PLACES], from: usize| {
        let beats = (0..places).step_by(PARTS).map(|beat| signal[(from + beat) % places]);
        beats.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), level| {
            (least.min(level), most.max(level))
        })
    };
    let between = first + PARTS / 2;
    let above = |signal, on, off| at(signal, on).0 - at(signal, off).1;
    above(bass, first, between).min(above(snare, between, first)).max(0.0)
}

/// What a weight of a bar of four is in a bar of so many places: where there are three beats, the
/// second and the third are as the second and the fourth of four.
fn weight(weights: &[f64; 16], place: usize, places: usize) -> f64 {
    let second = PARTS + place % PARTS;
    if places == weights.len() || place < PARTS {
        weights[place]
    } else {
        f64::midpoint(weights[second], weights[second + 2 * PARTS])
    }
}

/// The logarithms of the mean strengths at the places of a bar over the mean of all: so no signal
/// drowns another.
fn levels(sums: &[f64; PLACES], counts: &[f64; PLACES], places: usize) -> [f64; PLACES] {
    let mean = |from: usize, step: usize| {
        let sum = |of: &[f64; PLACES]| of.iter().skip(from).step_by(step).sum::<f64>();
        (sum(counts) > 0.0).then(|| sum(sums) / sum(counts))
    };
    let all = mean(0, 1).unwrap_or_default().max(1e-9);
    std::array::from_fn(|place| {
        let over = mean(place % places, places).map_or(1.0, |mean| mean / all);
        (FLOOR + over).ln()
    })
}

/// The greatest value near a place.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "frames are not negative and far below 2^53"
)]
fn strength(signal: &[f32], place: f64) -> f64 {
    let at = place.round().max(0.0) as usize;
    let end = (at + NEAR_FRAMES + 1).min(signal.len());
    let near = &signal[at.saturating_sub(NEAR_FRAMES).min(end)..end];
    f64::from(near.iter().fold(0.0_f32, |most, value| most.max(*value)))
}
