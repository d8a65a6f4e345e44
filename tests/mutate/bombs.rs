//! Small files that ask for gigabytes: numbers that a reader or decoder makes room by before it has
//! seen what they count.
//!
//! # Sources
//! Vorbis I specification: headers 4.2, codebooks 3.2.1. RFC 9639 (FLAC): STREAMINFO 8.2, pictures
//! 8.8. RFC 9559 (Matroska) and 8794 (EBML). ISO/IEC 14496-12: `mdhd` 8.4.2, `stsz` 8.7.3.2, `stts`
//! 8.6.1.2, `stsc` 8.7.4, `stco` 8.7.5. Apple, *Core Audio Format 1.0* and *ALAC magic cookie*. Xing's
//! tag: flags, frames, bytes.

use std::time::Duration;

use hotcue::{LoadOptions, Source};
use hotcue_tests::loading::load;
use hotcue_tests::{fixtures, ogg_page, panics, repair_ogg_checksums};

use super::memory::peak_of;

/// Far more than any small file needs, far less than any of these asks for.
const MAX_PEAK_BYTES: usize = 96 << 20;
const MAX_FILE_BYTES: usize = 64 << 10;
const DEADLINE: Duration = Duration::from_secs(20);

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).expect("the fixture is there")
}

/// `name` with `value` written `offset` bytes from the last `mark` on.
fn lying(name: &str, mark: &[u8], offset: isize, value: &[u8]) -> Vec<u8> {
    let mut file = fixture(name);
    let at = file.windows(mark.len()).rposition(|bytes| bytes == mark).expect("it has one");
    let at = at.checked_add_signed(offset).expect("within the file");
    file[at..at + value.len()].copy_from_slice(value);
    repair_ogg_checksums(&mut file);
    file
}

/// Bits, the lowest of each byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            }
            self.used += 1;
        }
    }
}

/// The headers of a Vorbis stream with 256 codebooks, each of 131,072 vectors of 32 values, all the
/// same: 20 bytes each, and 16 MiB in memory.
fn vorbis_headers() -> [Vec<u8>; 3] {
    let rates = [48_000_u32, 0, 0, 0].map(u32::to_le_bytes).concat();
    let identification = [b"\x01vorbis\0\0\0\0\x01", &rates[..], b"\xb8\x01"].concat();
    let comment = b"\x03vorbis\0\0\0\0\0\0\0\0\x01".to_vec();
    let mut bits = Bits::default();
    bits.put(255, 8);
    for _ in 0..256 {
        bits.put(0x56_4342, 24);
        bits.put(32, 16);
        bits.put(131_072, 24);
        // Ordered by length: all have 17 bits.
        bits.put(1, 1);
        bits.put(16, 5);
        bits.put(131_072, 18);
        // Lookup of type 1, from 0 in steps of 1, one value of one bit.
        bits.put(1, 4);
        bits.put(0, 32);
        bits.put(1, 32);
        bits.put(0, 4);
        bits.put(0, 1);
        bits.put(0, 1);
    }
    bits.bytes.extend([0; 25]);
    let setup = [b"\x05vorbis", &bits.bytes[..]].concat();
    [identification, comment, setup]
}

fn vorbis_in_ogg() -> Vec<u8> {
    let [identification, comment, setup] = vorbis_headers();
    [
        ogg_page(2, 0, &[identification]),
        ogg_page(0, 1, &[comment, setup]),
        ogg_page(4, 2, &[vec![0; 40]]),
    ]
    .concat()
}

/// An element of Matroska that states `size` bytes.
fn element_of(id: &[u8], size: u64, content: &[u8]) -> Vec<u8> {
    let mut size = (size | 1 << 56).to_be_bytes();
    size[0] = 1;
    [id, &size, content].concat()
}

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    element_of(id, content.len() as u64, content)
}

/// A Matroska file of one track with `private` data and one block.
fn matroska(codec: &[u8], private: &[u8], block: &[u8]) -> Vec<u8> {
    let audio = [element(&[0xb5], &48_000_f32.to_be_bytes()), element(&[0x9f], &[1])].concat();
    let track = [
        element(&[0xd7], &[1]),
        element(&[0x73, 0xc5], &[1]),
        element(&[0x83], &[2]),
        element(&[0x86], codec),
        private.to_vec(),
        element(&[0xe1], &audio),
    ]
    .concat();
    let tracks = element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &track));
    let cluster = [element(&[0xe7], &[0]), block.to_vec()].concat();
    let segment = [tracks, element(&[0x1f, 0x43, 0xb6, 0x75], &cluster)].concat();
    let head = [element(&[0x42, 0x82], b"matroska"), element(&[0x42, 0x85], &[2])].concat();
    [element(b"\x1a\x45\xdf\xa3", &head), element(b"\x18\x53\x80\x67", &segment)].concat()
}

