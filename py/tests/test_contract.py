"""The checker that every event passes: that it would find what is wrong."""

from __future__ import annotations

import threading
import typing
from collections.abc import Callable
from typing import Any

import pytest
from contract import (
    CHECKER,
    LOADER_ROWS,
    PLAYBACK_ROWS,
    RANGES,
    Stories,
    WrongEvent,
    check_event,
    hints,
)
from support import PATIENCE_SEC, Sounds

import hotcue

BASE = {"id": 3, "request_id": 7, "time_sec": 0.5}
STARTED = {"type": "started", **BASE, "path": "/a.wav"}
HALF = {"type": "progress", **BASE, "percent": 50.0, "stage": "decoding"}
PLAYABLE = {"type": "playable", **BASE, "ready_sec": 0.1}
FULL = {"type": "progress", **BASE, "percent": 100.0, "stage": "publishing"}
CANCELLED = {"type": "cancelled", **BASE, "reason": "user"}
ERROR = {"type": "error", **BASE, "error": "no", "kind": "io", "stage": "reading", "path": None}


def test_every_row_has_the_base_keys_first() -> None:
    for row in LOADER_ROWS.values():
        assert list(hints(row))[:4] == ["type", "id", "request_id", "time_sec"]


def test_every_number_has_a_range() -> None:
    for row in (*LOADER_ROWS.values(), *PLAYBACK_ROWS.values()):
        for key, kind in hints(row).items():
            if int in (kind, *typing.get_args(kind)) or float in (kind, *typing.get_args(kind)):
                assert key in RANGES, f"{key} of {row.__name__}"


