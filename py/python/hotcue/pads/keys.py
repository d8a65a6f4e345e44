"""Which key plays which pad."""

from __future__ import annotations

GRIDS = (4, 5, 6)
"""Pads in a row, and rows in a bank."""

# Letters and digits alone: every keyboard layout has them, whatever it has beside them.
_ROWS = ("1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")


def pad_keys(grid: int) -> str:
    """The keys of a bank's pads, in reading order.

    The first four rows of pads lie like the left of the keyboard; rows below them take the keys
    to the right of that, in reading order, too.
    """
    left = "".join(row[:grid] for row in _ROWS)
    right = "".join(row[grid:] for row in _ROWS)
    return (left + right)[: grid * grid]
