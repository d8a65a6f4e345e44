//! How far the sound is from what it would be if it went on as before.
//!
//! A soft bass, a bowed note, a chord that changes under a sung one begin without becoming louder.
//! Their partials are not where those before would have turned to.
//!
//! # Sources
//! J. P. Bello, C. Duxbury, M. Davies, M. Sandler, *On the use of phase and energy for musical onset
//! detection in the complex domain*, IEEE Signal Processing Letters 11 (2004); of the roots of the
//! magnitudes here, so that what is loud does not say all.

/// Frames from one spectrum to the next.
pub(super) const HOP_FRAMES: usize = 2;
/// Bins above this frequency, in Hz, say little: hardly any of them holds a single partial.
pub(super) const HIGHEST_HZ: f64 = 4_000.0;
/// Spectra before and behind one, of whose mean it has to rise above: what moves all the time says
/// nothing.
const SIDE: usize = 5;
/// Below this power a partial fades to nothing; the loudest sine has about 1.
const FAINT: f32 = 1e-10;

/// Bins of a spectrum: their real parts and their imaginary parts, which are worked on in rows.
#[derive(Clone)]
pub(super) struct Bins {
    pub(super) re: Vec<f32>,
    pub(super) im: Vec<f32>,
}

impl Bins {
    /// So many, all of them 0.
    pub(super) fn new(count: usize) -> Self {
        Self { re: vec![0.0; count], im: vec![0.0; count] }
    }
}

/// The deviation of every spectrum, of such as come one after the other.
pub(super) struct Deviation {
    /// The last two, the oldest first.
    before: [Bins; 2],
    now: Bins,
    /// By bins, of the newest.
    deviations: Vec<f32>,
    found: Vec<f32>,
}

impl Deviation {
    /// Of spectra with so many bins; of `frames`, about.
    pub(super) fn new(bins: usize, frames: usize) -> Self {
        let silence = Bins::new(bins);
        let found = Vec::with_capacity(frames / HOP_FRAMES + 1);
        Self {
            before: [silence.clone(), silence.clone()],
            now: silence,
            deviations: vec![0.0; bins],
            found,
        }
    }

    /// Takes the next spectrum.
    pub(super) fn hear(&mut self, spectrum: &Bins) {
        let Self { before: [oldest, last], now, deviations, .. } = self;
        let bins = spectrum.re.iter().zip(&spectrum.im);
        for ((now_re, now_im), (re, im)) in now.re.iter_mut().zip(&mut now.im).zip(bins) {
            let root = 1.0 / (re * re + im * im + FAINT).sqrt().sqrt();
            (*now_re, *now_im) = (re * root, im * root);
        }
        let expected = last.re.iter().zip(&last.im).zip(oldest.re.iter().zip(&oldest.im));
        let bins = now.re.iter().zip(&now.im).zip(expected);
        for (deviation, ((re, im), ((last_re, last_im), (oldest_re, oldest_im)))) in
            deviations.iter_mut().zip(bins)
        {
            // By as much as it turned to the last one, it would turn on.
            let turn_re = last_re * oldest_re + last_im * oldest_im;
            let turn_im = last_im * oldest_re - last_re * oldest_im;
            let unit = 1.0 / (turn_re * turn_re + turn_im * turn_im + f32::MIN_POSITIVE).sqrt();
            let by_re = re - unit * (last_re * turn_re - last_im * turn_im);
            let by_im = im - unit * (last_re * turn_im + last_im * turn_re);
            *deviation = (by_re * by_re + by_im * by_im).sqrt();
        }
        self.found.push(deviations.iter().sum());
        self.before.rotate_left(1);
        std::mem::swap(&mut self.before[1], &mut self.now);
    }

    /// How far it rises above what is around it, at a frame of the flux.
    pub(super) fn rise(&self, frame: usize) -> f32 {
        let at = frame / HOP_FRAMES;
        let mean = |ends: [usize; 2]| ends.iter().map(|at| self.above(*at)).sum::<f32>() / 2.0;
        if frame.is_multiple_of(HOP_FRAMES) { self.above(at) } else { mean([at, at + 1]) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few")]
    fn above(&self, at: usize) -> f32 {
        let around = at.saturating_sub(SIDE)..(at + SIDE + 1).min(self.found.len());
        let Some(found) = self.found.get(at) else { return 0.0 };
        let around = &self.found[around];
        (found - around.iter().sum::<f32>() / around.len() as f32).max(0.0)
    }
}
