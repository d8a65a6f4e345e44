"""The event contract as a checker: every event of the whole run passes through it.

Which keys an event has, in which order and of which types is what its `TypedDict` says, so that the
documentation and the events cannot drift apart. What a number may be, and what may follow what, is
written down here.
"""

from __future__ import annotations

import functools
import math
import threading
import types
import typing
import weakref
from collections.abc import Callable
from typing import Any

import hotcue
from hotcue.events import TERMINAL

STAGES = ("queued", "reading", "decoding", "resampling", "publishing")
# What may come after a terminal event.
LATE = frozenset({"analysis", "evicted"})

RANGES: dict[str, tuple[float, float]] = {
    "id": (0, 2**20 - 1),
    "request_id": (1, 2**63),
    "voice": (1, 2**63),
    "frame": (0, 2**63),
    "rounds": (1, 2**63),
    "time_sec": (0.0, 1e6),
    "percent": (0.0, 100.0),
    "duration_sec": (0.0, 1e6),
    "frames": (1, 2**40),
    "channels": (1, 64),
    "sample_rate": (1_000, 768_000),
    "source_rate": (1_000, 768_000),
    "load_ms": (0.0, 1e8),
    "stalled_sec": (2.0, 1e6),
    "ready_sec": (1e-9, 1e6),
    "freed_bytes": (0, 2**50),
    "queued": (0.0, 1e8),
    "reading": (0.0, 1e8),
    "decoding": (0.0, 1e8),
    "resampling": (0.0, 1e8),
    "publishing": (0.0, 1e8),
    "bpm": (50.0, 210.0),
    "confidence": (0.0, 1.0),
    "octave_confidence": (0.0, 1.0),
    "stability": (0.0, 1.0),
    "beats_per_bar": (0, 4),
    "pitch_class": (0, 11),
    "tuning_cents": (-50.0, 50.0),
    "sample_peak": (0.0, 1e9),
    "true_peak": (0.0, 1e9),
    "leading_silence_sec": (0.0, 1e6),
    "trailing_silence_sec": (0.0, 1e6),
}
"""The lowest and the highest value of every number."""


class WrongEvent(AssertionError):
    """An event that breaks the contract."""


def rows(union: object) -> dict[str, type]:
    """The `TypedDict`s of a union by the `type` that they describe; of `analysis` one for all."""
    found = {}
    for row in typing.get_args(union):
        (name,) = typing.get_args(hints(row)["type"])
        found[name] = row
    return found


def row_of(event: Any) -> type:
    """The `TypedDict` that describes an event."""
    for row in typing.get_args(
        hotcue.LoaderEvent if "request_id" in event else hotcue.PlaybackEvent
    ):
        told = [key for key in ("type", "analysis") if key in hints(row)]
        if all(event.get(key) in typing.get_args(hints(row)[key]) for key in told):
            return typing.cast(type, row)
    raise WrongEvent(f"{event} has no row")


@functools.cache
def hints(row: type) -> dict[str, Any]:
    """The keys of a `TypedDict`, in order, and their types."""
    return typing.get_type_hints(row)


