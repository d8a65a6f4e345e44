//! After how long a sample repeats itself value by value.
//!
//! A program plays the same loop, or the same hits at the same places, again and again: then a part
//! of the sound comes back the same to a fraction of a millisecond, and the time from one to the
//! other is a whole number of beats. It is known far better than any tempo that is heard, and
//! holds where the file itself ends anywhere. What is played by hand never comes back so.

use super::super::mono::Mono;
use super::STEP_VALUES;
use super::correlation::Correlation;
use super::spectra::FRAMES_PER_SEC;

#[cfg(test)]
mod tests;

/// Shorter distances are those of single hits.
const SHORTEST_SEC: f64 = 0.8;
/// So alike the flux must be to itself for a closer look.
const LIKE: f64 = 0.25;
/// What a distance of the whole file counts for less than one of nothing.
const OVERLAP: f64 = 0.2;
/// Distances that are looked at more closely.
const MOST_LAGS: usize = 10;
/// Values per second of what is compared: the mean of so many frames.
const RATE_HZ: u32 = 11_025;
/// What is compared of the sound from an attack on.
const PROBE_SEC: f64 = 0.046;
/// How far off the flux may have a distance.
const AROUND_SEC: f64 = 0.012;
/// Frames, either way, by which one attack's distance may differ from another's.
const SAME_FRAMES: usize = 4;
/// Attacks that are compared, at least and at most.
const FEWEST_PROBES: usize = 4;
const MOST_PROBES: usize = 12;
/// Those that are compared in one step, at most.
const PROBES_AT_A_TIME: usize = 4;
/// What comes back is as like as this, in a file of lossy compression, too.
const SAME: f32 = 0.9;
/// Where its values are means of other frames, which matters to what is high, it is as like as this.
const SIMILAR: f32 = 0.5;
/// The part of the attacks that come back.
const MOST_PART: f64 = 0.8;
/// The part that may come back after any distance, before it is a drone.
const DRONE_PART: f64 = 0.5;
/// The part of the loudest square below which nothing sounds.
const SOUNDING: f32 = 1e-3;

/// How far a whole number of beats may be from it.
const BEATS_SEC: f64 = 0.003;

/// How usual it is for what repeats itself after `distance_sec` to have as many beats as at this
/// tempo, 0 to 1; 0 where they are no whole number.
pub(super) fn usualness(distance_sec: f64, bpm: f64) -> f64 {
    let beats = (distance_sec * bpm / 60.0).round();
    if beats < 1.0 || (beats * 60.0 / bpm - distance_sec).abs() >= BEATS_SEC {
        return 0.0;
    }
    match beats {
        _ if beats.log2().fract() == 0.0 => 1.0,
        _ if (beats / 3.0).log2().fract() == 0.0 && beats > 3.0 => 0.5,
        _ if beats % 2.0 == 0.0 => 0.3,
        _ => 0.1,
    }
}

/// The look for a distance after which a sample repeats itself.
#[derive(Debug, Default)]
pub(super) struct Repetition {
    /// Distances that may be it, in frames of the flux, the most alike first.
    lags: Vec<f64>,
    next: usize,
    /// What the last look has found, and is not certain yet.
    near: Option<Near>,
    /// Those after which it does, in seconds.
    found_sec: Vec<f64>,
}

