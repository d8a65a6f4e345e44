"""Which files a command means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from .. import _hotcue

EXTENSIONS = frozenset(f".{name}" for name in _hotcue.extensions())
"""What is taken from a folder. A file that is named itself is taken whatever its name."""


def expand(paths: Iterable[str]) -> list[str]:
    """The files among `paths` and, sorted, those in their folders; each once. A folder that cannot
    be listed stands for itself: who opens it learns why."""
    return list(dict.fromkeys(file for path in paths for file in _below(path)))


def _below(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    closed: list[OSError] = []
    folders = [path]
    while folders:  # One at a time: before Python 3.12 `os.walk` goes down a thousand at most.
        for folder, subfolders, names in islice(os.walk(folders.pop(), onerror=closed.append), 1):
            below = (os.path.join(folder, name) for name in reversed(_shown(subfolders)))
            folders += (path for path in below if not os.path.islink(path))
            for file in (Path(folder, name) for name in _shown(names)):
                if file.suffix.lower() in EXTENSIONS:
                    yield str(file)
    yield from (error.filename for error in closed)


def _shown(names: Iterable[str]) -> list[str]:
    """Those that are not hidden, as wastebaskets and the folders of other programs are; sorted."""
    return sorted(name for name in names if not name.startswith("."))
