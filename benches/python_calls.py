"""How long the calls take that a UI makes in every frame. Run: ``python benches/python_calls.py``.

`load_sample_async` is timed over 1,000 calls while every decoder is busy; the polls and the looks
at the table with timeit, of which each figure is a mean over 20,000 calls or more.
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
from collections.abc import Callable
from functools import partial
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


def write_slow(path: Path) -> None:
    """Writes a WAV file of two hours at 1,000 Hz, which takes long to resample."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(1_000)
        out.writeframes(bytes(range(200)) * 36_000)


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


def time_call(call: Callable[[], object], number: int = 20_000) -> np.ndarray:
    """Microseconds of a call, one figure for each of nine turns."""
    return np.array(timeit.repeat(call, number=number, repeat=9)) / number * 1e6


def print_looks(folder: Path, path: Path) -> None:
    """What a UI looks up in every frame, with more and more loads around."""
    for live in (0, 1, 10, 100, 1_000):
        with hotcue.AudioEngine(output="null", slots=2_000, workers=1) as engine:
            engine.load_sample_async(1_999, str(path)).result()
            # Held up behind one that takes seconds.
            slow = folder / "slow.wav"
            batch = engine.load_many_async([(id, str(slow)) for id in range(live)], priority=-1)
            print_times(
                f"state(ready), {live} loads around", time_call(partial(engine.state, 1_999))
            )
            print_times(f"state(0), {live} loads around", time_call(partial(engine.state, 0)))
            print_times(
                f"loads(), {live} loads", time_call(engine.loads, max(20_000 // (live + 1), 20))
            )
            print_times(f"batch.progress, {live} loads", time_call(lambda b=batch: b.progress))
            assert engine.stats()["live"] == live, "loads ended meanwhile"


def print_batches(path: Path) -> None:
    """What submitting and cancelling cost for each load of a batch."""
    for count in (1, 100, 10_000):
        submit, cancel = [], []
        for _ in range(9):
            with hotcue.AudioEngine(output="null", slots=10_016, workers=1) as engine:
                for id in range(10_000, 10_016):
                    engine.load_sample_async(id, str(path), priority=100)
                items = [(id, str(path)) for id in range(count)]
                before = time.perf_counter_ns()
                batch = engine.load_many_async(items)
                middle = time.perf_counter_ns()
                batch.cancel()
                submit.append((middle - before) / 1_000 / count)
                cancel.append((time.perf_counter_ns() - middle) / 1_000 / count)
        print_times(f"load_many_async of {count}, per load", np.array(submit))
        print_times(f"batch.cancel() of {count}, per load", np.array(cancel))


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
        write_slow(Path(folder) / "slow.wav")
        print_looks(Path(folder), path)
        print_batches(path)


if __name__ == "__main__":
    main()
