"""The poll queue beside polling: `fileno()`, `wait_event()`, and callbacks."""

from __future__ import annotations

import functools
import os
import select
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from support import (
    PATIENCE_SEC,
    TERMINAL,
    Sounds,
    assert_interrupted,
    drain,
    heed_ctrl_c,
    wait_until,
)
from test_gil import turns_while

import hotcue


def readable(engine: hotcue.AudioEngine, timeout: float = 0.0) -> bool:
    # An object with `fileno()` is what `select` takes.
    return bool(select.select([engine], [], [], timeout)[0])


def test_fileno_is_readable_while_events_wait(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline", slots=64)
    number = engine.fileno()
    assert not readable(engine)
    with engine:
        path = sounds.wav()
        for id in range(50):
            ticket = engine.load_sample_async(id, path)
            ended = False
            while not ended:
                assert readable(engine, PATIENCE_SEC)
                event = engine.poll_loader_events()
                assert event is not None
                ended = event["request_id"] == ticket and event["type"] in TERMINAL
            assert not readable(engine)
        assert engine.drain_loader_events() == []
        engine.load_sample_async(0, path).result(PATIENCE_SEC)
    assert readable(engine)
    assert engine.fileno() == number
    engine.drain_loader_events(1)
    assert readable(engine)
    engine.drain_loader_events()
    assert not readable(engine)
    del engine
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(number)


def test_fileno_counts_what_waited_before(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
    wait_until("events", lambda: engine.stats()["unread_events"] == 4)
    assert readable(engine)
    while engine.poll_loader_events() is not None:
        assert readable(engine) == (engine.stats()["unread_events"] > 0)
    assert not readable(engine)


def test_fileno_with_several_readers(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav()
    ended: list[int | None] = []

    def read() -> None:
        while len(ended) < 300:
            if readable(engine, 0.01):
                event = engine.poll_loader_events()  # None: another one was quicker.
                if event is not None and event["type"] in TERMINAL:
                    ended.append(event["request_id"])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    tickets = [engine.load_sample_async(n % 64, path) for n in range(300)]
    for thread in threads:
        thread.join(PATIENCE_SEC)
    assert sorted(ended) == sorted(map(int, tickets))  # type: ignore[type-var]
    assert not readable(engine)


def test_wait_event_gives_the_next_event(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.wav())
    story = []
    while not story or story[-1]["type"] not in TERMINAL:
        event = engine.wait_event(PATIENCE_SEC)
        assert event is not None
        story.append(event)
    assert [event["type"] for event in story] == ["device", "started", "progress", "success"]
    assert story[-1]["request_id"] == ticket


def test_wait_event_gives_up_after_its_timeout(engine: hotcue.AudioEngine) -> None:
    assert engine.wait_event(PATIENCE_SEC) is not None  # Of the device.
    for timeout in (0, -1, 0.05):
        began = time.monotonic()
        assert engine.wait_event(timeout) is None
        assert time.monotonic() - began >= max(timeout, 0)
    with pytest.raises(ValueError, match="timeout out of range"):
        engine.wait_event(float("nan"))
    with pytest.raises(TypeError):
        engine.wait_event("soon")  # type: ignore[arg-type]


def test_wait_event_waits_for_no_engine_that_does_not_run(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline")
    assert engine.wait_event() is None
    with engine:
        ticket = engine.load_sample_async(0, sounds.wav())
    told = []
    while (event := engine.wait_event()) is not None:
        told.append(event)
    assert told[-1]["request_id"] == ticket


def test_shutting_down_wakes_those_in_wait_event(engine: hotcue.AudioEngine, slow: Path) -> None:
    told: list[hotcue.LoaderEvent] = []

    def wait() -> None:
        while (event := engine.wait_event()) is not None:
            told.append(event)

    threads = [threading.Thread(target=wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    ticket = engine.load_sample_async(0, slow)
    wait_until("an event", lambda: len(told) > 1)
    engine.shut_down()
    for thread in threads:
        thread.join(PATIENCE_SEC)
        assert not thread.is_alive()
    ends = [event["request_id"] for event in told if event["type"] in TERMINAL]
    assert ends == [ticket]


def test_wait_playback_event_gives_what_becomes_of_voices(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="null") as engine:
        engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
        voice = engine.play_sample(0, at_frame=engine.clock().frame + 4800)
        story = []
        while not story or story[-1]["type"] != "ended":
            event = engine.wait_playback_event(PATIENCE_SEC)
            assert event is not None
            story.append(event)
        assert [(event["type"], event["voice"]) for event in story] == [
            ("started", voice),
            ("ended", voice),
        ]
        assert story[-1]["type"] == "ended" and story[-1]["reason"] == "finished"
        assert engine.wait_playback_event(0) is None


def test_wait_playback_event_gives_up(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline")
    assert engine.wait_playback_event() is None  # It does not run.
    for _ in range(2):
        with engine:
            began = time.monotonic()
            assert engine.wait_playback_event(0.05) is None
            assert time.monotonic() - began >= 0.05
            with pytest.raises(ValueError, match="timeout out of range"):
                engine.wait_playback_event(float("nan"))
            engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
            voice = engine.play_sample(0)
            engine.render(256)
        event = engine.wait_playback_event()
        assert event == {"type": "started", "voice": voice, "id": 0, "frame": 0}
        assert engine.wait_playback_event() is None


def test_shutting_down_wakes_those_in_wait_playback_event(engine: hotcue.AudioEngine) -> None:
    told: list[hotcue.PlaybackEvent | None] = []
    threads = [
        threading.Thread(target=lambda: told.append(engine.wait_playback_event())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    engine.shut_down()
    for thread in threads:
        thread.join(PATIENCE_SEC)
    assert told == [None] * 8


def test_wait_event_releases_the_gil(engine: hotcue.AudioEngine) -> None:
    engine.wait_event(PATIENCE_SEC)  # Of the device.

    def wait() -> None:
        assert engine.wait_event(0.2) is None

    def wait_for_voices() -> None:
        assert engine.wait_playback_event(0.2) is None

    assert turns_while(wait) > 1000
    assert turns_while(wait_for_voices) > 1000


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
@pytest.mark.parametrize(
    "call", ["engine.wait_event()", "engine.wait_playback_event()", "batch.result()"]
)
def test_ctrl_c_works_while_waiting(slow: Path, call: str) -> None:
    program = f"""if True:
        import sys, hotcue
        with hotcue.AudioEngine(output="offline") as engine:
            while engine.wait_event(0.1):
                pass
            batch = engine.load_many_async([])
            if "batch" in {call!r}:
                batch = engine.load_many_async({{0: sys.argv[1]}})
            print("waiting", flush=True)
            try:
                {call}
            except KeyboardInterrupt:
                print("interrupted", flush=True)
    """
    assert_interrupted(program, slow)


@pytest.mark.parametrize(
    "call", ["hotcue.analyze(sys.argv[1])", "sample.to_numpy()", "sample.waveform(2)"]
)
def test_ctrl_c_works_while_numpy_is_loaded(
    python: Callable[..., Any], sounds: Sounds, call: str
) -> None:
    program = f"""if True:
        import signal, sys, hotcue
        class Interrupting:
            def find_spec(self, name, path, target=None):
                if name == "numpy":
                    sys.meta_path.remove(self)
                    signal.raise_signal(signal.SIGINT)
        with hotcue.AudioEngine(output="offline") as engine:
            sample = engine.load_sample_async(0, sys.argv[1]).result()
            assert "numpy" not in sys.modules
            sys.meta_path.insert(0, Interrupting())
            try:
                {call}
            except KeyboardInterrupt:
                print("interrupted")
            {call}
    """
    done = python(program, str(sounds.wav()), preexec_fn=heed_ctrl_c)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_ctrl_c_works_in_the_first_frames_of_a_render(slow: Path) -> None:
    # Streams that begin everywhere: the first frames take longer than Ctrl-C is away.
    program = """if True:
        import sys, hotcue, numpy
        with hotcue.AudioEngine(output="offline") as engine:
            engine.load_sample_async(0, sys.argv[1], stream=True).result()
            for part in range(16):
                engine.play_sample(0, speed=4, start_sec=100 * part)
            print("waiting", flush=True)
            try:
                while True:
                    engine.render(480_000)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
    """
    assert_interrupted(program, slow)


def test_callbacks_are_called_by_who_dispatches(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    heard: list[tuple[str, int, object]] = []

    def note(event: hotcue.LoaderEvent) -> None:
        heard.append((event["type"], threading.get_ident(), event["id"]))

    engine.on(success=note, error=note)
    good, bad = sounds.wav(), sounds.missing()
    tickets = [engine.load_sample_async(id, bad if id == 3 else good) for id in range(5)]
    for ticket in tickets:
        with pytest.raises(hotcue.LoadError) if ticket.id == 3 else nullcontext():
            ticket.result(PATIENCE_SEC)
    wait_until("all events", lambda: engine.stats()["unread_events"] == 1 + 5 * 3 - 1)
    assert heard == []
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(engine.dispatch_events()))
    thread.start()
    thread.join()
    assert taken == [15]
    assert {ident for _, ident, _ in heard} == {thread.ident}
    assert sorted((kind, id) for kind, _, id in heard) == [
        ("error", 3),
        *(("success", id) for id in (0, 1, 2, 4)),
    ]
    assert engine.dispatch_events() == 0
    assert engine.poll_loader_events() is None


def dispatch_until(engine: hotcue.AudioEngine, what: str, condition: object) -> None:
    def turn() -> bool:
        engine.dispatch_events()
        return bool(condition())  # type: ignore[operator]

    wait_until(what, turn)


def test_a_later_callback_takes_the_place_of_the_earlier(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()
    calls: list[str] = []
    engine.on(success=lambda event: calls.append("first"))
    engine.on(started=lambda event: calls.append("started"))
    engine.load_sample_async(0, path)
    dispatch_until(engine, "the first", lambda: len(calls) == 2)
    engine.on(success=lambda event: calls.append("second"), started=None)
    engine.load_sample_async(1, path)
    dispatch_until(engine, "the second", lambda: len(calls) == 3)
    assert calls == ["started", "first", "second"]


def test_what_is_no_callback_is_refused(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(TypeError, match="'succes', but of started, progress, .*, device$"):
        engine.on(succes=print)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="callback of error cannot be called: 3"):
        engine.on(success=print, error=3)  # type: ignore[arg-type]

    async def later(event: object) -> None: ...

    class Later:
        async def __call__(self, event: object) -> None: ...

    async def yields(event: object) -> AsyncIterator[None]:
        yield

    for nobody_awaits in [later, functools.partial(later), Later(), yields]:
        with pytest.raises(TypeError, match="nobody would await the callback of success"):
            engine.on(error=print, success=nobody_awaits)
    assert engine._callbacks == {}


def test_what_a_callback_raises_loses_no_other_event(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    seen: list[int] = []

    def fail(event: hotcue.events.SuccessEvent) -> None:
        seen.append(event["id"])
        raise ZeroDivisionError

    engine.on(success=fail)
    path = sounds.wav()
    tickets = [engine.load_sample_async(id, path) for id in range(3)]
    for ticket in tickets:
        ticket.result(PATIENCE_SEC)
    wait_until("all events", lambda: engine.stats()["unread_events"] == 10)
    for _ in tickets:
        with pytest.raises(ZeroDivisionError):
            engine.dispatch_events()
    engine.dispatch_events()
    assert sorted(seen) == [0, 1, 2]


def test_a_callback_may_call_anything(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav()
    played: list[int | None] = []

    def play(event: hotcue.events.SuccessEvent) -> None:
        played.append(engine.play_sample(event["id"]))
        if event["id"] < 5:
            engine.load_sample_async(event["id"] + 1, path)
            engine.dispatch_events()
        else:
            engine.shut_down()

    engine.on(success=play)
    engine.load_sample_async(0, path)
    dispatch_until(engine, "the last", lambda: not engine.is_running())
    assert len(played) == 6
    assert None not in played


def test_styles_of_the_poll_queue_share_it(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav()
    tickets = [engine.load_sample_async(id, path) for id in range(40)]
    ended: list[int | None] = []
    engine.on(success=lambda event: ended.append(event["request_id"]))
    for ticket in tickets[::4]:
        ticket.result(PATIENCE_SEC)
    turn = 0
    while len(ended) < 40:
        turn += 1
        event = engine.wait_event(0.001) if turn % 3 else engine.poll_loader_events()
        if event is not None and event["type"] in TERMINAL:
            ended.append(event["request_id"])
        if turn % 5 == 0:
            engine.dispatch_events()
    assert sorted(ended) == sorted(map(int, tickets))  # type: ignore[type-var]
    assert drain(engine, []) == {}
