//! Reading a sample between its frames: a windowed sinc, stretched for speeds above 1.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use wide::f32x4;

use super::scratch::Plane;
use super::track::Run;
use crate::kaiser::{kaiser, sinc};

/// Zero crossings of the kernel on each side at speeds up to 1.
const HALF_WIDTH: usize = 8;
/// Shape of the Kaiser window: stop band about −90 dB.
const KAISER_BETA: f64 = 9.0;
/// Kernels between one that is twice as wide and the next; in between, the nearest serves, whose
/// cutoff is at most 4.4 % off.
const KERNELS_PER_OCTAVE: usize = 8;
/// The kernel stretches with the speed up to 4; faster voices alias.
const KERNELS: usize = 2 * KERNELS_PER_OCTAVE + 1;
/// Rows of the kernel that is not stretched. Linear interpolation between them errs by at most
/// (π / 512)² / 8 = 4.7e-6, −106 dB; a stretched kernel needs fewer for the same.
const ROWS: usize = 512;
/// Weights that are worked out side by side, in two halves.
const LANES: usize = 8;

/// The most frames on either side of a position that a read touches.
pub(super) const MAX_REACH: usize = HALF_WIDTH * 4;

/// The kernels, made once in the process, outside the callback.
///
/// At speeds up to 1 the cutoff is the sample's Nyquist frequency; above, the output's, so that
/// fast voices do not alias. Flat to 0.3 × the lower of the two rates.
///
/// # Sources
/// J. O. Smith, *Digital Audio Resampling Home Page* (CCRMA, 2002): table look-up of a
/// continuous kernel, and its stretching. Kaiser window: Oppenheim & Schafer, *Discrete-Time
/// Signal Processing*, 3rd ed., §7.5.3.
static BANK: LazyLock<Bank> = LazyLock::new(Bank::new);

#[derive(Debug)]
struct Bank {
    kernels: [Kernel; KERNELS],
    /// The speed up to which each of them is the nearest.
    speeds: [f32; KERNELS],
}

/// One stretch of the kernel as a table: a row of weights for each of so many fractions of a
/// frame, and one more.
#[derive(Debug)]
struct Kernel {
    rows: usize,
    /// Weights in a row, a multiple of `LANES`; half of them belong to frames up to the place.
    taps: usize,
    weights: Box<[f32]>,
}

/// Reads samples between their frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interpolator {
    bank: &'static Bank,
}

impl Interpolator {
    pub(super) fn new() -> Self {
        Self { bank: &BANK }
    }

    /// Reads a run of each plane into its lane. All that it touches, [`MAX_REACH`] frames on either
    /// side, lies side by side in the planes. Realtime-safe.
    pub(super) fn read<P: Plane, const N: usize>(
        self,
        run: &Run,
        planes: impl Fn(usize) -> P,
        lanes: &mut [[f32; N]],
        offset: usize,
    ) {
        let kernel = self.bank.kernel(run.step);
        let (pairs, last) = lanes.as_chunks_mut::<2>();
        let pair_count = pairs.len();
        for (pair, lanes) in pairs.iter_mut().enumerate() {
            let planes = [planes(2 * pair), planes(2 * pair + 1)];
            kernel.read(run, planes, lanes, offset);
        }
        if let [lane] = last {
            kernel.read(run, [planes(2 * pair_count)], std::array::from_mut(lane), offset);
        }
    }
}

impl Bank {
    fn new() -> Self {
        let prototype = Prototype::new();
        let octaves = |kernel: f64| (kernel / KERNELS_PER_OCTAVE as f64).exp2();
        #[allow(clippy::cast_possible_truncation, reason = "1…4")]
        let speeds = std::array::from_fn(|kernel| octaves(kernel as f64 + 0.5) as f32);
        let kernels = std::array::from_fn(|kernel| Kernel::new(&prototype, octaves(kernel as f64)));
        Self { kernels, speeds }
    }

    /// The kernel for a step in fixed point.
    fn kernel(&self, step: i64) -> &Kernel {
        let speed = step.unsigned_abs() as f32 / (1_u64 << 32) as f32;
        let nearest = self.speeds.iter().position(|limit| speed <= *limit);
        &self.kernels[nearest.unwrap_or(KERNELS - 1)]
    }
}

