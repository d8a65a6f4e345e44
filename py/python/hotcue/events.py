"""The rows of the event contract, one `TypedDict` each.

Every event is a fresh dict of plain types with all keys of its row, always. ``type`` tells the
rows apart: ``if event["type"] == "success": event["duration_sec"]`` type-checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, TypedDict

from .analysis import (
    BpmAnalysis,
    KeyAnalysis,
    LoudnessAnalysis,
    OnsetsAnalysis,
    WaveformAnalysis,
)
from .errors import CancelReason, ErrorKind, Stage


class StartedEvent(TypedDict):
    """A decoder took the job."""

    type: Literal["started"]
    id: int
    request_id: int
    time_sec: float
    path: str | None


class ProgressEvent(TypedDict):
    """How far a load is: never falls, 100.0 precedes `success`, at most 30 per second and load."""

    type: Literal["progress"]
    id: int
    request_id: int
    time_sec: float
    percent: float
    stage: Stage


class StalledEvent(TypedDict):
    """No byte has come for `stalled_sec`, 2 s at least; again every 2 s. The load goes on, and can
    be cancelled; the next `progress` ends it."""

    type: Literal["stalled"]
    id: int
    request_id: int
    time_sec: float
    stage: Stage
    stalled_sec: float


class PlayableEvent(TypedDict):
    """An id that held nothing can be played from now on, while the rest is arriving: `ready_sec`
    are there. At most once per load, and only of files that say how long they are; a load that is
    done within milliseconds has none. Should it end without `success`, what plays fades out and
    the id is empty again."""

    type: Literal["playable"]
    id: int
    request_id: int
    time_sec: float
    ready_sec: float


class LoadWarning(TypedDict):
    """Something odd about a file that loaded all the same; `numbers` are figures by name."""

    code: Literal[
        "truncated",
        "decode_errors",
        "length_estimated",
        "extension_mismatch",
        "clipped",
        "non_finite",
    ]
    message: str
    numbers: dict[str, float]


class StageTimes(TypedDict):
    """Where the time of a load went, in milliseconds, by what was done, which is not the stages of
    `progress`: waiting until a decoder first took it (not again, where it gave way to a more urgent
    one), opening and reading its source, decoding, changing the rate, and the way to the audio
    side. A load that found its file decoded has 0.0 for what it did not need."""

    queued: float
    reading: float
    decoding: float
    resampling: float
    publishing: float


class SuccessEvent(TypedDict):
    """The sample is in its slot: `sample(id)` is it or a newer one. Terminal.

    `load_ms` counts from submit; `from_cache` says that the audio was in memory already and is
    shared.
    """

    type: Literal["success"]
    id: int
    request_id: int
    time_sec: float
    duration_sec: float
    frames: int
    channels: int
    sample_rate: int
    source_rate: int
    warnings: list[LoadWarning]
    load_ms: float
    from_cache: bool
    stage_ms: StageTimes


class ErrorEvent(TypedDict):
    """The load failed; the slot's sample stays as it was. Terminal."""

    type: Literal["error"]
    id: int
    request_id: int
    time_sec: float
    error: str
    kind: ErrorKind
    stage: Stage
    path: str | None


class CancelledEvent(TypedDict):
    """The load was ended by `cancel()`, a newer load of its id, or `shut_down()`. Terminal."""

    type: Literal["cancelled"]
    id: int
    request_id: int
    time_sec: float
    reason: CancelReason


AnalysisFailure: TypeAlias = ErrorKind | CancelReason | Literal["evicted", "streamed", "unread"]
"""Why there is no result of an analysis: the kind of the load's error, or `"worker_panic"` for a
bug in the analysis; ``"user"`` after `cancel_load` or `unload_sample`, ``"superseded"`` by another
sample in the slot or by a newer load, ``"shutdown"``, ``"evicted"``, ``"streamed"`` of a sample
that is never in memory as a whole, ``"unread"`` of a waveform that left memory with its audio
before the event was read."""


class BpmEvent(TypedDict):
    """The tempo and the beats, or why there are none."""

    type: Literal["analysis"]
    id: int
    request_id: int
    time_sec: float
    analysis: Literal["bpm"]
    result: BpmAnalysis | None
    error: str | None
    kind: AnalysisFailure | None
    last: bool


class KeyEvent(TypedDict):
    """The key: `result` is None, without an error, where there is none (percussion)."""

    type: Literal["analysis"]
    id: int
    request_id: int
    time_sec: float
    analysis: Literal["key"]
    result: KeyAnalysis | None
    error: str | None
    kind: AnalysisFailure | None
    last: bool


class LoudnessEvent(TypedDict):
    """The loudness, or why it is not known."""

    type: Literal["analysis"]
    id: int
    request_id: int
    time_sec: float
    analysis: Literal["loudness"]
    result: LoudnessAnalysis | None
    error: str | None
    kind: AnalysisFailure | None
    last: bool


