//! The gates of hours, beside sorting.

use super::super::gates::Gates;
use super::super::gating::{Windows, loudness_lufs};
use super::noise;

/// Powers of −100 to 20 LUFS, about, and silence.
fn powers(count: usize) -> Vec<f64> {
    let mut powers: Vec<f64> =
        noise(count).iter().map(|value| 10.0_f64.powf(5.0 * f64::from(*value) - 5.0)).collect();
    powers[count / 3] = 0.0;
    powers[count / 2] = 100.0;
    powers
}

fn mean(powers: &[f64], passes: impl Fn(f64) -> bool) -> f64 {
    let passing = || powers.iter().copied().filter(|power| passes(*power));
    passing().sum::<f64>() / passing().count() as f64
}

#[test]
fn all_that_passes_the_gates_counts_however_many_steps_that_takes() {
    let powers = powers(700_001);
    let (blocks, short_terms) = (powers[..300_000].to_vec(), powers[300_000..].to_vec());
    let absolute = 10.0_f64.powf((-70.0 + 0.691) / 10.0);

    let behind = absolute.max(0.1 * mean(&blocks, |power| power > absolute));
    let integrated = loudness_lufs(mean(&blocks, |power| power > behind));

    let behind = absolute.max(0.01 * mean(&short_terms, |power| power >= absolute));
    let mut sorted = short_terms.clone();
    sorted.retain(|power| *power >= behind);
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| sorted[(part * (sorted.len() - 1) as f64).round() as usize];
    let range = 10.0 * (at(0.95) / at(0.1)).log10();

    let mut windows = Windows::new();
    (windows.blocks, windows.short_terms) = (blocks, short_terms);
    let mut gates = Gates::new();
    let mut steps = 1;
    while gates.step(&windows) {
        steps += 1;
    }
    assert_eq!((gates.integrated_lufs, gates.range_lu), (Some(integrated), Some(range)));
    assert!(steps > 50, "{steps} steps for some passes over 700,000 values");
}
