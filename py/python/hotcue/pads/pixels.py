"""Waveforms as pixels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..values import Waveform
from . import theme

# What is quieter is not drawn as large as what fills the scale.
_QUIETEST = 0.02

_PALETTE = np.array(
    [
        (0.0, 0.0, 0.0, 0.0),
        *(
            (red / 255, green / 255, blue / 255, 1.0)
            for red, green, blue in (theme.PEAK, theme.LOW, theme.MID, theme.HIGH)
        ),
    ],
    np.float32,
)


Picture: TypeAlias = NDArray[np.float32]
"""Shape ``(height, width, 4)``: red, green, blue and opacity, 0 to 1."""


def peak(wave: Waveform) -> float:
    """The greatest absolute value, no less than what is drawn at full height."""
    if wave.max.size == 0:
        return 1.0
    return max(float(wave.max.max()), -float(wave.min.min()), _QUIETEST)


def picture(wave: Waveform, height: int, full: float) -> Picture:
    """Draws a waveform, one column per pixel. `full` is the value that reaches the edge.

    All channels are drawn as one: their extremes, and before these the levels of the bands, from
    low to high.
    """
    middle = height / 2
    rows = (np.arange(height, dtype=np.float32) + np.float32(0.5))[:, np.newaxis]
    top = middle * (1 - wave.max.max(axis=0) / full)
    bottom = middle * (1 - wave.min.min(axis=0) / full)
    # Half a pixel to both sides: silence is a line, too.
    layers = ((rows >= top - 0.5) & (rows <= bottom + 0.5)).astype(np.uint8)
    distance = abs(rows - np.float32(middle))
    for layer, band in enumerate((wave.low, wave.mid, wave.high), start=2):
        if band is not None:
            level = np.sqrt(np.mean(np.square(band), axis=0)) * (middle / full)
            layers[distance < level] = layer
    drawn: Picture = _PALETTE[layers]
    return drawn
