//! One channel of a frame.
//!
//! # Sources
//! RFC 9639, 9.2: kinds of subframes, predictors, and what is left of them, in Rice codes.

use std::cell::Cell;

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
    match order {
        0 => residual(bits, values, &Predictor { coefficients: [], shift: 0 }),
        1 => residual(bits, values, &Predictor { coefficients: [1], shift: 0 }),
        2 => residual(bits, values, &Predictor { coefficients: [2, -1], shift: 0 }),
        3 => residual(bits, values, &Predictor { coefficients: [3, -3, 1], shift: 0 }),
        _ => residual(bits, values, &Predictor { coefficients: [4, -6, 4, -1], shift: 0 }),
    }
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
    macro_rules! residual_of_order {
        ($($order:literal)*) => {
            match order {
                $($order => match coefficients.first_chunk::<$order>() {
                    Some(&coefficients) => {
                        residual(bits, values, &Predictor { coefficients, shift })
                    }
                    None => unreachable!("there are 32"),
                },)*
                _ => {
                    let coefficients = &coefficients[..order];
                    residual(bits, values, &LongPredictor { coefficients, shift })
                }
            }
        };
    }
    residual_of_order!(1 2 3 4 5 6 7 8 9 10 11 12 16 32)
}

/// What the values before one foretell.
trait Foretell {
    /// Values that it looks at.
    fn order(&self) -> usize;
    /// The one behind `before`, which are as many; `last` is the last of them.
    fn next<V: Value>(&self, before: &[Cell<V>], last: V) -> i64;
}

/// A sum of the `N` values before. The first coefficient is that of the last value.
struct Predictor<const N: usize> {
    coefficients: [i64; N],
    shift: u32,
}

impl<const N: usize> Foretell for Predictor<N> {
    fn order(&self) -> usize {
        N
    }

    #[inline(always)]
    fn next<V: Value>(&self, before: &[Cell<V>], last: V) -> i64 {
        let Some((of_last, coefficients)) = self.coefficients.split_first() else { return 0 };
        // The last one, which was just made, comes at last, and not out of memory.
        let mut sum = 0_i64;
        for (value, coefficient) in before.iter().zip(coefficients.iter().rev()) {
            sum = sum.wrapping_add(coefficient.wrapping_mul(value.get().wide()));
        }
        sum.wrapping_add(of_last.wrapping_mul(last.wide())) >> self.shift
    }
}

/// As [`Predictor`], of any order.
struct LongPredictor<'a> {
    coefficients: &'a [i64],
    shift: u32,
}

impl Foretell for LongPredictor<'_> {
    fn order(&self) -> usize {
        self.coefficients.len()
    }

    fn next<V: Value>(&self, before: &[Cell<V>], _last: V) -> i64 {
        let pairs = before.iter().rev().zip(self.coefficients);
        let sum = pairs.fold(0_i64, |sum, (value, coefficient)| {
            sum.wrapping_add(coefficient.wrapping_mul(value.get().wide()))
        });
        sum >> self.shift
    }
}

/// Reads what is to be added to the predictions of all but the first values, and adds it at once:
/// a processor works at codes and predictions at the same time.
fn residual<V: Value>(
    bits: &mut Bits<'_>,
    values: &mut [V],
    predictor: &impl Foretell,
) -> Result<(), Damaged> {
    let (width, escape) = match bits.take(2) {
        0 => (4, 15),
        1 => (5, 31),
        _ => return Err(Damaged),
    };
    let partition_order = bits.take(4);
    let partition = values.len() >> partition_order;
    let order = predictor.order();
    if partition << partition_order != values.len() || partition < order {
        return Err(Damaged);
    }
    let values = Cell::from_mut(values).as_slice_of_cells();
    let mut from = order;
    for to in (1..=1 << partition_order).map(|count| count * partition) {
        let part = &values[from - order..to];
        match bits.take_small(width) {
            low if low == escape => {
                let width = bits.take_small(5);
                restore(part, predictor, || bits.take_signed(width));
            }
            low => {
                // A copy can live in registers.
                let mut local = bits.clone();
                restore(part, predictor, || i64::from(local.take_rice(low)));
                *bits = local;
            }
        }
        if bits.is_over() {
            return Err(Damaged);
        }
        from = to;
    }
    Ok(())
}

/// Makes each value behind the first ones: the `next` difference, and what those before foretell.
#[inline(always)]
fn restore<V: Value>(values: &[Cell<V>], predictor: &impl Foretell, mut next: impl FnMut() -> i64) {
    let order = predictor.order();
    let mut last = order.checked_sub(1).map_or_else(V::default, |at| values[at].get());
    for window in values.windows(order + 1) {
        let [before @ .., value] = window else { return };
        last = V::wrap(next().wrapping_add(predictor.next(before, last)));
        value.set(last);
    }
}
