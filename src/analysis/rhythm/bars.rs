//! Which beats begin a bar.

/// Frames on either side of a beat that count as on it.
const NEAR_FRAMES: usize = 2;
/// How much more alike a sample must be to itself after three beats than after four, to be taken
/// for one of three: most music is not.
const TRIPLE: f64 = 0.1;
/// The lead of another phase that a loop's start does not win against.
const START_LEAD: f64 = 0.25;

/// Strengths at every beat, each divided by its mean over all beats.
pub(super) struct Accents {
    kick: Vec<f64>,
    snare: Vec<f64>,
    all: Vec<f64>,
}

impl Accents {
    /// Of beats given in frames.
    pub(super) fn new(beats: &[f64], kick: &[f32], snare: &[f32], all: &[f32]) -> Self {
        let of = |signal: &[f32]| {
            let strengths: Vec<f64> = beats.iter().map(|beat| strength(signal, *beat)).collect();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let mean = strengths.iter().sum::<f64>() / strengths.len().max(1) as f64;
            strengths.iter().map(|strength| strength / mean.max(1e-9)).collect()
        };
        Self { kick: of(kick), snare: of(snare), all: of(all) }
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
        let mut sums = vec![(0.0, 0.0); per_bar];
        for beat in 0..self.all.len() {
            let (sum, count) = &mut sums[(beat + per_bar - phase) % per_bar];
            let on_one = self.kick[beat] + 0.5 * self.all[beat] - 0.5 * self.snare[beat];
            *sum += on_one;
            *count += 1.0;
        }
        let mean = |(sum, count): (f64, f64)| if count > 0.0 { sum / count } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "three or four")]
        let others = sums[1..].iter().map(|sum| mean(*sum)).sum::<f64>() / (per_bar - 1) as f64;
        // Beats two and four are alike where a snare is on both; the third is like the first.
        let third = if per_bar == 4 { 0.25 * (mean(sums[2]) - others) } else { 0.0 };
        mean(sums[0]) - others + third
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
