//! The packets of a track in the order of its edits.

use std::io;

use super::Failure;
use super::boxes::Place;
use super::edits::{self, Edit};
use super::entry::Found;
use super::fragments;
use super::table::Table;
use super::times::Times;
use super::track::Track;
use crate::decode::packets::{Blocks, Next, Packet, PacketSource, Spot, frames_of};
use crate::decode::reader::CountingReader;

/// Frames of sound that are decoded and dropped before an edit that is jumped to, in seconds: so
/// long may a codec take to get going.
const PREROLL_SEC: u64 = 1;
/// Bytes of PCM that make a packet.
const PCM_BYTES: u64 = 32 << 10;

/// What the packets in the tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Packets of the codec.
    Packets,
    /// Blocks of so many bytes and frames, at a rate.
    Blocks { bytes: u32, frames: u32, rate: u32 },
}

/// The packets of one track.
pub(super) struct Mp4Source {
    table: Table,
    times: Times,
    timescale: u32,
    framing: Framing,
    /// Whether the tables come piece by piece, so that nobody can tell whether the last is there.
    pub(super) is_fragmented: bool,
    /// Whether the last packet's length says how much of it is audio.
    ends_within: bool,
    edits: Vec<Edit>,
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
    /// The packets of `track`, which hold what `found` decodes.
    ///
    /// # Errors
    /// `corrupt`, and those of the reader.
    pub(super) fn new(
        blocks: &mut Blocks<CountingReader>,
        file: Place,
        moov: Place,
        track: &Track,
        found: &Found,
    ) -> Result<Self, Failure> {
        let (framing, priming) = (found.framing, found.priming);
        let counts_frames = found.codec.spec().sample_rate == track.timescale;
        let mut table = Table::read(blocks, track.tables)?;
        let mut times = Times::read(blocks, track.tables)?;
        let stated = table.packets();
        fragments::read(blocks, file, moov, track.id, (&mut table, &mut times))?;
        let is_fragmented = table.packets() > stated;
        if times.packets() < table.packets() {
            let missing = table.packets() - times.packets();
            let ticks = times.ticks_of(times.packets().saturating_sub(1));
            times.push(missing, u32::try_from(ticks).unwrap_or(0));
        }
        let mut edits = edits::read(blocks, moov, track, times.end(), priming)?;
        let ends_within = times.are_regular();
        if !ends_within {
            times = times.regular(counts_frames);
        }
        if let Framing::Blocks { bytes, frames, rate } = framing {
            table.regard_as_blocks(bytes, frames);
            times = Times::default();
            times.push(table.packets(), frames);
            let place = |ticks| frames_of(ticks, track.timescale, rate);
            for edit in &mut edits {
                *edit = Edit { from: place(edit.from), to: edit.to.map(place) };
            }
        }
        let mut this = Self {
            table,
            times,
            timescale: track.timescale,
            framing,
            is_fragmented,
            ends_within,
            edits,
            edit: 0,
            packet: 0,
            first: (0, 0),
            chunk: 0,
            at: None,
            jumps: false,
        };
        this.begin();
        this.jumps = false;
        Ok(this)
    }

    /// Goes to the start of the edit that is at work.
    fn begin(&mut self) {
        let Some(edit) = self.edits.get(self.edit) else { return };
        self.first = self.times.packet_at(edit.from);
        let goes_on = self.edit > 0 && self.packet == self.first.0;
        if goes_on {
            return;
        }
        let preroll = match self.framing {
            Framing::Packets => PREROLL_SEC * u64::from(self.timescale),
            Framing::Blocks { .. } => 0,
        };
        self.packet = self.times.packet_at(edit.from.saturating_sub(preroll)).0.min(self.first.0);
        self.chunk = self.table.chunk_of(self.packet);
        self.at = None;
        self.jumps = true;
    }

    /// The ticks of packet `number` that the edit at work does not want any more; None: it wants
    /// all to the end.
    fn cut(&self, number: u64) -> Option<u64> {
        let edit = self.edits.get(self.edit)?;
        let (last, into) = match edit.to {
            Some(to) => self.times.packet_at(to),
            None => (self.table.packets(), 0),
        };
        if number == last {
            return Some(into);
        }
        let is_last = self.ends_within && number + 1 == self.table.packets();
        let ticks = self.times.ticks_of(number);
        (is_last && ticks > 0).then_some(ticks)
    }

    /// Whether the edit at work has come to its end before packet `number`.
    fn is_over(&self, number: u64) -> bool {
        let Some(edit) = self.edits.get(self.edit) else { return true };
        match edit.to.map(|to| self.times.packet_at(to)) {
            Some((last, 0)) => number >= last,
            Some((last, _)) => number > last,
            None => number >= self.table.packets(),
        }
    }
}

impl PacketSource for Mp4Source {
    fn next(&mut self, blocks: &mut Blocks<CountingReader>) -> io::Result<Next> {
        while self.is_over(self.packet) {
            if self.edit + 1 >= self.edits.len() {
                return Ok(Next::End { cut_off: false });
            }
            self.edit += 1;
            self.begin();
        }
        let mut chunk = self.table.chunks.get(self.chunk).copied();
        // No chunk is empty.
        if chunk
            .is_some_and(|chunk| self.packet >= chunk.first_packet.saturating_add(chunk.packets))
        {
            self.chunk += 1;
            self.at = None;
            chunk = self.table.chunks.get(self.chunk).copied();
        }
        let Some(chunk) = chunk else { return Ok(Next::End { cut_off: true }) };
        let into = self.packet - chunk.first_packet;
        let at = match self.at {
            Some(at) => at,
            None => chunk.at.saturating_add(self.table.bytes_before(&chunk, into)),
        };
        let size = self.table.size(&chunk, into);
        // PCM: as many frames as make a decent packet.
        let mut count = 1;
        if let Framing::Blocks { bytes, .. } = self.framing {
            let whole = blocks.len().saturating_sub(at) / u64::from(bytes.max(1));
            let wanted = (PCM_BYTES / u64::from(bytes.max(1))).max(1);
            count = (chunk.packets - into).min(wanted).min(whole);
            if let Some((last, rest)) = self.edits[self.edit].to.map(|to| self.times.packet_at(to))
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
        let before = (count - 1).saturating_mul(self.times.ticks_of(last));
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
        self.chunk = self.table.chunk_of(packet);
        (self.at, self.jumps) = (None, false);
    }

    fn find(&self, tick: u64) -> Option<Spot> {
        let &[edit] = self.edits.as_slice() else { return None };
        let tick = edit.from.saturating_add(tick);
        let (packet, into) = self.times.packet_at(tick.min(self.times.end().saturating_sub(1)));
        let tick = tick.saturating_sub(into).checked_sub(edit.from)?;
        let is_packet = matches!(self.framing, Framing::Packets);
        let ticks = is_packet.then(|| self.times.ticks_of(packet));
        Some(Spot { place: [0, packet], tick, ticks })
    }

    fn timescale(&self) -> u32 {
        match self.framing {
            Framing::Packets => self.timescale,
            Framing::Blocks { .. } => 0,
        }
    }

    fn frames(&self, sample_rate: u32) -> Option<u64> {
        let ticks = self.edits.iter().fold(0_u64, |sum, edit| {
            let end = edit.to.unwrap_or(u64::MAX).min(self.times.end());
            sum.saturating_add(end.saturating_sub(edit.from))
        });
        Some(frames_of(ticks, self.timescale(), sample_rate))
    }
}
