//! Where the novelty has a peak that stands out.

use std::ops::Range;

/// Frames on either side whose mean a peak stands out from.
const AROUND_FRAMES: usize = 12;
/// How far beside that: this part of the greatest value more.
const PART_OF_MOST: f32 = 0.05;
/// What is strong, as a part of it.
const STRONG_PART: f32 = 0.2;

/// Which peaks stand out.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Frames on either side that a peak is not lower than.
    pub(super) apart: usize,
    /// How many times the mean around it a peak is at least: a soft one, and one that is strong.
    pub(super) means: [f32; 2],
}

/// Looks for peaks in `among`, and hands on the frame of each.
///
/// # Sources
/// The rule is that of S. Böck, F. Krebs, M. Schedl, *Evaluating the online capabilities of onset
/// detection methods*, ISMIR 2012, without its restriction to the past.
pub(super) fn pick(
    novelty: &[f32],
    most: f32,
    Rule { apart, means }: Rule,
    among: Range<usize>,
    mut on: impl FnMut(usize),
) {
    let window =
        |at: usize, frames: usize| at.saturating_sub(frames)..(at + frames + 1).min(novelty.len());
    for at in among {
        let value = novelty[at];
        if value <= PART_OF_MOST * most {
            continue;
        }
        let near = window(at, apart);
        let (before, after) = (&novelty[near.start..at], &novelty[at + 1..near.end]);
        // Of equal ones the first.
        if before.iter().any(|other| *other >= value) || after.iter().any(|other| *other > value) {
            continue;
        }
        let around = &novelty[window(at, AROUND_FRAMES)];
        #[expect(clippy::cast_precision_loss, reason = "a few frames")]
        let mean = around.iter().sum::<f32>() / around.len() as f32;
        let means = means[usize::from(value >= STRONG_PART * most)];
        if value >= means * mean + PART_OF_MOST * most {
            on(at);
        }
    }
}
