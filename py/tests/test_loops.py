"""Event loops that end, fork or are left: nothing is lost, nothing hangs, nothing stays behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import subprocess
import threading
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from loops import Factory, Readerless
from support import PATIENCE_SEC, RUNNING, Sounds, wait_until
from test_lifecycle import descriptors, needs_proc, threads

import hotcue

Python = Callable[..., "subprocess.CompletedProcess[str]"]


def stand_ins() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "hotcue-stand-in"]


def collected() -> bool:
    """What only refers to itself is gone. A stand-in may have kept it till now."""
    gc.collect()
    return True


def test_a_loop_that_watches_descriptors_has_no_thread(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    before = stand_ins()  # Of another test, for a moment.
    asyncio.run(engine.load(sounds.wav(), id=0))
    assert set(stand_ins()) <= set(before)


def test_a_thread_that_cannot_be_had_fails_one_wait_only(
    engine: hotcue.AudioEngine, sounds: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                await engine.load(sounds.wav(), id=0)
        await engine.load(sounds.wav(), id=0)

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with asyncio.Runner(loop_factory=Readerless) as runner:
        runner.run(asyncio.wait_for(main(), PATIENCE_SEC))
    wait_until("the thread to be gone", lambda: stand_ins() == [])


def test_a_loop_that_watches_none_has_a_thread_while_it_waits(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    async def main() -> None:
        for _ in range(200):
            await engine.load(sounds.wav(), id=0)
            assert len(stand_ins()) == 1
        task = asyncio.ensure_future(engine.load(slow, id=1))
        await asyncio.sleep(0.3)
        assert len(stand_ins()) == 1
        task.cancel()
        while stand_ins():
            await asyncio.sleep(0.01)
        await engine.load(sounds.wav(), id=0)  # Another one.

    with asyncio.Runner(loop_factory=Readerless) as runner:
        runner.run(main())
    wait_until("the thread to be gone", lambda: stand_ins() == [])


@needs_proc
def test_100_loops_leave_no_thread_and_no_descriptor(
    new_loop: Factory, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.wav()

    async def main() -> None:
        events = engine.events()
        await asyncio.gather(*(engine.load(path, id=id) for id in range(3)))
        await anext(events)

    def once() -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())

    once()
    wait_until("threads to be gone", lambda: stand_ins() == [] and collected())
    before = threads(), descriptors()
    for _ in range(100):
        once()
    wait_until("all to be gone", lambda: collected() and (threads(), descriptors()) <= before)


@needs_proc
def test_a_loop_that_is_closed_while_tasks_wait(
    new_loop: Factory, engine: hotcue.AudioEngine, sounds: Sounds, slow: Path
) -> None:
    before = threads(), descriptors()
    loop = new_loop()

    async def read(events: hotcue.EventStream) -> None:
        async for _ in events:
            pass

    waiting = [loop.create_task(engine.load(slow, id=id)) for id in (1, 2)]
    waiting.append(loop.create_task(read(engine.events())))
    loop.set_exception_handler(lambda loop, context: None)  # It says that tasks were pending.
    while not {engine.state(1), engine.state(2)} & set(RUNNING):
        loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    gone = weakref.ref(loop)
    del waiting, loop
    # Who waited is gone, and so are the loads that nobody else knows of.
    wait_until("the loop to be gone", lambda: collected() and gone() is None)
    wait_until("no loads", lambda: engine.loads() == [])
    asyncio.run(engine.load(sounds.wav(), id=1))
    wait_until("all to be gone", lambda: collected() and (threads(), descriptors()) <= before)


def test_a_thread_does_not_keep_a_loop_that_nobody_closes(engine: hotcue.AudioEngine) -> None:
    async def read() -> None:
        await anext(engine.events())

    loop = Readerless()
    loop.set_exception_handler(lambda loop, context: None)  # It says that a task was pending.
    waiting = weakref.ref(loop.create_task(read()))
    loop.run_until_complete(asyncio.sleep(0.3))
    assert waiting() is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # It says that nobody has closed it.
        del loop
        wait_until("the task to be gone", lambda: collected() and waiting() is None)
    wait_until("the thread to be gone", lambda: stand_ins() == [])


def test_a_loop_keeps_nothing_of_the_tasks_that_waited(
    new_loop: Factory, engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    class Something:
        pass

    variable: contextvars.ContextVar[Something] = contextvars.ContextVar("variable")

    async def first() -> weakref.ref[Something]:
        something = Something()
        variable.set(something)
        await engine.load(sounds.wav(), id=0)
        return weakref.ref(something)

    async def main() -> None:
        something = await asyncio.create_task(first())
        while something() is not None:
            await asyncio.sleep(0.01)
            gc.collect()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(main(), PATIENCE_SEC))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_goes_on_in_no_loop_of_its_parent(python: Python, slow: Path) -> None:
    done = python(
        """if True:
        import asyncio, gc, os, sys, warnings, hotcue
        # Python 3.12 and later warn of what is tested here: a fork with threads.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*multi-threaded")
        engine = hotcue.AudioEngine(output="offline")
        engine.run()
        events = engine.events()
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda loop, context: None)
        async def read():
            async for event in events: pass
        tasks = [loop.create_task(engine.load(sys.argv[1], id=0)), loop.create_task(read())]
        loop.run_until_complete(asyncio.sleep(0.05))
        child = os.fork()
        if child == 0:
            async def refused(call):
                try:
                    await call()
                except RuntimeError as error:
                    assert "fork" in str(error), error
                else:
                    raise AssertionError(call)
            asyncio.run(refused(lambda: engine.load(sys.argv[1])))
            asyncio.run(refused(lambda: anext(events)))
            for call in (engine.fileno, engine.events, engine.wait_event, engine.dispatch_events):
                try:
                    call()
                except RuntimeError as error:
                    assert "fork" in str(error), error
                else:
                    raise AssertionError(call)
            async def own():
                async with hotcue.AudioEngine(output="offline"): pass
            asyncio.run(refused(own))
            del tasks, events, loop  # In the midst of waiting.
            gc.collect()
            print("child done", flush=True)
            sys.exit(3)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 3, status
        engine.unload_sample(0)
        try:
            loop.run_until_complete(tasks[0])  # The parent goes on.
        except hotcue.LoadCancelled:
            print("parent done")
        engine.shut_down()
        loop.run_until_complete(tasks[1])
        loop.close()
        """,
        str(slow),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "child done\nparent done\n"


EXIT = """if True:
    import asyncio, sys, threading, hotcue
    class Readerless(asyncio.SelectorEventLoop):
        def add_reader(self, *args): raise NotImplementedError
    slow, kind, how = sys.argv[1:]
    new_loop = Readerless if kind == "readerless" else asyncio.new_event_loop
    engine = hotcue.AudioEngine(output="offline")
    engine.run()
    begun = threading.Event()
    async def read():
        async for event in engine.events(): pass
    async def main():
        waiting = [engine.load(slow, id=id) for id in range(20)]
        begun.set()
        await asyncio.gather(read(), *waiting, return_exceptions=True)
    loop = new_loop()
    match how:
        case "daemon":  # Its loop runs on into the end.
            threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True).start()
            begun.wait()
        case "left":
            loop.set_exception_handler(lambda loop, context: None)
            task = loop.create_task(main())
            loop.run_until_complete(asyncio.sleep(0.05))
        case "closed":
            loop.set_exception_handler(lambda loop, context: None)
            task = loop.create_task(main())
            loop.run_until_complete(asyncio.sleep(0.05))
            loop.close()
        case "interrupted":
            async def interrupted():
                task = asyncio.ensure_future(main())
                await asyncio.sleep(0.05)
                raise SystemExit(0)
            asyncio.run(interrupted())
