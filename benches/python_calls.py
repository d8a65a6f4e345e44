"""How long the calls take that a UI makes in every frame. Run: ``python benches/python_calls.py``.

`load_sample_async` is timed over 1,000 calls while every decoder is busy; the polls with timeit.
Prints a table; nothing here passes or fails.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
import timeit
import wave
from pathlib import Path

import numpy as np

import hotcue

CALLS = 1_000
ROUNDS = 5
FRAMES = 240_000


def write_noise(path: Path) -> None:
    """Writes five seconds of stereo noise at 44,100 Hz: they have to be resampled."""
    values = np.random.default_rng(1).integers(-32768, 32768, FRAMES * 2).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44_100)
        out.writeframes(values.tobytes())
    path.write_bytes(content.getvalue())


def time_loads(engine: hotcue.AudioEngine, source: str | bytes) -> np.ndarray:
    """Microseconds of each of `CALLS` calls, the pool busy all the while."""
    taken = np.empty(CALLS)
    for id in range(CALLS):
        before = time.perf_counter_ns()
        engine.load_sample_async(id, source)
        taken[id] = time.perf_counter_ns() - before
    busy = engine.stats()["live"]
    assert busy > 0, "the pool was idle before the calls were over"
    return taken / 1_000


def print_times(name: str, micros: np.ndarray) -> None:
    p50, p99 = np.percentile(micros, [50, 99])
    print(f"{name:<44} {p50:>9.2f} {p99:>9.2f} {micros.max():>9.2f}")


def main() -> None:
    print(f"hotcue {hotcue.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(f"{'call':<44} {'p50 µs':>9} {'p99 µs':>9} {'max µs':>9}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.wav"
        write_noise(path)
        for name, source in (("path", str(path)), ("1 kB of content", bytes(1_000))):
            taken = []
            for _ in range(ROUNDS):
                with hotcue.AudioEngine(output="null") as engine:
                    # Busy for longer than the calls take, whatever they load.
                    for id in range(1_000, 1_016):
                        engine.load_sample_async(id, str(path), priority=100)
                    taken.append(time_loads(engine, source))
            print_times(f"load_sample_async({name}), pool busy", np.concatenate(taken))

        with hotcue.AudioEngine(output="null") as engine:
            engine.load_sample_async(0, str(path)).result()
            engine.drain_loader_events()
            for name in ("poll_loader_events", "poll_playback_events", "drain_loader_events"):
                while engine.poll_loader_events() is not None:
                    pass
                call = getattr(engine, name)
                runs = timeit.repeat(call, number=100_000, repeat=9)
                print_times(f"{name}(), empty", np.array(runs) * 10)
            calls = {
                "state(0)": lambda: engine.state(0),
                "sample(0)": lambda: engine.sample(0),
                "sample(0).to_numpy()": lambda: engine.sample(0).to_numpy(),
                "play_sample(0)": lambda: engine.play_sample(0),
                "clock()": engine.clock,
            }
            for name, call in calls.items():
                taken = []
                for _ in range(CALLS):
                    before = time.perf_counter_ns()
                    call()
                    taken.append((time.perf_counter_ns() - before) / 1_000)
                print_times(name, np.array(taken))


if __name__ == "__main__":
    main()