def fits(value: object, kind: Any) -> bool:
    """Whether a value is of a type as the `TypedDict`s spell it; `bool` is no `int` here."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if typing.is_typeddict(kind):
        return (
            type(value) is dict
            and list(value) == list(hints(kind))
            and all(fits(value[key], hint) for key, hint in hints(kind).items())
        )
    if origin is typing.Literal:
        return value in args and type(value) is str
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, arg) for arg in args)
    if origin is list:
        return type(value) is list and all(fits(item, args[0]) for item in value)
    if origin is dict:
        return type(value) is dict and all(
            fits(key, args[0]) and fits(item, args[1]) for key, item in value.items()
        )
    if kind in (None, types.NoneType):
        return value is None
    if kind is float:
        return type(value) is float and math.isfinite(value)
    return type(value) is kind


LOADER_ROWS = rows(hotcue.LoaderEvent)
PLAYBACK_ROWS = rows(hotcue.PlaybackEvent)


def check_event(event: Any) -> None:
    """Checks one event by itself: its keys and their order, types and ranges."""
    row = row_of(event)
    if not fits(event, row):
        raise WrongEvent(f"{event} is no {row.__name__}")
    _check_ranges(event, event)
    if event["type"] == "success" and event["duration_sec"] != length_sec(event):
        raise WrongEvent(f"{event}: the length in seconds is not that in frames")
    if event["type"] == "error" and not event["error"]:
        raise WrongEvent(f"{event} says nothing")
    if event["type"] == "analysis":
        check_analysis(event)


def check_analysis(event: Any) -> None:
    """Checks that there is a result of the kind or a reason, and of a key perhaps neither."""
    result, error, kind = event["result"], event["error"], event["kind"]
    if (error is None) != (kind is None) or error == "":
        raise WrongEvent(f"{event} says half of why")
    if error is not None and result is not None:
        raise WrongEvent(f"{event} has a result, and says why not")
    if error is None and result is None and event["analysis"] != "key":
        raise WrongEvent(f"{event} has neither a result nor a reason")


def length_sec(event: Any) -> float:
    """The length of a `success` by its frames."""
    return float(event["frames"] / event["sample_rate"])


def _check_ranges(values: dict[str, Any], event: Any) -> None:
    for key, value in values.items():
        if type(value) is dict:
            _check_ranges(value, event)
        elif type(value) in (int, float) and key in RANGES:
            low, high = RANGES[key]
            if not low <= value <= high:
                raise WrongEvent(f"{key} is out of {low}…{high} in {event}")


class Stories:
    """What an engine has told so far, by request and by voice: promises 1 and 2."""

    def __init__(self) -> None:
        self.requests: dict[int, Story] = {}
        self.time_sec = 0.0
        self.voices: dict[int, str] = {}
        # Two threads that poll one queue cannot tell which of their events came first.
        self.reader: int | None = None
        self.readers = 0

    def read_by(self, thread: int) -> None:
        if self.reader != thread:
            self.reader = thread
            self.readers += 1

    def see(self, event: Any, complete: Callable[[], bool]) -> None:
        """Checks an event against those before it. `complete` tells whether none was dropped."""
        if self.readers != 1:
            return
        if "request_id" in event:
            # Each run begins with a `device`, and the clock with it.
            if event["type"] != "device" and event["time_sec"] < self.time_sec and complete():
                raise WrongEvent(f"{event} comes after {self.time_sec} s")
            self.time_sec = event["time_sec"]
            if event["request_id"] is not None:
                self.requests.setdefault(event["request_id"], Story()).see(event, complete)
        else:
            self._see_voice(event, complete)

    def _see_voice(self, event: Any, complete: Callable[[], bool]) -> None:
        before = self.voices.get(event["voice"])
        self.voices[event["voice"]] = event["type"]
        again = before == event["type"] and before != "looped"
        if before in ("ended", "dropped") or again:
            raise WrongEvent(f"{event} follows {before}")
        if event["type"] == "looped" and before is None and complete():
            raise WrongEvent(f"{event} comes before started")
        if event["type"] == "dropped" and before is not None:
            raise WrongEvent(f"{event} follows {before}")


class Story:
    """The events of one request."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.percent = 0.0
        self.ready_sec: float | None = None
        self.stage = 0
        self.id: int | None = None
        self.ended: str | None = None
        self.heard: list[str] = []
        self.heard_last = False

    def see(self, event: Any, complete: Callable[[], bool]) -> None:
        kind = event["type"]
        before, self.kinds = self.kinds, [*self.kinds[-3:], kind]
        if self.ended is not None and kind not in LATE:
            raise WrongEvent(f"{event} follows {self.ended}")
        if self.id not in (None, event["id"]):
            raise WrongEvent(f"{event} is of another id than before, {self.id}")
        self.id = event["id"]
        if kind in TERMINAL:
            self.ended = kind
        if kind == "analysis":
            self._see_analysis(event, complete)
        if kind == "started" and before:
            raise WrongEvent(f"{event} follows {before}")
        if kind not in ("started", "cancelled", "error") and not before and complete():
            raise WrongEvent(f"{event} comes before started")
        if kind == "error" and (event["stage"] == "queued") == bool(before) and complete():
            raise WrongEvent(f"{event} follows {before}")
        if "stage" in event:
            stage = STAGES.index(event["stage"])
            if stage < self.stage or (kind in ("progress", "stalled") and stage == 0):
                raise WrongEvent(f"{event}: the stage was {STAGES[self.stage]} before")
            self.stage = stage
        if kind == "progress":
            if event["percent"] < self.percent:
                raise WrongEvent(f"{event}: the percent was {self.percent} before")
            self.percent = event["percent"]
        if kind == "playable":
            if self.ready_sec is not None:
                raise WrongEvent(f"{event} comes twice")
            self.ready_sec = event["ready_sec"]
        if kind == "success" and self.percent != 100.0 and complete():
            raise WrongEvent(f"{event}: the percent was {self.percent} before")
        was_playable = kind == "success" and self.ready_sec is not None
        if was_playable and (event["from_cache"] or event["duration_sec"] < self.ready_sec):
            raise WrongEvent(f"{event}: {self.ready_sec} s were playable before")

    def _see_analysis(self, event: Any, complete: Callable[[], bool]) -> None:
        if self.ended is None and complete():
            raise WrongEvent(f"{event} comes before the end of its load")
        if self.ended in ("error", "cancelled") and event["error"] is None:
            raise WrongEvent(f"{event} is of what was not loaded")
        if event["analysis"] in self.heard or self.heard_last:
            raise WrongEvent(f"{event} follows {self.heard}")
        self.heard.append(event["analysis"])
        self.heard_last = event["last"]


