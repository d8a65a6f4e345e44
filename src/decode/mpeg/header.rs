//! The header of a frame.
//!
//! # Sources
//! ISO/IEC 11172-3, 2.4.1.3, 2.4.2.3 and 2.4.3.1: 11 bits of ones, version, layer, whether there is
//! no checksum, bit rate, sample rate, padding, mode; lengths in slots, of 4 bytes in Layer I.
//! ISO/IEC 13818-3, 2.4.2.3: half the sample rates. A quarter of them is the habit that is called
//! MPEG-2.5, of Layer III only.

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 4;
/// The longest frame whose length its header does not say.
pub(super) const MAX_FREE_BYTES: usize = 2304;

/// What a frame may be longer than others by: a slot of Layer I.
pub(super) const MAX_PADDING_BYTES: usize = 4;

/// In kbit/s, by the number in the header; 0 is free.
const RATES_1: [[u16; 15]; 3] = [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
/// As [`RATES_1`], of the lower sample rates.
const RATES_2: [[u16; 15]; 3] = [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// One frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// 1 to 3.
    pub(super) layer: u8,
    pub(super) sample_rate: u32,
    pub(super) channels: usize,
    /// Whether the sample rate is one of MPEG-1.
    is_mpeg_1: bool,
    /// 0 where the length has to be found out.
    kbit_per_sec: u32,
    has_padding: bool,
}

impl Header {
    /// The header that `bytes` begin with.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xff, second, third, fourth, ..] = bytes else { return None };
        let layer = match second >> 1 & 3 {
            0 => return None,
            bits => 4 - bits,
        };
        let (is_mpeg_1, divisor) = match second >> 3 {
            0b11111 => (true, 1),
            0b11110 => (false, 2),
            0b11100 if layer == 3 => (false, 4),
            _ => return None,
        };
        let rates = if is_mpeg_1 { &RATES_1 } else { &RATES_2 };
        let rate = rates[usize::from(layer) - 1].get(usize::from(third >> 4))?;
        let sample_rate = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
        Some(Self {
            layer,
            sample_rate,
            channels: if fourth >> 6 == 3 { 1 } else { 2 },
            is_mpeg_1,
            kbit_per_sec: u32::from(*rate),
            has_padding: third & 2 != 0,
        })
    }

    /// Whether its length has to be found out.
    pub(super) fn is_free(&self) -> bool {
        self.kbit_per_sec == 0
    }

    /// Whether both may belong to one stream. Bit rate and channels may change in it.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.layer == other.layer
            && self.sample_rate == other.sample_rate
            && self.is_free() == other.is_free()
    }

    /// Frames of audio in it.
    pub(super) fn frames(&self) -> u64 {
        match (self.layer, self.is_mpeg_1) {
            (1, _) => 384,
            (3, false) => 576,
            _ => 1152,
        }
    }

    /// Its length in bytes, header included; `free` is that of free frames without padding, 0 where
    /// nobody knows it.
    pub(super) fn frame_bytes(&self, free: usize) -> Option<usize> {
        let slot = if self.layer == 1 { 4 } else { 1 };
        let bytes = if self.is_free() {
            free
        } else {
            // 1000 bits in a kbit, 8 bits in a byte.
            let bytes = self.frames() * u64::from(self.kbit_per_sec) * 125
                / u64::from(self.sample_rate)
                / slot
                * slot;
            usize::try_from(bytes).ok()?
        };
        Some(bytes + self.padding_bytes()).filter(|bytes| *bytes > HEADER_BYTES)
    }

    pub(super) fn padding_bytes(&self) -> usize {
        match (self.has_padding, self.layer) {
            (false, _) => 0,
            (true, 1) => 4,
            (true, _) => 1,
        }
    }

    /// Bytes of the shortest frame in a stream of frames like this one.
    pub(super) fn shortest_bytes(&self) -> usize {
        let rates = if self.is_mpeg_1 { &RATES_1 } else { &RATES_2 };
        let lowest = u32::from(rates[usize::from(self.layer) - 1][1]);
        let shortest = Self { kbit_per_sec: lowest, has_padding: false, ..*self };
        let stated = shortest.frame_bytes(0).filter(|_| !self.is_free());
        stated.unwrap_or_else(|| self.least_bytes())
    }

    /// Bytes that even a frame without audio has: what says how it is coded.
    pub(super) fn least_bytes(&self) -> usize {
        HEADER_BYTES
            + match self.layer {
                // Four bits for each of the 32 bands.
                1 => 16 * self.channels,
                // Some bits for each of the eight bands of the lowest rates.
                2 => 4,
                _ => self.side_bytes(),
            }
    }

    /// Bytes of side information, of Layer III.
    pub(super) fn side_bytes(&self) -> usize {
        match (self.is_mpeg_1, self.channels) {
            (true, 1) | (false, 2) => 17,
            (true, _) => 32,
            (false, _) => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standard() {
        for (bytes, layer, rate, channels, frames, len) in [
            // Layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100.
            ([0xff, 0xfb, 0x90, 0x44], 3, 44_100, 2, 1152, 417),
            ([0xff, 0xfb, 0x92, 0x44], 3, 44_100, 2, 1152, 418),
            // MPEG-2, 64 kbit/s, 22.05 kHz: 72 * 64000 / 22050.
            ([0xff, 0xf3, 0x80, 0xc4], 3, 22_050, 1, 576, 208),
            // MPEG-2.5, 8 kbit/s, 8 kHz.
            ([0xff, 0xe3, 0x18, 0xc4], 3, 8_000, 1, 576, 72),
            // Layer II, 192 kbit/s, 48 kHz.
            ([0xff, 0xfd, 0xa4, 0x04], 2, 48_000, 2, 1152, 576),
            // Layer I, 384 kbit/s, 44.1 kHz: 12 * 384000 / 44100 slots of four bytes.
            ([0xff, 0xff, 0xc2, 0x04], 1, 44_100, 2, 384, 104 * 4 + 4),
        ] {
            let header = Header::parse(&bytes).expect("a good header");
            assert_eq!(
                (header.layer, header.sample_rate, header.channels),
                (layer, rate, channels)
            );
            assert_eq!((header.frames(), header.frame_bytes(0)), (frames, Some(len)), "{bytes:x?}");
        }
    }

    #[test]
    fn the_shortest_frame_has_the_lowest_rate() {
        let shortest = |bytes: [u8; 4]| Header::parse(&bytes).expect("good").shortest_bytes();
        // 144 * 32000 / 44100, 72 * 8000 / 22050; of free frames, header and side information.
        assert_eq!(shortest([0xff, 0xfb, 0x92, 0x44]), 104);
        assert_eq!(shortest([0xff, 0xf3, 0x80, 0xc4]), 26);
        assert_eq!(shortest([0xff, 0xfb, 0x00, 0x44]), 36);
    }

    #[test]
    fn what_has_no_meaning_is_no_header() {
        for bytes in [
            [0xff, 0xf9, 0x90, 0x44],
            [0xff, 0xeb, 0x90, 0x44],
            [0xff, 0xe5, 0x90, 0x44],
            [0xff, 0xfb, 0xf0, 0x44],
            [0xff, 0xfb, 0x9c, 0x44],
            [0xfe, 0xfb, 0x90, 0x44],
        ] {
            assert_eq!(Header::parse(&bytes), None, "{bytes:x?}");
        }
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x90]), None);
    }

    #[test]
    fn free_frames_have_the_length_that_was_found_out() {
        let header = Header::parse(&[0xff, 0xfb, 0x02, 0x44]).expect("a good header");
        assert!(header.is_free());
        assert_eq!((header.frame_bytes(0), header.frame_bytes(2089)), (None, Some(2090)));
    }
}
