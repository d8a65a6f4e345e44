"""A waveform as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._hotcue import Sample
from ..pads import theme

if TYPE_CHECKING:
    from ..analysis import BpmAnalysis

WIDTH, HEIGHT = 640, 96
# Of the drawing's own units in a pixel's height: whole numbers are the shortest.
_FINE = 2
_MIDDLE = HEIGHT * _FINE // 2
# What is quieter is not drawn as large as what fills the scale.
_QUIETEST = 0.02
# Nearer than this, lines of beats would hide the waveform.
_NEAREST_PX = 6


def drawing(sample: Sample, tempo: BpmAnalysis | None) -> str:
    """All of the sample, all channels as one: beats, extremes, and the bands where those are
    known."""
    wave = sample.waveform(WIDTH)
    low, high = wave.min.min(axis=0), wave.max.max(axis=0)
    scale = (_MIDDLE - _FINE) / max(float(high.max()), -float(low.min()), _QUIETEST)
    shapes = [_beats(tempo, sample.duration_sec) if tempo else "", _area(high, low, scale, "PEAK")]
    for band, colour in ((wave.low, "LOW"), (wave.mid, "MID"), (wave.high, "HIGH")):
        if band is not None:
            level = np.sqrt(np.mean(np.square(band), axis=0))
            shapes.append(_area(level, -level, scale, colour))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT * _FINE}" preserveAspectRatio="none" role="img" '
        f'aria-label="waveform" style="display:block;width:100%;height:{HEIGHT}px;'
        f'border-radius:5px;background:{_css("WELL")}">{"".join(shapes)}</svg>'
    )


def _area(top: NDArray[np.float32], bottom: NDArray[np.float32], scale: float, colour: str) -> str:
    """What lies between two lines. Silence is a line, too: half a pixel to both sides."""
    above = np.rint(_MIDDLE - top * scale).astype(int) - _FINE // 2
    below = np.rint(_MIDDLE - bottom * scale).astype(int) + _FINE // 2
    there = "".join(f"v{step}h1" for step in np.diff(above, prepend=_MIDDLE))
    back = "".join(f"v{step}h-1" for step in np.diff(below[::-1], prepend=above[-1]))
    return f'<path fill="{_css(colour)}" d="M0 {_MIDDLE}{there}{back}z"/>'


def _beats(tempo: BpmAnalysis, duration_sec: float) -> str:
    """A line for each beat, brighter where a bar begins."""
    lines = []
    for times, colour in ((tempo["beats_sec"], "BEAT"), (tempo["downbeats_sec"], "BAR")):
        if 0 < len(times) * _NEAREST_PX <= WIDTH:
            places = (f"M{time / duration_sec * WIDTH:.1f} 0v{HEIGHT * _FINE}" for time in times)
            lines.append(f'<path stroke="{_css(colour)}" d="{"".join(places)}"/>')
    return "".join(lines)


def _css(name: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*getattr(theme, name))
