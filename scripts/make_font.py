"""Makes the letters of the pictures that `hotcue analyze --png` draws, of X.org's font 9x15.

    python scripts/make_font.py 9x15.pcf.gz py/python/hotcue/cli/picture/letters.bin

The font, as Debian's xfonts-base has it, is in the public domain ("Public domain font. Share and
enjoy."). What is written, compressed by zlib, is for each character 16 numbers of 16 bits, little
endian: its code, and 15 rows of 9 pixels, the left one highest.
"""

from __future__ import annotations

import gzip
import struct
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT = 9, 15
# Latin, Greek and Cyrillic; the signs of prose and music; what stands for all others.
CODES = [*range(0x20, 0x7F), *range(0xA0, 0x530), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D]
CODES += [0x2026, 0x2212, 0x266D, 0x266F, 0xFFFD]
METRICS, BITMAPS, ENCODINGS = 4, 8, 32
COMPRESSED_METRICS = 0x100


def main(font: str, letters: str) -> None:
    """Converts one file."""
    data = gzip.decompress(Path(font).read_bytes())
    if data[:4] != b"\x01fcp":
        sys.exit(f"{font} is no PCF font")
    (count,) = struct.unpack_from("<I", data, 4)
    tables = {}
    for index in range(count):
        kind, _, _, offset = struct.unpack_from("<4I", data, 8 + 16 * index)
        tables[kind] = offset
    metrics = read_metrics(data, tables[METRICS])
    bitmaps = read_bitmaps(data, tables[BITMAPS])
    glyphs = read_encodings(data, tables[ENCODINGS])
    written = bytearray()
    for code in CODES:
        if code in glyphs:
            rows = drawn(metrics[glyphs[code]], bitmaps[glyphs[code]])
            written += struct.pack("<16H", code, *rows)
    Path(letters).write_bytes(zlib.compress(bytes(written), 9))
    print(f"{len(written) // 32} characters, {Path(letters).stat().st_size} bytes")


def order(data: bytes, offset: int) -> tuple[int, str]:
    """The format of a table, and the byte order of what follows."""
    (form,) = struct.unpack_from("<I", data, offset)
    return form, ">" if form & 4 else "<"


def read_metrics(data: bytes, offset: int) -> list[tuple[int, int, int, int]]:
    """Left and right side, ascent and descent of each glyph."""
    form, end = order(data, offset)
    if form & COMPRESSED_METRICS:
        (count,) = struct.unpack_from(f"{end}H", data, offset + 4)
        rows = struct.iter_unpack("5B", data[offset + 6 : offset + 6 + 5 * count])
        return [(a - 128, b - 128, d - 128, e - 128) for a, b, _, d, e in rows]
    (count,) = struct.unpack_from(f"{end}I", data, offset + 4)
    rows = struct.iter_unpack(f"{end}5hH", data[offset + 8 : offset + 8 + 12 * count])
    return [(a, b, d, e) for a, b, _, d, e, _ in rows]


def read_bitmaps(data: bytes, offset: int) -> list[tuple[bytes, int, bool]]:
    """What follows the start of each glyph, the padding of its rows, and whether the left pixel is
    the highest bit."""
    form, end = order(data, offset)
    if form & 0x30:
        sys.exit("rows are stored in units of more than a byte")
    (count,) = struct.unpack_from(f"{end}I", data, offset + 4)
    offsets = struct.unpack_from(f"{end}{count}I", data, offset + 8)
    start = offset + 8 + 4 * count + 16
    return [
        (data[start + at : start + at + 256], 1 << (form & 3), bool(form & 8)) for at in offsets
    ]


def read_encodings(data: bytes, offset: int) -> dict[int, int]:
    """The glyph of each code."""
    _, end = order(data, offset)
    low, high, first, last, _ = struct.unpack_from(f"{end}5H", data, offset + 4)
    codes = [row << 8 | column for row in range(first, last + 1) for column in range(low, high + 1)]
    glyphs = struct.unpack_from(f"{end}{len(codes)}H", data, offset + 14)
    return {code: glyph for code, glyph in zip(codes, glyphs, strict=True) if glyph != 0xFFFF}


def drawn(metrics: tuple[int, int, int, int], bitmap: tuple[bytes, int, bool]) -> list[int]:
    """A glyph in its cell, whose baseline is below its 12th row."""
    left, right, ascent, descent = metrics
    data, padding, left_is_high = bitmap
    stride = -(-(right - left) // (8 * padding)) * padding
    rows = [0] * HEIGHT
    for line in range(ascent + descent):
        for x in range(right - left):
            byte = data[line * stride + x // 8]
            bit = byte >> (7 - x % 8 if left_is_high else x % 8) & 1
            row, column = 12 - ascent + line, left + x
            if bit and 0 <= row < HEIGHT and 0 <= column < WIDTH:
                rows[row] |= 1 << (WIDTH - 1 - column)
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:])