fn vorbis_in_matroska() -> Vec<u8> {
    let [identification, comment, setup] = vorbis_headers();
    let lengths =
        [identification.len(), comment.len()].map(|len| u8::try_from(len).expect("below 255"));
    let private = [&[2], &lengths[..], &identification, &comment, &setup].concat();
    let block = element(&[0xa3], &[0x81, 0, 0, 0, 0, 0, 0]);
    matroska(b"A_VORBIS", &element(&[0x63, 0xa2], &private), &block)
}

/// A CAF file whose chunk `kind` states `size` bytes.
fn caf(codec: &[u8; 4], kind: &[u8; 4], size: u64, content: &[u8]) -> Vec<u8> {
    let mut description = 48_000_f64.to_be_bytes().to_vec();
    description.extend(codec);
    // Flags, bytes and frames per packet, channels, bits.
    description.extend([0, 0, 4_096, 2, 16].map(u32::to_be_bytes).concat());
    let chunk = [kind, &size.to_be_bytes()[..], content].concat();
    let data = [b"data", &24_u64.to_be_bytes()[..], &[0; 24]].concat();
    [b"caff\0\x01\0\0desc", &32_u64.to_be_bytes()[..], &description, &chunk, &data].concat()
}

/// What a table of packets states: how many, how many frames.
fn packet_table(packets: u64) -> Vec<u8> {
    [&packets.to_be_bytes()[..], &packets.to_be_bytes(), &[0; 8], &[1; 64]].concat()
}

