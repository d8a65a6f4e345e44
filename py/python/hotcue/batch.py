"""Many loads at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, SupportsIndex

from .ticket import LoadTicket
from .values import BatchProgress

if TYPE_CHECKING:
    from ._hotcue import Batch
    from .source import Source


class LoadBatch:
    """The receipt of loads that were accepted together.

    Like a `LoadTicket` it takes no event from any queue; any thread may use it, also after the
    engine has shut down. Without a `memory_budget` its tickets keep their samples in memory.
    """

    requests: list[LoadTicket]
    """One ticket per load, in the order that they were given in. The list is yours."""

    _batch: Batch

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self.requests = [LoadTicket(ticket) for ticket in batch.tickets()]

    @property
    def progress(self) -> BatchProgress:
        """How far it is, looked up at once for any number of loads. No figure ever falls; what
        an event that was polled says is counted."""
        return BatchProgress(*self._batch.progress())

    def cancel(self) -> int:
        """Cancels every load that has not ended; returns how many, each of which has its
        `cancelled` event. Analyses of those that have succeeded end, too."""
        return self._batch.cancel()

    def __repr__(self) -> str:
        done, failed, cancelled, total, percent = self.progress
        return (
            f"<LoadBatch of {total}: {done} done, {failed} failed, {cancelled} cancelled, "
            f"{percent:.0f} %>"
        )


def pairs(items: object) -> list[tuple[SupportsIndex | None, Source]]:
    """The pairs of id and source in `items`."""
    if isinstance(items, Mapping):
        return list(items.items())
    if not isinstance(items, Iterable) or isinstance(items, str | bytes | bytearray | memoryview):
        raise TypeError(
            f"items must be a mapping or pairs of id and source, not {type(items).__name__}"
        )
    return [_pair(index, item) for index, item in enumerate(items)]


def _pair(index: int, item: object) -> tuple[SupportsIndex | None, Source]:
    if isinstance(item, tuple | list):
        if len(item) == 2:
            return item[0], item[1]
        given = f"a {type(item).__name__} of {len(item)}"
    else:
        given = f"a {type(item).__name__}"
    raise TypeError(f"items must be a mapping or pairs of id and source: items[{index}] is {given}")
