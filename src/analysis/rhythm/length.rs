//! What the length of a file says of its tempo: a loop is a whole number of beats long.
//!
//! # Sources
//! F. Font, X. Serra, *Tempo estimation for music loops and a simple confidence measure*, ISMIR
//! 2016, take the same evidence for how far an estimate is to be trusted.

/// A number of beats that fits a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    pub(super) beats: u32,
    /// The tempo at which they are exactly as long.
    pub(super) bpm: f64,
    /// What is left over at the estimated tempo, in seconds.
    pub(super) error_sec: f64,
    /// How usual such a number of beats is, less for what is left over; 0 to 1.
    pub(super) quality: f64,
}

/// Frames that a program may be off where it cuts a loop: it rounds, and so does who resamples.
const EXACT_FRAMES: f64 = 2.0;
/// Beats that are as usual as this are a loop's.
const USUAL: f64 = 0.5;

/// What may be left over: short and long files.
const TOLERANCE_SEC: f64 = 0.05;
const LONG_TOLERANCE_SEC: f64 = 0.06;
const LONG_SEC: f64 = 10.0;
/// More beats than this say nothing: any tempo fits.
const MOST_BEATS: f64 = 256.0;
/// What is left over takes this part of the quality at most.
const ERROR_PART: f64 = 0.6;

/// What may be left over of a file of this length.
fn tolerance_sec(length_sec: f64) -> f64 {
    if length_sec < LONG_SEC { TOLERANCE_SEC } else { LONG_TOLERANCE_SEC }
}

/// The whole number of beats that `length_sec` has at `bpm`, if there is one.
pub(super) fn fit(length_sec: f64, bpm: f64) -> Option<Fit> {
    let beats = (bpm * length_sec / 60.0).round();
    if !(1.0..=MOST_BEATS).contains(&beats) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 256"
    )]
    let fit = of_beats(length_sec, beats as u32, bpm);
    (fit.error_sec < tolerance_sec(length_sec)).then_some(fit)
}

/// The claim that a file of `length_sec` is `beats` long, where `heard_bpm` is what is heard.
pub(super) fn of_beats(length_sec: f64, beats: u32, heard_bpm: f64) -> Fit {
    let error_sec = (f64::from(beats) * 60.0 / heard_bpm - length_sec).abs();
    let error_part = (error_sec / tolerance_sec(length_sec)).min(1.0);
    Fit {
        beats,
        bpm: 60.0 * f64::from(beats) / length_sec,
        error_sec,
        quality: usualness(beats) * (1.0 - ERROR_PART * error_part),
    }
}

/// Whether a file is as long, to the frame, as a program makes so many beats at a whole number of
/// beats per minute. By chance, a file of some seconds is that with one in a hundred numbers of
/// beats.
pub(super) fn is_exact(length_sec: f64, frame_sec: f64, beats: u32) -> bool {
    let beats_sec = 60.0 * f64::from(beats);
    let whole = (beats_sec / length_sec).round().max(1.0);
    (beats_sec / whole - length_sec).abs() <= EXACT_FRAMES * frame_sec
}

/// Beats of one, two, four and eight bars, where a file is as long, to the frame, as a program makes
/// them at a whole number of beats per minute, and not a whole number of quarter seconds, which is
/// what single sounds are cut to: by chance, hardly any file is.
pub(super) fn bars_of_four(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    let quarters = 4.0 * length_sec;
    let is_round = (quarters - quarters.round()).abs() <= 4.0 * EXACT_FRAMES * frame_sec;
    [4, 8, 16, 32]
        .into_iter()
        .filter(move |beats| !is_round && is_exact(length_sec, frame_sec, *beats))
}

/// The numbers of beats, of those that are usual, that a file [is exactly](is_exact) long.
pub(super) fn exact_beats(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    (2..=256).filter(move |beats| is_usual(*beats) && is_exact(length_sec, frame_sec, *beats))
}

/// Whether a loop is likely to have so many beats.
pub(super) fn is_usual(beats: u32) -> bool {
    usualness(beats) >= USUAL
}

/// How usual it is for a loop to have so many beats.
fn usualness(beats: u32) -> f64 {
    let odd_part = beats >> beats.trailing_zeros();
    match beats {
        2 => 0.35,
        _ if odd_part == 1 && beats >= 4 => 1.0,
        _ if odd_part == 3 && beats >= 6 => 0.7,
        _ if beats.is_multiple_of(4) => 0.5,
        _ if beats.is_multiple_of(2) => 0.2,
        _ => 0.05,
    }
}
