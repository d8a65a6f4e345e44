"""Pixels, letters, and the file that they become."""

from __future__ import annotations

import functools
import struct
import zlib
from importlib import resources
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

LETTER_WIDTH, LETTER_HEIGHT = 9, 15
MISSING = "\N{REPLACEMENT CHARACTER}"


class Canvas:
    """A picture of ``height`` × ``width`` pixels, drawn from the top left. What lies outside is
    left out."""

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.pixels: NDArray[np.uint8] = np.empty((height, width, 3), np.uint8)
        self.pixels[:] = background

    def fill(
        self, left: int, top: int, right: int, bottom: int, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Covers the pixels from ``(left, top)`` to before ``(right, bottom)``."""
        area = self.pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        area[:] = np.rint(area * (1 - opacity) + np.multiply(colour, opacity)).astype(np.uint8)

    def paint(self, left: int, top: int, image: NDArray[np.uint8]) -> None:
        """Puts an image of height × width × 3 there; all of it has to fit."""
        self.pixels[top : top + image.shape[0], left : left + image.shape[1]] = image

    def write(self, left: int, top: int, text: str, colour: Colour, *, anchor: float = 0.0) -> None:
        """Writes one line. `anchor` is the part of its width that lies to the left of `left`: 0.5
        centres it, 1.0 ends it there."""
        left -= round(anchor * text_width(text))
        for letter in text:
            shape = letters().get(letter)
            if shape is None:
                shape = letters()[MISSING]
            rows = self.pixels[max(top, 0) : top + LETTER_HEIGHT]
            cell = rows[:, max(left, 0) : max(left + LETTER_WIDTH, 0)]
            seen = shape[LETTER_HEIGHT - rows.shape[0] if top < 0 else 0 :]
            seen = seen[: cell.shape[0], LETTER_WIDTH - cell.shape[1] if left < 0 else 0 :]
            cell[seen[:, : cell.shape[1]]] = colour
            left += LETTER_WIDTH

    def png(self) -> bytes:
        """The picture as a PNG file: 8 bits, RGB (W3C, PNG, second edition)."""
        height, width, _ = self.pixels.shape
        rows = np.zeros((height, 1 + 3 * width), np.uint8)
        rows[:, 1:] = self.pixels.reshape(height, 3 * width)
        # Filter 2, the difference to the row above: panels are made of columns.
        rows[1:, 0] = 2
        rows[1:, 1:] -= self.pixels.reshape(height, 3 * width)[:-1]
        header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
        parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )


def text_width(text: str) -> int:
    """Pixels that a line takes."""
    return LETTER_WIDTH * len(text)


@functools.cache
def letters() -> dict[str, NDArray[np.bool_]]:
    """The shape of each letter: X.org's font 9x15, see ``scripts/make_font.py``."""
    packed = resources.files(__package__).joinpath("letters.bin").read_bytes()
    rows = np.frombuffer(zlib.decompress(packed), "<u2").reshape(-1, 1 + LETTER_HEIGHT)
    columns = np.arange(LETTER_WIDTH - 1, -1, -1)
    shapes = (rows[:, 1:, np.newaxis] >> columns & 1).astype(bool)
    return {chr(code): shape for code, shape in zip(rows[:, 0].tolist(), shapes, strict=True)}
