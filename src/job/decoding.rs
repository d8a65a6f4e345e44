//! The pass over the audio.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::{self, Pace, Position, Work};
use super::parts::SharedLoad;
use super::splitting::{self, Decoded, Progress, Splitting};
use super::{LoadOptions, LoadedSample, Spent, StageTimings, capacity};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::decode::{
    Decoder, PACKETS_PER_STEP, ReadState, StreamInfo, VALUES_PER_STEP, stretch_values,
};
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::{Audio, Collector};
use crate::resample::{Resampler, Workbench, output_frames};
use crate::spec::AudioSpec;

/// Of a file, the first part of which says nothing of its whole: 1/16.
const MIN_SHARE_FOR_GUESS: u64 = 16;

/// The pass over the audio.
pub(super) struct Decoding {
    decoder: Box<dyn Decoder>,
    /// How far it reads.
    read: Arc<ReadState>,
    /// What the file says beside its audio.
    found: Collector,
    writer: SampleWriter,
    /// None where the rates are equal.
    resampler: Option<Resampler>,
    resampling: Duration,
    frames_decoded: u64,
    /// For helpers, where the load is worth splitting.
    shared: Option<Arc<SharedLoad>>,
    /// The rest in parts, once somebody helps.
    splitting: Option<Splitting>,
    /// It was split: what its work took says nothing of other loads.
    was_split: bool,
    /// Whether the stated length may be relied on.
    pub(super) shareable: bool,
    /// Whether there is room for all that may come, so that the sample can be heard as it grows.
    stays: bool,
    kinds: Kinds,
    pace: Pace,
    /// What was spent before the first frame was found, and where in the source that was.
    before: Spent,
    start_byte: u64,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    No,
    /// The source has to be opened again: see [`Decoding::start_over`].
    StartOver,
}

/// What this load teaches of.
struct Kinds {
    decode: Work,
    resample: Option<Work>,
}

impl Decoding {
    /// Begins after the first frame was found, for which `before` was spent.
    pub(super) fn start(
        mut decoder: Box<dyn Decoder>,
        read: Arc<ReadState>,
        found: Collector,
        options: LoadOptions,
        bench: &mut Workbench,
        before: Spent,
    ) -> Result<Self, LoadError> {
        let info = decoder.info();
        let AudioSpec { sample_rate: from, channels } = info.spec;
        let to = options.sample_rate.unwrap_or(from);
        let spec = AudioSpec { sample_rate: to, channels }.validate()?;
        let frames = capacity::frames(info, to, options.max_sample_bytes)?;
        let shareable = frames.is_some() && info.frames.is_some() && !info.frames_estimated;
        // Without any length there is room for what the bytes can hold at most.
        let stays = frames.is_some()
            && (info.length_stated || info.frames_counted || info.frames.is_none());
        let mut writer = match frames {
            // Only a guess: without room for it the sample grows as it comes.
            Some(frames) if !shareable => SampleWriter::with_capacity(spec, frames)
                .or_else(|_| SampleWriter::growing(spec))?,
            Some(frames) => SampleWriter::with_capacity(spec, frames)?,
            None => SampleWriter::growing(spec)?,
        };
        writer.set_speakers(info.speakers);
        if let Some(bytes) = options.max_sample_bytes {
            writer.limit_bytes(bytes);
        }
        let resampler = resampler_for(info.spec, to, &found, bench)?;
        let kinds = Kinds {
            decode: Work::Decode {
                container: info.container.clone(),
                codec: info.codec.clone(),
                bits: info.bits_per_sample,
            },
            resample: resampler.as_ref().map(|_| Work::Resample { from, to }),
        };
        let expected = frames.and(info.frames).unwrap_or(0);
        let is_worthwhile = splitting::is_worthwhile(&mut *decoder, resampler.as_ref(), expected);
        Ok(Self {
            shared: is_worthwhile.then(SharedLoad::new),
            splitting: None,
            was_split: false,
            pace: Pace::new(&kinds.decode, kinds.resample.as_ref()),
            kinds,
            writer,
            resampler,
            resampling: Duration::ZERO,
            frames_decoded: 0,
            shareable,
            stays,
            before,
            start_byte: read.position(),
            read,
            decoder,
            found,
        })
    }

    /// Decodes one step's worth.
    pub(super) fn decode_some(&mut self, bench: &mut Workbench) -> Result<More, LoadError> {
        if self.splitting.is_some() || self.begin_to_split() {
            return self.go_on_in_parts(bench);
        }
        let is_head = self.shared.is_some() && self.frames_decoded == 0;
        let most = if is_head { stretch_values(VALUES_PER_STEP) } else { VALUES_PER_STEP };
        self.decode_here(most).map(|more| if more { More::Yes } else { More::No })
    }

