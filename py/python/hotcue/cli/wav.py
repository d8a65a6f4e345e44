"""Writing rendered audio to a file."""

from __future__ import annotations

import os
import wave

import numpy as np
from numpy.typing import NDArray

# Fixed, so that the same audio gives the same file.
SEED = 1


def write_wav(path: str | os.PathLike[str], audio: NDArray[np.float32], rate: int) -> None:
    """Writes float32 ``(channels, frames)`` as 16 bits with TPDF dither; clips at full scale."""
    random = np.random.default_rng(SEED)
    # The difference of two uniform values is triangular, ±1 step wide: the error's mean and
    # power then do not depend on the signal (Lipshitz, Wannamaker, Vanderkooy 1992).
    dither = random.random(audio.shape, np.float32) - random.random(audio.shape, np.float32)
    values = np.clip(np.rint(audio * 32767 + dither), -32768, 32767).astype("<i2")
    # Opened here: `wave` leaves half an object, which complains later, where a path does not open.
    with open(path, "wb") as file, wave.open(file, "wb") as out:
        out.setnchannels(audio.shape[0])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.ascontiguousarray(values.T).tobytes())
