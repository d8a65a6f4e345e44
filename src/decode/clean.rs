//! What is checked of every decoded value, and counted for the warnings.

mod warnings;

use crate::error::{LoadError, LoadErrorKind};
use crate::spec::AudioSpec;

/// Undecodable packets in a row after which the rest of a stream is given up.
pub(crate) const MAX_BAD_PACKETS_IN_A_ROW: u32 = 500;
/// Largest magnitude that counts as audio: +400 dB over full scale. Beyond it the sums of a
/// resampler's transform could overflow into infinities.
const MAX_MAGNITUDE: f32 = 1e20;
/// All bits of an `f32` but its sign. Without it, larger bits are a larger magnitude, infinity
/// is larger than all numbers, and NaN is larger still.
const MAGNITUDE_BITS: u32 = 0x7fff_ffff;
/// Lent in place of frames that are lost.
static SILENCE: [f32; 1152] = [0.0; 1152];

/// What was counted while decoding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Frames decoded, silence in place of lost ones included.
    pub(crate) frames: u64,
    /// Packets that could not be decoded or are missing.
    pub(crate) bad_packets: u64,
    /// Of these, those whose length nobody knows, so that nothing stands in their place.
    pub(crate) bad_left_out: u64,
    /// Frames of silence that stand in place of bad packets.
    pub(crate) zero_filled: u64,
    /// Bytes between packets that belong to none, where there should be none.
    pub(crate) skipped_bytes: u64,
    /// Of the bad packets, the last ones without a good one since.
    pub(crate) bad_in_a_row: u32,
    /// Values replaced by 0.
    pub(crate) non_finite: u64,
    /// Values beyond full scale.
    pub(crate) beyond_full_scale: u64,
    /// The largest magnitude.
    pub(crate) peak: f32,
    /// The stream ended before its end.
    pub(crate) cut_off: bool,
    /// What was left of it could not follow what was before.
    pub(crate) change: Option<Change>,
    /// A second stream followed the first, so the stated length is not the whole.
    pub(crate) restarted: bool,
}

/// A change of rate or channels within a stream, which one sample cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) from: AudioSpec,
    pub(crate) to: AudioSpec,
}

impl Tally {
    /// Why a stream without a single frame is refused. `parts`: what its codec's pieces are called.
    ///
    /// Gives `empty`, or `corrupt` when there were pieces.
    pub(crate) fn without_a_frame(&self, parts: &str) -> LoadError {
        match self.bad_packets {
            0 => LoadError::no_frame(),
            _ => {
                let message = format!("none of its {parts} can be decoded");
                LoadError::new(LoadErrorKind::Corrupt, message)
            }
        }
    }

    /// Counts `frames` frames but those of the next `to_skip`, and says how many these are.
    pub(crate) fn skip(&mut self, to_skip: &mut u64, frames: usize) -> usize {
        let skipped = usize::try_from(*to_skip).map_or(frames, |skip| skip.min(frames));
        *to_skip -= skipped as u64;
        self.frames += (frames - skipped) as u64;
        skipped
    }

    /// The next silence in place of `lost` frames but those of the next `to_skip`; None when all
    /// of them are made up for. What is lost lies before what was decoded after it.
    pub(crate) fn silence(&mut self, lost: &mut u64, to_skip: &mut u64) -> Option<&'static [f32]> {
        let frames = usize::try_from(*lost).unwrap_or(usize::MAX).min(SILENCE.len());
        if frames == 0 {
            return None;
        }
        *lost -= frames as u64;
        let skipped = self.skip(to_skip, frames);
        self.zero_filled += (frames - skipped) as u64;
        Some(&SILENCE[skipped..frames])
    }

    /// Adds what [`clean`](Self::clean) counted elsewhere in `frames` frames.
    pub(crate) fn add_values(&mut self, frames: u64, other: &Self) {
        self.frames += frames;
        self.non_finite += other.non_finite;
        self.beyond_full_scale += other.beyond_full_scale;
        self.peak = self.peak.max(other.peak);
    }

    /// [`clean`](Self::clean) of every plane.
    pub(crate) fn clean_all(&mut self, planes: &mut [Vec<f32>]) {
        for plane in planes {
            self.clean(plane);
        }
    }

    /// Replaces NaN, infinities and absurd magnitudes by 0, and counts these and what lies beyond
    /// full scale.
    pub(crate) fn clean(&mut self, plane: &mut [f32]) {
        // As integers, so that it vectorises: all that a sane plane ever needs.
        let largest = plane.iter().fold(0, |largest, value| largest.max(magnitude_bits(*value)));
        if largest > MAX_MAGNITUDE.to_bits() {
            for value in plane.iter_mut().filter(|value| !is_audio(**value)) {
                *value = 0.0;
                self.non_finite += 1;
            }
        }
        if largest > 1.0_f32.to_bits() {
            for value in plane.iter().filter(|value| value.abs() > 1.0) {
                self.peak = self.peak.max(value.abs());
                self.beyond_full_scale += 1;
            }
        }
    }
}

fn magnitude_bits(value: f32) -> u32 {
    value.to_bits() & MAGNITUDE_BITS
}

/// False for NaN too, which no comparison holds for.
fn is_audio(value: f32) -> bool {
    value.abs() <= MAX_MAGNITUDE
}
