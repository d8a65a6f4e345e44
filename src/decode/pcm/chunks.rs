//! The walk over the chunks of RIFF, W64, IFF and CAF files, which forgives what writers get
//! wrong.
//!
//! # Sources
//! IBM and Microsoft, *Multimedia Programming Interface and Data Specifications 1.0*, chapter 2
//! (RIFF); Sony, *Wave64*; Electronic Arts, *EA IFF 85*; Apple, *Core Audio Format 1.0*.

use std::io::{self, Read, Seek};

use super::fields::{Order, array};
use super::window::Window;

/// Most chunks that are looked at. The greediest writers have some dozens.
const MAX_CHUNKS: usize = 4_096;
/// Bytes that are searched, in all, for chunks that are not where they should be.
const MAX_SEARCHED_BYTES: u64 = 1 << 20;

/// The four characters that name a chunk's kind.
pub(crate) type Id = [u8; 4];

/// How chunks look in one family of files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Of the bytes of lengths.
    pub(crate) order: Order,
    /// Bytes of the kind's name, the first four of which say it.
    pub(crate) id_bytes: usize,
    /// Bytes of the length: 4 or 8.
    pub(crate) length_bytes: usize,
    /// Whether lengths count the chunk's header too.
    pub(crate) counts_header: bool,
    /// Chunks begin at multiples of this.
    pub(crate) alignment: u64,
    /// The kind that holds the audio.
    pub(crate) audio: Id,
    /// Bytes of that kind's own in front of the audio.
    pub(crate) audio_head: u64,
    /// The kind without which the audio means nothing.
    pub(crate) format: Id,
}

impl Dialect {
    /// That of EA IFF 85.
    pub(super) fn iff(audio: Id, audio_head: u64, format: Id) -> Self {
        Self {
            order: Order::Big,
            id_bytes: 4,
            length_bytes: 4,
            counts_header: false,
            alignment: 2,
            audio,
            audio_head,
            format,
        }
    }

    fn header_bytes(&self) -> usize {
        self.id_bytes + self.length_bytes
    }
}

/// One chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) id: Id,
    /// Where the content begins.
    pub(crate) start: u64,
    /// Bytes of content that are there.
    pub(crate) len: u64,
    /// Bytes of content that the header states; None where its writer did not know.
    pub(crate) stated: Option<u64>,
}

impl Chunk {
    /// The first bytes of the content, at most `count`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn content<'w, R: Read + Seek>(
        &self,
        window: &'w mut Window<'_, R>,
        count: usize,
    ) -> io::Result<&'w [u8]> {
        let count = usize::try_from(self.len).map_or(count, |len| len.min(count));
        window.look(self.start, count)
    }

    /// What lies behind the first `bytes` bytes of the content.
    pub(crate) fn behind(&self, bytes: u64) -> Self {
        Self {
            id: self.id,
            start: self.start.saturating_add(bytes),
            len: self.len.saturating_sub(bytes),
            stated: self.stated.map(|stated| stated.saturating_sub(bytes)),
        }
    }
}

/// The chunks of a file, in its order.
#[derive(Debug, Default)]
pub(crate) struct Chunks(Vec<Chunk>);

impl Chunks {
    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Chunk> {
        self.0.iter()
    }

    /// The first chunk of a kind.
    pub(crate) fn first(&self, id: Id) -> Option<&Chunk> {
        self.0.iter().find(|chunk| chunk.id == id)
    }

    /// The first chunk of a kind that holds something, or else the first one.
    pub(crate) fn first_full(&self, id: Id) -> Option<&Chunk> {
        self.0.iter().find(|chunk| chunk.id == id && chunk.len > 0).or_else(|| self.first(id))
    }

    /// Walks from `at` to the end of the file. `stated` translates lengths as headers have them:
    /// None where it means that the writer did not know. Such a chunk lasts to the end of the
    /// file, and so does one that claims more than there is.
    ///
    /// Where a chunk should begin but does not, the walk searches what it passed for the kinds
    /// that no file can do without.
    ///
    /// # Errors
    /// Those of the reader. A malformed file is no error here.
    pub(crate) fn walk<R: Read + Seek>(
        window: &mut Window<'_, R>,
        dialect: &Dialect,
        at: u64,
        stated: impl Fn(Id, u64) -> Option<u64>,
    ) -> io::Result<Self> {
        let mut walk = Walk { window, dialect, stated, left_to_search: MAX_SEARCHED_BYTES };
        let mut chunks = Self::default();
        let (mut passed, mut next) = (at, Place { at, is_padded: false });
        while chunks.0.len() < MAX_CHUNKS {
            let chunk = match walk.chunk_near(next)? {
                Some(chunk) => chunk,
                None => match walk.search(passed, &chunks.missing(dialect))? {
                    Some(chunk) => chunk,
                    None => break,
                },
            };
            passed = chunk.start;
            next = walk.behind(&chunk);
            chunks.0.push(chunk);
        }
        Ok(chunks)
    }

