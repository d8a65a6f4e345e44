//! Files and sources that the unit tests make themselves.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::buffer::{SampleBuffer, SampleWriter};
use crate::resample::Resampler;
use crate::source::{ByteSource, ReadSeek, Source};
use crate::spec::AudioSpec;

/// `WAVE_FORMAT_PCM`.
pub(crate) const PCM: u16 = 1;
/// `WAVE_FORMAT_IEEE_FLOAT`.
pub(crate) const FLOAT: u16 = 3;

/// A WAV file of `data`, with the header that fits it.
pub(crate) fn wav(format: u16, bits: u16, channels: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    let frame_bytes = channels * (bits / 8);
    let data_len = u32::try_from(data.len()).expect("test files are small");
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data_len).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(format.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame_bytes)).to_le_bytes());
    file.extend(frame_bytes.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend(data_len.to_le_bytes());
    file.extend(data);
    file
}

/// Bytes of a [`wav`] before its data.
pub(crate) const WAV_HEADER_BYTES: usize = 44;

/// A 16-bit stereo WAV of `frames` frames: frame `n` holds `ramp(n)` and its negative.
pub(crate) fn ramp_wav(frames: u32, rate: u32) -> Vec<u8> {
    let data: Vec<u8> =
        (0..frames).flat_map(|n| [ramp(n), -ramp(n)]).flat_map(i16::to_le_bytes).collect();
    wav(PCM, 16, 2, rate, &data)
}

/// A sample as a load makes it of `planes` at one rate for another, and of a loop in them.
pub(crate) fn converted(
    (from, to): (u32, u32),
    planes: &[Vec<f32>],
    own_loop: Option<Range<u64>>,
) -> Arc<SampleBuffer> {
    let spec = AudioSpec { sample_rate: to, channels: planes.len() };
    let mut writer = SampleWriter::growing(spec).expect("a valid spec");
    let mut resampler = Resampler::new(from, to, planes.len()).expect("valid rates");
    own_loop.into_iter().for_each(|range| resampler.keep_loop(range));
    let frames = planes[0].len() as u64;
    let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    resampler.push(&planes, &mut writer).expect("memory");
    resampler.finish(frames, &mut writer).expect("memory");
    writer.finish()
}

/// −10 000 to 9 999 and again.
pub(crate) fn ramp(frame: u32) -> i16 {
    i16::try_from(frame % 20_000).expect("below 20 000") - 10_000
}

/// What a [`Faulty`] source does at one of its reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Error,
    Panic,
}

/// A source of known bytes that counts and, at read number `at_read`, fails.
pub(crate) struct Faulty {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) at_read: Option<(usize, Fault)>,
    pub(crate) opened: AtomicUsize,
    pub(crate) reads: Arc<AtomicUsize>,
}

impl Faulty {
    pub(crate) fn new(bytes: Vec<u8>, at_read: Option<(usize, Fault)>) -> Arc<Self> {
        Arc::new(Self {
            bytes: bytes.into(),
            at_read,
            opened: AtomicUsize::new(0),
            reads: Arc::default(),
        })
    }

    pub(crate) fn source(self: &Arc<Self>) -> Source {
        Source::Custom(Arc::clone(self) as Arc<dyn ByteSource>)
    }
}

impl ByteSource for Faulty {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(FaultyReader {
            content: Cursor::new(Arc::clone(&self.bytes)),
            at_read: self.at_read,
            reads: Arc::clone(&self.reads),
        }))
    }

    fn name(&self) -> &str {
        "faulty"
    }
}

struct FaultyReader {
    content: Cursor<Arc<[u8]>>,
    at_read: Option<(usize, Fault)>,
    reads: Arc<AtomicUsize>,
}

impl Read for FaultyReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        match self.at_read {
            Some((at, Fault::Error)) if at == read => Err(io::Error::other("the disk is gone")),
            Some((at, Fault::Panic)) if at == read => panic!("a source that panics"),
            // Every third read is interrupted by a signal first, which must not matter.
            _ if read % 3 == 2 => Err(io::Error::from(io::ErrorKind::Interrupted)),
            _ => self.content.read(target),
        }
    }
}

impl Seek for FaultyReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

#[cfg(test)]
/// The pages of `file` (RFC 3533, section 6).
pub(crate) fn ogg_pages(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut pages, mut rest) = (Vec::new(), file);
    while !rest.is_empty() {
        assert!(rest.starts_with(b"OggS"));
        let segments = usize::from(rest[26]);
        let content: usize = rest[27..27 + segments].iter().map(|len| usize::from(*len)).sum();
        let (page, behind) = rest.split_at(27 + segments + content);
        pages.push(page.to_vec());
        rest = behind;
    }
    pages
}

/// `page` with the checksum that fits it.
#[cfg(test)]
pub(crate) fn with_checksum(mut page: Vec<u8>) -> Vec<u8> {
    page[22..26].fill(0);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 0 { 0 } else { 0x04c1_1db7 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// A first page of Ogg with one short packet.
#[cfg(test)]
pub(crate) fn ogg_page(packet: &[u8]) -> Vec<u8> {
    let len = u8::try_from(packet.len()).expect("short");
    let mut page = b"OggS\0\x02".to_vec();
    page.resize(26, 0);
    page.extend([1, len]);
    page.extend(packet);
    with_checksum(page)
}
