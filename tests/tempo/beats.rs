//! Beats beside true ones. All lists rise.
//!
//! # Sources
//! M. E. P. Davies, N. Degara, M. D. Plumbley, *Evaluation methods for musical audio beat tracking
//! algorithms*, Queen Mary University of London, C4DM-TR-09-06 (2009). Nothing is left out at the
//! start.

/// A beat is right that is no farther from a true one.
const BEAT_SEC: f64 = 0.07;
/// Likewise, as a part of the distance of true beats; and how far the distance may be off.
const CONTINUITY_PART: f64 = 0.175;

/// Twice the hits over all true and all found beats.
pub(crate) fn f_measure(truth: &[f64], found: &[f64]) -> f64 {
    let mut hits = 0.0;
    let mut rest = found;
    for beat in truth {
        let early = rest.iter().take_while(|other| **other < beat - BEAT_SEC).count();
        rest = &rest[early..];
        if rest.first().is_some_and(|other| *other <= beat + BEAT_SEC) {
            hits += 1.0;
            rest = &rest[1..];
        }
    }
    2.0 * hits / (truth.len() + found.len()).max(1) as f64
}

/// The part of the beats that are right, as is the beat before and the distance between the two, at
/// the true metrical level (CMLt).
pub(crate) fn continuity(truth: &[f64], found: &[f64]) -> f64 {
    if truth.len() < 2 || found.len() < 2 {
        return 0.0;
    }
    let mut right = 0;
    let mut taken = vec![false; truth.len()];
    for (at, beat) in found.iter().enumerate() {
        let distance = |n: &usize| (truth[*n] - beat).abs();
        let nearest = (0..truth.len()).min_by(|one, two| distance(one).total_cmp(&distance(two)));
        let Some(nearest) = nearest.filter(|nearest| !taken[*nearest]) else { continue };
        // The first beats have none before them: the next ones stand for these.
        let (before, now) = if nearest > 0 { (nearest - 1, nearest) } else { (0, 1) };
        let true_period = truth[now] - truth[before];
        let period = if at > 0 { beat - found[at - 1] } else { found[1] - found[0] };
        let is_near = distance(&nearest) < CONTINUITY_PART * true_period;
        if is_near && (period / true_period - 1.0).abs() < CONTINUITY_PART {
            taken[nearest] = true;
            right += 1;
        }
    }
    f64::from(right) / truth.len().max(found.len()) as f64
}

/// Whether one of `found` is within `within_sec` of `at_sec`.
pub(crate) fn is_near(found: &[f64], at_sec: f64, within_sec: f64) -> bool {
    found.iter().any(|beat| (beat - at_sec).abs() <= within_sec)
}
