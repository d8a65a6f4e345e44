//! Whether the attacks of a short sample lie on a grid as a machine puts them, and the tempo at
//! which they do.
//!
//! The flux has a value every 10 ms; an attack is known to a fraction of a millisecond. In a loop of
//! two seconds that is the difference between a tempo and the next whole number. What is played is
//! less exact than that: there attacks say nothing against the length of a file.

use std::f64::consts::TAU;

/// Attacks that are looked at: those of a loop.
const MOST_ATTACKS: usize = 96;
/// No attack counts for more than this many times the median: the first sound of a file rises out
/// of nothing, by more than all others.
const MOST_MEDIANS: f64 = 2.0;
/// Parts of a beat between which all is even: sixteenths and triplets.
const PARTS: [f64; 2] = [4.0, 3.0];
/// Parts of the tempo around a first guess from which the best grid is looked for.
const AROUND: [f64; 5] = [-0.01, -0.005, 0.0, 0.005, 0.01];
/// How far an attack may be from its place in the grid, at first and in the end: one that is
/// farther counts for next to nothing, whoever plays it.
const WIDE_SEC: f64 = 0.02;
const NARROW_SEC: f64 = 0.006;
/// The same of what a machine plays.
const EXACT_SEC: f64 = 0.003;
/// At least so much of what a machine plays is exactly on its grid, and so many times as much as is
/// on that of a tempo it contradicts. Of 117 rendered loops that do not end with their music this
/// moves 30 to their tempo and none away, and of 75 played breaks of exact length one away.
const MACHINE_PART: f64 = 0.55;
const BETTER: f64 = 1.7;
/// Fewer attacks are on some grid whoever plays.
const FEWEST_ATTACKS: usize = 4;
/// Rounds from the first to the last.
const ROUNDS: u32 = 6;
/// A tempo that is moved farther than this part is another one.
const FARTHEST: f64 = 0.04;

/// Attacks, with what each counts for.
#[derive(Default)]
pub(super) struct Attacks {
    /// Seconds and weight.
    attacks: Vec<(f64, f64)>,
    weight: f64,
}

/// Places that are a period apart.
#[derive(Clone, Copy)]
struct Grid {
    first_sec: f64,
    period_sec: f64,
}

impl Attacks {
    /// Of what is told as onsets.
    pub(super) fn new(onsets_sec: &[f64], strengths: &[f64]) -> Self {
        let mut sorted: Vec<f64> = strengths.iter().copied().take(MOST_ATTACKS).collect();
        sorted.sort_by(f64::total_cmp);
        let most = sorted.get(sorted.len() / 2).map_or(0.0, |median| MOST_MEDIANS * median);
        let weights = strengths.iter().map(|strength| strength.min(most));
        let attacks: Vec<(f64, f64)> =
            onsets_sec.iter().copied().zip(weights).take(MOST_ATTACKS).collect();
        Self { weight: attacks.iter().map(|(_, weight)| weight).sum(), attacks }
    }

    /// When they are, in seconds.
    pub(super) fn times_sec(&self) -> Vec<f64> {
        self.attacks.iter().map(|(at_sec, _)| *at_sec).collect()
    }

    /// How much of the attacks is as exactly on a grid of this tempo as a machine's, 0 to 1.
    pub(super) fn regularity(&self, bpm: f64) -> f64 {
        PARTS
            .map(|parts| self.on_grid(self.placed(60.0 / bpm / parts), EXACT_SEC))
            .into_iter()
            .fold(0.0, f64::max)
    }

    /// The tempo near `bpm` that the attacks know better: they lie on its grid as a machine puts
    /// them, and are off that of `bpm`. None of what is played, whose attacks know no better.
    pub(super) fn contradict(&self, bpm: f64) -> Option<f64> {
        if self.attacks.len() < FEWEST_ATTACKS {
            return None;
        }
        let exact = self.refine(bpm);
        let regularity = self.regularity(exact);
        let is_better = regularity >= BETTER * self.regularity(bpm);
        (is_better && regularity >= MACHINE_PART).then_some(exact)
    }

