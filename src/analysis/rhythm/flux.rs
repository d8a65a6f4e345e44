//! How much louder the sound becomes from moment to moment, in seven bands.
//!
//! # Sources
//! S. Böck, G. Widmer, *Maximum filter vibrato suppression for onset detection*, DAFx-13 (2013):
//! the logarithm of the magnitudes of narrow filters, the rise of each over the loudest of its
//! neighbourhood two frames ago. That leaves out what only changes its pitch.

use super::changes::Changes;
use super::contrast::Sound;

/// Seven bands, from the kick to the cymbals.
pub(super) const BANDS: usize = 7;

/// Where one band ends and the next begins, in Hz.
const BORDERS_HZ: [f64; BANDS - 1] = [110.0, 250.0, 600.0, 1_500.0, 4_000.0, 9_000.0];
/// Narrow filters: as many between these frequencies, in Hz, in equal ratios, no narrower than a bin.
const FILTERS: u32 = 40;
const LOWEST_HZ: f64 = 40.0;
const HIGHEST_HZ: f64 = 15_000.0;
/// What a magnitude is multiplied by before the logarithm. The loudest moment of a file is of
/// magnitude 1 at most, so −60 dB below it is where the logarithm bends.
const COMPRESSION: f32 = 1_000.0;
/// How far back a rise is looked for.
const BACK_FRAMES: usize = 2;
/// How the sound changes as a whole is measured by the filters below this frequency, in Hz.
const CHANGES_BELOW_HZ: f64 = 1_900.0;

/// The rise in each band, frame by frame.
pub(super) struct Flux {
    /// First bin of each filter, and the end of the last one.
    edges: Vec<usize>,
    /// The band that each filter belongs to.
    band_of: Vec<usize>,
    /// Logarithmic magnitudes of the last frames, the oldest first.
    before: [Vec<f32>; BACK_FRAMES],
    now: Vec<f32>,
    /// How many filters tell how the sound changes.
    tonal: usize,
    pub(super) changes: Changes,
    pub(super) sound: Sound,
    /// What was found: a frame's bands beside each other.
    pub(super) frames: Vec<[f32; BANDS]>,
}

impl Flux {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few thousand bins"
    )]
    /// Of spectra with so many bins so far apart; `frames` of them, about.
    pub(super) fn new(bins: usize, bin_hz: f64, frames: usize) -> Self {
        let ratio = (HIGHEST_HZ / LOWEST_HZ).powf(1.0 / f64::from(FILTERS));
        let mut edges: Vec<usize> = Vec::new();
        for filter in 0..=FILTERS {
            let hz = LOWEST_HZ * ratio.powf(f64::from(filter));
            let edge = (hz / bin_hz).round() as usize;
            let edge = edge.max(edges.last().map_or(1, |last| last + 1));
            if edge > bins {
                break;
            }
            edges.push(edge);
        }
        let band_of: Vec<usize> = edges
            .windows(2)
            .map(|edge| {
                let centre_hz = (edge[0] + edge[1] - 1) as f64 / 2.0 * bin_hz;
                BORDERS_HZ.iter().filter(|border| centre_hz >= **border).count()
            })
            .collect();
        let silence = vec![0.0; band_of.len()];
        let is_low = |edge: &&usize| (**edge as f64) * bin_hz < CHANGES_BELOW_HZ;
        let tonal = edges.iter().skip(1).filter(is_low).count();
        Self {
            edges,
            sound: Sound::new(silence.len(), frames),
            before: [silence.clone(), silence.clone()],
            now: silence,
            tonal,
            changes: Changes::new(tonal, frames),
            band_of,
            frames: Vec::with_capacity(frames),
        }
    }

    /// Takes the powers of the next frame.
    pub(super) fn hear(&mut self, powers: &[f32]) {
        for (now, edge) in self.now.iter_mut().zip(self.edges.windows(2)) {
            let power: f32 = powers[edge[0]..edge[1]].iter().sum();
            *now = (COMPRESSION * power.sqrt()).ln_1p();
        }
        self.changes.hear(&self.now[..self.tonal]);
        self.sound.hear(&self.now);
        let mut bands = [0.0; BANDS];
        let before = &self.before[0];
        for (filter, (now, band)) in self.now.iter().zip(&self.band_of).enumerate() {
            let around = &before[filter.saturating_sub(1)..(filter + 2).min(before.len())];
            let loudest = around.iter().fold(0.0_f32, |loudest, value| loudest.max(*value));
            bands[*band] += (now - loudest).max(0.0);
        }
        self.frames.push(bands);
        self.before.rotate_left(1);
        std::mem::swap(&mut self.before[BACK_FRAMES - 1], &mut self.now);
    }
}
