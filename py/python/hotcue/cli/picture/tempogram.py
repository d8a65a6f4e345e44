"""How strong each tempo is at each time.

The Fourier tempogram of Grosche and Müller (TASLP 2011): the spectrum, in windows of some seconds,
of a curve that rises where sounds begin. The curve is drawn from the levels of the three bands of
the waveform; it is for the eye, the estimate of `hotcue.analyze` is made otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..._hotcue import ColouredWaveform

CURVE_HZ = 100
"""Values of the curve a second."""
WINDOW_SEC = 8.0
LOWEST_BPM, HIGHEST_BPM = 40.0, 320.0
SHORTEST_SEC = 1.2
"""What is shorter has no tempo."""
# Times of the curve that are drawn at a time, within the pixels that a waveform may have.
_STRETCH = 32_768
# Levels 60 dB below the loudest do not count.
_FLOOR = 1e-3


def curve(coloured: ColouredWaveform, duration_sec: float) -> NDArray[np.float64]:
    """Where sounds begin: the rise of the bands' levels in decibels, 100 values a second."""
    count = max(int(duration_sec * CURVE_HZ), 1)
    bands = np.concatenate(
        [
            _levels(coloured, start, min(start + _STRETCH, count))
            for start in range(0, count, _STRETCH)
        ],
        axis=1,
    )
    loudest = bands.max()
    if loudest == 0:
        return np.zeros(count)
    logarithms = np.log(np.maximum(bands / loudest, _FLOOR))
    rises = np.maximum(np.diff(logarithms, axis=1, prepend=np.log(_FLOOR)), 0).sum(axis=0)
    # What lasts is no beat: only what is above the mean of a second around it counts.
    around = np.convolve(rises, np.full(CURVE_HZ, 1 / CURVE_HZ), "same")[:count]
    return np.asarray(np.maximum(rises - around, 0))


def _levels(coloured: ColouredWaveform, start: int, end: int) -> NDArray[np.float64]:
    """The level of each band, of all channels."""
    drawn = coloured.pixels(end - start, start / CURVE_HZ, end / CURVE_HZ)
    bands = np.stack([drawn.low, drawn.mid, drawn.high]).astype(float)
    return np.asarray(np.sqrt((bands**2).mean(axis=1)))


def tempogram(
    rises: NDArray[np.float64], bpms: NDArray[np.float64], columns: int
) -> NDArray[np.float64]:
    """The strength of each tempo, the rows, in windows around `columns` equal parts of the time;
    the strongest of each column is 1, less where hardly anything begins: what is a twentieth as
    strong as the strongest of all, or weaker, is no pulse."""
    window = min(round(WINDOW_SEC * CURVE_HZ), rises.size)
    half = window // 2
    padded = np.pad(rises, (half, window))
    weights = np.hanning(window)
    times = np.arange(window) / CURVE_HZ
    waves = np.exp(-2j * np.pi * np.outer(times, bpms / 60)) * weights[:, np.newaxis]
    centres = ((np.arange(columns) + 0.5) * rises.size / columns).astype(int)
    pieces = np.stack([padded[at : at + window] for at in centres])
    pieces -= (pieces * weights).sum(axis=1, keepdims=True) / weights.sum()
    strengths = np.abs(pieces @ waves).T
    most = strengths.max(axis=0, initial=0.0)
    most = np.maximum(most, max(most.max(initial=0.0) / 20, 1e-9))
    return np.asarray(strengths / most)
