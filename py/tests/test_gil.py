"""Who holds the GIL, and who never asks for it."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PATIENCE_SEC, Sounds

import hotcue


@pytest.fixture
def no_switching() -> Iterator[None]:
    """While it lasts, a running thread is not asked to let go of the GIL."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    yield
    sys.setswitchinterval(before)


def test_promise_7_no_engine_thread_takes_the_gil(sounds: Sounds, no_switching: None) -> None:
    path = sounds.wav(frames=48_000, channels=2)
    with hotcue.AudioEngine(output="null") as engine:
        for id in range(100):
            engine.load_sample_async(id, path)
        # This loop calls nothing that lets go of the GIL: whoever wants it waits 1,000 s.
        deadline = time.monotonic() + PATIENCE_SEC
        done = heard = 0
        # A sample is there before its event is.
        while (done < 100 or heard < 100) and time.monotonic() < deadline:
            done = sum(engine.state(id) == "ready" for id in range(100))
            heard += sum(event["type"] == "success" for event in engine.drain_loader_events())
        assert (done, heard) == (100, 100)
        assert engine.play_sample(0) is not None
        # A thread that ever was in Python has a frame or a thread state here.
        assert set(sys._current_frames()) == {thread.ident for thread in threading.enumerate()}


def turns_while(call: object) -> int:
    """How far another thread counts while `call` runs in this one."""
    turns = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal turns
        while not stop.is_set():
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = turns
    call()  # type: ignore[operator]
    counted = turns - before
    stop.set()
    thread.join()
    return counted


def test_waiting_for_a_result_releases_the_gil(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        ticket = engine.load_sample_async(0, slow)

        def wait() -> None:
            with pytest.raises(TimeoutError):
                ticket.result(0.2)

        assert turns_while(wait) > 1000


def test_rendering_releases_the_gil(sounds: Sounds, no_switching: None) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        engine.load_sample_async(0, sounds.wav(frames=48_000)).result(PATIENCE_SEC)
        for _ in range(100):
            engine.play_sample(0, loop=True)
        done = threading.Event()
        frames = []

        def render() -> None:
            frames.append(engine.render(480_000).shape[1])
            done.set()

        thread = threading.Thread(target=render)
        thread.start()
        # Nobody can take the GIL from this loop; it gets its turns only if render gives it up.
        turns = 0
        while not done.is_set():
            turns += 1
            time.sleep(0)
        thread.join()
        assert frames == [480_000]
        assert turns > 1


def test_starting_and_stopping_release_the_gil() -> None:
    def cycle() -> None:
        for _ in range(20):
            with hotcue.AudioEngine(output="null"):
                pass

    assert turns_while(cycle) > 1000


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_copying_content_releases_the_gil(kind: type) -> None:
    source = kind(bytes(200_000_000))
    with hotcue.AudioEngine(output="offline") as engine:

        def longest_pause() -> float:
            """Of another thread, as a share of the time that the call takes."""
            span: list[float] = []

            def load() -> None:
                span.append(time.perf_counter())
                engine.load_sample_async(0, source)
                span.append(time.perf_counter())

            thread = threading.Thread(target=load)
            thread.start()
            turns = [time.perf_counter()]
            while len(span) < 2:
                turns.append(time.perf_counter())
                time.sleep(0)
            thread.join()
            begin, end = span
            seen = [begin, *(turn for turn in turns if begin < turn < end), end]
            pauses = (after - before for before, after in itertools.pairwise(seen))
            return max(pauses) / (end - begin)

        # On a busy machine this thread may not get a processor in time; with the lock held it
        # would pause for all of the call each time.
        assert any(longest_pause() < 0.7 for _ in range(20))
