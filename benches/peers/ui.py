"""A loop like a UI's beneath which a library loads: hotcue, or another one in a pool of threads."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
from loaders import PEERS, RATE

from hotcue import AudioEngine
from hotcue.bench import Scenario, run
from hotcue.bench.scenario import Material
from hotcue.bench.ui import Outcome

FRAMES_PER_SEC = 60.0


def loop(name: str, workers: int, files: Material) -> tuple[Outcome, Outcome]:
    """The loop with each of the files loaded once, and the loop alone for as many frames."""
    scenario = Scenario(loads=len(files.paths), workers=workers, fps=FRAMES_PER_SEC, keep=True)

    def engine() -> Any:
        return None if name == "hotcue" else PoolEngine(name, workers)

    loads = run(scenario, files, engine=engine())
    return loads, run(scenario, files, engine=engine(), idle_frames=len(loads.frames))


def seconds_without_a_loop(workers: int, files: Material) -> float:
    """How long hotcue takes for all of the files, submitted at once, with nothing beside it."""
    slots = len(files.paths)
    with AudioEngine(output="null", sample_rate=RATE, slots=slots, workers=workers) as engine:
        begin = time.perf_counter()
        for id, path in enumerate(files.paths):
            engine.load_sample_async(id, path)
        while engine.stats()["live"]:
            time.sleep(0.001)
        return time.perf_counter() - begin


class PoolEngine:
    """As much of `hotcue.AudioEngine` as the loop asks for, made of a pool of threads.

    What is drawn of a sample is made by the thread that loads it, as a careful program would.
    """

    def __init__(self, name: str, workers: int) -> None:
        self._load = PEERS[name]()
        self._pool = ThreadPoolExecutor(workers)
        self._workers = workers
        self._done: deque[dict[str, Any]] = deque()
        self._samples: dict[int, Any] = {}
        self._requests = 0
        self._begin = time.perf_counter()

    def __enter__(self) -> PoolEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def clock(self) -> Any:
        return SimpleNamespace(time_sec=time.perf_counter() - self._begin)

    def load_sample_async(self, id: int, path: str, *, priority: int = 0) -> int:
        self._requests += 1
        request = self._requests
        event = {"id": id, "request_id": request, "from_cache": False}
        self._pool.submit(self._work, path).add_done_callback(lambda done: self._end(event, done))
        return request

    def _work(self, path: str) -> tuple[Any, Any]:
        audio = self._load(path)
        edges = np.linspace(0, len(audio), 200, endpoint=False).astype(np.intp)
        return audio, (np.minimum.reduceat(audio, edges), np.maximum.reduceat(audio, edges))

    def _end(self, event: dict[str, Any], done: Future[tuple[Any, Any]]) -> None:
        event["time_sec"] = self.clock().time_sec
        if done.exception() is not None:
            self._done.append({**event, "type": "error"})
            return
        audio, drawn = done.result()
        self._samples[event["id"]] = SimpleNamespace(audio=audio, waveform=lambda width: drawn)
        self._done.append({**event, "type": "success", "duration_sec": len(audio) / RATE})

    def drain_loader_events(self) -> list[dict[str, Any]]:
        return [self._done.popleft() for _ in range(len(self._done))]

    def sample(self, id: int) -> Any:
        return self._samples.get(id)

    def unload_sample(self, id: int) -> None:
        self._samples.pop(id, None)

    def stats(self) -> dict[str, Any]:
        return {"workers": self._workers, "output": "null", "xruns": 0, "dropped_events": 0}
