//! Which of the candidates it is, and how sure that is.

use super::super::tempo::TempoAlternative;
use super::candidates::Candidate;

/// A tempo this close to another is right where that is.
const SAME_BPM: f64 = 0.5;
/// Tempi apart by less than this many octaves are the same.
const SAME_OCTAVES: f64 = 0.03;
/// A sample that is less alike to itself at multiples of the beat may have no pulse at all: with
/// half of this, no tempo is more than a guess.
const SURE_COMB: f64 = 0.2;
/// Alternatives that are told.
const ALTERNATIVES: usize = 4;

/// What came of weighing.
pub(super) struct Choice {
    pub(super) best: Candidate,
    pub(super) confidence: f64,
    pub(super) octave_confidence: f64,
    pub(super) alternatives: Vec<TempoAlternative>,
}

impl Choice {
    /// The alternatives to the best tempo once that is known better, as `bpm`: half of it stays half.
    pub(super) fn alternatives_to(&self, bpm: f64) -> Vec<TempoAlternative> {
        let exact = bpm / self.best.bpm;
        let alternative =
            |other: &TempoAlternative| TempoAlternative { bpm: exact * other.bpm, ..*other };
        self.alternatives.iter().map(alternative).collect()
    }
}

/// Chooses the best of `candidates`. Scores are logarithms of odds, so that the softmax of all is
/// the probability of each; that there is a pulse at all is as sure as `pulse`, or else as the sample
/// is alike to itself.
pub(super) fn choose(candidates: &[Candidate], pulse: Option<f64>) -> Option<Choice> {
    let best = candidates.iter().max_by(|one, other| one.score.total_cmp(&other.score))?;
    let odds = |candidate: &Candidate| (candidate.score - best.score).exp();
    let sum: f64 = candidates.iter().map(odds).sum();
    let octaves = |bpm: f64| (bpm / best.bpm).log2();
    let is_octave = |bpm: f64| {
        let octaves = octaves(bpm);
        octaves.abs() < 1.5 && (octaves - octaves.round()).abs() < SAME_OCTAVES
    };
    let family = candidates.iter().filter(|candidate| is_octave(candidate.bpm)).map(odds);
    let octave_confidence = family.sum::<f64>() / sum;
    let weight_at = |bpm: f64| {
        let same = |candidate: &&Candidate| (candidate.bpm / bpm).log2().abs() < SAME_OCTAVES;
        candidates.iter().filter(same).map(odds).sum::<f64>() / sum
    };
    let mut alternatives: Vec<TempoAlternative> = [0.5, 2.0]
        .map(|multiple| {
            let bpm = multiple * best.bpm;
            TempoAlternative { bpm, weight: weight_at(bpm) }
        })
        .into();
    let mut others: Vec<&Candidate> = candidates.iter().collect();
    others.sort_by(|one, other| other.score.total_cmp(&one.score));
    for other in others {
        let told = |bpm: f64| (other.bpm / bpm).log2().abs() < SAME_OCTAVES;
        if alternatives.len() == ALTERNATIVES {
            break;
        }
        if !told(best.bpm) && !alternatives.iter().any(|alternative| told(alternative.bpm)) {
            alternatives.push(TempoAlternative { bpm: other.bpm, weight: odds(other) / sum });
        }
    }
    let pulse = pulse.unwrap_or_else(|| (best.comb / SURE_COMB).clamp(0.0, 1.0));
    // Nothing in the sum of none is a negative zero.
    let told = |weight: f64| pulse * weight.max(0.0);
    alternatives.iter_mut().for_each(|alternative| alternative.weight = told(alternative.weight));
    alternatives.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let is_same = |candidate: &&Candidate| (candidate.bpm - best.bpm).abs() <= SAME_BPM;
    let confidence = candidates.iter().filter(is_same).map(odds).sum::<f64>() / sum;
    Some(Choice {
        best: best.clone(),
        confidence: pulse * confidence,
        octave_confidence: pulse * octave_confidence.min(1.0),
        alternatives,
    })
}
