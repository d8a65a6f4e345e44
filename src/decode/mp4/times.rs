//! When packets begin: runs of packets of one length.
//!
//! # Sources
//! ISO/IEC 14496-12: `stts` (8.6.1.2). ISO/IEC 14496-3: frames of AAC.

use std::io::{self, Read, Seek};

use super::boxes::{Place, child};
use super::fields::u32_at;
use crate::decode::packets::Blocks;

/// Frames of a packet of AAC, of which low delay has half as many, and HE-AAC twice.
const AAC_FRAMES: [u64; 6] = [1024, 960, 512, 480, 2048, 1920];

/// Packets of one length.
#[derive(Clone, Copy, Debug)]
struct Run {
    first_packet: u64,
    first_tick: u64,
    /// Ticks of all packets before it, which is less where there are gaps: what is decoded has none.
    passed: u64,
    /// Ticks of each packet.
    ticks: u32,
}

/// The times of all packets of a track.
#[derive(Debug, Default)]
pub(super) struct Times {
    runs: Vec<Run>,
    packets: u64,
    ticks: u64,
    passed: u64,
}

impl Times {
    /// Reads `stts`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(blocks: &mut Blocks<R>, tables: Place) -> io::Result<Self> {
        let mut this = Self::default();
        let Some(stts) = child(blocks, tables, &[*b"stts"])? else { return Ok(this) };
        let bytes = stts.all(blocks)?;
        let entries = usize::try_from(u32_at(&bytes, 4).unwrap_or(0)).unwrap_or(usize::MAX);
        for entry in bytes.get(8..).unwrap_or(&[]).as_chunks::<8>().0.iter().take(entries) {
            let (Some(packets), Some(ticks)) = (u32_at(entry, 0), u32_at(entry, 4)) else { break };
            this.push(u64::from(packets), ticks);
        }
        this.runs.shrink_to_fit();
        Ok(this)
    }

    /// Appends `packets` packets of `ticks` ticks each.
    pub(super) fn push(&mut self, packets: u64, ticks: u32) {
        if packets == 0 {
            return;
        }
        let same = self.runs.last().is_some_and(|run| {
            let passed = (self.packets - run.first_packet).saturating_mul(u64::from(run.ticks));
            run.ticks == ticks && run.first_tick.saturating_add(passed) == self.ticks
        });
        if !same {
            let Self { packets: first_packet, ticks: first_tick, passed, .. } = *self;
            self.runs.push(Run { first_packet, first_tick, passed, ticks });
        }
        let of_all = packets.saturating_mul(u64::from(ticks));
        self.packets = self.packets.saturating_add(packets);
        self.ticks = self.ticks.saturating_add(of_all);
        self.passed = self.passed.saturating_add(of_all);
    }

    /// Lets the last packet have `ticks` ticks where it has more.
    pub(super) fn shorten_last(&mut self, ticks: u32) {
        let Some(last) = self.runs.last().copied().filter(|run| (1..run.ticks).contains(&ticks))
        else {
            return;
        };
        self.packets -= 1;
        self.ticks = self.ticks.saturating_sub(u64::from(last.ticks));
        self.passed = self.passed.saturating_sub(u64::from(last.ticks));
        if last.first_packet == self.packets {
            self.runs.pop();
        }
        self.push(1, ticks);
    }

    /// What follows begins at `tick`, if that lies ahead.
    pub(super) fn go_on_at(&mut self, tick: u64) {
        self.ticks = self.ticks.max(tick);
    }

    /// Whether all packets but the last have one length.
    pub(super) fn are_regular(&self) -> bool {
        match *self.runs.as_slice() {
            [] | [_] => true,
            [_, last] => last.first_packet + 1 == self.packets,
            _ => false,
        }
    }

    /// The same packets side by side, each of the length that they have on average, or near that in
    /// AAC if ticks are frames. Cameras and recorders note when a packet came, though their audio
    /// has no gaps; the first and the last time are often odd.
    pub(super) fn regular(&self, counts_frames: bool) -> Self {
        let start = self.runs.first().map_or(0, |run| run.first_tick);
        let odd = self.ticks_of(0).saturating_add(self.ticks_of(self.packets.saturating_sub(1)));
        let all = (self.ticks - start).saturating_sub(odd);
        let between = self.packets.saturating_sub(2).max(1);
        let mean = all.saturating_add(between / 2) / between;
        let is_near = |usual: &u64| usual.abs_diff(mean).saturating_mul(64) <= mean;
        let usual = AAC_FRAMES.into_iter().filter(|_| counts_frames).find(is_near);
        let ticks = usual.unwrap_or(mean);
        let mut regular = Self { ticks: start, ..Self::default() };
        regular.push(self.packets, u32::try_from(ticks).unwrap_or(u32::MAX));
        regular
    }

    /// Bytes held.
    pub(super) fn byte_len(&self) -> usize {
        size_of_val(self.runs.as_slice())
    }

    /// How many packets have a time.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    /// The end of the last packet.
    pub(super) fn end(&self) -> u64 {
        self.ticks
    }

    /// Ticks of all packets.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Ticks of what is decoded before `tick`.
    pub(super) fn passed_at(&self, tick: u64) -> u64 {
        let (packet, into) = self.packet_at(tick);
        let run = self.runs.partition_point(|run| run.first_packet <= packet);
        let Some(run) = run.checked_sub(1).map(|run| self.runs[run]) else { return 0 };
        let before = (packet - run.first_packet).saturating_mul(u64::from(run.ticks));
        run.passed.saturating_add(before).saturating_add(into)
    }

    /// The packet that has decoded tick `passed`, and where it begins among those.
    pub(super) fn packet_of(&self, passed: u64) -> (u64, u64) {
        let Some(at) = self.runs.partition_point(|run| run.passed <= passed).checked_sub(1) else {
            return (0, 0);
        };
        let run = self.runs[at];
        let next = self.runs.get(at + 1).map_or(self.packets, |next| next.first_packet);
        let into = (passed - run.passed).checked_div(u64::from(run.ticks)).unwrap_or(0);
        let into = into.min((next - run.first_packet).saturating_sub(1));
        (run.first_packet + into, run.passed + into * u64::from(run.ticks))
    }

    /// Ticks of packet `number`; 0 where nobody knows.
    pub(super) fn ticks_of(&self, number: u64) -> u64 {
        let run = self.runs.partition_point(|run| run.first_packet <= number);
        run.checked_sub(1).map_or(0, |run| u64::from(self.runs[run].ticks))
    }

    /// The packet that `tick` lies in, and how far; the number of packets beyond the last one.
    pub(super) fn packet_at(&self, tick: u64) -> (u64, u64) {
        let Some(at) = self.runs.partition_point(|run| run.first_tick <= tick).checked_sub(1)
        else {
            return (0, 0);
        };
        let run = self.runs[at];
        let next = self.runs.get(at + 1).map_or(self.packets, |next| next.first_packet);
        let into = tick - run.first_tick;
        let number = match into.checked_div(u64::from(run.ticks)) {
            Some(passed) => run.first_packet.saturating_add(passed),
            None => run.first_packet,
        };
        // Behind the last packet of a run may come a gap.
        if number >= next { (next, 0) } else { (number, into % u64::from(run.ticks).max(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decoded_has_no_gaps() {
        let mut times = Times::default();
        times.go_on_at(10_000);
        times.push(3, 1_000);
        times.go_on_at(20_000);
        times.push(2, 500);
        assert_eq!((times.end(), times.passed()), (21_000, 4_000));
        assert_eq!(
            [0, 10_000, 11_500, 15_000, 20_600].map(|tick| times.passed_at(tick)),
            [0, 0, 1_500, 3_000, 3_600]
        );
        assert_eq!(
            [0, 1_500, 2_999, 3_000, 3_999].map(|passed| times.packet_of(passed)),
            [(0, 0), (1, 1_000), (2, 2_000), (3, 3_000), (4, 3_500)]
        );
    }

    #[test]
    fn packets_whose_times_waver_have_the_length_of_their_codec() {
        let mut times = Times::default();
        for (packets, ticks) in
            [(7, 960), (1, 1408), (7, 960), (1, 1472), (6, 960), (1, 1408), (3, 960)]
        {
            times.push(packets, ticks);
        }
        assert!(!times.are_regular());
        assert_eq!(times.regular(true).packet_at(1_440), (1, 1_440 - 1_024));
        // The mean of all but the first and the last one.
        assert_eq!(times.regular(false).packet_at(1_440), (1, 1_440 - 1_019));
    }
}
