"""Writing rendered audio to a file."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from ..audio import write_wav

# Fixed, so that the same audio gives the same file.
SEED = 1


def write_dithered(path: str | os.PathLike[str], audio: NDArray[np.float32], rate: int) -> None:
    """Writes float32 ``(channels, frames)`` as 16 bits with TPDF dither; clips at full scale."""
    random = np.random.default_rng(SEED)
    # The difference of two uniform values is triangular, ±1 step wide: the error's mean and
    # power then do not depend on the signal (Lipshitz, Wannamaker, Vanderkooy 1992).
    dither = random.random(audio.shape, np.float32) - random.random(audio.shape, np.float32)
    values = np.clip(np.rint(audio * 32767 + dither), -32768, 32767)
    write_wav(path, values.astype(np.int16), rate, bits=16)