/// FLAC's last metadata before `frames`: a picture that states `len` bytes.
fn flac_with_picture(len: u32) -> Vec<u8> {
    let file = fixture("flac_16.flac");
    let (head, rest) = file.split_at(4 + 4 + 34);
    let mut head = head.to_vec();
    head[4] &= 0x7f;
    let picture = [
        &[0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &[0; 16],
        // The length of the picture itself.
        &len.to_be_bytes(),
        &[0; 32],
    ]
    .concat();
    let size = u32::try_from(picture.len()).expect("short").to_be_bytes();
    [&head[..], &[6], &size[1..], &picture, rest].concat()
}

/// A WAV of ADPCM with blocks as large as they can be stated.
fn adpcm(format: u16) -> Vec<u8> {
    let mut fmt = [format, 2].map(u16::to_le_bytes).concat();
    fmt.extend([48_000_u32, 48_000].map(u32::to_le_bytes).concat());
    fmt.extend([u16::MAX, 4, 32, u16::MAX].map(u16::to_le_bytes).concat());
    // As many coefficients as there is room for.
    fmt.extend([u16::MAX; 15].map(u16::to_le_bytes).concat());
    let len = u32::try_from(fmt.len()).expect("short").to_le_bytes();
    let data = [b"data", &u32::MAX.to_le_bytes()[..], &[0; 400]].concat();
    [b"RIFF\xff\xff\xff\xffWAVEfmt ", &len[..], &fmt, &data].concat()
}

#[test]
fn small_files_that_ask_for_gigabytes_do_not_get_them() {
    const ALL: [u8; 8] = [0xff; 8];
    let huge = 1 << 40;
    let opus_head = [b"OpusHead\x01", &[64, 0, 0][..], &[0; 6], &[255, 255, 0], &[0; 64]].concat();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("Vorbis codebooks in Ogg", vorbis_in_ogg()),
        ("Vorbis codebooks in Matroska", vorbis_in_matroska()),
        ("Vorbis channels", lying("vorbis.ogg", b"\x01vorbis", 11, &[255])),
        ("a granule position of Vorbis", {
            lying("vorbis.ogg", b"OggS", 6, &(i64::MAX / 4).to_le_bytes())
        }),
        ("a granule position of Opus", {
            lying("opus.opus", b"OggS", 6, &(i64::MAX / 4).to_le_bytes())
        }),
        ("streams of Opus", {
            [ogg_page(2, 0, &[opus_head]), ogg_page(4, 1, &[b"OpusTags".to_vec(), vec![0; 500]])]
                .concat()
        }),
        ("frames of FLAC", lying("flac_16.flac", b"fLaC", 4 + 4 + 13, &[0x4f, 255, 255, 255, 255])),
        ("a block of FLAC", lying("flac_16.flac", b"fLaC", 4 + 4, &[0, 16, 255, 255])),
        ("a picture in FLAC", flac_with_picture(u32::MAX)),
        ("a picture of 2 GiB in FLAC", flac_with_picture(1 << 31)),
        ("metadata of FLAC", lying("flac_16.flac", b"fLaC", 5, &[255, 255, 255])),
        ("a private part of Matroska", {
            matroska(b"A_FLAC", &element_of(&[0x63, 0xa2], huge, b"fLaC"), &[])
        }),
        ("a block of Matroska", {
            let block = element_of(&[0xa3], huge, &[0x81, 0, 0, 0, 0]);
            matroska(b"A_PCM/INT/LIT", &[], &block)
        }),
        ("laces of Matroska", {
            let block = element(&[0xa3], &[0x81, 0, 0, 0x06, 255, 0x08, 0xff, 0xff, 0xff, 0xff]);
            matroska(b"A_PCM/INT/LIT", &[], &block)
        }),
        ("channels of Matroska", {
            let mut file = matroska(b"A_PCM/INT/LIT", &[], &element(&[0xa3], &[0x81, 0, 0, 0, 0]));
            let at = file.windows(10).position(|b| b == [0x9f, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
            file[at.expect("it has channels") + 9] = 255;
            file
        }),
        ("a packet table of CAF", caf(b"alac", b"pakt", 88, &packet_table(i64::MAX as u64))),
        ("a packet table of AAC in CAF", caf(b"aac ", b"pakt", 88, &packet_table(1 << 40))),
        ("a cookie in CAF", caf(b"alac", b"kuki", i64::MAX as u64, &[0; 24])),
        ("a cookie of 2 GiB in CAF", caf(b"alac", b"kuki", 1 << 31, &[0; 24])),
        ("a frame of ALAC", lying("alac_16.m4a", b"alac", 8, &[255; 4])),
        ("a frame of ALAC that may be", lying("alac_16.m4a", b"alac", 8, &[0, 1, 0, 0])),
        ("channels of an MP4", lying("alac_16.m4a", b"stsd", 12 + 24, &[255; 2])),
        ("a duration in MP4", lying("aac.m4a", b"mdhd", 4 + 12, &ALL[..8])),
        ("sizes in MP4", lying("aac.m4a", b"stsz", 4 + 8, &ALL[..4])),
        ("sizes of one kind in MP4", lying("aac.m4a", b"stsz", 4 + 4, &ALL)),
        ("times in MP4", lying("aac.m4a", b"stts", 4 + 4, &ALL)),
        (
            "samples of a chunk in MP4",
            lying("aac.m4a", b"stsc", 4 + 8, &[0, 0, 0, 1, 255, 255, 255, 255]),
        ),
        ("chunks in MP4", lying("aac.m4a", b"stco", 4 + 4, &ALL[..4])),
        ("a header in MP4", lying("aac.m4a", b"moov", -4, &[0x7f, 255, 255, 255])),
        ("frames of an MP3", lying("mp3_vbr.mp3", b"Xing", 8, &ALL[..4])),
        ("blocks of Microsoft's ADPCM", adpcm(2)),
        ("blocks of IMA ADPCM", adpcm(0x11)),
    ];
    let mut failures = Vec::new();
    for (name, file) in files {
        assert!(file.len() <= MAX_FILE_BYTES, "{name} is no small file");
        let source = Source::Memory(file.into());
        // A panic of a dependency is looked for elsewhere.
        let work = || panics::caught(|| load(source, LoadOptions::default(), DEADLINE));
        let (outcome, peak) = peak_of(work);
        if peak > MAX_PEAK_BYTES {
            failures.push(format!("{name}: takes {peak} bytes"));
        }
        if let Ok(Ok(sample)) = outcome {
            let bytes = sample.buffer.byte_len();
            if bytes > MAX_PEAK_BYTES {
                failures.push(format!("{name}: becomes a sample of {bytes} bytes"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
