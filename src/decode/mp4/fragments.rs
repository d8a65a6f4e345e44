//! Packets of fragmented movies, whose tables come piece by piece.
//!
//! # Sources
//! ISO/IEC 14496-12, 8.8: `trex` (8.8.3), `moof`, `traf`, `tfhd` (8.8.7), `trun` (8.8.8), `tfdt`
//! (8.8.12).

use std::io::{self, Read, Seek};

use super::boxes::{Boxes, Place, child};
use super::fields::{u32_at, u64_at};
use super::table::{Sizes, Table};
use super::times::Times;
use crate::decode::packets::Blocks;
use crate::decode::sniff::is_kind;

/// Bytes in which the next fragment is looked for, in all; and at once, twice as many each time.
const MAX_SEARCH_BYTES: u64 = 64 << 20;
const FIRST_STEP_BYTES: usize = 1 << 15;
const MAX_STEP_BYTES: usize = 1 << 20;

/// What packets have where their fragment says nothing else.
#[derive(Clone, Copy, Debug, Default)]
struct Defaults {
    ticks: u32,
    size: u32,
}

/// Appends the packets of track `id` in all fragments of `file` to `table` and `times`.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    file: Place,
    moov: Place,
    id: u32,
    (table, times): (&mut Table, &mut Times),
) -> io::Result<()> {
    let Some(mvex) = child(blocks, moov, &[*b"mvex"])? else { return Ok(()) };
    let mut defaults = Defaults::default();
    let mut all = Boxes::of(mvex);
    while let Some(trex) = all.find(blocks, *b"trex")? {
        let bytes = trex.head(blocks, 20)?;
        if u32_at(bytes, 4) == Some(id) {
            let word = |at| u32_at(bytes, at).unwrap_or(0);
            defaults = Defaults { ticks: word(12), size: word(16) };
        }
    }
    let mut all = Fragments { end: file.end, boxes: Boxes::of(file), searched: 0 };
    while let Some((start, moof)) = all.next(blocks)? {
        let mut fragment = Fragment { moof: start, data: start, id, defaults };
        let mut parts = Boxes::of(moof);
        while let Some((kind, part)) = parts.next(blocks)? {
            match &kind {
                b"traf" => fragment.read(blocks, part, table, times)?,
                // It states to be longer than it is.
                b"mdat" | b"moof" => {
                    all.go_to(parts.last_start);
                    break;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Finds the fragments of a file, also behind a box whose length is wrong.
struct Fragments {
    end: u64,
    boxes: Boxes,
    searched: u64,
}

impl Fragments {
    /// Where the next one begins, and what is in it.
    fn next<R: Read + Seek>(&mut self, blocks: &mut Blocks<R>) -> io::Result<Option<(u64, Place)>> {
        loop {
            let before = self.boxes.last_start;
            let found = self.boxes.next(blocks)?;
            match found {
                Some((kind, moof)) if kind == *b"moof" => {
                    return Ok(Some((self.boxes.last_start, moof)));
                }
                Some((kind, _)) if self.is_whole(kind, blocks)? => {}
                None if self.boxes.is_at_end() => return Ok(None),
                _ => match self.search(blocks, before + 8)? {
                    Some(at) => self.go_to(at),
                    None => return Ok(None),
                },
            }
        }
    }

    /// Whether the last box, of this kind, ends where the file does or another begins. Kinds are texts:
    /// anybody may have his own.
    fn is_whole<R: Read + Seek>(&self, kind: [u8; 4], blocks: &mut Blocks<R>) -> io::Result<bool> {
        if self.boxes.last_is_cut || !is_kind(&kind) {
            return Ok(false);
        }
        let next = Boxes::of(self.boxes.rest()).next(blocks)?;
        Ok(next.map_or_else(|| self.boxes.is_at_end(), |(kind, _)| is_kind(&kind)))
    }

    fn go_to(&mut self, start: u64) {
        self.boxes = Boxes::of(Place { start, end: self.end });
    }

    /// Where the first one begins that lies at `from` or behind it.
    fn search<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
        from: u64,
    ) -> io::Result<Option<u64>> {
        // Its length and kind, and those of the box that it begins with.
        const HEAD_BYTES: usize = 16;
        let (mut at, mut step) = (from, FIRST_STEP_BYTES);
        while self.searched < MAX_SEARCH_BYTES {
            let bytes = blocks.look(at, step)?;
            let begins =
                |head: &[u8]| head[4..8] == *b"moof" && head[8..HEAD_BYTES] == *b"\0\0\0\x10mfhd";
            if let Some(found) = bytes.windows(HEAD_BYTES).position(begins) {
                return Ok(Some(at + found as u64));
            }
            if bytes.len() < step {
                break;
            }
            let seen = (step - HEAD_BYTES) as u64;
            self.searched += seen;
            at += seen;
            step = (2 * step).min(MAX_STEP_BYTES);
        }
        Ok(None)
    }
}

/// One `moof`.
struct Fragment {
    /// Where it begins.
    moof: u64,
    /// Where the data of the last run ends.
    data: u64,
    /// The track that is wanted.
    id: u32,
    defaults: Defaults,
}

impl Fragment {
    fn read<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
        traf: Place,
        table: &mut Table,
        times: &mut Times,
    ) -> io::Result<()> {
        const BASE_IS_MOOF: u32 = 0x2_0000;
        let Some(tfhd) = child(blocks, traf, &[*b"tfhd"])? else { return Ok(()) };
        let bytes = tfhd.head(blocks, 40)?;
        let flags = u32_at(bytes, 0).unwrap_or(0);
        let is_ours = u32_at(bytes, 4) == Some(self.id);
        let mut at = 8;
        let mut optional = |bit: u32, len: usize| {
            let here = at;
            if flags & bit != 0 {
                at += len;
            }
            (flags & bit != 0).then_some(here)
        };
        let base = optional(1, 8).and_then(|at| u64_at(bytes, at));
        optional(2, 4);
        let ticks = optional(8, 4).and_then(|at| u32_at(bytes, at));
        let size = optional(16, 4).and_then(|at| u32_at(bytes, at));
        let defaults = Defaults {
            ticks: ticks.unwrap_or(self.defaults.ticks),
            size: size.unwrap_or(self.defaults.size),
        };
        let base = match base {
            Some(base) => base,
            None if flags & BASE_IS_MOOF != 0 => self.moof,
            None => self.data,
        };
        if is_ours && let Some(tfdt) = child(blocks, traf, &[*b"tfdt"])? {
            let bytes = tfdt.head(blocks, 12)?;
            let start = match bytes.first() {
                Some(1) => u64_at(bytes, 4),
                _ => u32_at(bytes, 4).map(u64::from),
            };
            times.go_on_at(start.unwrap_or(0));
        }
        self.data = base;
        let mut runs = Boxes::of(traf);
        while let Some(trun) = runs.find(blocks, *b"trun")? {
            let sink = is_ours.then_some((&mut *table, &mut *times));
            self.run(blocks, trun, base, defaults, sink)?;
        }
        Ok(())
    }

    /// Reads one run, and notes its packets in `sink`.
    fn run<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
        trun: Place,
        base: u64,
        defaults: Defaults,
        sink: Option<(&mut Table, &mut Times)>,
    ) -> io::Result<()> {
        let head = trun.head(blocks, 16)?;
        let (Some(flags), Some(count)) = (u32_at(head, 0), u32_at(head, 4)) else {
            return Ok(());
        };
        let has = |bit: u32| flags & bit != 0;
        let mut start = self.data;
        if has(1) {
            // The file may end here.
            let Some(offset) = u32_at(head, 8) else { return Ok(()) };
            start = base.saturating_add_signed(i64::from(offset.cast_signed()));
        }
        let header_len = 8 + 4 * (u64::from(has(1)) + u64::from(has(4)));
        // Duration, size, flags, offset of composition.
        let len = 4 * [0x100, 0x200, 0x400, 0x800].into_iter().filter(|bit| has(*bit)).count();
        let size_at = if has(0x100) { 4 } else { 0 };
        if len == 0 || !has(0x300) {
            let count = u64::from(count);
            let bytes = count.saturating_mul(u64::from(defaults.size));
            self.data = start.saturating_add(bytes);
            if let Some((table, times)) = sink {
                table.push(start, count, Sizes::Same(defaults.size));
                times.push(count, defaults.ticks);
            }
            return Ok(());
        }
        let entries = trun.behind(header_len).all(blocks)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let entries = entries.chunks_exact(len).take(count);
        let size = |entry: &[u8]| match has(0x200) {
            true => u32_at(entry, size_at).unwrap_or(0),
            false => defaults.size,
        };
        let bytes: u64 = entries.clone().map(|entry| u64::from(size(entry))).sum();
        self.data = start.saturating_add(bytes);
        let Some((table, times)) = sink else { return Ok(()) };
        let first = table.next_size();
        let count = entries.len() as u64;
        for entry in entries {
            table.push_size(size(entry));
            let ticks = if has(0x100) { u32_at(entry, 0) } else { None };
            times.push(1, ticks.unwrap_or(defaults.ticks));
        }
        table.push(start, count, Sizes::From(first));
        Ok(())
    }
}
