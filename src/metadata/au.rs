//! The annotation in the header of AU files.

use std::io::{self, Read, Seek};

use super::collect::Collector;
use super::text;
use crate::decode::Window;

/// Reads what lies between the fields of the header and the audio.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    from: u64,
    to: u64,
    found: &mut Collector,
) -> io::Result<()> {
    if to > from {
        let annotation = text::field(&found.read(window, from, to - from)?);
        if !annotation.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            found.tag("comment", &annotation);
            found.end_of_tags();
        }
    }
    Ok(())
}
