"""The engine: loads samples in the background and plays them."""

from __future__ import annotations

import atexit
import contextlib
import inspect
import os
import warnings
import weakref
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from . import _hotcue
from .arrays import checked_rate
from .batch import LoadBatch, pairs
from .errors import DeviceError, NoOutputWarning
from .events import EventCallbacks
from .source import Source, cache_folder, is_audio, read, resolve
from .stream import EventStream
from .ticket import LoadTicket
from .values import (
    Clock,
    Device,
    Levels,
    LoadStatus,
    LoopMode,
    Meters,
    Normalize,
    Playhead,
    Retrigger,
    SlotState,
    Stats,
    WhenLoading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self, Unpack

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Buffer  # Comes with every type checker.

    from ._hotcue import Sample
    from .analysis import Analysis, Kinds
    from .events import LoaderEvent, PlaybackEvent

# All that were ever started: nobody can tell whether another thread starts one again just now. By
# their `id`: unlike a set of them it can be listed while another thread starts one.
_started: weakref.WeakValueDictionary[int, AudioEngine] = weakref.WeakValueDictionary()


@contextlib.contextmanager
def _naming(output: str) -> Iterator[None]:
    """Tells a `DeviceError` which device was asked for."""
    try:
        yield
    except DeviceError as error:
        if output not in ("auto", "default", "null", "offline"):
            error.path = output
        raise


class AudioEngine:
    """Loads audio samples without ever making the caller wait, and plays them.

    ::

        with hotcue.AudioEngine() as engine:
            engine.load_sample_async(0, "kick.wav")
            while (event := engine.poll_loader_events()) is None or event["type"] != "success":
                ...  # draw a frame
            engine.play_sample(0)

    Any thread may call any method. Only `run`, `shut_down`, `set_output`, `render`,
    `wait_event`, `wait_playback_event`, and `result` and `analysis_result` of a ticket or a batch
    may take longer than a moment, and reading a file-like object; they release the GIL. So may
    `load_many_async` and `loads` with very many loads. A load of an array, or of content, copies it
    first, which takes a hundredth of a second for each ten seconds of stereo.
    No thread of the engine ever runs Python.

    `id` is a slot, 0 up to `slots` - 1: anything with ``__index__``, but no `bool`. Outside that
    range every method raises ``ValueError("id out of range")``. Outside `run()`…`shut_down()`
    most raise ``RuntimeError("Audio engine not initialized")``; those that do not, say so. In a
    forked child no engine of the parent goes on, and where any ran when it was forked, none can run
    at all: a `RuntimeError` says so. Start such processes with "spawn" or "forkserver".
    """

    def __init__(
        self,
        *,
        output: str = "auto",
        sample_rate: int | None = None,
        buffer_frames: int | None = None,
        slots: int = 1024,
        workers: int | None = None,
        memory_budget: int | None = None,
        max_sample_bytes: int | None = None,
        max_source_bytes: int | None = 1 << 30,
        max_queued: int = 1_000_000,
        max_voices: int = 128,
        limiter: bool = False,
        meter_rate_hz: int = 60,
        worker_nice: int = 5,
        cache_dir: str | os.PathLike[str] | None = None,
        cache_audio: bool = True,
        cache_bytes: int = 4 << 30,
    ) -> None:
        """Checks the arguments and opens nothing.

        `output` is ``"auto"`` (the default device; without one ``"null"``, with a
        `NoOutputWarning`), ``"default"`` (or `DeviceError`), ``"null"`` (paced by a clock, no
        sound), ``"offline"`` (no clock: `render()` pulls) or the id of one of
        `hotcue.devices()`. `sample_rate` (Hz) is the engine's rate and that of every loaded
        sample, whatever outputs come and go; None takes that of the first, 48,000 on ``"null"``
        and ``"offline"``. A device of another rate gets the mix resampled.
        `buffer_frames` asks the device for that many frames per callback, 65,536 at most. `workers`
        decode at a time, 1 to 256 (None: one per core); those without a load of their own help with
        that of another.
        The nice value of what loads lies `worker_nice`, 0 to 19, above that of the thread that
        calls `run()`, so that it gives way to a UI (on Linux). `slots` is 1 to 1,048,576.
        `max_queued` is how many loads may wait, `max_voices` how many may sound, 1 to 4,096; one
        more takes the place of another, see `play_sample`. `limiter` turns on what keeps the mix
        within full scale, see `set_limiter`; `meter_rate_hz`, 1 to 1000, is how often `meters()`
        shows something new at most.
        `max_sample_bytes` limits one decoded sample (None, and what is more: three quarters of the
        memory, on Linux and macOS), `max_source_bytes` what is read from one file-like object
        (None: no limit).

        `memory_budget` is how many bytes of decoded audio there may be, finished or not, 4 for
        each value. When a load needs room, what was used least recently leaves memory, with an
        `evicted` event: used is what was loaded, played, or asked for with `sample()`. What
        plays stays, what is pinned (`pin_sample`), what the program holds as a `Sample` or an
        array of it, and what came from no path. `play_sample` loads an evicted id again. A load
        that does not fit ends with an `error` of the kind ``"out_of_memory_budget"``.

        `cache_dir` is a folder, made if it is not there, in which decoded audio and results of
        analyses are kept: the next time they are read from there, by this engine or any other, in
        this process or another. Audio is found by what is in the file: one that has changed is
        decoded anew. Kept is what takes longer to decode than to read; none with
        ``cache_audio=False``. Results are found by the audio, wherever it came from. When there is
        more than `cache_bytes`, audio leaves: what was used longest ago, but of the last quarter of
        an hour what was used last, so that of a set that is larger most is there the next time;
        results only where they take more than a quarter.

        Raises `ValueError` for a value out of range, `TypeError` for one of the wrong type.
        """
        self._output = output
        self._native = _hotcue.Engine(
            output,
            sample_rate,
            buffer_frames,
            slots,
            workers,
            memory_budget,
            max_sample_bytes,
            max_source_bytes,
            max_queued,
            max_voices,
            limiter,
            meter_rate_hz,
            worker_nice,
            cache_folder(cache_dir),
            cache_audio,
            cache_bytes,
        )
        self._callbacks: dict[str, Callable[[Any], object]] = {}

    def run(self) -> None:
        """Starts the engine's threads and opens its output.

        After `shut_down()` it starts afresh with empty slots; request and voice ids go on
        rising. Raises ``RuntimeError("Audio engine already running")``, `DeviceError` when
        the output that was asked for does not open, or `OSError` when `cache_dir` cannot be used;
        nothing runs then.
        """
        self._warn(self._start())

    def _start(self) -> str | None:
        _started[id(self)] = self
        with _naming(self._output):
            return self._native.run()

    def _warn(self, fallback: str | None) -> None:
        """Says why there is no sound, in the name of whoever called the method that calls this."""
        if fallback is not None:
            try:
                warnings.warn(
                    f"no audio device opened ({fallback}): playing to nowhere until one appears",
                    NoOutputWarning,
                    stacklevel=3,
                )
            except NoOutputWarning:  # The caller turned warnings into exceptions.
                self.shut_down()
                raise

    def shut_down(self) -> None:
        """Cancels what still loads, stops the sound and ends every thread. Idempotent.

        Events that were not read stay readable, samples and their arrays stay valid.
        """
        self._native.shut_down()

    def is_running(self) -> bool:
        """Whether `run()` has returned and `shut_down()` was not called since."""
        return self._native.is_running()

    def __enter__(self) -> Self:
        self._warn(self._start())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shut_down()

    async def __aenter__(self) -> Self:
        import asyncio  # Only those who have it loaded already come here.

        from .waiting import in_a_thread

        runs = left = False

        def start() -> str | None:
            nonlocal runs
            fallback = self._start()
            runs = True
            if left:
                self.shut_down()
            return fallback

        try:
            fallback = await in_a_thread(start)
        except (asyncio.CancelledError, GeneratorExit):
            # The thread goes on, and nobody comes to end what it starts: whoever is later does.
            left = True
            if runs:
                self.shut_down()
            raise
        self._warn(fallback)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from .waiting import in_a_thread

        await in_a_thread(self.shut_down)

    def __reduce__(self) -> NoReturn:
        # A copy would end this one's threads when it goes.
        raise TypeError("an AudioEngine cannot be copied or pickled")

    def __repr__(self) -> str:
        state = "running" if self.is_running() else "not running"
        return f"<AudioEngine {hex(id(self))}: {state}>"

    def __del__(self) -> None:
        native = getattr(self, "_native", None)  # Not there if __init__ raised.
        if native is not None:
            native.shut_down()

    # Loading

    def load_sample_async(
        self,
        id: SupportsIndex | None,
        path: Source | Sample | NDArray[Any] | Buffer,
        *,
        priority: SupportsIndex = 0,
        stream: bool = False,
        analyze: Kinds = (),
        sample_rate: SupportsIndex | None = None,
    ) -> LoadTicket:
        """Asks for a sample to be loaded into slot `id` and returns at once.

        `path` is a path, content or a binary file, see `Source`; a `Sample`; or a NumPy array, or
        what exports a buffer of numbers: ``(channels, frames)``, or ``(frames,)`` of one channel,
        floats as they are, integers of 8 to 32 bits by full scale, of `sample_rate` in Hz, which
        only arrays need. It is copied; of a `Sample` the audio alone: its tags, loops and
        `analysis` stay behind, which a second load of its file would share. ``id=None`` takes the
        lowest free slot, which is free again if the load fails or is cancelled. Higher `priority`
        loads first, -100…100. A newer load of an id supersedes an older one that has not ended. The
        slot plays the sample that it has until the new one is there, and keeps it if the load
        fails; voices that sound go on with the one that they began with. A file that is in memory
        or being decoded already is not decoded again.

        With ``stream=True`` only the head of the file and the beginnings of its loops come into
        memory: `success` comes as soon as they are there, and what voices play is read ahead of
        them, at most 32 voices at a time. For files that are too long to be held. Seeks are
        exact; in MP3 and ADTS they are fast once the file was read through in the background. A
        voice whose file can no longer be read, or has become another one where it has to be entered
        elsewhere, fades, and ends with the reason `source_lost`.

        `analyze` names what is to be heard in it once it is loaded: ``"bpm"``, ``"key"``,
        ``"loudness"``, ``"onsets"``, ``"waveform"``, one or several. Each has one `analysis`
        event after that of the load, whatever happens, and its result in `Sample.analysis`. All
        loads go before; of analyses, those of higher `priority`. `cancel_load` ends it, also after
        `success`; so do another sample in the slot, `unload_sample` and an eviction. Of a streamed
        sample the events say that it is not in memory.

        What becomes of it is told by events, and by the ticket: exactly one of `success`,
        `error` and `cancelled`. A bad *file* never raises here. Raises `ValueError`,
        `TypeError` and `RuntimeError` as the class says, `QueueFullError` when `max_queued` loads
        are waiting, and a plain `HotcueError` when no slot is free for ``id=None``; `ValueError`
        also for a file-like object with more than `max_source_bytes`, `RuntimeError` for a `Sample`
        that is streamed or still arriving, `MemoryError` where content or an array has no room.
        """
        return self._load(id, path, priority, stream, analyze, sample_rate, awaited=False)

    def _load(
        self,
        id: SupportsIndex | None,
        path: Source | Sample | NDArray[Any] | Buffer,
        priority: SupportsIndex,
        stream: bool,
        analyze: Kinds,
        sample_rate: SupportsIndex | None,
        *,
        awaited: bool,
    ) -> LoadTicket:
        native = self._native
        source = resolve(path, sample_rate)
        if not isinstance(source, str | bytes | bytearray | memoryview):
            analyze = native.check_load(id, priority, stream, analyze)  # Before anything is read.
        content = read(source, native.max_source_bytes)
        return LoadTicket(native.load(id, content, priority, stream, analyze, awaited))

    async def load(
        self,
        path: Source | Sample | NDArray[Any] | Buffer,
        *,
        id: SupportsIndex | None = None,
        priority: SupportsIndex = 0,
        stream: bool = False,
        analyze: Kinds = (),
        sample_rate: SupportsIndex | None = None,
    ) -> Sample:
        """Loads a sample and returns it, without holding up the asyncio loop that waits for it.

        Everything is as with `load_sample_async`, but that none of its events enters the poll
        queue, but an `evicted` one later: nobody needs to poll. `events()` have them. Cancelling
        the task that waits cancels the load. Raises what `load_sample_async` raises, `LoadError` if
        the load failed, and `LoadCancelled` if it was cancelled or superseded, or the engine shut
        down. What is to be heard in it (`analyze`) is there later, in `Sample.analysis`.

        ``id=None`` takes the lowest free slot, which is then `Sample.id`. It is taken until
        `unload_sample`, as any other, or until the load fails or is cancelled, with its task also
        where it had just succeeded: who loads very many samples to look at, and not to play, gives
        them one `id` after the other, or unloads them. The `Sample` stays valid.
        """
        import asyncio  # Only those who have it loaded already come here.

        from .waiting import running_loop

        running_loop()  # Before anything is loaded that nobody could wait for.
        ticket = self._load(id, path, priority, stream, analyze, sample_rate, awaited=True)
        try:
            return await ticket
        except (asyncio.CancelledError, GeneratorExit, OSError):
            if id is None:
                self._empty_unknown(ticket)
            raise

    def _empty_unknown(self, ticket: LoadTicket) -> None:
        """Empties the slot of a load that succeeded before it could be cancelled: its number has
        come to nobody."""
        sample = ticket.sample
        with contextlib.suppress(RuntimeError):  # The engine has ended as well.
            if sample is not None and self._native.sample(ticket.id) == sample:
                self._native.unload_sample(ticket.id)

    def load_many_async(
        self,
        items: Mapping[Any, Any] | Iterable[tuple[SupportsIndex | None, Any]],
        *,
        priority: SupportsIndex = 0,
        stream: bool = False,
        analyze: Kinds = (),
        sample_rate: SupportsIndex | None = None,
    ) -> LoadBatch:
        """Asks for many samples at once and returns as soon as they are accepted.

        `items` is a mapping from ids to sources, or pairs of them, each as `load_sample_async`
        takes it; `sample_rate` is that of all arrays among them. All are accepted or none: every
        id and the type of every source is checked before anything is read, and what is raised
        leaves every slot and every older load as it was. Beyond that it is as so many calls in a
        row: of an id that comes again, the later load supersedes the earlier one. An id of None
        takes the lowest free slot that `items` does not name.

        Raises as `load_sample_async`, `QueueFullError` when not all of them may wait.
        """
        native = self._native
        if sample_rate is not None:
            checked_rate(sample_rate)
        given = []
        analyze = native.check_load(None, priority, stream, analyze)
        for index, (id, source) in enumerate(pairs(items)):
            try:
                native.check_load(id, priority, stream, analyze)
                given.append((id, resolve(source, sample_rate if is_audio(source) else None)))
            except Exception as error:
                error.add_note(f"in pair {index} of items, counted from 0")
                raise
        limit = native.max_source_bytes
        contents = [(id, read(source, limit)) for id, source in given]
        return LoadBatch(native.load_many(contents, priority, stream, analyze))

    def analyze_sample_async(
        self, id: SupportsIndex, kinds: Kinds = "bpm", *, priority: SupportsIndex = 0
    ) -> LoadTicket:
        """Has heard what the slot holds, and returns at once: see `analyze` of
        `load_sample_async`.

        It is a load that has ended already: `started`, `progress` and `success` with `from_cache`,
        then one `analysis` event per kind. What is known of the sample is told at once: it is
        heard once, whatever slots it is in and however often somebody asks.

        `LoadTicket.analysis_result` of the ticket waits for all of it, `analyze` in asyncio.

        Raises `NotReadyError` for a slot without a finished sample, else as `load_sample_async`.
        """
        return LoadTicket(self._native.analyze(id, kinds, priority, False))

    async def analyze(
        self, id: SupportsIndex, kinds: Kinds = "bpm", *, priority: SupportsIndex = 0
    ) -> Analysis:
        """Has what the slot holds heard, and returns that, by kind, as `hotcue.analyze` does,
        without holding up the asyncio loop that waits for it::

            await engine.load("loop.wav", id=0, analyze="bpm")
            heard = await engine.analyze(0, ["bpm", "key"])

        Everything is as with `analyze_sample_async`, but that none of its events enters the poll
        queue. What is known, or under way, is not heard a second time. Cancelling the task that
        waits cancels the analysis, unless somebody else has asked for the same. It hears what the
        slot holds by now: what a load asked for itself, `LoadTicket.analysis` waits for, whatever
        comes into its slot.

        Raises as `analyze_sample_async` (`NotReadyError` too where the sample has left memory), and
        as `LoadTicket.analysis_result`.
        """
        # Only those who have asyncio loaded come here.
        from .waiting import running_loop, until_woken

        running_loop()  # Before anything is heard that nobody could wait for.
        ticket = self._native.analyze(id, kinds, priority, True)
        await until_woken(ticket.watch_analysis, ticket.abandon)
        return ticket.analysis_result(0)

    def cancel_load(self, request_id: SupportsIndex) -> bool:
        """Cancels a load by its request id (a `LoadTicket` is one), or its analysis, if the load
        has succeeded. True means that its `cancelled` event follows, or `analysis` events that say
        so; False that there is no such load, or that all of it had ended."""
        return self._native.cancel_load(request_id)

    def set_priority(self, request_id: SupportsIndex, priority: SupportsIndex) -> bool:
        """Changes the priority of a queued or running load, -100…100. A running load gives way
        to one of higher priority, and goes on later without losing work. False if there is no
        such load, or it had ended."""
        return self._native.set_priority(request_id, priority)

    def poll_loader_events(self) -> LoaderEvent | None:
        """The next event, or None when there is none now. Call it until None in each frame.

        Never waits and never raises (but for a forked child): before `run()` there is nothing,
        after `shut_down()` what is left. This is the *poll queue*: of `poll_loader_events`,
        `drain_loader_events`, `wait_event` and `dispatch_events` each takes what the others then
        do not have. Unread it holds at most one `progress` per live load, every terminal event
        and every `analysis`, and the newest 1,024 others.
        """
        return self._native.poll_loader_events()

    def drain_loader_events(self, limit: SupportsIndex | None = None) -> list[LoaderEvent]:
        """All events that are there now, at most `limit`, oldest first. Never waits."""
        return self._native.drain_loader_events(limit)

    def wait_event(self, timeout: float | None = None) -> LoaderEvent | None:
        """The next event, waiting for it at most `timeout` seconds. Ctrl-C works; the GIL is
        released. None then, and at once when nothing will come any more: after `shut_down()`,
        also by another thread, once what is left was read, and before `run()`."""
        return self._native.wait_event(timeout)

    def fileno(self) -> int:
        """A descriptor that is readable while events wait in the poll queue, for `select`,
        `selectors`, ``loop.add_reader`` and the notifiers of toolkits (``QSocketNotifier``). Poll
        until None when it is; do not read from it yourself. It stays the same, also after
        `shut_down()`, for as long as the engine lives: stop watching it before. Raises `OSError`
        when no more can be opened."""
        return self._native.fileno()

    def on(self, **callbacks: Unpack[EventCallbacks]) -> None:
        """Sets what `dispatch_events()` calls, by the type of event::

            engine.on(success=show, error=complain)

        There is one callback per type: a later one takes its place, None takes it away. Raises
        `TypeError` for what is no type of event, cannot be called or is an ``async def``; nothing
        has changed then.
        """
        for kind, callback in callbacks.items():
            if kind not in EventCallbacks.__annotations__:
                known = ", ".join(EventCallbacks.__annotations__)
                raise TypeError(f"there are no events of the type {kind!r}, but of {known}")
            if callback is not None and not callable(callback):
                raise TypeError(f"the callback of {kind} cannot be called: {callback!r}")
            # Of an object that can be called, its type has the function.
            if callback is not None and any(
                inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
                for function in (callback, type(callback).__call__)
            ):
                raise TypeError(f"nobody would await the callback of {kind}: see events()")
        for kind, callback in callbacks.items():
            if callback is None:
                self._callbacks.pop(kind, None)
            else:
                self._callbacks[kind] = callback  # type: ignore[assignment]

    def dispatch_events(self) -> int:
        """Calls in this thread what `on()` has set, for each event that waits in the poll queue
        when it is called, in order; returns how many it took. To be called in each frame instead
        of polling. Events without a callback are taken, too.

        What a callback raises comes out of the call; later events then still wait. A callback may
        call anything, this too.
        """
        waiting = self._native.unread_events()
        for taken in range(waiting):
            event = self.poll_loader_events()
            if event is None:  # Another reader was quicker.
                return taken
            callback = self._callbacks.get(event["type"])
            if callback is not None:
                callback(event)
        return waiting

    def events(self) -> EventStream:
        """Every event from now on, for ``async for`` in any asyncio loop; also those of
        ``await engine.load()``. Each such stream has each event, and takes none from others. It
        ends when the engine shuts down, after what is left was read."""
        return EventStream(self._native.subscribe())

    def loads(self) -> list[LoadStatus]:
        """Every queued and running load, oldest first. Takes about a microsecond for each."""
        return list(map(LoadStatus._make, self._native.loads()))

    def state(self, id: SupportsIndex) -> SlotState:
        """What is in the slot: ``"empty"``, ``"queued"``, ``"loading"``, ``"playable"``
        (it still loads, and can be played), ``"ready"`` (also while a newer load of it runs),
        ``"failed"`` (and empty) or ``"evicted"`` (left memory to keep the budget; a play loads it
        again)."""
        return self._native.state(id)

    def sample(self, id: SupportsIndex) -> Sample | None:
        """The finished sample that the slot plays, or None. As long as you hold it, or an array
        of it, it stays in memory, whatever `memory_budget` says."""
        return self._native.sample(id)

    def pin_sample(self, id: SupportsIndex, pinned: bool = True) -> None:
        """Keeps in memory what the slot holds, now and after further loads, whatever
        `memory_budget` says, until it is unpinned or unloaded. Does not bring back what was
        evicted before."""
        self._native.pin_sample(id, pinned)

    def unload_sample(self, id: SupportsIndex) -> None:
        """Cancels the slot's loads, drops its waiting play, fades its voices and empties it.

        `Sample` objects and arrays taken from it stay valid.
        """
        self._native.unload_sample(id)

    # Playing

    def play_sample(
        self,
        id: SupportsIndex,
        volume: float = 1.0,
        *,
        normalize: Normalize | float | None = None,
        pan: float = 0.0,
        speed: float = 1.0,
        loop: bool | LoopMode = False,
        loop_start_sec: float = 0.0,
        loop_end_sec: float | None = None,
        start_sec: float = 0.0,
        end_sec: float | None = None,
        fade_in_sec: float = 0.0,
        fade_out_sec: float = 0.0,
        at_frame: SupportsIndex | None = None,
        choke: SupportsIndex | None = None,
        bus: SupportsIndex = 0,
        retrigger: Retrigger = "overlap",
        when_loading: WhenLoading = "play_when_ready",
        max_wait_sec: float = 2.0,
    ) -> int | None:
        """Plays the slot's sample and returns the voice's id, or None if nothing will sound.

        `volume` is linear gain 0…4, `pan` -1 (left)…1 (right) at constant power: 0 changes nothing,
        an end is its side 3 dB louder, alone. `speed` is -4…4 (negative plays backwards; at 0 it
        keeps its place until it is moved, and is over at the end or beyond, as at any speed).
        `at_frame`, 0 or more, is when it starts, on the engine's clock (None, or one in the past:
        at once), exact to the frame.

        `normalize` amplifies the sample beside the volume, so that all are alike: ``"peak"`` makes
        full scale of its greatest value; ``"loudness"`` brings it to -18 LUFS, which is the level
        of ReplayGain, a number to so many LUFS (-70…0), or as near as its true peak may come to -1
        dBTP; by 80 dB at most. It is the loudness of the file: of more than two channels an output
        of two has less. Of a mono sample it is that of both sides together, 3 LU more than
        ``integrated_lufs`` says, as it comes from both. A sample whose loudness is not known
        (``analyze="loudness"``) plays as it is, until its `analysis` event, or, where `cache_dir`
        has that from an earlier start, its `success`; so does one that is streamed, or that plays
        before all of it is there.

        It plays from `start_sec` of the sample to `end_sec` (None: its end), backwards from
        `start_sec` to the sample's beginning, where a `start_sec` of 0 is `end_sec`; each is the
        frame that is nearest. `fade_in_sec` and `fade_out_sec`, 0…60, fade it in, and out
        towards that end, exact to the frame. Where they are 0, the sample's own beginning and end
        are left as they are, and a start or an end in the middle takes 5 ms: a slice that begins
        with an attack keeps it with a `fade_in_sec` of one frame. The last frame of a fade out is
        silent. What starts beyond the end ends at once; one that loops starts in its loop.

        `loop` repeats the stretch from `loop_start_sec` to `loop_end_sec` (None: the end), each the
        frame that is nearest: True or ``"forward"`` from its start to its end, ``"pingpong"`` there
        and back, ``"backward"`` once there and then from its end to its start. ``"file"`` does what
        the file says (``sample.loops``, the first that is none for the release): its stretch, its
        kind, and as often as it says, of there and back the last time only there, backwards for
        ever; a file that says nothing is played once. The voice plays up to the loop and round it.
        After the last of a counted number of rounds, or once ``set_voice(voice, loop=False)`` has
        taken the loop away, it plays on to the end of the sample, which is the release of an
        instrument; `stop_voice` does not wait for that. A loop that starts beyond the end is none,
        one that ends beyond `end_sec` ends there, and without `loop` the other two say nothing; but
        an end before its start is a `ValueError` all the same.

        `retrigger` says what happens to voices of the id that sound when it starts (or are paused,
        but do not fade already): nothing (``"overlap"``), they fade (``"restart"``), this one does
        not sound (``"ignore"``), or both (``"toggle"``). `choke` is a group, 0 to 2**32 - 1: when
        it starts, such voices of that group fade, whatever their id. `bus`, 0 to 15, is what it is
        heard through, see `set_bus`.

        If `max_voices` sound already, or wait for their frames, it takes the place of the quietest
        at once, by volume and fade, of equals the oldest; if all of them wait, that of the one that
        would start last, if that is not itself. That one fades in 5 ms, and its `ended` event says
        ``"stolen"``.

        If the slot has no sample yet and its load runs, `when_loading` decides: start as soon as it
        can (one play waits per id, the latest, for at most `max_wait_sec`, 0…86,400, or until its
        `at_frame` if that is later), drop it, or raise `NotReadyError`. From its `playable` event
        on a slot plays at once, though the rest is still arriving; a voice that comes to where
        nothing is yet fades out and waits there, which `stats()` counts in `underruns`. Should the
        load end without success, it fades out for good. Of a slot whose sample was evicted this
        call loads it again, at priority 100.

        A sample of more channels than the output has, or of fewer, or for other speakers, is mapped
        by the speakers that its file names, or else by those that so many channels usually have:
        centre and surrounds at -3 dB to their sides (ITU-R BS.775), the low-frequency effects to
        none, a mono sample to left and right. Of more than 8 channels for which no speakers are
        named those are heard that the output has.

        Raises ``ValueError("volume out of range")`` and so on, also for NaN.
        """
        return self._native.play_sample(
            id,
            volume,
            normalize,
            pan,
            speed,
            loop,
            loop_start_sec,
            loop_end_sec,
            start_sec,
            end_sec,
            fade_in_sec,
            fade_out_sec,
            at_frame,
            choke,
            bus,
            retrigger,
            when_loading,
            max_wait_sec,
        )

    def stop_sample(
        self, id: SupportsIndex, *, fade_sec: float = 0.005, at_frame: SupportsIndex | None = None
    ) -> None:
        """Fades out all voices of the id, over 0…60 s, and drops its waiting play. With `at_frame`
        as `stop_voice` does, of all that are there when it is called; what is to stop sooner does.
        """
        self._native.stop_sample(id, fade_sec, at_frame)

    def pause_sample(self, id: SupportsIndex, *, at_frame: SupportsIndex | None = None) -> None:
        """Pauses all voices of the id, a waiting play's too. With `at_frame` as `pause_voice`
        does, all that there are then."""
        self._native.pause_sample(id, at_frame)

    def resume_sample(self, id: SupportsIndex, *, at_frame: SupportsIndex | None = None) -> None:
        """Goes on with all paused voices of the id. With `at_frame` as `resume_voice` does, all
        that there are then."""
        self._native.resume_sample(id, at_frame)

    def seek_sample(
        self, id: SupportsIndex, position_sec: float, *, at_frame: SupportsIndex | None = None
    ) -> None:
        """Moves all voices of the id to `position_sec` of the sample, a waiting play's too. With
        `at_frame` as `seek_voice` does, all that there are 10 ms before."""
        self._native.seek_sample(id, position_sec, at_frame)

    def stop_voice(
        self,
        voice: SupportsIndex | None,
        *,
        fade_sec: float = 0.005,
        at_frame: SupportsIndex | None = None,
    ) -> bool:
        """Fades one voice out, over 0…60 s but 1 ms at least; of two fades the one that is over
        first counts. Drops one that still waits for its load. False if it had ended
        already, or is None: what `play_sample` returns where nothing sounds. A voice that fades to
        its end heeds nothing but other stops, and `unload_sample`: no pause, no change, no `choke`.

        The fade begins with the frame `at_frame` of the engine's clock (0 or more; None, or one in
        the past: at once); until then all is as it was. A voice has one such frame, which a later
        call replaces: `at_frame=2**62` takes it back. One that still waits by then, for its load or
        its own `at_frame`, is never heard.
        """
        return self._native.stop_voice(voice, fade_sec, at_frame)

    def pause_voice(
        self, voice: SupportsIndex | None, *, at_frame: SupportsIndex | None = None
    ) -> bool:
        """Pauses one voice. False if it had ended already.

        The fade begins with the frame `at_frame` of the engine's clock (0 or more; None, or one in
        the past: at once). Everything that takes an `at_frame`, but plays and stops, keeps to this:
        of one frame, calls take effect in their order, behind what starts and stops there; calls
        without a frame leave what is still to come, which goes with its voice, or is taken back
        by `cancel_changes`. Up to 1,024 changes may be to come; one more is a `QueueFullError`.
        """
        return self._native.pause_voice(voice, at_frame)

    def resume_voice(
        self, voice: SupportsIndex | None, *, at_frame: SupportsIndex | None = None
    ) -> bool:
        """Goes on with a paused voice, from the frame `at_frame` on as `pause_voice` has it. False
        if it had ended already."""
        return self._native.resume_voice(voice, at_frame)

    def seek_voice(
        self,
        voice: SupportsIndex | None,
        position_sec: float,
        *,
        at_frame: SupportsIndex | None = None,
    ) -> bool:
        """Moves one voice to `position_sec` of its sample, or the frame that is nearest. It fades
        where it is, in 5 ms, and from there on is heard from `position_sec`, with a fade unless
        that is the sample's beginning.
        While it loops, what lies beyond its loop is a place in it, as many rounds back; beyond its
        `end_sec` it is over.

        With `at_frame`, as `pause_voice` has it, `position_sec` is heard exactly then, at its full
        level: the voice has faded before, and in the 5 ms before that frame it comes in, from as
        long in front of `position_sec`. One that is told less than 10 ms ahead, or up to 0.1 s
        behind, is heard later than that, but where it would be by then: it keeps its beat, and so
        does a stream whose frames are not decoded in time, which counts as an underrun. The loop
        and the speed that `set_voice` tells for that frame, until 5 ms before it, hold where the
        voice lands, whichever call comes first, and so do `resume_voice`, for one that is paused,
        and `pause_voice`, until 10 ms before it.
        Within 10 ms of the frame no `cancel_changes` and no other seek takes it back, but one with
        an `at_frame` of its own.

        False if it had ended already."""
        return self._native.seek_voice(voice, position_sec, at_frame)

    def cancel_changes(self, voice: SupportsIndex | None) -> bool:
        """Takes back what is still to come of what one voice was told with an `at_frame`, but for
        `stop_voice`, and for what was said to all voices of its id, or to a bus. False if it had
        ended already."""
        return self._native.cancel_changes(voice)

    def set_voice(
        self,
        voice: SupportsIndex | None,
        *,
        volume: float | None = None,
        pan: float | None = None,
        speed: float | None = None,
        loop: bool | LoopMode | None = None,
        loop_start_sec: float = 0.0,
        loop_end_sec: float | None = None,
        fade_sec: float | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> bool:
        """Changes what is given of one voice, smoothly, within 5 ms, from the frame `at_frame` on
        as `pause_voice` has it; ranges as for `play_sample`. False if it had ended already.

        `volume` and `pan` take `fade_sec` instead, 0…60 s but 1 ms at least, in a straight line
        from where they are; on their way to that value already, they are there no later. A voice
        that is not heard has them at once: one that waits, is paused, or was only just played,
        which `fade_in_sec` of `play_sample` is for. A pause holds what is on its way.

        A new `loop` replaces the old one with its stretch. A voice that has run beyond it jumps
        into it, by whole lengths of the loop, so that it keeps its beat: it fades out in 5 ms, and
        in. With ``loop=False`` it plays its round to the end, and on to the end of the sample.
        """
        looping = (loop, loop_start_sec, loop_end_sec)
        return self._native.set_voice(voice, volume, pan, speed, *looping, fade_sec, at_frame)

    def stop_all(self, *, fade_sec: float = 0.005, at_frame: SupportsIndex | None = None) -> None:
        """Fades out every voice, over 0…60 s, and drops every waiting play. With `at_frame` as
        `stop_voice` does, of all that are there when it is called; what is to stop sooner does."""
        self._native.stop_all(fade_sec, at_frame)

    def set_bus(
        self,
        bus: SupportsIndex,
        *,
        volume: float | None = None,
        muted: bool | None = None,
        fade_sec: float | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> None:
        """Changes what is given of a bus, 0 to 15, smoothly, from the frame `at_frame` on as
        `pause_voice` has it. `volume` is linear gain 0…4. Voices
        on a muted bus play on, unheard. It takes 5 ms, or `fade_sec` as `set_voice` does; where
        nothing is heard on that bus, no time. The two make one gain: a mute takes the place of a
        fade of the volume, and its end leads to where that was to go."""
        self._native.set_bus(bus, volume, muted, fade_sec, at_frame)

    def pause_bus(self, bus: SupportsIndex, *, at_frame: SupportsIndex | None = None) -> None:
        """Pauses all that is heard through a bus, 0 to 15: within 5 ms its voices fade to silence
        and keep their places, and what is played on it, now or at its frame, waits at its start.
        Voices that fade to their end are over by then. With `at_frame` as `pause_voice`."""
        self._native.pause_bus(bus, at_frame)

    def resume_bus(self, bus: SupportsIndex, *, at_frame: SupportsIndex | None = None) -> None:
        """Lets a paused bus go on, but for voices that are paused themselves (`pause_voice`,
        `pause_sample`). With `at_frame` as `resume_voice`."""
        self._native.resume_bus(bus, at_frame)

    def set_limiter(self, on: bool) -> None:
        """Turns the limiter of the whole mix on or off, without a click.

        On, nothing leaves that is beyond full scale, which a device would cut off. What is within
        leaves as it came, to the bit, but 2 ms later: ``clock().latency_sec`` has it. Turned on
        while something sounds, it does so after 7 ms; a device of another rate may get peaks
        that lie between two frames. Off is how an engine starts: then a play is to the bit
        what is in its sample, as early as can be.
        """
        self._native.set_limiter(on)

    def meters(self) -> Meters:
        """How loud the output and its buses are, for a UI to draw in each frame.

        It is always the last turn of the meters, at most `meter_rate_hz` of them a second, as a
        turn ends with a block of 256 frames or less: who reads as often misses no peak, unless a
        device asks for the frames of several turns at once. Reading takes nothing from other
        readers.
        """
        master, buses, limiter_gain = self._native.meters()
        return Meters(Levels(*master), [Levels(*levels) for levels in buses], limiter_gain)

    def playheads(self) -> list[Playhead]:
        """Where every voice is in its sample, as of the callback's last block. A voice
        may not be there before the block behind its `play_sample`: that it is over is told by its
        `ended` or `dropped` (`poll_playback_events`)."""
        return list(map(Playhead._make, self._native.playheads()))

    def set_volume(
        self,
        volume: float,
        *,
        fade_sec: float | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> None:
        """Sets the master volume, linear gain 0…4, smoothly: in 5 ms, or `fade_sec` as `set_voice`
        does, from the frame `at_frame` on as `pause_voice` has it; where nothing is heard, at
        once."""
        self._native.set_volume(volume, fade_sec, at_frame)

    def set_speed(self, speed: float, *, at_frame: SupportsIndex | None = None) -> None:
        """Sets the master speed, -4…4, smoothly, in 5 ms from the frame `at_frame` on as
        `pause_voice` has it. It multiplies each voice's own. What starts at that very frame has the
        new speed at once: of a change by a twentieth it is 6 frames in front of what plays on."""
        self._native.set_speed(speed, at_frame)

    def clock(self) -> Clock:
        """What time it is, in audio and on the engine's clock."""
        return Clock(*self._native.clock())

    def poll_playback_events(self) -> PlaybackEvent | None:
        """The next event of a voice, or None when there is none now. Never waits. The newest
        4,096 are kept. An event comes some 20 ms after what it tells of; its `frame` is exact."""
        return self._native.poll_playback_events()

    def wait_playback_event(self, timeout: float | None = None) -> PlaybackEvent | None:
        """As `poll_playback_events`, whose queue it shares, but waits for the next event, at most
        `timeout` seconds. Ctrl-C works; the GIL is released. None then, and at once when nothing
        will come any more: after `shut_down()`, also by another thread, once what is left was read,
        and before `run()`. On ``output="offline"`` what needs time to pass comes by `render()`
        alone."""
        return self._native.wait_playback_event(timeout)

    def playback_events(self) -> EventStream[PlaybackEvent]:
        """Every event of a voice from now on, for ``async for`` in any asyncio loop, as `events()`
        has those of loads. Each such stream has each event, and takes none from others. Unread it
        keeps the newest 4,096."""
        return EventStream(self._native.subscribe_playback())

    def render(self, frames: SupportsIndex) -> NDArray[np.float32]:
        """Renders the next `frames` frames: float32 ``(channels, frames)``, C-contiguous, the
        caller's own. ``output="offline"`` only, else `RuntimeError`. It contains every command
        given before it. It waits for what streams, not for loads. Ctrl-C works, and loses what was
        rendered. Two threads that render at once share the frames between them, in pieces."""
        return self._native.render(frames)

    def set_output(self, output: str) -> None:
        """Moves a running engine to another output; samples stay, and voices where they are. The
        engine's rate stays as well: for a device of another one the mix is resampled. Raises
        `DeviceError` if it does not open, ``"auto"`` too; the engine then stays where it was."""
        with _naming(output):
            self._native.set_output(output)

    def stats(self) -> Stats:
        """Counters, a fresh dict of plain types. While the engine does not run, all are 0 but those
        of events and of the cache, which go on in its next run.

        `queued` loads wait for one of the `workers`, `live` have not ended, and in the samples of
        `analyses` something is still to be heard. `abandoned_workers` were replaced since
        `run()`, as a read of theirs did not return; some may have since.

        `samples` slots hold `sample_bytes`; `reserved_bytes` are those of loads that run, and of
        samples that have left their slots while something still uses them: a voice, or your
        arrays. `memory_budget` is what both together are to stay below, or None; while samples
        make room for others, both may count for some milliseconds: by one sample more than that.

        `unread_events` are in the poll queue; `dropped_events` were left out of it, as nobody
        polled. So were `dropped_playback_events` of what becomes of voices, of which the newest
        4,096 are kept for `poll_playback_events`; where too many voices began and ended at once,
        some are lost before that, and count as well. `dropped_changes` had an `at_frame` and found
        no room, as 1,024 were to come already; where a call can tell, it raises instead.

        `output` is the id of what plays, `voices` is how many there are from `play_sample` on, also
        those that are paused or wait for their load or their `at_frame`; until the next block that
        may be more than `max_voices`. `most_voices` is how many there ever were at the end of a
        block, `stream_voices` how many read a stream by now; `underruns` is how often one had to
        wait for what was not decoded yet.
        `callbacks` is how often the callback ran; `callback_load_mean`, `callback_load_p99` and
        `callback_load_max` are shares of its time
        that it worked, 1.0 being all of it; `callback_panics` is how often a bug cost a block,
        `xruns` how often the device ran dry.

        `cache_hits` samples came from the cache and `cache_misses` did not, `cache_stored` were put
        into it, and `cache_storing` still are to be, which holds up no load. `cache_unsound` files
        of it were damaged, `cache_failures` times it could not be written.
        `cache_analysis_hits` and `cache_analysis_misses` count results.
        """
        return self._native.stats()


def devices() -> list[Device]:
    """The audio output devices that could be opened. Asks the system: may take a moment."""
    return [Device(*device) for device in _hotcue.devices()]


@atexit.register
def _shut_down_all() -> None:
    for engine in _started.valuerefs():
        if (started := engine()) is not None:
            started.shut_down()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_hotcue.after_fork_in_child)
