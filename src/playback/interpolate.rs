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

/// The kernel as a table, made once, outside the callback.
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
    table: Box<[f32]>,
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
        // One point more than the width, for the linear interpolation of the last.
        let table = (0..=HALF_WIDTH * POINTS + 1).map(kernel).collect();
        Self { table }
    }

    /// Works out the weights for reading at frame `index + fraction`, `fraction` in 0..1, at a
    /// speed of `speed` frames per frame. Realtime-safe.
    pub(super) fn weigh(&self, index: i64, fraction: f32, speed: f32, weights: &mut Weights) {
        let stretch = speed.abs().clamp(1.0, MAX_STRETCH);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8…32")]
        let reach = (HALF_WIDTH as f32 * stretch).ceil() as usize;
        let scale = POINTS as f32 / stretch;
        let mut sum = 0.0;
        weights.taps = 2 * reach;
        weights.first = index + 1 - reach as i64;
        for (tap, weight) in weights.values[..2 * reach].iter_mut().enumerate() {
            let distance = (tap as f32 + 1.0 - reach as f32 - fraction).abs() * scale;
            *weight = self.look_up(distance);
            sum += *weight;
        }
        // A constant must come out as that constant, whatever the stretch.
        let normal = sum.recip();
        for weight in &mut weights.values[..2 * reach] {
            *weight *= normal;
        }
    }

    fn look_up(&self, distance: f32) -> f32 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "≥ 0, small")]
        let point = distance as usize;
        if point >= HALF_WIDTH * POINTS {
            return 0.0;
        }
        let fraction = distance - point as f32;
        let [low, high] = [self.table[point], self.table[point + 1]];
        low + fraction * (high - low)
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
            return weights.iter().zip(frames).map(|(weight, value)| weight * value).sum();
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
