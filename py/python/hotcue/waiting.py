"""Waiting in asyncio's event loops for what engine threads do, which never call Python.

Each loop has a *bell*: engine threads put numbers into its `Wakeups`, which makes a descriptor
readable; the loop watches that and finds by the numbers which of its tasks go on. For a loop that
can watch none, as Windows' Proactor, a thread waits in its place, for as long as it is needed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import itertools
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ._hotcue import Wakeups, Watch

T = TypeVar("T")

IDLE_SEC = 0.1
"""For how long a thread stays when nobody waits any more: somebody may again at once."""

# Bells belong to their loops: who waits keeps both, and neither is kept here.
_bells: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Bell]]
_bells = weakref.WeakKeyDictionary()


def running_loop() -> asyncio.AbstractEventLoop:
    """The loop of the task that runs. Raises `RuntimeError` where there is none, as in trio."""
    return _loop_or(
        "only a task of asyncio can await what hotcue loads; elsewhere wait for a ticket's "
        "result() in a thread, or for the engine's fileno()"
    )


def _loop_or(complaint: str) -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(complaint) from None


async def in_a_thread(call: Callable[[], T]) -> T:
    """What `call` returns, without holding up the loop meanwhile; it is called in any case. In a
    thread of its own: those that `asyncio.to_thread` has may all wait for the engine that is to
    end."""
    loop = _loop_or(
        'only a task of asyncio can start an engine by "async with"; elsewhere use "with", or '
        "run() and shut_down() in a thread"
    )
    thread = ThreadPoolExecutor(1, "hotcue-async-with")
    try:
        future = asyncio.wrap_future(thread.submit(call), loop=loop)
    except RuntimeError:  # There is no thread left: the loop is held up for a moment.
        return call()
    try:
        # A task that is cancelled takes no call back that its thread has not come to yet.
        return await asyncio.shield(future)
    finally:
        thread.shutdown(wait=False)


async def until_woken(
    watch: Callable[[Wakeups, int], Watch | None], abandon: Callable[[], None] | None = None
) -> Watch | None:
    """Suspends the running task until what `watch` watches wakes it.

    `watch` is told where to put which number then; it answers None if there is nothing to wait for
    any more. What it answers else comes back, to be kept for as long as the task needs it.
    `abandon` is called if the task is cancelled, or goes with its loop, before it was woken, and
    where it cannot be, as no descriptor is left.
    """
    loop = running_loop()
    number = None
    try:
        bell = _bell_of(loop)
        future = loop.create_future()
        number = bell.enter(future, loop)
        watching = watch(bell.wakeups, number)
        if watching is not None:
            await future
        return watching
    except BaseException:
        if abandon is not None:
            abandon()
        raise
    finally:
        if number is not None:
            bell.leave(number)


def _bell_of(loop: asyncio.AbstractEventLoop) -> Bell:
    known = _bells.get(loop)
    bell = None if known is None else known()
    if bell is None:
        bell = Bell(loop)
        _bells[loop] = weakref.ref(bell)
    return bell


class Bell:
    """What wakes the tasks of one loop. Only the loop's own thread uses it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.wakeups = Wakeups()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._numbers = itertools.count()
        self._stand_in: StandIn | None = None
        try:
            # A loop keeps the context of whoever adds a reader: not that of the first task to come
            # by, with all that is in it.
            contextvars.Context().run(loop.add_reader, self.wakeups.fileno(), self._look)
        except NotImplementedError:
            self._stand_in = StandIn(self)

    def enter(self, future: asyncio.Future[None], loop: asyncio.AbstractEventLoop) -> int:
        """Somebody waits; returns the number that wakes them."""
        if self._stand_in is not None:
            self._stand_in.begin(loop)
        number = next(self._numbers)
        self._waiting[number] = future
        return number

    def leave(self, number: int) -> None:
        """Nobody waits under this number any more."""
        self._waiting.pop(number, None)
        if self._stand_in is not None and not self._waiting:
            self._stand_in.rest()

    def _look(self) -> None:
        self.ring(self.wakeups.take())

    def ring(self, numbers: Iterable[int]) -> None:
        """Those who wait under these numbers go on."""
        for number in numbers:
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                future.set_result(None)


class StandIn:
    """A thread that waits in place of a loop, while tasks of that wait and a moment longer. Where
    they are let go of together, it ends: it does not keep them."""

    def __init__(self, bell: Bell) -> None:
        self._bell = weakref.ref(bell)
        self._resting: Bell | None = None  # Kept here when no task does.
        self._wakeups = bell.wakeups
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Somebody waits."""
        with self._lock:
            self._resting = None
            if self._thread is None:
                # A daemon: nobody shall wait at exit for a loop that nobody ends.
                thread = threading.Thread(
                    target=self._wait,
                    args=(weakref.ref(loop),),
                    name="hotcue-stand-in",
                    daemon=True,
                )
                _standing_in[thread] = self._wakeups
                try:
                    thread.start()
                except RuntimeError:  # There is no thread left. The next one who waits tries again.
                    del _standing_in[thread]
                    raise
                self._thread = thread

    def rest(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._resting = self._bell()

    def _wait(self, loop: weakref.ref[asyncio.AbstractEventLoop]) -> None:
        while (numbers := self._wakeups.wait(IDLE_SEC)) is not None:
            if not self._goes_on(numbers, self._bell(), loop()):
                break
        _standing_in.pop(threading.current_thread(), None)

    def _goes_on(
        self, numbers: list[int], bell: Bell | None, loop: asyncio.AbstractEventLoop | None
    ) -> bool:
        """Hands the numbers to the loop; whether there is still one to wait for."""
        if bell is None or loop is None:
            return False
        if numbers:
            try:
                loop.call_soon_threadsafe(bell.ring, numbers)
            except RuntimeError:  # The loop was closed.
                return False
            return True
        with self._lock:
            if self._resting is not None or loop.is_closed():
                self._thread = self._resting = None
            return self._thread is not None


_standing_in: dict[threading.Thread, Wakeups] = {}


@atexit.register
def _end_all() -> None:
    # While Python still runs: it would stop them for good wherever they are.
    for thread, wakeups in list(_standing_in.items()):
        wakeups.end()
        # One that is only being started now finds that this has ended.
        with contextlib.suppress(RuntimeError):
            thread.join()
