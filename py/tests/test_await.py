"""`await`: of `engine.load()`, of tickets and of batches, in every kind of loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE_SEC, RUNNING, Sounds, drain, wait_until

import hotcue

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def runs(engine: hotcue.AudioEngine, id: int) -> None:
    """Until a decoder is at the load of the id."""
    while engine.state(id) not in RUNNING:
        await asyncio.sleep(0.001)


def test_load_returns_the_sample(run: Run, engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    async def main() -> None:
        sample = await engine.load(sounds.wav(frames=123), id=7)
        assert (sample.frames, sample.id) == (123, 7)
        assert engine.sample(7) == sample
        assert engine.play_sample(sample.id) is not None
        content = await engine.load(sounds.wav(frames=77).read_bytes(), id=8, priority=5)
        assert content.frames == 77
        with io.BytesIO(sounds.wav(frames=66).read_bytes()) as file:
            assert (await engine.load(file, id=8)).frames == 66
        array = np.zeros((2, 55), np.float32)
        assert (await engine.load(array, id=8, sample_rate=48_000)).frames == 55
        streamed = await engine.load(sounds.wav(frames=99), id=9, stream=True)
        assert streamed.streamed

    run(main())


def test_many_at_once(run: Run, engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    paths = [sounds.wav(f"{n}.wav", frames=100 + n, seed=n) for n in range(50)]

    async def main() -> None:
        samples = await asyncio.gather(*(engine.load(path) for path in paths))
        assert [sample.frames for sample in samples] == [100 + n for n in range(50)]
        assert [sample.id for sample in samples] == list(range(50))

    run(main())


def test_a_load_without_an_id_takes_the_lowest_free_one_until_it_is_unloaded(
    run: Run, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        with hotcue.AudioEngine(output="offline", slots=3) as engine:
            held = [await engine.load(path) for _ in range(3)]
            assert [sample.id for sample in held] == [0, 1, 2]
            with pytest.raises(hotcue.HotcueError, match="no free slot"):
                await engine.load(path)
            for _ in range(100):
                engine.unload_sample(1)
                assert (await engine.load(path)).id == 1
            with pytest.raises(FileNotFoundError):
                engine.unload_sample(2)
                await engine.load(sounds.missing())
            assert (await engine.load(path)).id == 2  # One that failed takes none.
            assert held[1].frames == 480

    run(main())


def test_promise_3_awaited_loads_never_enter_the_poll_queue(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        for id in range(20):
            await engine.load(path, id=id, analyze=["loudness"])
        with pytest.raises(hotcue.LoadError):
            await engine.load(sounds.corrupt(), id=20)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.load(slow, id=21), 0.05)
        heard = ended = 0
        while heard < 20 or ended < 22:
            event = await anext(events)
            ended += event["type"] in hotcue.events.TERMINAL
            heard += event["type"] == "analysis"
        ticket = engine.load_sample_async(0, path)  # The next one does.
        await ticket
        assert {*drain(engine, [ticket])} == {int(ticket)}

    run(main())
    assert {event["type"] for event in engine.drain_loader_events()} <= {"device"}


def test_a_ticket_can_be_awaited_by_many_and_again(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    async def wait(ticket: hotcue.LoadTicket) -> hotcue.Sample:
        return await ticket

    async def main() -> None:
        ticket = engine.load_sample_async(0, sounds.wav(frames=480_000))
        samples = await asyncio.gather(ticket, wait(ticket), wait(ticket))
        assert [sample.frames for sample in samples] == [480_000] * 3
        assert samples[0] == ticket.result(0) == await ticket
        drain(engine, [ticket])  # Awaiting took no event.

    run(main())


def test_what_has_ended_is_there_at_once(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    ticket = engine.load_sample_async(0, sounds.wav())
    ticket.result(PATIENCE_SEC)

    async def main() -> None:
        later = asyncio.get_running_loop().create_task(asyncio.sleep(0))
        await ticket
        assert not later.done(), "the loop had a turn"
        await later

    asyncio.run(main())


def test_a_load_that_fails_raises_load_error(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    async def main() -> None:
        with pytest.raises(hotcue.LoadError) as caught:
            await engine.load(sounds.missing(), id=9)
        assert isinstance(caught.value, FileNotFoundError)
        assert (caught.value.kind, caught.value.id) == ("not_found", 9)
        with pytest.raises(hotcue.LoadError):
            await engine.load_sample_async(9, sounds.corrupt())

    run(main())


@pytest.mark.parametrize("by", ["cancel_load", "superseded", "unload", "shut_down"])
def test_a_load_that_is_cancelled_raises_load_cancelled(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds, slow: Path, by: str
) -> None:
    path = sounds.wav()

    async def main() -> None:
        tasks = [asyncio.create_task(engine.load(slow, id=id)) for id in (3, 4)]
        await runs(engine, 3)
        match by:
            case "cancel_load":
                for load in engine.loads():
                    assert engine.cancel_load(load.request_id)
            case "superseded":
                for id in (3, 4):
                    engine.load_sample_async(id, path)
            case "unload":
                for id in (3, 4):
                    engine.unload_sample(id)
            case _:
                await asyncio.to_thread(engine.shut_down)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        reason = {"superseded": "superseded", "shut_down": "shutdown"}.get(by, "user")
        for id, error in zip((3, 4), ended, strict=True):
            assert isinstance(error, hotcue.LoadCancelled)
            assert not isinstance(error, asyncio.CancelledError)
            assert (error.reason, error.id) == (reason, id)
        assert not any(task.cancelled() for task in tasks)

    run(main())


@pytest.mark.parametrize("what", ["load", "ticket", "batch"])
@pytest.mark.parametrize("how", ["cancel", "wait_for"])
def test_cancelling_the_task_cancels_its_load(
    run: Run, engine: hotcue.AudioEngine, slow: Path, what: str, how: str
) -> None:
    async def wait() -> object:
        match what:
            case "load":
                return await engine.load(slow, id=5)
            case "ticket":
                return await engine.load_sample_async(5, slow)
            case _:
                return await engine.load_many_async({5: slow, 6: slow})

    async def main() -> None:
        events = engine.events()
        task = asyncio.create_task(wait())
        await runs(engine, 5)
        if how == "cancel":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(task, 0.01)
        assert engine.loads() == []
        assert engine.state(5) == "empty"
        async for event in events:
            if event["type"] == "cancelled":
                assert event["reason"] == "user"
                break

    run(main())


def test_an_analysis_returns_what_is_heard_and_tells_nobody_else(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    async def main() -> None:
        for id in range(20):
            await engine.load(sounds.wav(f"{id}.wav", frames=9_000, seed=id), id=id)
        all_heard = await asyncio.gather(
            *(engine.analyze(id, ["key", "loudness"]) for id in (*range(20), 0))
        )
        assert all(list(heard) == ["loudness", "key"] for heard in all_heard)
        assert all_heard[0] == all_heard[20] != all_heard[1]
        first = engine.sample(0)
        assert first is not None
        assert all_heard[0] == first.analysis == await engine.analyze(0, ["loudness", "key"])
        assert await engine.analyze(0, []) == {}
        with pytest.raises(hotcue.NotReadyError):
            await engine.analyze(20)
        with pytest.raises(ValueError, match="kinds"):
            await engine.analyze(0, "tempo")  # type: ignore[arg-type]

    run(main())
    assert {event["type"] for event in engine.drain_loader_events()} <= {"device"}


def test_a_ticket_has_what_its_load_asked_for_whatever_comes_into_its_slot(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    async def main() -> None:
        path = sounds.wav(frames=9_000)
        ticket = engine.load_sample_async(3, path, analyze=["key", "loudness"])
        heard = await ticket.analysis()
        assert list(heard) == ["loudness", "key"]
        assert heard == ticket.result(0).analysis
        await engine.load(sounds.wav("other.wav", frames=9_000, seed=1), id=3)
        assert await ticket.analysis() == heard != await engine.analyze(3, ["key", "loudness"])
        with pytest.raises(FileNotFoundError):
            await engine.load_sample_async(4, sounds.missing(), analyze="key").analysis()

        task = asyncio.create_task(engine.load_sample_async(5, slow, analyze="key").analysis())
        await asyncio.sleep(0)  # It waits.
        await runs(engine, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert engine.loads() == []

    run(main())


def test_where_nothing_can_wake_a_task_what_it_began_is_given_up(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: object) -> None:
        raise OSError(errno.EMFILE, "no descriptor is left")

    async def main() -> None:
        path = sounds.wav()
        monkeypatch.setattr("hotcue.waiting._bell_of", none_left)
        for source in (path, slow):
            with pytest.raises(OSError, match="no descriptor"):
                await engine.load(source)
        with pytest.raises(OSError, match="no descriptor"):
            await engine.load_sample_async(1, slow, analyze="key").analysis()
        assert engine.loads() == []
        monkeypatch.undo()
        assert (await engine.load(path)).id == 0

    asyncio.run(main())


def test_cancelling_the_task_cancels_its_analysis(run: Run, sounds: Sounds, slow: Path) -> None:
    async def main() -> None:
        with hotcue.AudioEngine(output="offline", workers=1) as engine:
            await engine.load(sounds.wav(), id=0)
            engine.load_sample_async(1, slow)  # No decoder hears anything meanwhile.
            await runs(engine, 1)
            tasks = [asyncio.create_task(engine.analyze(0, kind)) for kind in ("bpm", "key")]
            events = engine.events()
            await asyncio.sleep(0.01)
            assert engine.stats()["analyses"] == 2
            tasks[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[0]
            async for event in events:
                if event["type"] == "analysis":
                    assert (event["analysis"], event["kind"]) == ("bpm", "user")
                    break
            assert engine.stats()["analyses"] == 1
            engine.unload_sample(0)
            with pytest.raises(hotcue.LoadCancelled, match="user"):
                await tasks[1]

    run(main())


@pytest.mark.parametrize("id", [None, 5])
@pytest.mark.parametrize("how", ["cancel", "close"])
def test_a_task_that_is_cancelled_just_after_success_keeps_no_slot_that_nobody_knows(
    run: Run, sounds: Sounds, slow: Path, id: int | None, how: str
) -> None:
    path, slot = sounds.wav(), 0 if id is None else id

    async def main() -> None:
        with hotcue.AudioEngine(output="offline", slots=8, workers=1) as engine:
            busy = engine.load_sample_async(7, slow, priority=100)
            loading = engine.load(path, id=id)
            if how == "cancel":
                task = asyncio.create_task(loading)
                await asyncio.sleep(0)
            else:
                loading.send(None)
            busy.cancel()
            # The loop stands meanwhile, so that the task cannot go on.
            wait_until("the load has succeeded", lambda: engine.sample(slot) is not None)
            if how == "cancel":
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                loading.close()
            assert engine.state(slot) == ("empty" if id is None else "ready")

    run(main())


def test_a_shielded_ticket_goes_on(run: Run, engine: hotcue.AudioEngine, slow: Path) -> None:
    async def main() -> None:
        ticket = engine.load_sample_async(0, slow)

        async def wait() -> hotcue.Sample:
            return await ticket

        waiting = asyncio.ensure_future(wait())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.02)
        assert [load.request_id for load in engine.loads()] == [ticket]
        assert ticket.cancel()
        with pytest.raises(hotcue.LoadCancelled):
            await waiting

    run(main())


def test_a_batch_has_the_outcome_of_each(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    good = sounds.wav(frames=99)
    items = [(0, good), (1, sounds.missing()), (2, slow), (3, sounds.corrupt()), (4, good)]

    def check(outcomes: list[Any]) -> None:
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds[0] is kinds[4] is hotcue.Sample
        assert [outcomes[n].frames for n in (0, 4)] == [99, 99]
        assert [outcomes[n].id for n in range(5)] == list(range(5))
        assert isinstance(outcomes[1], FileNotFoundError)
        assert isinstance(outcomes[2], hotcue.LoadCancelled)
        assert isinstance(outcomes[3], hotcue.LoadError)

    async def main() -> None:
        batch = engine.load_many_async(items)
        asyncio.get_running_loop().call_later(0.05, batch.requests[2].cancel)
        check(await batch)
        check(batch.result(0))
        check(await batch)
        assert await engine.load_many_async([]) == []

    run(main())


def test_the_result_of_a_batch_waits_for_all(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    batch = engine.load_many_async([(0, slow), (1, sounds.wav())])
    for timeout in (0, 0.05):
        with pytest.raises(TimeoutError):
            batch.result(timeout)
    with pytest.raises(ValueError, match="timeout out of range"):
        batch.result(float("nan"))
    threading.Timer(0.05, batch.cancel).start()
    cancelled, sample = batch.result(PATIENCE_SEC)
    assert isinstance(cancelled, hotcue.LoadCancelled)
    assert isinstance(sample, hotcue.Sample)
    assert engine.load_many_async([]).result() == []


def test_what_the_call_raises_is_raised_by_the_await(run: Run, sounds: Sounds) -> None:
    async def main() -> None:
        engine = hotcue.AudioEngine(output="offline", slots=2)
        with pytest.raises(RuntimeError, match="^Audio engine not initialized$"):
            await engine.load(sounds.wav())
        with engine:
            with pytest.raises(ValueError, match="^id out of range$"):
                await engine.load(sounds.wav(), id=2)
            with pytest.raises(TypeError, match="^path must be"):
                await engine.load(None)  # type: ignore[arg-type]
            with pytest.raises(ValueError, match="^priority out of range$"):
                await engine.load(sounds.wav(), priority=101)

    run(main())


def test_a_load_that_is_never_awaited_never_begins(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    coroutine = engine.load(sounds.wav(), id=0)
    assert engine.state(0) == "empty"
    coroutine.close()


def test_several_loops_in_several_threads_share_an_engine(
    run: Run, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav(frames=4800)
    shared = engine.load_sample_async(63, path)
    frames: list[int] = []
    failures: list[BaseException] = []

    async def main(first: int) -> None:
        for _ in range(20):
            ids = range(first, first + 5)
            samples = await asyncio.gather(*(engine.load(path, id=id) for id in ids), shared)
            frames.extend(sample.frames for sample in samples)

    def work(first: int) -> None:
        try:
            run(main(first))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n * 5,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SEC)
    assert not failures
    assert frames == [4800] * (8 * 20 * 6)


def test_promise_7_no_thread_of_any_kind_runs_python_for_those_who_wait(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav(frames=48_000)
    before = set(threading.enumerate())

    async def main() -> None:
        loads = asyncio.gather(*(engine.load(path, id=id) for id in range(50)))
        while not loads.done():
            # What another test has left may end meanwhile.
            assert set(threading.enumerate()) <= before
            # A thread that ever was in Python has a frame or a thread state here.
            assert set(sys._current_frames()) <= {thread.ident for thread in before}
            await asyncio.sleep(0)

    asyncio.run(main())


def test_with_a_budget_what_arrives_during_the_wait_is_there(sounds: Sounds) -> None:
    paths = [sounds.wav(f"{n}.wav", frames=48_000, seed=n) for n in range(40)]
    budget = 48_000 * 4 * 5 // 2

    async def main() -> None:
        with hotcue.AudioEngine(output="offline", workers=2, memory_budget=budget) as engine:

            async def one(id: int) -> int:
                # Evicted by the next ones as soon as nobody holds it.
                return (await engine.load(paths[id], id=id)).frames

            for first in range(0, 40, 2):
                assert await asyncio.gather(one(first), one(first + 1)) == [48_000] * 2
            wait_until("room", lambda: engine.stats()["sample_bytes"] <= budget)

    asyncio.run(main())


def test_without_a_loop_of_asyncio_the_error_says_what_to_do(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    ticket = engine.load_sample_async(0, sounds.wav())
    batch = engine.load_many_async([])
    waits: list[Any] = [
        engine.load(sounds.wav()),
        ticket.__await__(),
        batch.__await__(),
        engine.load_sample_async(1, sounds.wav()).__await__(),
    ]
    for wait in waits:
        with pytest.raises(RuntimeError, match=r"result\(\) in a thread, or for the .* fileno\(\)"):
            wait.send(None)
    assert engine.state(2) == "empty", "nothing was loaded that nobody could wait for"
