//! Finds what a format reader skips without a word: it searches for the next frame of MPEG audio
//! and does not tell how far it went.
//!
//! Packets lie side by side, so each one starts where the sum of those before it says. The reader
//! fetches a block whenever it has used up the last one, hence a packet during which a block was
//! fetched lies across the end of the block before it. Where both cannot be true at once, bytes
//! were skipped. What precedes the first packet or follows the last one is never seen here: tags
//! and rubbish of all kinds are common there.

/// Where the first packet started, as far as blocks and sums tell.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The least and the greatest start of the first packet, in bytes.
    start: Option<(i64, i64)>,
    /// Bytes of all packets so far.
    sum: i64,
}

impl Ledger {
    /// Enters a packet of `len` bytes, while reading which the source went from byte `before` to
    /// `after`. How many bytes were certainly skipped before it.
    pub(super) fn enter(&mut self, len: usize, before: u64, after: u64) -> u64 {
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let sum = self.sum;
        self.sum = sum.saturating_add(len);
        let Ok(before) = i64::try_from(before) else { return 0 };
        // What was read for the first packet may have been for what lies before it.
        if sum == 0 || after == before.unsigned_abs() {
            return 0;
        }
        // This packet started at most its length before the end of the block, not behind it.
        let seen = (before.saturating_sub(len).saturating_sub(sum), before.saturating_sub(sum));
        let Some((least, greatest)) = self.start else {
            self.start = Some(seen);
            return 0;
        };
        if seen.0 > greatest {
            // All later packets are further on by what was skipped.
            self.start = Some(seen);
            return seen.0.abs_diff(greatest);
        }
        let (least, greatest) = (least.max(seen.0), greatest.min(seen.1));
        if least <= greatest {
            self.start = Some((least, greatest));
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    /// Enters packets of `lens` bytes read in blocks of 1,000, with `junk` bytes before the one
    /// numbered `at`.
    fn skipped(lens: &[usize], at: usize, junk: u64) -> u64 {
        let (mut ledger, mut start, mut fetched, mut skipped) = (Ledger::default(), 77_u64, 0, 0);
        for (number, len) in lens.iter().enumerate() {
            start += if number == at { junk } else { 0 };
            let end = start + *len as u64;
            let before = fetched;
            while fetched < end {
                fetched += 1000;
            }
            skipped += ledger.enter(*len, before, fetched);
            start = end;
        }
        skipped
    }

    fn packets() -> Vec<usize> {
        // As 44.1 kHz at 128 kbit/s has them.
        (0..500).map(|n| if n % 25 == 0 { 417 } else { 418 }).collect()
    }

    #[test]
    fn packets_side_by_side_skip_nothing() {
        assert_eq!(skipped(&packets(), usize::MAX, 0), 0);
        let varied: Vec<usize> = (0..500).map(|n| 96 + (n * n * 7) % 1348).collect();
        assert_eq!(skipped(&varied, usize::MAX, 0), 0);
    }

    #[test]
    fn what_lies_between_two_packets_is_found() {
        for junk in [418, 2_000, 50_000] {
            let found = skipped(&packets(), 250, junk);
            assert!(found > 0 && found <= junk, "{found} of {junk}");
        }
    }

    #[test]
    fn what_lies_before_the_first_packet_is_not_counted() {
        assert_eq!(skipped(&packets(), 0, 5_000), 0);
    }
}
