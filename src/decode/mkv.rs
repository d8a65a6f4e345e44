//! Matroska and WebM: tracks, and the packets of one of them.
//!
//! symphonia 0.6.1 demands elements that are optional, and tells neither how long a file is nor
//! what is no audio. Elements are walked without regard to how they are nested, since segments and
//! clusters of live streams do not say where they end.
//!
//! # Sources
//! RFC 9559 (Matroska), 5.

mod block;
mod ebml;
#[cfg(test)]
mod tests;
mod track;

use std::collections::VecDeque;
use std::io::{self, BufReader, Read, Seek};

pub(super) use track::Track;

use ebml::{MAX_HEADER_BYTES, float, unsigned};
pub(crate) use ebml::{child, elements, header};

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"\x1a\x45\xdf\xa3";

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const CUES: u32 = 0x1c53_bb6b;
const TAGS: u32 = 0x1254_c367;

/// Longest description of all tracks, and longest block. The greatest packets are those of
/// uncompressed audio.
const MAX_CONTENT_BYTES: u64 = 32 << 20;
/// Most bytes that are searched, in all, for a cluster behind what makes no sense.
const MAX_SEARCH_BYTES: u64 = 64 << 20;

/// Whether a file that begins with `head` is one.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// One packet of the track that is played.
#[derive(Debug, PartialEq)]
pub(super) struct Packet {
    pub(super) data: Vec<u8>,
    /// What at its end is no audio.
    pub(super) padding_ns: u64,
    /// When it begins, unless others of its block lie before it.
    pub(super) time_ns: Option<u64>,
    /// It stands for what was passed.
    pub(super) is_passed: bool,
}

impl Packet {
    fn passed() -> Self {
        Self { data: Vec::new(), padding_ns: 0, time_ns: None, is_passed: true }
    }
}

/// Reads one file from its start to its end.
pub(super) struct Matroska<R: Read + Seek> {
    reader: BufReader<R>,
    position: u64,
    byte_len: u64,
    /// Where the segment, or something that is cut off, says that it ends.
    stated_end: Option<u64>,
    /// Where the first cluster lies that was seen before the tracks were.
    passed: Option<u64>,
    /// Where the cluster that is read says that it ends.
    cluster_end: Option<u64>,
    /// Nanoseconds of a tick.
    scale: u64,
    /// The cluster's time, in ticks.
    cluster_ticks: u64,
    /// The time of the last block of the track, and the longest time between two of them.
    last_ticks: Option<u64>,
    longest_ticks: u64,
    duration_sec: Option<f64>,
    tracks: Vec<Track>,
    queue: VecDeque<Packet>,
    searched: u64,
}

