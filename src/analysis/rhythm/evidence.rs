//! What speaks for a tempo, and how much.

use super::attacks::Attacks;
use super::candidates::{Candidate, LOOP_MAX_SEC};
use super::correlation::{Correlation, Crossed};
use super::length::{self, Fit};
use super::pulse::Pulse;
use super::repetition;
use super::spectra::FRAMES_PER_SEC;

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
    /// Of what begins, be it louder or not.
    pub(super) deviation: &'a Correlation,
    pub(super) pulse: &'a Pulse,
    pub(super) attacks: &'a Attacks,
    /// Lengths that may be a whole number of beats: the file's, and without silence before, after
    /// and around what is heard.
    pub(super) lengths_sec: [f64; 4],
    /// Likewise without what is constant before, after, and at both ends: to the frame what a program
    /// has put around a loop whose first sound rises out of nothing.
    pub(super) changing_sec: [f64; 3],
    /// After how long the sample repeats itself value by value.
    pub(super) repeats_sec: Option<f64>,
    /// A frame of the sample.
    pub(super) frame_sec: f64,
    pub(super) onsets: usize,
    /// What an octave faster has ahead in what sounds like this.
    pub(super) pace: f64,
}

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
/// What is longer is more than a loop, however often that is repeated in it.
const LONG_SEC: f64 = 20.0;
/// What a tempo has ahead at which a file that is longer than what is weighed as a loop, but not
/// longer than this, is four, eight or sixteen bars of four to the frame: three quarters or three
/// halves of as many beats fit as well. Of 1,200 files of the looked-at half and of later packs it
/// changes two, which were wrong.
const BARS: f64 = 2.0;
const BARS_MAX_SEC: f64 = 25.0;
const BARS_BEATS: [u32; 3] = [16, 32, 64];
/// What the likeness of deviations counts for, where it is asked. Of 1,034 files of the looked-at half
/// of `benches/tempo` and of later packs, 80 are so unsure that they ask: 47 of these are right, where
/// it was 35.
const DEVIATION: f64 = 16.0;
/// And where nothing else does, and what a tempo an octave from a middling one has against it then.
const DEVIATION_ALONE: f64 = 40.0;
const UNUSUAL_ALONE: f64 = 2.0;
/// What an exact length says at a whole number of beats per minute and a half, of the 1 at a whole
/// number. Of 270 loops made at 70.5 to 126.5 beats per minute, 79 % are right with it, where 41 were
/// and nearly all others told twice as fast, and of 120 at what is usual from 160 to 180, as of
/// the looked-at half of `benches/tempo`, as many as before; with more, these are fewer.
const HALVES: f64 = 0.75;
/// Where [exactness](length::exactness) is among what speaks for a tempo.
const EXACTNESS: usize = 4;

/// How much faster a tempo is than a middling one.
fn octaves(bpm: f64) -> f64 {
    (bpm / MIDDLE_BPM).log2()
}

/// A beat in frames.
fn lag_of(bpm: f64) -> f64 {
    60.0 * f64::from(FRAMES_PER_SEC) / bpm
}

