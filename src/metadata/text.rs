//! Bytes to text, and text to numbers.
//!
//! # Sources
//! Windows-1252: Unicode Consortium, *CP1252.TXT*. Its five undefined bytes are controls, as the
//! WHATWG's *Encoding Standard* has it. Mac Roman: *ROMAN.TXT*, in the same place. Apple, *QuickTime
//! File Format*: language code values.

/// What Windows-1252 has from 0x80 to 0x9f, where Latin-1 has controls.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// UTF-8 where that is what it is, else Windows-1252, of which Latin-1's printable half is a
/// part: hardly a text in that is UTF-8 by chance.
pub(super) fn any(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                _ => char::from(*byte),
            })
            .collect(),
    }
}

/// What Mac Roman has from 0x80 on.
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
    ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// Text of `QuickTime` in a `language`: below 0x400 one of Macintosh's, whose script is taken for
/// Mac Roman unless the text is UTF-8 all the same; else UTF-8, or UTF-16 by its mark.
pub(super) fn quicktime(bytes: &[u8], language: u16) -> String {
    let is_macintosh = language < 0x400 || language == 0x7fff;
    match bytes {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] if !is_macintosh => utf16(bytes, true),
        _ if is_macintosh && std::str::from_utf8(bytes).is_err() => bytes
            .iter()
            .map(|byte| match byte.checked_sub(0x80) {
                Some(high) => MAC_ROMAN.chars().nth(high.into()).unwrap_or('\u{fffd}'),
                None => char::from(*byte),
            })
            .collect(),
        _ => any(bytes),
    }
}

/// As [`any`], up to the first zero, without blanks around it.
pub(super) fn field(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    tidy(&any(&bytes[..end]))
}

/// The mark of the order of bytes, in the right order.
const MARK: u16 = 0xfeff;

/// UTF-16 by its mark, or in the order that `big_endian` says. A mark of the other order, which no
/// character looks like, turns the order round.
pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> String {
    let (bytes, mut big_endian) = match bytes {
        [0xfe, 0xff, rest @ ..] => (rest, true),
        [0xff, 0xfe, rest @ ..] => (rest, false),
        _ => (bytes, big_endian),
    };
    let words = bytes.as_chunks::<2>().0.iter().map(|pair| {
        let word = u16::from_be_bytes(*pair);
        let word = if big_endian { word } else { word.swap_bytes() };
        if word != MARK.swap_bytes() {
            return word;
        }
        big_endian = !big_endian;
        MARK
    });
    char::decode_utf16(words).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Without blanks and zeros around it.
pub(super) fn tidy(text: &str) -> String {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// The number that begins `text`, also with a decimal comma. None where a comma and a point leave
/// open which of them is the decimal one.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (mut separator, mut end) = (None, text.len());
    for (at, c) in text.char_indices() {
        match (c, separator) {
            ('0'..='9', _) => {}
            ('+' | '-', _) if at == 0 => {}
            ('.' | ',', None) => separator = Some(c),
            ('.', Some(',')) | (',', Some('.')) => return None,
            _ => {
                end = at;
                break;
            }
        }
    }
    text[..end].replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite())
}
