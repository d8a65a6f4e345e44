"""Fixtures: engines, sounds, and a file that keeps a decoder busy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import CHECKER
from loops import HAS_UVLOOP, LOOPS, Factory
from support import PATIENCE_SEC, Sounds, not_run, write_slow_wav

import hotcue

# The engine's programs run with the same check as the tests do.
CHECKED = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import contract
contract.CHECKER.install()
del sys.path[0]
"""


def pytest_configure() -> None:
    """From here on every event is checked that any test or any code under test reads."""
    CHECKER.install()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how much was checked."""
    terminalreporter.write_line(f"{CHECKER.seen} events checked")


@pytest.fixture(autouse=True)
def no_wrong_events() -> Iterator[None]:
    """Fails a test during which an event broke the contract, whoever read it."""
    yield
    wrong, CHECKER.wrong = CHECKER.wrong, []
    assert wrong == []


@pytest.fixture
def engine() -> Iterator[hotcue.AudioEngine]:
    """A running engine without a clock: `render()` pulls."""
    with hotcue.AudioEngine(output="offline", slots=64, workers=2) as engine:
        yield engine
    engine.drain_loader_events()  # What nobody read is to be right, too.
    while engine.poll_playback_events() is not None:
        pass


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


@pytest.fixture(params=LOOPS)
def new_loop(request: pytest.FixtureRequest) -> Factory:
    """Makes event loops, of each kind in turn."""
    if request.param == "uvloop" and not HAS_UVLOOP:
        not_run("uvloop", "it is not installed")
    return LOOPS[request.param]


@pytest.fixture
def run(new_loop: Factory) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in a loop of its own, of each kind in turn."""

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(asyncio.wait_for(main, PATIENCE_SEC))

    return run


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program in a fresh interpreter."""

    def run(code: str, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
        program = CHECKED + code if "AudioEngine" in code else code
        return subprocess.run(
            [sys.executable, "-c", program, *args],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SEC,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run
