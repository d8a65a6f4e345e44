//! One channel of a frame.
//!
//! # Sources
//! RFC 9639, 9.2: kinds of subframes, predictors, and what is left of them, in Rice codes.

use super::bits::Bits;

/// What cannot be a subframe, or not all of one.
#[derive(Debug)]
pub(super) struct Damaged;

/// What a value of a channel is kept in: 32 bits, or 64 for the difference of two channels of 32.
pub(super) trait Value: Copy + Default {
    /// The lowest bits of `wide`, of which no sound stream has more.
    fn wrap(wide: i64) -> Self;
    fn wide(self) -> i64;
}

impl Value for i32 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "what a damaged frame has more is no value")]
    fn wrap(wide: i64) -> Self {
        wide as i32
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        i64::from(self)
    }
}

impl Value for i64 {
    #[inline(always)]
    fn wrap(wide: i64) -> Self {
        wide
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self
    }
}

/// Reads a subframe of `width` bits a value into all of `values`. Behind the end of the bits
/// there are zeros, and what comes of them.
///
/// # Errors
/// When it cannot be one.
pub(super) fn read<V: Value>(
    bits: &mut Bits<'_>,
    width: u32,
    values: &mut [V],
) -> Result<(), Damaged> {
    if bits.take(1) != 0 {
        return Err(Damaged);
    }
    let kind = bits.take_small(6);
    let wasted = match bits.take(1) {
        0 => 0,
        _ => u32::try_from(bits.take_unary() + 1).unwrap_or(u32::MAX),
    };
    let width = width.checked_sub(wasted).filter(|width| *width > 0).ok_or(Damaged)?;
    match kind {
        0 => values.fill(V::wrap(bits.take_signed(width))),
        1 => read_plain(bits, width, values),
        8..=12 => fixed(bits, width, kind as usize - 8, values)?,
        32..=63 => linear(bits, width, kind as usize - 31, values)?,
        _ => return Err(Damaged),
    }
    if wasted > 0 {
        values.iter_mut().for_each(|value| *value = V::wrap(value.wide() << wasted));
    }
    Ok(())
}

fn read_plain<V: Value>(bits: &mut Bits<'_>, width: u32, values: &mut [V]) {
    values.iter_mut().for_each(|value| *value = V::wrap(bits.take_signed(width)));
}

fn fixed<V: Value>(
    bits: &mut Bits<'_>,
    width: u32,
    order: usize,
    values: &mut [V],
) -> Result<(), Damaged> {
    read_plain(bits, width, values.get_mut(..order).ok_or(Damaged)?);
    residual(bits, order, values)?;
    match order {
        1 => predict(values, [1], 0),
        2 => predict(values, [2, -1], 0),
        3 => predict(values, [3, -3, 1], 0),
        4 => predict(values, [4, -6, 4, -1], 0),
        _ => {}
    }
    Ok(())
}

fn linear<V: Value>(
    bits: &mut Bits<'_>,
    width: u32,
    order: usize,
    values: &mut [V],
) -> Result<(), Damaged> {
    read_plain(bits, width, values.get_mut(..order).ok_or(Damaged)?);
    let precision = match bits.take_small(4) {
        15 => return Err(Damaged),
        less => less + 1,
    };
    let shift = u32::try_from(bits.take_signed(5)).map_err(|_| Damaged)?;
    let mut coefficients = [0; 32];
    for coefficient in &mut coefficients[..order] {
        *coefficient = bits.take_signed(precision);
    }
    residual(bits, order, values)?;
    macro_rules! predict_of_order {
        ($($order:literal)*) => {
            match order {
                $($order => match coefficients.first_chunk::<$order>() {
                    Some(coefficients) => predict(values, *coefficients, shift),
                    None => unreachable!("there are 32"),
                },)*
                _ => predict_any(values, &coefficients[..order], shift),
            }
        };
    }
    predict_of_order!(1 2 3 4 5 6 7 8 9 10 11 12 16 32);
    Ok(())
}

/// Adds to each of `values` but the first `N` what those before it foretell. The first coefficient
/// is that of the last value.
fn predict<V: Value, const N: usize>(values: &mut [V], coefficients: [i64; N], shift: u32) {
    for at in N..values.len() {
        let Some(before) = values[at - N..].first_chunk::<N>() else { return };
        let mut sum = 0_i64;
        // The last one, which was just made, at last.
        for back in (0..N).rev() {
            sum = sum.wrapping_add(coefficients[back].wrapping_mul(before[N - 1 - back].wide()));
        }
        values[at] = V::wrap(values[at].wide().wrapping_add(sum >> shift));
    }
}

/// As [`predict`], of any order.
fn predict_any<V: Value>(values: &mut [V], coefficients: &[i64], shift: u32) {
    for at in coefficients.len()..values.len() {
        let before = values[..at].iter().rev().zip(coefficients);
        let sum = before.fold(0_i64, |sum, (value, coefficient)| {
            sum.wrapping_add(coefficient.wrapping_mul(value.wide()))
        });
        values[at] = V::wrap(values[at].wide().wrapping_add(sum >> shift));
    }
}

/// What is to be added to the predictions of all but the first `order` values.
fn residual<V: Value>(bits: &mut Bits<'_>, order: usize, values: &mut [V]) -> Result<(), Damaged> {
    let (width, escape) = match bits.take(2) {
        0 => (4, 15),
        1 => (5, 31),
        _ => return Err(Damaged),
    };
    let partition_order = bits.take(4);
    let partition = values.len() >> partition_order;
    if partition << partition_order != values.len() || partition < order {
        return Err(Damaged);
    }
    let mut rest = &mut values[order..];
    let mut len = partition - order;
    loop {
        let (part, behind) = rest.split_at_mut(len);
        match bits.take_small(width) {
            low if low == escape => {
                let width = bits.take_small(5);
                read_plain(bits, width, part);
            }
            low => rice(bits, low, part),
        }
        if bits.is_over() {
            return Err(Damaged);
        }
        if behind.is_empty() {
            return Ok(());
        }
        (rest, len) = (behind, partition);
    }
}

fn rice<V: Value>(bits: &mut Bits<'_>, low: u32, values: &mut [V]) {
    // A copy can live in registers.
    let mut local = bits.clone();
    for value in values {
        *value = V::wrap(i64::from(local.take_rice(low)));
    }
    *bits = local;
}
