"""Small immutable values that the engine hands out."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from .errors import Stage

SlotState: TypeAlias = Literal["empty", "queued", "loading", "ready", "failed", "evicted"]
"""What is in a slot."""

Retrigger: TypeAlias = Literal["overlap", "restart", "ignore", "toggle"]
"""What `play_sample` does when the id sounds already."""

WhenLoading: TypeAlias = Literal["play_when_ready", "drop", "raise"]
"""What `play_sample` does when the slot has no sample yet and its load runs."""


class Clock(NamedTuple):
    """Where the engine's audio clock is."""

    frame: int
    """Frames rendered since `run()`, at the engine's rate."""
    time_sec: float
    """The same in seconds."""
    sample_rate: int
    """The engine's rate in Hz."""
    latency_sec: float
    """From the callback to the loudspeaker, as far as the device tells."""


class Device(NamedTuple):
    """An audio output device."""

    id: str
    """What `AudioEngine(output=…)` takes."""
    name: str
    """What a person reads."""
    is_default: bool
    """Whether ``output="default"`` would open it."""
    channels: int
    """Most channels that it plays."""
    default_sample_rate: int | None
    """Its preferred rate in Hz, where it tells one."""


class LoadStatus(NamedTuple):
    """One queued or running load."""

    id: int
    request_id: int
    path: str | None
    """The absolute path; None for content given as bytes."""
    state: SlotState
    """``"queued"`` or ``"loading"``."""
    stage: Stage
    percent: float
    """0.0 to 100.0."""
    age_sec: float
    """Seconds since the load was submitted."""


class BatchProgress(NamedTuple):
    """How far the loads of a batch are."""

    done: int
    """Samples that are in their slots."""
    failed: int
    cancelled: int
    """By whatever reason."""
    total: int
    """All loads of the batch."""
    percent: float
    """0.0 to 100.0, the mean over the loads. One that has ended counts as 100, however it went:
    this is 100.0 once nothing is left to do."""
