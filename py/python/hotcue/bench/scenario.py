"""What is asked for, and the files that are loaded."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ..cli.files import expand

SOURCE_RATE = 44_100
"""Of generated files: not the engine's, so that they are resampled."""
KINDS = {
    "tiny": 64,
    "oneshot": SOURCE_RATE // 2,
    "loop": SOURCE_RATE * 8,
    "track": SOURCE_RATE * 180,
}
"""What a generated file can be, and its frames."""
MAX_FILES = 1_000
"""Generated files that there are at most; more loads than that take them again."""
MAX_BYTES = 4_000_000_000
"""Most bytes of generated files."""


@dataclass(frozen=True)
class Scenario:
    """What is loaded, and by what kind of loop."""

    loads: int = 1_000
    """How many loads."""
    folder: str | None = None
    """Loads the files below it, again and again, instead of generated ones."""
    mix: dict[str, int] = field(default_factory=lambda: {"tiny": 4, "oneshot": 12, "loop": 4})
    """Of which `KINDS` how many."""
    workers: int | None = None
    """Decoders; None: one per core."""
    priorities: tuple[int, int] = (0, 0)
    """Between which each load's priority is, by chance."""
    cancel: float = 0.0
    """The share of loads that is cancelled within a second, by chance."""
    fps: float = 60.0
    """Frames per second of the loop."""
    per_frame: int = 50
    """Loads that a frame submits at most."""
    waveforms: int = 36
    """Samples of which each frame reads the waveform, `width` pixels of it."""
    width: int = 200
    work_ms: float = 1.0
    """What a frame does beside, in Python."""
    keep: bool = False
    """Whether samples stay in their slots; else those that are not drawn are unloaded."""
    budget_mb: int | None = None
    """Memory for samples."""
    rate: int = 48_000
    """The engine's rate in Hz."""
    seed: int = 1
    """Of all that is left to chance."""


@dataclass(frozen=True)
class Material:
    """Files, in the order in which they are taken, from the start again at the end."""

    name: str
    paths: list[str]
    sizes: list[int]
    closed: list[OSError]
    """Why folders could not be listed: what is in them is left out."""

    @classmethod
    def of(cls, name: str, paths: Iterable[Path], closed: Sequence[OSError] = ()) -> Material:
        """These files. Raises `OSError`."""
        found = list(paths)
        sizes = [path.stat().st_size for path in found]
        return cls(name, [str(path) for path in found], sizes, list(closed))


@contextmanager
def material(scenario: Scenario) -> Iterator[Material]:
    """The files of a scenario; generated ones are there for as long as this lasts.

    Raises `OSError`, also for a folder that is not there, and `ValueError` for one without files.
    """
    if scenario.folder is not None:
        below = expand([scenario.folder])
        found = [Path(path) for path in below if os.path.isfile(path)]
        closed = [error for error in map(_why_closed, below) if error is not None]
        if closed and not found:
            raise closed[0]
        if not found:
            os.stat(scenario.folder)
            raise ValueError(f"{scenario.folder}: no audio files")
        yield Material.of(f"{len(found)} files of {scenario.folder}", found, closed)
        return
    with TemporaryDirectory(prefix="hotcue-bench-") as folder:
        mix = ",".join(f"{kind}:{share}" for kind, share in scenario.mix.items())
        yield Material.of(f"generated WAV, {mix}", _generate(scenario, Path(folder)))


def _why_closed(path: str) -> OSError | None:
    """Why a folder cannot be listed; None of all else."""
    if os.path.isdir(path):
        try:
            os.scandir(path).close()
        except OSError as error:
            return error
    return None


def _generate(scenario: Scenario, folder: Path) -> Iterator[Path]:
    """The kinds in turn, so that each comes as often as its share says, spread over the whole.
    No two loads at a time are to be of one file, or they would be one."""
    total = sum(scenario.mix.values())
    due = dict.fromkeys(scenario.mix, 0)
    contents = {
        kind: [stereo_wav(_tone(KINDS[kind]), SOURCE_RATE, bits) for bits in (16, 24, 32)]
        for kind in scenario.mix
    }
    written = 0
    for number in range(min(scenario.loads, MAX_FILES)):
        if written > MAX_BYTES:
            return
        for kind, share in scenario.mix.items():
            due[kind] += share
        kind = max(due, key=lambda kind: due[kind])  # It lags furthest behind its share.
        due[kind] -= total
        content = contents[kind][number % 3]
        written += len(content)
        path = folder / f"{number}.wav"
        path.write_bytes(content)
        yield path


def _tone(frames: int) -> NDArray[np.float64]:
    """A tone at half of full scale."""
    tone: NDArray[np.float64] = np.sin(np.arange(frames) * (2 * np.pi * 440 / SOURCE_RATE))
    return tone * 0.5


def stereo_wav(values: NDArray[np.float64], rate: int, bits: int) -> bytes:
    """A file with `values` in both channels, as integers of 16 or 24 bits or floats of 32."""
    data = _encoded(np.repeat(values, 2), bits)
    block = bits // 4
    tag = 3 if bits == 32 else 1
    head = struct.pack("<HHIIHH4sI", tag, 2, rate, rate * block, block, bits, b"data", len(data))
    return struct.pack("<4sI8sI", b"RIFF", 36 + len(data), b"WAVEfmt ", 16) + head + data


def _encoded(values: NDArray[np.float64], bits: int) -> bytes:
    if bits == 32:
        return values.astype("<f4").tobytes()
    if bits == 16:
        return (values * 2**15).astype("<i2").tobytes()
    return (values * 2**23).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def evict(paths: Iterable[str | Path]) -> None:
    """Has the system forget what it keeps of the files, where it can be told to."""
    if hasattr(os, "posix_fadvise"):
        for path in paths:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)  # What is not written yet cannot be forgotten.
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)
