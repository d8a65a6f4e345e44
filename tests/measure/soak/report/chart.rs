//! Memory over time as a picture.

use std::fmt::Write;

use super::slope::Line;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;

/// `points` and `heap` are minutes and MB; the line was laid through those of the first from
/// `warm` minutes on.
pub(super) fn svg(
    points: &[(f64, f64)],
    heap: &[(f64, f64)],
    warm: f64,
    line: &Line,
    title: &str,
) -> String {
    let most_x = points.last().map_or(1.0, |point| point.0.max(1e-9));
    let most_y = points.iter().fold(1.0, |most, point| point.1.max(most)) * 1.1;
    let x = |minutes: f64| LEFT + minutes / most_x * WIDTH;
    let y = |megabytes: f64| TOP + HEIGHT - megabytes / most_y * HEIGHT;
    let mut text = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {w} {h}' width='{w}' height='{h}' \
         font-family='sans-serif' font-size='11'>\n\
         <rect width='100%' height='100%' fill='white'/>\n\
         <text x='{LEFT}' y='20' font-size='13'>{title}</text>\n\
         <rect x='{LEFT}' y='{TOP}' width='{warm_width:.1}' height='{HEIGHT}' fill='#eee'/>\n\
         <text x='{middle}' y='{below}' text-anchor='middle'>minutes (grey: warm-up)</text>\n",
        w = LEFT + WIDTH + 20.0,
        h = TOP + HEIGHT + 40.0,
        warm_width = x(warm) - LEFT,
        middle = LEFT + WIDTH / 2.0,
        below = TOP + HEIGHT + 32.0,
    );
    // Writing to a string cannot fail.
    for tenth in 0..=5 {
        let (minutes, megabytes) =
            (most_x * f64::from(tenth) / 5.0, most_y * f64::from(tenth) / 5.0);
        writeln!(
            text,
            "<text x='{:.1}' y='{:.1}' text-anchor='middle'>{minutes:.1}</text>\
             <text x='{:.1}' y='{:.1}' text-anchor='end'>{megabytes:.0} MB</text>\
             <path d='M{LEFT} {:.1}h{WIDTH}' stroke='#ddd'/>",
            x(minutes),
            TOP + HEIGHT + 16.0,
            LEFT - 6.0,
            y(megabytes) + 4.0,
            y(megabytes),
        )
        .ok();
    }
    for (record, colour) in [(heap, "#999"), (points, "#00798c")] {
        let path: Vec<String> =
            record.iter().map(|point| format!("{:.1} {:.1}", x(point.0), y(point.1))).collect();
        writeln!(text, "<path d='M{}' fill='none' stroke='{colour}'/>", path.join("L")).ok();
    }
    let at = |minutes: f64| y(line.start + line.slope * minutes);
    writeln!(
        text,
        "<path d='M{:.1} {:.1}L{:.1} {:.1}' stroke='#d1495b' stroke-width='2'/>",
        x(warm),
        at(warm),
        x(most_x),
        at(most_x),
    )
    .ok();
    text.push_str("</svg>\n");
    text
}
