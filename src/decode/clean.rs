//! What is checked of every decoded value, and counted for the warnings.

use crate::error::{LoadWarning, WarningCode};

/// Largest magnitude that counts as audio: +400 dB over full scale. Beyond it the sums of a
/// resampler's transform could overflow into infinities.
const MAX_MAGNITUDE: f32 = 1e20;

/// Replaces NaN, infinities and absurd magnitudes by 0 and says how many there were.
pub(crate) fn remove_non_finite(planes: &mut [Vec<f32>]) -> u64 {
    let mut removed = 0;
    for plane in planes {
        // Two passes: the first one vectorises and is all that a sane file ever needs.
        if plane.iter().fold(true, |sane, value| sane & is_audio(*value)) {
            continue;
        }
        for value in plane.iter_mut().filter(|value| !is_audio(**value)) {
            *value = 0.0;
            removed += 1;
        }
    }
    removed
}

/// False for NaN too, which no comparison holds for.
fn is_audio(value: f32) -> bool {
    value.abs() <= MAX_MAGNITUDE
}

/// What was counted while decoding.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Frames decoded.
    pub(crate) frames: u64,
    /// Packets that could not be decoded.
    pub(crate) bad_packets: u64,
    /// Of these, the last ones without a good one since.
    pub(crate) bad_in_a_row: u32,
    /// Values replaced by 0.
    pub(crate) non_finite: u64,
    /// The stream ended before its end.
    pub(crate) cut_off: bool,
    /// A second stream followed the first, so the stated length is not the whole.
    pub(crate) restarted: bool,
}

impl Tally {
    /// The warnings that these figures amount to, given the length that the file states.
    pub(crate) fn warnings(&self, stated_frames: Option<u64>) -> Vec<LoadWarning> {
        let mut warnings = Vec::new();
        let missing = stated_frames
            .filter(|_| !self.restarted)
            .map_or(0, |stated| stated.saturating_sub(self.frames));
        if self.cut_off || missing > 0 {
            let mut numbers = vec![("frames", as_number(self.frames))];
            numbers.extend(stated_frames.map(|stated| ("stated_frames", as_number(stated))));
            warnings.push(LoadWarning {
                code: WarningCode::Truncated,
                message: "the file ends before its audio does".to_owned(),
                numbers,
            });
        }
        if self.bad_packets > 0 {
            warnings.push(LoadWarning {
                code: WarningCode::DecodeErrors,
                message: "some packets could not be decoded and were left out".to_owned(),
                numbers: vec![("packets", as_number(self.bad_packets))],
            });
        }
        if self.non_finite > 0 {
            warnings.push(LoadWarning {
                code: WarningCode::NonFinite,
                message: "values that are no finite number were replaced by 0".to_owned(),
                numbers: vec![("values", as_number(self.non_finite))],
            });
        }
        warnings
    }
}

/// Counts beyond 2^53 do not occur; below, `f64` is exact.
fn as_number(count: u64) -> f64 {
    count as f64
}
