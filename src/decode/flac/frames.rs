//! Frame after frame out of a file, and a way back to them where it is damaged.

use std::io::{self, Read, Seek, SeekFrom};

use super::codec::{Codec, Failure, Frame};
use super::header::{FrameHeader, MAX_HEADER_BYTES};
use super::info::{self, MAGIC, Preamble};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;
/// Longest frame: 65,536 values of 32 bits in each of eight channels, and as much again.
const MAX_FRAME_BYTES: usize = 4 << 20;
/// Bytes at the end of a file in which its last frame is looked for, beside some frames.
const TAIL_BYTES: u64 = 32 << 10;
/// Beginnings of frames that are tried there.
const MAX_TAIL_TRIALS: usize = 64;

/// What comes next.
pub(super) enum Next {
    /// A frame, which is in the codec.
    Frame(Frame),
    /// What began as a frame; whether the file ends within it.
    Damaged {
        header: FrameHeader,
        is_cut: bool,
    },
    /// Bytes that begin nothing.
    Junk(u64),
    /// Another stream begins.
    Joined(Preamble),
    End,
}

/// What comes next, undecoded.
pub(super) enum NextRaw {
    /// What is likely to be a frame.
    Frame(FrameHeader, Vec<u8>),
    /// Anything else.
    Junk,
    End,
}

/// Reads frames.
pub(super) struct Frames<R> {
    reader: R,
    codec: Codec,
    buffer: Vec<u8>,
    /// What of `buffer` was passed.
    taken: usize,
    /// Where in the file `buffer` ends.
    position: u64,
    /// Bytes that hold a frame whole, as far as is known.
    ahead: usize,
    ended: bool,
}

