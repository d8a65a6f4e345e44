//! What an `AudioSpecificConfig` says of channels; mono that stays mono, though its spectral band is
//! replicated.
//!
//! # Sources
//! ISO/IEC 14496-3, 1.6.2.1 and 1.6.6: behind the description of the core may stand 11 bits of
//! 0x2b7, the object type 5 in five bits, one that says whether bands are replicated, the index of a
//! rate in four (15: 24 bits of rate); then 0x548 and one that says whether there is parametric
//! stereo. Without the latter a decoder has to be ready for it, and gives two channels at once.

use super::fill::bits;

const BAND_REPLICATION: u32 = 5;

/// Whether the `AudioSpecificConfig` describes one channel and says that it is not parametric stereo.
pub(super) fn is_stated(config: &[u8]) -> bool {
    let channels = 5 + rate_bits(config, 5);
    // Padding may precede it.
    let at = (channels + 4..8 * config.len()).find(|at| bits(config, *at, 11) == Some(0x2b7));
    let Some(at) = at.filter(|_| bits(config, channels, 4) == Some(1)) else { return false };
    let parametric = at + 17 + rate_bits(config, at + 17);
    bits(config, at + 11, 6) == Some(BAND_REPLICATION << 1 | 1)
        && bits(config, parametric, 12) == Some(0x548 << 1)
}

/// Its number for a layout of channels; 0 for one that it describes itself.
pub(super) fn channel_configuration(config: &[u8]) -> Option<u32> {
    const ESCAPE: u32 = 31;
    let rate = if bits(config, 0, 5) == Some(ESCAPE) { 5 + 6 } else { 5 };
    bits(config, rate + rate_bits(config, rate), 4)
}

/// How many bits a rate takes.
fn rate_bits(config: &[u8], at: usize) -> usize {
    const PLAIN_RATE_BITS: usize = 24;
    if bits(config, at, 4) == Some(15) { 4 + PLAIN_RATE_BITS } else { 4 }
}

#[cfg(test)]
mod tests {
    use super::{channel_configuration, is_stated};

    #[test]
    fn the_layout_of_channels_follows_the_rate() {
        // AAC-LC at 44.1 kHz, four channels; the same with its rate in full; of an object type
        // beyond 31, five channels; and too short.
        assert_eq!(channel_configuration(&[0x12, 0x20]), Some(4));
        assert_eq!(channel_configuration(&[0x17, 0x80, 0x56, 0x22, 0x20]), Some(4));
        assert_eq!(channel_configuration(&[0xf8, 0xe8, 0xa0]), Some(5));
        assert_eq!(channel_configuration(&[0x12]), None);
    }

    #[test]
    fn only_mono_that_says_so_is_mono() {
        // AAC-LC at 22.05 kHz, one channel; 44.1 kHz by replication, and no parametric stereo.
        let stated = [0x13, 0x88, 0x56, 0xe5, 0xa5, 0x48, 0x00];
        assert!(is_stated(&stated));
        let parametric = [0x13, 0x88, 0x56, 0xe5, 0xa5, 0x48, 0x80];
        let stereo = [0x13, 0x90, 0x56, 0xe5, 0xa5, 0x48, 0x00];
        assert!(!is_stated(&parametric) && !is_stated(&stereo));
        for len in 0..stated.len() {
            assert!(!is_stated(&stated[..len]), "{len} bytes");
        }
    }
}