    /// Splits what is left if somebody helps; whether that is so.
    fn begin_to_split(&mut self) -> bool {
        if self.frames_decoded == 0 {
            return false;
        }
        let Some(shared) = self.shared.as_ref().filter(|shared| shared.helpers() > 0) else {
            return false;
        };
        let (shared, resampler) = (Arc::clone(shared), self.resampler.take());
        let frames = self.frames_decoded;
        let own_loop = self.found.own_loop();
        let decoder = &mut *self.decoder;
        self.splitting = Splitting::new(decoder, shared, resampler, &self.writer, frames, own_loop);
        self.was_split = self.splitting.is_some();
        self.was_split
    }

    fn go_on_in_parts(&mut self, bench: &mut Workbench) -> Result<More, LoadError> {
        let Some(splitting) = &mut self.splitting else { return Ok(More::No) };
        let mut decoded = Decoded::default();
        let progress = splitting.step(&mut *self.decoder, &mut self.writer, bench, &mut decoded)?;
        self.frames_decoded += decoded.frames;
        self.resampling += decoded.resampling;
        Ok(match progress {
            Progress::Working => More::Yes,
            Progress::Done => More::No,
            Progress::StartOver if splitting.has_ended(&mut self.writer)? => More::StartOver,
            Progress::StartOver => More::Yes,
        })
    }

    /// Goes on with `decoder`, which begins at the first frame of the same source.
    ///
    /// # Errors
    /// `io` when it is another file by now.
    pub(super) fn start_over(
        &mut self,
        (decoder, read): (Box<dyn Decoder>, Arc<ReadState>),
        bench: &mut Workbench,
    ) -> Result<(), LoadError> {
        let (was, is) = (self.decoder.info(), decoder.info());
        if (was.spec, &was.codec) != (is.spec, &is.codec) {
            return Err(LoadError::new(LoadErrorKind::Io, "the file changed while it was read"));
        }
        let to = self.writer.spec().sample_rate;
        self.resampler = resampler_for(is.spec, to, &self.found, bench)?;
        (self.splitting, self.shared) = (None, None);
        self.writer.start_over();
        self.frames_decoded = 0;
        (self.decoder, self.read) = (decoder, read);
        Ok(())
    }

    /// Whether it goes on in parts.
    pub(super) fn is_split(&self) -> bool {
        self.splitting.is_some()
    }

    /// What others may help with.
    pub(super) fn shared(&self) -> Option<&Arc<SharedLoad>> {
        self.shared.as_ref()
    }

    /// Decodes `most` values or a little more; whether there are more.
    fn decode_here(&mut self, most: usize) -> Result<bool, LoadError> {
        let channels = self.decoder.info().spec.channels;
        let mut values = 0;
        for _ in 0..PACKETS_PER_STEP {
            let appended = match &mut self.resampler {
                Some(resampler) => match self.decoder.next_chunk()? {
                    Some(chunk) => {
                        let begin = Instant::now();
                        resampler.push(chunk.planes(), &mut self.writer)?;
                        self.resampling += begin.elapsed();
                        Some(chunk.frames())
                    }
                    None => None,
                },
                None => self.decoder.decode_into(&mut self.writer)?,
            };
            let Some(frames) = appended else {
                return Ok(false);
            };
            self.frames_decoded += frames as u64;
            values += frames * channels;
            if values >= most {
                break;
            }
        }
        self.make_room();
        Ok(true)
    }

    /// Where the file does not say how long it is, makes room early for what its bytes promise:
    /// what grows at the end is there twice for a moment.
    fn make_room(&mut self) {
        let info = self.decoder.info();
        let is_guess = !info.length_stated && !self.shareable;
        let (len, read) = (info.byte_len, self.read.position());
        if !is_guess || read < len / MIN_SHARE_FOR_GUESS || read == 0 {
            return;
        }
        let written = self.writer.frames_written() as u64;
        let frames = u128::from(written) * u128::from(len) / u128::from(read);
        self.writer.make_room(usize::try_from(frames).unwrap_or(usize::MAX));
    }

