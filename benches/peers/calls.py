"""What hotcue's own calls take: of a UI's frame, and with very many loads in the queue."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hotcue import AudioEngine

CALLS = 10_000
QUEUED = (100, 1_000, 10_000, 100_000)
WORKERS = 2
TINY_FRAMES = 64


def measure(tracks: list[Path], shot: Path) -> dict[str, Any]:
    """In µs: of one call while every decoder is at a track, beside a function that does nothing;
    of one event; of one load of very many."""
    names = [str(track) for track in tracks], str(shot)
    # The memory that a process takes for its first loads comes slowly, here from the host.
    _beside_busy_workers(*names)
    submit, empty, event = _beside_busy_workers(*names)
    return {
        "submit": _spread(submit),
        "empty": _spread(empty),
        "event_us": event,
        "queued": {str(loads): _queued(loads) for loads in QUEUED},
    }


def _beside_busy_workers(tracks: list[str], shot: str) -> tuple[list[float], list[float], float]:
    def nothing(id: int, path: str) -> None:
        pass

    submit: list[float] = []
    empty: list[float] = []
    slots = CALLS + 1_000
    with AudioEngine(output="null", sample_rate=48_000, slots=slots, workers=WORKERS) as engine:
        # Others follow when these have ended.
        for id in range(CALLS, slots):
            engine.load_sample_async(id, tracks[id % len(tracks)], priority=100)
        for id in range(CALLS):
            submit.append(_time(engine.load_sample_async, id, shot))
            empty.append(_time(nothing, id, shot))
        if engine.stats()["live"] <= CALLS:
            raise RuntimeError("the decoders were idle before the calls were over")
    with AudioEngine(output="null", sample_rate=48_000, slots=CALLS, workers=WORKERS) as engine:
        for id in range(CALLS):
            engine.load_sample_async(id, shot)
        while engine.stats()["live"]:
            time.sleep(0.01)
        polled, begin = 0, time.perf_counter_ns()
        while engine.poll_loader_events() is not None:
            polled += 1
        event = (time.perf_counter_ns() - begin) / 1e3 / polled
    return submit, empty, event


def _time(call: Callable[[int, str], object], id: int, path: str) -> float:
    before = time.perf_counter_ns()
    call(id, path)
    return (time.perf_counter_ns() - before) / 1e3


def _queued(loads: int) -> dict[str, float]:
    """Of tiny files from memory, each once; few of them several times over."""
    repeats = max(1, 10_000 // loads)
    submit = cpu = 0.0
    content = _tiny_wav()
    for _ in range(repeats):
        with AudioEngine(output="null", sample_rate=48_000, slots=loads, workers=WORKERS) as engine:
            before, begin = time.process_time(), time.thread_time()
            for id in range(loads):
                engine.load_sample_async(id, content)
            submit += time.thread_time() - begin
            while engine.stats()["live"]:
                time.sleep(0.001)
            cpu += time.process_time() - before
    each = 1e6 / (repeats * loads)
    return {"submit_us": submit * each, "cpu_us": cpu * each}


def _tiny_wav() -> bytes:
    """Mono, 16 bits, 48,000 Hz."""
    audio = bytes(2 * TINY_FRAMES)
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48_000, 96_000, 2, 16)
    form += b"data" + struct.pack("<I", len(audio)) + audio
    return b"RIFF" + struct.pack("<I", len(form)) + form


def _spread(micros: list[float]) -> dict[str, float]:
    p50, p99, p999 = np.percentile(micros, [50, 99, 99.9])
    return {"p50": p50, "p99": p99, "p99.9": p999, "max": max(micros)}
