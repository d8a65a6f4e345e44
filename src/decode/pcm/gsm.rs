//! GSM 6.10 full-rate speech, in integers, as its standard demands bit by bit.
//!
//! # Sources
//! ETSI EN 300 961 (GSM 06.10), *Full rate speech; Transcoding*: clause 5.1 (arithmetic), 5.3
//! (decoder), 1.7 (bits of a frame), tables 5.1 to 5.6. Microsoft's order of bits: *GSM 6.10
//! `WAVE` type*, in *New Multimedia Data Types and Data Techniques 3.0*.

/// Frames of audio in a frame of the codec.
const FRAMES: usize = 160;
/// Values of one of the four parts of a frame.
const PART: usize = 40;
/// How far back long-term prediction reaches.
const PAST: usize = 120;
/// What is not used of the 264 bits of a frame in 33 bytes: its signature.
const SIGNATURE_BITS: u32 = 4;

/// Bits of each of the eight log-area ratios.
const RATIO_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Table 5.1: what each of them is decoded with.
const RATIO_B: [i16; 8] = [0, 0, 2048, -2560, 94, -1792, -341, -1144];
const RATIO_MIN: [i16; 8] = [-32, -32, -16, -16, -8, -8, -4, -4];
const RATIO_INVERSE_A: [i16; 8] = [13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708];
/// Table 5.3b: gains of long-term prediction.
const GAINS: [i16; 4] = [3277, 11469, 21299, 32767];
/// Table 5.6: factors of the block maximum's mantissa.
const FACTORS: [i16; 8] = [18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767];

/// In which order the bits of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// A frame in 33 bytes, from the highest bit on.
    Plain,
    /// Microsoft's: two frames in 65 bytes, from the lowest bit on.
    Pairs,
}

/// The decoder, with what it carries from frame to frame.
#[derive(Clone, Debug)]
pub(super) struct Gsm {
    packing: Packing,
    /// The residual's past, the newest last, and room for one part.
    residual: [i16; PAST + PART],
    lag: usize,
    ratios: [i16; 8],
    /// Of the synthesis filter.
    lattice: [i16; 9],
    /// Of the de-emphasis.
    last: i16,
}

impl Gsm {
    pub(super) fn new(packing: Packing) -> Self {
        Self {
            packing,
            residual: [0; PAST + PART],
            lag: PART,
            ratios: [0; 8],
            lattice: [0; 9],
            last: 0,
        }
    }

    /// Bytes that have to be decoded as one.
    pub(super) fn block_bytes(&self) -> usize {
        match self.packing {
            Packing::Plain => 33,
            Packing::Pairs => 65,
        }
    }

    /// Frames of audio in them.
    pub(super) fn block_frames(&self) -> usize {
        match self.packing {
            Packing::Plain => FRAMES,
            Packing::Pairs => 2 * FRAMES,
        }
    }

    /// Appends the audio of a whole block to `plane`; of less, nothing.
    pub(super) fn decode(&mut self, block: &[u8], plane: &mut Vec<f32>) {
        if block.len() < self.block_bytes() {
            return;
        }
        let mut bits = Bits { bytes: block, at: 0, packing: self.packing };
        match self.packing {
            Packing::Plain => {
                bits.take(SIGNATURE_BITS);
                self.decode_frame(&mut bits, plane);
            }
            Packing::Pairs => {
                self.decode_frame(&mut bits, plane);
                self.decode_frame(&mut bits, plane);
            }
        }
    }

    fn decode_frame(&mut self, bits: &mut Bits<'_>, plane: &mut Vec<f32>) {
        let ratios: [i16; 8] = std::array::from_fn(|n| ratio(n, bits.take(RATIO_BITS[n])));
        let mut excitation = [0; FRAMES];
        for part in excitation.chunks_exact_mut(PART) {
            self.predict(bits, part);
        }
        let before = std::mem::replace(&mut self.ratios, ratios);
        // Clause 5.3.3: the filter changes in four steps.
        let mix = |of: &dyn Fn(i16, i16) -> i16| -> [i16; 8] {
            std::array::from_fn(|n| reflection(of(before[n], ratios[n])))
        };
        let steps = [
            (0..13, mix(&|a, b| (a >> 2).saturating_add(b >> 2).saturating_add(a >> 1))),
            (13..27, mix(&|a, b| (a >> 1).saturating_add(b >> 1))),
            (27..40, mix(&|a, b| (a >> 2).saturating_add(b >> 2).saturating_add(b >> 1))),
            (40..FRAMES, mix(&|_, b| b)),
        ];
        for (range, coefficients) in steps {
            for value in &excitation[range] {
                let speech = self.synthesise(*value, &coefficients);
                // Clause 5.3.5: de-emphasis, and 13 bits of 16.
                self.last = speech.saturating_add(product(self.last, 28_180));
                let value = self.last.saturating_add(self.last) & !7;
                plane.push(f32::from(value) / 32_768.0);
            }
        }
    }

