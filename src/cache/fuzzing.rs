//! The readers of the cache, for those who feed them anything: see [`crate::fuzzing`].

use std::num::NonZeroUsize;

use super::card::Key;
use super::entry::{self, EntryReader, EntryWriter, record_of};
use super::field::Field;
use super::hearing::{self, Facts};
use super::parts::{Magic, PartsWriter};
use super::result::{self, ResultReader, ResultWriter};
use crate::analysis::{AnalysisKind, AnalysisResult, Resolution};
use crate::job::LoadedSample;

/// Most bytes of a sample that is read.
const MAX_SAMPLE_BYTES: u64 = 1 << 20;
/// This bit of the first byte: the rest is a file as it is.
const AS_IT_IS: u8 = 1 << 7;
/// The number of facts behind those of the kinds, and of an entry.
const FACTS: u8 = 6;
const KEY: [u8; 32] = [7; 32];

/// A file of the cache: a result of a kind, an entry or facts, as the first byte says. What follows
/// is the file, or the record and the blocks of one whose head and checksums are right, each behind two
/// bytes that state its length.
///
/// # Panics
/// When what was read is written as another file, which says something else.
pub fn cache(bytes: &[u8]) {
    is_sound(bytes);
}

/// The same; whether there was anything sound in it.
///
/// # Panics
/// As it does.
pub(crate) fn is_sound(bytes: &[u8]) -> bool {
    let Some((which, bytes)) = bytes.split_first() else { return false };
    let number = which & !AS_IT_IS;
    let kind = AnalysisKind::ALL.get(usize::from(number)).copied();
    let magic = match kind {
        Some(_) => result::MAGIC,
        None if number == FACTS => hearing::MAGIC,
        None => entry::MAGIC,
    };
    let file = if which & AS_IT_IS == 0 { sealed(bytes, magic) } else { bytes.to_vec() };
    if number == FACTS {
        let key = Key::from_bytes(KEY);
        let Ok(facts) = Facts::read(file.as_slice(), file.len() as u64, key) else { return false };
        let kept = facts.write(Vec::new(), key).expect("memory takes all");
        let again = Facts::read(kept.as_slice(), kept.len() as u64, key);
        let again = again.expect("what was written can be read").write(Vec::new(), key);
        assert_eq!(again.expect("memory takes all"), kept);
        return true;
    }
    let Some(kind) = kind else {
        let Some(sample) = sample(&file) else { return false };
        // A text may be there twice that is kept once.
        let kept = written_sample(&sample);
        let again = self::sample(&kept).expect("what was written can be read");
        assert_eq!(written_sample(&again), kept);
        return true;
    };
    let Some(result) = result(&file, kind) else { return false };
    if let AnalysisResult::Waveform(waveform) = &result {
        waveform.pixels(3, 0.0, 1e3);
        waveform.to_dat(Resolution::Bits8, NonZeroUsize::MIN);
    }
    assert!(written_result(result) == file, "the same file comes of it");
    true
}

/// A record as bytes.
struct Raw<'a>(&'a [u8]);

impl Field for Raw<'_> {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.0);
    }

    fn take(_: &mut &[u8]) -> Option<Self> {
        None
    }
}

fn sealed(mut bytes: &[u8], magic: Magic) -> Vec<u8> {
    let mut next = || {
        let (len, rest) = bytes.split_first_chunk()?;
        let len = usize::from(u16::from_le_bytes(*len));
        let (part, rest) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        bytes = rest;
        Some(part)
    };
    let record = Raw(next().unwrap_or_default());
    let key = Key::from_bytes(KEY);
    let mut parts = PartsWriter::new(Vec::new(), magic, key, &record).expect("memory takes all");
    while let Some(block) = next() {
        parts.block(|bytes| bytes.extend_from_slice(block)).expect("memory takes all");
    }
    parts.into_inner()
}

fn sample(file: &[u8]) -> Option<LoadedSample> {
    let (key, most) = (Key::from_bytes(KEY), Some(MAX_SAMPLE_BYTES));
    let mut reader = EntryReader::new(file, file.len() as u64, key, most).ok()?;
    let mut fraction = 0.0;
    while reader.step().ok()? {
        assert!(reader.fraction() >= fraction && reader.fraction() < 1.0, "it goes on");
        fraction = reader.fraction();
    }
    let sample = reader.finish();
    assert!(sample.buffer.byte_len() as u64 <= MAX_SAMPLE_BYTES);
    assert!(sample.buffer.spec().validate().is_ok());
    Some(sample)
}

fn written_sample(sample: &LoadedSample) -> Vec<u8> {
    let record = record_of(sample);
    let writer = EntryWriter::new(Vec::new(), Key::from_bytes(KEY), &record);
    let mut writer = writer.expect("memory takes all");
    while writer.step(&sample.buffer).expect("memory takes all") {}
    writer.into_inner()
}

fn result(file: &[u8], kind: AnalysisKind) -> Option<AnalysisResult> {
    let key = Key::from_bytes(KEY);
    let mut reader = ResultReader::new(file, file.len() as u64, key, kind).ok()?;
    while reader.step().ok()? {}
    let result = reader.finish();
    assert_eq!(result.kind(), kind);
    Some(result)
}

fn written_result(result: AnalysisResult) -> Vec<u8> {
    let writer = ResultWriter::new(Vec::new(), Key::from_bytes(KEY), result);
    let mut writer = writer.expect("memory takes all");
    while writer.step().expect("memory takes all") {}
    writer.into_parts().0
}
