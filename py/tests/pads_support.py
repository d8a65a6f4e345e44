"""What the tests of the pads share: an engine's stand-in that does nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hotcue.events import LoaderEvent
from hotcue.pads.sound import Health
from hotcue.values import Levels, Playhead, Waveform


class ScriptedSound:
    """A `Sound` that writes down what it is asked for, and tells what the test puts into it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.told: list[LoaderEvent] = []
        self.heads: list[Playhead] = []
        self.requests = 0

    def load(self, files: Mapping[int, str]) -> Mapping[int, int]:
        self.asked.append(("load", dict(files)))
        ids = {}
        for pad in files:
            self.requests += 1
            ids[pad] = self.requests
        return ids

    def hurry(self, requests: Sequence[int], priority: int) -> None:
        self.asked.append(("hurry", list(requests), priority))

    def unload(self, pad: int) -> None:
        self.asked.append(("unload", pad))

    def events(self, limit: int) -> Sequence[LoaderEvent]:
        taken, self.told = self.told[:limit], self.told[limit:]
        return taken

    def play(
        self, pad: int, volume: float, *, loop: bool, choke: int, start_sec: float = 0.0
    ) -> None:
        self.asked.append(("play", pad, volume, loop, choke, start_sec))

    def stop(self, pad: int) -> None:
        self.asked.append(("stop", pad))

    def stop_all(self) -> None:
        self.asked.append(("stop_all",))

    def change(self, pad: int, *, volume: float | None = None, loop: bool | None = None) -> None:
        self.asked.append(("change", pad, volume, loop))

    def set_volume(self, volume: float) -> None:
        self.asked.append(("set_volume", volume))

    def playheads(self) -> Sequence[Playhead]:
        return self.heads

    def levels(self) -> Levels:
        return Levels([0.0, 0.0], [0.0, 0.0])

    def health(self) -> Health:
        return Health()

    def waveform(
        self, pad: int, width: int, start_sec: float | None = None, end_sec: float | None = None
    ) -> Waveform | None:
        wave = np.sin(np.linspace(0, 20, width, dtype=np.float32))[np.newaxis]
        return Waveform(-abs(wave), abs(wave), start_sec or 0.0, end_sec or 1.0)

    # What a test tells

    def tell(self, row: str, pad: int, request: int, /, **keys: Any) -> None:
        """An event, with what it has of its row."""
        event: Any = {"type": row, "id": pad, "request_id": request, "time_sec": 0.0, **keys}
        self.told.append(event)

    def succeed(self, pad: int, request: int, duration_sec: float = 1.5) -> None:
        """A load that has succeeded."""
        self.tell(
            "success",
            pad,
            request,
            duration_sec=duration_sec,
            frames=72_000,
            channels=2,
            sample_rate=48_000,
            source_rate=44_100,
            warnings=[],
            load_ms=1.0,
            from_cache=False,
        )