"""


@pytest.mark.parametrize("kind", ["standard", "readerless"])
@pytest.mark.parametrize("how", ["daemon", "left", "closed", "interrupted"])
def test_the_interpreter_exits_with_tasks_that_wait(
    python: Python, slow: Path, kind: str, how: str
) -> None:
    done = python(EXIT, str(slow), kind, how, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert "Fatal" not in done.stderr


def test_an_engine_that_nobody_holds_ends_while_a_task_waits(slow: Path) -> None:
    async def main() -> None:
        engine = hotcue.AudioEngine(output="offline")
        engine.run()
        ticket = engine.load_sample_async(0, slow)

        async def wait() -> None:
            with pytest.raises(hotcue.LoadCancelled, match="shutdown"):
                await ticket

        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0.01)
        del engine
        await waiting

    asyncio.run(main())


def test_asyncio_comes_with_the_first_await(python: Python, sounds: Sounds) -> None:
    done = python(
        """if True:
        import sys, hotcue
        with hotcue.AudioEngine(output="offline") as engine:
            ticket = engine.load_sample_async(0, sys.argv[1])
            ticket.result()
            engine.events()
            engine.fileno()
            while engine.wait_event(0.05):
                pass
            assert "asyncio" not in sys.modules
            import asyncio
            async def main():
                return await ticket
            assert asyncio.run(main()) == ticket.result()
        """,
        str(sounds.wav()),
    )
    assert (done.returncode, done.stderr) == (0, "")
