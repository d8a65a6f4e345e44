//! What was heard of one kind in a file: a record of all of it, and of a waveform the blocks behind.

use std::io::{self, Read, Write};

use super::card::Key;
use super::entry::put_values;
use super::field::Field;
use super::parts::{Magic, PartsReader, PartsWriter, unsound};
use crate::analysis::{
    AnalysisKind, AnalysisResult, ColouredWaveform, Key as MusicalKey, Loudness, Mode, Onsets,
    TempoAlternative, TempoEstimate, WaveformBlock,
};
use crate::spec::AudioSpec;

pub(super) const MAGIC: Magic = *b"hotcuea\x02";
/// Blocks of a waveform that a step reads or writes: some tenths of a millisecond.
const BLOCKS: usize = 1 << 13;

/// A result, as the record has it.
enum Heard {
    Loudness(Loudness),
    Onsets(Onsets),
    Bpm(TempoEstimate),
    Key(Option<MusicalKey>),
    /// Its blocks follow the record.
    Waveform(Outline),
}

/// What a waveform is of.
struct Outline {
    spec: AudioSpec,
    frames: u64,
}

super::records::record!(Outline { spec, frames });
super::records::record!(Loudness {
    integrated_lufs,
    momentary_max_lufs,
    short_term_max_lufs,
    range_lu,
    sample_peak,
    true_peak,
    is_short,
    is_mono,
});
super::records::record!(Onsets {
    frames,
    onsets_sec,
    strengths,
    leading_silence_sec,
    trailing_silence_sec,
});
super::records::record!(TempoAlternative { bpm, weight });
super::records::record!(TempoEstimate {
    bpm,
    confidence,
    octave_confidence,
    alternatives,
    loop_bpm,
    n_beats,
    beats_sec,
    downbeats_sec,
    beats_per_bar,
    stability,
});
super::records::choice!(Mode { Major, Minor });
super::records::record!(MusicalKey { tonic, mode, confidence, tuning_cents });

impl Heard {
    fn of(result: &AnalysisResult) -> Self {
        match result {
            AnalysisResult::Loudness(loudness) => Self::Loudness(*loudness),
            AnalysisResult::Onsets(onsets) => Self::Onsets(onsets.clone()),
            AnalysisResult::Bpm(tempo) => Self::Bpm(tempo.clone()),
            AnalysisResult::Key(key) => Self::Key(*key),
            AnalysisResult::Waveform(waveform) => {
                Self::Waveform(Outline { spec: waveform.spec(), frames: waveform.frames() as u64 })
            }
        }
    }

    fn kind(&self) -> AnalysisKind {
        match self {
            Self::Loudness(_) => AnalysisKind::Loudness,
            Self::Onsets(_) => AnalysisKind::Onsets,
            Self::Bpm(_) => AnalysisKind::Bpm,
            Self::Key(_) => AnalysisKind::Key,
            Self::Waveform(_) => AnalysisKind::Waveform,
        }
    }
}

impl Field for Heard {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.kind().put(bytes);
        match self {
            Self::Loudness(loudness) => loudness.put(bytes),
            Self::Onsets(onsets) => onsets.put(bytes),
            Self::Bpm(tempo) => tempo.put(bytes),
            Self::Key(key) => key.put(bytes),
            Self::Waveform(outline) => outline.put(bytes),
        }
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(match AnalysisKind::take(bytes)? {
            AnalysisKind::Loudness => Self::Loudness(Field::take(bytes)?),
            AnalysisKind::Onsets => Self::Onsets(Field::take(bytes)?),
            AnalysisKind::Bpm => Self::Bpm(Field::take(bytes)?),
            AnalysisKind::Key => Self::Key(Field::take(bytes)?),
            AnalysisKind::Waveform => Self::Waveform(Field::take(bytes)?),
        })
    }
}

super::records::choice!(AnalysisKind { Loudness, Waveform, Onsets, Bpm, Key });

/// Bytes of what follows the record of a result.
pub(super) fn block_bytes(result: &AnalysisResult) -> u64 {
    match result {
        AnalysisResult::Waveform(waveform) => {
            waveform.rows().map(|row| (row.len() * WaveformBlock::BYTES) as u64).sum()
        }
        _ => 0,
    }
}

/// Writes a result, and a waveform step by step.
pub(super) struct ResultWriter<W> {
    parts: PartsWriter<W>,
    result: AnalysisResult,
    /// Row and block of a waveform that come next.
    next: (usize, usize),
}

