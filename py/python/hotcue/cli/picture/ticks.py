"""Where an axis has its marks, and what they say."""

from __future__ import annotations

import math

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_MINUTES = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800)
_STEPS = tuple(f / 1000 for f in (1, 2, 5)) + _SECONDS + _MINUTES


def time_ticks(duration_sec: float, most: int) -> list[tuple[float, str]]:
    """At most `most` marks and one, the first at 0, at times that a person would choose."""
    step = next((step for step in _STEPS if duration_sec / step <= most), duration_sec)
    count = math.floor(duration_sec / step + 1e-9) + 1
    return [(index * step, spelled(index * step, step)) for index in range(count)]


def spelled(sec: float, step: float) -> str:
    """A time, as exact as steps of `step` need it: ``0.25``, ``1:05``, ``1:00:00``."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if sec < 60:
        return f"{sec:.{decimals}f} s"
    minutes, rest = divmod(round(sec, decimals), 60)
    seconds = f"{rest:0{3 + decimals if decimals else 2}.{decimals}f}"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def full_scale(peak: float) -> float:
    """The end of a scale that has room for `peak`: 1 for all that is nearly as loud, less for what
    would be hard to see."""
    if peak <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(peak))
    # Much music is a little louder than full scale.
    steps = (1, 1.25, 1.5, 2, 5, 10) if power >= 1 else (1, 2, 5, 10)
    return next(power * f for f in steps if power * f >= peak * (1 - 1e-6))
