//! A FLAC file whose metadata is replaced by what symphonia needs of it.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

use crate::decode::flac::Plain;
use crate::decode::reader::CountingReader;

/// Shows some bytes, then what of a reader follows a certain place.
pub(super) struct Spliced {
    head: Vec<u8>,
    reader: CountingReader,
    /// Where in the reader that begins.
    from: u64,
    position: u64,
}

impl Spliced {
    pub(super) fn new(reader: CountingReader, plain: Plain) -> Self {
        Self { head: plain.head, reader, from: plain.audio, position: 0 }
    }

    fn len(&self) -> u64 {
        self.head.len() as u64 + self.reader.byte_len().saturating_sub(self.from)
    }
}

impl Read for Spliced {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        let read = match self.head.get(at..).filter(|rest| !rest.is_empty()) {
            Some(mut rest) => rest.read(target)?,
            None => self.reader.read(target)?,
        };
        self.position += read as u64;
        if read > 0 && self.position == self.head.len() as u64 {
            self.reader.seek(SeekFrom::Start(self.from))?;
        }
        Ok(read)
    }
}

impl Seek for Spliced {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let target = target.filter(|target| i64::try_from(*target).is_ok());
        let target = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        if let Some(behind) = target.checked_sub(self.head.len() as u64) {
            self.reader.seek(SeekFrom::Start(self.from.saturating_add(behind)))?;
        }
        self.position = target;
        Ok(target)
    }
}

impl MediaSource for Spliced {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len())
    }
}
