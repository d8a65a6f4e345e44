//! What frames are made of.

use crate::metadata::text;

/// Whether frames of this name are read, beside pictures.
pub(super) fn is_known(id: &[u8]) -> bool {
    match id {
        b"COMM" | b"COM" | b"USLT" | b"ULT" | b"UFID" | b"UFI" | b"RVA2" | b"CHAP" => true,
        [first, ..] => matches!(first, b'T' | b'W'),
        [] => false,
    }
}

/// The texts in `bytes`, which zeros separate.
pub(super) fn texts(encoding: u8, bytes: &[u8]) -> Vec<String> {
    let whole = match encoding {
        1 => text::utf16(bytes, false),
        2 => text::utf16(bytes, true),
        _ => text::any(bytes),
    };
    // Each text may have a mark of its own.
    whole.split('\0').map(|text| text.trim_start_matches('\u{feff}').to_owned()).collect()
}

/// What follows the first text.
pub(super) fn behind_text(encoding: u8, bytes: &[u8]) -> &[u8] {
    let end = match encoding {
        1 | 2 => {
            let pairs = bytes.as_chunks::<2>().0;
            pairs.iter().position(|pair| *pair == [0, 0]).map(|pair| 2 * pair + 2)
        }
        _ => bytes.iter().position(|byte| *byte == 0).map(|at| at + 1),
    };
    end.and_then(|end| bytes.get(end..)).unwrap_or(&[])
}

/// Type, kind, and where the bytes begin, of a picture.
pub(super) fn picture_head(bytes: &[u8], version: u8) -> Option<(String, u8, usize)> {
    let (&encoding, rest) = bytes.split_first()?;
    let (mime, rest) = match version {
        2 => {
            let (format, rest) = rest.split_at_checked(3)?;
            (format!("image/{}", text::field(format).to_lowercase()), rest)
        }
        _ => {
            let end = rest.iter().position(|byte| *byte == 0)?;
            (text::field(&rest[..end]), &rest[end + 1..])
        }
    };
    let (&kind, description) = rest.split_first()?;
    let picture = behind_text(encoding, description);
    (!picture.is_empty()).then(|| (mime, kind, bytes.len() - picture.len()))
}
