"""A player for a notebook: audio small enough to stand in its page."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from .. import wav
from .._hotcue import Sample
from ..audio import decode, resample
from ..errors import LoadError

LONGEST_SEC = 30
MOST_BYTES = 186_000
"""Of the file; the page takes four characters for three bytes."""
# As 16 bits down to this rate, below as µ-law, which has twice the rate in as many bytes.
_LEAST_LINEAR_HZ = 16_000


def player(sample: Sample) -> str:
    """An `audio` element with the first seconds of the sample, in mono; empty if there are none."""
    planes, rate = _beginning(sample)
    if planes.shape[1] == 0:
        return ""
    file = preview(planes, rate)
    return (
        '<audio controls preload="metadata" style="display:block;width:100%;margin-top:6px" '
        f'src="data:audio/wav;base64,{base64.b64encode(file).decode()}"></audio>'
    )


def preview(planes: NDArray[np.float32], rate: int) -> bytes:
    """A WAV file of the mean of the channels, of at most `MOST_BYTES`: at its own rate where there
    is room, else at the highest that there is room for. What is beyond full scale is made less."""
    mono = planes.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
    mono /= max(1.0, float(abs(mono).max()))
    per_second = MOST_BYTES * rate // mono.shape[1]
    linear = per_second // 2 >= _LEAST_LINEAR_HZ or per_second // 2 >= rate
    target = min(rate, per_second // 2 if linear else per_second)
    if target != rate:
        mono = resample(mono, rate, target)
    values = wav.integers(mono, 16) if linear else mu_law(mono[0]).tobytes()
    head = wav.header(1, mono.shape[1], target, 16 if linear else 8)
    return head + values + b"\0" * (len(values) % 2)


def mu_law(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values of -1…1 as a byte each (ITU-T G.711, table 2a): a sign, three bits of exponent, four
    of mantissa, all inverted."""
    steps = np.rint(np.clip(values, -1, 1) * 32_635.0).astype(np.int32)
    magnitude = abs(steps) + 132
    exponent = np.frexp(magnitude)[1] - 8
    mantissa = magnitude >> (exponent + 3) & 15
    coded = ~((steps < 0) << 7 | exponent << 4 | mantissa)
    return np.asarray(coded & 0xFF, np.uint8)


def _beginning(sample: Sample) -> tuple[NDArray[np.float32], int]:
    rate = sample.sample_rate
    if not sample.streamed:
        return sample.to_numpy()[:, : LONGEST_SEC * rate], rate
    try:
        if sample.path is not None:
            return decode(sample.path, duration_sec=LONGEST_SEC, mono=True)
    except LoadError:
        pass
    return np.empty((1, 0), np.float32), rate
