//! The companding laws of telephony as tables.
//!
//! # Sources
//! ITU-T G.711 (11/1988), tables 1 and 2; their values of 13 and 14 bits are taken to 16.

/// A-law by code.
pub(super) const A_LAW: [f32; 256] = table(false);
/// µ-law by code.
pub(super) const MU_LAW: [f32; 256] = table(true);

const fn table(mu: bool) -> [f32; 256] {
    let mut table = [0.0; 256];
    let mut code = 0_u8;
    loop {
        let value = if mu { mu_law(code) } else { a_law(code) };
        table[code as usize] = value as f32 / 32_768.0;
        if code == 255 {
            return table;
        }
        code += 1;
    }
}

/// Every other bit is inverted; then one bit of sign, three of the segment, four of the interval.
const fn a_law(code: u8) -> i32 {
    let code = code ^ 0x55;
    let (segment, interval) = ((code & 0x70) >> 4, (code & 0x0f) as i32);
    let magnitude = match segment {
        0 => interval * 16 + 8,
        _ => (interval * 16 + 264) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// All bits are inverted; the curve is shifted by 33 of 14 bits.
const fn mu_law(code: u8) -> i32 {
    let code = !code;
    let (segment, interval) = ((code & 0x70) >> 4, (code & 0x0f) as i32);
    let magnitude = ((interval * 8 + 132) << segment) - 132;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}
