//! Tempi that a sample may have, and what speaks for each.

use super::attacks::Attacks;
use super::correlation::{Correlation, Crossed};
use super::length::{self, Fit};
use super::pulse::Pulse;
use super::repetition;
use super::spectra::FRAMES_PER_SEC;

/// The tempi that are considered, in beats per minute.
const SLOWEST_BPM: f64 = 50.0;
const FASTEST_BPM: f64 = 210.0;

/// Tempi in equal ratios at which the periodicity is looked at: 1 % is 7 steps.
const GRID: u32 = 900;
/// Peaks of the periodicity that are followed up, with their relations.
const PEAKS: usize = 10;
const RELATIONS: [f64; 7] = [1.0, 2.0, 0.5, 4.0 / 3.0, 0.75, 1.5, 2.0 / 3.0];
/// Beats that a short file is tried with.
const LOOP_BEATS: [u32; 9] = [2, 3, 4, 6, 8, 12, 16, 24, 32];
/// And what repeats itself.
const REPEATED_BEATS: [u32; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/// More silence around what sounds is no part of a loop, unless its length with it is one that a
/// program makes. Of 700 real loops of the looked-at half of `benches/tempo`, ten are other.
const ADDED_SEC: f64 = 0.1;
/// What is longer is more than a loop, however often that is repeated in it.
const LONG_SEC: f64 = 20.0;
pub(super) const LOOP_MAX_SEC: f64 = 12.0;
/// Candidates closer than this are one.
const SAME_PART: f64 = 0.005;
/// So is a whole number of beats per minute with what is closer than this.
const WHOLE_PART: f64 = 0.0005;
/// Closer than this they are equal.
const EQUAL_PART: f64 = 0.0001;

/// Multiples of a beat, and what likeness at each counts for.
///
/// # Sources
/// The idea of summing an autocorrelation over multiples: G. Percival, G. Tzanetakis, *Streamlined
/// tempo estimation based on autocorrelation and cross-correlation with pulses*, IEEE/ACM TASLP 22
/// (2014).
const COMB: [(f64, f64); 6] =
    [(0.25, 0.25), (0.5, 0.4), (1.0, 1.0), (2.0, 0.7), (4.0, 0.7), (8.0, 0.4)];

/// What is known of a sample when tempi are weighed.
pub(super) struct Evidence<'a> {
    pub(super) all: &'a Correlation,
    pub(super) kick: &'a Correlation,
    pub(super) snare: &'a Correlation,
    pub(super) hat: &'a Correlation,
    /// Of kick and snare together.
    pub(super) both: &'a Correlation,
    pub(super) pulse: &'a Pulse,
    pub(super) attacks: &'a Attacks,
    /// Lengths that may be a whole number of beats: the file's, and without silence before, after
    /// and around what is heard.
    pub(super) lengths_sec: [f64; 4],
    /// After how long the sample repeats itself value by value.
    pub(super) repeats_sec: Option<f64>,
    /// A frame of the sample.
    pub(super) frame_sec: f64,
    pub(super) onsets: usize,
    /// What an octave faster has ahead in what sounds like this.
    pub(super) pace: f64,
}

/// A tempo that is considered.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) bpm: f64,
    pub(super) fit: Option<Fit>,
    /// What speaks for it; see [`Evidence::weigh`].
    pub(super) score: f64,
    /// How alike the sample is to itself at multiples of the beat; 0 to 1.
    pub(super) comb: f64,
}

/// Where a closer look begins: a number of beats that the file may have, or what sounds in it, or
/// what repeats itself, or a tempo.
enum Start {
    Beats(u32),
    Sounding(u32),
    Repeated(u32),
    Heard(f64),
}

/// Tempi that are looked at more closely, and what came of it so far.
#[derive(Default)]
pub(super) struct Search {
    starts: Vec<Start>,
    next: usize,
    pub(super) found: Vec<Candidate>,
}

/// Starts that are followed up in one step.
const TOGETHER: usize = 4;

