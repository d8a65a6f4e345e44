"""What was wrong once, here or in what others made, by name; as a program in Python sees it."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE_SEC, RUNNING, Sounds, drain, wait_until

import hotcue


def test_a_superseded_load_has_its_terminal_event(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path, tmp_path: Path
) -> None:
    running = engine.load_sample_async(0, slow)
    wait_until("a decoder to take it", lambda: engine.state(0) in RUNNING)
    paths = [tmp_path / f"{n}.wav" for n in range(20)]
    for path in paths:
        path.symlink_to(slow)
    queued = [engine.load_sample_async(0, path) for path in [*paths, sounds.wav()]]
    stories = drain(engine, [running, *queued])
    for ticket in (running, *queued[:-1]):
        last = stories[int(ticket)][-1]
        assert last["type"] == "cancelled"
        assert last["reason"] == "superseded"
        with pytest.raises(hotcue.LoadCancelled):
            ticket.result(0)
    assert stories[int(queued[-1])][-1]["type"] == "success"


def test_a_reload_while_loading_is_not_refused(engine: hotcue.AudioEngine, slow: Path) -> None:
    tickets = [engine.load_sample_async(0, slow) for _ in range(3)]
    wait_until("a decoder to take it", lambda: engine.state(0) in RUNNING)
    tickets += [engine.load_sample_async(0, slow) for _ in range(3)]
    assert len(set(tickets)) == 6
    assert [load.request_id for load in engine.loads()] == [tickets[-1]]
    tickets[-1].cancel()
    stories = drain(engine, tickets)
    reasons = [stories[int(ticket)][-1].get("reason") for ticket in tickets]
    assert reasons == ["superseded"] * 5 + ["user"]


def test_the_old_sample_is_not_lost_at_submit(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    path = sounds.constant("half.wav", 0.5, 48_000)
    engine.load_sample_async(0, path).result(PATIENCE_SEC)
    before = engine.sample(0)
    engine.play_sample(0, loop=True)
    newer = engine.load_sample_async(0, slow)
    wait_until("a decoder to take it", lambda: newer.progress > 0)
    assert engine.sample(0) == before
    assert engine.state(0) == "ready"
    engine.render(4800)
    np.testing.assert_allclose(engine.render(4800), 0.5, atol=0.2)
    assert engine.play_sample(0) is not None
    newer.cancel()
    drain(engine, [newer])
    assert engine.sample(0) == before


@pytest.mark.parametrize("moment", ["queued", "loading"])
def test_an_unload_during_a_load_leaves_no_ghost(sounds: Sounds, slow: Path, moment: str) -> None:
    path = sounds.wav(frames=48_000)
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        busy = engine.load_sample_async(1, slow) if moment == "queued" else None
        for _ in range(50 if moment == "loading" else 1):
            ticket = engine.load_sample_async(0, path)
            while moment == "loading" and engine.state(0) == "queued":
                pass
            engine.unload_sample(0)
            assert (engine.state(0), engine.sample(0)) == ("empty", None)
            if busy is not None:
                busy.cancel()
            # Another load through the same decoder: what was left of the first is over then.
            engine.load_sample_async(2, path).result(PATIENCE_SEC)
            assert (engine.state(0), engine.sample(0)) == ("empty", None)
            assert engine.play_sample(0) is None
            kinds = [event["type"] for event in drain(engine, [ticket])[int(ticket)]]
            assert kinds[-1] in ("cancelled", "success")


def without_dimensions() -> bytes:
    """The headers of an Ogg Vorbis stream with a codebook of no dimensions, which symphonia 0.6.1
    asserts never to meet. Vorbis I specification, 4.2 and 3.2.1; RFC 3533, section 6."""

    def crc(page: bytes) -> int:
        total = 0
        for byte in page:
            total ^= byte << 24
            for _ in range(8):
                total = (total << 1 ^ (0x04C11DB7 if total >> 31 else 0)) & 0xFFFFFFFF
        return total

    def page(flags: int, number: int, *packets: bytes) -> bytes:
        lengths = bytes(len(packet) for packet in packets)
        head = b"OggS\0" + bytes([flags]) + bytes(12) + number.to_bytes(4, "little")
        tail = bytes([len(packets)]) + lengths + b"".join(packets)
        return head + crc(head + bytes(4) + tail).to_bytes(4, "little") + tail

    rate = (48_000).to_bytes(4, "little")
    identification = b"\x01vorbis\0\0\0\0\x01" + rate + bytes(12) + b"\xb8\x01"
    comment = b"\x03vorbis" + bytes(8) + b"\x01"
    setup = b"\x05vorbis" + b"\0BCV\0\0\x01\0\0\x80" + bytes(16)
    return page(2, 0, identification) + page(4, 1, comment, setup)


def test_a_header_to_panic_at_leaves_no_spinner(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline", workers=2) as engine:
        batch = engine.load_many_async([(id, without_dimensions()) for id in range(20)])
        stories = drain(engine, batch.requests)
        for ticket in batch.requests:
            last = stories[int(ticket)][-1]
            assert last["type"] == "error"
            # Refused before: what a panic comes to is held by tests/actors/worker_panic.rs.
            assert last["kind"] == "corrupt"
            with pytest.raises(hotcue.LoadError):
                ticket.result(0)
        assert {engine.state(id) for id in range(20)} == {"failed"}
        assert engine.loads() == []
        assert engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC).frames == 480


def test_a_stale_completion_does_not_overwrite_a_newer_load(sounds: Sounds) -> None:
    """The older load is so far when the newer comes that both may end at the same moment."""
    older, newer = sounds.wav("older.wav", frames=9000), sounds.wav("newer.wav", frames=10)
    with hotcue.AudioEngine(output="offline", workers=2) as engine:
        for turn in range(300):
            first = engine.load_sample_async(0, older)
            while first.progress < turn % 100 and first.sample is None:
                pass
            second = engine.load_sample_async(0, newer)
            assert second.result(PATIENCE_SEC).frames == 10
            for _ in range(3):
                sample = engine.sample(0)
                assert sample is not None
                assert sample.path == str(newer)
            drain(engine, [first, second])
            sample = engine.sample(0)
            assert sample is not None
            assert sample.path == str(newer)
            engine.unload_sample(0)


def test_loads_and_state_are_never_stale(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    path = sounds.wav()
    for turn in range(100):
        id = turn % 8
        ticket = engine.load_sample_async(id, slow)
        # After a call.
        assert engine.state(id) in ("queued", *RUNNING)
        (status,) = (load for load in engine.loads() if load.id == id)
        assert (status.request_id, status.path) == (ticket, str(slow))
        assert ticket.cancel()
        assert engine.state(id) == "empty"
        assert all(load.id != id for load in engine.loads())
        # After a polled event.
        ticket = engine.load_sample_async(id, path if turn % 2 else sounds.missing())
        drain(engine, [ticket])
        assert engine.state(id) == ("ready" if turn % 2 else "failed")
        assert all(load.id != id for load in engine.loads())
        engine.unload_sample(id)
        assert engine.state(id) == "empty"


def test_a_higher_priority_overtakes_what_runs(sounds: Sounds, slow: Path) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        long = engine.load_sample_async(0, slow)
        wait_until("a decoder to take it", lambda: engine.state(0) in RUNNING)
        queued = [engine.load_sample_async(id, path) for id in range(1, 20)]
        assert engine.set_priority(queued[-1], 50) is True
        assert queued[-1].result(PATIENCE_SEC).frames == 480
        assert engine.sample(0) is None
        assert engine.state(0) in RUNNING  # It waits for its next step, and lost nothing.
        assert engine.set_priority(queued[-1], 50) is False
        assert engine.set_priority(long, 100) is True


def test_set_priority_checks_its_arguments(engine: hotcue.AudioEngine) -> None:
    for number in (0, -1, 2**40, 10**30):
        assert engine.set_priority(number, 1) is False
    for priority in (-101, 101, 10**30):
        with pytest.raises(ValueError, match=r"^priority out of range$"):
            engine.set_priority(1, priority)
    with pytest.raises(TypeError, match=r"^priority must be an integer, not float$"):
        engine.set_priority(1, 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^request_id must be an integer, not str$"):
        engine.set_priority("1", 1)  # type: ignore[arg-type]
    engine.shut_down()
    with pytest.raises(RuntimeError, match=r"^Audio engine not initialized$"):
        engine.set_priority(1, 1)


def test_success_says_where_its_time_went(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.wav(frames=480_000, channels=2))
    last = drain(engine, [ticket])[int(ticket)][-1]
    assert last["type"] == "success"
    times = last["stage_ms"]
    assert times["decoding"] > 0
    assert sum(times.values()) <= last["load_ms"]


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_a_load_is_no_thread(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=2) as engine:
        before = len(os.listdir("/proc/self/task"))
        engine.load_many_async([(id, slow) for id in range(500)])
        time.sleep(0.3)
        # A decoder that gets no core for a while has another beside it.
        assert len(os.listdir("/proc/self/task")) < before + 10
        assert threading.active_count() == 1