impl Repetition {
    /// Of a sample whose flux is so much like itself.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    pub(super) fn new(all: &Correlation) -> Self {
        let shortest = (SHORTEST_SEC * f64::from(FRAMES_PER_SEC)).ceil();
        let likeness: Vec<(f64, f64)> = (0..all.lags())
            .map(|lag| lag as f64)
            .filter(|lag| *lag >= shortest)
            .filter_map(|lag| Some((lag, all.overlapping(lag)?)))
            .collect();
        let mut peaks: Vec<(f64, f64)> = likeness
            .windows(3)
            .filter(|near| near[1].1 >= LIKE && near[0].1 < near[1].1 && near[2].1 <= near[1].1)
            .map(|near| near[1])
            .collect();
        // Of two as like, the one after which more overlaps.
        let rank = |(lag, like): &(f64, f64)| like - OVERLAP * lag / all.frames();
        peaks.sort_by(|one, other| rank(other).total_cmp(&rank(one)));
        peaks.truncate(MOST_LAGS);
        Self { lags: peaks.into_iter().map(|(lag, _)| lag).collect(), ..Self::default() }
    }

    /// Looks at the next distance, more closely at one that may be it, or at a few attacks more of it;
    /// false once there is none left.
    pub(super) fn step(&mut self, mono: Mono<'_>, attacks_sec: &[f64]) -> bool {
        if let Some(near) = &mut self.near {
            let comparison = Comparison::exact(mono);
            if let Some(loudest) = near.loudest.take() {
                if !comparison.comes_back(near, loudest) {
                    self.near = None;
                }
            } else {
                comparison.compare_some(near);
                if near.left.is_empty() {
                    self.found_sec.extend(comparison.certain_sec(near));
                    self.near = None;
                }
            }
        } else if let Some(lag) = self.lags.get(self.next) {
            self.next += 1;
            let lag_sec = lag / f64::from(FRAMES_PER_SEC);
            self.near = Comparison::coarse(mono).near(attacks_sec, lag_sec);
        }
        self.near.is_some() || self.next < self.lags.len()
    }

    /// The shortest distance after which the sample repeats itself, in seconds.
    pub(super) fn shortest_sec(&self) -> Option<f64> {
        self.found_sec.iter().copied().reduce(f64::min)
    }
}

/// A distance after which the loudest attack comes back.
#[derive(Debug)]
struct Near {
    /// In frames: about, until it is known where the loudest attack comes back.
    lag: usize,
    /// The frame of that, before.
    loudest: Option<usize>,
    /// There are too few attacks to compare: it is places anywhere.
    is_held: bool,
    /// Where what was not compared yet begins.
    left: Vec<usize>,
    compared: usize,
    /// How many of those come back, too.
    same: usize,
    /// How many of held notes come back after 0.618 of the distance as well, as a drone does.
    elsewhere: usize,
}

/// Parts of a sample that are laid beside each other.
struct Comparison<'a> {
    mono: Mono<'a>,
    /// Frames that make one value.
    frames_per_value: usize,
}

impl<'a> Comparison<'a> {
    /// By some values per second.
    fn coarse(mono: Mono<'a>) -> Self {
        let frames_per_value = (mono.sample.sample_rate() / RATE_HZ).max(1) as usize;
        Self { mono, frames_per_value }
    }

    /// By every frame.
    fn exact(mono: Mono<'a>) -> Self {
        Self { mono, frames_per_value: 1 }
    }

    /// The distance near `lag_sec` after which the loudest attack seems to come back.
    fn near(&self, attacks_sec: &[f64], lag_sec: f64) -> Option<Near> {
        let around = self.values(AROUND_SEC);
        let length = self.values(PROBE_SEC);
        let lag = self.values(lag_sec);
        let last = (self.mono.sample.ready_frames() / self.frames_per_value)
            .checked_sub(lag + length + around)?;
        let fit: Vec<usize> =
            attacks_sec.iter().map(|at| self.values(*at)).filter(|at| *at <= last).collect();
        let is_held = fit.len() < FEWEST_PROBES;
        let probes = if is_held { self.anywhere(lag, last, length) } else { fit };
        if probes.len() < FEWEST_PROBES {
            return None;
        }
        let every = probes.len().div_ceil(MOST_PROBES);
        let probes: Vec<usize> = probes.into_iter().step_by(every).collect();
        // The loudest says most exactly where it comes back, and in most files that it does not.
        let loudness: Vec<f32> = probes.iter().map(|at| self.loudness(*at, length)).collect();
        let loudest =
            (0..probes.len()).max_by(|one, other| loudness[*one].total_cmp(&loudness[*other]))?;
        let at = probes[loudest];
        let (lag, like) = self.best(at, lag, around, length);
        if like < SIMILAR {
            return None;
        }
        let frames = |values: usize| values * self.frames_per_value;
        Some(Near {
            lag: frames(lag),
            loudest: Some(frames(at)),
            is_held,
            left: probes.into_iter().map(frames).collect(),
            compared: 0,
            same: 0,
            elsewhere: 0,
        })
    }

    /// Whether the loudest attack does come back, and after which distance exactly.
    fn comes_back(&self, near: &mut Near, loudest: usize) -> bool {
        let coarse = Self::coarse(self.mono);
        let [around, length] = [1, coarse.values(PROBE_SEC)].map(|n| n * coarse.frames_per_value);
        let (lag, like) = self.best(loudest, near.lag, around, length);
        near.lag = lag;
        like >= SAME
    }

