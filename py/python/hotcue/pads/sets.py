"""Sets of pads on disk: a small JSON document, which people may read and edit."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HotcueError
from ..source import absolute
from ..whole import written_whole
from .keys import GRIDS
from .pad import CHOKE_GROUPS, MAX_VOLUME

VERSION = 1
ENDING = ".json"


class SetError(HotcueError):
    """A set cannot be read; the message names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class SavedPad:
    """One pad with a file."""

    pad: int
    path: str
    """Absolute."""
    volume: float = 1.0
    loop: bool = False
    choke: int = 0


@dataclass(frozen=True, slots=True)
class PadSet:
    """Everything that a set keeps."""

    grid: int = 4
    volume: float = 1.0
    pads: tuple[SavedPad, ...] = ()


def write(path: Path, saved: PadSet) -> None:
    """Writes a set, all of it or nothing.

    Files below the set's own folder are named relative to it, so that the folder can be moved;
    all others are named absolute. Raises `OSError`.
    """
    folder = Path(_short(absolute(str(path)))).parent
    document = {
        "hotcue_set": VERSION,
        "grid": saved.grid,
        "volume": saved.volume,
        "pads": [
            {
                "pad": pad.pad,
                "path": _name(folder, pad.path),
                "volume": pad.volume,
                "loop": pad.loop,
                "choke": pad.choke,
            }
            for pad in saved.pads
        ],
    }
    # ASCII alone: names that are no Unicode have a place in it, too.
    text = json.dumps(document, indent=1) + "\n"
    with written_whole(path) as file:
        file.write(text.encode("ascii"))


def read(path: Path, pads: int) -> PadSet:
    """Reads a set for so many pads. Raises `SetError`; whether its files are there, their loads
    will tell."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SetError(f"{path.name}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise SetError(f"{path.name}: is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SetError(f"{path.name}: {where}: {error.msg.lower()}") from error
    except (ValueError, RecursionError) as error:  # A number of too many digits; lists too deep.
        raise SetError(f"{path.name}: cannot be read: {error}") from error
    try:
        return _Reader(Path(absolute(str(path))).parent, pads).document(document)
    except _Wrong as wrong:
        raise SetError(f"{path.name}: {wrong}") from None


class _Wrong(Exception):
    """What is wrong in a document."""


class _Reader:
    """Turns a JSON document into a set, or says where it is none."""

    def __init__(self, folder: Path, pads: int) -> None:
        self._folder = folder
        self._pads = pads

    def document(self, document: Any) -> PadSet:
        if not isinstance(document, dict) or "hotcue_set" not in document:
            raise _Wrong("is not a set of pads: it has no hotcue_set")
        version = document["hotcue_set"]
        if version != VERSION:
            raise _Wrong(f"is of version {version!r}; this hotcue reads version {VERSION}")
        grid = document.get("grid", GRIDS[0])
        if not isinstance(grid, int) or grid not in GRIDS:
            raise _Wrong(f"grid must be one of {', '.join(map(str, GRIDS))}")
        rows = document.get("pads", [])
        if not isinstance(rows, list):
            raise _Wrong("pads must be a list")
        pads = tuple(self._pad(f"pads[{index}]", row) for index, row in enumerate(rows))
        if len({pad.pad for pad in pads}) < len(pads):
            raise _Wrong("pads names a pad twice")
        return PadSet(grid, _number(document, "volume", "volume"), pads)

    def _pad(self, where: str, row: Any) -> SavedPad:
        if not isinstance(row, dict):
            raise _Wrong(f"{where} must be an object")
        path = row.get("path")
        if not isinstance(path, str) or not path or "\0" in path or not _has_bytes(path):
            raise _Wrong(f"{where}.path must be the path of a file")
        loop = row.get("loop", False)
        if not isinstance(loop, bool):
            raise _Wrong(f"{where}.loop must be true or false")
        return SavedPad(
            _integer(row, "pad", f"{where}.pad", self._pads - 1),
            absolute(str(self._folder / path)),
            _number(row, "volume", f"{where}.volume"),
            loop,
            _integer({"choke": 0, **row}, "choke", f"{where}.choke", CHOKE_GROUPS),
        )


def _has_bytes(path: str) -> bool:
    """Whether a file can have this name: not with half of a surrogate pair."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _short(path: str) -> str:
    """`path` without `..`, where that is the same file."""
    short = os.path.normpath(path)
    return short if os.path.realpath(short) == os.path.realpath(path) else path


def _name(folder: Path, path: str) -> str:
    path = _short(path)
    try:
        return Path(path).relative_to(folder).as_posix()
    except ValueError:
        return path


def _number(row: dict[str, Any], key: str, where: str) -> float:
    value = row.get(key, 1.0)
    # An integer may be too large to be asked whether it is finite.
    if isinstance(value, bool) or not (isinstance(value, int) or _is_finite(value)):
        raise _Wrong(f"{where} must be a number")
    if not 0.0 <= value <= MAX_VOLUME:
        raise _Wrong(f"{where} must be 0 to {MAX_VOLUME:g}")
    return float(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _integer(row: dict[str, Any], key: str, where: str, most: int) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _Wrong(f"{where} must be a whole number, 0 to {most}")
    return value