impl<R: Read + Seek> Matroska<R> {
    /// Reads on to the first block, or to the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn open(reader: R, byte_len: u64) -> io::Result<Self> {
        let mut this = Self {
            reader: BufReader::with_capacity(64 << 10, reader),
            position: 0,
            byte_len,
            stated_end: None,
            passed: None,
            cluster_end: None,
            scale: 1_000_000,
            cluster_ticks: 0,
            last_ticks: None,
            longest_ticks: 0,
            duration_sec: None,
            tracks: Vec::new(),
            queue: VecDeque::new(),
            searched: 0,
        };
        while this.tracks.is_empty() && this.step(None)? {
            // What is passed here comes again.
            this.queue.clear();
        }
        if let Some(cluster) = this.passed.filter(|_| !this.tracks.is_empty()) {
            this.go_to(cluster)?;
            this.searched = 0;
        }
        Ok(this)
    }

    /// The audio tracks.
    pub(super) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// How long the file says that it is, all tracks together.
    pub(super) fn duration_sec(&self) -> Option<f64> {
        self.duration_sec.filter(|sec| sec.is_finite() && *sec > 0.0)
    }

    /// The next packet of `track`; None at the end.
    ///
    /// # Errors
    /// Those of the reader; `UnexpectedEof` where the file says that it is longer.
    pub(super) fn next(&mut self, track: &Track) -> io::Result<Option<Packet>> {
        while self.queue.is_empty() {
            if !self.step(Some(track))? {
                if self.is_cut() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                return Ok(None);
            }
        }
        Ok(self.queue.pop_front())
    }

    /// Whether audio is missing at the end. What follows the last cluster, an index mostly, may be.
    fn is_cut(&self) -> bool {
        let beyond = |end: Option<u64>| end.is_some_and(|end| end > self.byte_len);
        if beyond(self.cluster_end) {
            return true;
        }
        let Some(duration) = self.duration_sec() else { return beyond(self.stated_end) };
        // The last block lasts about as long as those before it.
        let ticks = self.last_ticks.unwrap_or(0) + 2 * self.longest_ticks + 2;
        // Of a single block nobody knows how long it is.
        let is_known = self.last_ticks.is_none() || self.longest_ticks > 0;
        beyond(self.stated_end) && is_known && ticks as f64 * self.scale as f64 / 1e9 < duration
    }

    /// Notes the time of a block of the track that is played, and gives it in nanoseconds.
    fn note_time(&mut self, block: &[u8]) -> Option<u64> {
        let offset = block::ticks(block)?;
        let ticks = self.cluster_ticks.saturating_add_signed(i64::from(offset));
        let last = self.last_ticks.replace(ticks).unwrap_or(ticks);
        self.longest_ticks = self.longest_ticks.max(ticks.saturating_sub(last)).min(1 << 20);
        ticks.checked_mul(self.scale)
    }

    /// Where the block ends that was read last.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn reader(&self) -> &R {
        self.reader.get_ref()
    }

    pub(super) fn into_reader(self) -> R {
        self.reader.into_inner()
    }

    /// Passes one element, with its content unless that is elements which matter; false at the end.
    fn step(&mut self, wanted: Option<&Track>) -> io::Result<bool> {
        // Behind a segment comes nothing, or another file.
        if self.position >= self.stated_end.unwrap_or(u64::MAX).min(self.byte_len) {
            return Ok(false);
        }
        let bytes = self.peek()?;
        let Some((id, header_bytes, size)) = header(&bytes) else {
            return self.search();
        };
        let start = self.position + header_bytes as u64;
        let end = size.and_then(|size| start.checked_add(size));
        match (id, end) {
            (SEGMENT | CLUSTER, _) => {
                if id == CLUSTER {
                    self.cluster_end = end;
                }
                if id == SEGMENT && self.stated_end.is_none() {
                    self.stated_end = end;
                } else if wanted.is_none() {
                    self.passed.get_or_insert(self.position);
                }
                self.go_to(start)?;
                return Ok(true);
            }
            // Other elements of unknown size are not allowed.
            (_, None) => return self.search(),
            (SIMPLE_BLOCK | BLOCK_GROUP, Some(end)) if self.is_too_long(end)? => {
                // Cut off, if nothing comes behind it, or its size is damaged.
                let is_cut = self.most_end() == self.byte_len;
                if !self.search()? {
                    if is_cut {
                        self.cluster_end = Some(end);
                        return Ok(false);
                    }
                    self.queue.push_back(Packet::passed());
                }
            }
            (_, Some(end)) if end > self.byte_len => {
                // Cut off, or no element at all.
                self.stated_end = self.stated_end.max(Some(end));
                return self.search();
            }
            (SIMPLE_BLOCK | BLOCK_GROUP, Some(end)) => {
                if let Some(track) = wanted
                    && let Some(content) = self.content(start, end)?
                    && let Some(block) = block_of(id, &content, track)
                {
                    let time_ns = self.note_time(block);
                    let mut packets = packets_of(id, &content, block, track);
                    if let Some(first) = packets.first_mut() {
                        first.time_ns = time_ns;
                    }
                    self.queue.extend(packets);
                }
                self.go_to(end)?;
            }
            (INFO, Some(end)) => {
                if let Some(content) = self.content(start, end)? {
                    self.scale = child(&content, TIMESTAMP_SCALE).map_or(self.scale, unsigned);
                    let ticks = child(&content, DURATION).map(float);
                    self.duration_sec = ticks.map(|ticks| ticks * self.scale as f64 / 1e9);
                }
                self.go_to(end)?;
            }
            (TIMESTAMP, Some(end)) => {
                if let Some(content) = self.content(start, end)? {
                    self.cluster_ticks = unsigned(&content).min(1 << 40);
                }
                self.go_to(end)?;
            }
            (TRACKS, Some(end)) => {
                if self.tracks.is_empty()
                    && let Some(content) = self.content(start, end)?
                {
                    self.tracks = track::audio_tracks(&content);
                }
                self.go_to(end)?;
            }
            (_, Some(end)) => self.go_to(end)?,
        }
        Ok(true)
    }

    /// Where what begins here has to end: with the cluster that it is in, or else with the file.
    fn most_end(&self) -> u64 {
        let is_inside = |end: &u64| (self.position + 1..self.byte_len).contains(end);
        self.cluster_end.filter(is_inside).unwrap_or(self.byte_len)
    }

    /// Whether a block that is said to end at `end` cannot. Where it merely reaches beyond its
    /// cluster, the size of that may be the damaged one: what they end at tells.
    fn is_too_long(&mut self, end: u64) -> io::Result<bool> {
        let most = self.most_end();
        if end <= most || end > self.byte_len {
            return Ok(end > most);
        }
        if matches!(self.id_at(most)?, Some(CLUSTER | CUES | TAGS)) {
            return Ok(true);
        }
        let next = [CLUSTER, CUES, TAGS, SIMPLE_BLOCK, BLOCK_GROUP];
        Ok(end < self.byte_len && !self.id_at(end)?.is_some_and(|id| next.contains(&id)))
    }

    /// What begins at `position`: an id of four bytes, which is no chance, or an element that ends
    /// within the file.
    fn id_at(&mut self, position: u64) -> io::Result<Option<u32>> {
        let back = self.position;
        self.go_to(position)?;
        let bytes = self.peek()?;
        self.go_to(back)?;
        let Some((id, header_bytes, size)) = header(&bytes) else { return Ok(None) };
        let end = size.and_then(|size| size.checked_add(position + header_bytes as u64));
        let is_inside = end.is_some_and(|end| end <= self.byte_len);
        Ok(Some(id).filter(|id| *id > 0xff_ffff || is_inside))
    }

    /// The header of an element, and maybe more.
    fn peek(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(MAX_HEADER_BYTES);
        self.reader.by_ref().take(MAX_HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        self.position += bytes.len() as u64;
        let back = self.position - bytes.len() as u64;
        self.go_to(back)?;
        Ok(bytes)
    }

    fn go_to(&mut self, position: u64) -> io::Result<()> {
        // Neither is beyond the end of a file.
        let offset = position.cast_signed() - self.position.cast_signed();
        self.reader.seek_relative(offset)?;
        self.position = position;
        Ok(())
    }

    /// What lies from `start` to `end`, or nothing if that is too much.
    fn content(&mut self, start: u64, end: u64) -> io::Result<Option<Vec<u8>>> {
        if end - start > MAX_CONTENT_BYTES {
            return Ok(None);
        }
        self.go_to(start)?;
        let mut content = Vec::with_capacity(usize::try_from(end - start).unwrap_or(0));
        self.reader.by_ref().take(end - start).read_to_end(&mut content)?;
        self.position += content.len() as u64;
        Ok(Some(content))
    }

    /// Goes on at the next cluster; a packet stands for what was passed. False: there is none.
    fn search(&mut self) -> io::Result<bool> {
        let id = CLUSTER.to_be_bytes();
        let (mut seen, mut first) = ([0; 4], true);
        let mut bytes = [0; 4096];
        loop {
            let read = self.reader.read(&mut bytes)?;
            if read == 0 || self.searched > MAX_SEARCH_BYTES {
                self.position = self.byte_len;
                // Of a segment without an end, something was to follow.
                self.stated_end.get_or_insert(u64::MAX);
                return Ok(false);
            }
            for (at, byte) in bytes[..read].iter().enumerate() {
                seen = [seen[1], seen[2], seen[3], *byte];
                if seen == id && !(first && at == 3) {
                    let found = self.position + at as u64 + 1 - id.len() as u64;
                    self.position += read as u64;
                    self.go_to(found)?;
                    self.queue.push_back(Packet::passed());
                    return Ok(true);
                }
            }
            first = false;
            self.position += read as u64;
            self.searched += read as u64;
        }
    }
}

/// The block of `track` in the content of a `SimpleBlock` or `BlockGroup`.
fn block_of<'a>(id: u32, content: &'a [u8], track: &Track) -> Option<&'a [u8]> {
    let block = if id == SIMPLE_BLOCK { Some(content) } else { child(content, BLOCK) };
    block.filter(|block| block::track(block) == Some(track.number))
}

/// The packets of `track` in `block`, which the content of an element holds.
fn packets_of(id: u32, content: &[u8], block: &[u8], track: &Track) -> Vec<Packet> {
    // What contradicts itself cannot be decoded.
    let Some(packets) = block::packets(block) else { return vec![Packet::passed()] };
    let mut packets: Vec<Packet> = packets
        .into_iter()
        .map(|packet| Packet {
            data: [&track.stripped, packet].concat(),
            padding_ns: 0,
            time_ns: None,
            is_passed: false,
        })
        .collect();
    if let Some(last) = packets.last_mut()
        && id == BLOCK_GROUP
    {
        last.padding_ns = track::padding_ns(content);
    }
    packets
}
