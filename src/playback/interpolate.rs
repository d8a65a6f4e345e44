//! Reading a sample between its frames: a windowed sinc, stretched for speeds above 1.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::track::{Run, Surroundings};

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
/// Values that the processor works at side by side.
const LANES: usize = 4;
/// Places whose weights are worked out before the channels are read there.
const BATCH_FRAMES: usize = 16;

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

    /// Reads a run of each plane into its lane. Realtime-safe.
    pub(super) fn read<'a, const N: usize>(
        self,
        run: &Run,
        planes: impl Fn(usize) -> &'a [f32],
        lanes: &mut [[f32; N]],
        offset: usize,
    ) {
        let kernel = self.bank.kernel(run.step);
        let mut weights = [[0.0; 2 * MAX_REACH]; BATCH_FRAMES];
        let mut firsts = [0; BATCH_FRAMES];
        for start in (0..run.frames).step_by(BATCH_FRAMES) {
            let batch = BATCH_FRAMES.min(run.frames - start);
            for (frame, (weights, first)) in
                (start..start + batch).zip(weights.iter_mut().zip(&mut firsts))
            {
                let (index, fraction) = run.place(frame);
                kernel.weigh(fraction, &mut weights[..kernel.taps]);
                *first = index + 1 - (kernel.taps / 2) as i64;
            }
            for (channel, lane) in lanes.iter_mut().enumerate() {
                let plane = planes(channel);
                let values = &mut lane[offset + start..][..batch];
                for (value, (weights, first)) in values.iter_mut().zip(weights.iter().zip(firsts)) {
                    *value = apply(&weights[..kernel.taps], plane, first, &run.surroundings);
                }
            }
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

    /// Works out the weights for a place `fraction` (in 2⁻³²) behind a frame.
    fn weigh(&self, fraction: u32, weights: &mut [f32]) {
        let place = u64::from(fraction) * self.rows as u64;
        #[allow(clippy::cast_possible_truncation, reason = "below `rows`; the low 32 bits")]
        let (row, between) = ((place >> 32) as usize, place as u32);
        let between = between as f32 / (1_u64 << 32) as f32;
        let (here, next) = self.weights[row * self.taps..][..2 * self.taps].split_at(self.taps);
        let (here, next) = (here.as_chunks::<LANES>().0, next.as_chunks::<LANES>().0);
        let weights = weights.as_chunks_mut::<LANES>().0;
        for ((weights, here), next) in weights.iter_mut().zip(here).zip(next) {
            for ((weight, here), next) in weights.iter_mut().zip(here).zip(next) {
                *weight = here + between * (next - here);
            }
        }
    }
}

/// Applies weights to the frames of a plane from `first` on. Realtime-safe.
fn apply(weights: &[f32], plane: &[f32], first: i64, surroundings: &Surroundings) -> f32 {
    let last = first + weights.len() as i64 - 1;
    if surroundings.is_plain(first, last)
        && let Ok(start) = usize::try_from(first)
        && let Some(frames) = plane.get(start..start + weights.len())
    {
        return dot(weights, frames);
    }
    let value = |place| frame_at(plane, surroundings.frame(place));
    (first..).zip(weights).map(|(place, weight)| weight * value(place)).sum()
}

/// A frame of a plane; silence outside.
pub(super) fn frame_at(plane: &[f32], frame: i64) -> f32 {
    usize::try_from(frame).ok().and_then(|frame| plane.get(frame)).copied().unwrap_or(0.0)
}

/// The sum of products, in parts that the processor can work at side by side.
fn dot(weights: &[f32], frames: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (weights, frames) = (weights.as_chunks::<LANES>().0, frames.as_chunks::<LANES>().0);
    for (weights, frames) in weights.iter().zip(frames) {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(frames) {
            *sum += weight * value;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
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
        let relative = distance / HALF_WIDTH as f64;
        let angle = std::f64::consts::PI * distance;
        let sinc = if distance == 0.0 { 1.0 } else { angle.sin() / angle };
        sinc * bessel_i0(KAISER_BETA * (1.0 - relative * relative).sqrt()) / bessel_i0(KAISER_BETA)
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..32 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}
