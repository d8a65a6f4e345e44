#!/usr/bin/env python3
"""Measures the frames of `hotcue pads` while all its pads load.

    scripts/with_display.sh 1280x720 python scripts/pads_frames.py [--rounds 5] [--json PATH]

The same window, in turns: over an engine that loads the files; over a recording of what that
engine told, with no engine at all; and over pads that are empty. What the engine costs the frames
is the difference of the first two. Needs the package installed, and a display.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import hotcue
from hotcue.events import TERMINAL, LoaderEvent
from hotcue.pads.board import PADS, Board
from hotcue.pads.sound import HEARD, EngineSound, Health, engine_for
from hotcue.values import Levels, Playhead, Waveform

SIZE = (1280, 720)
KIT = Path(hotcue.__file__).parent / "kit"
FORMATS = (
    "crash.mp3",
    "chord_loop.m4a",
    "bass_loop.mka",
    "snare.flac",
    "hat_open.caf",
    "hat_closed.ogg",
)
# Every third file: what is not compressed is resampled all the same.
WAV_SEC = 10
WAV_RATE = 44_100
# Before the loads begin, and how long the empty pads are measured.
WARM_UP_SEC = 1.0
IDLE_SEC = 4.0
KINDS = ("engine", "recording", "idle")


class Recorder(EngineSound):
    """An engine's sound that keeps what it told, and when."""

    def __init__(self, engine: hotcue.AudioEngine) -> None:
        super().__init__(engine)
        self.began = 0.0
        self.told: list[tuple[float, list[LoaderEvent]]] = []
        self.waves: dict[tuple[Any, ...], Waveform] = {}

    def events(self, limit: int) -> Sequence[LoaderEvent]:
        events = super().events(limit)
        if self.began and events:
            kept = [dict(event) for event in events]
            for event in kept:
                if event.get("analysis") == "waveform":
                    event["result"] = None  # It stays with the engine; the pads do not look at it.
            self.told.append((time.perf_counter() - self.began, kept))
        return events

    def waveform(
        self, pad: int, width: int, start_sec: float | None = None, end_sec: float | None = None
    ) -> Waveform | None:
        drawn = super().waveform(pad, width, start_sec, end_sec)
        if drawn is not None:
            self.waves[pad, width, start_sec, end_sec, drawn.low is not None] = drawn
        return drawn


class Recording:
    """A sound that tells what was recorded, when it was told."""

    def __init__(self, requests: Mapping[int, int], told: Any, waves: Any) -> None:
        self.began = 0.0
        self._requests = requests
        self._told = told
        self._waves = waves
        self._next = 0
        self._coloured: set[int] = set()

    def load(self, files: Mapping[int, str]) -> Mapping[int, int]:
        return self._requests

    def events(self, limit: int) -> Sequence[LoaderEvent]:
        events: list[LoaderEvent] = []
        if not self.began:
            return events
        now = time.perf_counter() - self.began
        while self._next < len(self._told) and self._told[self._next][0] <= now:
            events += self._told[self._next][1]
            self._next += 1
        for event in events:
            if event["type"] == "analysis" and event["analysis"] == "waveform":
                self._coloured.add(event["id"])
        return events

    def waveform(
        self, pad: int, width: int, start_sec: float | None = None, end_sec: float | None = None
    ) -> Waveform | None:
        key = pad, width, start_sec, end_sec
        return self._waves.get((*key, pad in self._coloured)) or self._waves.get(
            (*key, pad not in self._coloured)
        )

    def playheads(self) -> Sequence[Playhead]:
        return []

    def levels(self) -> Levels:
        return Levels([0.0, 0.0], [0.0, 0.0])

    def health(self) -> Health:
        return Health()

    def hurry(self, requests: Sequence[int], priority: int) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nothing plays: {name}")