impl Kernel {
    fn new(prototype: &Prototype, stretch: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let (rows, reach) = (
            (ROWS as f64 / stretch).ceil() as usize,
            (HALF_WIDTH as f64 * stretch).ceil() as usize,
        );
        let taps = (2 * reach).next_multiple_of(LANES);
        let mut weights = Vec::with_capacity((rows + 1) * taps);
        for row in 0..=rows {
            let fraction = row as f64 / rows as f64;
            let centre = (taps / 2 - 1) as f64 + fraction;
            let values = (0..taps).map(|tap| prototype.at((tap as f64 - centre).abs() / stretch));
            let values: Vec<f64> = values.collect();
            // A constant must come out as that constant, whatever the stretch.
            let normal = values.iter().sum::<f64>().recip();
            #[allow(clippy::cast_possible_truncation, reason = "the table is f32")]
            weights.extend(values.iter().map(|value| (value * normal) as f32));
        }
        Self { rows, taps, weights: weights.into() }
    }

    /// Reads a run of so many planes that share the work on the weights.
    fn read<const N: usize, const PLANES: usize>(
        &self,
        run: &Run,
        planes: [impl Plane; PLANES],
        lanes: &mut [[f32; N]; PLANES],
        offset: usize,
    ) {
        for frame in 0..run.frames {
            let (index, fraction) = run.place(frame);
            let first = index + 1 - (self.taps / 2) as i64;
            let values = self.weights(fraction).sums(planes, first);
            for (lane, value) in lanes.iter_mut().zip(values) {
                lane[offset + frame] = value;
            }
        }
    }

    /// The weights for a place `fraction` (in 2⁻³²) behind a frame.
    fn weights(&self, fraction: u32) -> Weights<'_> {
        let place = u64::from(fraction) * self.rows as u64;
        #[allow(clippy::cast_possible_truncation, reason = "below `rows`; the low 32 bits")]
        let (row, between) = ((place >> 32) as usize, place as u32);
        let (here, next) = self.weights[row * self.taps..][..2 * self.taps].split_at(self.taps);
        Weights { here, next, between: between as f32 / (1_u64 << 32) as f32 }
    }
}

/// The weights for one place: between those of two rows.
struct Weights<'a> {
    here: &'a [f32],
    next: &'a [f32],
    between: f32,
}

impl Weights<'_> {
    /// Weighs the frames from `first` on, and adds them up. Realtime-safe.
    fn sums<const PLANES: usize>(&self, planes: [impl Plane; PLANES], first: i64) -> [f32; PLANES] {
        let frames = planes.each_ref().map(|plane| plane.stretch(first, self.here.len()));
        let frames = frames.map(Option::unwrap_or_default);
        let between = f32x4::splat(self.between);
        let mut sums = [[f32x4::ZERO; 2]; PLANES];
        let rows = self.here.as_chunks::<LANES>().0.iter().zip(self.next.as_chunks::<LANES>().0);
        for (chunk, (here, next)) in rows.enumerate() {
            let (here, next) = (halves(here), halves(next));
            let weights = [0, 1].map(|half| here[half] + between * (next[half] - here[half]));
            for (sums, frames) in sums.iter_mut().zip(frames) {
                let Some(values) = frames.as_chunks::<LANES>().0.get(chunk) else { continue };
                let values = halves(values);
                sums[0] += weights[0] * values[0];
                sums[1] += weights[1] * values[1];
            }
        }
        sums.map(|[even, odd]| {
            let [a, b, c, d] = (even + odd).to_array();
            (a + c) + (b + d)
        })
    }
}

/// Values as the processor works at them.
fn halves(values: &[f32; LANES]) -> [f32x4; 2] {
    let [a, b, c, d, e, f, g, h] = *values;
    [f32x4::new([a, b, c, d]), f32x4::new([e, f, g, h])]
}

/// The kernel that is not stretched, finely sampled.
struct Prototype {
    values: Vec<f64>,
}

impl Prototype {
    /// Points between two zero crossings. Linear interpolation errs by at most
    /// (π / 2048)² / 8 = 2.9e-7, −130 dB.
    const POINTS: usize = 2048;

    fn new() -> Self {
        let points = HALF_WIDTH * Self::POINTS;
        Self { values: (0..=points).map(|p| Self::exact(p as f64 / Self::POINTS as f64)).collect() }
    }

    /// Its value `distance` zero crossings from the centre.
    fn at(&self, distance: f64) -> f64 {
        let place = distance * Self::POINTS as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let point = place as usize;
        match self.values.get(point..point + 2) {
            Some([here, next]) => here + (place - point as f64) * (next - here),
            _ => 0.0,
        }
    }

    fn exact(distance: f64) -> f64 {
        sinc(distance) * kaiser(KAISER_BETA, distance / HALF_WIDTH as f64)
    }
}
