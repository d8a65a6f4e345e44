"""What the pads need of an engine, so that something else can stand in for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..analysis import Kind
from ..engine import AudioEngine
from ..events import LoaderEvent
from ..values import Levels, Playhead, Waveform

# So far behind the window, which the same processor may have to draw.
WORKER_NICE = 10

HEARD: tuple[Kind, ...] = ("waveform", "bpm", "key")


@dataclass(frozen=True, slots=True)
class Health:
    """How the output is."""

    callback_load: float = 0.0
    """The share of its time that the callback worked, 1.0 being all of it; 99 % were below."""
    xruns: int = 0
    output: str = ""


class Sound(Protocol):
    """Loads and plays samples by the pad's number. Nothing here waits."""

    def load(self, files: Mapping[int, str]) -> Mapping[int, int]:
        """Loads a file into each pad; returns the loads' request ids."""
        ...

    def hurry(self, requests: Sequence[int], priority: int) -> None:
        """Gives loads another priority."""
        ...

    def unload(self, pad: int) -> None:
        """Empties a pad."""
        ...

    def events(self, limit: int) -> Sequence[LoaderEvent]:
        """The events that are there now, at most `limit`."""
        ...

    def play(
        self, pad: int, volume: float, *, loop: bool, choke: int, start_sec: float = 0.0
    ) -> None:
        """Plays a pad anew; one that loops and sounds, it stops."""
        ...

    def stop(self, pad: int) -> None:
        """Stops a pad."""
        ...

    def stop_all(self) -> None:
        """Stops all pads."""
        ...

    def change(self, pad: int, *, volume: float | None = None, loop: bool | None = None) -> None:
        """Changes what sounds of a pad, or waits for its load."""
        ...

    def set_volume(self, volume: float) -> None:
        """Sets the master volume, linear gain."""
        ...

    def playheads(self) -> Sequence[Playhead]:
        """Where every voice is."""
        ...

    def levels(self) -> Levels:
        """How loud the output is."""
        ...

    def health(self) -> Health:
        """How the output is. Asked a few times a second."""
        ...

    def waveform(
        self, pad: int, width: int, start_sec: float | None = None, end_sec: float | None = None
    ) -> Waveform | None:
        """What to draw of a pad's sample; None while there is none."""
        ...


def engine_for(pads: int, **options: Any) -> AudioEngine:
    """An engine for so many pads; `options` as for any."""
    return AudioEngine(slots=pads, limiter=True, worker_nice=WORKER_NICE, **options)


class EngineSound:
    """An `AudioEngine` that runs, for the pads."""

    def __init__(self, engine: AudioEngine) -> None:
        self._engine = engine
        # What was played last of each pad.
        self._newest: dict[int, int] = {}

    def load(self, files: Mapping[int, str]) -> Mapping[int, int]:
        # The tickets are let go of: they would keep in memory what its slot has let go of.
        batch = self._engine.load_many_async(files, analyze=HEARD)
        return {ticket.id: int(ticket) for ticket in batch.requests}

    def hurry(self, requests: Sequence[int], priority: int) -> None:
        for request in requests:
            self._engine.set_priority(request, priority)

    def unload(self, pad: int) -> None:
        self._engine.unload_sample(pad)

    def events(self, limit: int) -> Sequence[LoaderEvent]:
        while self._engine.poll_playback_events() is not None:
            pass  # The playheads tell all that is drawn.
        return self._engine.drain_loader_events(limit)

    def play(
        self, pad: int, volume: float, *, loop: bool, choke: int, start_sec: float = 0.0
    ) -> None:
        voice = self._engine.play_sample(
            pad,
            volume,
            loop=loop,
            start_sec=start_sec,
            choke=choke or None,
            retrigger="toggle" if loop else "restart",
        )
        if voice is not None:
            self._newest[pad] = voice

    def stop(self, pad: int) -> None:
        self._engine.stop_sample(pad)

    def stop_all(self) -> None:
        self._engine.stop_all()

    def change(self, pad: int, *, volume: float | None = None, loop: bool | None = None) -> None:
        voices = {head.voice for head in self._engine.playheads() if head.id == pad}
        if pad in self._newest:
            voices.add(self._newest[pad])  # No playhead tells of it while it waits for its load.
        for voice in voices:
            self._engine.set_voice(voice, volume=volume, loop=loop)

    def set_volume(self, volume: float) -> None:
        self._engine.set_volume(volume)

    def playheads(self) -> Sequence[Playhead]:
        return self._engine.playheads()

    def levels(self) -> Levels:
        return self._engine.meters().master

    def health(self) -> Health:
        stats = self._engine.stats()
        return Health(stats["callback_load_p99"], stats["xruns"], stats["output"])

    def waveform(
        self, pad: int, width: int, start_sec: float | None = None, end_sec: float | None = None
    ) -> Waveform | None:
        sample = self._engine.sample(pad)
        return None if sample is None else sample.waveform(width, start_sec, end_sec)
