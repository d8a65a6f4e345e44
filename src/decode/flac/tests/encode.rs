//! Frames made of known values, by the letter of RFC 9639.

/// How a subframe is coded.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Constant,
    Verbatim,
    Fixed(usize),
    /// Coefficients, the first for the last value, of 15 bits; and the shift.
    Linear(Vec<i64>, u32),
}

/// One subframe.
#[derive(Clone, Debug)]
pub(super) struct Subframe {
    pub(super) kind: Kind,
    pub(super) wasted: u32,
    /// 2^this many partitions.
    pub(super) partition_order: u32,
    /// Parameters of the partitions, again and again; None: plain numbers.
    pub(super) rice: Vec<Option<u32>>,
}

/// Writes bits, the highest of each byte first.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    used: u32,
}

impl Writer {
    pub(super) fn put(&mut self, number: u64, width: u32) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("just pushed");
            *last |= u8::from(number >> bit & 1 == 1) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    fn put_signed(&mut self, number: i64, width: u32) {
        self.put(number.cast_unsigned() & ((1 << width) - 1), width);
    }

    fn put_unary(&mut self, zeros: u64) {
        (0..zeros).for_each(|_| self.put(0, 1));
        self.put(1, 1);
    }
}

/// A remainder of division in the field of polynomials, bit by bit.
pub(super) fn checksum(bytes: &[u8], polynomial: u32, width: u32) -> u64 {
    let top = 1 << (width - 1);
    let sum = bytes.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << (width - 8), |sum, _| {
            (sum << 1 ^ if sum & top == 0 { 0 } else { polynomial }) & ((top << 1) - 1)
        })
    });
    u64::from(sum)
}

/// What a frame says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) number: u8,
    pub(super) bits: u32,
    /// As the header has it: channels less one, or 8, 9, 10 for the kinds of stereo.
    pub(super) assignment: u64,
    /// As the header has it: 9 for 44,100 Hz, 10 for 48,000 Hz.
    pub(super) rate: u64,
}

/// A frame of `channels`, already made differences of where the header says so.
pub(super) fn frame(head: Head, channels: &[(Vec<i64>, Subframe)]) -> Vec<u8> {
    let frames = channels[0].0.len() as u64;
    let mut writer = Writer::default();
    writer.put(0xfff8, 16);
    writer.put(7, 4);
    writer.put(head.rate, 4);
    writer.put(head.assignment, 4);
    let code = [8, 12, 99, 16, 20, 24, 32].iter().position(|bits| *bits == head.bits);
    // Others stand in the header of the stream.
    writer.put(code.map_or(0, |code| code as u64 + 1), 3);
    writer.put(0, 1);
    assert!(head.number < 128, "one byte");
    writer.put(u64::from(head.number), 8);
    writer.put(frames - 1, 16);
    let sum = checksum(&writer.bytes, 0x07, 8);
    writer.put(sum, 8);
    for (place, (values, subframe)) in channels.iter().enumerate() {
        let is_difference = matches!((head.assignment, place), (8 | 10, 1) | (9, 0));
        put_subframe(&mut writer, head.bits + u32::from(is_difference), values, subframe);
    }
    let rest = (8 - writer.used % 8) % 8;
    writer.put(0, rest);
    let sum = checksum(&writer.bytes, 0x8005, 16);
    writer.put(sum, 16);
    writer.bytes
}

fn put_subframe(writer: &mut Writer, bits: u32, values: &[i64], subframe: &Subframe) {
    let (kind, coefficients, shift): (u64, &[i64], u32) = match &subframe.kind {
        Kind::Constant => (0, &[], 0),
        Kind::Verbatim => (1, &[], 0),
        Kind::Fixed(order) => {
            let all: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];
            (8 + *order as u64, all[*order], 0)
        }
        Kind::Linear(coefficients, shift) => (31 + coefficients.len() as u64, coefficients, *shift),
    };
    writer.put(kind, 7);
    writer.put(u64::from(subframe.wasted > 0), 1);
    if subframe.wasted > 0 {
        writer.put_unary(u64::from(subframe.wasted) - 1);
    }
    let width = bits - subframe.wasted;
    let values: Vec<i64> = values.iter().map(|value| value >> subframe.wasted).collect();
    match subframe.kind {
        Kind::Constant => return writer.put_signed(values[0], width),
        Kind::Verbatim => return values.iter().for_each(|value| writer.put_signed(*value, width)),
        Kind::Fixed(_) | Kind::Linear(..) => {}
    }
    let order = coefficients.len();
    values[..order].iter().for_each(|value| writer.put_signed(*value, width));
    if let Kind::Linear(..) = subframe.kind {
        writer.put(14, 4);
        writer.put(u64::from(shift), 5);
        coefficients.iter().for_each(|coefficient| writer.put_signed(*coefficient, 15));
    }
    writer.put(1, 2);
    writer.put(u64::from(subframe.partition_order), 4);
    let partition = values.len() >> subframe.partition_order;
    for (number, parameter) in (0..1 << subframe.partition_order).zip(subframe.rice.iter().cycle())
    {
        let range = (number * partition).max(order)..(number + 1) * partition;
        writer.put(u64::from(parameter.unwrap_or(31)), 5);
        if parameter.is_none() {
            writer.put(31, 5);
        }
        for at in range {
            let sum: i64 =
                coefficients.iter().enumerate().map(|(n, c)| c * values[at - 1 - n]).sum();
            let rest = values[at] - (sum >> shift);
            match parameter {
                None => writer.put_signed(rest, 31),
                Some(low) => {
                    let folded = (rest << 1 ^ rest >> 63).cast_unsigned();
                    writer.put_unary(folded >> low);
                    writer.put(folded & ((1 << low) - 1), *low);
                }
            }
        }
    }
}

/// A file of `frames`, whose header says `bits`, `channels` and `total`, at 44.1 kHz.
pub(super) fn file(bits: u32, channels: u64, total: u64, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.put(0x8000_0022, 32);
    writer.put(16 << 16 | 65_535, 32);
    writer.put(0, 48);
    writer.put(44_100, 20);
    writer.put(channels - 1, 3);
    writer.put(u64::from(bits) - 1, 5);
    writer.put(total, 36);
    writer.put(0, 64);
    writer.put(0, 64);
    [b"fLaC", writer.bytes.as_slice(), &frames.concat()].concat()
}