def main() -> int:
    """Runs all kinds in turns, and prints a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pads", type=int, default=PADS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        kind, files, folder = args.child
        print(json.dumps(measure(kind, sorted(Path(files).iterdir()), Path(folder))))
        return 0
    found: dict[str, list[dict[str, list[float]]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        make_files(files, args.pads)
        for _ in range(args.rounds):
            for kind in KINDS:
                command = [sys.executable, __file__, "--child", kind, str(files), folder]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[kind].append(json.loads(done.stdout))
    table = {kind: figures(rounds) for kind, rounds in found.items()}
    print_table(table, args.pads, args.rounds)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1))
    return 0


def make_files(folder: Path, pads: int) -> None:
    """Writes as many files as there are pads, each of its own content."""
    folder.mkdir()
    noise = np.random.default_rng(1)
    for index in range(pads):
        if index % 3 == 0:
            values = noise.integers(-9000, 9000, (WAV_SEC * WAV_RATE, 2)).astype("<i2")
            with wave.open(str(folder / f"{index:03} noise.wav"), "wb") as out:
                out.setnchannels(2)
                out.setsampwidth(2)
                out.setframerate(WAV_RATE)
                out.writeframes(values.tobytes())
        else:
            name = FORMATS[index % len(FORMATS)]
            shutil.copy(KIT / name, folder / f"{index:03} {name}")


def measure(kind: str, files: list[Path], folder: Path) -> dict[str, list[float]]:
    """One run: the milliseconds of its frames, and from one to the next."""
    recording = folder / "recording"
    with engine_for(PADS, output="null") as engine:
        if kind == "engine":
            sound: Recorder | Recording = Recorder(engine)
            found = frames(sound, files)
            requests = {pad: pad_.request_id for pad, pad_ in enumerate(found.pop("board"))}
            recording.write_bytes(pickle.dumps((requests, sound.told, sound.waves)))
            return found
    requests, told, waves = pickle.loads(recording.read_bytes())
    sound = Recording(requests, told if kind == "recording" else [], waves)
    found = frames(sound, files if kind == "recording" else [])
    del found["board"]
    return found


def frames(sound: Any, files: list[Path]) -> dict[str, Any]:
    """Shows the window until everything has loaded and was heard."""
    from hotcue.pads.window.app import App

    board = Board(sound, grid=6)
    app = App(board, sound, size=SIZE)
    end = time.perf_counter() + WARM_UP_SEC
    app.run(lambda: time.perf_counter() > end)
    work: list[float] = []
    starts: list[float] = []
    left = len(files) * (1 + len(HEARD))
    hear = board.listen

    def listen() -> None:
        starts.append(time.perf_counter())
        hear()

    counted = sound.events

    def events(limit: int) -> Sequence[LoaderEvent]:
        nonlocal left
        told = counted(limit)
        left -= sum(event["type"] in TERMINAL or event["type"] == "analysis" for event in told)
        return told

    board.listen, sound.events = listen, events  # type: ignore[method-assign]
    sound.began = began = time.perf_counter()
    board.load({pad: str(file) for pad, file in enumerate(files)})

    def done() -> bool:
        now = time.perf_counter()
        work.append((now - starts[-1]) * 1000)
        return left == 0 if files else now - began > IDLE_SEC

    app.run(done)
    app.close()
    between = [1000 * float(step) for step in np.diff(starts)]
    return {"work_ms": work, "between_ms": between, "board": board.pads}


def figures(rounds: list[dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Percentiles over all rounds."""
    table = {}
    for name in ("between_ms", "work_ms"):
        values = np.concatenate([found[name] for found in rounds])
        percentiles = {f"p{at}": float(np.percentile(values, at)) for at in (50, 90, 99)}
        table[name] = {"frames": len(values), **percentiles, "max": float(values.max())}
    return table


def print_table(table: dict[str, dict[str, dict[str, float]]], pads: int, rounds: int) -> None:
    """In Markdown."""
    print(f"{pads} pads, {rounds} rounds in turns, {SIZE[0]}×{SIZE[1]}\n")
    print("| from one frame to the next, ms | frames | p50 | p90 | p99 | max |")
    print("|---|---|---|---|---|---|")
    for name, label in (("between_ms", ""), ("work_ms", "; of that, work")):
        for kind in KINDS:
            row = table[kind][name]
            cells = " | ".join(f"{row[key]:.1f}" for key in ("p50", "p90", "p99", "max"))
            print(f"| {kind}{label} | {row['frames']} | {cells} |")
    differs = table["engine"]["between_ms"]["p99"] - table["recording"]["between_ms"]["p99"]
    print(f"\np99 with the engine less that of the recording: {differs:+.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
