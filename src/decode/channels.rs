//! The order of channels.
//!
//! # Sources
//! Microsoft, *`WAVEFORMATEXTENSIBLE` structure (mmreg.h)*: channels are interleaved in the order
//! of the bits of `dwChannelMask`, lowest first (front left 0x1, front right 0x2, front centre
//! 0x4, low frequency 0x8, back left 0x10, …).

use crate::speakers::Speakers;

/// For each channel in WAVE order, the index of the plane that holds it.
///
/// `speakers` names, plane by plane, the bit of `dwChannelMask`; None where the plane has no
/// place in it. Planes that cannot be ordered so (one without a place, or two of one speaker)
/// stay as the file has them.
pub(crate) fn wave_order(speakers: &[Option<u32>]) -> Vec<usize> {
    let file_order = || (0..speakers.len()).collect();
    let Some(bits) = speakers.iter().copied().collect::<Option<Vec<u32>>>() else {
        return file_order();
    };
    let mut order: Vec<usize> = file_order();
    order.sort_by_key(|&plane| bits[plane]);
    if order.windows(2).any(|pair| bits[pair[0]] == bits[pair[1]]) {
        return file_order();
    }
    order
}

/// Which loudspeakers the channels are for once they are in the order of [`wave_order`].
pub(crate) fn wave_speakers(speakers: &[Option<u32>]) -> Speakers {
    let bit = |place: &Option<u32>| place.and_then(|place| 1_u32.checked_shl(place)).unwrap_or(0);
    // Of two that are the same, or where one has no place, there are too few bits.
    Speakers::of_mask(speakers.iter().fold(0, |mask, place| mask | bit(place)), speakers.len())
}

/// As [`wave_order`], for `channels` channels in the order of Vorbis, which is also that of Opus;
/// None for numbers of channels that it has no order for.
///
/// # Sources
/// *Vorbis I specification*, 4.3.9: L C R and so on, for up to eight channels; of seven, the
/// surrounds are at the sides with one centre behind.
pub(crate) fn vorbis_order(channels: usize) -> Option<Vec<usize>> {
    const LEFT: u32 = 0;
    const RIGHT: u32 = 1;
    const CENTRE: u32 = 2;
    const LFE: u32 = 3;
    const BACK: [u32; 2] = [4, 5];
    const BACK_CENTRE: u32 = 8;
    const SIDE: [u32; 2] = [9, 10];
    let speakers: &[u32] = match channels {
        1 => &[CENTRE],
        2 => &[LEFT, RIGHT],
        3 => &[LEFT, CENTRE, RIGHT],
        4 => &[LEFT, RIGHT, BACK[0], BACK[1]],
        5 => &[LEFT, CENTRE, RIGHT, BACK[0], BACK[1]],
        6 => &[LEFT, CENTRE, RIGHT, BACK[0], BACK[1], LFE],
        7 => &[LEFT, CENTRE, RIGHT, SIDE[0], SIDE[1], BACK_CENTRE, LFE],
        8 => &[LEFT, CENTRE, RIGHT, SIDE[0], SIDE[1], BACK[0], BACK[1], LFE],
        _ => return None,
    };
    Some(wave_order(&speakers.iter().copied().map(Some).collect::<Vec<_>>()))
}

/// As [`wave_order`], for planes that symphonia 0.6.1 made of ALAC: of 6.1 and 7.1 it puts the
/// surrounds where its own mask has other speakers.
///
/// # Sources
/// Apple, *`ALACAudioTypes.h`*: channels are coded C L R Ls Rs Cs LFE (`AAC_6_1`) and
/// C Lc Rc L R Ls Rs LFE (`MPEG_7_1_B`). symphonia's planes are L R C LFE Cs Ls Rs and
/// L R C LFE Lc Rc Ls Rs.
pub(crate) fn alac_order(speakers: &[Option<u32>]) -> Vec<usize> {
    match speakers.len() {
        7 => vec![0, 1, 2, 3, 5, 6, 4],
        8 => vec![0, 1, 2, 3, 6, 7, 4, 5],
        _ => wave_order(speakers),
    }
}

/// As [`wave_speakers`], for the order of [`alac_order`].
pub(crate) fn alac_speakers(speakers: &[Option<u32>]) -> Speakers {
    match speakers.len() {
        // L R C LFE Ls Rs Cs
        7 => Speakers::of_mask(0x13f, 7),
        // L R C LFE Ls Rs Lc Rc
        8 => Speakers::of_mask(0xff, 8),
        _ => wave_speakers(speakers),
    }
}

/// Makes `planes` as many as the `channels` that a stream began with, where both are mono or stereo.
pub(crate) fn fit(planes: &mut Vec<Vec<f32>>, channels: usize) {
    match (planes.len(), channels) {
        (1, 2) => planes.push(planes[0].clone()),
        (2, 1) => {
            let (left, right) = planes.split_at_mut(1);
            for (left, right) in left[0].iter_mut().zip(&right[0]) {
                *left = (*left + right) / 2.0;
            }
        }
        _ => {}
    }
}
