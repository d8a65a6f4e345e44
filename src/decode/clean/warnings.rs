//! The warnings that the counts amount to.

use std::fmt;

use super::{Change, Tally};
use crate::decode::StreamInfo;
use crate::error::{LoadWarning, WarningCode};

/// What floating-point PCM may have beyond full scale untold: half a step of 16 bits, which is
/// the rounding of whoever normalised it.
const FLOAT_PEAK: f32 = 1.0 + 1.0 / 65_536.0;
/// What a lossy codec may have beyond full scale untold: 2 dB.
///
/// A loud master comes out of every lossy codec with peaks beyond full scale, since what the codec
/// leaves out had kept them below. Streaming services ask for peaks below −1 dB, and below −2 dB
/// where the master is loud, because of that; so up to 2 dB of overshoot is what a codec does,
/// and more is the material's own.
const LOSSY_PEAK: f32 = 1.258_925_4;

impl Tally {
    /// The warnings about a stream that `info` describes.
    pub(crate) fn warnings(&self, info: &StreamInfo) -> Vec<LoadWarning> {
        [
            self.truncated(info.sure_frames()),
            self.decode_errors(),
            self.length_estimated(info),
            self.clipped(info),
            self.non_finite(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn truncated(&self, stated_frames: Option<u64>) -> Option<LoadWarning> {
        let missing = stated_frames
            .filter(|_| !self.restarted)
            .map_or(0, |stated| stated.saturating_sub(self.frames));
        (self.cut_off || self.change.is_some() || missing > 0).then(|| {
            let mut numbers = vec![("frames", as_number(self.frames))];
            numbers.extend(stated_frames.map(|stated| ("stated_frames", as_number(stated))));
            let message = self.change.map_or_else(
                || "the file ends before its audio does".to_owned(),
                |change| format!("{change}, and is played up to there"),
            );
            LoadWarning { code: WarningCode::Truncated, message, numbers }
        })
    }

    fn decode_errors(&self) -> Option<LoadWarning> {
        if self.bad_packets == 0 && self.skipped_bytes == 0 {
            return None;
        }
        let message = if self.bad_packets == 0 {
            "bytes between packets belong to none and were left out, maybe with audio in them"
        } else if self.bad_left_out == 0 {
            "some packets could not be decoded; silence stands in their place"
        } else if self.zero_filled == 0 {
            "some packets could not be decoded and were left out: what follows comes earlier"
        } else {
            "some packets could not be decoded; silence stands in place of those whose length is \
             known, the others were left out"
        };
        let numbers = [
            ("packets", self.bad_packets),
            ("frames", self.zero_filled),
            ("packets_left_out", self.bad_left_out),
            ("skipped_bytes", self.skipped_bytes),
        ];
        Some(LoadWarning {
            code: WarningCode::DecodeErrors,
            message: message.to_owned(),
            numbers: numbers.map(|(name, count)| (name, as_number(count))).into(),
        })
    }

    fn length_estimated(&self, info: &StreamInfo) -> Option<LoadWarning> {
        if info.length_stated {
            return None;
        }
        let mut numbers = vec![("frames", as_number(self.frames))];
        numbers.extend(info.frames.map(|guess| ("estimated_frames", as_number(guess))));
        Some(LoadWarning {
            code: WarningCode::LengthEstimated,
            message: "the file does not say how long it is".to_owned(),
            numbers,
        })
    }

    fn clipped(&self, info: &StreamInfo) -> Option<LoadWarning> {
        let bound = if info.codec.starts_with("pcm_") { FLOAT_PEAK } else { LOSSY_PEAK };
        (self.peak > bound).then(|| LoadWarning {
            code: WarningCode::Clipped,
            message: "values lie beyond full scale and will clip where nothing turns them down"
                .to_owned(),
            numbers: vec![
                ("values", as_number(self.beyond_full_scale)),
                ("peak", f64::from(self.peak)),
            ],
        })
    }

    fn non_finite(&self) -> Option<LoadWarning> {
        (self.non_finite > 0).then(|| LoadWarning {
            code: WarningCode::NonFinite,
            message: "values that are NaN, infinite or beyond 1e20 were replaced by 0".to_owned(),
            numbers: vec![("values", as_number(self.non_finite))],
        })
    }
}

/// Counts beyond 2^53 do not occur; below, `f64` is exact.
fn as_number(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            f,
            "the audio changes midway from {} Hz, {} channels to {} Hz, {} channels",
            from.sample_rate, from.channels, to.sample_rate, to.channels
        )
    }
}
