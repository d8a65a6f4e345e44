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
/// Parts of recordings are as long as this, or twice, three or six times that, more often than loops.
const OFTEN_CUT_SEC: f64 = 5.0;
/// What other whole seconds say, of the 1 that any other exact length says. Of 113 songs of the
/// looked-at half of `benches/tempo` that were cut to 8 s, half were told right but for the octave
/// with 1, and eight in ten with this; of 54 loops that are so long one is lost.
const WHOLE_SECONDS: f64 = 0.1;
/// What is hardly more than what is not known of the tempo that is heard.
const NO_ERROR_SEC: f64 = 0.005;
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

/// The tempo at which so many beats are exactly so long.
pub(super) fn bpm_of(length_sec: f64, beats: u32) -> f64 {
    60.0 * f64::from(beats) / length_sec
}

/// The claim that a file of `length_sec` is `beats` long, where `heard_bpm` is what is heard.
pub(super) fn of_beats(length_sec: f64, beats: u32, heard_bpm: f64) -> Fit {
    let error_sec = (f64::from(beats) * 60.0 / heard_bpm - length_sec).abs();
    let error_part = (error_sec / tolerance_sec(length_sec)).min(1.0);
    Fit {
        beats,
        bpm: bpm_of(length_sec, beats),
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

/// How much that [is exact](is_exact) says, from 0 to 1. Whole seconds are what parts of recordings
/// are cut to as well: they say little, and nothing but of bars of four; multiples of five say
/// nothing.
pub(super) fn exactness(length_sec: f64, frame_sec: f64, beats: u32) -> f64 {
    if !is_exact(length_sec, frame_sec, beats) {
        0.0
    } else if !is_multiple_of(length_sec, 1.0, frame_sec) {
        1.0
    } else if beats.is_power_of_two() && !is_multiple_of(length_sec, OFTEN_CUT_SEC, frame_sec) {
        WHOLE_SECONDS
    } else {
        0.0
    }
}

fn is_multiple_of(length_sec: f64, seconds: f64, frame_sec: f64) -> bool {
    let times = (length_sec / seconds).round();
    (times * seconds - length_sec).abs() <= EXACT_FRAMES * frame_sec
}

/// Beats of one, two, four and eight bars, where a file is as long, to the frame, as a program makes
/// them at a whole number of beats per minute, and not a whole number of quarter seconds, which is
/// what single sounds are cut to: by chance, hardly any file is.
pub(super) fn bars_of_four(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    let is_round = is_round(length_sec, frame_sec);
    [4, 8, 16, 32]
        .into_iter()
        .filter(move |beats| !is_round && is_exact(length_sec, frame_sec, *beats))
}

/// Beats of four and eight bars, where a file is as long as a program makes them and a whole number
/// of quarter seconds, as at 120 and 128 beats per minute, but not of five seconds: single sounds
/// are seldom so long. Of 1,974 of them it is one, and of 150 loops two that have no pulse.
pub(super) fn round_bars(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    let may_be_bars =
        is_round(length_sec, frame_sec) && !is_multiple_of(length_sec, OFTEN_CUT_SEC, frame_sec);
    [16, 32].into_iter().filter(move |beats| may_be_bars && is_exact(length_sec, frame_sec, *beats))
}

/// Two beats, where a file is exactly so long, likewise.
pub(super) fn half_a_bar(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    let is_half = !is_round(length_sec, frame_sec) && is_exact(length_sec, frame_sec, 2);
    is_half.then_some(2).into_iter()
}

/// Whether a length is a whole number of quarter seconds.
fn is_round(length_sec: f64, frame_sec: f64) -> bool {
    is_multiple_of(length_sec, 0.25, frame_sec)
}

/// The numbers of beats, of those that are usual, that a file is exactly long, where that says
/// something.
pub(super) fn exact_beats(length_sec: f64, frame_sec: f64) -> impl Iterator<Item = u32> {
    let says = move |beats: &u32| exactness(length_sec, frame_sec, *beats) > 0.0;
    (2..=256).filter(|beats| is_usual(*beats)).filter(says)
}

/// Whether something as long as a loop is one if it is so many beats long: nearly any length is some
/// number of beats. Where it is a whole number of seconds, only one, two, four or eight bars of four
/// are likely, or half a bar; what is left over of other numbers must be as good as nothing.
pub(super) fn is_loop(length_sec: f64, frame_sec: f64, fit: &Fit) -> bool {
    let is_likely = if is_multiple_of(length_sec, 1.0, frame_sec) {
        fit.beats.is_power_of_two()
    } else {
        is_usual(fit.beats) || fit.beats == 2 || is_exact(length_sec, frame_sec, fit.beats)
    };
    is_likely || fit.error_sec < NO_ERROR_SEC
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
