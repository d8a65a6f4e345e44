//! Long files from where they lie: what a voice needs next is read ahead of it, the rest is not in
//! memory.
//!
//! * [`StreamOpening`] reads the head and the beginnings of the file's loops, which stay in memory:
//!   a voice sounds from them at once.
//! * [`StreamScan`] passes through the file once, whenever there is time: it notes where the file
//!   can be entered, draws the waveform and finds out the length.
//! * [`StreamFeed`] reads ahead of one voice into its window, which the voice's [`StreamReader`]
//!   reads in the audio callback without waiting for anything.
//!
//! [`Excerpt`] goes the same ways, to decode a stretch of a file into memory.
//!
//! A voice that goes round a loop says where that leads; what comes there is held beside the window.
//! What a window and its neighbours hold is [`StreamedSample::voice_bytes`].
//!
//! All three are values that are stepped by whoever holds them; none owns a thread.
//!
//! What is played has, bit by bit, the values that the whole file decoded has, wherever one came
//! from: a codec begins as many packets early as it needs, and a resampler where its blocks begin.
//! The exceptions come close: noise that a decoder of AAC puts in the place of parts of the spectrum
//! is another each time (in the fixtures 30 dB below the music, HE-AAC included), and Opus carries
//! on its state without end (after half a second nothing of it is left in the fixture; of SILK at
//! 12 kbit/s, 42 dB below the music).
//! What no decoder here can enter is decoded from its start, which is exact, and slow to seek:
//! Matroska, chained streams in Ogg, MP3 in MP4, HE-AAC in ADTS, GSM,
//! QuickTime's ADPCM, and what is resampled between rates without a good common divisor.

mod cursor;
mod excerpt;
mod feed;
mod index;
mod opening;
mod origin;
mod overview;
mod planes;
mod reader;
mod sample;
mod scan;
#[cfg(test)]
mod tests;
mod window;

pub use excerpt::{Excerpt, ExcerptStep};
pub use feed::{StreamFeed, StreamWatch};
pub use opening::{StreamOpening, StreamStep};
pub use reader::StreamReader;
pub use sample::StreamedSample;
pub use scan::StreamScan;
pub use window::Wish;

/// Seconds at the start of a file that stay in memory.
const HEAD_SEC: usize = 1;
/// Values of a voice's window, 1 MB: of two channels 2.7 s at 48 kHz. And its frames at least.
const WINDOW_VALUES: usize = 1 << 18;
const LEAST_WINDOW_FRAMES: usize = 1 << 16;
/// Frames of the place that it jumps to next, which stay beside its window: 0.7 s at 48 kHz.
const JUMP_FRAMES: usize = 1 << 15;
/// Frames round the place that it jumps from: more than an interpolation looks at on both sides.
const EDGE_FRAMES: usize = 256;
/// Frames of the longest loop that fits there, with what is read beside it.
pub(crate) const JUMP_LOOP_FRAMES: usize = JUMP_FRAMES - 2 * EDGE_FRAMES;
/// Frames before and behind the one that is played which an interpolation may look at.
const REACH_FRAMES: u64 = 64;

/// Frames of the window of a voice of so many channels, a power of two.
fn window_frames(channels: usize) -> usize {
    let frames = WINDOW_VALUES / channels.max(1).next_power_of_two();
    frames.max(LEAST_WINDOW_FRAMES)
}

/// How many frames at `to` Hz last as long as `frames` at `from` Hz.
fn to_rate(frames: u64, from: u32, to: u32) -> u64 {
    if from == to { frames } else { crate::resample::output_frames(frames, from, to) }
}
