//! Reading a sample between its frames: a windowed sinc, stretched for speeds above 1.

/// Zero crossings of the kernel on each side at speeds up to 1.
const HALF_WIDTH: usize = 8;
/// Table points between two zero crossings. Linear interpolation between them errs by at most
/// (π / 512)² / 8 = 4.7e-6, −106 dB.
const POINTS: usize = 512;
/// Shape of the Kaiser window: stop band about −90 dB.
const KAISER_BETA: f64 = 9.0;
/// The kernel stretches with the speed up to this; faster voices alias.
const MAX_STRETCH: f32 = 4.0;

/// The most frames on either side of a position that a read touches.
pub(super) const MAX_REACH: usize = HALF_WIDTH * 4;

/// Entries of the table: a power of two, so that a masked index is always inside. What is behind
/// the kernel's end is zero; the furthest tap is less than one frame beyond that.
const TABLE_SIZE: usize = 2 * HALF_WIDTH * POINTS;
/// Fraction bits of a place in the table.
const FRACTION_BITS: u32 = 16;

/// The kernel as a table of values and the steps to the next, made once, outside the callback.
///
/// At speeds up to 1 its cutoff is the sample's Nyquist frequency; above, the output's, so that
/// fast voices do not alias. Flat to 0.3 × the lower of the two rates.
///
/// # Sources
/// J. O. Smith, *Digital Audio Resampling Home Page* (CCRMA, 2002): table look-up of a
/// continuous kernel. Kaiser window: Oppenheim & Schafer, *Discrete-Time Signal Processing*,
/// 3rd ed., §7.5.3.
#[derive(Debug)]
pub(super) struct Interpolator {
    table: Box<[[f32; 2]; TABLE_SIZE]>,
}

/// The weights of one read: `values[..taps]` belong to frames `first..first + taps`.
#[derive(Debug)]
pub(super) struct Weights {
    values: [f32; 2 * MAX_REACH],
    taps: usize,
    first: i64,
}

impl Weights {
    pub(super) fn new() -> Self {
        Self { values: [0.0; 2 * MAX_REACH], taps: 0, first: 0 }
    }
}

impl Interpolator {
    pub(super) fn new() -> Self {
        let mut table = Box::new([[0.0; 2]; TABLE_SIZE]);
        for (point, entry) in table.iter_mut().enumerate() {
            *entry = [kernel(point), kernel(point + 1) - kernel(point)];
        }
        Self { table }
    }

    /// Works out the weights for reading at frame `index + fraction`, `fraction` in 0..1, at a
    /// speed of `speed` frames per frame. Realtime-safe.
    pub(super) fn weigh(&self, index: i64, fraction: f32, speed: f32, weights: &mut Weights) {
        let stretch = speed.abs().clamp(1.0, MAX_STRETCH);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8…32")]
        let reach = (HALF_WIDTH as f32 * stretch).ceil() as usize;
        weights.taps = 2 * reach;
        weights.first = index + 1 - reach as i64;
        let (left, right) = weights.values[..2 * reach].split_at_mut(reach);
        let sum = self.fill(fraction, stretch, left.iter_mut().rev())
            + self.fill(1.0 - fraction, stretch, right.iter_mut());
        // A constant must come out as that constant, whatever the stretch.
        let normal = sum.recip();
        for weight in &mut weights.values[..2 * reach] {
            *weight *= normal;
        }
    }

    /// The weights of one side, outwards from `distance` frames off the centre; their sum.
    fn fill<'a>(
        &self,
        distance: f32,
        stretch: f32,
        weights: impl Iterator<Item = &'a mut f32>,
    ) -> f32 {
        // Fixed point: a float to integer conversion for each tap would be half of the work.
        let scale = (POINTS << FRACTION_BITS) as f32 / stretch;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..2^25")]
        let (mut place, step) = ((distance * scale) as u32, scale as u32);
        let mut sum = 0.0;
        for weight in weights {
            let [value, slope] = self.table[(place >> FRACTION_BITS) as usize & (TABLE_SIZE - 1)];
            let fraction = place & ((1 << FRACTION_BITS) - 1);
            *weight = value + slope * (fraction as f32 / (1 << FRACTION_BITS) as f32);
            sum += *weight;
            place += step;
        }
        sum
    }
}

impl Weights {
    /// Applies the weights to a plane. Frames outside are silence, or, looped, the other end.
    /// Realtime-safe.
    pub(super) fn apply(&self, plane: &[f32], looped: bool) -> f32 {
        let weights = &self.values[..self.taps];
        if let Ok(first) = usize::try_from(self.first)
            && let Some(frames) = plane.get(first..first + self.taps)
        {
            return dot(weights, frames);
        }
        let length = plane.len() as i64;
        (self.first..)
            .zip(weights)
            .map(|(frame, weight)| {
                let frame = if looped && length > 0 { frame.rem_euclid(length) } else { frame };
                let value = usize::try_from(frame).ok().and_then(|frame| plane.get(frame));
                value.map_or(0.0, |value| weight * value)
            })
            .sum()
    }
}

/// The sum of products, in four parts that the processor can work at side by side.
fn dot(weights: &[f32], frames: &[f32]) -> f32 {
    let mut sums = [0.0; 4];
    let (weights, weights_left) = weights.as_chunks::<4>();
    let (frames, frames_left) = frames.as_chunks::<4>();
    for (weights, frames) in weights.iter().zip(frames) {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(frames) {
            *sum += weight * value;
        }
    }
    let rest: f32 =
        weights_left.iter().zip(frames_left).map(|(weight, value)| weight * value).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The kernel at table point `point`.
fn kernel(point: usize) -> f32 {
    let distance = point as f64 / POINTS as f64;
    let relative = distance / HALF_WIDTH as f64;
    if relative >= 1.0 {
        return 0.0;
    }
    let angle = std::f64::consts::PI * distance;
    let sinc = if point == 0 { 1.0 } else { angle.sin() / angle };
    let window =
        bessel_i0(KAISER_BETA * (1.0 - relative * relative).sqrt()) / bessel_i0(KAISER_BETA);
    #[allow(clippy::cast_possible_truncation, reason = "the table is f32")]
    let value = (sinc * window) as f32;
    value
}

/// Modified Bessel function of the first kind, order 0, by its power series.
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
