"""Starting, stopping, and ending the interpreter: nothing is left behind, nothing hangs."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures.thread import _WorkItem
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE_SEC, Sounds, drain, pcm, wait_until, wav_bytes

import hotcue

Python = Callable[..., "subprocess.CompletedProcess[str]"]

LONG = bool(os.environ.get("HOTCUE_LONG"))
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_with_runs_and_shuts_down(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        assert engine.is_running()
        ticket = engine.load_sample_async(0, sounds.wav())
        ticket.result(PATIENCE_SEC)
    assert not engine.is_running()
    assert ticket.result().frames == 480


def test_with_shuts_down_when_its_body_raises() -> None:
    with pytest.raises(KeyError), hotcue.AudioEngine(output="offline") as engine:
        raise KeyError
    assert not engine.is_running()


def test_async_with(sounds: Sounds) -> None:
    async def main() -> hotcue.AudioEngine:
        async with hotcue.AudioEngine(output="offline") as engine:
            assert engine.is_running()
            ticket = engine.load_sample_async(0, sounds.wav())
            while ticket.sample is None:
                await asyncio.sleep(0.001)
            return engine

    assert not asyncio.run(main()).is_running()


@pytest.mark.parametrize("has_come_so_far", [False, True])
def test_async_with_that_is_cancelled_while_it_starts_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch, has_come_so_far: bool
) -> None:
    engine = hotcue.AudioEngine(output="offline")
    start, starts, goes_on, has_started = engine._start, *(threading.Event() for _ in range(3))

    def slowly() -> str | None:
        starts.set()
        assert goes_on.wait(PATIENCE_SEC)
        fallback = start()
        has_started.set()
        return fallback

    async def main() -> None:
        task = asyncio.create_task(engine.__aenter__())
        assert await asyncio.to_thread(starts.wait, PATIENCE_SEC)
        if has_come_so_far:
            # The task has not seen it: this holds up its loop.
            goes_on.set()
            assert has_started.wait(PATIENCE_SEC)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        goes_on.set()

    monkeypatch.setattr(engine, "_start", slowly)
    asyncio.run(main())
    assert has_started.wait(PATIENCE_SEC)
    wait_until("the engine ends", lambda: not engine.is_running())
    # One that was running before is somebody else's.
    with engine:
        with pytest.raises(RuntimeError, match="already running"):
            asyncio.run(engine.__aenter__())
        assert engine.is_running()


def test_async_with_ends_while_all_threads_of_its_loop_wait_for_it(python: Python) -> None:
    done = python(
        """if True:
        import asyncio, hotcue
        from concurrent.futures import ThreadPoolExecutor
        async def main():
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
            async with hotcue.AudioEngine(output="null") as engine:
                wait = engine.wait_playback_event
                waits = [asyncio.create_task(asyncio.to_thread(wait)) for _ in range(3)]
                await asyncio.sleep(0)  # Each task has asked for a thread.
            print(await asyncio.gather(*waits))
        asyncio.run(main())
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[None, None, None]\n", "")


def test_async_with_ends_where_no_thread_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> bool:
        async with hotcue.AudioEngine(output="offline") as engine:
            monkeypatch.setattr(threading.Thread, "start", start)
        monkeypatch.undo()
        return engine.is_running()

    assert not asyncio.run(main())


def test_async_with_ends_where_its_task_is_cancelled_before_its_thread_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = _WorkItem.run

    def late(item: Any, *args: Any) -> None:
        time.sleep(0.05)
        run(item, *args)

    async def use(engine: hotcue.AudioEngine) -> None:
        async with engine:
            monkeypatch.setattr(_WorkItem, "run", late)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    async def main() -> None:
        engine = hotcue.AudioEngine(output="offline")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(use(engine))
        wait_until("it has ended", lambda: not engine.is_running())

    asyncio.run(main())


def test_async_with_that_is_let_go_of_while_it_starts_leaves_nothing_running() -> None:
    engine = hotcue.AudioEngine(output="offline")

    async def main() -> None:
        entering = engine.__aenter__()
        entering.send(None)
        entering.close()

    asyncio.run(main())
    for thread in threading.enumerate():
        if thread.name.startswith("hotcue-async-with"):
            thread.join()
    assert not engine.is_running()


def test_async_with_elsewhere_than_in_asyncio_says_what_to_use() -> None:
    engine = hotcue.AudioEngine(output="offline")
    with pytest.raises(RuntimeError, match='only a task of asyncio .* use "with"'):
        engine.__aenter__().send(None)
    assert not engine.is_running()