impl<R: Read + Seek> Frames<R> {
    /// Reads what follows `preamble`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn new(mut reader: R, preamble: &Preamble) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(preamble.audio))?;
        Ok(Self {
            reader,
            codec: Codec::new(preamble.info),
            buffer: Vec::new(),
            taken: 0,
            position: preamble.audio,
            ahead: 0,
            ended: false,
        })
    }

    /// What the last frame held.
    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Decodes the next frame, or passes what is none. Not more than one frame is tried.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            self.fill()?;
            let sight = &self.buffer[self.taken..];
            if sight.is_empty() {
                return Ok(Next::End);
            }
            let failure = match self.codec.decode(sight) {
                Ok(frame) => {
                    self.taken += frame.len;
                    // The next one is like it, or somewhat longer.
                    self.ahead = self.ahead.max(frame.len + frame.len / 4);
                    return Ok(Next::Frame(frame));
                }
                Err(failure) => failure,
            };
            if failure == Failure::Cut && !self.ended && sight.len() < MAX_FRAME_BYTES {
                self.ahead = (2 * sight.len()).max(READ_BYTES);
                continue;
            }
            if failure != Failure::NoFrame
                && let Some(header) = FrameHeader::parse(sight)
            {
                self.taken += 1;
                return Ok(Next::Damaged { header, is_cut: failure == Failure::Cut });
            }
            if sight.starts_with(MAGIC) {
                return self.join();
            }
            let junk = self.junk();
            self.taken += junk;
            return Ok(Next::Junk(junk as u64));
        }
    }

    /// The bytes of the next frame, undecoded: up to a header that `follows` its own, or the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn next_raw(
        &mut self,
        follows: impl Fn(&FrameHeader, &FrameHeader) -> bool,
    ) -> io::Result<NextRaw> {
        let mut looked = 1;
        loop {
            self.fill()?;
            let sight = &self.buffer[self.taken..];
            if sight.is_empty() {
                return Ok(NextRaw::End);
            }
            let Some(header) = FrameHeader::parse(sight) else { return Ok(NextRaw::Junk) };
            looked = header.len.max(looked);
            let len = loop {
                let rest = sight.get(looked..).unwrap_or(&[]);
                match rest.iter().position(|byte| *byte == 0xff) {
                    // The last bytes may be the beginning of a header.
                    Some(at) if !self.ended && rest.len() - at < MAX_HEADER_BYTES => {
                        looked += at;
                        break None;
                    }
                    Some(at) => {
                        let is_next =
                            |next: FrameHeader| follows(&header, &next).then_some(looked + at);
                        if let Some(len) = FrameHeader::parse(&rest[at..]).and_then(is_next) {
                            break Some(len);
                        }
                        looked += at + 1;
                    }
                    None => {
                        looked = sight.len().max(looked);
                        break None;
                    }
                }
            };
            let len = match len {
                Some(len) => len,
                None if self.ended => sight.len(),
                None if sight.len() >= MAX_FRAME_BYTES => return Ok(NextRaw::Junk),
                None => {
                    self.ahead = (2 * sight.len()).max(READ_BYTES);
                    continue;
                }
            };
            let bytes = sight[..len].to_vec();
            self.taken += len;
            return Ok(NextRaw::Frame(header, bytes));
        }
    }

    /// Bytes up to what may be a frame or another stream.
    fn junk(&self) -> usize {
        let sight = &self.buffer[self.taken..];
        // The last bytes may be the beginning of a header.
        let all = if self.ended { sight.len() } else { sight.len() - (MAX_HEADER_BYTES - 1) };
        let begins = |at: &usize| match sight[*at] {
            0xff => FrameHeader::parse(&sight[*at..]).is_some(),
            b'f' => sight[*at..].starts_with(MAGIC),
            _ => false,
        };
        (1..all).find(begins).unwrap_or(all)
    }

    /// Passes the metadata of a stream that follows the one before.
    fn join(&mut self) -> io::Result<Next> {
        let start = self.position - (self.buffer.len() - self.taken) as u64;
        let Some(preamble) = info::read(&mut self.reader, start)? else {
            self.buffer.clear();
            (self.taken, self.ended) = (0, true);
            return Ok(Next::End);
        };
        self.codec = Codec::new(preamble.info);
        self.reader.seek(SeekFrom::Start(preamble.audio))?;
        self.buffer.clear();
        (self.taken, self.position, self.ended) = (0, preamble.audio, false);
        Ok(Next::Joined(preamble))
    }

    /// Makes sure that a whole frame is in sight, unless the file ends before.
    fn fill(&mut self) -> io::Result<()> {
        let wanted = self.ahead.max(MAX_HEADER_BYTES);
        if self.ended || self.buffer.len() - self.taken >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        while !self.ended && self.buffer.len() < wanted {
            let before = self.buffer.len();
            let missing = (wanted - before).max(READ_BYTES) as u64;
            let read = self.reader.by_ref().take(missing).read_to_end(&mut self.buffer)?;
            self.position += read as u64;
            self.ended = (read as u64) < missing;
        }
        Ok(())
    }

    /// The last frame of the file, if it is to be seen at its very end. Frames like `first` are
    /// looked for. What [`codec`](Self::codec) holds is lost.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn last(&mut self, first: &Frame) -> io::Result<Option<FrameHeader>> {
        let len = self.reader.seek(SeekFrom::End(0))?;
        let tail = (TAIL_BYTES + 3 * first.len as u64).min(len);
        self.reader.seek(SeekFrom::Start(len - tail))?;
        let mut bytes = Vec::new();
        self.reader.by_ref().take(tail).read_to_end(&mut bytes)?;
        self.reader.seek(SeekFrom::Start(self.position))?;
        let mut codec = Codec::new(*self.codec.info());
        let headers = (0..bytes.len()).rev().filter(|at| {
            FrameHeader::parse(&bytes[*at..]).is_some_and(|header| {
                (header.is_fixed, header.channels) == (first.header.is_fixed, first.header.channels)
            })
        });
        let mut frames =
            headers.take(MAX_TAIL_TRIALS).filter_map(|at| codec.decode(&bytes[at..]).ok());
        Ok(frames.next().map(|frame| frame.header))
    }
}
