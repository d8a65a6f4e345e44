"""What a load may read from, and how it becomes a path or content before the engine sees it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Protocol, TypeAlias


class BinaryFile(Protocol):
    """An object that can be read to its end, such as an open file or `io.BytesIO`."""

    def read(self) -> bytes:
        """Returns all that is left."""
        ...


Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile
"""What a load reads from. `str` and `os.PathLike` are paths, made absolute at submit without
looking at the file; `bytes`, `bytearray` and `memoryview` are content, copied once; a file-like
object is read to its end before the call returns."""


def resolve(
    source: object, before_read: Callable[[], None]
) -> str | bytes | bytearray | memoryview:
    """Turns `source` into an absolute path (`str`) or content; calls `before_read` before it
    reads from a file-like object, so that misuse is told before anything is consumed."""
    if isinstance(source, str):
        return _absolute(source)
    if isinstance(source, bytes | bytearray):
        return source
    if isinstance(source, memoryview):
        flat = source.c_contiguous
        return source.cast("B") if flat and source.nbytes else source.tobytes()
    if isinstance(source, os.PathLike):
        return _absolute(os.fsdecode(os.fspath(source)))
    if isinstance(source, io.TextIOBase):
        raise TypeError("a file-like path must be open in binary mode, not as text")
    read = getattr(source, "read", None)
    if not callable(read):
        raise TypeError(
            "path must be a str, an os.PathLike, bytes, a bytearray, a memoryview or a binary "
            f"file, not {type(source).__name__}"
        )
    before_read()
    content = read()
    if isinstance(content, bytes | bytearray | memoryview):
        return resolve(content, before_read)
    kind = type(content).__name__
    raise TypeError(f"a file-like path must be open in binary mode: read() returned {kind}")


def _absolute(path: str) -> str:
    try:
        # Nothing is no folder: `abspath` would make the working directory of it.
        return os.path.abspath(path) if path else path
    except OSError:  # The working directory is gone: opening will say so, as an event.
        return path
