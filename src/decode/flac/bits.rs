//! Bits out of bytes, the highest of each byte first.

/// Reads bits. Behind the end there are zeros; [`is_over`](Self::is_over) tells.
#[derive(Clone)]
pub(super) struct Bits<'a> {
    /// Bytes in all.
    len: usize,
    /// Those that are not loaded.
    rest: &'a [u8],
    /// Zeros that were loaded behind them.
    beyond: usize,
    /// Loaded bits, from the highest on. Those beyond `loaded` are right, too, or 0.
    cache: u64,
    loaded: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { len: bytes.len(), rest: bytes, beyond: 0, cache: 0, loaded: 0 }
    }

    /// Loads as many as fit, 56 at least.
    #[inline(always)]
    fn load(&mut self) {
        match self.rest.first_chunk() {
            Some(word) => {
                self.cache |= u64::from_be_bytes(*word) >> self.loaded;
                // 63 less what is loaded, in bytes.
                self.rest = &self.rest[(!self.loaded >> 3 & 7) as usize..];
                self.loaded |= 56;
            }
            None => *self = self.clone().with_the_last(),
        }
    }

    /// By value: a reader whose place in memory nobody knows stays in registers.
    #[cold]
    fn with_the_last(mut self) -> Self {
        while self.loaded < 56 {
            let byte = match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.rest = rest;
                    *byte
                }
                None => {
                    self.beyond += 1;
                    0
                }
            };
            self.cache |= u64::from(byte) << (56 - self.loaded);
            self.loaded += 8;
        }
        self
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
        let width = run + 1 + low;
        let folded = if width <= 56 {
            // The one that ends the zeros is still in it.
            let behind = self.cache >> (64 - width);
            self.drop_bits(width);
            (u64::from(run).wrapping_sub(1) << low).wrapping_add(behind)
        } else {
            let (rest, folded) = self.clone().long_rice(low);
            *self = rest;
            folded
        };
        #[allow(clippy::cast_possible_truncation, reason = "no sound residual has more")]
        let folded = folded as u32;
        (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
    }

    #[cold]
    fn long_rice(mut self, low: u32) -> (Self, u64) {
        let folded = (self.take_unary() << low) | self.take(low);
        (self, folded)
    }

    /// Passes what is left of a byte, which has to be zeros; the bytes passed in all.
    pub(super) fn align(&mut self) -> Option<usize> {
        let rest = self.loaded % 8;
        let is_zero = self.take(rest) == 0;
        let passed = self.len - self.rest.len() + self.beyond - self.loaded as usize / 8;
        is_zero.then_some(passed)
    }

    /// Whether more was taken than there is.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.beyond > self.loaded as usize / 8
    }
}