    /// The kinds still to be found without which there is no audio.
    fn missing(&self, dialect: &Dialect) -> Vec<Id> {
        [dialect.format, dialect.audio].into_iter().filter(|id| self.first(*id).is_none()).collect()
    }
}

/// Where a chunk should begin.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    /// Whether the byte before only fills the chunk before, as it should.
    is_padded: bool,
}

struct Walk<'a, 'r, R, F> {
    window: &'a mut Window<'r, R>,
    dialect: &'a Dialect,
    stated: F,
    left_to_search: u64,
}

impl<R: Read + Seek, F: Fn(Id, u64) -> Option<u64>> Walk<'_, '_, R, F> {
    /// The chunk at `place`, or one byte before: some writers do not pad.
    fn chunk_near(&mut self, place: Place) -> io::Result<Option<Chunk>> {
        let unpadded = place.at.checked_sub(1).filter(|_| place.is_padded);
        if let Some(before) = unpadded {
            let known = [self.dialect.audio, self.dialect.format];
            let chunk = self.chunk(before)?.filter(|chunk| known.contains(&chunk.id));
            if chunk.is_some() {
                return Ok(chunk);
            }
        }
        match (self.chunk(place.at)?, unpadded) {
            (None, Some(before)) => self.chunk(before),
            (chunk, _) => Ok(chunk),
        }
    }

    /// The chunk whose header stands at `at`, if that is one.
    fn chunk(&mut self, at: u64) -> io::Result<Option<Chunk>> {
        let Dialect { order, id_bytes, length_bytes, counts_header, .. } = *self.dialect;
        let header_bytes = self.dialect.header_bytes();
        let header = self.window.look(at, header_bytes)?;
        let id = array(header, 0).filter(is_name);
        let length = match length_bytes {
            4 => order.u32(header, id_bytes).map(u64::from),
            _ => order.u64(header, id_bytes),
        };
        let (Some(id), Some(length)) = (id, length) else { return Ok(None) };
        let start = at.saturating_add(header_bytes as u64);
        let there = self.window.len().saturating_sub(start);
        let mut stated = (self.stated)(id, length);
        if counts_header {
            stated = stated.map(|stated| stated.saturating_sub(header_bytes as u64));
        }
        // Never filled in by a writer that did not come to its end.
        let head = self.dialect.audio_head;
        let is_unfilled = id == self.dialect.audio && stated.is_some_and(|len| len <= head);
        if is_unfilled && self.is_content(start)? && self.is_content(start.saturating_add(head))? {
            stated = None;
        }
        let len = stated.map_or(there, |stated| stated.min(there));
        Ok(Some(Chunk { id, start, len, stated }))
    }

    /// Whether what stands at `start` is neither the end of the file nor another chunk.
    fn is_content(&mut self, start: u64) -> io::Result<bool> {
        let bytes = self.window.look(start, 4)?;
        Ok(!bytes.is_empty() && array(bytes, 0).is_none_or(|id| !is_name(&id)))
    }

    fn behind(&self, chunk: &Chunk) -> Place {
        let end = chunk.start.saturating_add(chunk.stated.unwrap_or(chunk.len));
        let at = end.checked_next_multiple_of(self.dialect.alignment).unwrap_or(u64::MAX);
        Place { at, is_padded: at.checked_sub(end) == Some(1) }
    }

    /// The next chunk of one of the kinds `wanted`, byte for byte from `from` on.
    fn search(&mut self, from: u64, wanted: &[Id]) -> io::Result<Option<Chunk>> {
        const STRIDE: usize = 4096;
        let mut at = from;
        while !wanted.is_empty() && self.left_to_search > 0 {
            let bytes = self.window.look(at, STRIDE + 3)?;
            let is_last = bytes.len() < STRIDE + 3;
            let names = bytes.windows(4).zip(at..);
            let places: Vec<u64> = names
                .filter(|(name, _)| wanted.iter().any(|id| id == name))
                .map(|(_, place)| place)
                .collect();
            for place in places {
                if let Some(chunk) = self.chunk(place)?.filter(|chunk| self.is_credible(chunk)) {
                    return Ok(Some(chunk));
                }
            }
            if is_last {
                break;
            }
            at = at.saturating_add(STRIDE as u64);
            self.left_to_search = self.left_to_search.saturating_sub(STRIDE as u64);
        }
        Ok(None)
    }

    /// Whether a chunk that only its name betrays may be one: such a word may stand in any text.
    fn is_credible(&self, chunk: &Chunk) -> bool {
        match chunk.stated {
            Some(stated) => chunk.len > 0 && stated == chunk.len,
            None => chunk.id == self.dialect.audio,
        }
    }
}

/// Names of chunks are printable.
fn is_name(id: &Id) -> bool {
    id.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xa9))
}
