//! How much each channel counts.

use crate::speakers::Speaker::{Lfe, SideLeft, SideRight};
use crate::speakers::Speakers;

/// The weight of channel `channel` of `channels`, for its power. Where no speaker is known, all count
/// the same.
///
/// # Sources
/// ITU-R BS.1770-5: LFE is not measured (Annex 1), and loudspeakers at 60° to 120° to the sides
/// count 1.41, all others 1 (Annex 1, Table 3; Annex 3, Tables 4 and 5, where those behind the
/// listener at ±135° and 180°, and those above, are among the others).
pub(super) fn weight(speakers: Speakers, channels: usize, channel: usize) -> f64 {
    match speakers.of(channels, channel) {
        Some(Lfe) => 0.0,
        Some(SideLeft | SideRight) => 1.41,
        _ => 1.0,
    }
}
