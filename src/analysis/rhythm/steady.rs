//! Whether the tempo is the same from start to end, and what it is then.
//!
//! Of music that keeps its tempo, all that is a half, a third or a fourth of a beat apart stays in
//! phase, whatever the accents do: where hats and basses of one part lie between the beats, beats
//! that are tracked one after the other slip by half a beat, but not these.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

/// Frames whose phases are taken together, 2 s.
const STRETCH_FRAMES: usize = 200;
/// In fewer stretches, anything looks steady.
const FEWEST_STRETCHES: usize = 6;
/// Parts of a beat whose phases are followed.
const PARTS: [f64; 3] = [2.0, 3.0, 4.0];
/// How far phases must agree, of 1. Of songs made with a program 19 of 20 have more, most of them
/// 0.99; 0.9 is what phases have that lie within 18 ms of each other (root of the mean square, for
/// halves of beats at 120 BPM).
const STEADY: f64 = 0.9;
/// What stays in phase at a tempo that is farther from the one that was chosen is something else.
const SAME_TEMPO: f64 = 0.015;

/// The phases of a novelty, frame by frame, at multiples of one tempo.
pub(super) struct Phases {
    period: f64,
    frames: usize,
    parts: [Part; PARTS.len()],
}

/// Those of one part of a beat.
struct Part {
    turn: Complex64,
    now: Complex64,
    sum: Complex64,
    stretches: Vec<Complex64>,
}

/// A tempo that does not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steady {
    /// A beat in frames.
    pub(super) period: f64,
    /// How far the stretches deviate from it (root of the mean square), in beats.
    pub(super) deviation: f64,
}

impl Phases {
    /// At a tempo whose beats are about `period` frames apart.
    pub(super) fn new(period: f64) -> Self {
        let parts = PARTS.map(|part| Part {
            turn: Complex64::from_polar(1.0, -TAU * part / period),
            now: Complex64::ONE,
            sum: Complex64::ZERO,
            stretches: Vec::new(),
        });
        Self { period, frames: 0, parts }
    }

    /// Frames taken so far.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Takes the novelty of the next frame.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn add(&mut self, novelty: f64) {
        self.frames += 1;
        for part in &mut self.parts {
            part.sum += part.now * novelty;
            part.now *= part.turn;
        }
        if !self.frames.is_multiple_of(STRETCH_FRAMES) {
            return;
        }
        for (part, of_beat) in self.parts.iter_mut().zip(PARTS) {
            part.stretches.push(std::mem::take(&mut part.sum));
            // What products of many turns lose is not carried on.
            let turns = self.frames as f64 * of_beat / self.period;
            part.now = Complex64::from_polar(1.0, -TAU * turns.fract());
        }
    }

    /// The tempo, if it is steady: that of the part of a beat that sounds most and stays most in
    /// phase.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    pub(super) fn steady(&self) -> Option<Steady> {
        let judged = self.parts.iter().zip(PARTS).map(|(part, of_beat)| {
            let stretches = &part.stretches;
            let drift = drift(stretches);
            let turned = stretches.iter().enumerate();
            let sum: Complex64 = turned
                .map(|(n, phase)| phase * Complex64::from_polar(1.0, -drift * n as f64))
                .sum();
            let most: f64 = stretches.iter().map(|phase| phase.norm()).sum();
            (sum.norm(), most, of_beat, drift)
        });
        let (sum, most, of_beat, drift) = judged.max_by(|one, other| one.0.total_cmp(&other.0))?;
        let agreement = sum / most.max(f64::MIN_POSITIVE);
        if self.parts[0].stretches.len() < FEWEST_STRETCHES || agreement < STEADY {
            return None;
        }
        let per_frame = self.period.recip() + drift / (TAU * of_beat * STRETCH_FRAMES as f64);
        let period = per_frame.recip();
        let deviation = (-2.0 * agreement.min(1.0).ln()).sqrt() / (TAU * of_beat);
        ((period / self.period - 1.0).abs() < SAME_TEMPO).then_some(Steady { period, deviation })
    }
}

/// By how much the phase turns from each stretch to the next: first of neighbours, then of those
/// farther and farther apart, which tell it more closely once it is known which turn is meant.
///
/// # Sources
/// S. Kay, *A fast and accurate single frequency estimator*, IEEE TASSP 37 (1989), for neighbours.
#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn drift(stretches: &[Complex64]) -> f64 {
    let mut drift = 0.0;
    let mut apart = 1;
    while 2 * apart <= stretches.len() {
        let pairs = stretches.iter().zip(&stretches[apart..]);
        let turned: Complex64 = pairs.map(|(before, after)| after * before.conj()).sum();
        let expected = Complex64::from_polar(1.0, -drift * apart as f64);
        drift += (turned * expected).arg() / apart as f64;
        apart *= 2;
    }
    drift
}

/// What lies at each place of a period, over the whole sample.
pub(super) struct Folded {
    period: f64,
    frames: usize,
    sums: Vec<f64>,
    counts: Vec<f64>,
}

impl Folded {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a period is a hundred frames or so"
    )]
    pub(super) fn new(period: f64) -> Self {
        let places = period.ceil() as usize;
        Self { period, frames: 0, sums: vec![0.0; places], counts: vec![0.0; places] }
    }

    /// Frames taken so far.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Takes the novelty of the next frame.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "frames of hours fit, and a phase is not negative"
    )]
    pub(super) fn add(&mut self, novelty: f64) {
        let places = self.sums.len();
        let place = (self.frames as f64 / self.period).fract() * places as f64;
        self.frames += 1;
        let part = place.fract();
        for (at, weight) in [(place as usize, 1.0 - part), (place as usize + 1, part)] {
            self.sums[at % places] += weight * novelty;
            self.counts[at % places] += weight;
        }
    }

    /// The frame of a beat: where the most lies, or within `start_frames` of `start`, where the
    /// music begins, if there is `start_part` of that.
    #[expect(clippy::cast_precision_loss, reason = "a period is a hundred frames or so")]
    pub(super) fn phase(&self, start: Option<f64>, start_part: f64, start_frames: f64) -> f64 {
        let places = self.sums.len();
        let at = |place: usize| self.sums[place % places] / self.counts[place % places].max(1e-9);
        let near = |place: usize| at(place + places - 1).max(at(place)).max(at(place + 1));
        let best_of = |places: &mut dyn Iterator<Item = usize>| {
            places.max_by(|one, other| at(*one).total_cmp(&at(*other)))
        };
        let frame = |place: f64| place * self.period / places as f64;
        let is_near = |place: &usize, start: f64| {
            let apart = (frame(*place as f64) - start).rem_euclid(self.period);
            apart.min(self.period - apart) <= start_frames
        };
        let best = best_of(&mut (0..places)).unwrap_or(0);
        let begins = start
            .and_then(|start| best_of(&mut (0..places).filter(|place| is_near(place, start))))
            .filter(|place| near(*place) >= start_part * at(best));
        let place = begins.unwrap_or(best);
        let [before, peak, after] = [place + places - 1, place, place + 1].map(at);
        let bend = before - 2.0 * peak + after;
        let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
        frame(place as f64 + shift.clamp(-1.0, 1.0))
    }
}