class Checker:
    """Stands between every engine and whoever reads its events."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.seen = 0
        self._stories: weakref.WeakKeyDictionary[Any, Stories] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Wraps the methods of `AudioEngine` and `EventStream` that hand out events."""
        for name in READERS:
            if hasattr(hotcue.AudioEngine, name):
                setattr(hotcue.AudioEngine, name, self._checked(getattr(hotcue.AudioEngine, name)))
        hotcue.EventStream.__anext__ = self._awaited(  # type: ignore[method-assign]
            hotcue.EventStream.__anext__
        )

    def _checked(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def read(engine: Any, *args: Any, **options: Any) -> Any:
            self._reads(engine)
            given = method(engine, *args, **options)
            for event in given if isinstance(given, list) else [given]:
                if event is not None:
                    self.check(engine, event)
            return given

        return read

    def _awaited(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        async def read(stream: Any) -> Any:
            self._reads(stream)
            event = await method(stream)
            self.check(stream, event)
            return event

        return read

    def _reads(self, reader: Any) -> None:
        with self._lock:
            # Before: whoever finds itself alone has taken every event so far.
            stories = self._stories.setdefault(reader, Stories())
            stories.read_by(threading.get_ident())

    def check(self, reader: Any, event: Any) -> None:
        """Checks an event of an engine or a stream; what is wrong is raised, and kept for the
        end of the test: a thread or a program may swallow what is raised."""
        try:
            with self._lock:
                self.seen += 1
                check_event(event)
                self._stories[reader].see(event, lambda: complete(reader))
        except WrongEvent as error:
            self.wrong.append(str(error))
            raise


def complete(reader: Any) -> bool:
    """Whether a reader has every event so far: none was left out because nobody read, and none came
    before it, as of loads that run when a stream begins."""
    if isinstance(reader, hotcue.EventStream):
        return False
    stats = reader.stats()
    return bool(stats["dropped_events"] == 0 and stats["dropped_playback_events"] == 0)


READERS = ("poll_loader_events", "drain_loader_events", "poll_playback_events", "wait_event")
CHECKER = Checker()
