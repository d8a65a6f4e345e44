"""Small immutable values that the engine hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import TypeVar  # Comes with every type checker.

    LevelsT = TypeVar("LevelsT", covariant=True, default=NDArray[np.float32] | None)
else:
    from typing import TypeVar

    LevelsT = TypeVar("LevelsT", covariant=True)

from .errors import Stage

SlotState: TypeAlias = Literal[
    "empty", "queued", "loading", "playable", "ready", "failed", "evicted"
]
"""What is in a slot."""

Retrigger: TypeAlias = Literal["overlap", "restart", "ignore", "toggle"]
"""What `play_sample` does when the id sounds already."""

WhenLoading: TypeAlias = Literal["play_when_ready", "drop", "raise"]
"""What `play_sample` does when the slot has no sample yet and its load runs."""


LoopMode: TypeAlias = Literal["forward", "pingpong", "backward", "file"]
"""How a loop is run through: from its start to its end; there and back; there once, and then from
its end to its start; or as the file itself says."""


Normalize: TypeAlias = Literal["loudness", "peak"]
"""What `play_sample` brings a sample to."""


class Levels(NamedTuple):
    """How loud something was in the last turn of the meters, a value per output channel."""

    peak: list[float]
    """The highest absolute value; 1.0 is full scale."""
    rms: list[float]
    """The root of the mean square."""


class Meters(NamedTuple):
    """How loud everything was in the last turn of the meters, at most `meter_rate_hz` a second."""

    master: Levels
    """What leaves: all buses, at the master volume, behind the limiter."""
    buses: list[Levels]
    """Each bus, at its volume."""
    limiter_gain: float
    """The least gain that the limiter applied; 1.0: it did not."""


class Playhead(NamedTuple):
    """Where a voice is in its sample, at a frame of the engine's clock."""

    voice: int
    id: int
    position_sec: float
    """Where in its sample it plays on."""
    state: Literal["waiting", "playing", "paused", "stopping"]
    """Waits for its `at_frame`, sounds, keeps its place, or fades and is over then."""
    frame: int
    """The frame of the engine's clock at which it is there: all of one call are of the same one."""


class Clock(NamedTuple):
    """What time it is, in audio and on the engine's clock."""

    frame: int
    """Frames rendered since `run()`, at the engine's rate."""
    time_sec: float
    """Seconds since `run()`: the clock of the `time_sec` of events."""
    sample_rate: int
    """The engine's rate in Hz."""
    latency_sec: float
    """From the callback to the loudspeaker, as far as the device tells, and through the limiter."""


class Stats(TypedDict):
    """The counters of `AudioEngine.stats()`, which says what each of them is."""

    workers: int
    abandoned_workers: int
    queued: int
    live: int
    analyses: int
    samples: int
    sample_bytes: int
    reserved_bytes: int
    memory_budget: int | None
    unread_events: int
    dropped_events: int
    voices: int
    most_voices: int
    stream_voices: int
    underruns: int
    callbacks: int
    xruns: int
    callback_load_mean: float
    callback_load_p99: float
    callback_load_max: float
    dropped_playback_events: int
    dropped_changes: int
    callback_panics: int
    output: str
    cache_hits: int
    cache_misses: int
    cache_storing: int
    cache_stored: int
    cache_unsound: int
    cache_failures: int
    cache_analysis_hits: int
    cache_analysis_misses: int


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


class Loop(NamedTuple):
    """A part of a sample that is meant to be repeated.

    Frames are the sample's own, at its `sample_rate`: those of a file of another rate are
    converted and rounded to the nearest. An end beyond the sample is the sample's end.
    """

    start_frame: int
    """The first frame."""
    end_frame: int
    """The frame after the last one (``smpl`` chunks name the last one itself)."""
    start_sec: float
    end_sec: float
    kind: Literal["forward", "pingpong", "backward"]
    play_count: int
    """How often it is played; 0: for ever."""
    is_release: bool
    """Whether it is what sounds after the key was let go (AIFF and CAF)."""


class Cue(NamedTuple):
    """A position in a sample that somebody marked; frames as those of `Loop`."""

    frame: int
    end_frame: int | None
    """Of a region, the frame after its last one; None for a point."""
    sec: float
    end_sec: float | None
    id: int
    """The number by which the file knows it."""
    label: str
    """Its name; empty where it has none."""
    note: str
    """What is noted beside the name."""