class OnsetsEvent(TypedDict):
    """Where sounds begin, or why that is not known."""

    type: Literal["analysis"]
    id: int
    request_id: int
    time_sec: float
    analysis: Literal["onsets"]
    result: OnsetsAnalysis | None
    error: str | None
    kind: AnalysisFailure | None
    last: bool


class WaveformEvent(TypedDict):
    """The coloured waveform is there, or why it is not."""

    type: Literal["analysis"]
    id: int
    request_id: int
    time_sec: float
    analysis: Literal["waveform"]
    result: WaveformAnalysis | None
    error: str | None
    kind: AnalysisFailure | None
    last: bool


AnalysisEvent: TypeAlias = BpmEvent | KeyEvent | LoudnessEvent | OnsetsEvent | WaveformEvent
"""What was heard in the sample of a load that asked for it: one event for each kind, after the
`success`, `error` or `cancelled` of the load. `last` tells the last of them.

Where there is no result, `error` says why, and `kind` what that is (`AnalysisFailure`). Both are
None otherwise. The load is as it was."""


class EvictedEvent(TypedDict):
    """A sample left memory to keep the budget; the next play of it loads it again. `request_id` is
    the load that had brought it. `freed_bytes` are 0 for all but the last of slots that shared it.
    """

    type: Literal["evicted"]
    id: int
    request_id: int
    time_sec: float
    freed_bytes: int


class DeviceEvent(TypedDict):
    """The output changed. `id` and `request_id` are None."""

    type: Literal["device"]
    id: None
    request_id: None
    time_sec: float
    state: Literal["started", "lost", "recovered", "fallback"]
    name: str


LoaderEvent: TypeAlias = (
    StartedEvent
    | ProgressEvent
    | StalledEvent
    | PlayableEvent
    | SuccessEvent
    | ErrorEvent
    | CancelledEvent
    | AnalysisEvent
    | EvictedEvent
    | DeviceEvent
)
"""What `poll_loader_events()` returns."""


class EventCallbacks(TypedDict, total=False):
    """What `AudioEngine.on` takes: a callback, or None, by the type of its events."""

    started: Callable[[StartedEvent], object] | None
    progress: Callable[[ProgressEvent], object] | None
    stalled: Callable[[StalledEvent], object] | None
    playable: Callable[[PlayableEvent], object] | None
    success: Callable[[SuccessEvent], object] | None
    error: Callable[[ErrorEvent], object] | None
    cancelled: Callable[[CancelledEvent], object] | None
    analysis: Callable[[AnalysisEvent], object] | None
    evicted: Callable[[EvictedEvent], object] | None
    device: Callable[[DeviceEvent], object] | None


TERMINAL = frozenset({"success", "error", "cancelled"})
"""The types of which every accepted request gets exactly one, as its last but for `analysis` and
`evicted`."""


class VoiceStarted(TypedDict):
    """A voice sounds, or would if it were not paused. `frame` is its first, on the engine's
    clock."""

    type: Literal["started"]
    voice: int
    id: int
    frame: int


class VoiceLooped(TypedDict):
    """A voice has come to the end of its loop, and begun it anew or turned round. `frame` is its
    first after that, on the engine's clock; `rounds` is how often it has, so far. Of a loop that is
    shorter than a block of 256 frames, not every round is told."""

    type: Literal["looped"]
    voice: int
    id: int
    frame: int
    rounds: int


class VoiceEnded(TypedDict):
    """A voice is over. `frame` is the first without it, on the engine's clock.

    It was ``"finished"`` at its end; ``"stopped"`` by a call, or by a newer voice's `retrigger`;
    ``"choked"`` by a newer voice of its group; ``"stolen"`` for one that more than `max_voices`
    wanted to sound; ``"unloaded"`` with its slot. It never sounded if it was ``"ignored"``
    (`retrigger`) or there was ``"no_sample"`` any more. ``"source_lost"``: it streams, and its
    file can no longer be read, or is another one by now. ``"failed"`` is a bug of hotcue.
    """

    type: Literal["ended"]
    voice: int
    id: int
    frame: int
    reason: Literal[
        "finished",
        "stopped",
        "choked",
        "stolen",
        "unloaded",
        "ignored",
        "no_sample",
        "failed",
        "source_lost",
    ]


class PlayDropped(TypedDict):
    """A play that waited for its load will not sound."""

    type: Literal["dropped"]
    voice: int
    id: int
    reason: Literal[
        "load_ended",
        "waited_too_long",
        "replaced",
        "stopped",
        "unloaded",
        "output_stalled",
        "too_many_streams",
    ]


PlaybackEvent: TypeAlias = VoiceStarted | VoiceLooped | VoiceEnded | PlayDropped
"""What `poll_playback_events()`, `wait_playback_event()` and `playback_events()` give."""
