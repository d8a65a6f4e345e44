//! Which of rubato's methods converts a pair of rates, and how its output is aligned.
//! The only file that names rubato.
//!
//! **The rule is [`Fft`]**: exact in the ratio of integers, so it never drifts. It works in blocks
//! of a multiple of `rate / gcd` frames, and the longer the block, the narrower the transition
//! band. Measured with one block of ≥ 1,024 frames on the side of the lower rate, mono, in
//! release, on one core (tone's SNR by least squares; alias of a tone at 1.04 × the output's
//! Nyquist frequency):
//!
//! | pair | SNR at 1, 10, 20 kHz | alias | new | × realtime |
//! |---|---|---|---|---|
//! | 44,100 → 48,000 | 135, 135, 135 dB | – | 0.3 ms | 2,270 |
//! | 48,000 → 44,100 | 135, 135, 135 dB | −139 dB | 0.1 ms | 3,210 |
//! | 96,000 → 48,000 | 136, 137, 136 dB | −143 dB | 0.2 ms | 1,480 |
//! | 44,101 → 48,000 | 131, 131, 131 dB | – | 10 ms | 1,590 |
//! | 47,981 → 48,000 | 131, 131, 131 dB | – | 13 ms | 980 |
//! | 191,999 → 48,000 | 135, 135, 135 dB | – | 54 ms | 220 |
//! | 383,983 → 48,000 | 137, 136, 131 dB | – | 159 ms | 76 |
//!
//! Blocks of 2,048 and 4,096 were within 1 dB of these.
//!
//! **The exception is windowed sinc interpolation** ([`Async`]) for pairs like the last two, whose
//! shortest block is so long that one step would take too long and hold too much memory: beyond
//! [`MAX_BLOCK_FRAMES`]. Measured at 134 to 142 dB, ≤ −138 dB of aliases and 250 × realtime at an
//! output of 48 kHz, a quarter of it from 192 kHz. Its ratio is an `f64`, whose rounding adds up
//! to less than 0.001 frames in an hour even at the highest rate. Replacing the ratio by one of
//! smaller integers is no way out: with 0.01 frames of drift in an hour they are no smaller.

use rubato::audioadapter::Adapter;
use rubato::audioadapter_buffers::direct::{SequentialSliceOfSlices, SequentialSliceOfVecs};
use rubato::audioadapter_buffers::dummy::Dummy;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, Resampler, SincInterpolationParameters,
    SincInterpolationType, WindowFunction, calculate_cutoff,
};

/// Block on the side of the lower rate: sets the width of the transition band.
const BLOCK_FRAMES: usize = 1_024;
/// Where not even so many frames fit into a block, the sinc method has the narrower transition.
const MIN_BLOCK_FRAMES: usize = SINC_TAPS;
/// Longest block on either side, 2 s at 48 kHz: bounds the time and the memory of one step.
const MAX_BLOCK_FRAMES: usize = 98_304;
/// Longest block times channels, likewise.
const MAX_BLOCK_VALUES: usize = 8 * MAX_BLOCK_FRAMES;

/// Length of the sinc in frames of the lower rate.
const SINC_TAPS: usize = 256;
/// Longest sinc in frames of the input: the full length down to a 64th of its rate.
const MAX_SINC_TAPS: usize = 64 * SINC_TAPS;
/// Positions between two input frames for which the sinc is tabulated.
const SINC_POSITIONS: usize = 256;
/// Frames that one step of the sinc method makes, about.
const SINC_STEP_FRAMES: usize = 8_192;
/// How far the ratio may be changed, for the alignment.
const SINC_RATIO_RANGE: f64 = 1.1;

/// The one of rubato's windows whose side lobes lie below the rounding noise of `f32`.
const WINDOW: WindowFunction = WindowFunction::BlackmanHarris2;

const SIZED: &str = "every buffer has the size that the resampler asked for";

/// Converts chunks of one size. The first frame that goes in is aligned with output frame
/// `delay_frames`.
pub(super) struct Converter {
    rubato: Box<dyn Resampler<f32>>,
    channels: usize,
    delay_frames: usize,
    sinc_start: Option<SincStart>,
    /// The last chunk: `converted_frames` in longer planes.
    output: Vec<Vec<f32>>,
    converted_frames: usize,
}

