//! Frame after frame out of a file, and a way back to them where it is damaged.

use std::io::{self, Read, Seek, SeekFrom};

use super::checksum;
use super::codec::{Codec, Failure, Frame};
use super::header::{self, FrameHeader, MAX_HEADER_BYTES};
use super::info::{self, MAGIC, Preamble};

/// Bytes that are read at once: all of most short sounds.
const READ_BYTES: usize = 128 << 10;
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
    /// Bytes of the file.
    len: u64,
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
        let len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(preamble.audio))?;
        Ok(Self {
            reader,
            len,
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

    /// Where in the file the next frame is looked for.
    pub(super) fn byte_position(&self) -> u64 {
        self.position - (self.buffer.len() - self.taken) as u64
    }

    /// Length of the file in bytes, as far as the reader knows; where that fails, it shows at the
    /// next read.
    pub(super) fn byte_len(&mut self) -> u64 {
        let len = self.reader.seek(SeekFrom::End(0));
        self.reader.seek(SeekFrom::Start(self.position)).and(len).unwrap_or(self.position)
    }

    /// Goes on with the frame that begins at byte `position`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn go_to(&mut self, position: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(position))?;
        self.buffer.clear();
        (self.taken, self.position, self.ended) = (0, position, false);
        Ok(())
    }

    /// Looks for a sound frame like `first` in some bytes from `from` on; where it begins, and its
    /// header. What comes next stays what it was.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn probe(
        &mut self,
        from: u64,
        bytes: u64,
        first: &FrameHeader,
    ) -> io::Result<Option<(u64, FrameHeader)>> {
        self.reader.seek(SeekFrom::Start(from))?;
        let mut sight = Vec::new();
        // A frame that begins in these bytes is to be seen whole.
        let seen = bytes + self.ahead as u64;
        self.reader.by_ref().take(seen).read_to_end(&mut sight)?;
        self.reader.seek(SeekFrom::Start(self.position))?;
        let mut codec = Codec::new(*self.codec.info());
        let kind = |header: &FrameHeader| (header.is_fixed, header.channels, header.sample_rate);
        let begins = |at: &usize| {
            FrameHeader::parse(&sight[*at..]).is_some_and(|header| kind(&header) == kind(first))
        };
        let found = (0..sight.len())
            .filter(begins)
            .find_map(|at| Some((from + at as u64, codec.decode(&sight[at..]).ok()?.header)));
        Ok(found)
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
                match header::find(rest) {
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
            self.read((wanted - self.buffer.len()).max(READ_BYTES))?;
        }
        Ok(())
    }

    /// Reads `bytes` more bytes, or all that are left.
    fn read(&mut self, bytes: usize) -> io::Result<()> {
        let left = self.len.saturating_sub(self.position);
        let bytes = usize::try_from(left).map_or(bytes, |left| left.min(bytes));
        let mut filled = self.buffer.len();
        let wanted = filled + bytes;
        self.buffer.resize(wanted, 0);
        while filled < wanted && !self.ended {
            let read = self.reader.read(&mut self.buffer[filled..])?;
            filled += read;
            self.position += read as u64;
            self.ended = read == 0;
        }
        self.buffer.truncate(filled);
        self.ended |= self.position >= self.len;
        Ok(())
    }

    /// The last frame of the file, if it is to be seen at its very end. Frames like `first` are
    /// looked for.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn last(&mut self, first: &Frame) -> io::Result<Option<FrameHeader>> {
        let tail = (TAIL_BYTES + 3 * first.len as u64).min(self.len);
        let mut read = Vec::new();
        let bytes = if self.ended {
            let known = usize::try_from(tail).unwrap_or(usize::MAX).min(self.buffer.len());
            &self.buffer[self.buffer.len() - known..]
        } else {
            self.reader.seek(SeekFrom::Start(self.len - tail))?;
            self.reader.by_ref().take(tail).read_to_end(&mut read)?;
            self.reader.seek(SeekFrom::Start(self.position))?;
            &read[..]
        };
        let mut end = bytes.len();
        let places = std::iter::from_fn(|| {
            end = header::find_last(&bytes[..end])?;
            Some(end)
        });
        let headers = places.filter_map(|at| Some((at, FrameHeader::parse(&bytes[at..])?)));
        let alike = |header: &FrameHeader| {
            (header.is_fixed, header.channels) == (first.header.is_fixed, first.header.channels)
        };
        let mut codec = Codec::new(*self.codec.info());
        // All bytes of a frame, with its checksum, have a sum of 0.
        let mut is_whole =
            |frame: &[u8]| checksum::of_frame(frame) == 0 || codec.decode(frame).is_ok();
        let mut headers = headers.filter(|(_, header)| alike(header)).take(MAX_TAIL_TRIALS);
        let last = headers.find(|(at, _)| is_whole(&bytes[*at..]));
        Ok(last.map(|(_, header)| header))
    }
}
