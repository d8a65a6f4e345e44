"""NumPy arrays as audio."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, TypeAlias

from ._hotcue import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Layout: TypeAlias = Literal["channels_first", "frames_first"]
"""The shape of an array: ``(channels, frames)``, or ``(frames, channels)`` as soundfile has it."""

MAX_CHANNELS = 64
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 1_000, 768_000
"""In Hz; those of the core."""


def is_array(source: object) -> bool:
    """Whether `source` is an array, or what NumPy makes one of; of views those of floats, which no
    content of a file is. A `numpy.str_` is text all the same."""
    if isinstance(source, memoryview):
        return source.format.lstrip("@=<>!") in ("e", "f", "d")
    # Of a `Sample` NumPy makes one, too, but it knows its rate.
    return hasattr(source, "__array__") and not isinstance(source, str | bytes | Sample)


def planes(audio: Any, *, layout: Layout = "channels_first") -> NDArray[np.float32]:
    """`audio` as float32 of shape ``(channels, frames)``, C-contiguous, aligned; copied if need be.

    Of one dimension it is mono. Floats stay as they are, integers become shares of full scale:
    signed ones of 2^(bits - 1), unsigned ones by their distance from the middle.

    Raises `ValueError` for a shape that no audio has, `TypeError` for what holds no numbers.
    """
    # Loaded here only: whoever has an array has loaded it.
    import numpy as np

    checked_layout(layout)
    values = np.asarray(audio)
    if values.dtype.kind not in "fiu":
        raise TypeError(f"an array must be of floats or integers, not of {values.dtype}")
    if values.ndim not in (1, 2):
        raise ValueError(
            f"an array must have the shape ({_shape(layout)}) or (frames,), not {values.shape}"
        )
    if values.ndim == 1:
        values = values[np.newaxis]
    elif layout == "frames_first":
        values = values.T
    if values.size == 0:
        raise ValueError(f"an array must hold audio; this one is empty, of shape {np.shape(audio)}")
    if values.shape[0] > MAX_CHANNELS:
        rows, other = "rows", "frames, channels"
        if layout == "frames_first":
            rows, other = "columns", "channels, frames"
        turned = f"; pass a.T if it is ({other})" if values.shape[1] <= MAX_CHANNELS else ""
        raise ValueError(
            f"an array may have {MAX_CHANNELS} {rows} at most, one per channel, not "
            f"{values.shape[0]}{turned}"
        )
    if values.dtype.kind in "iu":
        # Of 16 bits, float32 holds each exactly, and is several times as fast.
        exact = np.float32 if values.dtype.itemsize <= 2 else np.float64
        unsigned = values.dtype.kind == "u"
        values = np.multiply(values, 2.0 ** (1 - 8 * values.dtype.itemsize), dtype=exact)
        if unsigned:
            values -= 1.0
    with np.errstate(over="ignore"):  # What is too large becomes infinite.
        return np.require(values, np.float32, ("C_CONTIGUOUS", "ALIGNED"))


def finite_planes(audio: Any, *, layout: Layout = "channels_first") -> NDArray[np.float32]:
    """As `planes`. Raises `ValueError` also for values that are NaN or infinite, or too large for
    float32."""
    import numpy as np

    values = planes(audio, layout=layout)
    # Either is NaN where one value is.
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        what = "NaN or infinite ones"
        if np.isfinite(np.asarray(audio)).all():
            what = f"some beyond float32, {np.finfo(np.float32).max:.2g}"
        raise ValueError(f"an array must hold finite values; this one has {what}")
    return values


def checked_layout(layout: object) -> Layout:
    """Raises `ValueError` for what is none."""
    if layout == "channels_first" or layout == "frames_first":
        return layout
    raise ValueError(f'layout must be "channels_first" or "frames_first", not {layout!r}')


def checked_rate(rate: SupportsIndex, name: str = "sample_rate") -> int:
    """`rate` in Hz. Raises `ValueError` out of range, `TypeError` for what is no integer."""
    if isinstance(rate, bool) or not hasattr(rate, "__index__"):
        raise TypeError(f"{name} must be an integer, not {type(rate).__name__}")
    value = operator.index(rate)
    if not MIN_SAMPLE_RATE <= value <= MAX_SAMPLE_RATE:
        raise ValueError(f"{name} out of range")
    return value


def _shape(layout: Layout) -> str:
    return "channels, frames" if layout == "channels_first" else "frames, channels"
