//! Which loudspeaker each channel is for.
//!
//! # Sources
//! Microsoft, *`WAVEFORMATEXTENSIBLE` structure (mmreg.h)*, for the bits of `dwChannelMask`, and
//! *Multiple Channel Audio Data and WAVE Files* (2007).

/// Which loudspeaker each channel of some audio is for, in WAVE order.
///
/// ```
/// use hotcue::Speakers;
///
/// // Left, right and a subwoofer, and not a centre, as three channels usually have.
/// assert_ne!(Speakers::of_mask(0xb, 3), Speakers::USUAL);
/// assert_eq!(Speakers::of_mask(0x3f, 6), Speakers::USUAL);
/// assert_eq!(Speakers::of_mask(0x3f, 4), Speakers::USUAL, "of no use for four");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Speakers {
    /// Bits of `dwChannelMask`, as many as there are channels; 0 for the usual ones.
    mask: u32,
}

/// A place in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    Left,
    Right,
    Centre,
    Lfe,
    SideLeft,
    SideRight,
    BackLeft,
    BackRight,
    BackCentre,
    /// Above the listener.
    Top,
}

use Speaker::{
    BackCentre, BackLeft, BackRight, Centre, Left, Lfe, Right, SideLeft, SideRight, Top,
};

/// The place of each bit of the mask. What lies between two places, or above one, is taken for one of
/// those: left and right of centre for left and right.
const BITS: [Speaker; 18] = [
    Left, Right, Centre, Lfe, BackLeft, BackRight, Left, Right, BackCentre, SideLeft, SideRight,
    Top, Left, Centre, Right, BackLeft, BackCentre, BackRight,
];
const BACK: u32 = 0x30;
const SIDE: u32 = 0x600;

/// The usual layout of each number of channels. The pair of surrounds of 4, 5 and 6 channels stands
/// at the sides, or a little behind: ±110° in BS.775.
const USUAL: [&[Speaker]; 8] = [
    &[Centre],
    &[Left, Right],
    &[Left, Right, Centre],
    &[Left, Right, SideLeft, SideRight],
    &[Left, Right, Centre, SideLeft, SideRight],
    &[Left, Right, Centre, Lfe, SideLeft, SideRight],
    &[Left, Right, Centre, Lfe, BackCentre, SideLeft, SideRight],
    &[Left, Right, Centre, Lfe, BackLeft, BackRight, SideLeft, SideRight],
];

impl Speakers {
    /// Those that a number of channels usually has: 1 `C`, 2 `L R`, 3 `L R C`, 4 `L R Ls Rs`,
    /// 5 `L R C Ls Rs`, 6 `L R C LFE Ls Rs`, 7 `L R C LFE Cb Ls Rs`, 8 `L R C LFE Lb Rb Ls Rs`;
    /// beyond 8 none are known.
    pub const USUAL: Self = Self { mask: 0 };

    /// Those of the bits of a `dwChannelMask`, lowest first. The usual ones for one and two
    /// channels, and where the mask is of another number of channels, or names what is none of its
    /// first 18 places.
    pub fn of_mask(mask: u32, channels: usize) -> Self {
        let is_of_all = mask.count_ones() as usize == channels && mask >> BITS.len() == 0;
        let stated = Self { mask };
        let are_usual = |stated: Self| {
            channels <= USUAL.len()
                && (0..channels).all(|at| stated.of(channels, at) == Self::USUAL.of(channels, at))
        };
        if channels > 2 && is_of_all && !are_usual(stated) { stated } else { Self::USUAL }
    }

    /// The bits of `dwChannelMask`; None for the usual ones.
    pub fn mask(self) -> Option<u32> {
        (self.mask != 0).then_some(self.mask)
    }

    /// The speaker of one of `channels` channels, where one is known. Realtime-safe.
    pub(crate) fn of(self, channels: usize, channel: usize) -> Option<Speaker> {
        if self.mask == 0 {
            return usual(channels).and_then(|usual| usual.get(channel)).copied();
        }
        // Without the lowest bits, as many as there are channels before.
        let rest = (0..channel).fold(self.mask, |rest, _| rest & rest.wrapping_sub(1));
        let speaker = *BITS.get(rest.trailing_zeros() as usize)?;
        // The only pair of surrounds stands where it usually does.
        let is_only_pair = self.mask & (BACK | SIDE) == BACK;
        Some(match (speaker, is_only_pair, BACK & rest & rest.wrapping_neg() != 0) {
            (BackLeft, true, true) => SideLeft,
            (BackRight, true, true) => SideRight,
            _ => speaker,
        })
    }
}

/// The usual layout of a number of channels, up to 8.
pub(crate) fn usual(channels: usize) -> Option<&'static [Speaker]> {
    USUAL.get(channels.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::Speaker::{
        BackCentre, BackLeft, BackRight, Centre, Left, Lfe, Right, SideLeft, SideRight, Top,
    };
    use super::Speakers;

    fn named(mask: u32, channels: usize) -> Vec<Option<super::Speaker>> {
        let speakers = Speakers::of_mask(mask, channels);
        (0..channels).map(|channel| speakers.of(channels, channel)).collect()
    }

    #[test]
    fn the_usual_ones_need_no_mask() {
        // 5.1 with its surrounds behind or at the sides, quad, 7.1, and nothing stated.
        for (mask, channels) in [
            (0x3f, 6),
            (0x60f, 6),
            (0x33, 4),
            (0x603, 4),
            (0x37, 5),
            (0x7, 3),
            (0x70f, 7),
            (0x63f, 8),
        ] {
            assert_eq!(Speakers::of_mask(mask, channels), Speakers::USUAL, "{mask:#x}");
            assert_eq!(named(mask, channels), named(0, channels));
        }
        // One and two channels are what they always are, and a mask of others says nothing.
        for (mask, channels) in [(0x1, 1), (0x8, 1), (0xc, 2), (0x3f, 5), (0x4_0003, 3), (!0, 32)] {
            assert_eq!(Speakers::of_mask(mask, channels), Speakers::USUAL, "{mask:#x}");
        }
    }

    #[test]
    fn a_mask_names_the_speakers_of_its_bits_lowest_first() {
        let is = |mask, speakers: &[super::Speaker]| {
            let named = named(mask, speakers.len());
            assert_eq!(named, speakers.iter().copied().map(Some).collect::<Vec<_>>(), "{mask:#x}");
            assert_eq!(Speakers::of_mask(mask, speakers.len()).mask(), Some(mask));
        };
        is(0xb, &[Left, Right, Lfe]);
        is(0x103, &[Left, Right, BackCentre]);
        is(0xf, &[Left, Right, Centre, Lfe]);
        is(0x107, &[Left, Right, Centre, BackCentre]);
        is(0x13f, &[Left, Right, Centre, Lfe, SideLeft, SideRight, BackCentre]);
        is(0x707, &[Left, Right, Centre, BackCentre, SideLeft, SideRight]);
        is(0x633, &[Left, Right, BackLeft, BackRight, SideLeft, SideRight]);
        is(0xff, &[Left, Right, Centre, Lfe, SideLeft, SideRight, Left, Right]);
        // 7.1.4: its heights are heard below, and not as the surrounds.
        let bed = [Left, Right, Centre, Lfe, BackLeft, BackRight, SideLeft, SideRight];
        is(0x2_d63f, &[bed.as_slice(), &[Left, Right, BackLeft, BackRight]].concat());
        is(
            0x2_d83f & !0x2_d000 | 0x1000,
            &[Left, Right, Centre, Lfe, SideLeft, SideRight, Top, Left],
        );
        assert_eq!(named(0, 9), [None; 9]);
    }
}
