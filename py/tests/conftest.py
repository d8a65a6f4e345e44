"""Fixtures: engines, sounds, and a file that keeps a decoder busy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import PATIENCE_SEC, Sounds, write_slow_wav

import hotcue


@pytest.fixture
def engine() -> Iterator[hotcue.AudioEngine]:
    """A running engine without a clock: `render()` pulls."""
    with hotcue.AudioEngine(output="offline", slots=64, workers=2) as engine:
        yield engine


@pytest.fixture
def sounds(tmp_path: Path) -> Sounds:
    """Makes WAV files."""
    return Sounds(tmp_path)


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose load takes seconds."""
    path = tmp_path_factory.mktemp("slow") / "slow.wav"
    write_slow_wav(path)
    return path


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program in a fresh interpreter."""

    def run(code: str, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *args],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SEC,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run
