"""``hotcue demo``: the main job on the bundled kit. Loads it, plays a few bars of a beat, and
writes the same bars to a file, exact to the frame."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.live import Live
from rich.text import Text

from ..engine import AudioEngine
from ..errors import DeviceError, HotcueError
from .kit import Hit, Kit, read_kit
from .load import load_all, print_table
from .play import refusal, start
from .text import complain, console, printable, reason
from .wav import write_dithered

# What rings on after the last bar.
TAIL_SEC = 2.0
# How far ahead of the clock notes are handed to a device, and how often.
AHEAD_SEC = 0.3
FRAME_SEC = 0.02
# Lets the master volume reach its value before the first note.
SETTLE_FRAMES = 4_800
PEAK_TOLERANCE_DB = 2.0


def demo(wav: str | None, *, bars: int, output: str, as_json: bool) -> int:
    """Runs the demo; 1 if anything of it failed, 2 if there is no such output."""
    try:
        kit = read_kit()
    except (OSError, ValueError, KeyError) as error:
        complain(f"the demo kit cannot be read: {error}")
        return 1
    said: dict[str, Any] = {"tempo_bpm": kit.tempo_bpm, "bars": bars}
    problems: list[str] = []
    code = 1
    try:
        volume = _render(kit, bars, wav, said, problems)
        if volume is not None:
            code = _perform(kit, bars, volume, output, said, problems, draw=not as_json)
    except HotcueError as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(reason(error))
    for problem in problems:
        complain(problem)
    if as_json:
        print(json.dumps({**said, "problems": problems}, indent=1))
    elif not problems:
        _print_summary(said)
    return code if problems else 0


def _render(
    kit: Kit, bars: int, wav: str | None, said: dict[str, Any], problems: list[str]
) -> float | None:
    """Finds the master volume that gives the kit's peak, writes the file, and returns it."""
    with AudioEngine(output="offline", slots=len(kit.files)) as engine:
        rows = load_all(engine, [str(file) for file in kit.files], draw=False, keep=True)
        failed = [row for row in rows if "error" in row]
        if failed:
            problems += [f"{row['path']}: {row['error']}" for row in failed]
            return None
        peak = max(map(_peak, _bars(engine, kit, bars, kit.volume, problems)))
        if problems:
            return None
        if peak == 0.0:
            problems.append("the rendered bars are silent")
            return None
        volume = kit.volume * 10 ** (kit.peak_dbfs / 20) / peak
        rate = engine.clock().sample_rate
        parts, peak = [], 0.0
        for part in _bars(engine, kit, bars, volume, problems):
            peak = max(peak, _peak(part))
            if wav is not None:
                parts.append(part)
    peak_dbfs = 20 * math.log10(peak)
    if abs(peak_dbfs - kit.peak_dbfs) > PEAK_TOLERANCE_DB:
        problems.append(f"the peak is {peak_dbfs:.1f} dBFS and not {kit.peak_dbfs:.1f} dBFS")
    said["peak_dbfs"] = round(peak_dbfs, 2)
    if wav is not None:
        audio = np.concatenate(parts, axis=1)
        write_dithered(wav, audio, rate)
        said["wav"] = wav
        said["wav_sec"] = round(audio.shape[1] / rate, 3)
    return volume


def _bars(
    engine: AudioEngine, kit: Kit, bars: int, volume: float, problems: list[str]
) -> Iterator[NDArray[np.float32]]:
    """Renders the bars, one after another, and their tail, each ``(channels, frames)``. The first
    note is frame 0."""
    engine.stop_all()
    engine.set_volume(volume)
    engine.render(SETTLE_FRAMES)
    while engine.poll_playback_events() is not None:
        pass
    clock = engine.clock()
    score = _Score(engine, kit, clock.frame, clock.sample_rate)
    for bar in range(bars):
        for hit in kit.hits(bar):
            score.play(hit)
        yield engine.render(score.frame_of(bar + 1, 0) - engine.clock().frame)
        score.listen()  # The engine keeps the newest events alone.
    engine.stop_all()
    yield engine.render(round(TAIL_SEC * clock.sample_rate))
    score.listen()
    if score.late or score.waiting:
        late, missing = len(score.late), len(score.waiting)
        problems.append(f"of the rendered notes {late} came late and {missing} not at all")


def _peak(audio: NDArray[np.float32]) -> float:
    return float(abs(audio).max())


