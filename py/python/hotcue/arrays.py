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
MAX_MAGNITUDE = 1e20
"""What counts as audio at most, as in the core: beyond it sums of squares would be infinite."""


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
    signed ones of 2^(bits - 1), unsigned ones by their distance from the middle. Those of 64 bits
    are refused: nobody has such audio, but lists of small numbers become that.

    Raises `ValueError` for a shape that no audio has, `TypeError` for what holds no such numbers,
    `RuntimeError` for a `Sample` that is streamed or still arriving.
    """
    # Loaded here only: whoever has an array has loaded it.
    import numpy as np

    checked_layout(layout)
    if isinstance(audio, Sample):  # Its own shape, whatever that of arrays is.
        audio, layout = audio._finished(), "channels_first"
    values = np.asarray(audio)
    kind, size = values.dtype.kind, values.dtype.itemsize
    # Python's integers are of 32 bits on some systems.
    of_python = isinstance(audio, list | tuple) and values.dtype == np.dtype(int)
    if kind not in "fiu" or (kind != "f" and (size > 4 or of_python)):
        raise TypeError(
            f"an array must be of floats or integers of 8 to 32 bits, not of {values.dtype}"
        )
    if values.ndim == 0 and not hasattr(audio, "__array__"):
        raise TypeError(f"audio must be an array, not {type(audio).__name__}")
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
    if kind != "f":
        # Of 16 bits, float32 holds each exactly, and is several times as fast.
        exact = np.float32 if size <= 2 else np.float64
        values = np.multiply(values, 2.0 ** (1 - 8 * size), dtype=exact)
        if kind == "u":
            values -= 1.0
    with np.errstate(over="ignore"):  # What is too large becomes infinite.
        return np.require(values, np.float32, ("C_CONTIGUOUS", "ALIGNED"))


def finite_planes(audio: Any, *, layout: Layout = "channels_first") -> NDArray[np.float32]:
    """As `planes`. Raises `ValueError` also for values that are NaN or infinite, or too large to be
    audio."""
    import numpy as np

    values = planes(audio, layout=layout)
    most = np.float32(MAX_MAGNITUDE)
    # Either is NaN where one value is, which no comparison holds for.
    if not (values.min() >= -most and values.max() <= most):
        what = "NaN or infinite ones"
        if np.isfinite(np.asarray(audio)).all():
            what = "some that are larger"
        raise ValueError(
            f"an array must hold finite values, of {MAX_MAGNITUDE:g} at most; this one has {what}"
        )
    return values


def checked_layout(layout: object) -> Layout:
    """Raises `ValueError` for a text that is none, `TypeError` for what is no text."""
    if layout == "channels_first" or layout == "frames_first":
        return layout
    if not isinstance(layout, str):
        raise TypeError(f"layout must be a str, not {type(layout).__name__}")
    raise ValueError(f'layout must be "channels_first" or "frames_first", not {layout!r}')


def checked_rate(rate: SupportsIndex, name: str = "sample_rate") -> int:
    """`rate` in Hz. Raises `ValueError` out of range, `TypeError` for what is no integer."""
    value = checked_integer(rate, name)
    if not MIN_SAMPLE_RATE <= value <= MAX_SAMPLE_RATE:
        raise ValueError(f"{name} out of range: {value} Hz")
    return value


def checked_integer(value: object, name: str) -> int:
    """`value`, of any type with ``__index__`` but `bool`. Raises `TypeError` for anything else."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    return operator.index(value)


def _shape(layout: Layout) -> str:
    return "channels, frames" if layout == "channels_first" else "frames, channels"
