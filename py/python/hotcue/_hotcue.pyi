"""The extension module. `Sample` and `ColouredWaveform` are public; the rest serves the package's
own classes."""

import sys
from collections.abc import Callable
from typing import Any, Literal, SupportsIndex, final

import numpy as np
from numpy.typing import NDArray

from .analysis import Analysis, Facts, Kind, Kinds
from .batch import Heard, Outcome
from .errors import Stage
from .events import LoaderEvent, LoadWarning, PlaybackEvent
from .source import Resolved
from .values import (
    Acid,
    Broadcast,
    Cue,
    Instrument,
    Loop,
    LoopMode,
    Normalize,
    Retrigger,
    SlotState,
    Stats,
    Waveform,
    WhenLoading,
)

__all__ = [
    "Batch",
    "ColouredWaveform",
    "Engine",
    "Sample",
    "Subscription",
    "Ticket",
    "Wakeups",
    "Watch",
    "__version__",
    "after_fork_in_child",
    "analyze",
    "coloured_waveform",
    "decode",
    "devices",
    "extensions",
    "grid_slices",
    "info",
    "resample",
]

__version__: str

@final
class Sample:
    """One immutable piece of decoded audio, not a slot.

    It and its arrays stay valid and unchanged after replace, unload and `shut_down()`.
    """

    def __eq__(self, other: object, /) -> bool:
        """Whether both are the same piece of audio, not merely an equal one."""

    def __hash__(self) -> int:
        """Fits `==`."""

    def __copy__(self) -> Sample:
        """Itself, as it never changes; it cannot be pickled."""

    def __deepcopy__(self, memo: object, /) -> Sample:
        """Itself."""

    def to_numpy(self) -> NDArray[np.float32]:
        """The audio as read-only float32, shape ``(channels, frames)``, mono too as ``(1, n)``.

        No copy: every call shares the sample's own memory, nominally -1…1, not clamped, channels
        in WAVE order. Of an arriving sample it covers the frames that are ready at the call.
        Each channel is contiguous. The whole array is C-contiguous where the file states its
        exact length and keeps it, and where the channels but one take no more than 4 MB; of other
        files the channels may lie apart, as moving them together would make the load longer.

        Raises `RuntimeError` for a streamed sample, which is not in memory.
        """

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> NDArray[Any]:
        """What `numpy.asarray` makes of it: `to_numpy`, and what that raises."""

    def _finished(self) -> NDArray[np.float32]:
        """As `to_numpy`, and raises `RuntimeError` for an arriving sample, too."""

    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview:
            """The same memory for whatever takes buffers: `numpy.asarray`, `memoryview`."""

    def waveform(
        self,
        width: SupportsIndex,
        start_sec: float | None = None,
        end_sec: float | None = None,
    ) -> Waveform:
        """What to draw of the stretch between two times, by default all of it: for each of
        ``width`` equal pixels the least and the greatest value.

        Exact at any zoom. However long the sample is, a pixel of a channel takes less than a
        microsecond, with levels about one. A pixel covers the frames from where it begins to where
        the next one does, one at least: far enough in, both values are those of that frame. Where
        there is no frame, or none yet, both are 0. `width`
        is 1 to 65,536. Once the kind ``"waveform"`` was heard in the sample (`analysis`), levels
        are there, too: RMS, and that of three bands. Of a streamed sample it is drawn while the
        file is read in the background, flat until then, and to a precision of 16,384 frames after
        three hours; in a forked child it raises `RuntimeError`.
        """

    @property
    def id(self) -> int:
        """The id that it was loaded into, for `play_sample` and `unload_sample`.

        It stays what it is, whatever the id comes to hold. The same audio got from another id has
        that one here, and is equal all the same.
        """

    @property
    def analysis(self) -> Analysis:
        """What was heard in it so far, by kind; a fresh `Analysis`.

        A kind is there once an engine has heard it: for a load with ``analyze``, for
        `analyze_sample_async`, whatever slot that was for. What is known stays known. Of a sample
        that was evicted it is all but the waveform, once a play has brought that back.
        """

    @property
    def duration_sec(self) -> float:
        """Length in seconds; of an arriving sample, of what is ready."""

    @property
    def frames(self) -> int:
        """Length in frames; of an arriving sample, of what is ready."""

    @property
    def streamed(self) -> bool:
        """Whether it is played from its file, with no more than its head in memory.

        Its length is what the file says, until all of it was seen, some time after the load; so are
        waveform and warnings.
        """

    @property
    def channels(self) -> int:
        """Number of channels, those of the file."""

    @property
    def sample_rate(self) -> int:
        """Frames per second in Hz: the engine's rate."""

    @property
    def source_rate(self) -> int:
        """The file's own rate in Hz."""

    @property
    def container(self) -> str:
        """The file's container, such as ``"wav"``."""

    @property
    def codec(self) -> str:
        """The file's codec, such as ``"pcm_s16le"``."""

    @property
    def bits_per_sample(self) -> int | None:
        """Bits per value in the file, or None where that means nothing."""

    @property
    def warnings(self) -> list[LoadWarning]:
        """What was odd about the file, as its `success` event says it; a fresh list. Of a stream
        there is more once all of it was seen. An arriving sample, and a stream until then, only
        know whether its name fits.
        """

    @property
    def path(self) -> str | None:
        """The absolute path it was loaded from, or None for content."""

    @property
    def tags(self) -> dict[str, str]:
        """Texts by name, several values of one name joined by ``"; "``; a fresh dict.

        Names are lower-case, and the same for all formats where many of them have one: ``title``,
        ``artist``, ``album``, ``album_artist``, ``date``, ``genre``, ``track_number``,
        ``comment``, ``bpm``, ``key``, ``replaygain_track_gain``, …; others keep their own.
        """

    @property
    def loops(self) -> list[Loop]:
        """The loops, in the file's order."""

    @property
    def cues(self) -> list[Cue]:
        """Cue points, markers, regions and chapters, by position."""

    @property
    def embedded_bpm(self) -> float | None:
        """Beats per minute by the file; nothing is measured."""

    @property
    def embedded_bpm_source(self) -> Literal["acid", "apple_loop", "tag"] | None:
        """Who says so: an ``acid`` chunk of a loop, an Apple Loop's beats over its length, a tag.

        Where several do, the first of these counts.
        """

    @property
    def embedded_key(self) -> str | None:
        """The key by the file's tags, as it stands there: ``"Am"``, ``"8A"``, ``"F#"``, …"""

    @property
    def root_key(self) -> int | None:
        """The MIDI note that the sample sounds at when played as it is (60 is middle C)."""

    @property
    def root_cents(self) -> float | None:
        """What is to be added to `root_key`, in cents."""

    @property
    def one_shot(self) -> bool | None:
        """Whether the file says that it is a one-shot (True) or a loop (False)."""

    @property
    def beats(self) -> int | None:
        """How many beats the file says that it has."""

    @property
    def meter(self) -> tuple[int, int] | None:
        """Beats per bar, and the note that is one beat."""

    @property
    def replaygain_track_gain_db(self) -> float | None:
        """ReplayGain of the track in dB, also where Opus or ID3's ``RVA2`` say it."""

    @property
    def replaygain_track_peak(self) -> float | None:
        """ReplayGain's peak of the track; 1.0 is full scale."""

    @property
    def replaygain_album_gain_db(self) -> float | None:
        """ReplayGain of the album in dB."""

    @property
    def replaygain_album_peak(self) -> float | None:
        """ReplayGain's peak of the album; 1.0 is full scale."""

    @property
    def acid(self) -> Acid | None:
        """The ACID chunk of a WAV file."""

    @property
    def instrument(self) -> Instrument | None:
        """Which keys and velocities the file is made for."""

    @property
    def bext(self) -> Broadcast | None:
        """The broadcast extension of a WAV file."""

    @property
    def has_cover(self) -> bool:
        """Whether the file has a picture."""

    def cover(self) -> tuple[str, bytes] | None:
        """The front cover, or else the first picture, as ``(mime, bytes)``; None without one.

        Reads the file again, as it is now, in the calling thread and without the GIL; it may
        block as long as the disk does. A sample from content has kept its picture, if that has at
        most 256 KiB. Raises `FileNotFoundError`, `PermissionError` or another `OSError` when the
        file can no longer be read.
        """

    def _repr_html_(self) -> str:
        """What a notebook shows: name, facts, waveform, and a player of 30 s at most, in mono.

        At most 300,000 characters of HTML, however long the sample is.
        """