def real_success(engine: hotcue.AudioEngine, sounds: Sounds) -> list[Any]:
    ticket = engine.load_sample_async(3, sounds.wav(frames=4800))
    ticket.result(PATIENCE_SEC)
    events: list[Any] = []
    while not events or events[-1]["type"] != "success":
        events += engine.drain_loader_events()
    return [event for event in events if event["request_id"] == ticket]


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a key is missing": lambda e: e.pop("load_ms"),
    "a key is too many": lambda e: e.update(extra=1),
    "the order of the keys": lambda e: e.update(id=e.pop("id")),
    "another type": lambda e: e.update(type="succes"),
    "int for float": lambda e: e.update(load_ms=3),
    "float for int": lambda e: e.update(frames=4800.0),
    "bool for int": lambda e: e.update(channels=True),
    "int for bool": lambda e: e.update(from_cache=0),
    "None": lambda e: e.update(sample_rate=None),
    "NaN": lambda e: e.update(load_ms=float("nan")),
    "infinite": lambda e: e.update(load_ms=float("inf")),
    "negative": lambda e: e.update(load_ms=-0.001),
    "too many channels": lambda e: e.update(channels=65),
    "a rate of 0": lambda e: e.update(source_rate=0),
    "a request of 0": lambda e: e.update(request_id=0),
    "an id that no engine has": lambda e: e.update(id=2**20),
    "a length that is not that of its frames": lambda e: e.update(duration_sec=0.2),
    "a tuple for a list": lambda e: e.update(warnings=()),
    "a warning that is none": lambda e: e.update(warnings=["clipped"]),
    "an unknown warning": lambda e: e.update(
        warnings=[{"code": "loud", "message": "", "numbers": {}}]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_event_is_found(engine: hotcue.AudioEngine, sounds: Sounds, change: str) -> None:
    event = real_success(engine, sounds)[-1]
    check_event(event)
    CHANGES[change](event)
    with pytest.raises(WrongEvent):
        check_event(event)


@pytest.mark.parametrize(
    "event",
    [
        STARTED | {"path": b"/a.wav"},
        HALF | {"percent": 100.001},
        HALF | {"stage": "loading"},
        CANCELLED | {"reason": None},
        ERROR | {"kind": "unknown"},
        ERROR | {"error": ""},
        {"type": "device", **BASE, "state": "lost", "name": "x"},
        {"type": "started", "voice": 1, "id": 0, "frame": -1},
        {"type": "ended", "voice": 1, "id": 0, "frame": 1, "reason": "tired"},
    ],
)
def test_a_wrong_row_is_found(event: Any) -> None:
    with pytest.raises(WrongEvent):
        check_event(event)


def tell(*events: Any, complete: bool = True) -> None:
    stories = Stories()
    stories.read_by(1)
    for event in events:
        check_event(event)
        stories.see(event, lambda: complete)


@pytest.mark.parametrize(
    "story",
    [
        [STARTED, HALF, HALF, CANCELLED],
        [STARTED, PLAYABLE, HALF, CANCELLED],
        [CANCELLED],
        [ERROR | {"stage": "queued"}],
        [STARTED, ERROR],
    ],
)
def test_a_right_story_passes(story: list[Any]) -> None:
    tell(*story)


@pytest.mark.parametrize(
    "story",
    [
        [STARTED, STARTED],
        [PLAYABLE],
        [STARTED, PLAYABLE, PLAYABLE],
        [STARTED, CANCELLED, PLAYABLE],
        [HALF],
        [STARTED, HALF, HALF | {"percent": 49.0}],
        [STARTED, HALF, HALF | {"percent": 60.0, "stage": "reading"}],
        [STARTED, HALF | {"stage": "queued"}],
        [STARTED, FULL, ERROR],
        [STARTED, CANCELLED, FULL],
        [STARTED, CANCELLED, CANCELLED],
        [CANCELLED, STARTED],
        [STARTED, CANCELLED | {"id": 4}],
        [STARTED, ERROR | {"stage": "queued"}],
        [ERROR],
    ],
)
def test_a_wrong_story_is_found(story: list[Any]) -> None:
    with pytest.raises(WrongEvent):
        tell(*story)


def test_success_without_its_100_percent_is_found(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    story = real_success(engine, sounds)
    tell(*story)
    without = [event for event in story if event.get("percent") != 100.0]
    assert len(without) < len(story)
    tell(*without, complete=False)  # It may have been dropped.
    with pytest.raises(WrongEvent):
        tell(*without)


@pytest.mark.parametrize(
    ("kinds", "right"),
    [
        (["started", "ended"], True),
        (["ended"], True),
        (["dropped"], True),
        (["started", "started"], False),
        (["started", "ended", "ended"], False),
        (["ended", "started"], False),
        (["started", "dropped"], False),
        (["dropped", "started"], False),
    ],
)
def test_the_order_of_a_voice(kinds: list[str], right: bool) -> None:
    rows: dict[str, Any] = {
        "started": {"type": "started", "voice": 1, "id": 0, "frame": 0},
        "ended": {"type": "ended", "voice": 1, "id": 0, "frame": 9, "reason": "finished"},
        "dropped": {"type": "dropped", "voice": 1, "id": 0, "reason": "stopped"},
    }
    story = [rows[kind] for kind in kinds]
    if right:
        tell(*story)
    else:
        with pytest.raises(WrongEvent):
            tell(*story)


class Liar:
    """An engine's inside with an event that drifted from its row."""

    event = HALF | {"percent": 50}

    def poll_loader_events(self) -> Any:
        return self.event

    def drain_loader_events(self, limit: object) -> list[Any]:
        return [self.event]

    def poll_playback_events(self) -> Any:
        return {"type": "started", "voice": 1, "id": 0}

    def shut_down(self) -> None:
        pass


READS: list[Callable[[hotcue.AudioEngine], Any]] = [
    lambda engine: engine.poll_loader_events(),
    lambda engine: engine.drain_loader_events(),
    lambda engine: engine.poll_playback_events(),
]


@pytest.mark.parametrize("read", READS)
def test_a_planted_event_fails_the_test_that_reads_it(read: Any) -> None:
    engine = hotcue.AudioEngine(output="offline")
    engine._native = Liar()  # type: ignore[assignment]
    with pytest.raises(WrongEvent):
        read(engine)
    # Else this test would fail at its end, though it caught what was raised.
    assert len(CHECKER.wrong) == 1
    CHECKER.wrong.clear()


def test_a_planted_event_in_a_thread_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    engine = hotcue.AudioEngine(output="offline")
    engine._native = Liar()  # type: ignore[assignment]
    thread = threading.Thread(target=engine.poll_loader_events)
    thread.start()
    thread.join()
    assert len(CHECKER.wrong) == 1
    CHECKER.wrong.clear()


def test_two_readers_of_one_queue_are_not_asked_for_an_order() -> None:
    stories = Stories()
    stories.read_by(1)
    with pytest.raises(WrongEvent):
        stories.see(HALF, lambda: True)
    stories.read_by(2)
    stories.see(HALF | {"request_id": 8}, lambda: True)


def test_programs_are_checked_too(python: Any) -> None:
    done = python(
        """if True:
        import hotcue
        engine = hotcue.AudioEngine(output="offline")
        class Liar:
            def poll_loader_events(self): return {"type": "started"}
            def shut_down(self): pass
        engine._native = Liar()
        engine.poll_loader_events()
        """
    )
    assert done.returncode == 1
    assert "contract.WrongEvent" in done.stderr
