//! The kernels.

use super::*;

#[test]
fn every_row_leaves_a_constant_as_it_is() {
    for kernel in &BANK.kernels {
        assert!(kernel.taps <= 2 * MAX_REACH && kernel.taps % LANES == 0);
        for row in kernel.weights.chunks(kernel.taps) {
            let sum: f64 = row.iter().map(|weight| f64::from(*weight)).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }
}

#[test]
fn on_a_frame_it_is_that_frame() {
    let kernel = &BANK.kernels[0];
    let weights = kernel.weights(0);
    assert_eq!((weights.here.len(), weights.between), (16, 0.0));
    for (tap, weight) in weights.here.iter().enumerate() {
        let expected = if tap == 7 { 1.0 } else { 0.0 };
        assert!((weight - expected).abs() < 1e-7, "{tap}: {weight}");
    }
}

#[test]
fn the_nearest_kernel_serves() {
    let widths = |speed: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "small")]
        let step = (speed * (1_u64 << 32) as f64) as i64;
        BANK.kernel(step).taps
    };
    assert_eq!([0.0, 0.5, 1.0, -1.0, 1.04].map(widths), [16; 5]);
    assert_eq!([2.0, -2.0, 1.96, 2.05].map(widths), [32; 4]);
    assert_eq!([4.0, -4.0, 16.0].map(widths), [64; 3]);
}
