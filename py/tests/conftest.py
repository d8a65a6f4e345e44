"""Fixtures: engines, sounds made of mathematics, and a source that keeps a decoder waiting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import PATIENCE_SEC, Sounds, Stuck

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


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stuck]:
    """A path whose load does not end before the test says so."""
    if not hasattr(os, "mkfifo"):
        pytest.fail("this system has no named pipes: the tests that need one cannot run")
    with Stuck(tmp_path / "stuck.wav") as stuck:
        yield stuck


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