impl Converter {
    /// Chooses the method. Rates and channels are within the limits of `AudioSpec`, and the
    /// rates differ.
    pub(super) fn new(in_rate: u32, out_rate: u32, channels: usize) -> Self {
        let (in_rate, out_rate) = (in_rate as usize, out_rate as usize);
        match fft_block(in_rate, out_rate, channels) {
            Some(block) => Self::fft(in_rate, out_rate, channels, block),
            None => Self::sinc(in_rate, out_rate, channels),
        }
    }

    fn fft(in_rate: usize, out_rate: usize, channels: usize, block: FftBlock) -> Self {
        let fft = Fft::new_custom(
            in_rate,
            out_rate,
            block.in_frames,
            1,
            channels,
            WINDOW,
            FixedSync::Both,
        )
        .expect("rates and block are above 0");
        // The filter is one block long and symmetric about its middle. Both halves are whole
        // frames, so the alignment is exact.
        Self::wrap(Box::new(fft), channels, block.out_frames / 2)
    }

    fn sinc(in_rate: usize, out_rate: usize, channels: usize) -> Self {
        let wanted_taps = (SINC_TAPS * in_rate).div_ceil(out_rate);
        let taps = wanted_taps.clamp(SINC_TAPS, MAX_SINC_TAPS).next_multiple_of(8);
        let chunk_frames =
            (SINC_STEP_FRAMES * in_rate / out_rate).clamp(SINC_TAPS, 4 * SINC_TAPS).max(taps);
        // rubato scales the cutoff with the lower rate, but not the length of the sinc.
        let low_rate_taps = taps * out_rate.min(in_rate) / in_rate;
        let parameters = SincInterpolationParameters {
            sinc_len: taps,
            f_cutoff: Some(calculate_cutoff(low_rate_taps, WINDOW)),
            oversampling_factor: SINC_POSITIONS,
            interpolation: SincInterpolationType::Cubic,
            window: WINDOW,
        };
        #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53")]
        let ratio = out_rate as f64 / in_rate as f64;
        let sinc = Async::new_sinc(
            ratio,
            SINC_RATIO_RANGE,
            &parameters,
            chunk_frames,
            channels,
            FixedAsync::Input,
        )
        .expect("ratio and chunk are above 0");
        let start = SincStart::new(ratio, taps, chunk_frames);
        let mut this = Self::wrap(Box::new(sinc), channels, start.delay_frames);
        this.sinc_start = Some(start);
        this.reset();
        this
    }

    fn wrap(rubato: Box<dyn Resampler<f32>>, channels: usize, delay_frames: usize) -> Self {
        let output = vec![vec![0.0; rubato.output_frames_max()]; channels];
        Self { rubato, channels, delay_frames, sinc_start: None, output, converted_frames: 0 }
    }

    /// Goes back to the beginning of a stream.
    pub(super) fn reset(&mut self) {
        self.rubato.reset();
        if let Some(start) = self.sinc_start {
            self.set_ratio(start.silence_ratio);
            self.convert(&Dummy::new(0.0, self.channels, self.chunk_frames()), 0);
            debug_assert_eq!(self.converted_frames, start.silence_out_frames);
            self.set_ratio(start.ratio);
        }
        self.converted_frames = 0;
    }

    fn set_ratio(&mut self, ratio: f64) {
        self.rubato
            .as_adjustable()
            .expect("the sinc method is adjustable")
            .set_resample_ratio(ratio, false)
            .expect("within SINC_RATIO_RANGE");
    }

    /// Frames that go in at once.
    pub(super) fn chunk_frames(&self) -> usize {
        self.rubato.input_frames_max()
    }

    /// Output frames before the one that is aligned with the first input frame.
    pub(super) fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Converts the chunk that begins at frame `at` of `input`.
    pub(super) fn convert_slices(&mut self, input: &[&[f32]], at: usize) {
        let frames = input.first().map_or(0, |plane| plane.len());
        let input = SequentialSliceOfSlices::new(input, self.channels, frames).expect(SIZED);
        self.convert(&input, at);
    }

