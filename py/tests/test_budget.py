"""The memory budget, as a program in Python sees it."""

from __future__ import annotations

import gc
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, RUNNING, Sounds, drain, wait_until, write_slow_wav

import hotcue
from hotcue.analysis import KINDS, Analysis, Kind

FRAMES = 250_000
BYTES = FRAMES * 4


@pytest.fixture
def tight() -> Iterator[hotcue.AudioEngine]:
    """An engine that holds three of the samples of these tests, and not four."""
    budget = BYTES * 7 // 2
    with hotcue.AudioEngine(output="offline", slots=16, workers=1, memory_budget=budget) as engine:
        assert engine.stats()["memory_budget"] == budget
        yield engine


def fill(engine: hotcue.AudioEngine, sounds: Sounds, ids: range) -> list[Path]:
    paths = [sounds.wav(f"{id}.wav", frames=FRAMES, seed=id) for id in ids]
    for id, path in zip(ids, paths, strict=True):
        assert engine.load_sample_async(id, path).result(PATIENCE_SEC).frames == FRAMES
    return paths


def test_what_was_used_least_recently_leaves(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    fill(tight, sounds, range(5))
    assert [tight.state(id) for id in range(6)] == ["evicted"] * 2 + ["ready"] * 3 + ["empty"]
    assert tight.sample(0) is None
    evicted: list[hotcue.LoaderEvent] = []

    def told() -> bool:
        evicted.extend(e for e in tight.drain_loader_events() if e["type"] == "evicted")
        return len(evicted) == 2

    wait_until("two evicted events", told)
    assert [event["id"] for event in evicted] == [0, 1]
    assert all(e["type"] == "evicted" and e["freed_bytes"] >= BYTES for e in evicted)
    assert tight.stats()["sample_bytes"] <= BYTES * 7 // 2


def test_a_pinned_sample_stays(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    fill(tight, sounds, range(1))
    tight.pin_sample(0)
    fill(tight, sounds, range(1, 5))
    assert [tight.state(id) for id in range(5)] == ["ready", "evicted", "evicted", "ready", "ready"]
    tight.pin_sample(0, False)
    fill(tight, sounds, range(5, 7))
    assert tight.state(0) == "evicted"
    with pytest.raises(TypeError, match=r"^pinned must be a bool, not int$"):
        tight.pin_sample(0, 1)  # type: ignore[arg-type]


def test_an_array_keeps_its_sample(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    fill(tight, sounds, range(1))
    sample = tight.sample(0)
    assert sample is not None
    array = sample.to_numpy()
    before = array.copy()
    fill(tight, sounds, range(1, 6))
    assert tight.state(0) == "ready"
    assert (array == before).all()


def hear(engine: hotcue.AudioEngine, path: Path, *kinds: Kind) -> Analysis:
    """What is heard in a file, which is in slot 0 then."""
    engine.load_sample_async(0, path, analyze=kinds).result(PATIENCE_SEC)

    def known() -> Analysis:
        sample = engine.sample(0)
        return Analysis() if sample is None else sample.analysis

    wait_until("all to be heard", lambda: set(known()) == set(kinds))
    return known()


def test_what_was_heard_comes_back_with_its_file(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav("0.wav", frames=FRAMES, seed=7)
    heard = hear(tight, path, *KINDS)
    fill(tight, sounds, range(1, 5))
    assert tight.state(0) == "evicted"
    # Its first frames already, however much of it is there then.
    assert tight.play_sample(0, normalize="loudness", max_wait_sec=PATIENCE_SEC) is not None
    parts: list[NDArray[np.float32]] = []

    def sounded() -> bool:
        parts.append(tight.render(64)[0])
        return bool(parts[-1].any())

    wait_until("the play to sound", sounded)
    # A mono sample sounds from two loudspeakers, 3 dB louder.
    wanted_db = -18 - (heard["loudness"]["integrated_lufs"] or 0) - 10 * math.log10(2)
    assert wanted_db < -1  # Its true peak is in nobody's way.
    values = hotcue.decode(path)[0][0, :64]
    assert parts[-1] == pytest.approx(values * 10 ** (wanted_db / 20), rel=1e-4)
    wait_until("it to be back", lambda: tight.state(0) == "ready")
    back = tight.sample(0)
    assert back is not None
    del heard["waveform"]  # Which takes memory.
    assert back.analysis == heard


def test_nothing_was_heard_in_another_file(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    hear(tight, sounds.wav("0.wav", frames=FRAMES, seed=7), "loudness")
    fill(tight, sounds, range(1, 5))
    assert tight.state(0) == "evicted"
    sounds.wav("0.wav", frames=FRAMES + 1, seed=8)
    assert tight.play_sample(0, max_wait_sec=PATIENCE_SEC) is not None
    wait_until("it to be back", lambda: tight.state(0) == "ready")
    back = tight.sample(0)
    assert back is not None
    assert (back.frames, back.analysis) == (FRAMES + 1, {})


def test_a_play_brings_back_what_was_evicted(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    fill(tight, sounds, range(5))
    assert tight.state(0) == "evicted"
    assert tight.play_sample(0, loop=True, max_wait_sec=PATIENCE_SEC) is not None
    assert tight.state(0) in ("queued", *RUNNING, "ready")
    wait_until("it to be back", lambda: tight.state(0) == "ready")
    wait_until("it to sound", lambda: bool(tight.render(480).any()))
    # What plays is not evicted.
    fill(tight, sounds, range(6, 10))
    assert tight.state(0) == "ready"


def test_what_never_fits_is_an_error(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = tight.load_sample_async(0, sounds.wav("big.wav", frames=4 * FRAMES))
    last = drain(tight, [ticket])[int(ticket)][-1]
    assert last["type"] == "error"
    assert last["kind"] == "out_of_memory_budget"
    assert tight.state(0) == "failed"


def test_a_ticket_lets_go_of_what_has_left(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav("first.wav", frames=FRAMES, seed=99)
    ticket = tight.load_sample_async(9, path)
    assert ticket.result(PATIENCE_SEC) == tight.sample(9) == ticket.sample
    fill(tight, sounds, range(3))
    assert tight.state(9) == "evicted"
    assert ticket.sample is None
    with pytest.raises(hotcue.LoadError, match="has left memory; load it again") as caught:
        ticket.result()
    assert caught.value.kind == "out_of_memory_budget"
    assert caught.value.path == str(path)
    assert (caught.value.id, caught.value.request_id) == (9, ticket)


def test_who_waits_for_a_batch_holds_what_has_come(
    tight: hotcue.AudioEngine, sounds: Sounds
) -> None:
    paths = [sounds.wav(f"{id}.wav", frames=FRAMES, seed=id) for id in range(5)]
    batch = tight.load_many_async(enumerate(paths))
    wait_until("the end of the loads", lambda: batch.progress.percent == 100.0)
    assert batch.progress.done == 5
    states = [tight.state(id) for id in range(5)]
    assert states == ["evicted"] * 2 + ["ready"] * 3
    for id in range(5):
        tight.unload_sample(id)
    outcomes = tight.load_many_async(enumerate(paths)).result(PATIENCE_SEC)
    kinds = [getattr(outcome, "kind", "there") for outcome in outcomes]
    assert sorted(kinds) == ["out_of_memory_budget"] * 2 + ["there"] * 3


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers of signals are POSIX")
def test_result_has_what_arrives_while_a_signal_is_handled(sounds: Sounds) -> None:
    path, other = sounds.folder / "long.wav", sounds.folder / "other.wav"
    sec = 600
    write_slow_wav(path, sec)
    shutil.copy(path, other)
    budget = sec * 48_000 * 4 * 3 // 2
    ends: list[str] = []

    def handler(*_: object) -> None:
        wait_until("the first load", lambda: engine.state(0) == "ready")
        try:
            engine.load_sample_async(1, other).result(PATIENCE_SEC)
            ends.append("evicted it")
        except hotcue.LoadError as error:
            ends.append(error.kind)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with hotcue.AudioEngine(output="offline", workers=1, memory_budget=budget) as engine:
            ticket = engine.load_sample_async(0, path)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            assert ticket.result(PATIENCE_SEC).frames == sec * 48_000
            assert ends == ["out_of_memory_budget"]
            gc.collect()
            assert engine.load_sample_async(1, other).result(PATIENCE_SEC).path == str(other)
            assert engine.state(0) == "evicted"
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_what_is_freed_goes_back_to_the_system(
    sounds: Sounds, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for number in range(200):
        write_slow_wav(sounds.folder / f"{number}.wav", sec=7 + number % 3)
    program = """if True:
        import resource, sys, time
        from pathlib import Path
        import hotcue

        def resident():
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            return pages * resource.getpagesize()

        with hotcue.AudioEngine(output="offline", slots=200, workers=2) as engine:
            before = resident()
            for _ in range(2):
                batch = engine.load_many_async(enumerate(Path(sys.argv[1]).glob("*.wav")))
                for ticket in batch.requests:
                    ticket.result()
                held = engine.stats()["sample_bytes"]
                assert resident() - before > 0.9 * held, "they are in memory"
                del batch, ticket
                for id in range(200):
                    engine.unload_sample(id)
                while engine.stats()["reserved_bytes"]:
                    engine.render(480)
                    time.sleep(0.001)
            left = resident() - before
            assert left < 0.25 * held, (left, held)
            print("done")
    """
    assert python(program, str(sounds.folder)).stdout == "done\n"
