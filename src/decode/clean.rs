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

/// What was counted while decoding.
#[derive(Debug, Default)]
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
            0 => LoadError::new(LoadErrorKind::Empty, "holds no audio frame"),
            _ => {
                let message = format!("none of its {parts} can be decoded");
                LoadError::new(LoadErrorKind::Corrupt, message)
            }
        }
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
