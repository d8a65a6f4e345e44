"""Very many who load, wait and poll at once. The long form (HOTCUE_LONG) has more of the same."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE_SEC, TERMINAL, Sounds, wait_until
from test_lifecycle import needs_proc

import hotcue

Run = Callable[[Coroutine[Any, Any, Any]], Any]

LONG = bool(os.environ.get("HOTCUE_LONG"))


def rss_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_promise_3_poll_two_streams_and_2000_tasks_have_all_of_2000_loads(
    run: Run, sounds: Sounds
) -> None:
    loads = 2_000
    good = [sounds.wav(f"{n}.wav", frames=200 + n, seed=n) for n in range(50)]
    paths = [*good, sounds.missing(), sounds.corrupt()]

    async def wait(ticket: hotcue.LoadTicket) -> str:
        try:
            await ticket
        except hotcue.LoadError:
            return "error"
        except hotcue.LoadCancelled:
            return "cancelled"
        return "success"

    async def read(stream: hotcue.EventStream) -> dict[int | None, str]:
        ends: dict[int | None, str] = {}
        async for event in stream:
            if event["type"] in TERMINAL:
                assert event["request_id"] not in ends
                ends[event["request_id"]] = event["type"]
                if len(ends) == loads:
                    break
        return ends

    async def poll(engine: hotcue.AudioEngine) -> dict[int | None, str]:
        ends: dict[int | None, str] = {}
        while len(ends) < loads:
            while (event := engine.poll_loader_events()) is not None:
                if event["type"] in TERMINAL:
                    assert event["request_id"] not in ends
                    ends[event["request_id"]] = event["type"]
            await asyncio.sleep(1 / 60)
        return ends

    async def main() -> None:
        with hotcue.AudioEngine(output="offline", slots=loads) as engine:
            readers = [asyncio.ensure_future(read(engine.events())) for _ in range(2)]
            polled = asyncio.ensure_future(poll(engine))
            tickets = []
            for n in range(loads):
                tickets.append(engine.load_sample_async(n, paths[n % len(paths)]))
                if n % 40 == 0:
                    tickets[-1].cancel()  # Mostly before a decoder has come to it.
            waiting = [asyncio.ensure_future(wait(ticket)) for ticket in tickets]
            awaited = dict(zip(map(int, tickets), await asyncio.gather(*waiting), strict=True))
            assert await polled == awaited
            assert [await reader for reader in readers] == [awaited] * 2
            kinds = Counter(awaited.values())
            assert kinds["success"] > loads * 0.9
            assert kinds["error"] > 0
            assert kinds["cancelled"] > 0

    run(main())


@needs_proc
def test_very_many_awaited_loads_that_nobody_polls_take_no_memory(sounds: Sounds) -> None:
    loads = 200_000 if LONG else 6_000
    paths = [sounds.wav(f"{n}.wav", frames=200 + n, seed=n) for n in range(40)]

    async def load_all(engine: hotcue.AudioEngine, numbers: Iterator[int], own_id: int) -> None:
        for n in numbers:
            # At an id of one's own, again and again, or wherever there is room.
            if n % 2:
                await engine.load(paths[n % 40], id=own_id)
            else:
                sample = await engine.load(paths[n % 40])
                engine.unload_sample(sample.id)

    async def main() -> int:
        with hotcue.AudioEngine(output="offline", slots=64) as engine:
            before = 0
            # The last third first: by then decoders, allocators and the loop have what they need.
            for first in (loads * 2 // 3, 0):
                numbers = iter(range(first, loads))
                await asyncio.gather(*(load_all(engine, numbers, 40 + id) for id in range(20)))
                gc.collect()
                if not before:
                    before = rss_bytes()
            assert engine.stats()["unread_events"] == 1  # Of the device.
            assert engine.stats()["live"] == 0
            return rss_bytes() - before

    # 24 bytes a load would be more.
    assert asyncio.run(main()) < max(4_000_000, loads * 24)


def test_a_thousand_threads_poll(sounds: Sounds) -> None:
    readers = 1_000 if LONG else 200
    loads = 4_000 if LONG else 1_000
    path = sounds.wav()
    ended: list[int | None] = []
    done = threading.Event()
    failures: list[BaseException] = []

    def poll(engine: hotcue.AudioEngine) -> None:
        try:
            while not done.is_set():
                event = engine.poll_loader_events()
                if event is None:
                    done.wait(0.002)
                elif event["type"] in TERMINAL:
                    ended.append(event["request_id"])
        except BaseException as error:
            failures.append(error)

    with hotcue.AudioEngine(output="offline", slots=64) as engine:
        threads = [threading.Thread(target=poll, args=(engine,)) for _ in range(readers)]
        for thread in threads:
            thread.start()
        tickets = [engine.load_sample_async(n % 64, path) for n in range(loads)]
        wait_until("each terminal event", lambda: len(ended) >= loads)
        engine.shut_down()
        done.set()
        for thread in threads:
            thread.join(PATIENCE_SEC)
            assert not thread.is_alive()
    assert not failures
    assert sorted(ended) == sorted(map(int, tickets))  # type: ignore[type-var]


@pytest.mark.parametrize("seed", range(20 if LONG else 2))
def test_8_threads_load_cancel_await_and_shut_down(sounds: Sounds, slow: Path, seed: int) -> None:
    paths = [sounds.wav(), slow, sounds.missing(), sounds.corrupt()]
    turns = 300 if LONG else 60
    engine = hotcue.AudioEngine(output="offline", slots=16, workers=2)
    tickets: list[hotcue.LoadTicket] = []
    failures: list[BaseException] = []

    async def await_some(chance: random.Random) -> None:
        async def one() -> None:
            with contextlib.suppress(hotcue.LoadError, hotcue.LoadCancelled, TimeoutError):
                path = chance.choice(paths)
                await asyncio.wait_for(engine.load(path, id=chance.randrange(16)), 0.005)

        await asyncio.gather(*(one() for _ in range(5)))

    def turn(chance: random.Random) -> None:
        match chance.randrange(12):
            case 0:
                engine.shut_down()
            case 1:
                engine.run()
            case 2:
                engine.unload_sample(chance.randrange(16))
            case 3:
                asyncio.run(await_some(chance))
            case 4:
                batch = engine.load_many_async([(n, chance.choice(paths)) for n in range(16)])
                tickets.extend(batch.requests)
                batch.cancel()
                batch.result(PATIENCE_SEC)
            case 5 if tickets:
                chance.choice(tickets).cancel()
            case _:
                tickets.append(engine.load_sample_async(chance.randrange(16), chance.choice(paths)))

    def work(n: int) -> None:
        chance = random.Random(seed * 8 + n)
        try:
            for _ in range(turns):
                try:
                    turn(chance)
                except RuntimeError as error:
                    assert str(error) in (
                        "Audio engine not initialized",
                        "Audio engine already running",
                    ), error
        except BaseException as error:
            failures.append(error)

    engine.run()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SEC)
        assert not thread.is_alive(), "a deadlock"
    assert not failures, failures
    engine.shut_down()
    for ticket in tickets:
        with contextlib.suppress(hotcue.LoadError, hotcue.LoadCancelled):
            ticket.result(0)  # Nothing is left undecided.
    ends = [e["request_id"] for e in engine.drain_loader_events() if e["type"] in TERMINAL]
    assert sorted(ends) == sorted(map(int, tickets))  # type: ignore[type-var]
