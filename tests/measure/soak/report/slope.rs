//! A straight line through a noisy record, and how sure one can be of how steep it is.

/// The record is cut into so many blocks, whose means are what the line is laid through: the
/// record's own noise lasts longer than a sample, that of the blocks does not.
pub(super) const BLOCKS: usize = 30;
/// Two-sided 99 % quantile of Student's t with `BLOCKS − 2` = 28 degrees of freedom.
///
/// # Sources
/// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2 (upper 0.005: 2.763).
const T_99: f64 = 2.763;

/// A line `y = start + slope · x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) start: f64,
    pub(super) slope: f64,
    /// Half the width of the 99 % confidence interval of `slope`.
    pub(super) margin: f64,
}

/// The line through `points` (x, y) by least squares; None of fewer than [`BLOCKS`].
pub(super) fn fit(points: &[(f64, f64)]) -> Option<Line> {
    let block = |number: usize| {
        let range = number * points.len() / BLOCKS..(number + 1) * points.len() / BLOCKS;
        let part = &points[range];
        let count = part.len() as f64;
        let sum = part.iter().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
        (sum.0 / count, sum.1 / count)
    };
    if points.len() < BLOCKS {
        return None;
    }
    let blocks: Vec<(f64, f64)> = (0..BLOCKS).map(block).collect();
    let count = BLOCKS as f64;
    let mean_x = blocks.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = blocks.iter().map(|(_, y)| y).sum::<f64>() / count;
    let xx: f64 = blocks.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let xy: f64 = blocks.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = xy / xx;
    let start = mean_y - slope * mean_x;
    let rest: f64 = blocks.iter().map(|(x, y)| (y - start - slope * x).powi(2)).sum();
    let margin = T_99 * (rest / (count - 2.0) / xx).sqrt();
    Some(Line { start, slope, margin })
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, fit};
    use hotcue_tests::Random;

    #[test]
    fn a_line_is_found_as_it_is() {
        let points: Vec<_> = (0..90).map(f64::from).map(|x| (x, 7.0 - 0.5 * x)).collect();
        let line = fit(&points).expect("enough points");
        assert!((line.slope + 0.5).abs() < 1e-12 && (line.start - 7.0).abs() < 1e-9, "{line:?}");
        assert!(line.margin < 1e-9, "{line:?}");
        assert_eq!(fit(&points[..BLOCKS - 1]), None);
    }

    /// Of noise without a slope, the interval leaves 0 out once in a hundred times: 10 of 1,000,
    /// with a standard deviation of 3.1.
    #[test]
    fn the_interval_is_as_sure_as_it_says() {
        let missed = (0..1_000)
            .filter(|seed| {
                let mut random = Random::new(*seed);
                let mut noise = || (random.below(1_001) as f64 - 500.0) / 500.0;
                let points: Vec<_> = (0..300).map(f64::from).map(|x| (x, noise())).collect();
                let line = fit(&points).expect("enough points");
                line.slope.abs() > line.margin
            })
            .count();
        assert!((1..=22).contains(&missed), "{missed} of 1,000");
    }
}
