"""`load_many_async`: accepted whole or not at all."""

from __future__ import annotations

import copy
import gc
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE_SEC, RUNNING, Sounds, drain, wait_until

import hotcue


@pytest.fixture
def held(slow: Path) -> Iterator[hotcue.AudioEngine]:
    """An engine whose one decoder is busy with slot 63, and three more of which may wait."""
    with hotcue.AudioEngine(output="offline", slots=64, workers=1, max_queued=3) as engine:
        engine.load_sample_async(63, slow, priority=100)
        wait_until("the decoder to be busy", lambda: engine.state(63) in RUNNING)
        yield engine


def test_a_mapping_or_pairs(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    paths = {id: sounds.wav(f"{id}.wav", frames=100 + id) for id in (5, 3, 9)}
    for items in (
        paths,
        paths.items(),
        list(paths.items()),
        iter([[i, p] for i, p in paths.items()]),
    ):
        batch = engine.load_many_async(items)
        assert [ticket.id for ticket in batch.requests] == [5, 3, 9]
        for ticket in batch.requests:
            assert ticket.result(PATIENCE_SEC).frames == 100 + ticket.id
        assert batch.progress == (3, 0, 0, 3, 100.0)


def test_no_items(engine: hotcue.AudioEngine) -> None:
    for items in ([], {}, iter(())):
        batch = engine.load_many_async(items)
        assert batch.requests == []
        assert batch.progress == (0, 0, 0, 0, 100.0)
        assert batch.cancel() == 0


def test_every_kind_of_source_and_id(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav(frames=77)
    content = path.read_bytes()
    with path.open("rb") as file:
        items = [(np.int64(4), str(path)), (None, content), (1, memoryview(content)), (None, file)]
        batch = engine.load_many_async(items)
        assert file.read() == b""
    assert [ticket.id for ticket in batch.requests] == [4, 0, 1, 2]
    for ticket in batch.requests:
        assert ticket.result(PATIENCE_SEC).frames == 77


def test_requests_are_tickets_in_the_order_given(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()
    batch = engine.load_many_async([(id, path) for id in (8, None, 2, None)])
    assert all(isinstance(ticket, hotcue.LoadTicket) for ticket in batch.requests)
    assert batch.requests == sorted(batch.requests)
    stories = drain(engine, batch.requests)
    assert [story[-1]["type"] for story in stories.values()] == ["success"] * 4


def test_of_an_id_that_comes_again_the_last_one_stays(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    paths = [sounds.wav(f"{n}.wav", frames=n + 1) for n in range(20)]
    batch = engine.load_many_async([(7, path) for path in paths])
    stories = drain(engine, batch.requests)
    *before, last = [stories[int(ticket)][-1] for ticket in batch.requests]
    assert last["type"] == "success"
    # One that is so short may be there before the next one is asked for.
    done = [end for end in before if end["type"] == "success"]
    cancelled = [end for end in before if end["type"] == "cancelled"]
    assert len(done) + len(cancelled) == 19
    assert {end["reason"] for end in cancelled} == {"superseded"}
    sample = engine.sample(7)
    assert sample is not None
    assert sample.frames == 20
    assert batch.progress == (len(done) + 1, 0, len(cancelled), 20, 100.0)


class Unreadable:
    def read(self, size: int, /) -> bytes:
        raise ConnectionResetError("gone")


REFUSED: dict[str, tuple[type[Exception], str, list[Any]]] = {
    "an id too high": (ValueError, "^id out of range\nin pair 2 of items", [(64, b"")]),
    "a negative id": (ValueError, "^id out of range\nin pair 2 of items", [(-1, b"")]),
    "an id that is no integer": (TypeError, "^id must be an integer", [("2", b"")]),
    "a bool": (TypeError, "^id must be an integer", [(True, b"")]),
    "no source": (TypeError, "^path must be a str", [(2, None)]),
    "a text file": (TypeError, "binary mode", [(2, io.StringIO())]),
    "no pair": (TypeError, r"^items must be a mapping or pairs .*: items\[2\] is a int$", [5]),
    "three": (TypeError, "^items must be a mapping or pairs", [(2, b"", 1)]),
    "a text": (TypeError, "^items must be a mapping or pairs", ["2b"]),
    "a file that fails": (ConnectionResetError, "^gone$", [(2, Unreadable())]),
    "too many": (hotcue.QueueFullError, "full", [(2, b""), (3, b""), (4, b"")]),
    "more than there are slots": (hotcue.QueueFullError, "full", [(None, b"")] * 70),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_changes_nothing(
    held: hotcue.AudioEngine, sounds: Sounds, why: str
) -> None:
    error, message, bad = REFUSED[why]
    waiting = held.load_sample_async(1, sounds.wav("waiting.wav", frames=99))
    held.drain_loader_events()
    before = held.loads()
    with pytest.raises(error, match=message):
        held.load_many_async([(1, sounds.wav()), (0, b"good"), *bad])
    after = held.loads()
    assert [load.request_id for load in after] == [load.request_id for load in before]
    assert [held.state(id) for id in (0, 1, 2, 3)] == ["empty", "queued", "empty", "empty"]
    assert held.stats()["queued"] == 1
    assert [e["type"] for e in held.drain_loader_events() if e["id"] != 63] == []
    # There is as much room as before.
    batch = held.load_many_async([(0, b""), (2, b"")])
    held.cancel_load(before[0].request_id)
    assert waiting.result(PATIENCE_SEC).frames == 99
    wait_until("the batch to end", lambda: batch.progress.failed == 2)


@pytest.mark.parametrize("items", [None, 5, "ab", b"ab", bytearray(2), object()])
def test_what_is_no_batch(engine: hotcue.AudioEngine, items: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^items must be a mapping or pairs of id and source, not "
    ):
        engine.load_many_async(items)


def test_what_the_items_raise_is_passed_on(engine: hotcue.AudioEngine) -> None:
    def items() -> Iterator[tuple[int, bytes]]:
        yield 0, b""
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        engine.load_many_async(items())
    assert engine.state(0) == "empty"


def test_no_free_slot_for_all() -> None:
    with hotcue.AudioEngine(output="offline", slots=3) as engine:
        with pytest.raises(hotcue.HotcueError, match="no free slot"):
            engine.load_many_async([(None, b""), (1, b""), (None, b""), (None, b"")])
        assert [engine.state(id) for id in range(3)] == ["empty"] * 3
        batch = engine.load_many_async([(None, b""), (1, b""), (None, b"")])
        assert [ticket.id for ticket in batch.requests] == [0, 1, 2]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("items", [[], [(0, b"")]])
def test_outside_run_and_shut_down(when: str, items: Any) -> None:
    engine = hotcue.AudioEngine(output="offline")
    if when == "after":
        engine.run()
        engine.shut_down()
    with pytest.raises(RuntimeError, match=r"^Audio engine not initialized$"):
        engine.load_many_async(items)


def test_priority_is_of_all(held: hotcue.AudioEngine, sounds: Sounds) -> None:
    low = held.load_sample_async(0, sounds.wav("low.wav"))
    high = held.load_many_async([(1, sounds.wav("a.wav")), (2, sounds.wav("b.wav"))], priority=9)
    # What hands them out may lay the first one out before it has seen the others.
    time.sleep(0.1)
    held.unload_sample(63)
    order: list[int] = []
    wait_until(
        "all to end",
        lambda: (
            order.extend(
                e["request_id"] for e in held.drain_loader_events() if e["type"] == "success"
            )
            or len(order) == 3
        ),
    )
    assert order == [*high.requests, low]
    with pytest.raises(ValueError, match=r"^priority out of range$"):
        held.load_many_async([(0, b"")], priority=101)


def test_cancelling(held: hotcue.AudioEngine, sounds: Sounds) -> None:
    batch = held.load_many_async({id: sounds.wav() for id in range(3)})
    assert batch.progress == (0, 0, 0, 3, 0.0)
    assert batch.requests[1].cancel()
    assert batch.progress == (0, 0, 1, 3, pytest.approx(100 / 3))
    assert batch.cancel() == 2
    assert batch.cancel() == 0
    assert batch.progress == (0, 0, 3, 3, 100.0)
    assert repr(batch) == "<LoadBatch of 3: 0 done, 0 failed, 3 cancelled, 100 %>"
    for ticket in batch.requests:
        with pytest.raises(hotcue.LoadCancelled):
            ticket.result(PATIENCE_SEC)


def test_progress_counts_what_was_polled_and_never_falls(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    good, bad = sounds.wav(frames=4800), sounds.missing()
    batch = engine.load_many_async([(id, bad if id % 4 == 0 else good) for id in range(64)])
    last = batch.progress
    ended = 0

    def poll() -> bool:
        nonlocal last, ended
        for event in engine.drain_loader_events():
            ended += event["type"] in ("success", "error")
        now = batch.progress
        assert now.done + now.failed >= ended
        assert all(after >= before for before, after in zip(last, now, strict=True))
        assert now.percent <= 100.0
        last = now
        return ended == 64

    wait_until("the batch to end", poll)
    assert last == (48, 16, 0, 64, 100.0)


def test_a_batch_outlives_its_engine(slow: Path) -> None:
    engine = hotcue.AudioEngine(output="offline")
    engine.run()
    batch = engine.load_many_async([(id, slow) for id in range(10)])
    engine.shut_down()
    assert batch.progress == (0, 0, 10, 10, 100.0)
    del engine
    gc.collect()
    assert batch.progress.cancelled == 10
    assert batch.cancel() == 0
    assert copy.copy(batch).progress == batch.progress


def test_batches_of_many_threads(sounds: Sounds) -> None:
    path = sounds.wav()
    batches: list[hotcue.LoadBatch] = []
    with hotcue.AudioEngine(output="offline", slots=400) as engine:

        def submit() -> None:
            batches.extend(engine.load_many_async([(None, path)] * 10) for _ in range(10))

        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SEC)
        ids = [ticket.id for batch in batches for ticket in batch.requests]
        assert sorted(ids) == list(range(400))


def test_a_big_batch_lets_other_threads_run(sounds: Sounds) -> None:
    path = sounds.wav()
    turns = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal turns
        while not stop.is_set():
            turns += 1

    with hotcue.AudioEngine(output="offline", slots=5000) as engine:
        thread = threading.Thread(target=count)
        thread.start()
        batch = engine.load_many_async([(id, path) for id in range(5000)])
        stop.set()
        thread.join()
        assert len(batch.requests) == 5000
        assert batch.cancel() + batch.progress.done == 5000
    assert turns > 0


PLACES: list[Callable[[hotcue.AudioEngine, Any], Any]] = [
    lambda engine, batch: engine.unload_sample(2),
    lambda engine, batch: engine.load_sample_async(2, b""),
    lambda engine, batch: engine.load_many_async({2: b""}),
    lambda engine, batch: engine.cancel_load(batch.requests[2]),
]


@pytest.mark.parametrize("end", PLACES, ids=["unload", "load", "load many", "cancel"])
def test_one_of_a_batch_may_end_by_itself(engine: hotcue.AudioEngine, slow: Path, end: Any) -> None:
    batch = engine.load_many_async([(id, slow) for id in range(6)])
    end(engine, batch)
    assert batch.progress.cancelled == 1
    assert batch.cancel() == 5