impl Evidence<'_> {
    /// Whether this is a length of the file, be it without what is around it.
    fn is_length(&self, seconds: f64) -> bool {
        self.lengths_sec.contains(&seconds) || self.changing_sec.contains(&seconds)
    }

    /// How long the file is without silence before and after.
    pub(super) fn sounding_sec(&self) -> f64 {
        self.lengths_sec[3]
    }

    /// Whether the file may be a loop.
    pub(super) fn is_short(&self) -> bool {
        self.lengths_sec[0] < LOOP_MAX_SEC
    }

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
            Some(file) if self.is_length(file) => of.closed(lag, frames(file)),
            Some(part) => of.overlapping(lag.rem_euclid(frames(part))),
        }
    }

    /// How much a kick and a snare are `lag` apart.
    fn crossed(&self, lag: f64, loop_sec: Option<f64>) -> Option<f64> {
        let crossed = Crossed { each: [self.kick, self.snare], both: self.both };
        around(lag, |lag| crossed.at(|of| self.likeness_at(of, lag, loop_sec)))
    }

    /// How alike the sample is to itself at multiples of the beat.
    pub(super) fn comb(&self, bpm: f64, loop_sec: Option<f64>) -> f64 {
        self.comb_of(self.all, bpm, loop_sec)
    }

    /// How alike a signal is to itself at multiples of the beat.
    fn comb_of(&self, signal: &Correlation, bpm: f64, loop_sec: Option<f64>) -> f64 {
        let mut sum = 0.0;
        let mut weights = 0.0;
        for (multiple, weight) in COMB {
            if let Some(likeness) = self.likeness(signal, multiple * lag_of(bpm), loop_sec) {
                sum += weight * likeness;
                weights += weight;
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
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
        let is_whole = |bpm: f64| (bpm - bpm.round()).abs() < if snapped { 0.03 } else { 0.15 };
        let [length_sec, ..] = self.lengths_sec;
        let exact_sec = loop_sec.unwrap_or(length_sec);
        let exactness = fit
            .filter(|_| snapped)
            .map_or(0.0, |fit| self.exactness(exact_sec, fit.beats, is_whole));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let onsets_per_beat = self.onsets as f64 / (length_sec * bpm / 60.0).max(1.0);
        let hz = bpm / 60.0;
        [
            octaves * octaves,
            octaves,
            fit.map_or(0.0, |fit| fit.quality),
            f64::from(u8::from(is_whole(bpm))),
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

    /// How much it says that `length_sec` is so many beats at a whole number of beats per minute, or
    /// at a whole number and a half: where that is right, double the tempo is a whole number, too.
    fn exactness(&self, length_sec: f64, beats: u32, is_whole: impl Fn(f64) -> bool) -> f64 {
        let of = |beats| match is_whole(length::bpm_of(length_sec, beats)) {
            true => length::exactness(length_sec, self.frame_sec, beats),
            false => 0.0,
        };
        of(beats).max(HALVES * of(2 * beats))
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

    /// Whether something longer than a loop may be as long as one of many bars.
    fn is_bars(&self, fit: Option<Fit>) -> bool {
        let may_be_bars = (LOOP_MAX_SEC..BARS_MAX_SEC).contains(&self.lengths_sec[0]);
        may_be_bars && fit.is_some_and(|fit| BARS_BEATS.contains(&fit.beats))
    }

    /// The sum of what speaks for a tempo: the logarithm of its odds, but for a constant.
    pub(super) fn weigh(&self, bpm: f64, fit: Option<Fit>, loop_sec: Option<f64>) -> Candidate {
        let (weights, start) = match loop_sec {
            Some(_) => (&LOOPED, LOOPED_START),
            None => (&OPEN, 0.0),
        };
        let features = self.features(bpm, fit, loop_sec);
        let sum: f64 = features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum();
        let bars = if self.is_bars(fit) { BARS * features[EXACTNESS] } else { 0.0 };
        let score = start + sum + bars + self.others(bpm, loop_sec) + self.pace * octaves(bpm);
        Candidate { bpm, fit, score, comb: self.comb(bpm, loop_sec), is_open: loop_sec.is_none() }
    }

    /// Weighs once more what may go on before and behind the file, by what begins in it without
    /// becoming louder as well.
    pub(super) fn with_deviation(&self, found: &[Candidate]) -> Vec<Candidate> {
        let weighed = |candidate: &Candidate| {
            let score = candidate.score + DEVIATION * self.deviation_comb(candidate.bpm);
            Candidate { score, ..candidate.clone() }
        };
        found.iter().map(|one| if one.is_open { weighed(one) } else { one.clone() }).collect()
    }

    /// Weighs the same by that alone, and by how usual a tempo is.
    pub(super) fn by_deviation(&self, found: &[Candidate]) -> Vec<Candidate> {
        let weighed = |candidate: &Candidate| {
            let comb = self.deviation_comb(candidate.bpm);
            let unusual = octaves(candidate.bpm).powi(2);
            let score = DEVIATION_ALONE * comb - UNUSUAL_ALONE * unusual;
            Candidate { score, comb, ..candidate.clone() }
        };
        found.iter().filter(|one| one.is_open).map(weighed).collect()
    }

    /// How alike what begins without becoming louder is to itself at multiples of the beat.
    fn deviation_comb(&self, bpm: f64) -> f64 {
        self.comb_of(self.deviation, bpm, None)
    }
}

/// The most of what is there at `lag`, a frame earlier and a frame later.
fn around(lag: f64, at: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    [lag - 1.0, lag, lag + 1.0].into_iter().filter_map(at).reduce(f64::max)
}