@final
class ColouredWaveform:
    """The waveform in colour of one piece of audio, which it does not need any more.

    Immutable. Bands divide at 200 Hz and 2 kHz, by filters of 24 dB per octave. Can be copied and
    pickled, and so come from another process.
    """

    def __eq__(self, other: object, /) -> bool:
        """Whether both draw the same, wherever they come from."""

    def __hash__(self) -> int:
        """Fits `==`."""

    def pixels(
        self,
        width: SupportsIndex,
        start_sec: float | None = None,
        end_sec: float | None = None,
    ) -> Waveform[NDArray[np.float32]]:
        """What to draw of the stretch between two times, by default all of it: extremes and levels
        of ``width`` equal pixels.

        Takes less than a microsecond for each pixel of a channel, and some milliseconds for ten
        hours of audio. A pixel is put together of the blocks of 256 frames that it lies in:
        extremes are never less than there is, levels are means. Where there is no frame, all is 0.
        `width` is 1 to 65,536.
        """

    def to_dat(
        self, bits: SupportsIndex | None = None, frames_per_pixel: SupportsIndex | None = None
    ) -> bytes:
        """Minima and maxima as a ``.dat`` file of BBC's audiowaveform, version 2, for peaks.js and
        other viewers.

        `bits` are 8 (None) or 16, `frames_per_pixel` is a multiple of 256 (None: 256 itself);
        `ValueError` otherwise.
        """

    def to_json(
        self, bits: SupportsIndex | None = None, frames_per_pixel: SupportsIndex | None = None
    ) -> str:
        """The same as a ``.json`` file, which also has the levels: ``rms``, ``low``, ``mid``,
        ``high``."""