    /// Where something sounds, at equal distances up to `last`: held notes have few attacks. None of
    /// what comes back for less than half of the distance: one note may be alike by chance.
    fn anywhere(&self, lag: usize, last: usize, length: usize) -> Vec<usize> {
        let count = if 2 * last < lag { 0 } else { MOST_PROBES };
        let places = (0..count).map(|n| n * last / MOST_PROBES);
        let loudness = |at: &usize| self.loudness(*at, length);
        let most = places.clone().map(|at| loudness(&at)).fold(0.0, f32::max);
        places.filter(|at| loudness(at) > SOUNDING * most).collect()
    }

    /// Lays some of the attacks beside what comes after the distance.
    fn compare_some(&self, near: &mut Near) {
        let length = self.values(PROBE_SEC);
        // Twice as many values are read of each, of every channel.
        let count = STEP_VALUES / (2 * length * self.mono.sample.channels()).max(1);
        let count = count.clamp(1, PROBES_AT_A_TIME);
        for at in near.left.drain(near.left.len().saturating_sub(count)..) {
            let (_, like) = self.best(at, near.lag, SAME_FRAMES, length);
            near.compared += 1;
            near.same += usize::from(like >= SAME);
            if near.is_held {
                let coarse = Self::coarse(self.mono);
                let values = |frames: usize| frames / coarse.frames_per_value;
                let [around, length] = [AROUND_SEC, PROBE_SEC].map(|sec| coarse.values(sec));
                let lag = values(near.lag * 618 / 1_000);
                let (_, like) = coarse.best(values(at), lag, around, length);
                near.elsewhere += usize::from(like >= SAME);
            }
        }
    }

    /// The distance in seconds, if most attacks come back after it.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    fn certain_sec(&self, near: &Near) -> Option<f64> {
        let value_sec = self.frames_per_value as f64 / f64::from(self.mono.sample.sample_rate());
        let compared = near.compared as f64;
        let is_certain = near.same as f64 >= MOST_PART * compared
            && near.elsewhere as f64 <= DRONE_PART * compared;
        is_certain.then_some(near.lag as f64 * value_sec)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
    fn values(&self, seconds: f64) -> usize {
        let frames = seconds.max(0.0) * f64::from(self.mono.sample.sample_rate());
        (frames as usize) / self.frames_per_value
    }

    /// How loud it is there, by one frame of each value.
    fn loudness(&self, from: usize, values: usize) -> f32 {
        let frames = from * self.frames_per_value..(from + values) * self.frames_per_value;
        let mono = self.mono.every(self.frames_per_value, frames);
        mono.iter().map(|value| value * value).sum()
    }

    /// Values from there on.
    fn read(&self, from: usize, values: usize) -> Vec<f32> {
        let border =
            |value: usize| (value * self.frames_per_value).min(self.mono.sample.ready_frames());
        let mono = self.mono.every(1, border(from)..border(from + values));
        let mut read: Vec<f32> =
            mono.chunks(self.frames_per_value).map(|frames| frames.iter().sum()).collect();
        read.resize(values, 0.0);
        read
    }

    /// The distance near `lag`, at most `around` values from it, after which what is there is most
    /// like the `length` values from `at` on, and how much, 1 for the same.
    fn best(&self, at: usize, lag: usize, around: usize, length: usize) -> (usize, f32) {
        let probe = self.read(at, length);
        let nearest = lag - around;
        let there = self.read(at + nearest, length + 2 * around);
        let own = square(&probe);
        let mut squares = square(&there[..length]);
        let mut best = (lag, 0.0);
        for (shift, part) in there.windows(length).enumerate() {
            let like = dot(part, &probe) / (own * squares).sqrt().max(f32::MIN_POSITIVE);
            if like > best.1 {
                best = (nearest + shift, like);
            }
            let next = there.get(shift + length).copied().unwrap_or(0.0);
            squares = (squares + next * next - part[0] * part[0]).max(0.0);
        }
        best
    }
}

fn square(values: &[f32]) -> f32 {
    dot(values, values)
}

/// The sum of the products, in lanes that a processor adds at once.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0_f32; LANES];
    for (one, other) in one.chunks(LANES).zip(other.chunks(LANES)) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}
