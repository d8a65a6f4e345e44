//! One sample in a file: a head, and blocks of values, each behind it its checksum.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `hotcue` and the version of this format |
//! | 32 | the key |
//! | 8 | length of the record |
//! | … | the record: what is known of the sample beside its values |
//! | 8 | XXH3 of all this |
//! | … | for each block of some frames the values of each channel, and XXH3 of these, whose seed is the number of the block |
//!
//! Numbers are little endian. Nothing follows the last block.

use std::io::{self, ErrorKind, Read, Write};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::card::Key;
use super::field::Field;
use super::records::{Record, kept};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::error::{LoadWarning, WarningCode};
use crate::job::{LoadedSample, StageTimings};
use crate::spec::AudioSpec;

/// Rises with every change to what a file decodes to, or to what is known of it beside that.
pub(super) const DECODERS: u32 = 1;
const MAGIC: [u8; 8] = *b"hotcue\0\x01";
/// Longest record: tags and cues of a file have their own limits, far below.
const MAX_RECORD_BYTES: u64 = 64 << 20;
/// Values of all channels in a block: what a step reads or writes, some tenths of a millisecond.
const BLOCK_VALUES: usize = 1 << 17;
const VALUE_BYTES: usize = size_of::<f32>();
const SUM_BYTES: usize = size_of::<u64>();

/// Frames of every block but the last.
fn block_frames(channels: usize) -> usize {
    (BLOCK_VALUES / channels).max(1)
}

/// Bytes of an entry whose record is of a length.
fn entry_len(spec: AudioSpec, frames: usize, record_len: u64) -> Option<u64> {
    let blocks = frames.div_ceil(block_frames(spec.channels)) as u64;
    let values = (frames as u64).checked_mul((spec.channels * VALUE_BYTES) as u64)?;
    let head = (MAGIC.len() + 32 + 8 + SUM_BYTES) as u64 + record_len;
    head.checked_add(values)?.checked_add(blocks.checked_mul(SUM_BYTES as u64)?)
}

/// Writes a sample block by block.
pub(super) struct EntryWriter<W> {
    target: W,
    sample: LoadedSample,
    next_frame: usize,
    blocks: u64,
    bytes: Vec<u8>,
}

impl<W: Write> EntryWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn new(mut target: W, key: Key, sample: LoadedSample) -> io::Result<Self> {
        let buffer = &sample.buffer;
        let mut record = Vec::new();
        Record {
            sample_rate: buffer.sample_rate(),
            channels: u32::try_from(buffer.channels()).unwrap_or(u32::MAX),
            frames: buffer.ready_frames() as u64,
            source_rate: sample.source_rate,
            container: sample.container.clone(),
            codec: sample.codec.clone(),
            bits_per_sample: sample.bits_per_sample,
            metadata: kept(sample.metadata.as_ref()),
        }
        .put(&mut record);
        let mut head = [MAGIC.as_slice(), key.as_bytes()].concat();
        (record.len() as u64).put(&mut head);
        head.extend(record);
        xxh3_64(&head).put(&mut head);
        target.write_all(&head)?;
        Ok(Self { target, sample, next_frame: 0, blocks: 0, bytes: Vec::new() })
    }

    /// Writes the next block; false once there is none left.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let buffer = &self.sample.buffer;
        let from = self.next_frame;
        let to = buffer.ready_frames().min(from + block_frames(buffer.channels()));
        self.bytes.clear();
        for channel in 0..buffer.channels() {
            self.bytes.extend(
                buffer.plane(channel)[from..to].iter().flat_map(|value| value.to_le_bytes()),
            );
        }
        xxh3_64_with_seed(&self.bytes, self.blocks).put(&mut self.bytes);
        self.target.write_all(&self.bytes)?;
        self.next_frame = to;
        self.blocks += 1;
        Ok(to < buffer.ready_frames())
    }

    pub(super) fn into_parts(self) -> (W, LoadedSample) {
        (self.target, self.sample)
    }

    pub(super) fn sample(&self) -> &LoadedSample {
        &self.sample
    }
}

/// Reads a sample block by block, and believes nothing that its checksum does not confirm.
pub(super) struct EntryReader<R> {
    source: R,
    record: Record,
    writer: SampleWriter,
    frames: usize,
    blocks: u64,
    bytes: Vec<u8>,
}

