"""Texts: what a pad says of itself, and how a text fits where it is drawn."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import PurePath

from ..cli.text import clock, printable
from .pad import Pad, State

Measure = Callable[[str], float]
"""How wide a text is, in pixels."""

# Below it a volume counts as silence.
QUIETEST_DB = -60.0
LOUDEST_DB = 12.0


def fit(text: str, width: float, measure: Measure) -> str:
    """`text`, its middle left out where it is wider: beginning and end tell files apart."""
    if measure(text) <= width:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        kept = (low + high + 1) // 2
        if measure(_without_middle(text, kept)) <= width:
            low = kept
        else:
            high = kept - 1
    return _without_middle(text, low)


def _without_middle(text: str, kept: int) -> str:
    end = kept // 2
    return text[: kept - end] + "…" + (text[-end:] if end else "")


def wrap(text: str, width: float, lines: int, measure: Measure) -> list[str]:
    """`text` in at most so many lines, the last one cut by `fit`. What is wider than a line by
    itself is broken anywhere."""
    result: list[str] = []
    rest = text
    while rest and len(result) < lines - 1 and measure(rest) > width:
        low, high = 1, len(rest)
        while low < high:
            kept = (low + high + 1) // 2
            low, high = (kept, high) if measure(rest[:kept]) <= width else (low, kept - 1)
        # After a space, or else after what joins words in names, if that is not far back.
        breaks = [rest.rfind(mark, 0, low + 1) for mark in " _-/\\"]
        best = max(breaks)
        if 0 < best < low and best >= low // 2:
            low = best + 1
        result.append(rest[:low].rstrip())
        rest = rest[low:].lstrip()
    if rest:
        result.append(fit(rest, width, measure))
    return result


def status(pad: Pad) -> str:
    """What a pad is doing, in a word or two."""
    match pad.state:
        case State.LOADING:
            return pad.stage
        case State.STALLED:
            return f"no data for {pad.stalled_sec:.0f} s"
        case State.FAILED:
            return (pad.kind or "").replace("_", " ")
        case _:
            return str(pad.state.value)


def tempo(pad: Pad) -> str:
    """Its tempo, with a tilde where it is a guess."""
    if pad.bpm is None:
        return ""
    return f"{'' if pad.bpm_sure else '~'}{pad.bpm:.1f}"


def key(pad: Pad) -> str:
    """Its key, by name and by Camelot's code."""
    return "" if pad.key is None else f"{pad.key} {pad.camelot}"


def file_format(pad: Pad) -> str:
    """Channels and rate."""
    if pad.channels == 0:
        return ""
    channels = {1: "mono", 2: "stereo"}.get(pad.channels, f"{pad.channels} channels")
    return f"{channels}, {pad.source_rate / 1000:g} kHz"


def folder(path: str) -> str:
    """The folder of a file, as people write it."""
    parent = str(PurePath(path).parent)
    home = os.path.expanduser("~")
    return (
        "~" + parent[len(home) :] if parent == home or parent.startswith(home + os.sep) else parent
    )


def decibels(volume: float) -> float:
    """Linear gain in dB, `QUIETEST_DB` at the least."""
    return max(QUIETEST_DB, 20 * math.log10(volume)) if volume > 0 else QUIETEST_DB


def gain(level_db: float) -> float:
    """dB as linear gain; `QUIETEST_DB` and less is silence."""
    return 0.0 if level_db <= QUIETEST_DB else 10 ** (min(level_db, LOUDEST_DB) / 20)


def volume(linear: float) -> str:
    """A volume, as people read it."""
    level = decibels(linear)
    return "off" if level <= QUIETEST_DB else f"{round(level, 1) or 0.0:+.1f} dB"


__all__ = [
    "LOUDEST_DB",
    "QUIETEST_DB",
    "Measure",
    "clock",
    "decibels",
    "file_format",
    "fit",
    "folder",
    "gain",
    "key",
    "printable",
    "status",
    "tempo",
    "volume",
    "wrap",
]
