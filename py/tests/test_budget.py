"""The memory budget, as a program in Python sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PATIENCE_SEC, Sounds, drain, wait_until

import hotcue

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


def test_a_play_brings_back_what_was_evicted(tight: hotcue.AudioEngine, sounds: Sounds) -> None:
    fill(tight, sounds, range(5))
    assert tight.state(0) == "evicted"
    assert tight.play_sample(0, loop=True, max_wait_sec=PATIENCE_SEC) is not None
    assert tight.state(0) in ("queued", "loading", "ready")
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
