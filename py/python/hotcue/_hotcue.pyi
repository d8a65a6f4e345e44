"""The extension module. Only `Sample` is public; the rest serves the package's own classes."""

from typing import Any, SupportsIndex, final

import numpy as np
from numpy.typing import NDArray

from .errors import Stage
from .events import LoaderEvent, PlaybackEvent
from .source import Resolved
from .values import Retrigger, SlotState, WhenLoading

__all__ = ["Batch", "Engine", "Sample", "Ticket", "__version__", "after_fork_in_child", "devices"]

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

    def to_numpy(self) -> NDArray[np.float32]:
        """The audio as read-only float32, shape ``(channels, frames)``, mono too as ``(1, n)``.

        No copy: every call shares the sample's own memory, nominally -1…1, not clamped, channels
        in WAVE order. Of an arriving sample it covers the frames that are ready at the call.
        Each channel is contiguous; the whole array is C-contiguous unless the sample was shared
        while it grew and turned out shorter than its file had stated.
        """

    @property
    def duration_sec(self) -> float:
        """Length in seconds; of an arriving sample, of what is ready."""

    @property
    def frames(self) -> int:
        """Length in frames; of an arriving sample, of what is ready."""

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
    def path(self) -> str | None:
        """The absolute path it was loaded from, or None for content."""

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

@final
class Batch:
    def tickets(self) -> list[Ticket]: ...
    def progress(self) -> tuple[int, int, int, int, float]: ...
    def cancel(self) -> int: ...

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
    ) -> Engine: ...
    def run(self) -> str | None: ...
    def shut_down(self) -> None: ...
    def is_running(self) -> bool: ...
    @property
    def max_source_bytes(self) -> int | None: ...
    def check_load(self, id: SupportsIndex | None, priority: SupportsIndex) -> None: ...
    def load(
        self, id: SupportsIndex | None, source: Resolved, priority: SupportsIndex
    ) -> Ticket: ...
    def load_many(
        self, items: list[tuple[SupportsIndex | None, Resolved]], priority: SupportsIndex
    ) -> Batch: ...
    def cancel_load(self, request_id: SupportsIndex) -> bool: ...
    def set_priority(self, request_id: SupportsIndex, priority: SupportsIndex) -> bool: ...
    def poll_loader_events(self) -> LoaderEvent | None: ...
    def drain_loader_events(self, limit: SupportsIndex | None) -> list[LoaderEvent]: ...
    def loads(self) -> list[tuple[int, int, str | None, SlotState, Stage, float, float]]: ...
    def state(self, id: SupportsIndex) -> SlotState: ...
    def sample(self, id: SupportsIndex) -> Sample | None: ...
    def pin_sample(self, id: SupportsIndex, pinned: bool) -> None: ...
    def unload_sample(self, id: SupportsIndex) -> None: ...
    def play_sample(
        self,
        id: SupportsIndex,
        volume: float,
        pan: float,
        speed: float,
        looped: bool,
        start_sec: float,
        at_frame: SupportsIndex | None,
        retrigger: Retrigger,
        when_loading: WhenLoading,
        max_wait_sec: float,
    ) -> int | None: ...
    def stop_sample(self, id: SupportsIndex) -> None: ...
    def pause_sample(self, id: SupportsIndex) -> None: ...
    def resume_sample(self, id: SupportsIndex) -> None: ...
    def seek_sample(self, id: SupportsIndex, position_sec: float) -> None: ...
    def stop_voice(self, voice: SupportsIndex, fade_sec: float) -> bool: ...
    def pause_voice(self, voice: SupportsIndex) -> bool: ...
    def resume_voice(self, voice: SupportsIndex) -> bool: ...
    def seek_voice(self, voice: SupportsIndex, position_sec: float) -> bool: ...
    def set_voice(
        self,
        voice: SupportsIndex,
        volume: float | None,
        pan: float | None,
        speed: float | None,
        looped: bool | None,
    ) -> bool: ...
    def stop_all(self) -> None: ...
    def set_volume(self, volume: float) -> None: ...
    def set_speed(self, speed: float) -> None: ...
    def clock(self) -> tuple[int, float, int, float]: ...
    def poll_playback_events(self) -> PlaybackEvent | None: ...
    def render(self, frames: SupportsIndex) -> NDArray[np.float32]: ...
    def set_output(self, output: str) -> None: ...
    def stats(self) -> dict[str, Any]: ...

def devices() -> list[tuple[str, str, bool, int, int | None]]: ...
def after_fork_in_child() -> None: ...
