//! Lengths of transforms.

/// Whether `len`, which is above 0, is even and has no prime factors but `factors`: transforms of such
/// lengths are quick.
pub(super) fn is_quick(len: usize, factors: &[usize]) -> bool {
    let rest = factors.iter().fold(len, |mut rest, factor| {
        while rest.is_multiple_of(*factor) {
            rest /= factor;
        }
        rest
    });
    rest == 1 && len.is_multiple_of(2)
}
