"""Colours and sizes. Nothing else names a colour, so that one test sees to it that all are legible.

A colour is red, green and blue, 0 to 255. Every ink can be read on every surface: their contrast
is 4.5 or more (WCAG 2.2, success criterion 1.4.3), also of waveforms, rings and icons.
"""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

# Surfaces, from the back to the front.
WINDOW: Colour = (13, 16, 20)
WELL: Colour = (9, 11, 14)
"""What waveforms and meters lie in."""
PANEL: Colour = (20, 24, 30)
PAD: Colour = (26, 31, 39)
EMPTY_PAD: Colour = (16, 19, 24)
BUTTON: Colour = (34, 41, 51)
HOVER: Colour = (42, 50, 62)
SURFACES = (WINDOW, WELL, PANEL, PAD, EMPTY_PAD, BUTTON, HOVER)

# Inks.
INK: Colour = (233, 237, 242)
SOFT: Colour = (171, 183, 196)
"""What is of less importance."""
ACCENT: Colour = (94, 200, 255)
"""What is selected, and what loads."""
PLAYS: Colour = (126, 231, 135)
CAREFUL: Colour = (255, 200, 92)
WRONG: Colour = (255, 143, 133)
LOOP: Colour = (200, 174, 255)
PEAK: Colour = (142, 158, 176)
"""The outline of waveforms."""
LOW: Colour = (118, 166, 255)
MID: Colour = (255, 173, 84)
HIGH: Colour = (244, 247, 250)
INKS = (INK, SOFT, ACCENT, PLAYS, CAREFUL, WRONG, LOOP, PEAK, LOW, MID, HIGH)

# Inks on what is filled with an ink.
ON_INK: Colour = (10, 13, 17)
FILLED = (INK, SOFT, ACCENT, PLAYS, CAREFUL, WRONG, LOOP)

# Lines that divide, and tell nothing.
LINE: Colour = (52, 61, 73)
BEAT: Colour = (70, 82, 98)
BAR: Colour = (122, 138, 156)

# Sizes, in pixels.
GAP = 8
ROUND = 5
SMALL = 12
TEXT = 14
TITLE = 18

MIN_CONTRAST = 4.5


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
