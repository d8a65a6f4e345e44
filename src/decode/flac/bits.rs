//! Bits out of bytes, the highest of each byte first.

/// Reads bits. Behind the end there are zeros; [`is_over`](Self::is_over) tells.
#[derive(Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte that is loaded next.
    at: usize,
    /// Loaded bits, from the highest on. Those beyond `loaded` are right, too, or 0.
    cache: u64,
    loaded: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, cache: 0, loaded: 0 }
    }

    /// Loads as many as fit, 56 at least.
    #[inline(always)]
    fn load(&mut self) {
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            Some(word) => {
                self.cache |= u64::from_be_bytes(*word) >> self.loaded;
                self.at += (63 - self.loaded as usize) / 8;
                self.loaded |= 56;
            }
            None => self.load_the_last(),
        }
    }

    #[cold]
    fn load_the_last(&mut self) {
        while self.loaded < 56 {
            let byte = self.bytes.get(self.at).copied().unwrap_or(0);
            self.cache |= u64::from(byte) << (56 - self.loaded);
            self.at += 1;
            self.loaded += 8;
        }
    }

    #[inline(always)]
    fn drop_bits(&mut self, count: u32) {
        self.cache <<= count;
        self.loaded -= count;
    }

    /// A number of `width` bits, 56 at most.
    #[inline]
    pub(super) fn take(&mut self, width: u32) -> u64 {
        if self.loaded < width {
            self.load();
        }
        let number = self.cache >> 1 >> (63 - width);
        self.drop_bits(width);
        number
    }

    /// As [`take`](Self::take), of 32 bits at most.
    #[allow(clippy::cast_possible_truncation, reason = "it has no more bits")]
    pub(super) fn take_small(&mut self, width: u32) -> u32 {
        self.take(width) as u32
    }

    /// As [`take`](Self::take), in two's complement.
    #[inline]
    pub(super) fn take_signed(&mut self, width: u32) -> i64 {
        let unused = 64 - width.max(1);
        (self.take(width) << unused).cast_signed() >> unused
    }

    /// Zeros up to a one, which is passed, too; ends with the bytes.
    pub(super) fn take_unary(&mut self) -> u64 {
        let mut zeros = 0;
        loop {
            self.load();
            let run = self.cache.leading_zeros();
            if run < self.loaded {
                self.drop_bits(run + 1);
                return zeros + u64::from(run);
            }
            zeros += u64::from(self.loaded);
            self.cache = 0;
            self.loaded = 0;
            if self.is_over() {
                return zeros;
            }
        }
    }

    /// A Rice code of `low` bits, 31 at most, of a number whose sign is its lowest bit.
    ///
    /// # Sources
    /// RFC 9639, 9.2.7.3: coded residual.
    #[inline(always)]
    pub(super) fn take_rice(&mut self, low: u32) -> i32 {
        self.load();
        let run = self.cache.leading_zeros();
        let folded = if run + 1 + low <= 56 {
            let behind = self.cache << run << 1;
            self.cache = behind << low;
            self.loaded -= run + 1 + low;
            (u64::from(run) << low) | (behind >> 1 >> (63 - low))
        } else {
            (self.take_unary() << low) | self.take(low)
        };
        #[allow(clippy::cast_possible_truncation, reason = "no sound residual has more")]
        let folded = folded as u32;
        (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
    }

    /// Passes what is left of a byte, which has to be zeros; the bytes passed in all.
    pub(super) fn align(&mut self) -> Option<usize> {
        let rest = self.loaded % 8;
        let is_zero = self.take(rest) == 0;
        is_zero.then(|| self.at - self.loaded as usize / 8)
    }

    /// Whether more was taken than there is.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.at - self.loaded as usize / 8 > self.bytes.len()
    }
}
