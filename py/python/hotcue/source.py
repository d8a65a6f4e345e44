"""What a load may read from, and how it becomes a path or content before the engine sees it."""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias

from . import wav
from ._hotcue import Sample
from .arrays import checked_rate, is_array, planes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE = 1 << 20


class BinaryFile(Protocol):
    """An object that can be read to its end, such as an open file or `io.BytesIO`."""

    def read(self, size: int, /) -> bytes:
        """Returns up to `size` bytes, none only at the end."""
        ...


Source: TypeAlias = (
    str | os.PathLike[str] | os.PathLike[bytes] | bytes | bytearray | memoryview | BinaryFile
)
"""What a load reads from. `str` and `os.PathLike` are paths, made absolute at submit without
looking at the file; `bytes`, `bytearray` and `memoryview` are content, copied once, so that it may
change afterwards; a `memoryview` of floats is an array. A file-like object is read by the thread
that calls, before the call returns: from where it stands to its end, where it is left, open; at
most `max_source_bytes`. What it raises comes out of the call."""

Resolved: TypeAlias = "str | bytes | bytearray | memoryview | tuple[bytes, NDArray[np.float32]]"


class Audio:
    """An array on its way into an engine, as the content of a WAV file of 32-bit floats."""

    def __init__(self, audio: Any, sample_rate: SupportsIndex) -> None:
        self._rate = checked_rate(sample_rate)
        self._planes: NDArray[np.float32] = planes(audio)

    def parts(self) -> tuple[bytes, NDArray[np.float32]]:
        """The head of the file, and what goes behind it; the engine copies both."""
        channels, frames = self._planes.shape
        return wav.header(channels, frames, self._rate, 32), self._planes


def resolve(
    source: object, sample_rate: SupportsIndex | None = None
) -> Resolved | BinaryFile | Audio:
    """Turns `source` into an absolute path (`str`) or content; a file-like object stays unread, and
    an array, which is of `sample_rate`, uncopied."""
    if isinstance(source, Sample):
        if sample_rate is not None:
            raise TypeError("a Sample has a rate; sample_rate must be None")
        return Audio(source, source.sample_rate)
    if sample_rate is None and is_values(source):
        raise TypeError("an array needs its sample_rate")
    if sample_rate is not None:
        if not is_audio(source):
            raise TypeError(
                "sample_rate is for arrays alone: files and their content have a rate of their own"
            )
        return Audio(source, sample_rate)
    if isinstance(source, str):
        return absolute(source)
    if isinstance(source, bytes | bytearray):
        return source
    if isinstance(source, memoryview):
        return _of_bytes(source)
    if isinstance(source, os.PathLike):
        return absolute(os.fsdecode(os.fspath(source)))
    if isinstance(source, io.TextIOBase):
        raise TypeError("a file-like path must be open in binary mode, not as text")
    if callable(getattr(source, "read", None)):
        return source  # type: ignore[return-value]
    raise TypeError(
        "path must be a str, an os.PathLike, bytes, a bytearray, a memoryview or a binary "
        f"file, not {type(source).__name__}"
    )


def is_audio(source: object) -> bool:
    """Whether `source` is values that want a rate, and not a file, content or a sample. A view of
    bytes is content, as `bytes` are."""
    if isinstance(source, Sample | str | bytes | bytearray | os.PathLike):
        return False
    if hasattr(source, "read"):
        return False
    return not isinstance(source, memoryview) or source.itemsize > 1


def is_values(source: object) -> bool:
    """Whether `source` is an array, or has a buffer as one has: neither a file, content, nor a
    sample."""
    if is_array(source):
        return True
    if isinstance(source, memoryview) or not is_audio(source):
        return False
    try:
        memoryview(source).release()  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def read(source: Resolved | BinaryFile | Audio, limit: int | None) -> Resolved:
    """Reads a file-like object to its end; all else is there already."""
    if isinstance(source, Audio):
        return source.parts()
    if isinstance(source, str | bytes | bytearray | memoryview | tuple):
        return source
    content = bytearray()
    while True:
        # One more than the limit, to see whether the end is there.
        size = _PIECE if limit is None else min(_PIECE, limit + 1 - len(content))
        piece: object = source.read(size)
        if piece is None:
            raise BlockingIOError(
                errno.EAGAIN, "a file-like path must not be in non-blocking mode: read() gave None"
            )
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(
                "a file-like path must be open in binary mode: "
                f"read() returned {type(piece).__name__}"
            )
        length = memoryview(piece).nbytes
        if length > size:
            raise ValueError(f"read() returned {length} bytes where {size} were asked for")
        if not length:
            return content
        content += piece
        if limit is not None and len(content) > limit:
            raise ValueError(f"a file-like path has more than max_source_bytes, {limit}")


def _of_bytes(view: memoryview) -> memoryview:
    """The same memory as bytes."""
    if view.itemsize == 1 and view.format == "B":
        return view
    if view.c_contiguous and view.nbytes:
        return view.cast("B")
    # Without a copy of what is strided. Loaded here only: few programs come by.
    import numpy as np

    return np.asarray(view)[..., np.newaxis].view(np.uint8).data


def absolute(path: str) -> str:
    """`path` from the root on, by its text alone; of nothing, which is no folder, nothing."""
    try:
        # Behind a name that may be a link, ".." is where that leads: only the system knows.
        if os.name == "posix" and ".." in path.lstrip("./").split("/"):
            return os.path.join(os.getcwd(), path)
        # Nothing is no folder: `abspath` would make the working directory of it.
        return os.path.abspath(path) if path else path
    except OSError:  # The working directory is gone: opening will say so, as an event.
        return path


def cache_folder(cache_dir: str | os.PathLike[str] | None) -> str | None:
    """`cache_dir` as an absolute path; of nothing, which is no folder, `abspath` would make the
    working directory."""
    if cache_dir is None:
        return None
    check_path(cache_dir, "cache_dir")
    return absolute(os.fsdecode(cache_dir))


def check_path(path: object, name: str) -> None:
    """Raises `TypeError` for what is no path; a number would be a descriptor for `open`."""
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(f"{name} must be a str or an os.PathLike, not {type(path).__name__}")
