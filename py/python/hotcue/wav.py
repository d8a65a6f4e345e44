"""WAV files, as this package writes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PCM, _FLOAT, _MU_LAW = 1, 3, 7
# What the four bytes of a length hold.
_MOST = 0xFFFF_FFFF


def header(channels: int, frames: int, rate: int, bits: int) -> bytes:
    """What comes before the values: integers of 16 or 24 bits, floats of 32, or µ-law of 8; the
    lengths of more than 4 GiB in a chunk `ds64` (RF64, EBU Tech 3306)."""
    frame_bytes = channels * bits // 8
    data_bytes = frames * frame_bytes
    kind = {8: _MU_LAW, 32: _FLOAT}.get(bits, _PCM)
    # Other formats than PCM have a size of extra fields, none here, and a count of frames.
    extra = b"" if kind == _PCM else b"\0\0"
    fact = struct.pack("<4sII", b"fact", 4, min(frames, _MOST)) if extra else b""
    fmt = struct.pack(
        "<4sIHHIIHH",
        b"fmt ",
        16 + len(extra),
        kind,
        channels,
        rate,
        rate * frame_bytes,
        frame_bytes,
        bits,
    )
    chunks = fmt + extra + fact
    size = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
    if size <= _MOST:
        start = struct.pack("<4sI4s", b"RIFF", size, b"WAVE")
    else:
        ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size + 36, data_bytes, frames, 0)
        start = struct.pack("<4sI4s", b"RF64", _MOST, b"WAVE") + ds64
    return start + chunks + struct.pack("<4sI", b"data", min(data_bytes, _MOST))


def integers(planes: NDArray[np.float32], bits: int) -> bytes:
    """The values, frame by frame, as integers of 16 or 24 bits: rounded, and clipped at full
    scale."""
    import numpy as np

    full = float(1 << (bits - 1))
    steps = np.clip(np.rint(planes.T.astype(np.float64) * full), -full, full - 1).astype("<i4")
    octets = np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 4)
    return octets[:, : bits // 8].tobytes()
