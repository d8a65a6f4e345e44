"""What the tests share."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
import typing
import wave
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import hotcue
from hotcue import events

# Far longer than anything takes; a test that reaches it has hung.
PATIENCE_SEC = 60.0

TERMINAL = events.TERMINAL


def not_run(what: str, why: str) -> typing.NoReturn:
    """Ends a test that needs what is not here: listed by `make test`, with CI=true a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"not run: {what}: {why}")
    if listed := os.environ.get("HOTCUE_NOT_RUN"):
        with Path(listed).open("a") as file:
            file.write(f"{what}: {why}\n")
    pytest.skip(f"{what}: {why}")


def heed_ctrl_c() -> None:
    """For `preexec_fn`: a shell's background job, and so a child of it, ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def assert_interrupted(program: str, slow: Path) -> None:
    """Runs a program that prints `waiting`; Ctrl-C meets its wait, and it says so and ends."""
    command = [sys.executable, "-c", program, str(slow)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        time.sleep(0.2)  # Not for order: to meet the wait rather than the print.
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(PATIENCE_SEC) == 0


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """Waits until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for: {what}"
        time.sleep(0.001)


def pcm(frames: int, channels: int = 1, *, seed: int = 0) -> NDArray[np.int16]:
    """Noise, ``(frames, channels)``."""
    values = np.random.default_rng(seed).integers(-32768, 32768, (frames, channels))
    return values.astype(np.int16)


def wav_bytes(values: NDArray[np.int16], rate: int = 48_000) -> bytes:
    """A WAV file of ``(frames, channels)``, written by the standard library."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(values.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(values.astype("<i2").tobytes())
    return file.getvalue()


class Sounds:
    """Makes WAV files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wav(self, name: str = "a.wav", frames: int = 480, channels: int = 1, seed: int = 0) -> Path:
        path = self.folder / name
        path.write_bytes(wav_bytes(pcm(frames, channels, seed=seed)))
        return path

    def constant(self, name: str, value: float, frames: int) -> Path:
        path = self.folder / name
        path.write_bytes(wav_bytes(np.full((frames, 1), round(value * 32768), np.int16)))
        return path

    def corrupt(self, name: str = "corrupt.wav") -> Path:
        path = self.folder / name
        path.write_bytes(b"RIFF\x10\x00\x00\x00WAVEjunk")
        return path

    def missing(self) -> Path:
        return self.folder / "missing.wav"


RUNNING = ("loading", "playable")
"""The states of an id whose first load a decoder has."""


def write_slow_wav(path: Path, sec: int = 7200) -> None:
    """Writes a WAV file that is small and takes seconds to load: 1,000 Hz, which an engine at
    48,000 Hz resamples 48-fold. Cancelled after milliseconds it costs little."""
    values = np.random.default_rng(1).integers(0, 256, sec * 1000, dtype=np.uint8)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(1000)
        out.writeframes(values.tobytes())


def drain(
    engine: hotcue.AudioEngine, requests: Iterable[int]
) -> dict[int, list[hotcue.LoaderEvent]]:
    """Polls until each request has its terminal event. That each event and their order are right,
    `contract` sees to."""
    # In the order that they were given in, which a set has not.
    seen: dict[int, list[hotcue.LoaderEvent]] = {int(request): [] for request in requests}
    left = set(seen)
    deadline = time.monotonic() + PATIENCE_SEC
    while left:
        event = engine.poll_loader_events()
        if event is None:
            assert time.monotonic() < deadline, f"no terminal event for {sorted(left)[:10]}"
            time.sleep(0.001)
            continue
        request = event["request_id"]
        if request in seen:
            seen[request].append(event)
            if event["type"] in TERMINAL:
                left.discard(request)
    return seen


def forbid_listing(monkeypatch: pytest.MonkeyPatch, closed: Path) -> None:
    """Makes a folder one that this user may not list, also where that is root."""
    scandir = os.scandir

    def listed(folder: str) -> Iterator[os.DirEntry[str]]:
        if Path(folder) == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", listed)