    /// Converts a chunk.
    pub(super) fn convert_planes(&mut self, input: &[Vec<f32>]) {
        let frames = self.chunk_frames();
        let input = SequentialSliceOfVecs::new(input, self.channels, frames).expect(SIZED);
        self.convert(&input, 0);
    }

    fn convert(&mut self, input: &dyn Adapter<f32>, at: usize) {
        let frames = self.rubato.output_frames_max();
        let mut output =
            SequentialSliceOfVecs::new_mut(&mut self.output, self.channels, frames).expect(SIZED);
        let indexing = Indexing::new().input_offset(at);
        let (_, made) =
            self.rubato.process_into_buffer(input, &mut output, Some(&indexing)).expect(SIZED);
        self.converted_frames = made;
    }

    /// Frames that the last chunk gave.
    pub(super) fn converted_frames(&self) -> usize {
        self.converted_frames
    }

    /// What the last chunk gave: `converted_frames` values.
    pub(super) fn converted(&self, channel: usize) -> &[f32] {
        &self.output[channel][..self.converted_frames]
    }

    /// Bytes of memory held here and by rubato, about.
    pub(super) fn byte_len(&self) -> usize {
        let (input, output) = (self.chunk_frames(), self.rubato.output_frames_max());
        let per_channel = 2 * input + 4 * output;
        let transforms = 8 * (input + output);
        (self.channels * per_channel + transforms) * size_of::<f32>()
    }
}

/// One block of the FFT method: the same time on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FftBlock {
    in_frames: usize,
    out_frames: usize,
}

/// The block for a pair of rates; None where no good one is short enough.
fn fft_block(in_rate: usize, out_rate: usize, channels: usize) -> Option<FftBlock> {
    let divisor = greatest_common_divisor(in_rate, out_rate);
    // Twice the shortest block: its middle lies on a whole frame on both sides.
    let (unit_in, unit_out) = (2 * in_rate / divisor, 2 * out_rate / divisor);
    let (low, high) = (unit_in.min(unit_out), unit_in.max(unit_out));
    let fitting = MAX_BLOCK_FRAMES.min(MAX_BLOCK_VALUES / channels) / high;
    let units = BLOCK_FRAMES.div_ceil(low).min(fitting);
    (units * low >= MIN_BLOCK_FRAMES)
        .then(|| FftBlock { in_frames: units * unit_in, out_frames: units * unit_out })
}

/// How the sinc method starts: with one chunk of silence, converted at a ratio so close to the
/// right one that after it an output frame falls exactly on the first input frame.
#[derive(Clone, Copy, Debug)]
struct SincStart {
    ratio: f64,
    silence_ratio: f64,
    silence_out_frames: usize,
    delay_frames: usize,
}

impl SincStart {
    /// For `ratio` = out / in.
    ///
    /// rubato moves its position by `step = 1 / ratio` input frames per output frame, makes
    /// `floor((chunk − 2) / step)` frames of the first chunk (its source), and its `n`th frame
    /// shows the input at `(n + 1) · step − taps / 2 + 1 / SINC_POSITIONS` (measured; the last
    /// term is half a step of its table, by which that lies off the middle).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    fn new(ratio: f64, taps: usize, chunk_frames: usize) -> Self {
        let step = 1.0 / ratio;
        let room = chunk_frames as f64 - 2.0;
        let filter_delay = taps as f64 / 2.0 - 1.0 / SINC_POSITIONS as f64;
        // The last silent frame may lie up to `room`, a hundredth kept off against rounding.
        let frames_to_first = ((filter_delay + 2.0) * ratio + 0.01).ceil();
        let silence_length = chunk_frames as f64 + filter_delay - frames_to_first * step;
        // Slightly fewer frames than at the right ratio: then the next one never fits.
        let silence_out_frames = (0.97 * room * ratio).floor();
        Self {
            ratio,
            silence_ratio: silence_out_frames / silence_length,
            silence_out_frames: silence_out_frames as usize,
            delay_frames: frames_to_first as usize - 1,
        }
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
