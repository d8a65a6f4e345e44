//! What the first bytes say, before symphonia looks: it searches a megabyte for anything that
//! resembles a format, and so would find the RIFF header that WavPack keeps inside, or noise.

use std::io::{self, Read, Seek, SeekFrom};

use super::mkv;
use super::reader::CountingReader;
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::{Collector, read_in_front};

/// Bytes that every check here can do with: five packets of a transport stream.
const HEAD_BYTES: usize = 1024;
/// Most ID3v2 tags in a row that are passed. More than two are a sign of malice.
const MAX_TAGS: usize = 64;

/// Formats that are recognised only to be refused by name.
///
/// # Sources
/// The magic numbers stand in each format's own specification; Microsoft's ASF specification,
/// 10.1; ISO/IEC 13818-1, 2.5.3.4 (`pack_start_code`); Microsoft's \[MS-CFB\], 2.2; *System V ABI*,
/// 4 (ELF); Apple's `mach-o/loader.h` and `mach-o/fat.h`; *WebAssembly Core Specification*, 5.5.16.
const REFUSED: &[(&[u8], &str)] = &[
    (b"wvpk", "WavPack"),
    (b"MAC ", "Monkey's Audio"),
    (b"TTA1", "True Audio"),
    (b"MPCK", "Musepack"),
    (b"MP+", "Musepack"),
    (b"DSD ", "DSD"),
    (b"FRM8", "DSDIFF"),
    (b"#!AMR", "AMR"),
    (b"MThd", "MIDI"),
    (b"\x0b\x77", "AC-3"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF"),
    (b"\x89PNG", "PNG"),
    (b"%PDF", "PDF"),
    // What is packed may be MPEG audio, of which pieces would be heard.
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "XZ"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    // Among their numbers and texts something is always like frames of MPEG audio.
    (b"\x7fELF", "ELF"),
    (b"!<arch>\n", "object archive"),
    (b"\xfe\xed\xfa\xce", "Mach-O"),
    (b"\xfe\xed\xfa\xcf", "Mach-O"),
    (b"\xce\xfa\xed\xfe", "Mach-O"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\xca\xfe\xba\xbe", "Mach-O or Java class"),
    (b"\0asm", "WebAssembly"),
    // Both hold pieces of MPEG audio, of which no more than some would be heard.
    (b"\0\0\x01\xba", "MPEG program stream"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE"),
];

/// The first bytes behind any ID3v2 tags. Leaves `reader` at these bytes, puts what the tags say
/// into `found` and hides them: of symphonia 0.6.1 a tag with
/// chapters in chapters exhausts the stack, which ends the whole process.
///
/// # Errors
/// Those of the reader.
pub(super) fn look_ahead(
    reader: &mut CountingReader,
    found: &mut Collector,
) -> io::Result<Vec<u8>> {
    let (head, tag_bytes) = head(reader)?;
    if tag_bytes > 0 {
        read_in_front(reader, tag_bytes, found)?;
    }
    reader.hide(tag_bytes)?;
    found.hide(tag_bytes);
    Ok(head)
}

/// The first bytes behind any ID3v2 tags, shorter than [`HEAD_BYTES`] only at the end; and the
/// length of these tags.
///
/// # Errors
/// Those of the reader.
fn head(reader: &mut CountingReader) -> io::Result<(Vec<u8>, u64)> {
    let mut start = 0_u64;
    let mut passed = 0;
    loop {
        let head = first_bytes(reader, start)?;
        // A tag that claims all of the file has its length wrong.
        match id3v2_len(&head).filter(|len| start + len < reader.byte_len()) {
            Some(len) if passed < MAX_TAGS => start += len,
            _ => return Ok((head, start)),
        }
        passed += 1;
    }
}

/// Some bytes from `start` on, and `reader` back there.
///
/// # Errors
/// Those of the reader.
pub(super) fn first_bytes(reader: &mut CountingReader, start: u64) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(start))?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    reader.seek(SeekFrom::Start(start))?;
    Ok(head)
}

/// The length of the ID3v2 tag that `head` begins, header included.
///
/// # Sources
/// ID3v2.4.0 structure, 3.1: `ID3`, version, flags (0x10: a footer of 10 bytes follows), then the
/// size as four bytes of seven bits.
pub(crate) fn id3v2_len(head: &[u8]) -> Option<u64> {
    let &[b'I', b'D', b'3', major, revision, flags, a, b, c, d, ..] = head else {
        return None;
    };
    if major == 0xff || revision == 0xff || [a, b, c, d].iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = [a, b, c, d].iter().fold(0, |size, byte| (size << 7) | u64::from(*byte));
    Some(size + if flags & 0x10 == 0 { 10 } else { 20 })
}

/// Refuses what is known to be a format that no decoder here reads.
///
/// # Errors
/// `unsupported_format`.
pub(super) fn refuse_known(head: &[u8]) -> Result<(), LoadError> {
    // The first packet of an Ogg file, behind the header of a page with one segment.
    let speex = head.starts_with(b"OggS") && head.get(28..36) == Some(b"Speex   ");
    let found = REFUSED.iter().find(|(magic, _)| head.starts_with(magic));
    let name = match found {
        Some((_, name)) => Some(*name),
        None if speex => Some("Speex"),
        None if is_windows_program(head) => Some("PE"),
        None => is_transport_stream(head).then_some("MPEG transport stream"),
    };
    match name {
        Some(name) => Err(LoadError::new(
            LoadErrorKind::UnsupportedFormat,
            format!("{name} files are not supported"),
        )),
        None => Ok(()),
    }
}

/// Whether `head` begins a program or a library of Windows: `MZ` alone might begin any text.
///
/// # Sources
/// Microsoft, *PE Format*: the place of the signature stands at 0x3c.
fn is_windows_program(head: &[u8]) -> bool {
    let place = head.get(0x3c..).and_then(|rest| rest.first_chunk());
    let place = place.and_then(|place| usize::try_from(u32::from_le_bytes(*place)).ok());
    let behind = place.and_then(|place| head.get(place..)).unwrap_or_default();
    head.starts_with(b"MZ") && behind.starts_with(b"PE\0\0")
}

/// Whether `head` is packets of a transport stream, plain or with a time in front of each, as
/// cameras and Blu-ray have them. Frames of AAC that fit into a packet would be played, without
/// those that do not.
///
/// # Sources
/// ISO/IEC 13818-1, 2.4.3.2: 188 bytes that begin with 0x47; then the flag of an error, and in
/// the fourth byte two bits that say what follows, 0 being reserved.
fn is_transport_stream(head: &[u8]) -> bool {
    const FEWEST: usize = 3;
    let is_packet =
        |packet: &[u8]| matches!(packet, [0x47, a, _, b, ..] if a & 0x80 == 0 && b & 0x30 != 0);
    [(0, 188), (4, 192)].iter().any(|&(first, len)| {
        let packets = head.get(first..).unwrap_or_default().chunks_exact(len);
        packets.len() >= FEWEST && packets.into_iter().all(is_packet)
    })
}

/// Containers whose readers have the shape of symphonia's, and what they begin with.
const CONTAINERS: [(&str, &[u8]); 3] = [("ogg", b"OggS"), ("caf", b"caff"), ("mkv", mkv::MAGIC)];

/// Whether a file that begins with `head` may be a `container`: all of these begin at the beginning.
pub(super) fn may_be(container: &str, head: &[u8]) -> bool {
    let known = CONTAINERS.iter().find(|(name, _)| *name == container);
    known.is_some_and(|(_, magic)| head.starts_with(magic))
}

/// Whether `head` begins one of [`CONTAINERS`]. Others that begin with something of their own were
/// opened or refused by whoever reads them.
pub(super) fn is_container(head: &[u8]) -> bool {
    CONTAINERS.iter().any(|(_, magic)| head.starts_with(magic))
}

/// Whether `head` begins like a format that is known.
pub(super) fn begins_something(head: &[u8]) -> bool {
    let is_mpeg = matches!(head, [0xff, b, ..] if b & 0xe0 == 0xe0);
    is_container(head) || is_mpeg
}

/// Whether this can be the kind of a box: four printable characters.
pub(crate) fn is_kind(kind: &[u8]) -> bool {
    kind.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Whether `head` begins with one of the boxes that MP4 and QuickTime files begin with, be it behind
/// others: readers shall pass boxes that they do not know.
///
/// # Sources
/// ISO/IEC 14496-12, 4.2: length of the whole box in 32 bits, then four printable characters.
pub(crate) fn is_mp4(head: &[u8]) -> bool {
    const FIRST: &[&[u8; 4]] = &[
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"junk",
        b"uuid", b"udta", b"sidx", b"emsg", b"prft",
    ];
    let mut rest = head;
    while let Some((len, kind)) = rest.first_chunk().zip(rest.get(4..8)) {
        if FIRST.iter().any(|first| kind == *first) {
            return true;
        }
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let is_box = len >= 8 && is_kind(kind);
        rest = rest.get(len..).filter(|_| is_box).unwrap_or_default();
    }
    false
}

/// Whether a file that begins with `head` may be ADTS frames behind junk: it is nothing that has
/// a name of its own, nor MPEG audio of another layer.
pub(super) fn may_be_adts(head: &[u8]) -> bool {
    let is_mpeg = matches!(head, [0xff, b, ..] if b & 0xe0 == 0xe0 && b & 0x06 != 0);
    !is_mpeg && !is_container(head)
}
