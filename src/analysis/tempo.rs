//! Tempo and beats, as they are told.

/// The tempo of a sample, and its beats.
///
/// Estimated from the audio and its length alone. What a file states itself is in
/// [`Metadata::tempo`](crate::Metadata::tempo).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TempoEstimate {
    /// Beats per minute, 50 to 210; None where there is no pulse: of one-shots, of noise and silence,
    /// and of what is shorter than 1.2 s, unless that is two beats with strokes in them. All else is
    /// empty or 0 then. What is as long as a program makes bars may have their tempo as a guess,
    /// whatever sounds in it.
    pub bpm: Option<f64>,
    /// The estimated probability that `bpm` is right, 0 to 1. Below 0.5 it is a guess.
    pub confidence: f64,
    /// The same, if twice and half the tempo count as right, too.
    pub octave_confidence: f64,
    /// Other tempi, the likeliest first: half and double always, and up to two more.
    pub alternatives: Vec<TempoAlternative>,
    /// The tempo at which the file is a whole number of beats long, where it is such a loop.
    pub loop_bpm: Option<f64>,
    /// That number of beats: `n_beats · 60 / loop_bpm` is the file's length in seconds. `beats_sec`
    /// has as many, or one more or fewer where `bpm` is faster or slower than that.
    pub n_beats: Option<u32>,
    /// Beats, in seconds from the start of the sample.
    pub beats_sec: Vec<f64>,
    /// Those that begin a bar.
    pub downbeats_sec: Vec<f64>,
    /// Beats per bar, 3 or 4; 0 without beats.
    pub beats_per_bar: u32,
    /// How even the beats are as they were heard, before `beats_sec` were laid on an even grid: 1
    /// where each is where such a grid has it, 0 where they miss it by a tenth of a beat or more
    /// (the root of the mean square).
    pub stability: f64,
}

/// A tempo that a sample might have instead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoAlternative {
    /// Beats per minute.
    pub bpm: f64,
    /// Its estimated probability, 0 to 1.
    pub weight: f64,
}
