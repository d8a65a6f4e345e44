//! One sample in a file: a record of what is known of it, and of some frames at a time the values of
//! each channel.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use super::card::Key;
use super::parts::{Magic, PartsReader, PartsWriter, unsound};
use super::records::Record;
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::error::{LoadWarning, WarningCode};
use crate::job::{LoadedSample, StageTimings};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// Rises with every change to what a file decodes to, or to what is known of it beside that.
pub(super) const DECODERS: u32 = 14;
pub(super) const MAGIC: Magic = *b"hotcue\0\x05";
/// Values of all channels in a block: what a step reads or writes, some tenths of a millisecond.
const BLOCK_VALUES: usize = 1 << 17;
const VALUE_BYTES: usize = size_of::<f32>();

/// Frames of every block but the last.
fn block_frames(channels: usize) -> usize {
    (BLOCK_VALUES / channels).max(1)
}

/// What an entry says of a sample beside its values.
pub(super) fn record_of(sample: &LoadedSample) -> Record {
    let buffer = &sample.buffer;
    // Of what a file is called, every load tells anew.
    let is_of_content = |warning: &&LoadWarning| warning.code != WarningCode::ExtensionMismatch;
    Record {
        spec: buffer.spec(),
        frames: buffer.ready_frames() as u64,
        source_rate: sample.source_rate,
        container: sample.container.clone(),
        codec: sample.codec.clone(),
        bits_per_sample: sample.bits_per_sample,
        warnings: sample.warnings.iter().filter(is_of_content).cloned().collect(),
        metadata: sample.metadata.clone(),
        speakers: buffer.speakers().mask().unwrap_or(0),
        seams: buffer.seams().to_vec(),
    }
}

/// Writes a sample block by block.
pub(super) struct EntryWriter<W> {
    parts: PartsWriter<W>,
    next_frame: usize,
}

impl<W: Write> EntryWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn new(target: W, key: Key, record: &Record) -> io::Result<Self> {
        Ok(Self { parts: PartsWriter::new(target, MAGIC, key, record)?, next_frame: 0 })
    }

    /// Writes the next block of the sample, the same each time; false once there is none left.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn step(&mut self, sample: &SampleBuffer) -> io::Result<bool> {
        let from = self.next_frame;
        let to = sample.ready_frames().min(from + block_frames(sample.channels()));
        self.parts.block(|bytes| {
            for channel in 0..sample.channels() {
                put_values(&sample.plane(channel)[from..to], bytes);
            }
        })?;
        self.next_frame = to;
        Ok(to < sample.ready_frames())
    }

    pub(super) fn into_inner(self) -> W {
        self.parts.into_inner()
    }
}

/// Appends values, little endian.
pub(super) fn put_values(values: &[f32], bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + size_of_val(values), 0);
    for (bytes, value) in bytes[start..].as_chunks_mut().0.iter_mut().zip(values) {
        *bytes = value.to_le_bytes();
    }
}

/// Reads a sample block by block.
pub(super) struct EntryReader<R> {
    parts: PartsReader<R>,
    record: Record,
    writer: SampleWriter,
    frames: usize,
}

impl<R: Read> EntryReader<R> {
    /// Reads the head of an entry of `byte_len` bytes, and sets memory aside for its sample.
    ///
    /// # Errors
    /// `InvalidData` for what is no sound entry of this key; those of the source; `OutOfMemory`
    /// for a sample of more than `max_sample_bytes`, or without memory.
    pub(super) fn new(
        source: R,
        byte_len: u64,
        key: Key,
        max_sample_bytes: Option<u64>,
    ) -> io::Result<Self> {
        let (parts, mut record) = PartsReader::new::<Record>(source, byte_len, MAGIC, key)?;
        let AudioSpec { channels, .. } = record.spec;
        let frames = usize::try_from(record.frames).map_err(|_| unsound())?;
        if frames == 0 {
            return Err(unsound());
        }
        let sample_bytes = record.frames.checked_mul((channels * VALUE_BYTES) as u64);
        parts.expect(sample_bytes, frames.div_ceil(block_frames(channels)) as u64)?;
        if max_sample_bytes.is_some_and(|most| sample_bytes > Some(most)) {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let mut writer = SampleWriter::with_capacity(record.spec, frames)
            .map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
        writer.set_speakers(Speakers::of_mask(record.speakers, channels));
        writer.set_seams(std::mem::take(&mut record.seams));
        Ok(Self { parts, record, writer, frames })
    }

    /// Reads the next block; false once there is none left.
    ///
    /// # Errors
    /// `InvalidData` for a block whose checksum is another; those of the source.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let channels = self.writer.spec().channels;
        let left = self.frames - self.writer.frames_written();
        let frames = left.min(block_frames(channels));
        let mut block = self.parts.begin_block()?;
        let written = self.writer.write_sound(frames, |channel, target| {
            block.read(bytemuck::cast_slice_mut(target))?;
            for value in target {
                *value = f32::from_bits(u32::from_le(value.to_bits()));
            }
            // Nobody sees what its checksum does not confirm.
            if channel + 1 == channels { block.end() } else { Ok(()) }
        });
        written.map_err(|_| io::Error::from(ErrorKind::OutOfMemory))??;
        Ok(frames < left)
    }

    /// The sample, once all of it was read; its timings are for whoever has read it.
    pub(super) fn finish(mut self) -> LoadedSample {
        let warnings = std::mem::take(&mut self.record.warnings);
        LoadedSample { warnings, ..loaded(self.record, self.writer.finish()) }
    }

    /// The sample as far as it was read.
    pub(super) fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        self.writer.buffer()
    }

    /// What is known of it by now: all but its warnings.
    pub(super) fn arriving(&self) -> Option<LoadedSample> {
        self.buffer().map(|buffer| loaded(self.record.clone(), buffer))
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

/// What `record` says of the sample that `buffer` is, but for its warnings.
fn loaded(record: Record, buffer: Arc<SampleBuffer>) -> LoadedSample {
    let Record { source_rate, container, codec, bits_per_sample, metadata, .. } = record;
    LoadedSample {
        buffer,
        source_rate,
        container,
        codec,
        bits_per_sample,
        warnings: Vec::new(),
        metadata,
        timings: StageTimings::default(),
    }
}

/// Whether an entry of it is worth its place: what is stored as it is heard is read from the file
/// as fast.
pub(super) fn is_worth_it(sample: &LoadedSample) -> bool {
    let buffer: &SampleBuffer = &sample.buffer;
    !sample.codec.starts_with("pcm_") || sample.source_rate != buffer.sample_rate()
}
