"""Files that are written as a whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO


@contextmanager
def written_whole(path: str | os.PathLike[str] | bytes) -> Iterator[BinaryIO]:
    """Opens what takes the place of the file at `path`, which keeps its permissions and its links,
    once all is written; what was there stays until then, and if it fails.

    Where no file can be made beside it, or where it is a pipe or a device, it is written itself.
    Raises `OSError`.
    """
    path = os.fspath(path)
    target = os.path.realpath(path)
    file = _beside(target, path)
    if file is None:
        with _named(path), open(path, "wb") as file:
            yield file
        return
    try:
        with _named(path), file:
            yield file
        os.replace(file.name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(file.name)
        raise


@contextmanager
def _named(path: str | bytes) -> Iterator[None]:
    """Errors of writing name the file, as those of opening do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = path
        raise


def _beside(target: str | bytes, path: str | bytes) -> BinaryIO | None:
    """An empty file, to be renamed to `target`, if `path` leads to that, and it may be written, or
    is not there yet."""
    # Named by itself: the name of the target may be as long as names can be.
    name = os.fsencode(f".hotcue-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    beside = os.path.join(os.path.dirname(os.fsencode(target)), name)
    try:
        try:
            mode = os.stat(path).st_mode
        except FileNotFoundError:
            if os.path.lexists(target):  # What is there only by its text, as behind `missing/..`.
                return None
            mode = None
        if mode is not None and not (stat.S_ISREG(mode) and os.access(target, os.W_OK)):
            return None
        # What is open may have a name in /proc alone.
        if mode is not None and not os.path.samefile(path, target):
            return None
        file = open(os.fsdecode(beside), "xb")  # noqa: SIM115
    except OSError:
        return None
    try:
        if mode is not None:
            os.chmod(file.name, stat.S_IMODE(mode))
    except BaseException:
        file.close()
        os.unlink(file.name)
        raise
    return file
