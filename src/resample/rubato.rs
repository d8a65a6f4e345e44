//! Conversion by rubato: by transforms where a block is long, else by windowed sinc interpolation.

use rubato::audioadapter::Adapter;
use rubato::audioadapter_buffers::direct::{SequentialSliceOfSlices, SequentialSliceOfVecs};
use rubato::audioadapter_buffers::dummy::Dummy;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, Resampler, SincInterpolationParameters,
    SincInterpolationType, calculate_cutoff,
};

use super::blocks::{FftBlock, WINDOW};

/// Length of the sinc in frames of the lower rate.
pub(super) const TAPS: usize = 256;
/// Longest sinc in frames of the input: the full length down to a 64th of its rate.
const MAX_TAPS: usize = 64 * TAPS;
/// Positions between two input frames for which the sinc is tabulated.
const POSITIONS: usize = 256;
/// Frames that one step makes, about.
const STEP_FRAMES: usize = 8_192;
/// How far the ratio may be changed, for the alignment.
const RATIO_RANGE: f64 = 1.1;

const SIZED: &str = "every buffer has the size that the resampler asked for";

/// Converts chunks of one size.
pub(super) struct RubatoConverter {
    rubato: Box<dyn Resampler<f32>>,
    channels: usize,
    delay_frames: usize,
    sinc_start: Option<Start>,
    /// The last chunk: `converted_frames` in longer planes.
    output: Vec<Vec<f32>>,
    converted_frames: usize,
}

impl RubatoConverter {
    pub(super) fn fft(in_rate: usize, out_rate: usize, channels: usize, block: FftBlock) -> Self {
        let FftBlock { in_frames, out_frames } = block;
        let sync = FixedSync::Both;
        let fft = Fft::new_custom(in_rate, out_rate, in_frames, 1, channels, WINDOW, sync)
            .expect("rates and block are above 0");
        // The filter is one block long and symmetric about its middle. Both halves are whole
        // frames, so the alignment is exact.
        Self::wrap(Box::new(fft), channels, out_frames / 2)
    }

    pub(super) fn sinc(in_rate: usize, out_rate: usize, channels: usize) -> Self {
        let wanted_taps = (TAPS * in_rate).div_ceil(out_rate);
        let taps = wanted_taps.clamp(TAPS, MAX_TAPS).next_multiple_of(8);
        let chunk_frames = (STEP_FRAMES * in_rate / out_rate).clamp(TAPS, 4 * TAPS).max(taps);
        // rubato scales the cutoff with the lower rate, but not the length of the sinc.
        let low_rate_taps = taps * out_rate.min(in_rate) / in_rate;
        let parameters = SincInterpolationParameters {
            sinc_len: taps,
            f_cutoff: Some(calculate_cutoff(low_rate_taps, WINDOW)),
            oversampling_factor: POSITIONS,
            interpolation: SincInterpolationType::Cubic,
            window: WINDOW,
        };
        #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53")]
        let ratio = out_rate as f64 / in_rate as f64;
        let sinc = Async::new_sinc(
            ratio,
            RATIO_RANGE,
            &parameters,
            chunk_frames,
            channels,
            FixedAsync::Input,
        )
        .expect("ratio and chunk are above 0");
        let start = Start::new(ratio, taps, chunk_frames);
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
            self.convert_from(&Dummy::new(0.0, self.channels, self.chunk_frames()), 0);
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
            .expect("within RATIO_RANGE");
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
    pub(super) fn convert(&mut self, input: &[&[f32]], at: usize) {
        let frames = input.first().map_or(0, |plane| plane.len());
        let input = SequentialSliceOfSlices::new(input, self.channels, frames).expect(SIZED);
        self.convert_from(&input, at);
    }

    fn convert_from(&mut self, input: &dyn Adapter<f32>, at: usize) {
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

    /// Copies what the last chunk gave, from frame `from` on, to `target`.
    pub(super) fn copy_converted(&self, channel: usize, from: usize, target: &mut [f32]) {
        target.copy_from_slice(&self.output[channel][from..from + target.len()]);
    }

    /// Bytes of memory held here and by rubato, about.
    pub(super) fn byte_len(&self) -> usize {
        let (input, output) = (self.chunk_frames(), self.rubato.output_frames_max());
        let per_channel = 2 * input + 4 * output;
        let transforms = 8 * (input + output);
        (self.channels * per_channel + transforms) * size_of::<f32>()
    }
}

/// How the sinc method starts: with one chunk of silence, converted at a ratio so close to the
/// right one that after it an output frame falls exactly on the first input frame.
#[derive(Clone, Copy, Debug)]
struct Start {
    ratio: f64,
    silence_ratio: f64,
    silence_out_frames: usize,
    delay_frames: usize,
}

impl Start {
    /// For `ratio` = out / in.
    ///
    /// rubato moves its position by `step = 1 / ratio` input frames per output frame, makes
    /// `floor((chunk − 2) / step)` frames of the first chunk (its source), and its `n`th frame
    /// shows the input at `(n + 1) · step − taps / 2 + 1 / POSITIONS` (measured; the last
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
        let filter_delay = taps as f64 / 2.0 - 1.0 / POSITIONS as f64;
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
