//! What the filters here are cut out of: a sinc, and Kaiser's window.

use std::f64::consts::PI;

/// sin(πx) / (πx).
pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Kaiser's window at −1..=1, 1 in its middle; what lies beyond is its edge.
pub(crate) fn kaiser(beta: f64, x: f64) -> f64 {
    bessel_i0(beta * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(beta)
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::bessel_i0;

    #[test]
    fn the_bessel_function_is_that_of_numpy() {
        // NumPy's `i0`.
        let known = [
            (0.0, 1.0),
            (1.0, 1.266_065_877_752_008_4),
            (5.0, 27.239_871_823_604_442),
            (20.0, 43_558_282.559_553_53),
        ];
        for (x, value) in known {
            assert!((bessel_i0(x) / value - 1.0).abs() < 1e-12, "{x}: {}", bessel_i0(x));
        }
    }
}
