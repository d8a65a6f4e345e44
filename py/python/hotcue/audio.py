"""Files and arrays without an engine: look into, decode, resample, write.

All of it works in the thread that calls, with the GIL released and Ctrl-C working, and gives the
values that an engine's loads have.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, TypeAlias

from . import _hotcue, wav
from ._hotcue import Sample
from .arrays import Layout, checked_integer, checked_layout, checked_rate, finite_planes
from .source import Source, check_path, is_values, read, resolve
from .values import FileInfo
from .whole import written_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Bits: TypeAlias = Literal[16, 24, 32]
"""Of one value in a file: integers of 16 or 24, floats of 32."""

# Written at a time: the values take several times as much on their way.
_PIECE_FRAMES = 1 << 18


def decode(
    path: Source,
    *,
    sample_rate: SupportsIndex | None = None,
    mono: bool = False,
    start_sec: float = 0.0,
    duration_sec: float | None = None,
    layout: Layout = "channels_first",
) -> tuple[NDArray[np.float32], int]:
    """Decodes a file, or a part of it, into an array of your own, and says its rate::

        audio, rate = hotcue.decode("take.flac")
        middle, rate = hotcue.decode("take.flac", start_sec=60, duration_sec=5)

    The array is float32 ``(channels, frames)``, mono too as ``(1, n)``, nominally -1…1, not
    clamped, channels in WAVE order. ``layout="frames_first"`` gives soundfile's shapes:
    ``(frames, channels)``, and ``(frames,)`` of one channel. `path` is what a load takes: a path,
    content, or a binary file. `sample_rate` is what it is converted to, in Hz; None leaves the
    file's own. `mono` gives the mean of the channels.

    What lies behind the part is not read, and what lies before it is jumped over where the format
    allows. Both times are rounded to frames of the result. Behind the end of the file there is
    nothing: the part is shorter, or empty. A part has the values that the whole has there, but for
    noise that a decoder of AAC makes up, which is another for each place where it begins, and for
    what Opus carries on from before, in Ogg and MP4: mostly 150 dB below the music, at low bit
    rates 30 to 60, of speech at 8 kbit/s at times as little as 8.

    Raises `LoadError` where the file cannot be decoded (also a `FileNotFoundError` where it is
    missing), `ValueError` for a rate, a time or a layout that cannot be, `TypeError` for what is
    none of all this.
    """
    if sample_rate is not None:
        sample_rate = checked_rate(sample_rate)
    frames_first = checked_layout(layout) == "frames_first"
    if isinstance(path, Sample):
        raise TypeError("a Sample is decoded already: to_numpy()")
    if is_values(path):
        raise TypeError("an array is decoded already; `resample` changes its rate")
    source = resolve(path)
    return _hotcue.decode(
        lambda: read(source, None), sample_rate, mono, start_sec, duration_sec, frames_first
    )


def info(path: Source) -> FileInfo:
    """Says what a file is, without decoding all of it: its length, rate, codec, tags, loops, …::

        found = hotcue.info("take.flac")
        print(found.duration_sec, found.tags.get("title"))

    Its beginning is decoded, a second at most, so what cannot be played is an error here, too;
    positions are in frames of the file's own rate. `path` is what a load takes: a path, content, or
    a binary file. Takes milliseconds, more where a format has no index; works in the thread that
    calls, without the GIL. For a program that must not wait at all: ``engine.load(path,
    stream=True)``.

    Raises as `decode` does.
    """
    if isinstance(path, Sample):
        raise TypeError("a Sample is no file; its attributes say the same")
    if is_values(path):
        raise TypeError("an array is no file")
    return FileInfo(**_hotcue.info(read(resolve(path), None)))


def resample(
    audio: Any, source_rate: SupportsIndex, target_rate: SupportsIndex
) -> NDArray[np.float32]:
    """Converts an array from one rate to another, in Hz; as long, to the frame above.

    `audio` has the shape ``(channels, frames)`` or ``(frames,)``, and so has the result; floats, or
    integers of 8 to 32 bits by full scale; or it is a `Sample`. Frame 0 stays frame 0. The noise
    lies 130 dB below, and so do aliases from 4 % above the lower Nyquist frequency on; the last 4 %
    below it fade (8 % for pairs of rates with hardly a common divisor; beyond 64:1 more).

    Raises `ValueError` for a shape, a rate or values that cannot be (NaN, infinite, beyond 1e20),
    `TypeError` for what is no array of such numbers, `RuntimeError` for a `Sample` that is streamed
    or still arriving, `MemoryError` where there is no room for the result.
    """
    import numpy as np

    source_rate = checked_rate(source_rate, "source_rate")
    target_rate = checked_rate(target_rate, "target_rate")
    converted = _hotcue.resample(finite_planes(audio), source_rate, target_rate)
    return converted[0] if np.ndim(audio) == 1 else converted


def write_wav(
    path: str | os.PathLike[str],
    audio: Any,
    sample_rate: SupportsIndex,
    *,
    bits: Bits = 32,
    layout: Layout = "channels_first",
) -> None:
    """Writes an array as a WAV file (RF64 above 4 GiB), in place of what may be there, which stays
    until all of it is written, and if that fails.

    `audio` has the shape that `layout` says, or ``(frames,)``; floats, nominally -1…1, or integers
    of 8 to 32 bits by full scale; or it is a `Sample`. With 32 `bits` the values are floats and
    stay as they are; with 16 or 24 they are rounded to integers and clipped at full scale, without
    dither. What was decoded from such integers comes out as it was.

    Raises `OSError` where the file cannot be written, else as `resample`.
    """
    check_path(path, "path")
    # In Python's own integers: those of NumPy may be too small for the lengths in the header.
    width = checked_integer(bits, "bits")
    if width not in (16, 24, 32):
        raise ValueError(f"bits must be 16, 24 or 32, not {width}")
    rate = checked_rate(sample_rate)
    planes = finite_planes(audio, layout=layout)
    channels, frames = planes.shape
    head = wav.header(channels, frames, rate, width)
    with written_whole(path) as file:
        file.write(head)
        for start in range(0, frames, _PIECE_FRAMES):
            piece = planes[:, start : start + _PIECE_FRAMES]
            floats = width == 32
            file.write(piece.T.astype("<f4").tobytes() if floats else wav.integers(piece, width))
        if channels * frames * width // 8 % 2:
            file.write(b"\0")