    /// How much longer this load will take, given what was spent so far.
    pub(super) fn remaining(&mut self, spent: &Spent) -> Duration {
        let info = self.decoder.info();
        let channels = info.spec.channels as u64;
        let position = self.read.position();
        let bytes_left = info.byte_len.saturating_sub(position);
        let frames_left = match info.frames.filter(|_| info.length_stated) {
            Some(frames) if frames > self.frames_decoded => frames - self.frames_decoded,
            // Unknown, or more than was said: as many per byte as before.
            _ => match position.saturating_sub(self.start_byte) {
                0 => info.frames.unwrap_or(bytes_left),
                bytes => {
                    let frames = u128::from(self.frames_decoded) * u128::from(bytes_left)
                        / u128::from(bytes);
                    u64::try_from(frames).unwrap_or(u64::MAX)
                }
            },
        };
        let values_done = self.values_decoded();
        self.pace.remaining(&Position {
            values_done,
            values_left: frames_left.saturating_mul(channels),
            worked: spent.working.saturating_sub(self.before.working),
            bytes_done: spent.bytes_read,
            bytes_left,
            reading: spent.reading,
        })
    }

    fn values_decoded(&self) -> u64 {
        self.frames_decoded.saturating_mul(self.decoder.info().spec.channels as u64)
    }

    pub(super) fn frames_decoded(&self) -> u64 {
        self.frames_decoded
    }

    pub(super) fn resamples(&self) -> bool {
        self.kinds.resample.is_some()
    }

    /// The sample so far, where its memory does not move.
    pub(super) fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        self.writer.buffer().filter(|_| self.stays)
    }

    /// What is known by now of a sample whose memory does not move.
    pub(super) fn arriving(&self) -> Option<LoadedSample> {
        let info = self.decoder.info();
        let buffer = self.buffer()?;
        let room = (self.writer.frames_written() + self.writer.room()) as u64;
        let frames = info.frames.map_or(room, |frames| {
            output_frames(frames, info.spec.sample_rate, buffer.sample_rate())
        });
        Some(sample_of(info, self.found.clone(), buffer, frames, info.sure_frames()))
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.writer.held_bytes(!self.shareable)
    }

    /// Ends the sample, and remembers how long all of it took. `spent` is what was spent before.
    pub(super) fn finish(
        mut self,
        bench: &mut Workbench,
        spent: &Spent,
    ) -> Result<LoadedSample, LoadError> {
        let values = self.values_decoded();
        let worked = spent.working.saturating_sub(self.before.working);
        if !self.was_split {
            pace::learn(self.kinds.decode, values, worked.saturating_sub(self.resampling));
            if let Some(resample) = self.kinds.resample {
                pace::learn(resample, values, self.resampling);
            }
        }
        if let Some(mut resampler) = self.resampler.take() {
            let begin = Instant::now();
            resampler.finish(self.frames_decoded, &mut self.writer)?;
            self.resampling += begin.elapsed();
            bench.put_back(resampler);
        }
        if let Some(ends) = self.splitting.as_mut().and_then(Splitting::take_ends) {
            let AudioSpec { sample_rate: from, channels } = self.decoder.info().spec;
            let to = self.writer.spec().sample_rate;
            let mut resampler = bench.take_resampler(from, to, channels)?;
            self.writer.set_seams(resampler.seams(&ends, self.frames_decoded));
            bench.put_back(resampler);
        }
        let buffer = self.writer.finish();
        let frames = buffer.ready_frames() as u64;
        let source_frames = Some(self.frames_decoded);
        Ok(LoadedSample {
            warnings: self.decoder.warnings(),
            timings: StageTimings { resampling: self.resampling, ..StageTimings::default() },
            ..sample_of(self.decoder.info(), self.found, buffer, frames, source_frames)
        })
    }
}

/// What brings a file to another rate, and makes a seam of the loop that it says; None where it has
/// that rate.
fn resampler_for(
    AudioSpec { sample_rate: from, channels }: AudioSpec,
    to: u32,
    found: &Collector,
    bench: &mut Workbench,
) -> Result<Option<Resampler>, LoadError> {
    if from == to {
        return Ok(None);
    }
    let mut resampler = bench.take_resampler(from, to, channels)?;
    found.own_loop().into_iter().for_each(|range| resampler.keep_loop(range));
    Ok(Some(resampler))
}

/// A sample of `frames` frames, with what was `found` beside it in its file of `source_frames`.
fn sample_of(
    info: &StreamInfo,
    found: Collector,
    buffer: Arc<SampleBuffer>,
    frames: u64,
    source_frames: Option<u64>,
) -> LoadedSample {
    let (source_rate, sample_rate) = (info.spec.sample_rate, buffer.sample_rate());
    let audio = Audio { source_rate, sample_rate, frames, source_frames, is_guess: false };
    LoadedSample {
        metadata: found.placed_in(audio),
        source_rate,
        container: info.container.clone(),
        codec: info.codec.clone(),
        bits_per_sample: info.bits_per_sample,
        warnings: Vec::new(),
        buffer,
        timings: StageTimings::default(),
    }
}