/// From where octaves are counted.
const MIDDLE_BPM: f64 = 120.0;
/// What speaks for a tempo.
const FEATURES: usize = 26;
/// How much each of them counts, of a tempo at which the file goes on with its start, and of any
/// other: its likeness to itself is measured in another way.
///
/// # Sources
/// The weights were fitted with a softmax over the candidates of a file and a penalty on how far
/// they move from those before, on files of `benches/tempo` and parts of them: public sample packs,
/// songs, recordings, drummers' performances, the half where the hash of their origins' names put
/// them. Real loops count four times, songs and recordings twice to two and a half times, what is
/// made one and a half times, drummers 0.7 times and each part of a file 0.1 to 0.3 times.
const LOOPED: [f64; FEATURES] = [
    -5.12, 1.62, 2.83, 0.33, 7.12, -0.20, 3.43, -2.33, 3.59, 1.63, 2.46, 2.82, 1.37, 1.71, 3.33,
    2.47, -0.37, 1.84, 2.74, 4.39, -1.02, -0.05, 1.66, 0.93, 1.45, 0.09,
];
const OPEN: [f64; FEATURES] = [
    -2.43, 0.31, 2.46, 0.44, 3.05, -0.13, 4.78, -3.05, 3.81, 1.63, 2.14, 2.02, 2.12, 5.49, 4.09,
    3.18, -1.37, 0.11, 5.93, 4.35, -1.16, 0.12, 0.32, -0.70, 4.61, 0.43,
];
/// What likeness at other multiples of a beat says: as a whole, of kicks, snares and hats. Were
/// half, double or two thirds of the tempo right, bars or beats would lie there.
const OTHERS: [(f64, [f64; 4]); 5] = [
    (2.0 / 3.0, [0.34, -0.75, 0.54, 1.09]),
    (0.75, [-0.16, -0.22, 0.25, 0.47]),
    (1.5, [-0.19, 0.30, -0.68, 0.69]),
    (3.0, [0.25, 0.31, -0.46, 0.18]),
    (6.0, [0.41, -0.62, -0.03, -0.51]),
];
/// And how strongly the flux pulses at other multiples of the tempo.
const PULSES: [(f64, f64); 3] = [(0.5, 1.13), (3.0, 0.68), (4.0, 1.52)];
/// What a tempo has ahead at which the file goes on with its start.
const LOOPED_START: f64 = 2.61;

/// How far off, as a part, the tempo that is heard in a file of this length may be: on loops of
/// machines 0.08 % is in nine of ten the most from 8 s on, and 0.3 % below 4 s.
fn heard_error(length_sec: f64) -> f64 {
    (0.012 / length_sec).clamp(0.0008, 0.003)
}

/// How much faster a tempo is than a middling one.
fn octaves(bpm: f64) -> f64 {
    (bpm / MIDDLE_BPM).log2()
}

/// A beat in frames.
fn lag_of(bpm: f64) -> f64 {
    60.0 * f64::from(FRAMES_PER_SEC) / bpm
}

