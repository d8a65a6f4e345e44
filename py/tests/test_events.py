"""The event contract, as a program that polls sees it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PATIENCE_SEC, RUNNING, TERMINAL, Sounds, drain, wait_until

import hotcue


def test_an_engine_starts_with_a_device_event() -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        wait_until("the first event", lambda: engine.stats()["unread_events"] > 0)
        event = engine.poll_loader_events()
    assert event is not None
    assert event["type"] == "device"
    assert event["state"] == "started"


def test_promise_2_a_load_tells_its_story_in_order(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav(frames=4800, channels=2)
    ticket = engine.load_sample_async(7, path)
    story = drain(engine, [ticket])[ticket]
    first, last = story[0], story[-1]
    assert first["type"] == "started"
    assert first["path"] == str(path)
    assert last["type"] == "success"
    assert last["id"] == 7
    assert last["request_id"] == ticket
    assert last["duration_sec"] == 0.1
    assert (last["frames"], last["channels"]) == (4800, 2)
    assert (last["sample_rate"], last["source_rate"]) == (48_000, 48_000)
    assert last["warnings"] == []
    assert last["load_ms"] > 0
    assert last["from_cache"] is False


def test_a_missing_file_is_an_event(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.missing())
    last = drain(engine, [ticket])[ticket][-1]
    assert last["type"] == "error"
    assert (last["kind"], last["stage"]) == ("not_found", "reading")
    assert last["path"] == str(sounds.missing())
    assert last["error"]
    assert engine.state(0) == "failed"


def test_a_corrupt_file_is_an_event(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.corrupt())
    last = drain(engine, [ticket])[ticket][-1]
    assert last["type"] == "error"
    assert last["kind"] in ("corrupt", "unsupported_format", "empty")


def test_a_folder_is_an_event(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.folder)
    last = drain(engine, [ticket])[ticket][-1]
    assert last["type"] == "error"
    assert last["kind"] in ("io", "permission_denied")  # The latter on Windows.


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
def test_a_file_that_may_not_be_read_is_an_event(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    secret = sounds.wav("secret.wav")
    secret.chmod(0)
    with nobody():
        ticket = engine.load_sample_async(0, secret)
        last = drain(engine, [ticket])[ticket][-1]
    assert last["type"] == "error"
    assert last["kind"] == "permission_denied"
    with pytest.raises(PermissionError) as caught:
        ticket.result()
    assert isinstance(caught.value, hotcue.LoadError)


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything, so it becomes somebody else meanwhile."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_promise_1_every_request_has_one_terminal_event(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    good = sounds.wav()
    paths = [good, sounds.missing(), sounds.corrupt()]
    # Few slots, so that newer loads supersede older ones all the time.
    tickets = [engine.load_sample_async(n % 5, paths[n % 3]) for n in range(300)]
    for ticket in tickets[::7]:
        ticket.cancel()
    stories = drain(engine, tickets)
    ends = [story[-1]["type"] for story in stories.values()]
    assert len(ends) == 300
    assert set(ends) <= TERMINAL
    assert engine.poll_loader_events() is None


def test_promise_3_500_loads_are_drained_without_a_lost_event(sounds: Sounds) -> None:
    paths = [sounds.wav(f"{n}.wav", frames=200 + n, seed=n) for n in range(50)]
    with hotcue.AudioEngine(output="offline", slots=500) as engine:
        tickets = [engine.load_sample_async(n, paths[n % 50]) for n in range(500)]
        events: list[hotcue.LoaderEvent] = []

        def all_told() -> bool:
            events.extend(engine.drain_loader_events())
            return sum(event["type"] in TERMINAL for event in events) >= 500

        for ticket in tickets:
            ticket.result(PATIENCE_SEC)  # Reads the request's own state: takes no event.
        wait_until("500 terminal events", all_told)
    events += engine.drain_loader_events()
    lengths = {e["request_id"]: e["frames"] for e in events if e["type"] == "success"}
    assert lengths == {int(ticket): 200 + n % 50 for n, ticket in enumerate(tickets)}
    assert sum(e["type"] in TERMINAL for e in events) == 500


def test_drain_takes_at_most_the_limit(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav()
    for n in range(4):
        engine.load_sample_async(n, path)
    # One of the device, and started, 100 percent and success of each.
    wait_until("all events", lambda: engine.stats()["unread_events"] == 13)
    assert engine.drain_loader_events(0) == []
    assert len(engine.drain_loader_events(5)) == 5
    rest = engine.drain_loader_events()
    assert len(rest) == 8
    assert rest[-1]["type"] == "success"
    assert engine.drain_loader_events() == []


def test_promise_4_a_failed_load_leaves_the_sample(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
    before = engine.sample(0)
    ticket = engine.load_sample_async(0, sounds.missing())
    drain(engine, [ticket])
    after = engine.sample(0)
    assert before is not None
    assert after is not None
    assert before.path == after.path == str(sounds.wav())
    assert engine.state(0) == "ready"


def test_promise_5_a_newer_load_supersedes_an_older(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    older = engine.load_sample_async(0, slow)
    newer = engine.load_sample_async(0, sounds.wav())
    stories = drain(engine, [older, newer])
    last = stories[older][-1]
    assert last["type"] == "cancelled"
    assert last["reason"] == "superseded"
    assert stories[newer][-1]["type"] == "success"
    sample = engine.sample(0)
    assert sample is not None
    assert sample.path == str(sounds.wav())


def test_promise_6_polling_never_raises(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline")
    assert engine.poll_loader_events() is None
    assert engine.drain_loader_events() == []
    assert engine.poll_playback_events() is None
    engine.run()
    ticket = engine.load_sample_async(0, sounds.wav())
    ticket.result(PATIENCE_SEC)
    engine.shut_down()
    story = drain(engine, [ticket])[ticket]  # What is left stays readable.
    assert story[-1]["type"] == "success"
    assert engine.poll_loader_events() is None


def test_shutting_down_cancels_what_is_left(sounds: Sounds, slow: Path) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        tickets = [engine.load_sample_async(0, slow)]
        wait_until("the decoder to be busy", lambda: engine.state(0) in RUNNING)
        tickets += [engine.load_sample_async(n, path) for n in range(1, 20)]
    stories = drain(engine, tickets)
    assert {s[-1]["type"] for s in stories.values()} == {"cancelled"}
    reasons = {s[-1]["reason"] for s in stories.values() if s[-1]["type"] == "cancelled"}
    assert reasons == {"shutdown"}


def test_promise_10_what_an_event_says_is_already_true(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.constant("loud.wav", 0.5, 4800)
    for _ in range(100):
        ticket = engine.load_sample_async(3, path)
        drain(engine, [ticket])
        assert engine.sample(3) is not None
        assert engine.play_sample(3) is not None
        assert abs(engine.render(64)).max() > 0
        engine.unload_sample(3)
        assert engine.sample(3) is None
        assert engine.play_sample(3) is None


def test_many_threads_may_poll(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav()
    seen: list[int] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            event = engine.poll_loader_events()
            if event is not None and event["type"] in TERMINAL:
                seen.append(event["request_id"] or 0)

    threads = [threading.Thread(target=poll) for _ in range(8)]
    for thread in threads:
        thread.start()
    tickets = [engine.load_sample_async(n % 64, path) for n in range(256)]
    wait_until("each terminal event to be seen", lambda: len(seen) >= len(tickets))
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(int(ticket) for ticket in tickets)