@final
class Ticket:
    @property
    def request_id(self) -> int: ...
    @property
    def id(self) -> int: ...
    @property
    def percent(self) -> float: ...
    def sample(self) -> Sample | None: ...
    def cancel(self) -> bool: ...
    def result(self, timeout: float | None) -> Sample: ...
    def abandon(self) -> None: ...
    def watch(self, wakeups: Wakeups, number: int) -> Watch | None: ...
    def analysis_result(self, timeout: float | None) -> Analysis: ...
    def watch_analysis(self, wakeups: Wakeups, number: int) -> Watch | None: ...

@final
class Batch:
    def tickets(self) -> list[Ticket]: ...
    def progress(self) -> tuple[int, int, int, int, float]: ...
    def cancel(self) -> int: ...
    def result(self, timeout: float | None) -> list[Outcome]: ...
    def analysis_result(self, timeout: float | None) -> list[Heard]: ...
    def abandon(self) -> None: ...
    def watch(self, wakeups: Wakeups, number: int) -> Watch | None: ...

@final
class Subscription:
    def poll(self) -> Any: ...
    def is_finished(self) -> bool: ...
    def watch(self, wakeups: Wakeups, number: int) -> Watch | None: ...
    def dropped(self) -> int: ...
    def end(self) -> None: ...

@final
class Wakeups:
    def __new__(cls) -> Wakeups: ...
    def fileno(self) -> int: ...
    def take(self) -> list[int]: ...
    def wait(self, timeout: float | None) -> list[int] | None: ...
    def end(self) -> None: ...

@final
class Watch: ...