def test_running_again_starts_afresh(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline")
    for _ in range(3):
        with engine:
            assert engine.state(0) == "empty"
            assert engine.clock().frame == 0
            ticket = engine.load_sample_async(0, sounds.wav())
            drain(engine, [ticket])
            assert engine.state(0) == "ready"


def test_engines_share_nothing(sounds: Sounds) -> None:
    with (
        hotcue.AudioEngine(output="offline") as one,
        hotcue.AudioEngine(output="offline", sample_rate=44_100) as other,
    ):
        drain(one, [one.load_sample_async(0, sounds.wav())])
        assert other.state(0) == "empty"
        assert (one.clock().sample_rate, other.clock().sample_rate) == (48_000, 44_100)


@needs_proc
@pytest.mark.parametrize(
    ("asked", "more"), [({}, 5), ({"worker_nice": 0}, 0), ({"worker_nice": 9}, 9)]
)
def test_what_loads_gives_way_to_the_thread_that_started_it(
    asked: dict[str, int], more: int
) -> None:
    def nice(task: Path) -> int:
        # What follows the name, which may hold spaces, is at fixed places: proc(5).
        return int((task / "stat").read_text().rpartition(")")[2].split()[16])

    tasks = Path("/proc/self/task")
    own = nice(tasks / str(threading.get_native_id()))

    def of(name: str) -> list[int]:
        found = []
        for task in tasks.iterdir():
            # Threads end meanwhile.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if (task / "comm").read_text().startswith(name):
                    found.append(nice(task))
        return found

    with hotcue.AudioEngine(output="offline", workers=3, **asked):
        # They name and lower themselves. The fourth one only looks at files.
        wait_until("lowered decoders", lambda: of("hotcue-decode") == [own + more] * 4)
        wait_until("a lowered loader", lambda: of("hotcue-loader") == [own + more])
        wait_until("the sink", lambda: of("hotcue-sink") == [own])


@needs_proc
def test_100_starts_leak_no_thread_and_no_descriptor(sounds: Sounds) -> None:
    path = sounds.wav()

    def once() -> None:
        with hotcue.AudioEngine(output="null", workers=2) as engine:
            for id in range(3):
                engine.load_sample_async(id, path)
            engine.play_sample(0)

    once()  # Whatever is opened once per process.
    # A thread that was there before may be gone later; one that stays each time would be many.
    most_threads, most_descriptors = threads(), descriptors()
    for _ in range(100):
        once()
    wait_until("threads to be gone", lambda: threads() <= most_threads)
    wait_until("descriptors to be closed", lambda: descriptors() <= most_descriptors)


@needs_proc
def test_a_run_that_fails_for_want_of_threads_leaves_none(python: Python) -> None:
    # Each thread takes so much of the addresses of a process that there is room for a few alone.
    stack = 1 << 30
    done = python(
        """if True:
        import os, resource, sys, time, hotcue
        stack = int(sys.argv[1])
        tasks = "/proc/self/task"
        before = len(os.listdir(tasks))
        used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")
        for room in range(1, 6):
            resource.setrlimit(resource.RLIMIT_AS, (used + room * stack + stack // 2, -1))
            engine = hotcue.AudioEngine(output="offline", workers=8)
            try:
                engine.run()
            except hotcue.HotcueError as error:
                assert "threads" in str(error), error
            else:
                raise AssertionError(room)
            deadline = time.monotonic() + 20
            while len(os.listdir(tasks)) > before:
                assert time.monotonic() < deadline, room
                time.sleep(0.001)
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        engine.run()
        engine.shut_down()
        """,
        str(stack),
        env={**os.environ, "RUST_MIN_STACK": str(stack)},
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_proc
@pytest.mark.parametrize("how", ["del", "cycle"])
def test_the_last_reference_gone_ends_an_engine(slow: Path, how: str) -> None:
    before = threads()
    engine = hotcue.AudioEngine(output="null")
    engine.run()
    engine.load_sample_async(0, slow)
    assert threads() > before
    if how == "cycle":
        engine.myself = engine  # type: ignore[attr-defined]
    del engine
    gc.collect()
    wait_until("threads to be gone", lambda: threads() <= before)


def test_promise_9_shutting_down_is_quick(sounds: Sounds, slow: Path) -> None:
    path = sounds.wav(frames=48_000)

    def seconds() -> float:
        with hotcue.AudioEngine(output="offline", workers=2) as engine:
            engine.load_sample_async(0, slow)
            for id in range(1, 400):
                engine.load_sample_async(id, path)
            began = time.monotonic()
            engine.shut_down()
            return time.monotonic() - began

    # The promise is 0.2 s; a loaded machine gets ten times that here, and stands still at times.
    wait_until("it is quick", lambda: seconds() < 2.0)


EXIT = """if True:
    import sys, threading, hotcue
    kept = []
    def start():
        engine = hotcue.AudioEngine(output=sys.argv[2], workers=3)
        engine.run()
        tickets = [engine.load_sample_async(id, sys.argv[1]) for id in range(100)]
        engine.play_sample(0)
        kept.append((engine, tickets, tickets[0].sample))
        return tickets
    tickets = start()
    match sys.argv[3]:
        case "cycle":
            kept.append(kept)
        case "raise":
            raise SystemExit(7)
        case "daemon":
            def wait():
                try:
                    tickets[-1].result()
                except hotcue.LoadCancelled:
                    pass
            threading.Thread(target=wait, daemon=True).start()
        case "submitting":
            def submit():
                try:
                    while True:
                        kept[0][0].load_many_async({id: sys.argv[1] for id in range(50)})
                except RuntimeError:
                    pass
            threading.Thread(target=submit, daemon=True).start()
        case "starting":
            def cycle():
                try:
                    while True:
                        with hotcue.AudioEngine(output=sys.argv[2]) as engine:
                            engine.load_sample_async(0, sys.argv[1])
                except RuntimeError:
                    pass
            threading.Thread(target=cycle, daemon=True).start()
            while len(hotcue.engine._started) < 2:
                pass
        case "builtins":
            import builtins
            builtins.kept = kept  # Torn down last of all.
"""


@pytest.mark.parametrize("turn", range(20 if LONG else 1))
@pytest.mark.parametrize("output", ["offline", "null"])
@pytest.mark.parametrize(
    "how", ["plain", "cycle", "raise", "daemon", "submitting", "starting", "builtins"]
)
def test_the_interpreter_exits_with_loads_in_flight(
    python: Python, slow: Path, how: str, output: str, turn: int
) -> None:
    done = python(EXIT, str(slow), output, how)
    assert done.returncode == (7 if how == "raise" else 0), done.stderr
    assert done.stderr == ""
    assert done.stdout == ""


CALLING = """if True:
    import contextlib, sys, threading, time, hotcue
    engine = hotcue.AudioEngine(output="offline")
    engine.run()
    ticket = engine.load_sample_async(0, sys.argv[1], analyze="waveform")
    sample, coloured = ticket.result(), ticket.analysis_result()["waveform"]["coloured"]
    call = {
        "cues": lambda: sample.loops + sample.cues,
        "html": sample._repr_html_,
        "pixels": lambda: coloured.pixels(50),
        "render": lambda: engine.render(100),
        "waveform": lambda: sample.waveform(50),
    }[sys.argv[2]]
    if sys.argv[2] != "render":  # In which NumPy is loaded.
        call()
    def repeat():
        with contextlib.suppress(RuntimeError):  # The engine has ended.
            while True:
                call()
    for _ in range(3):
        threading.Thread(target=repeat, daemon=True).start()
    time.sleep(0.05)  # Not for order: to have them all at it.
"""


@pytest.mark.parametrize("call", ["cues", "html", "pixels", "render", "waveform"])
def test_the_interpreter_exits_while_daemons_call(
    python: Python, tmp_path: Path, call: str
) -> None:
    smpl = struct.pack("<9I6I", *[0] * 7, 1, 0, 0, 0, 100, 199, 0, 0)
    cue = struct.pack("<III4sIII", 1, 1, 0, b"data", 0, 0, 100)
    body = wav_bytes(pcm(48_000))[8:]
    for name, chunk in ((b"smpl", smpl), (b"cue ", cue)):
        body += name + struct.pack("<I", len(chunk)) + chunk
    path = tmp_path / "looped.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    for _ in range(10 if LONG else 3):
        done = python(CALLING, str(path), call)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_engine_that_starts_while_it_is_shut_down_ends_at_exit(python: Python) -> None:
    done = python(
        """if True:
        import atexit, hotcue
        engine = hotcue.AudioEngine(output="offline")
        native = engine._native
        class Native:
            def __getattr__(self, name):
                return getattr(native, name)
            def shut_down(self):
                native.shut_down()
                if engine._native is self:
                    engine._native = native
                    engine.run()  # As another thread may.
        engine.run()
        engine._native = Native()
        engine.shut_down()
        assert engine.is_running()
        hotcue.engine._shut_down_all()
        assert not engine.is_running()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_gets_a_clear_error(python: Python, slow: Path) -> None:
    done = python(
        """if True:
        import io, os, sys, warnings, wave, hotcue
        # Python 3.12 and later warn of what is tested here: a fork with threads.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*multi-threaded")
        engine = hotcue.AudioEngine(output="null")
        engine.run()
        with io.BytesIO() as file:
            with wave.open(file, "wb") as writer:
                writer.setparams((1, 2, 48_000, 0, "NONE", "none"))
                writer.writeframes(bytes(range(256)) * 100)
            content = file.getvalue()
        held, streamed = (
            engine.load_sample_async(3 + stream, content, stream=stream, analyze="waveform")
            for stream in (False, True)
        )
        held, streamed = held.result(60), streamed.result(60)
        ticket = engine.load_sample_async(0, sys.argv[1])
        batch = engine.load_many_async({1: sys.argv[1], 2: sys.argv[1]})
        def refused(call):
            try:
                call()
            except RuntimeError as error:
                assert "fork" in str(error), error
            else:
                raise AssertionError(call)
        child = os.fork()
        if child == 0:
            refused(lambda: engine.load_sample_async(1, sys.argv[1]))
            refused(engine.run)
            refused(engine.poll_loader_events)
            refused(engine.drain_loader_events)
            refused(engine.poll_playback_events)
            refused(lambda: engine.play_sample(0))
            refused(lambda: engine.sample(0))
            refused(lambda: ticket.result(1))
            refused(ticket.cancel)
            refused(lambda: engine.load_many_async({1: sys.argv[1]}))
            refused(lambda: engine.set_priority(ticket, 1))
            refused(engine.loads)
            refused(engine.stats)
            refused(batch.cancel)
            # What is in memory it may look at, and waits for nobody who is not there.
            assert held.to_numpy().shape == (1, 12_800)
            assert abs(held.waveform(8).min).max() > 0
            held.analysis
            refused(lambda: streamed.waveform(8))
            assert batch.progress.total == 2
            assert not engine.is_running()
            engine.shut_down()  # There is nothing to end here: no error.
            refused(hotcue.AudioEngine(output="null").run)
            del engine
            print("child done", flush=True)
            sys.exit(3)  # Through atexit and destructors, unlike os._exit.
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 3
        assert engine.state(0) in ("loading", "playable")  # The parent goes on.
        print("parent done")
        """,
        str(slow),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "child done\nparent done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_that_was_forked_before_any_engine_ran_has_its_own(python: Python) -> None:
    done = python(
        """if True:
        import os, hotcue
        ended = hotcue.AudioEngine(output="null")
        ended.run()
        ended.shut_down()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                with hotcue.AudioEngine(output="null") as own:
                    own.load_sample_async(0, b"no audio")
                    while own.state(0) != "failed":
                        pass
                os._exit(3)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 3
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_output_is_one_warning(python: Python, tmp_path: Path) -> None:
    empty = tmp_path / "alsa.conf"
    empty.write_text("")
    program = """if True:
        import warnings, hotcue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with hotcue.AudioEngine() as engine:
                events = []
                while not any(event["type"] == "device" for event in events):
                    events += engine.drain_loader_events()
        kinds = [warning.category for warning in caught]
        assert kinds == [hotcue.NoOutputWarning], kinds
        assert [event["state"] for event in events] == ["fallback"], events
        warnings.simplefilter("error")
        try:
            engine.run()
        except hotcue.NoOutputWarning:
            assert not engine.is_running()
        else:
            raise AssertionError
        try:
            hotcue.AudioEngine(output="default").run()
        except hotcue.DeviceError as error:
            assert error.kind and str(error)
        else:
            raise AssertionError
    """
    # ALSA without any configuration has no device, whatever the machine has.
    done = python(program, env={**os.environ, "ALSA_CONFIG_PATH": str(empty)})
    assert (done.returncode, done.stderr) == (0, "")


def test_the_warning_points_at_the_caller(python: Python, tmp_path: Path) -> None:
    empty = tmp_path / "alsa.conf"
    empty.write_text("")
    program = """if True:
        import asyncio, warnings, hotcue
        def run():
            engine = hotcue.AudioEngine()
            engine.run()
            engine.shut_down()
        def by_with():
            with hotcue.AudioEngine(): pass
        async def by_async_with():
            async with hotcue.AudioEngine(): pass
        for start in (run, by_with, lambda: asyncio.run(by_async_with())):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                start()
            assert [warning.filename for warning in caught] == ["<string>"], caught
    """
    done = python(program, env={**os.environ, "ALSA_CONFIG_PATH": str(empty)})
    assert (done.returncode, done.stderr) == (0, "")


SUBINTERPRETER = """if True:
    import sys, warnings
    warnings.simplefilter("ignore")  # NumPy has one of its own to say.
    code = "import hotcue"
    if sys.version_info >= (3, 14):
        from concurrent import interpreters
        run = interpreters.create().exec
    else:
        if sys.version_info >= (3, 13):
            import _interpreters as interpreters
        else:
            import _xxsubinterpreters as interpreters
        id = interpreters.create()
        run = lambda code: interpreters.run_string(id, code)
    try:
        failure = run(code)  # Some versions return what was raised.
    except Exception as error:
        failure = error
    assert failure is not None
    assert "subinterpreters" in str(getattr(failure, "msg", failure)), failure
    import hotcue
    with hotcue.AudioEngine(output="offline") as engine:
        assert engine.render(4).shape == (2, 4)
    print("done")
"""


def test_subinterpreters_are_refused(python: Python) -> None:
    done = python(SUBINTERPRETER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_many_threads_use_one_engine(sounds: Sounds) -> None:
    path = sounds.wav()
    failures: list[BaseException] = []
    with hotcue.AudioEngine(output="null", slots=8) as engine:

        def work(n: int) -> None:
            try:
                for round in range(50):
                    ticket = engine.load_sample_async((n + round) % 8, path)
                    engine.play_sample(ticket.id, 0.1)
                    if round % 3 == 0:
                        ticket.cancel()
                    elif round % 7 == 0:
                        engine.unload_sample(ticket.id)
                    else:
                        with contextlib.suppress(hotcue.LoadCancelled):  # Superseded.
                            ticket.result(PATIENCE_SEC)
                    engine.stats()
                    engine.loads()
            except BaseException as error:
                failures.append(error)

        workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(PATIENCE_SEC)
    assert not failures
    assert not any(worker.is_alive() for worker in workers)
    events = [event for event in engine.drain_loader_events() if event["request_id"]]
    ended = [e["request_id"] for e in events if e["type"] in ("success", "error", "cancelled")]
    assert len(ended) == len(set(ended)) == 400


def test_an_engine_starts_and_stops_at_any_moment(sounds: Sounds, slow: Path) -> None:
    path = sounds.wav()
    engine = hotcue.AudioEngine(output="offline", slots=64, workers=2)
    tickets: list[hotcue.LoadTicket] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def load(n: int) -> None:
        try:
            while not done.is_set():
                try:
                    batch = engine.load_many_async([(n * 16 + i, path) for i in range(8)])
                    one = engine.load_sample_async(n * 16 + 9, slow)
                    engine.set_priority(one, n)
                    engine.state(n)
                    engine.loads()
                except RuntimeError as error:
                    assert str(error) == "Audio engine not initialized"
                else:
                    tickets.extend([*batch.requests, one])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=load, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        engine.run()
        time.sleep(0.002)  # Not for order: to stop in the midst of something.
        engine.shut_down()
    done.set()
    for thread in threads:
        thread.join(PATIENCE_SEC)
    assert not failures
    assert not engine.is_running()
    for ticket in tickets:
        with contextlib.suppress(hotcue.LoadCancelled):
            ticket.result(0)  # Nothing is left undecided.
    ends = [
        e["request_id"] for e in engine.drain_loader_events() if e["type"] in hotcue.events.TERMINAL
    ]
    assert len(ends) == len(set(ends))
    assert {int(ticket) for ticket in tickets} <= set(ends)


def test_an_engine_says_what_it_is_and_cannot_be_copied() -> None:
    engine = hotcue.AudioEngine(output="offline")
    assert repr(engine).endswith(": not running>")
    with engine:
        assert repr(engine).endswith(": running>")
        for value, name in ((engine, "AudioEngine"), (engine.events(), "EventStream")):
            for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError, match=f"an {name} cannot be copied or pickled"):
                    attempt(value)
        gc.collect()
        assert engine.is_running()
