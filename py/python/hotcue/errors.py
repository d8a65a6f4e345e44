"""What hotcue raises and warns about: one base, and a built-in as second base where it fits."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .analysis import Kind
    from .events import AnalysisFailure

ErrorKind = Literal[
    "not_found",
    "permission_denied",
    "io",
    "unsupported_format",
    "corrupt",
    "empty",
    "too_large",
    "out_of_memory_budget",
    "ring_buffer_full",
    "worker_panic",
    "device",
]
"""What the caller of a failed load can act on."""

Stage = Literal["queued", "reading", "decoding", "resampling", "publishing"]
"""Where a load is. It never goes back."""

CancelReason = Literal["user", "superseded", "shutdown"]
"""Why a load was cancelled: by `cancel()`, by a newer load of the same id, by `shut_down()`."""


class HotcueError(Exception):
    """The base of every exception that hotcue defines."""


class LoadError(HotcueError):
    """A load failed.

    `message` is what its `error` event says, `kind` what the caller can act on, `stage` how far
    the load had come, `path` the absolute path (None for content that was given as bytes), `id`
    the slot and `request_id` the request, both None where no engine was asked (`hotcue.analyze`).
    ``str()`` is the message and the path. A missing file is also a `FileNotFoundError`, one that
    may not be read a `PermissionError`.
    """

    message: str
    kind: ErrorKind
    stage: Stage
    path: str | None
    id: int | None
    request_id: int | None

    def __init__(
        self,
        message: str,
        kind: ErrorKind,
        stage: Stage,
        path: str | None,
        id: int | None,
        request_id: int | None,
    ) -> None:
        super().__init__(message)
        self._details = (message, kind, stage, path, id, request_id)
        self.message = message
        self.kind = kind
        self.stage = stage
        self.path = path
        self.id = id
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        # With what was added to it, as notes.
        return type(self), self._details, self.__dict__

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.message}: {self.path!r}"


class LoadFileNotFoundError(LoadError, FileNotFoundError):
    """Nothing is at the path of a load."""

    def __init__(self, message: str, *details: Any) -> None:
        LoadError.__init__(self, message, *details)
        OSError.__init__(self, errno.ENOENT, message, self.path)


class LoadPermissionError(LoadError, PermissionError):
    """The file of a load may not be read by this user."""

    def __init__(self, message: str, *details: Any) -> None:
        LoadError.__init__(self, message, *details)
        OSError.__init__(self, errno.EACCES, message, self.path)


class LoadCancelled(HotcueError):
    """A load ended before it was done, and the slot's sample stays as it was; or what was to be
    heard in its sample is not any more.

    Never an `asyncio.CancelledError`: the task that waits was not cancelled, its load was.
    """

    reason: CancelReason
    id: int
    request_id: int

    def __init__(self, reason: CancelReason, id: int, request_id: int) -> None:
        super().__init__(reason, id, request_id)
        self.reason = reason
        self.id = id
        self.request_id = request_id

    def __str__(self) -> str:
        return f"load {self.request_id} of id {self.id} was cancelled: {self.reason}"


class AnalysisError(HotcueError):
    """What was to be heard in a sample was not, though its load succeeded.

    `message` is what its `analysis` event says in `error`, `kind` what that has in `kind`
    (``"evicted"``, ``"streamed"``, ``"worker_panic"``, …); `analysis` is the kind of analysis.
    """

    message: str
    kind: AnalysisFailure
    analysis: Kind
    id: int
    request_id: int

    def __init__(
        self, message: str, kind: AnalysisFailure, analysis: Kind, id: int, request_id: int
    ) -> None:
        super().__init__(message, kind, analysis, id, request_id)
        self.message = message
        self.kind = kind
        self.analysis = analysis
        self.id = id
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.analysis} of id {self.id}: {self.message}"


class DeviceError(HotcueError):
    """An audio device could not be opened, or stopped working.

    `kind` is a short name such as ``"not_available"``; `path` is the id of the device that was
    asked for, as `hotcue.devices()` gives it, or None.
    """

    kind: str
    path: str | None

    def __init__(self, message: str, kind: str, path: str | None = None) -> None:
        super().__init__(message, kind, path)
        self.kind = kind
        self.path = path

    def __str__(self) -> str:
        return str(self.args[0])


class QueueFullError(HotcueError):
    """More loads are waiting than `max_queued` allows, or 1,024 changes with an `at_frame` are
    still to come; this one was not accepted."""


class NotReadyError(HotcueError):
    """`play_sample(…, when_loading="raise")` met a slot whose load still runs, or `analyze` and
    `analyze_sample_async` one without a finished sample."""


class NoOutputWarning(RuntimeWarning):
    """No audio device opened: `output="auto"` plays to nowhere until one appears."""


def load_error(
    message: str,
    kind: ErrorKind,
    stage: Stage,
    path: str | None,
    id: int | None,
    request_id: int | None,
) -> LoadError:
    """Makes the `LoadError` subclass that fits `kind`."""
    cls = _SECOND_BASE.get(kind, LoadError)
    return cls(message, kind, stage, path, id, request_id)


_SECOND_BASE: dict[str, type[LoadError]] = {
    "not_found": LoadFileNotFoundError,
    "permission_denied": LoadPermissionError,
}
