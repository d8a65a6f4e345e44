//! All that a frame may be made of, coded here by the letter, comes out as it went in.

#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use super::encode::{Head, Kind, Subframe, file, frame};
use crate::decode::tests::decode;

/// Numbers that look like chance, the same every time: `xorshift64*`.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn signed(&mut self, bits: u32) -> i64 {
        let number = self.next(1 << 31) << 31 | self.next(1 << 31);
        (number << (64 - bits)).cast_signed() >> (64 - bits)
    }

    /// `frames` values of `bits` bits of which the lowest `wasted` are zeros: a smooth curve, with
    /// extremes where `wild`.
    fn values(&mut self, frames: usize, bits: u32, wasted: u32, wild: bool) -> Vec<i64> {
        let width = bits - wasted;
        let (top, mut value) = ((1_i64 << (width - 1)) - 1, 0_i64);
        let step = if wild { width } else { (width / 2).max(1) };
        let values = (0..frames).map(|_| {
            value = (value + self.signed(step)).clamp(-top - 1, top);
            if wild && self.next(8) == 0 {
                value = if self.next(2) == 0 { top } else { -top - 1 };
            }
            value << wasted
        });
        values.collect()
    }

    /// A way to code values of `bits` bits whose predictions are off by `bits` bits at most.
    fn subframe(&mut self, bits: u32, wasted: u32, wild: bool) -> Subframe {
        let kind = match self.next(4) {
            _ if wild => Kind::Verbatim,
            0 => Kind::Verbatim,
            1 => Kind::Fixed(self.next(5) as usize),
            _ => {
                let order = 1 + self.next(32) as usize;
                // In all, less than 1.
                Kind::Linear((0..order).map(|_| self.signed(9)).collect(), 14)
            }
        };
        // The first partition has room for all that come before the first prediction.
        let most = if matches!(&kind, Kind::Linear(coefficients, _) if coefficients.len() > 16) {
            1
        } else {
            3
        };
        let low = (bits / 2).min(30);
        let rice = [0; 3].map(|_| match self.next(4) {
            0 if bits < 24 => None,
            n => Some((low + n as u32).min(30)),
        });
        let partition_order = self.next(most) as u32;
        Subframe { kind, wasted, partition_order, rice: rice.to_vec() }
    }
}

fn as_planes(channels: &[Vec<i64>], bits: u32) -> Vec<Vec<f32>> {
    let full_scale = 2_f64.powi(i32::try_from(bits).expect("few") - 1);
    let plane =
        |values: &Vec<i64>| values.iter().map(|v| (*v as f64 / full_scale) as f32).collect();
    channels.iter().map(plane).collect()
}

#[test]
fn what_was_coded_comes_out() {
    let mut chance = Chance(0x1234_5678_9abc_def1);
    for turn in 0..600 {
        let bits = 4 + chance.next(29) as u32;
        let wild = chance.next(4) == 0;
        let frames = 4 * (16 + chance.next(64) as usize);
        let count = 1 + chance.next(8) as usize;
        let mut coded = Vec::new();
        for _ in 0..count {
            let wasted =
                if chance.next(4) == 0 { chance.next(u64::from(bits) - 2) as u32 } else { 0 };
            let values = chance.values(frames, bits, wasted, wild);
            coded.push((values, chance.subframe(bits, wasted, wild)));
        }
        let channels: Vec<Vec<i64>> = coded.iter().map(|(values, _)| values.clone()).collect();
        let head = Head { number: 0, bits, assignment: count as u64 - 1, rate: 9 };
        let file = file(bits, count as u64, frames as u64, &[frame(head, &coded)]);
        let (planes, warnings) =
            decode(&file).unwrap_or_else(|e| panic!("{turn}: {e:?} {coded:?}"));
        assert_eq!((planes, warnings), (as_planes(&channels, bits), vec![]), "{turn}: {coded:?}");
    }
}

#[test]
fn all_kinds_of_stereo_come_apart_up_to_32_bits() {
    let mut chance = Chance(99);
    for bits in [4, 8, 16, 17, 24, 31, 32] {
        for (assignment, wild) in [8, 9, 10].into_iter().flat_map(|a| [(a, false), (a, true)]) {
            let [left, right] = [0; 2].map(|_| chance.values(512, bits, 0, wild));
            let pairs = || left.iter().zip(&right);
            let side: Vec<i64> = pairs().map(|(left, right)| left - right).collect();
            let (first, second) = match assignment {
                8 => (left.clone(), side),
                9 => (side, right.clone()),
                _ => (pairs().map(|(left, right)| (left + right) >> 1).collect(), side),
            };
            let way = |kind: Kind| {
                let rice = vec![Some((bits / 2 + 1).min(30))];
                Subframe { kind, wasted: 0, partition_order: 1, rice }
            };
            let kind = if wild { Kind::Verbatim } else { Kind::Fixed(1) };
            let coded = [(first, way(kind.clone())), (second, way(kind))];
            let head = Head { number: 0, bits, assignment, rate: 9 };
            let file = file(bits, 2, 512, &[frame(head, &coded)]);
            let (planes, warnings) = decode(&file).expect("a sound file");
            let expected = as_planes(&[left, right], bits);
            assert_eq!((planes, warnings), (expected, vec![]), "{bits} bits, {assignment}, {wild}");
        }
    }
}

#[test]
fn a_constant_lasts_for_the_longest_block() {
    let way = Subframe { kind: Kind::Constant, wasted: 3, partition_order: 0, rice: vec![] };
    let head = Head { number: 0, bits: 24, assignment: 0, rate: 9 };
    let file = file(24, 1, 65_536, &[frame(head, &[(vec![-4096; 65_536], way)])]);
    let (planes, warnings) = decode(&file).expect("a sound file");
    assert_eq!((planes, warnings), (vec![vec![-4096.0 / 8_388_608.0; 65_536]], vec![]));
}