def _perform(
    kit: Kit,
    bars: int,
    volume: float,
    output: str,
    said: dict[str, Any],
    problems: list[str],
    *,
    draw: bool,
) -> int:
    """Loads the kit into an engine with a clock, live, and plays it there; the exit code if there
    are problems."""
    try:
        engine = AudioEngine(output=output, slots=len(kit.files))
        start(engine)
    except (ValueError, DeviceError) as error:
        why, code = refusal(error)
        problems.append(why)
        return code
    with _ended(engine):
        rows = load_all(engine, [str(file) for file in kit.files], draw=draw, keep=True)
        said["samples"] = rows
        said["output"] = engine.stats()["output"]
        if draw:
            print_table([{**row, "path": Path(row["path"]).name} for row in rows])
        problems += [f"{row['path']}: {row['error']}" for row in rows if "error" in row]
        if problems:
            return 1
        engine.set_volume(volume)
        clock = engine.clock()
        first = clock.frame + round(AHEAD_SEC * clock.sample_rate)
        score = _Score(engine, kit, first, clock.sample_rate)
        _play_along(engine, kit, bars, score, draw=draw)
        said["notes"] = score.notes
        said["late_notes"] = len(score.late)
        if score.waiting:
            problems.append(f"{len(score.waiting)} of {score.notes} notes did not sound")
    return 1


class _ended:
    """Shuts the engine down at the end; on Ctrl-C after a fade, so that nothing clicks."""

    def __init__(self, engine: AudioEngine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._engine.stop_all()
        time.sleep(FRAME_SEC)
        self._engine.shut_down()


class _Score:
    """Hands notes to an engine, each for its own frame, and hears whether they came."""

    def __init__(self, engine: AudioEngine, kit: Kit, first_frame: int, rate: int) -> None:
        self._engine = engine
        self._kit = kit
        self._first_frame = first_frame
        self._step_frames = kit.step_sec * rate
        self.notes = 0
        self.waiting: dict[int, int] = {}
        self.late: list[int] = []

    def frame_of(self, bar: int, step: int) -> int:
        """The frame, on the engine's clock, of a step."""
        steps = bar * self._kit.steps_per_bar + step
        return self._first_frame + round(steps * self._step_frames)

    def step_at(self, frame: int) -> int:
        """The step that sounds at a frame; negative before the first."""
        return math.floor((frame - self._first_frame) / self._step_frames)

    def play(self, hit: Hit) -> None:
        frame = self.frame_of(0, hit.step)
        voice = self._engine.play_sample(hit.slot, hit.volume, at_frame=frame)
        self.notes += 1
        self.waiting[-self.notes if voice is None else voice] = frame

    def listen(self) -> None:
        while (event := self._engine.poll_playback_events()) is not None:
            if event["type"] == "started":
                due = self.waiting.pop(event["voice"], None)
                if due is not None and event["frame"] != due:
                    self.late.append(event["frame"] - due)


def _play_along(engine: AudioEngine, kit: Kit, bars: int, score: _Score, *, draw: bool) -> None:
    """Plays in time: hands notes over shortly before they are due, and draws the pattern."""
    hits = [hit for bar in range(bars) for hit in kit.hits(bar)]
    ahead = round(AHEAD_SEC * engine.clock().sample_rate)
    tail = round(TAIL_SEC * engine.clock().sample_rate)
    end = score.frame_of(bars, 0)
    screen = console()
    live = None
    if draw and screen.file.isatty():
        live = Live(console=screen, auto_refresh=False, transient=True)
    with live or nullcontext():
        stopped = False
        while (now := engine.clock().frame) < end + tail:
            while hits and score.frame_of(0, hits[0].step) <= now + ahead:
                score.play(hits.pop(0))
            if now >= end and not stopped:
                engine.stop_all()
                stopped = True
            score.listen()
            if live is not None:
                step = min(max(score.step_at(now), 0), bars * kit.steps_per_bar - 1)
                live.update(_pattern(kit, step), refresh=True)
            time.sleep(FRAME_SEC)
    score.listen()


def _pattern(kit: Kit, step: int) -> Group:
    """The bar that plays, with the step that sounds marked."""
    bar, column = divmod(step, kit.steps_per_bar)
    widest = max(len(track.name) for track in kit.tracks)
    lines = []
    for track in kit.tracks:
        line = Text(f"{printable(track.name):>{widest}} ", no_wrap=True, overflow="crop")
        for index, force in enumerate(track.line(bar)):
            struck = index == column and force != "."
            style = "bold reverse" if struck else "bold" if index == column else "dim"
            line.append("·" if force == "." else "■", style)
            if index % kit.steps_per_beat == kit.steps_per_beat - 1:
                line.append(" ")
        lines.append(line)
    return Group(*lines, Text(f"{'bar':>{widest}} {bar + 1}", style="bold"))


def _print_summary(said: dict[str, Any]) -> None:
    screen = console()
    bars = "1 bar" if said["bars"] == 1 else f"{said['bars']} bars"
    late = f", {said['late_notes']} of them late" if said["late_notes"] else ""
    screen.print(
        Text(
            f"{len(said['samples'])} samples loaded; {bars} at "
            f"{said['tempo_bpm']:g} BPM played on {said['output']}: {said['notes']} notes{late}, "
            f"peak {said['peak_dbfs']:.1f} dBFS"
        )
    )
    if "wav" in said:
        screen.print(Text(f"the same bars are in {said['wav']} ({said['wav_sec']:.2f} s)"))
