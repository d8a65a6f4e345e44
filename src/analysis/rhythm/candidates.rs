//! Tempi that a sample may have.

use super::evidence::Evidence;
use super::length::{self, Fit};

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
/// program makes, and less if its length without it is. Of 700 real loops of the looked-at half of
/// `benches/tempo`, ten are other.
const ADDED_SEC: f64 = 0.1;
/// What is shorter may be a loop.
pub(super) const LOOP_MAX_SEC: f64 = 12.0;
/// Candidates closer than this are one.
const SAME_PART: f64 = 0.005;
/// So is a whole number of beats per minute with what is closer than this.
const WHOLE_PART: f64 = 0.0005;
/// Closer than this they are equal.
const EQUAL_PART: f64 = 0.0001;

/// A tempo that is considered.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) bpm: f64,
    pub(super) fit: Option<Fit>,
    /// What speaks for it; see `evidence`.
    pub(super) score: f64,
    /// How alike the sample is to itself at multiples of the beat; 0 to 1.
    pub(super) comb: f64,
    /// Whether it was weighed as a tempo of what goes on before and behind the file.
    pub(super) is_open: bool,
}

/// Where a closer look begins: a number of beats that the file may have, or so many seconds of it
/// without silence around, or what repeats itself, or a tempo.
enum Start {
    Beats(u32),
    Part(f64, u32),
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

/// How far off, as a part, the tempo that is heard in a file of this length may be: on loops of
/// machines 0.08 % is in nine of ten the most from 8 s on, and 0.3 % below 4 s.
fn heard_error(length_sec: f64) -> f64 {
    (0.012 / length_sec).clamp(0.0008, 0.003)
}

impl Evidence<'_> {
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
        let of_part = |part_sec| LOOP_BEATS.map(|beats| Start::Part(part_sec, beats));
        let of_parts = self.parts_sec().into_iter().flat_map(of_part);
        let repeated = REPEATED_BEATS.into_iter().filter(|_| self.repeats_sec.is_some());
        let repeated = repeated.map(Start::Repeated);
        let starts = of_length.chain(of_parts).chain(repeated).chain(related);
        Search { starts: starts.collect(), ..Search::default() }
    }

    /// Weighs some more of what was found; false once there is no more.
    pub(super) fn weigh_next(&self, search: &mut Search) -> bool {
        let from = search.next;
        search.next = (from + TOGETHER).min(search.starts.len());
        for at in from..search.next {
            match search.starts[at] {
                Start::Beats(beats) => self.weigh_beats(beats, &mut search.found),
                Start::Part(part_sec, beats) => self.weigh_part(part_sec, beats, &mut search.found),
                Start::Repeated(beats) => self.weigh_repeated(beats, &mut search.found),
                Start::Heard(bpm) => self.weigh_near(bpm, &mut search.found),
            }
        }
        search.next < search.starts.len()
    }

    /// How long the file is without silence around it, where that may be a loop and the file is none
    /// that a program makes: what sounds within much silence, and what is as long as a program makes
    /// one.
    fn parts_sec(&self) -> Vec<f64> {
        let [length_sec, parts_sec @ ..] = self.lengths_sec;
        if !self.is_short() || self.is_of_program(length_sec) {
            return Vec::new();
        }
        let is_sounding =
            |part_sec: f64| part_sec == self.sounding_sec() && length_sec - part_sec > ADDED_SEC;
        let is_part = |part_sec: &f64| is_sounding(*part_sec) || self.is_of_program(*part_sec);
        let changing_sec = self.changing_sec.into_iter().filter(|part| self.is_of_program(*part));
        let parts_sec = parts_sec.into_iter().filter(is_part).chain(changing_sec);
        let mut parts_sec: Vec<f64> = parts_sec.filter(|part| *part < length_sec).collect();
        parts_sec.sort_by(f64::total_cmp);
        parts_sec.dedup();
        parts_sec
    }

    /// Whether a length is, to the frame, one that a program makes.
    fn is_of_program(&self, length_sec: f64) -> bool {
        let tempi = length::exact_beats(length_sec, self.frame_sec);
        tempi.map(|beats| length::bpm_of(length_sec, beats)).any(|bpm| is_usual(&bpm))
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

    /// Weighs that the file without silence around it is so many beats long.
    fn weigh_part(&self, part_sec: f64, beats: u32, found: &mut Vec<Candidate>) {
        if let Some(fit) = self.usual_fit(part_sec, beats) {
            found.push(self.weigh(fit.bpm, Some(fit), Some(part_sec)));
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

    /// Weighs a tempo of the file.
    fn weigh_file(&self, bpm: f64, fit: Option<Fit>) -> Candidate {
        let is_loop = fit.is_some_and(|fit| fit.bpm == bpm) && self.is_short();
        self.weigh(bpm, fit, is_loop.then_some(self.lengths_sec[0]))
    }
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
