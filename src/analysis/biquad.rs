//! Sections of second order, for two channels at once.

/// Channels that are filtered side by side: one register of the least that x86-64 has.
pub(super) const LANES: usize = 2;
/// Below this a state is silence: 600 dB under full scale, and far above the numbers that
/// processors are slow at.
const SILENCE: f64 = 1e-30;

/// `b0 + b1 z⁻¹ + b2 z⁻²` over `1 + a1 z⁻¹ + a2 z⁻²`.
#[derive(Clone, Copy)]
pub(super) struct Coefficients {
    pub(super) b: [f64; 3],
    pub(super) a: [f64; 2],
}

/// A section and what it remembers. Transposed direct form II, in `f64`: at 768 kHz the poles of a
/// filter at 38 Hz lie 0.0003 from 1.
#[derive(Clone, Copy)]
pub(super) struct Biquad {
    coefficients: Coefficients,
    state: [[f64; LANES]; 2],
}

impl Biquad {
    pub(super) fn new(coefficients: Coefficients) -> Self {
        Self { coefficients, state: [[0.0; LANES]; 2] }
    }

    /// Filters one frame.
    #[inline(always)]
    pub(super) fn pass(&mut self, input: [f64; LANES]) -> [f64; LANES] {
        let Coefficients { b, a } = &self.coefficients;
        let [one, two] = &mut self.state;
        let mut output = [0.0; LANES];
        for lane in 0..LANES {
            output[lane] = b[0] * input[lane] + one[lane];
            // Sums in this order: what waits for the output comes last.
            one[lane] = (b[1] * input[lane] + two[lane]) - a[0] * output[lane];
            two[lane] = b[2] * input[lane] - a[1] * output[lane];
        }
        output
    }

    /// As [`settle`].
    pub(super) fn settle(&mut self) {
        settle(&mut self.state);
    }
}

/// Ends what has died away in the state of a section, and what is no number.
pub(super) fn settle(state: &mut [[f64; LANES]; 2]) {
    for value in state.as_flattened_mut() {
        if !value.is_finite() || value.abs() < SILENCE {
            *value = 0.0;
        }
    }
}

/// Both channels of a pair as one iterator.
pub(super) fn pairs<'a>(
    left: &'a [f32],
    right: &'a [f32],
) -> impl Iterator<Item = [f64; LANES]> + 'a {
    left.iter().zip(right).map(|(&left, &right)| [f64::from(left), f64::from(right)])
}

/// Adds the square of each value.
#[inline(always)]
pub(super) fn add_squares(sums: &mut [f64; LANES], values: [f64; LANES]) {
    for lane in 0..LANES {
        sums[lane] += values[lane] * values[lane];
    }
}

/// The planes by twos. Of an odd number the last one stands for its own neighbour.
pub(super) fn in_pairs<'a>(planes: &'a [&'a [f32]]) -> impl Iterator<Item = [&'a [f32]; LANES]> {
    planes.chunks(LANES).map(|pair| [pair[0], pair[pair.len() - 1]])
}