@final
class Engine:
    def __new__(
        cls,
        output: str,
        sample_rate: int | None,
        buffer_frames: int | None,
        slots: int,
        workers: int | None,
        memory_budget: int | None,
        max_sample_bytes: int | None,
        max_source_bytes: int | None,
        max_queued: int,
        max_voices: int,
        limiter: bool,
        meter_rate_hz: int,
        worker_nice: int,
        cache_dir: str | None,
        cache_audio: bool,
        cache_bytes: int,
    ) -> Engine: ...
    def run(self) -> str | None: ...
    def shut_down(self) -> None: ...
    def is_running(self) -> bool: ...
    @property
    def max_source_bytes(self) -> int | None: ...
    def check_load(
        self, id: SupportsIndex | None, priority: SupportsIndex, stream: bool, analyze: Kinds
    ) -> list[Kind]: ...
    def analyze(
        self, id: SupportsIndex, kinds: Kinds, priority: SupportsIndex, awaited: bool
    ) -> Ticket: ...
    def load(
        self,
        id: SupportsIndex | None,
        source: Resolved,
        priority: SupportsIndex,
        stream: bool,
        analyze: Kinds,
        awaited: bool,
    ) -> Ticket: ...
    def load_many(
        self,
        items: list[tuple[SupportsIndex | None, Resolved]],
        priority: SupportsIndex,
        stream: bool,
        analyze: Kinds,
    ) -> Batch: ...
    def cancel_load(self, request_id: SupportsIndex) -> bool: ...
    def set_priority(self, request_id: SupportsIndex, priority: SupportsIndex) -> bool: ...
    def poll_loader_events(self) -> LoaderEvent | None: ...
    def drain_loader_events(self, limit: SupportsIndex | None) -> list[LoaderEvent]: ...
    def wait_event(self, timeout: float | None) -> LoaderEvent | None: ...
    def unread_events(self) -> int: ...
    def fileno(self) -> int: ...
    def subscribe(self) -> Subscription: ...
    def subscribe_playback(self) -> Subscription: ...
    def loads(self) -> list[tuple[int, int, str | None, SlotState, Stage, float, float]]: ...
    def state(self, id: SupportsIndex) -> SlotState: ...
    def sample(self, id: SupportsIndex) -> Sample | None: ...
    def pin_sample(self, id: SupportsIndex, pinned: bool) -> None: ...
    def unload_sample(self, id: SupportsIndex) -> None: ...
    def play_sample(
        self,
        id: SupportsIndex,
        volume: float,
        normalize: Normalize | float | None,
        pan: float,
        speed: float,
        looped: bool | LoopMode,
        loop_start_sec: float,
        loop_end_sec: float | None,
        start_sec: float,
        end_sec: float | None,
        fade_in_sec: float,
        fade_out_sec: float,
        at_frame: SupportsIndex | None,
        choke: SupportsIndex | None,
        on_bus: SupportsIndex,
        retrigger: Retrigger,
        when_loading: WhenLoading,
        max_wait_sec: float,
    ) -> int | None: ...
    def stop_sample(
        self, id: SupportsIndex, fade_sec: float, at_frame: SupportsIndex | None
    ) -> None: ...
    def pause_sample(self, id: SupportsIndex, at_frame: SupportsIndex | None) -> None: ...
    def resume_sample(self, id: SupportsIndex, at_frame: SupportsIndex | None) -> None: ...
    def seek_sample(
        self, id: SupportsIndex, position_sec: float, at_frame: SupportsIndex | None
    ) -> None: ...
    def stop_voice(
        self, voice: SupportsIndex | None, fade_sec: float, at_frame: SupportsIndex | None
    ) -> bool: ...
    def pause_voice(self, voice: SupportsIndex | None, at_frame: SupportsIndex | None) -> bool: ...
    def resume_voice(self, voice: SupportsIndex | None, at_frame: SupportsIndex | None) -> bool: ...
    def seek_voice(
        self, voice: SupportsIndex | None, position_sec: float, at_frame: SupportsIndex | None
    ) -> bool: ...
    def cancel_changes(self, voice: SupportsIndex | None) -> bool: ...
    def set_voice(
        self,
        voice: SupportsIndex | None,
        volume: float | None,
        pan: float | None,
        speed: float | None,
        looped: bool | LoopMode | None,
        loop_start_sec: float,
        loop_end_sec: float | None,
        fade_sec: float | None,
        at_frame: SupportsIndex | None,
    ) -> bool: ...
    def stop_all(self, fade_sec: float, at_frame: SupportsIndex | None) -> None: ...
    def set_bus(
        self,
        number: SupportsIndex,
        volume: float | None,
        muted: bool | None,
        fade_sec: float | None,
        at_frame: SupportsIndex | None,
    ) -> None: ...
    def pause_bus(self, number: SupportsIndex, at_frame: SupportsIndex | None) -> None: ...
    def resume_bus(self, number: SupportsIndex, at_frame: SupportsIndex | None) -> None: ...
    def set_limiter(self, on: bool) -> None: ...
    def meters(
        self,
    ) -> tuple[tuple[list[float], list[float]], list[tuple[list[float], list[float]]], float]: ...
    def playheads(
        self,
    ) -> list[tuple[int, int, float, Literal["waiting", "playing", "paused", "stopping"], int]]: ...
    def set_volume(
        self, volume: float, fade_sec: float | None, at_frame: SupportsIndex | None
    ) -> None: ...
    def set_speed(self, speed: float, at_frame: SupportsIndex | None) -> None: ...
    def clock(self) -> tuple[int, float, int, float]: ...
    def poll_playback_events(self) -> PlaybackEvent | None: ...
    def wait_playback_event(self, timeout: float | None) -> PlaybackEvent | None: ...
    def render(self, frames: SupportsIndex) -> NDArray[np.float32]: ...
    def set_output(self, output: str) -> None: ...
    def stats(self) -> Stats: ...

def analyze(
    read: Callable[[], Resolved | NDArray[np.float32] | Sample],
    kinds: Kinds,
    sample_rate: SupportsIndex | None,
    cache_dir: str | None,
    cache_bytes: SupportsIndex,
    heed: Callable[[], None] | None,
) -> tuple[Facts, dict[str, Any]]: ...
def decode(
    read: Callable[[], Resolved],
    sample_rate: SupportsIndex | None,
    mono: bool,
    start_sec: float,
    duration_sec: float | None,
    frames_first: bool,
) -> tuple[NDArray[np.float32], int]: ...
def info(source: Resolved) -> dict[str, Any]: ...
def resample(
    array: NDArray[np.float32], source_rate: int, target_rate: int
) -> NDArray[np.float32]: ...
def grid_slices(
    source: NDArray[np.float32] | Sample,
    beats_sec: list[float],
    per_beat: SupportsIndex,
    sample_rate: SupportsIndex | None,
) -> list[int]: ...
def coloured_waveform(pickled: bytes) -> ColouredWaveform: ...
def extensions() -> list[str]: ...
def devices() -> list[tuple[str, str, bool, int, int | None]]: ...
def after_fork_in_child() -> None: ...