    /// Clauses 5.3.1 and 5.3.2: one part of the excitation, from its pulses and its past.
    fn predict(&mut self, bits: &mut Bits<'_>, part: &mut [i16]) {
        let lag = usize::from(bits.take(7));
        let gain = GAINS[usize::from(bits.take(2))];
        let grid = usize::from(bits.take(2));
        let maximum = bits.take(6);
        let mut pulses = [0; PART];
        let (exponent, mantissa) = exponent_and_mantissa(maximum);
        for pulse in pulses.iter_mut().skip(grid).step_by(3).take(13) {
            let code = i16::from(bits.take(3));
            let scaled = product(FACTORS[mantissa], ((code << 1) - 7) << 12);
            let shift = 6 - exponent;
            let half = if shift > 0 { 1 << (shift - 1) } else { 0 };
            *pulse = scaled.saturating_add(half) >> shift;
        }
        if (PART..=PAST).contains(&lag) {
            self.lag = lag;
        }
        for (n, pulse) in pulses.iter().enumerate() {
            let past = self.residual[PAST + n - self.lag];
            self.residual[PAST + n] = pulse.saturating_add(product(gain, past));
        }
        part.copy_from_slice(&self.residual[PAST..]);
        self.residual.copy_within(PART.., 0);
    }

    /// Clause 5.3.4: one step of the lattice filter.
    fn synthesise(&mut self, excitation: i16, coefficients: &[i16; 8]) -> i16 {
        let mut speech = excitation;
        for (n, coefficient) in coefficients.iter().enumerate().rev() {
            speech = speech.saturating_sub(product(*coefficient, self.lattice[n]));
            self.lattice[n + 1] = self.lattice[n].saturating_add(product(*coefficient, speech));
        }
        self.lattice[0] = speech;
        speech
    }
}

/// Clause 5.1: a product of two fractions, rounded.
fn product(a: i16, b: i16) -> i16 {
    let rounded = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    // Beyond its range is only −1 × −1.
    i16::try_from(rounded).unwrap_or(i16::MAX)
}

/// Clause 5.3.3: the log-area ratio number `n` of its code.
fn ratio(n: usize, code: u8) -> i16 {
    let coded = (i16::from(code) + RATIO_MIN[n]) << 10;
    let scaled = product(RATIO_INVERSE_A[n], coded.saturating_sub(RATIO_B[n] << 1));
    scaled.saturating_add(scaled)
}

/// Clause 5.2.9: a log-area ratio as a coefficient of the filter.
fn reflection(ratio: i16) -> i16 {
    let magnitude = match ratio.saturating_abs() {
        low @ ..11_059 => low << 1,
        middle @ ..20_070 => middle + 11_059,
        high => (high >> 2).saturating_add(26_112),
    };
    if ratio < 0 { -magnitude } else { magnitude }
}

/// Clause 5.2.15: of a coded block maximum.
fn exponent_and_mantissa(code: u8) -> (i16, usize) {
    let code = i16::from(code);
    let mut exponent = if code > 15 { (code >> 3) - 1 } else { 0 };
    let mut mantissa = code - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, usize::try_from(mantissa - 8).unwrap_or(0))
}

/// Numbers of a few bits each.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    packing: Packing,
}

impl Bits<'_> {
    /// The next `count` bits, at most 8; 0 in place of those that are not there.
    fn take(&mut self, count: u32) -> u8 {
        let mut taken = 0;
        for n in 0..count {
            let byte = self.bytes.get(self.at / 8).copied().unwrap_or(0);
            match self.packing {
                Packing::Plain => taken = taken << 1 | (byte >> (7 - self.at % 8) & 1),
                Packing::Pairs => taken |= (byte >> (self.at % 8) & 1) << n,
            }
            self.at += 1;
        }
        taken
    }
}
