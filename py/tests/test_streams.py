"""`async for event in engine.events()` and `playback_events()`, in every kind of loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE_SEC, TERMINAL, Sounds, wait_until

import hotcue

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_a_stream_has_every_event_from_its_start(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        assert aiter(events) is events
        tickets = [engine.load_sample_async(id, path) for id in range(20)]
        ended = []
        async for event in events:
            if event["type"] in TERMINAL:
                ended.append(event["request_id"])
                if len(ended) == 20:
                    break
        assert sorted(ended) == sorted(map(int, tickets))  # type: ignore[arg-type]

    run(main())


def test_a_stream_waits_for_what_is_yet_to_come(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        for id in range(50):
            following = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            assert not following.done()
            ticket = engine.load_sample_async(id, path)
            event = await following
            while event["type"] not in TERMINAL:
                assert event["request_id"] == ticket
                event = await anext(events)

    run(main())


def test_a_stream_ends_with_its_engine_after_what_is_left(
    run: Run, sounds: Sounds, slow: Path
) -> None:
    path = sounds.wav()

    async def read(events: hotcue.EventStream) -> list[hotcue.LoaderEvent]:
        return [event async for event in events]

    async def main() -> None:
        engine = hotcue.AudioEngine(output="offline", workers=1)
        for _ in range(2):
            engine.run()
            waiting = asyncio.ensure_future(read(engine.events()))
            later = engine.events()
            await engine.load(path, id=0)
            engine.load_sample_async(1, slow)
            engine.load_sample_async(2, path)
            await asyncio.to_thread(engine.shut_down)
            for told in (await waiting, await read(later)):
                ends = [event["type"] for event in told if event["type"] in TERMINAL]
                assert sorted(ends) == ["cancelled", "cancelled", "success"]
            with pytest.raises(StopAsyncIteration):
                await anext(later)
            with pytest.raises(RuntimeError, match="^Audio engine not initialized$"):
                engine.events()

    run(main())


def test_a_stream_ends_when_its_engine_is_let_go_of(run: Run, sounds: Sounds) -> None:
    async def main() -> None:
        engine = hotcue.AudioEngine(output="offline")
        engine.run()
        events = engine.events()
        await engine.load(sounds.wav(), id=0)

        async def read() -> list[str]:
            return [event["type"] async for event in events]

        waiting = asyncio.ensure_future(read())
        await asyncio.sleep(0.01)
        del engine
        assert "success" in await waiting

    run(main())


def test_a_stream_that_is_let_go_of_is_gone(run: Run, engine: hotcue.AudioEngine) -> None:
    async def main() -> None:
        events = engine.events()
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(anext(events), 0.01)
        gone = weakref.ref(events)
        del events
        while gone() is not None:  # Free-threaded, the task that waited is still about to end.
            await asyncio.sleep(0.01)
            gc.collect()

    run(main())


def test_aclose_ends_those_who_wait(run: Run, engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    async def main() -> None:
        async with contextlib.aclosing(engine.events()) as events:
            waiting = [asyncio.ensure_future(anext(events, None)) for _ in range(3)]
            await asyncio.sleep(0.01)
            await events.aclose()
            assert await asyncio.gather(*waiting) == [None] * 3
        await engine.load(sounds.wav(), id=0)
        assert [event async for event in events] == []

    run(main())


def test_giving_up_waiting_loses_no_event(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        tickets = [engine.load_sample_async(id, path) for id in range(50)]
        ended: list[int | None] = []
        while len(ended) < 50:
            with contextlib.suppress(TimeoutError):
                event = await asyncio.wait_for(anext(events), 0.0001)
                if event["type"] in TERMINAL:
                    ended.append(event["request_id"])
        assert sorted(map(int, tickets)) == sorted(ended)  # type: ignore[type-var]

    run(main())


def test_of_several_readers_of_one_stream_each_event_goes_to_one(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        ended: list[int | None] = []

        async def read() -> None:
            async for event in events:
                if event["type"] in TERMINAL:
                    ended.append(event["request_id"])

        readers = [asyncio.ensure_future(read()) for _ in range(5)]
        await asyncio.sleep(0)
        tickets = [engine.load_sample_async(id % 64, path) for id in range(200)]
        while len(ended) < 200:
            await asyncio.sleep(0.001)
        await events.aclose()
        await asyncio.gather(*readers)
        assert sorted(map(int, tickets)) == sorted(ended)  # type: ignore[type-var]

    run(main())


def test_loops_in_several_threads_read_streams_of_their_own(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()
    streams = [engine.events() for _ in range(6)]
    ended: list[list[int | None]] = [[] for _ in streams]

    async def read(n: int) -> None:
        async for event in streams[n]:
            if event["type"] in TERMINAL:
                ended[n].append(event["request_id"])

    threads = [threading.Thread(target=lambda n=n: run(read(n))) for n in range(len(streams))]
    for thread in threads:
        thread.start()
    tickets = [engine.load_sample_async(id % 64, path) for id in range(200)]
    wait_until("loads to end", lambda: engine.stats()["live"] == 0)
    engine.shut_down()
    for thread in threads:
        thread.join(PATIENCE_SEC)
        assert not thread.is_alive()
    assert [sorted(map(int, tickets))] * 6 == [sorted(e) for e in ended]  # type: ignore[type-var]


def test_promise_3_what_nobody_reads_is_bounded(sounds: Sounds) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", slots=1) as engine:
        events = engine.events()
        for _ in range(3_000):
            engine.load_sample_async(0, path).result(PATIENCE_SEC)

    async def main() -> list[str]:
        return [event["type"] async for event in events]

    told = asyncio.run(main())
    assert told.count("success") == 3_000
    assert len(told) == 3_000 + 1_024
    assert events.dropped_events > 0


def test_streams_of_voices_have_each_event_and_take_none(run: Run, sounds: Sounds) -> None:
    path = sounds.wav()

    async def read(events: hotcue.EventStream[hotcue.PlaybackEvent]) -> list[tuple[str, int]]:
        return [(event["type"], event["voice"]) async for event in events]

    async def main() -> None:
        with hotcue.AudioEngine(output="null") as engine:
            await engine.load(path, id=0)
            early, closed = engine.playback_events(), engine.playback_events()
            waiting = asyncio.ensure_future(read(engine.playback_events()))
            await asyncio.sleep(0)
            voices = [engine.play_sample(0) for _ in range(20)]
            heard = [await anext(early) for _ in range(40)]
            ends = [event["voice"] for event in heard if event["type"] == "ended"]
            assert sorted(ends) == voices
            await closed.aclose()
            late = engine.playback_events()
            polled = [engine.wait_playback_event(0) for _ in range(41)]
            assert polled.pop() is None
            await asyncio.to_thread(engine.shut_down)
        told = await waiting
        assert told == [(event["type"], event["voice"]) for event in polled if event]
        assert sorted(told) == sorted((what, v) for v in voices for what in ("started", "ended"))
        assert await read(early) == await read(late) == await read(closed) == []
        with pytest.raises(RuntimeError, match="^Audio engine not initialized$"):
            engine.playback_events()

    run(main())


def test_a_stream_of_voices_that_nobody_reads_is_bounded(run: Run) -> None:
    async def main() -> None:
        with hotcue.AudioEngine(output="offline", slots=2) as engine:
            tone = np.zeros(512, np.float32)
            await engine.load(tone, id=0, sample_rate=48_000)
            events = engine.playback_events()
            looping = engine.play_sample(0, loop=True)
            engine.render(512 * 3_000)  # A round each.
            voices = [engine.play_sample(0) for _ in range(100)]
            engine.render(1_024)
            engine.shut_down()
            told = [event async for event in events]
        rounds = [event for event in told if event["type"] == "looped"]
        assert len(rounds) == 2_048 and rounds[0]["voice"] == looping
        assert rounds[-1]["rounds"] == 3_002
        assert [event["voice"] for event in told if event["type"] == "ended"] == voices
        assert events.dropped_events == 3_002 - len(rounds)

    run(main())
