"""The examples without a window, in this process: what they print, and what is heard."""

from __future__ import annotations

import os
import re
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import Sounds, wait_until

import hotcue

EXAMPLES = Path(__file__).parents[2] / "examples"
RATE = 48_000
BPM = 120.0
BEATS = 8
NO_UNICODE = os.fsdecode(b"4\xff.wav")
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs an example with engines of the test's, and returns what it has printed."""

    def run(name: str, engine: type[hotcue.AudioEngine], *args: str, stdin: Any = ()) -> str:
        monkeypatch.setattr(hotcue, "AudioEngine", engine)
        monkeypatch.setattr(sys, "argv", [name, *args])
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setenv("COLUMNS", "100")
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


class Listened(hotcue.AudioEngine):
    """An engine that plays to nowhere, and whose meters a thread reads while it runs."""

    loudest = 0.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "output": "null"})

    def _start(self) -> str | None:
        said = super()._start()
        threading.Thread(target=self._listen, daemon=True).start()
        return said

    def _listen(self) -> None:
        try:
            while True:
                Listened.loudest = max(Listened.loudest, *self.meters().master.peak)
                time.sleep(0.005)
        except RuntimeError:  # It is over.
            pass


@pytest.fixture
def files(sounds: Sounds) -> list[str]:
    """Four that load, and one that does not."""
    names = [*(f"[{seed}].wav" for seed in range(3)), NO_UNICODE]
    made = [sounds.wav(name, frames=12_000, seed=seed) for seed, name in enumerate(names)]
    return [str(path) for path in (*made, sounds.corrupt())]


@pytest.mark.parametrize("example", ["plain_script", "asyncio_load"])
def test_it_tells_what_has_loaded_and_what_has_not_and_plays(
    example: str, run: Run, files: list[str]
) -> None:
    with pytest.raises(hotcue.LoadError) as failed:
        hotcue.decode(files[-1])
    Listened.loudest = 0.0
    printed = run(example, Listened, *files)
    for name in (*(rf"\[{seed}\]\.wav" for seed in range(3)), r"4\?\.wav"):
        assert re.search(rf"{name} .*0\.25 s", printed)
    assert re.search(rf"corrupt\.wav .*{re.escape(failed.value.message)}", printed)
    assert Listened.loudest > 0.01
    assert threading.active_count() < 20


class Rendered(hotcue.AudioEngine):
    """An engine without a clock, rendered by a thread of its own: everything is kept."""

    made: Rendered

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "output": "offline"})
        self.blocks: list[NDArray[np.float32]] = []
        self.delay_frames = 0
        Rendered.made = self

    def _start(self) -> str | None:
        said = super()._start()
        threading.Thread(target=self._render, daemon=True).start()
        return said

    def _render(self) -> None:
        try:
            while True:
                self.blocks.append(self.render(480))
                self.delay_frames = round(self.clock().latency_sec * RATE)  # The limiter's.
                time.sleep(0.001)
        except RuntimeError:  # It is over.
            pass


def click_loop(path: Path, bpm: float, side: int) -> str:
    """Two bars of a decaying click on each beat, on one side."""
    beat_frames = 60 / bpm * RATE
    audio = np.zeros((2, round(BEATS * beat_frames)), np.float32)
    click = 0.5 * np.exp(-np.arange(2_000) / 300) * np.sign(np.sin(0.3 * np.arange(2_000) + 0.1))
    for beat in range(BEATS):
        at = round(beat * beat_frames)
        audio[side, at : at + click.size] = click
    hotcue.write_wav(path, audio, RATE)
    return str(path)


def test_loops_begin_on_a_bar_and_stay_on_the_beat_to_the_frame(run: Run, tmp_path: Path) -> None:
    beat = 60 / BPM * RATE
    loops = [
        click_loop(tmp_path / "slow.wav", 90.0, 0),
        click_loop(tmp_path / "fast.wav", 150.0, 1),
        str(tmp_path / NO_UNICODE),
    ]

    def typed() -> Iterator[str]:
        engine = Rendered.made
        for line in ("0", "what", "1", "2", "0", "1"):
            yield line + "\n"
            now = engine.clock().frame
            wait_until("11 beats", lambda now=now: engine.clock().frame > now + 11 * beat)

    printed = run("beat_looper", Rendered, str(BPM), *loops, stdin=typed())
    assert "0 slow.wav 90.00 BPM" in printed
    assert "1 fast.wav 150.00 BPM" in printed
    assert "2 4?.wav the load failed: file not found" in printed
    audio = np.concatenate(Rendered.made.blocks, axis=1)[:, Rendered.made.delay_frames :]
    for side, name in enumerate(("slow", "fast")):
        assert f"{name}.wav to the end of its round" in printed
        (bar,) = map(int, re.findall(rf"{name}.wav from bar (\d+)", printed))
        # A threshold above what rings before a click that is read between frames.
        loud = np.flatnonzero(abs(audio[side]) > 0.2)
        begins = loud[np.diff(loud, prepend=-RATE) > beat / 2]
        # Each round to its end, and then nothing: whole rounds of beats that never drift.
        assert len(begins) >= 2 * BEATS
        assert len(begins) % BEATS == 0
        expected = 4 * bar * beat + np.arange(len(begins)) * beat
        assert abs(begins - expected).max() <= 1, name
