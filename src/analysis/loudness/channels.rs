//! How much each channel counts.

/// The weight of channel `channel` of `channels` in WAVE order, for its power. The layout is the
/// usual one of their count: 3 `L R C`, 4 `L R Ls Rs`, 5 `L R C Ls Rs`, 6 `L R C LFE Ls Rs`,
/// 7 `L R C LFE Cs Ls Rs`, 8 `L R C LFE Lb Rb Ls Rs`; beyond, all count the same.
///
/// # Sources
/// ITU-R BS.1770-5: LFE is not measured (Annex 1), and loudspeakers at 60° to 120° to the sides
/// count 1.41, all others 1 (Annex 1, Table 3; Annex 3, Tables 4 and 5, where those behind the
/// listener at ±135° and 180° are among the others).
pub(super) fn weight(channels: usize, channel: usize) -> f64 {
    const SURROUND: f64 = 1.41;
    const LFE: f64 = 0.0;
    match (channels, channel) {
        (6..=8, 3) => LFE,
        (4, 2 | 3) | (5, 3 | 4) | (6, 4 | 5) | (7, 5 | 6) | (8, 6 | 7) => SURROUND,
        _ => 1.0,
    }
}