class Waveform(NamedTuple, Generic[LevelsT]):
    """The least and the greatest values of equal stretches of a sample, one stretch per pixel; of a
    `ColouredWaveform` also levels, each the root of the mean of the squares. Those are float32
    arrays then (``LevelsT``); of a `Sample` they may be None. Two are equal where all their values
    are."""

    min: NDArray[np.float32]
    """Shape ``(channels, width)``."""
    max: NDArray[np.float32]
    """Shape ``(channels, width)``."""
    start_sec: float
    """Where the first pixel begins."""
    end_sec: float
    """Where the last pixel ends."""
    rms: LevelsT = None  # type: ignore[assignment]
    """The level of all of it, shape ``(channels, width)`` as all that follow."""
    low: LevelsT = None  # type: ignore[assignment]
    """The level below 200 Hz."""
    mid: LevelsT = None  # type: ignore[assignment]
    """The level between 200 Hz and 2 kHz."""
    high: LevelsT = None  # type: ignore[assignment]
    """The level above 2 kHz."""

    # Those of a tuple ask an array whether it is true.
    def __eq__(self, other: object) -> bool:
        import numpy as np

        if not isinstance(other, tuple):
            return NotImplemented
        mine: tuple[Any, ...] = self
        return len(other) == len(mine) and all(
            np.array_equal(one, its) for one, its in zip(mine, other, strict=True)
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.min.shape, self.start_sec, self.end_sec))


class Acid(NamedTuple):
    """The ACID chunk of a WAV file."""

    one_shot: bool
    stretch: bool
    disk_based: bool
    root_key: int | None
    """A MIDI note; None where the file says that it is not set."""
    beats: int
    meter: tuple[int, int]
    """Beats per bar, and the note that is one beat."""
    bpm: float


class Instrument(NamedTuple):
    """Which keys and velocities a file is made for: MIDI notes and velocities, both inclusive."""

    lowest_key: int
    highest_key: int
    lowest_velocity: int
    highest_velocity: int
    gain_db: int


class Broadcast(NamedTuple):
    """The broadcast extension of a WAV file (EBU Tech 3285)."""

    description: str
    originator: str
    originator_reference: str
    date: str
    time: str
    time_reference_frames: int
    """When the first frame sounds: frames since midnight, at the file's own rate."""
    time_reference_sec: float
    version: int
    umid: bytes
    """SMPTE 330M, 32 or 64 bytes; empty where there is none."""
    loudness_lufs: float | None
    loudness_range_lu: float | None
    max_true_peak_dbtp: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None


class FileInfo(NamedTuple):
    """What a file is and says beside its audio (`hotcue.info`). What has the name of an attribute
    of `Sample` is the same, but at the file's own rate, which an engine may change."""

    duration_sec: float | None
    """Length in seconds; None where the file says nothing and nothing makes it likely."""
    frames: int | None
    """The same in frames, at `sample_rate`."""
    is_exact: bool
    """Whether that is the length for certain. Else it is what the file says of itself, or what its
    size makes likely: what `decode` brings may be shorter or longer."""
    channels: int
    sample_rate: int
    """The file's own rate in Hz."""
    container: str
    """Such as ``"wav"``."""
    codec: str
    """Such as ``"pcm_s16le"``."""
    bits_per_sample: int | None
    """Of one value in the file; None where that means nothing."""
    tags: dict[str, str]
    """Texts by name."""
    loops: list[Loop]
    """In the file's order."""
    cues: list[Cue]
    """By position."""
    embedded_bpm: float | None
    """Beats per minute by the file; nothing is measured."""
    embedded_bpm_source: Literal["acid", "apple_loop", "tag"] | None
    embedded_key: str | None
    root_key: int | None
    """The MIDI note that it sounds at when played as it is."""
    root_cents: float | None
    one_shot: bool | None
    """Whether the file says that it is a one-shot (True) or a loop (False)."""
    beats: int | None
    meter: tuple[int, int] | None
    """Beats per bar, and the note that is one beat."""
    replaygain_track_gain_db: float | None
    replaygain_track_peak: float | None
    replaygain_album_gain_db: float | None
    replaygain_album_peak: float | None
    acid: Acid | None
    instrument: Instrument | None
    bext: Broadcast | None
    has_cover: bool
    """Whether the file has a picture."""