impl Evidence<'_> {
    /// The likeness around `lag`, a frame earlier or later if that is more.
    fn likeness(&self, of: &Correlation, lag: f64, loop_sec: Option<f64>) -> Option<f64> {
        around(lag, |lag| self.likeness_at(of, lag, loop_sec))
    }

    /// The likeness at `lag` frames: of a loop, going on with its start, be it the whole file or a
    /// part that repeats itself.
    fn likeness_at(&self, of: &Correlation, lag: f64, loop_sec: Option<f64>) -> Option<f64> {
        let frames = |seconds: f64| seconds * f64::from(FRAMES_PER_SEC);
        match loop_sec {
            None => of.open(lag),
            Some(file) if file == self.lengths_sec[0] || file == self.sounding_sec() => {
                of.closed(lag, frames(file))
            }
            Some(part) => of.overlapping(lag.rem_euclid(frames(part))),
        }
    }

    /// How much a kick and a snare are `lag` apart.
    fn crossed(&self, lag: f64, loop_sec: Option<f64>) -> Option<f64> {
        let crossed = Crossed { each: [self.kick, self.snare], both: self.both };
        around(lag, |lag| crossed.at(|of| self.likeness_at(of, lag, loop_sec)))
    }

    fn comb(&self, bpm: f64, loop_sec: Option<f64>) -> f64 {
        let mut sum = 0.0;
        let mut weights = 0.0;
        for (multiple, weight) in COMB {
            if let Some(likeness) = self.likeness(self.all, multiple * lag_of(bpm), loop_sec) {
                sum += weight * likeness;
                weights += weight;
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }

    /// Looks for the tempi that are worth a closer look.
    pub(super) fn search(&self) -> Search {
        let ratio = (FASTEST_BPM / SLOWEST_BPM).powf(1.0 / f64::from(GRID));
        let tempi: Vec<f64> = (0..=GRID).map(|n| SLOWEST_BPM * ratio.powf(f64::from(n))).collect();
        let combs: Vec<f64> = tempi.iter().map(|bpm| self.comb(*bpm, None)).collect();
        let mut peaks: Vec<usize> = (0..combs.len())
            .filter(|&at| {
                (at == 0 || combs[at - 1] < combs[at])
                    && combs.get(at + 1).is_none_or(|next| *next <= combs[at])
            })
            .collect();
        peaks.sort_by(|one, other| combs[*other].total_cmp(&combs[*one]));
        let related = peaks
            .iter()
            .take(PEAKS)
            .flat_map(|peak| RELATIONS.map(|relation| Start::Heard(relation * tempi[*peak])));
        let exact: Vec<u32> = length::exact_beats(self.lengths_sec[0], self.frame_sec).collect();
        let of_length =
            LOOP_BEATS.into_iter().filter(|beats| self.is_short() && !exact.contains(beats));
        let of_length = exact.iter().copied().chain(of_length).map(Start::Beats);
        let [length_sec, ..] = self.lengths_sec;
        let of_program = exact.iter().any(|beats| is_usual(&length::bpm_of(length_sec, *beats)));
        let silent_sec = length_sec - self.sounding_sec();
        let is_padded = self.is_short() && !of_program && silent_sec > ADDED_SEC;
        let sounding = LOOP_BEATS.into_iter().filter(|_| is_padded).map(Start::Sounding);
        let repeated = REPEATED_BEATS.into_iter().filter(|_| self.repeats_sec.is_some());
        let repeated = repeated.map(Start::Repeated);
        let starts = of_length.chain(sounding).chain(repeated).chain(related);
        Search { starts: starts.collect(), ..Search::default() }
    }

    /// Weighs some more of what was found; false once there is no more.
    pub(super) fn weigh_next(&self, search: &mut Search) -> bool {
        let from = search.next;
        search.next = (from + TOGETHER).min(search.starts.len());
        for at in from..search.next {
            match search.starts[at] {
                Start::Beats(beats) => self.weigh_beats(beats, &mut search.found),
                Start::Sounding(beats) => self.weigh_sounding(beats, &mut search.found),
                Start::Repeated(beats) => self.weigh_repeated(beats, &mut search.found),
                Start::Heard(bpm) => self.weigh_near(bpm, &mut search.found),
            }
        }
        search.next < search.starts.len()
    }

    fn is_short(&self) -> bool {
        self.lengths_sec[0] < LOOP_MAX_SEC
    }

    /// What the flux says of the tempo near `bpm`.
    fn heard(&self, bpm: f64) -> f64 {
        let width = (0.2 / self.lengths_sec[0]).clamp(0.008, 0.06);
        60.0 * self.pulse.refine(bpm / 60.0, width)
    }

    /// The claim that something is so many beats long, at a tempo that is considered.
    fn usual_fit(&self, length_sec: f64, beats: u32) -> Option<Fit> {
        let bpm = length::bpm_of(length_sec, beats);
        is_usual(&bpm).then(|| length::of_beats(length_sec, beats, self.heard(bpm)))
    }

    /// Weighs that the file is so many beats long.
    fn weigh_beats(&self, beats: u32, found: &mut Vec<Candidate>) {
        if let Some(fit) = self.usual_fit(self.lengths_sec[0], beats) {
            self.add(fit.bpm, Some(fit), 0.0, found);
        }
    }

    /// How long the file is without silence before and after.
    fn sounding_sec(&self) -> f64 {
        self.lengths_sec[3]
    }

    /// Weighs that what sounds is so many beats long: a loop with silence around it.
    fn weigh_sounding(&self, beats: u32, found: &mut Vec<Candidate>) {
        let sounding_sec = self.sounding_sec();
        if let Some(fit) = self.usual_fit(sounding_sec, beats) {
            found.push(self.weigh(fit.bpm, Some(fit), Some(sounding_sec)));
        }
    }

    /// Weighs that what repeats itself is so many beats long.
    fn weigh_repeated(&self, beats: u32, found: &mut Vec<Candidate>) {
        let Some(repeats_sec) = self.repeats_sec else { return };
        let bpm = length::bpm_of(repeats_sec, beats);
        if is_usual(&bpm) {
            let of_file = best_fit(&self.lengths_sec[..2], bpm);
            // A file that is a whole number of beats itself says more.
            let is_whole = of_file.is_some_and(|fit| (fit.bpm / bpm - 1.0).abs() < EQUAL_PART);
            if is_whole || repeats_sec >= LOOP_MAX_SEC {
                self.add(bpm, of_file, WHOLE_PART, found);
            } else {
                let quality = self.repeated(bpm);
                let fit = Fit { quality, ..length::of_beats(repeats_sec, beats, self.heard(bpm)) };
                let candidate = self.weigh(bpm, Some(fit), Some(repeats_sec));
                found.push(Candidate { fit: of_file, ..candidate });
            }
        }
    }

    /// Weighs what the tempo near `start` may be exactly: that at which the file is a whole number
    /// of beats long, or else what is heard; and a whole number.
    fn weigh_near(&self, start: f64, found: &mut Vec<Candidate>) {
        if !is_usual(&start) {
            return;
        }
        let heard = self.heard(start);
        let fit = best_fit(&self.lengths_sec[..2], heard);
        let exact = match fit {
            Some(fit) if fit.error_sec < 0.022 || fit.beats.is_power_of_two() => fit.bpm,
            _ => heard,
        };
        self.add(exact, fit, SAME_PART, found);
        // Of a loop that was not cut where it ends: what its maker set is a whole number.
        let whole = heard.round();
        if (whole / heard - 1.0).abs() < heard_error(self.lengths_sec[0]) {
            self.add(whole, fit, WHOLE_PART, found);
        }
    }

    /// Weighs a tempo, if no other is as close as `part`, and where the attacks contradict it, what
    /// they say instead.
    fn add(&self, bpm: f64, fit: Option<Fit>, part: f64, found: &mut Vec<Candidate>) {
        let is_new =
            |bpm: f64, part: f64| found.iter().all(|other| (other.bpm / bpm - 1.0).abs() >= part);
        // What is heard near one that is considered may be none.
        if !is_usual(&bpm) || !is_new(bpm, part) {
            return;
        }
        let contradicted = if self.is_short() { self.attacks.contradict(bpm) } else { None };
        let is_other = |exact: &f64| is_usual(exact) && is_new(*exact, WHOLE_PART);
        if let Some(exact) = contradicted.filter(is_other) {
            found.push(self.weigh_file(exact, best_fit(&self.lengths_sec, exact)));
        }
        found.push(self.weigh_file(bpm, fit));
    }

    /// How much speaks for a tempo that a part of the sample is so many beats long which comes back
    /// value by value.
    pub(super) fn repeated(&self, bpm: f64) -> f64 {
        self.repeats_sec.map_or(0.0, |distance_sec| repetition::usualness(distance_sec, bpm))
    }

    /// How much more alike the sample is to itself after three beats than after four.
    pub(super) fn triple(&self, bpm: f64, loop_sec: Option<f64>) -> f64 {
        let loop_sec = loop_sec.filter(|_| self.is_short());
        let of = |beats: f64| self.likeness(self.all, beats * lag_of(bpm), loop_sec).unwrap_or(0.0);
        of(3.0) - of(4.0)
    }

    /// What speaks for a tempo, in the order of [`OPEN`] and [`LOOPED`]. What is a loop goes on with its
    /// start after `loop_sec`, which is the `fit`'s whole number of beats.
    fn features(&self, bpm: f64, fit: Option<Fit>, loop_sec: Option<f64>) -> [f64; FEATURES] {
        let of = |signal, beats: f64| {
            self.likeness(signal, beats * lag_of(bpm), loop_sec).unwrap_or(0.0)
        };
        let crossed = |beats: f64| self.crossed(beats * lag_of(bpm), loop_sec).unwrap_or(0.0);
        let [half, third, two_bars] = [0.5, 1.0 / 3.0, 8.0].map(|beats| of(self.all, beats));
        let bar_of_four = of(self.all, 4.0);
        let beat_apart = crossed(1.0);
        let octaves = octaves(bpm);
        let snapped = fit.is_some_and(|fit| fit.bpm == bpm);
        let whole = (bpm - bpm.round()).abs() < if snapped { 0.03 } else { 0.15 };
        let [length_sec, ..] = self.lengths_sec;
        let exact_sec = loop_sec.unwrap_or(length_sec);
        let exactness = fit
            .filter(|_| whole && snapped)
            .map_or(0.0, |fit| length::exactness(exact_sec, self.frame_sec, fit.beats));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let onsets_per_beat = self.onsets as f64 / (length_sec * bpm / 60.0).max(1.0);
        let hz = bpm / 60.0;
        [
            octaves * octaves,
            octaves,
            fit.map_or(0.0, |fit| fit.quality),
            f64::from(u8::from(whole)),
            exactness,
            (onsets_per_beat.max(0.1) / 3.0).log2().powi(2),
            self.pulse.strength(hz),
            self.pulse.at(2.0 * hz),
            of(self.all, 1.0),
            half,
            third,
            two_bars,
            of(self.snare, 2.0) - of(self.snare, 1.0),
            of(self.kick, 1.0),
            of(self.kick, 2.0) - of(self.kick, 1.0),
            of(self.kick, 4.0) - of(self.kick, 2.0),
            of(self.kick, 0.5),
            of(self.hat, 0.5),
            if self.is_short() { self.attacks.regularity(bpm) } else { 0.0 },
            // A beat is in two parts or in three.
            half.max(third),
            bar_of_four - of(self.all, 3.0),
            bar_of_four - of(self.all, 6.0),
            // The snare comes a beat after the kick, neither half a beat nor two.
            beat_apart - crossed(0.5),
            beat_apart - crossed(2.0),
            self.repeated(bpm),
            // Songs are faster than loops.
            if length_sec > LONG_SEC { octaves } else { 0.0 },
        ]
    }

    /// What is said by other multiples of a beat.
    fn others(&self, bpm: f64, loop_sec: Option<f64>) -> f64 {
        let signals = [self.all, self.kick, self.snare, self.hat];
        let likeness = OTHERS.iter().flat_map(|(beats, weights)| {
            signals.iter().zip(weights).map(move |(signal, weight)| {
                weight * self.likeness(signal, beats * lag_of(bpm), loop_sec).unwrap_or(0.0)
            })
        });
        let pulses =
            PULSES.iter().map(|(multiple, weight)| weight * self.pulse.at(multiple * bpm / 60.0));
        likeness.chain(pulses).sum()
    }

    /// Weighs a tempo of the file.
    fn weigh_file(&self, bpm: f64, fit: Option<Fit>) -> Candidate {
        let is_loop = fit.is_some_and(|fit| fit.bpm == bpm) && self.is_short();
        self.weigh(bpm, fit, is_loop.then_some(self.lengths_sec[0]))
    }

    /// The sum of what speaks for a tempo: the logarithm of its odds, but for a constant.
    fn weigh(&self, bpm: f64, fit: Option<Fit>, loop_sec: Option<f64>) -> Candidate {
        let (weights, start) = match loop_sec {
            Some(_) => (&LOOPED, LOOPED_START),
            None => (&OPEN, 0.0),
        };
        let features = self.features(bpm, fit, loop_sec);
        let sum: f64 = features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum();
        let score = start + sum + self.others(bpm, loop_sec) + self.pace * octaves(bpm);
        Candidate { bpm, fit, score, comb: self.comb(bpm, loop_sec) }
    }
}

/// The most of what is there at `lag`, a frame earlier and a frame later.
fn around(lag: f64, at: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    [lag - 1.0, lag, lag + 1.0].into_iter().filter_map(at).reduce(f64::max)
}

/// Whether a tempo is one of those that are considered.
pub(super) fn is_usual(bpm: &f64) -> bool {
    (SLOWEST_BPM..=FASTEST_BPM).contains(bpm)
}

/// The most usual whole number of beats that one of the lengths has at a tempo.
fn best_fit(lengths_sec: &[f64], bpm: f64) -> Option<Fit> {
    lengths_sec
        .iter()
        .filter_map(|length_sec| length::fit(*length_sec, bpm))
        .max_by(|one, other| one.quality.total_cmp(&other.quality))
}
