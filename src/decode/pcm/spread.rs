//! How audio lies in its file, and how it is read as if it lay frame after frame in one piece.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// How the bytes of the audio lie.
#[derive(Debug, Default)]
pub(super) enum Spread {
    /// In one piece.
    #[default]
    Whole,
    /// In pieces, one after another, none of them empty.
    Pieces(Vec<Range<u64>>),
    /// One channel after another, a byte for each value; so many of them each.
    Planes(u64),
}

impl Spread {
    /// Reads into `target` what comes behind `passed` bytes of the audio, which begins at `start`.
    /// Whole audio is read from where `reader` stands. Gives fewer bytes only where the file ends.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(
        &self,
        reader: &mut R,
        start: u64,
        passed: u64,
        channels: usize,
        target: &mut [u8],
    ) -> io::Result<usize> {
        match self {
            Self::Whole => read_full(reader, target),
            Self::Pieces(pieces) => {
                let (mut filled, mut passed) = (0, passed);
                for piece in pieces {
                    let here = (piece.end - piece.start).saturating_sub(passed);
                    let at = piece.end - here;
                    passed = passed.saturating_sub(piece.end - piece.start);
                    let room = target.len() - filled;
                    let here = usize::try_from(here).map_or(room, |here| here.min(room));
                    if here == 0 {
                        continue;
                    }
                    reader.seek(SeekFrom::Start(at))?;
                    filled += read_full(reader, &mut target[filled..filled + here])?;
                }
                Ok(filled)
            }
            Self::Planes(bytes) => {
                let frames = target.len() / channels;
                let mut plane = vec![0; frames];
                let mut filled = frames;
                for channel in 0..channels {
                    let at = channel as u64 * bytes + passed / channels as u64;
                    reader.seek(SeekFrom::Start(start.saturating_add(at)))?;
                    filled = filled.min(read_full(reader, &mut plane)?);
                    let values = target.iter_mut().skip(channel).step_by(channels);
                    values.zip(&plane).for_each(|(target, value)| *target = *value);
                }
                Ok(filled * channels)
            }
        }
    }
}

/// Fills `target`, but where the reader ends.
fn read_full<R: Read>(reader: &mut R, target: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < target.len() {
        match reader.read(&mut target[filled..])? {
            0 => break,
            bytes => filled += bytes,
        }
    }
    Ok(filled)
}