    /// The tempo near `bpm` on whose grid the attacks are best.
    fn refine(&self, bpm: f64) -> f64 {
        let mut best = (0.0, bpm);
        for parts in PARTS {
            let start = AROUND
                .map(|part| {
                    let period_sec = 60.0 / bpm / parts * (1.0 + part);
                    (self.strength(period_sec), period_sec)
                })
                .into_iter()
                .max_by(|one, other| one.0.total_cmp(&other.0));
            let Some((_, period_sec)) = start else { continue };
            let Some(grid) = self.fitted(self.placed(period_sec)) else { continue };
            let found = 60.0 / grid.period_sec / parts;
            let regularity = self.on_grid(grid, NARROW_SEC);
            if regularity > best.0 && (found / bpm - 1.0).abs() < FARTHEST {
                best = (regularity, found);
            }
        }
        best.1
    }

    /// The sum of all attacks as vectors, each turned by its phase.
    fn sum(&self, period_sec: f64) -> (f64, f64) {
        self.attacks.iter().fold((0.0, 0.0), |(re, im), (at_sec, weight)| {
            let (sin, cos) = (TAU * at_sec / period_sec).sin_cos();
            (re + weight * cos, im + weight * sin)
        })
    }

    fn strength(&self, period_sec: f64) -> f64 {
        let (re, im) = self.sum(period_sec);
        re.hypot(im)
    }

    /// The grid of this period whose phase is the mean of all attacks.
    fn placed(&self, period_sec: f64) -> Grid {
        let (re, im) = self.sum(period_sec);
        let grid = Grid { first_sec: im.atan2(re) / TAU * period_sec, period_sec };
        // The mean is drawn by what is off the grid: once more, by what is on it.
        let (mut sum, mut shift) = (0.0, 0.0);
        for (at_sec, weight) in &self.attacks {
            let (_, off_sec) = grid.place(*at_sec);
            let weight = weight * near(off_sec, WIDE_SEC);
            sum += weight;
            shift += weight * off_sec;
        }
        let shift = if sum > 0.0 { shift / sum } else { 0.0 };
        Grid { first_sec: grid.first_sec + shift, ..grid }
    }

    fn on_grid(&self, grid: Grid, within_sec: f64) -> f64 {
        let on: f64 = self
            .attacks
            .iter()
            .map(|(at_sec, weight)| weight * near(grid.place(*at_sec).1, within_sec))
            .sum();
        on / self.weight.max(f64::MIN_POSITIVE)
    }

    /// The line through the attacks that are near their places, nearer from round to round; None
    /// where all are in one place.
    fn fitted(&self, mut grid: Grid) -> Option<Grid> {
        let narrower = (NARROW_SEC / WIDE_SEC).powf(1.0 / f64::from(ROUNDS - 1));
        let mut within_sec = WIDE_SEC;
        for _ in 0..ROUNDS {
            let placed = self.attacks.iter().map(|(at_sec, weight)| {
                let (place, off_sec) = grid.place(*at_sec);
                (place, *at_sec, weight * near(off_sec, within_sec))
            });
            let (mut sum, mut places, mut times) = (0.0, 0.0, 0.0);
            for (place, at_sec, weight) in placed.clone() {
                sum += weight;
                places += weight * place;
                times += weight * at_sec;
            }
            if sum <= 0.0 {
                return None;
            }
            let (place_mean, time_mean) = (places / sum, times / sum);
            let (mut squares, mut products) = (0.0, 0.0);
            for (place, at_sec, weight) in placed {
                squares += weight * (place - place_mean).powi(2);
                products += weight * (place - place_mean) * (at_sec - time_mean);
            }
            if squares < 1e-9 || products <= 0.0 {
                return None;
            }
            let period_sec = products / squares;
            grid = Grid { first_sec: time_mean - period_sec * place_mean, period_sec };
            within_sec *= narrower;
        }
        Some(grid)
    }
}

impl Grid {
    /// The number of the nearest place, and how far from it a time is.
    fn place(self, at_sec: f64) -> (f64, f64) {
        let place = ((at_sec - self.first_sec) / self.period_sec).round();
        (place, at_sec - self.first_sec - place * self.period_sec)
    }
}

/// What an attack counts for that is so far off.
fn near(off_sec: f64, within_sec: f64) -> f64 {
    (-0.5 * (off_sec / within_sec).powi(2)).exp()
}
