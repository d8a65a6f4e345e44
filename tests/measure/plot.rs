//! Every load as a small diagram: `percent` over the share of the time that has passed.

use std::fmt::Write;

use super::child::Curve;

const SIDE: usize = 180;
const CELL: (usize, usize) = (SIDE + 70, SIDE + 60);
const COLUMNS: usize = 6;
const COLOURS: [&str; 2] = ["#d1495b", "#00798c"];

/// One file of SVG: a diagram per row of `loads`, the first load red, the second one blue.
pub(crate) fn svg(loads: &[(String, Vec<Curve>)]) -> String {
    let (width, height) = (CELL.0 * COLUMNS, CELL.1 * loads.len().div_ceil(COLUMNS) + 40);
    let mut text = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' \
         width='{width}' height='{height}' font-family='sans-serif' font-size='10'>\n\
         <rect width='100%' height='100%' fill='white'/>\n\
         <text x='20' y='22' font-size='14'>percent (up) over the share of the time from started \
         to success (right); red: first load in a fresh process, blue: second; grey: the truth, \
         ±0.10</text>\n"
    );
    for (number, (name, curves)) in loads.iter().enumerate() {
        let x = CELL.0 * (number % COLUMNS) + 30;
        let y = CELL.1 * (number / COLUMNS) + 60;
        diagram(&mut text, name, curves, (x, y));
    }
    text.push_str("</svg>\n");
    text
}

fn diagram(text: &mut String, name: &str, curves: &[Curve], (x, y): (usize, usize)) {
    let band = SIDE / 10;
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    let mut parts = format!(
        "<g transform='translate({x} {y})'><text y='-6'>{name}</text>\n\
         <path d='M0 {SIDE}V{low}L{right} 0H{SIDE}V{band}L{band} {SIDE}Z' fill='#eee'/>\n\
         <rect width='{SIDE}' height='{SIDE}' fill='none' stroke='#999'/>\n\
         <path d='M0 {SIDE}L{SIDE} 0' stroke='#aaa' stroke-dasharray='3'/>\n",
        low = SIDE - band,
        right = SIDE - band,
    );
    for (number, (curve, colour)) in curves.iter().zip(COLOURS).enumerate() {
        let side = SIDE as f64;
        let point = |(share, percent): &(f64, f64)| {
            format!("{:.1} {:.1}", share * side, side - percent / 100.0 * side)
        };
        let points: Vec<String> = curve.points.iter().map(point).collect();
        let (mean, max) = curve.deviation();
        // Writing to a string cannot fail.
        write!(
            parts,
            "<path d='M0 {SIDE}L{}' fill='none' stroke='{colour}' stroke-width='1.5'/>\n\
             <text x='0' y='{}' fill='{colour}'>{:.0} ms, mean {mean:.3}, max {max:.3}</text>\n",
            points.join("L"),
            SIDE + 12 + 12 * number,
            curve.seconds * 1e3,
        )
        .ok();
    }
    text.push_str(&parts);
    text.push_str("</g>\n");
}
