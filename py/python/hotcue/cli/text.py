"""What the commands share in drawing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import numpy as np
from rich.cells import cell_len
from rich.console import Console

from ..values import Waveform
from .streams import BLOCKS

# Wide enough that nothing is cut when the output goes to a file or a pipe: a path has 4,096 bytes
# at most.
PIPE_COLUMNS = 8192


def console(*, stderr: bool = False) -> Console:
    """A console that fits the terminal, and cuts nothing where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_COLUMNS
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def complain(message: str) -> None:
    """Prints one line to stderr; what cannot be written there ends nothing."""
    try:
        print(f"hotcue: {printable(message)}", file=sys.stderr)
    except OSError:
        with suppress(OSError):  # What is left would fail once more when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def reason(error: OSError) -> str:
    """What the system says of a file that it names, or of none, without the number."""
    said = error.strerror or str(error)
    return said if error.filename is None else f"{error.filename}: {said}"


def printable(text: str) -> str:
    """`text` with what would move the cursor, or cannot be encoded, replaced."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def shorten(name: str, columns: int) -> str:
    """`name`, its beginning left out where it takes more columns: the end tells files apart."""
    if columns < 1 or cell_len(name) <= columns:
        return name if columns > 0 else ""
    tail = name[-columns:]
    while cell_len(tail) > columns - 1:
        tail = tail[1:]
    return "…" + tail


def clock(seconds: float) -> str:
    """``0.250 s`` below ten seconds, else ``m:ss.t``, and from an hour on ``h:mm:ss``."""
    if seconds < 10:
        return f"{seconds:.3f} s"
    tenths = round(seconds * 10)
    if tenths < 36_000:
        return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def waveform(drawn: Waveform) -> str:
    """The peaks of all channels together, as one line of block characters, one for each pixel."""
    peaks = np.maximum(drawn.max, -drawn.min).max(axis=0)
    # The square root lets quiet parts show, as a mixer's fader law does.
    levels = np.sqrt(np.clip(peaks, 0.0, 1.0)) * (len(BLOCKS) - 1)
    return "".join(BLOCKS[level] for level in np.ceil(levels).astype(int))
