//! Which beats begin a bar.

use super::novelty::Novelty;

/// Frames on either side of a beat that count as on it.
const NEAR_FRAMES: usize = 2;
/// How much more alike a sample must be to itself after three beats than after four, to be taken
/// for one of three: most music is not.
const TRIPLE: f64 = 0.1;
/// The lead of another phase that a loop's start does not win against.
const START_LEAD: f64 = 0.25;
/// Bars of three and bars of four beats are both whole after so many.
const PLACES: usize = 12;

/// Strengths at beats, summed up by their places in twelve.
#[derive(Default)]
pub(super) struct Accents {
    beats: usize,
    counts: [f64; PLACES],
    kick: [f64; PLACES],
    snare: [f64; PLACES],
    all: [f64; PLACES],
}

impl Accents {
    /// Adds the beat at a frame.
    pub(super) fn add(&mut self, beat: f64, novelty: &Novelty) {
        let place = self.beats % PLACES;
        self.beats += 1;
        self.counts[place] += 1.0;
        self.kick[place] += strength(&novelty.kick, beat);
        self.snare[place] += strength(&novelty.snare, beat);
        self.all[place] += strength(&novelty.all, beat);
    }

    /// Beats added so far.
    pub(super) fn beats(&self) -> usize {
        self.beats
    }

    /// Beats per bar, and the first beat that begins one. `triple` is how much more alike the
    /// sample is to itself after three beats than after four; `loop_beats`, of a loop, how many
    /// beats it has: a loop seldom begins within a bar.
    pub(super) fn bars(&self, triple: f64, loop_beats: Option<u32>) -> (usize, usize) {
        let per_bar = match loop_beats {
            Some(beats) if !beats.is_multiple_of(3) => 4,
            Some(beats) if !beats.is_multiple_of(4) => 3,
            _ if triple > TRIPLE => 3,
            _ => 4,
        };
        let score = |phase: usize| self.score(per_bar, phase);
        let best = (0..per_bar).max_by(|one, other| {
            // Of equals the earlier.
            score(*one).total_cmp(&score(*other)).then(other.cmp(one))
        });
        let best = best.unwrap_or(0);
        match loop_beats {
            Some(_) if score(best) - score(0) < START_LEAD => (per_bar, 0),
            _ => (per_bar, best),
        }
    }

    /// How well bars begin at the beats `phase`, `phase + per_bar`, …: low and whole sounds there,
    /// the snare on the beats between.
    ///
    /// # Sources
    /// The idea: M. E. P. Davies, M. D. Plumbley, *A spectral difference approach to downbeat
    /// extraction in musical audio*, EUSIPCO 2006; what counts here is the rise of the bands.
    fn score(&self, per_bar: usize, phase: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let beats = self.beats.max(1) as f64;
        // Over its mean at all beats, no signal drowns another.
        let mean = |signal: &[f64; PLACES]| (signal.iter().sum::<f64>() / beats).max(1e-9);
        let means = [mean(&self.kick), mean(&self.snare), mean(&self.all)];
        let on_one = |place: usize| {
            let [kick, snare, all] = means;
            self.kick[place] / kick + 0.5 * self.all[place] / all - 0.5 * self.snare[place] / snare
        };
        // Of the first, second, … beats of all bars.
        let mean = |beat: usize| {
            let places = || ((phase + beat) % per_bar..PLACES).step_by(per_bar);
            let count: f64 = places().map(|place| self.counts[place]).sum();
            if count > 0.0 { places().map(on_one).sum::<f64>() / count } else { 0.0 }
        };
        #[expect(clippy::cast_precision_loss, reason = "three or four")]
        let others = (1..per_bar).map(mean).sum::<f64>() / (per_bar - 1) as f64;
        // Beats two and four are alike where a snare is on both; the third is like the first.
        let third = if per_bar == 4 { 0.25 * (mean(2) - others) } else { 0.0 };
        mean(0) - others + third
    }
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