impl<W: Write> ResultWriter<W> {
    /// Writes the record.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn new(target: W, key: Key, result: AnalysisResult) -> io::Result<Self> {
        let parts = PartsWriter::new(target, MAGIC, key, &Heard::of(&result))?;
        Ok(Self { parts, result, next: (0, 0) })
    }

    /// Writes some more; false once there is nothing left.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let AnalysisResult::Waveform(waveform) = &self.result else { return Ok(false) };
        let (row, from) = self.next;
        let mut rows = waveform.rows().filter(|row| !row.is_empty());
        let Some(blocks) = rows.nth(row) else { return Ok(false) };
        let to = blocks.len().min(from + BLOCKS);
        self.parts.block(|bytes| {
            blocks[from..to].iter().for_each(|block| put_values(&block.values(), bytes));
        })?;
        self.next = if to < blocks.len() { (row, to) } else { (row + 1, 0) };
        Ok(true)
    }

    pub(super) fn into_parts(self) -> (W, AnalysisResult) {
        (self.parts.into_inner(), self.result)
    }
}

/// Reads a result, and a waveform step by step.
pub(super) struct ResultReader<R> {
    parts: PartsReader<R>,
    state: State,
}

enum State {
    Whole(AnalysisResult),
    Waveform(Rows),
}

/// A waveform that is being read.
struct Rows {
    spec: AudioSpec,
    frames: usize,
    /// What each of the rows is to have.
    lens: Vec<usize>,
    rows: Vec<Vec<WaveformBlock>>,
}

impl Rows {
    /// None where there is no such waveform.
    fn new(outline: &Outline) -> Option<Self> {
        let spec = outline.spec;
        let frames = usize::try_from(outline.frames).ok()?;
        let lens = ColouredWaveform::row_lens(spec, frames);
        Some(Self { spec, frames, rows: vec![Vec::new(); lens.len()], lens })
    }

    /// Their bytes.
    fn bytes(&self) -> Option<u64> {
        self.lens.iter().try_fold(0_u64, |sum, len| {
            sum.checked_add((*len as u64).checked_mul(WaveformBlock::BYTES as u64)?)
        })
    }
}

impl<R: Read> ResultReader<R> {
    /// Reads the record of a file of `byte_len` bytes.
    ///
    /// # Errors
    /// `InvalidData` for what is no sound result of this key and kind; those of the source.
    pub(super) fn new(source: R, byte_len: u64, key: Key, kind: AnalysisKind) -> io::Result<Self> {
        let (parts, heard) = PartsReader::new::<Heard>(source, byte_len, MAGIC, key)?;
        if heard.kind() != kind {
            return Err(unsound());
        }
        let state = match heard {
            Heard::Loudness(loudness) => State::Whole(AnalysisResult::Loudness(loudness)),
            Heard::Onsets(onsets) => State::Whole(AnalysisResult::Onsets(onsets)),
            Heard::Bpm(tempo) => State::Whole(AnalysisResult::Bpm(tempo)),
            Heard::Key(key) => State::Whole(AnalysisResult::Key(key)),
            Heard::Waveform(outline) => State::Waveform(Rows::new(&outline).ok_or_else(unsound)?),
        };
        let (bytes, blocks) = match &state {
            State::Whole(_) => (Some(0), 0),
            State::Waveform(rows) => {
                (rows.bytes(), rows.lens.iter().map(|len| len.div_ceil(BLOCKS) as u64).sum())
            }
        };
        parts.expect(bytes, blocks)?;
        Ok(Self { parts, state })
    }

    /// Reads some more; false once there is nothing left.
    ///
    /// # Errors
    /// `InvalidData` for a block whose checksum is another; those of the source.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let State::Waveform(Rows { lens, rows, .. }) = &mut self.state else { return Ok(false) };
        let mut open = rows.iter_mut().zip(lens).filter(|(row, len)| row.len() < **len);
        let Some((row, len)) = open.next() else { return Ok(false) };
        let blocks = BLOCKS.min(*len - row.len());
        let bytes = self.parts.block(blocks * WaveformBlock::BYTES)?;
        row.extend(bytes.as_chunks().0.iter().map(WaveformBlock::from_bytes));
        Ok(true)
    }

    /// The result, once all of it was read.
    pub(super) fn finish(self) -> AnalysisResult {
        match self.state {
            State::Whole(result) => result,
            State::Waveform(Rows { spec, frames, rows, .. }) => {
                AnalysisResult::Waveform(ColouredWaveform::from_rows(spec, frames, rows).into())
            }
        }
    }
}