impl<R: Read> EntryReader<R> {
    /// Reads the head of an entry of `byte_len` bytes, and sets memory aside for its sample.
    ///
    /// # Errors
    /// `InvalidData` for what is no sound entry of this key; those of the source; `OutOfMemory`
    /// for a sample of more than `max_sample_bytes`, or without memory.
    pub(super) fn new(
        mut source: R,
        byte_len: u64,
        key: Key,
        max_sample_bytes: Option<u64>,
    ) -> io::Result<Self> {
        let mut head = vec![0; MAGIC.len() + 32 + 8];
        source.read_exact(&mut head)?;
        let (magic, rest) = head.split_at(MAGIC.len());
        let (its_key, mut len) = rest.split_at(32);
        let record_len = u64::take(&mut len).filter(|len| *len <= MAX_RECORD_BYTES.min(byte_len));
        let (Some(record_len), true) = (record_len, magic == MAGIC && its_key == key.as_bytes())
        else {
            return Err(unsound());
        };
        let start = head.len();
        source.by_ref().take(record_len + SUM_BYTES as u64).read_to_end(&mut head)?;
        let summed = head.len().checked_sub(SUM_BYTES).filter(|end| *end >= start);
        let (body, mut sum) = head.split_at(summed.ok_or_else(unsound)?);
        if u64::take(&mut sum) != Some(xxh3_64(body)) {
            return Err(unsound());
        }
        let mut fields = &body[start..];
        let record = Record::take(&mut fields).filter(|_| fields.is_empty());
        let record = record.ok_or_else(unsound)?;
        let channels = usize::try_from(record.channels).map_err(|_| unsound())?;
        let spec = AudioSpec { sample_rate: record.sample_rate, channels };
        let spec = spec.validate().map_err(|_| unsound())?;
        let frames = usize::try_from(record.frames).map_err(|_| unsound())?;
        if frames == 0 || entry_len(spec, frames, record_len) != Some(byte_len) {
            return Err(unsound());
        }
        let sample_bytes = (frames as u64).saturating_mul((channels * VALUE_BYTES) as u64);
        if max_sample_bytes.is_some_and(|most| sample_bytes > most) {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let writer = SampleWriter::with_capacity(spec, frames)
            .map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
        Ok(Self { source, record, writer, frames, blocks: 0, bytes: Vec::new() })
    }

    /// Reads the next block; false once there is none left.
    ///
    /// # Errors
    /// `InvalidData` for a block whose checksum is another; those of the source.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let channels = self.writer.spec().channels;
        let left = self.frames - self.writer.frames_written();
        let frames = left.min(block_frames(channels));
        let plane_bytes = frames * VALUE_BYTES;
        self.bytes.resize(plane_bytes * channels + SUM_BYTES, 0);
        self.source.read_exact(&mut self.bytes)?;
        let (values, mut sum) = self.bytes.split_at(plane_bytes * channels);
        if u64::take(&mut sum) != Some(xxh3_64_with_seed(values, self.blocks)) {
            return Err(unsound());
        }
        let filled = self.writer.write_with(frames, |channel, target| {
            let plane = &values[channel * plane_bytes..][..plane_bytes];
            for (value, bytes) in target.iter_mut().zip(plane.as_chunks().0) {
                *value = f32::from_le_bytes(*bytes);
            }
        });
        filled.map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
        self.blocks += 1;
        Ok(frames < left)
    }

    /// The sample, once all of it was read; its timings are for whoever has read it.
    pub(super) fn finish(self) -> LoadedSample {
        let Record { source_rate, container, codec, bits_per_sample, metadata, .. } = self.record;
        LoadedSample {
            buffer: self.writer.finish(),
            source_rate,
            container,
            codec,
            bits_per_sample,
            warnings: Vec::new(),
            metadata: metadata.map(Into::into),
            timings: StageTimings::default(),
        }
    }

    /// How much of it was read, 0..1.
    pub(super) fn fraction(&self) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "for a progress bar")]
        let fraction = (self.writer.frames_written() as f64 / self.frames as f64) as f32;
        fraction
    }

    /// Bytes that the sample takes.
    pub(super) fn held_bytes(&self) -> usize {
        self.writer.held_bytes(false)
    }
}

/// Whether an entry of it is worth its place: what is stored as it is heard is read from the file
/// as fast, and what was odd about a file is told at each load.
pub(super) fn is_worth_it(sample: &LoadedSample) -> bool {
    let buffer: &SampleBuffer = &sample.buffer;
    let is_plain = sample.codec.starts_with("pcm_") && sample.source_rate == buffer.sample_rate();
    // Of what a file is called, every load tells anew.
    let is_of_name = |warning: &LoadWarning| warning.code == WarningCode::ExtensionMismatch;
    !is_plain && sample.warnings.iter().all(is_of_name)
}

fn unsound() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no sound entry")
}
