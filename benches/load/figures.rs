//! What is said of many values.

use serde_json::{Value, json};

/// Points of the curve that a page draws.
const CURVE: usize = 200;

/// Percentiles, and the curve that they lie on: `curve[i]` is the value below which
/// `i / (CURVE − 1)` of all are.
pub(crate) fn distribution(values: &[f64]) -> Value {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return Value::Null;
    }
    let curve: Vec<f64> =
        (0..CURVE).map(|index| at(&sorted, index as f64 / (CURVE - 1) as f64)).collect();
    json!({
        "count": sorted.len(),
        "p50": at(&sorted, 0.5),
        "p90": at(&sorted, 0.9),
        "p99": at(&sorted, 0.99),
        "p999": at(&sorted, 0.999),
        "max": at(&sorted, 1.0),
        "curve": curve,
    })
}

/// The smallest value that a share of all does not exceed (nearest rank).
fn at(sorted: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
