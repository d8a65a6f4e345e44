//! The many names of PCM in QuickTime and MP4.
//!
//! # Sources
//! Apple, *QuickTime File Format Specification*, sound sample descriptions; ISO/IEC 23003-5
//! (`ipcm`, `fpcm`).

use crate::decode::Order;
use crate::decode::pcm::{Linear, PcmKind};

/// What a description of the kind `kind` means; None where there are no such values. `bits` is what
/// it states of a value; `order` what a box inside says of the bytes, if there is one.
pub(super) fn kind(kind: [u8; 4], bits: u32, order: Option<Order>) -> Option<PcmKind> {
    let big_unless_said = order.unwrap_or(Order::Big);
    Some(PcmKind::Linear(match &kind {
        b"raw " if bits > 8 => Linear::signed(bits, big_unless_said)?,
        b"raw " => Linear::Unsigned8,
        b"sowt" if bits > 8 => Linear::signed(bits, Order::Little)?,
        b"twos" | b"NONE" | b"\0\0\0\0" if bits > 8 => Linear::signed(bits, big_unless_said)?,
        b"sowt" | b"twos" => Linear::signed(8, Order::Little)?,
        b"NONE" | b"\0\0\0\0" => Linear::Unsigned8,
        b"in24" => Linear::signed(24, big_unless_said)?,
        b"in32" => Linear::signed(32, big_unless_said)?,
        b"s16l" => Linear::signed(16, Order::Little)?,
        b"fl32" => Linear::float(32, big_unless_said)?,
        b"fl64" => Linear::float(64, big_unless_said)?,
        b"ipcm" | b"lpcm" => Linear::signed(bits, big_unless_said)?,
        b"fpcm" => Linear::float(bits, big_unless_said)?,
        b"alaw" | b"ms\0\x06" => Linear::ALaw,
        b"ulaw" | b"ms\0\x07" => Linear::MuLaw,
        b"ima4" => return Some(PcmKind::Ima4),
        _ => return None,
    }))
}

/// What the flags of a description of version 2 mean.
///
/// # Sources
/// `CoreAudioBaseTypes.h`: 1 float, 2 big-endian, 4 signed integer.
pub(super) fn kind_of_flags(flags: u32, bits: u32) -> Option<PcmKind> {
    let order = if flags & 2 == 0 { Order::Little } else { Order::Big };
    let linear = match flags {
        flags if flags & 1 != 0 => Linear::float(bits, order),
        flags if bits <= 8 && flags & 4 == 0 => Some(Linear::Unsigned8),
        _ => Linear::signed(bits, order),
    };
    linear.map(PcmKind::Linear)
}
