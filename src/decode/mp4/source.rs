//! The packets of a track in the order of its edits.

use std::io;
use std::sync::Arc;

use super::layout::{Framing, Layout};
use crate::decode::packets::{Blocks, Next, Packet, PacketSource, Spot, frames_of};
use crate::decode::reader::CountingReader;

/// Frames of sound that are decoded and dropped before an edit that is jumped to, in seconds: so
/// long may a codec take to get going.
const PREROLL_SEC: u64 = 1;
/// Frames that no packet has more of: twice what FLAC and ALAC have.
const MAX_PACKET_FRAMES: u64 = 1 << 17;
/// Bytes of PCM that make a packet.
const PCM_BYTES: u64 = 32 << 10;

/// The packets of one track.
pub(super) struct Mp4Source {
    layout: Arc<Layout>,
    /// The edit that is at work, and the next packet of it.
    edit: usize,
    packet: u64,
    /// The packet that the edit starts with; those before it only get the codec going.
    first: (u64, u64),
    chunk: usize,
    /// Where in the file the next packet of `chunk` lies, if the last one was just before it.
    at: Option<u64>,
    jumps: bool,
}

impl Mp4Source {
    /// From the first packet on.
    pub(super) fn new(layout: Arc<Layout>) -> Self {
        let mut this =
            Self { layout, edit: 0, packet: 0, first: (0, 0), chunk: 0, at: None, jumps: false };
        this.begin();
        this.jumps = false;
        this
    }

    /// Whether nobody can tell whether the last of its tables is there.
    pub(super) fn is_fragmented(&self) -> bool {
        self.layout.is_fragmented
    }

    /// Goes to the start of the edit that is at work.
    fn begin(&mut self) {
        let Some(edit) = self.layout.edits.get(self.edit) else { return };
        self.first = self.layout.times.packet_at(edit.from);
        let goes_on = self.edit > 0 && self.packet == self.first.0;
        if goes_on {
            return;
        }
        let preroll = match self.layout.framing {
            Framing::Packets => PREROLL_SEC * u64::from(self.layout.timescale),
            Framing::Blocks { .. } => 0,
        };
        self.packet =
            self.layout.times.packet_at(edit.from.saturating_sub(preroll)).0.min(self.first.0);
        self.chunk = self.layout.table.chunk_of(self.packet);
        self.at = None;
        self.jumps = true;
    }

    /// The ticks of packet `number` that the edit at work does not want any more; None: it wants
    /// all to the end.
    fn cut(&self, number: u64) -> Option<u64> {
        let edit = self.layout.edits.get(self.edit)?;
        let (last, into) = match edit.to {
            Some(to) => self.layout.times.packet_at(to),
            None => (self.layout.table.packets(), 0),
        };
        if number == last {
            return Some(into);
        }
        let is_last = self.layout.ends_within && number + 1 == self.layout.table.packets();
        let ticks = self.layout.times.ticks_of(number);
        (is_last && ticks > 0).then_some(ticks)
    }

    /// Whether the edit at work has come to its end before packet `number`.
    fn is_over(&self, number: u64) -> bool {
        let Some(edit) = self.layout.edits.get(self.edit) else { return true };
        match edit.to.map(|to| self.layout.times.packet_at(to)) {
            Some((last, 0)) => number >= last,
            Some((last, _)) => number > last,
            None => number >= self.layout.table.packets(),
        }
    }
}

impl PacketSource for Mp4Source {
    fn next(&mut self, blocks: &mut Blocks<CountingReader>) -> io::Result<Next> {
        while self.is_over(self.packet) {
            if self.edit + 1 >= self.layout.edits.len() {
                return Ok(Next::End { cut_off: false });
            }
            self.edit += 1;
            self.begin();
        }
        let mut chunk = self.layout.table.chunks.get(self.chunk).copied();
        // No chunk is empty.
        if chunk
            .is_some_and(|chunk| self.packet >= chunk.first_packet.saturating_add(chunk.packets))
        {
            self.chunk += 1;
            self.at = None;
            chunk = self.layout.table.chunks.get(self.chunk).copied();
        }
        let Some(chunk) = chunk else { return Ok(Next::End { cut_off: true }) };
        let into = self.packet - chunk.first_packet;
        let at = match self.at {
            Some(at) => at,
            None => chunk.at.saturating_add(self.layout.table.bytes_before(&chunk, into)),
        };
        let size = self.layout.table.size(&chunk, into);
        // PCM: as many frames as make a decent packet.
        let mut count = 1;
        if let Framing::Blocks { bytes, .. } = self.layout.framing {
            let whole = blocks.len().saturating_sub(at) / u64::from(bytes.max(1));
            let wanted = (PCM_BYTES / u64::from(bytes.max(1))).max(1);
            count = (chunk.packets - into).min(wanted).min(whole);
            if let Some((last, rest)) =
                self.layout.edits[self.edit].to.map(|to| self.layout.times.packet_at(to))
            {
                count = count.min(last + u64::from(rest > 0) - self.packet);
            }
            if count == 0 {
                return Ok(Next::End { cut_off: true });
            }
        }
        let len = usize::try_from(u64::from(size).saturating_mul(count)).unwrap_or(usize::MAX);
        let from = match self.packet.cmp(&self.first.0) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => self.first.1,
            std::cmp::Ordering::Greater => 0,
        };
        let last = self.packet + count - 1;
        let before = (count - 1).saturating_mul(self.layout.times.ticks_of(last));
        let to = self.cut(last).map(|ticks| before.saturating_add(ticks));
        self.packet += count;
        self.at = Some(at.saturating_add(len as u64));
        let jumps = std::mem::take(&mut self.jumps);
        Ok(Next::Packet(Packet { at, len, from, to, jumps }))
    }

    fn place(&self) -> [u64; 2] {
        [self.edit as u64, self.packet]
    }

    fn go_to(&mut self, [edit, packet]: [u64; 2]) {
        let edit = usize::try_from(edit).unwrap_or(usize::MAX);
        if edit != self.edit {
            self.edit = edit;
            self.begin();
        }
        self.packet = packet;
        self.chunk = self.layout.table.chunk_of(packet);
        (self.at, self.jumps) = (None, false);
    }

    fn find(&self, tick: u64) -> Option<Spot> {
        let &[edit] = self.layout.edits.as_slice() else { return None };
        let times = &self.layout.times;
        let from = times.passed_at(edit.from);
        // Behind the end, the last one.
        let passed = from.saturating_add(tick).min(times.passed().saturating_sub(1));
        let (packet, passed) = times.packet_of(passed);
        let tick = passed.checked_sub(from)?;
        let is_packet = matches!(self.layout.framing, Framing::Packets);
        let ticks = is_packet.then(|| times.ticks_of(packet));
        Some(Spot { place: [0, packet], tick, ticks })
    }

    fn timescale(&self) -> u32 {
        match self.layout.framing {
            Framing::Packets => self.layout.timescale,
            Framing::Blocks { .. } => 0,
        }
    }

    fn frames(&self, sample_rate: u32) -> Option<u64> {
        let times = &self.layout.times;
        let ticks = self.layout.edits.iter().fold(0_u64, |sum, edit| {
            let end = edit.to.map_or_else(|| times.passed(), |to| times.passed_at(to));
            sum.saturating_add(end.saturating_sub(times.passed_at(edit.from)))
        });
        let most = self.layout.table.packets().saturating_mul(MAX_PACKET_FRAMES);
        let most = most.saturating_mul(self.layout.edits.len() as u64);
        Some(frames_of(ticks, self.timescale(), sample_rate).min(most))
    }
}
