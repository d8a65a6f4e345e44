"""`LoadTicket`: an `int` and a view of one request."""

from __future__ import annotations

import copy
import pickle
import sys
import time
from pathlib import Path

import pytest
from support import PATIENCE_SEC, Sounds, assert_interrupted, drain

import hotcue


def test_a_ticket_is_its_request_id(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    first = engine.load_sample_async(5, sounds.wav())
    second = engine.load_sample_async(6, sounds.wav())
    assert isinstance(first, int)
    assert int(second) > int(first) > 0
    assert first.id == 5
    assert {int(first): "x"}[first] == "x"
    assert f"{first}" == str(first) == str(int(first))
    assert "id 5" in repr(first)
    assert pickle.loads(pickle.dumps(first)) == int(first)
    assert type(copy.copy(first)) is int


def test_result_is_the_sample(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.wav(frames=123))
    assert ticket.result(PATIENCE_SEC).frames == 123
    assert ticket.progress == 100.0
    assert ticket.sample is not None
    assert ticket.result().frames == 123
    assert ticket.cancel() is False


def test_only_the_engine_makes_tickets() -> None:
    with pytest.raises(TypeError, match="made by an engine"):
        hotcue.LoadTicket(1)  # type: ignore[arg-type]
    for kind in (hotcue.LoadBatch, hotcue.EventStream):
        with pytest.raises(TypeError, match=f"{kind.__name__} is made by an engine"):
            kind(3)  # type: ignore[arg-type]


def test_request_ids_rise_over_engines_and_restarts(sounds: Sounds) -> None:
    ids = []
    engine = hotcue.AudioEngine(output="offline", workers=1)
    other = hotcue.AudioEngine(output="offline", workers=1)
    for _ in range(3):
        with engine, other:
            ids += [int(e.load_sample_async(0, sounds.wav())) for e in (engine, other)]
    assert ids == sorted(set(ids))


def test_a_missing_file_raises_two_kinds_in_one(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(9, sounds.missing())
    with pytest.raises(hotcue.LoadError) as caught:
        ticket.result(PATIENCE_SEC)
    error = caught.value
    assert isinstance(error, FileNotFoundError)
    assert isinstance(error, hotcue.HotcueError)
    assert (error.kind, error.stage) == ("not_found", "reading")
    assert error.path == error.filename == str(sounds.missing())
    assert (error.id, error.request_id) == (9, ticket)
    assert str(error) == f"{error.message}: {str(sounds.missing())!r}"
    error.add_note("of the drums")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.kind, again.path) == (type(error), error.kind, error.path)
    assert (again.__notes__, str(again)) == (["of the drums"], str(error))


def test_a_corrupt_file_raises_a_load_error(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.corrupt())
    with pytest.raises(hotcue.LoadError) as caught:
        ticket.result(PATIENCE_SEC)
    assert not isinstance(caught.value, OSError)
    assert caught.value.path == str(sounds.corrupt())
    assert str(caught.value) == f"{caught.value.message}: {caught.value.path!r}"
    assert ticket.sample is None


def test_result_gives_up_after_its_timeout(engine: hotcue.AudioEngine, slow: Path) -> None:
    ticket = engine.load_sample_async(0, slow)
    for timeout in (0, -1, 0.05):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            ticket.result(timeout)
        assert time.monotonic() - began >= max(timeout, 0)
    with pytest.raises(ValueError, match="timeout out of range"):
        ticket.result(float("nan"))
    with pytest.raises(TypeError):
        ticket.result("soon")  # type: ignore[arg-type]
    assert engine.sample(0) is None
    assert ticket.progress < 100


@pytest.mark.parametrize("by", ["ticket", "request_id", "unload", "shut_down"])
def test_a_cancelled_load_raises_load_cancelled(
    engine: hotcue.AudioEngine, slow: Path, by: str
) -> None:
    ticket = engine.load_sample_async(4, slow)
    reason = "user"
    match by:
        case "ticket":
            assert ticket.cancel() is True
        case "request_id":
            assert engine.cancel_load(int(ticket)) is True
        case "unload":
            engine.unload_sample(4)
        case _:
            engine.shut_down()
            reason = "shutdown"
    with pytest.raises(hotcue.LoadCancelled) as caught:
        ticket.result(PATIENCE_SEC)
    assert (caught.value.reason, caught.value.id) == (reason, 4)
    assert caught.value.request_id == ticket
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert ticket.cancel() is False
    last = drain(engine, [ticket])[ticket][-1]
    assert last["type"] == "cancelled"
    assert last["reason"] == reason


def test_cancelling_what_is_no_load_is_false(engine: hotcue.AudioEngine) -> None:
    for number in (0, -1, 2**40, 10**30):
        assert engine.cancel_load(number) is False


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_ctrl_c_works_in_result(slow: Path) -> None:
    program = """if True:
        import sys, hotcue
        with hotcue.AudioEngine(output="offline") as engine:
            ticket = engine.load_sample_async(0, sys.argv[1])
            print("waiting", flush=True)
            try:
                ticket.result()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
    """
    assert_interrupted(program, slow)
