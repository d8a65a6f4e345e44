"""One pad: a file, how it is to be played, and what has become of its load."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ..analysis import BpmAnalysis
    from ..events import AnalysisEvent, LoaderEvent, SuccessEvent

MAX_VOLUME = 4.0
"""Linear gain, as `play_sample` takes it."""
CHOKE_GROUPS = 8
# Below it a tempo is a guess.
SURE = 0.5


class State(Enum):
    """What a pad shows."""

    EMPTY = "empty"
    QUEUED = "waiting"
    LOADING = "loading"
    STALLED = "no data"
    READY = "ready"
    FAILED = "failed"


@dataclass(slots=True)
class Pad:
    """One pad. `hear` moves it on; all else only reads it, but for its settings."""

    path: str | None = None
    volume: float = 1.0
    """Linear gain, 0 to `MAX_VOLUME`."""
    loop: bool = False
    choke: int = 0
    """Its choke group, 1 to `CHOKE_GROUPS`; 0: none."""

    request_id: int | None = None
    """Of its newest load; events of older ones are no longer its own."""
    state: State = State.EMPTY
    percent: float = 0.0
    """0 to 100."""
    stage: str = ""
    playable: bool = False
    """Whether it can be played although it loads."""
    stalled_sec: float = 0.0
    error: str | None = None
    kind: str | None = None
    """The kind of the error."""
    duration_sec: float = 0.0
    channels: int = 0
    source_rate: int = 0
    warnings: tuple[str, ...] = ()
    coloured: bool = False
    """Whether its waveform has levels of bands."""
    bpm: float | None = None
    bpm_sure: bool = False
    key: str | None = None
    """Such as ``"F#m"``."""
    camelot: str | None = None
    beats_sec: list[float] = field(default_factory=list)
    downbeats_sec: list[float] = field(default_factory=list)

    position_sec: float | None = None
    """Where it plays; None while it is silent."""
    revision: int = 0
    """Rises with whatever is drawn of it, but for `percent`, `stage` and `position_sec`."""

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return PurePath(self.path).stem if self.path is not None else ""

    @property
    def loads(self) -> bool:
        """Whether its load has not ended."""
        return self.state in (State.QUEUED, State.LOADING, State.STALLED)

    def hear(self, event: LoaderEvent) -> None:
        """Takes an event of its slot."""
        if event["request_id"] != self.request_id:
            return
        before = self.state, self.playable
        match event["type"]:
            case "started":
                self.state = State.LOADING
                self.stage = "reading"
            case "progress":
                self.state = State.LOADING
                self.percent = event["percent"]
                self.stage = event["stage"]
            case "stalled":
                self.state = State.STALLED
                self.stalled_sec = event["stalled_sec"]
            case "playable":
                self.playable = True
            case "success":
                self._loaded(event)
            case "error":
                self._failed(event["error"], event["kind"])
            case "cancelled":
                self._failed("its load was cancelled", "cancelled")
            case "analysis":
                self._heard(event)
        if (self.state, self.playable) != before:
            self.revision += 1

    def _loaded(self, event: SuccessEvent) -> None:
        self.state = State.READY
        self.percent = 100.0
        self.duration_sec = event["duration_sec"]
        self.channels = event["channels"]
        self.source_rate = event["source_rate"]
        self.warnings = tuple(warning["message"] for warning in event["warnings"])

    def _failed(self, error: str, kind: str) -> None:
        self.state = State.FAILED
        self.error = error
        self.kind = kind

    def _heard(self, event: AnalysisEvent) -> None:
        if event["error"] is not None:
            return
        self.revision += 1
        match event["analysis"]:
            case "waveform":
                self.coloured = True
            case "bpm":
                tempo = cast("BpmAnalysis", event["result"])
                self.bpm = tempo["bpm"]
                self.bpm_sure = tempo["confidence"] >= SURE
                self.beats_sec = tempo["beats_sec"]
                self.downbeats_sec = tempo["downbeats_sec"]
            case "key":
                key = event["result"]
                if key is not None:
                    self.key = key["tonic"] + ("m" if key["mode"] == "minor" else "")
                    self.camelot = key["camelot"]
