//! The many names of PCM in QuickTime and MP4.
//!
//! # Sources
//! Apple, *QuickTime File Format Specification*, sound sample descriptions; ISO/IEC 23003-5
//! (`ipcm`, `fpcm`).

use crate::decode::pcm::PcmKind;

/// What a description of the kind `kind` means. `bits` is what it states of a value; `is_little`
/// what a box inside says of the order of bytes, if there is one.
pub(super) fn kind(kind: [u8; 4], bits: u32, is_little: Option<bool>) -> Option<PcmKind> {
    let signed = |bits, is_little| PcmKind::Signed { bits, is_little };
    let big_unless_said = is_little.unwrap_or(false);
    Some(match &kind {
        b"raw " if bits > 8 => signed(bits, big_unless_said),
        b"raw " => PcmKind::Unsigned8,
        b"sowt" if bits > 8 => signed(bits, true),
        b"twos" | b"NONE" | b"\0\0\0\0" if bits > 8 => signed(bits, big_unless_said),
        b"sowt" | b"twos" => signed(8, true),
        b"NONE" | b"\0\0\0\0" => PcmKind::Unsigned8,
        b"in24" => signed(24, big_unless_said),
        b"in32" => signed(32, big_unless_said),
        b"s16l" => signed(16, true),
        b"fl32" => PcmKind::Float { bits: 32, is_little: big_unless_said },
        b"fl64" => PcmKind::Float { bits: 64, is_little: big_unless_said },
        b"ipcm" => signed(bits, big_unless_said),
        b"fpcm" => PcmKind::Float { bits, is_little: big_unless_said },
        b"alaw" | b"ms\0\x06" => PcmKind::ALaw,
        b"ulaw" | b"ms\0\x07" => PcmKind::MuLaw,
        b"ima4" => PcmKind::Ima4,
        _ => return None,
    })
}

/// What the flags of a description of version 2 mean.
///
/// # Sources
/// `CoreAudioBaseTypes.h`: 1 float, 2 big-endian, 4 signed integer.
pub(super) fn kind_of_flags(flags: u32, bits: u32) -> PcmKind {
    let is_little = flags & 2 == 0;
    match flags {
        flags if flags & 1 != 0 => PcmKind::Float { bits, is_little },
        flags if bits <= 8 && flags & 4 == 0 => PcmKind::Unsigned8,
        _ => PcmKind::Signed { bits, is_little },
    }
}
