"""Many loads at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

from ._hotcue import Batch, Sample
from .analysis import Analysis
from .errors import AnalysisError, LoadCancelled, LoadError
from .ticket import LoadTicket
from .values import BatchProgress

if TYPE_CHECKING:
    from collections.abc import Generator

    from .source import Source

Outcome: TypeAlias = Sample | LoadError | LoadCancelled
"""What a load of a batch has come to: a sample, or what the ticket's `result()` raises."""

Heard: TypeAlias = Analysis | LoadError | LoadCancelled | AnalysisError
"""What was heard of a load of a batch, or what the ticket's `analysis_result()` raises."""


class LoadBatch:
    """The receipt of loads that were accepted together.

    Like a `LoadTicket` it takes no event from any queue; any thread may use it, also after the
    engine has shut down. Without a `memory_budget` its tickets keep their samples in memory.

    ``await batch`` waits until all its loads have ended, in any asyncio loop, and has the outcomes
    as `result()` does. Where the task that waits is cancelled, so is the batch.
    """

    requests: list[LoadTicket]
    """One ticket per load, in the order that they were given in. The list is yours."""

    _batch: Batch

    def __init__(self, batch: Batch) -> None:
        if not isinstance(batch, Batch):
            raise TypeError("a LoadBatch is made by an engine only")
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

    def result(self, timeout: float | None = None) -> list[Outcome]:
        """Waits until all loads have ended, at most `timeout` seconds, and returns what each has
        come to, in order: the sample, or the exception that its ticket raises. Ctrl-C works; the
        GIL is released. Raises `TimeoutError` after `timeout` (the loads go on).

        With a `memory_budget` what has come stays in memory during the call, as while a task awaits
        the batch: what is left of a set that is larger than that fails, and evicts nothing of it.
        """
        return self._batch.result(timeout)

    def analysis_result(self, timeout: float | None = None) -> list[Heard]:
        """Waits until all loads have ended and all is heard that was asked for (`analyze`), at most
        `timeout` seconds, and returns it, in order: of each load what was heard by kind, ``{}`` if
        that is nothing, or the exception that its ticket raises. Ctrl-C works; the GIL is
        released. Raises `TimeoutError` after `timeout` (loads and analyses go on). `analysis()` is
        the same for asyncio.

        It keeps no sample in memory: with a `memory_budget` smaller than the set, one that leaves
        before it was heard has an `AnalysisError` of the kind ``"evicted"``.
        """
        return self._batch.analysis_result(timeout)

    async def analysis(self) -> list[Heard]:
        """As `analysis_result()`, without holding up the asyncio loop that waits for it. Where the
        task that waits is cancelled, so is the batch, or what is to be heard of it."""
        from .waiting import until_woken  # Only those who have asyncio loaded come here.

        for ticket in self._batch.tickets():
            await until_woken(ticket.watch_analysis, self._batch.abandon)
        return self._batch.analysis_result(0)

    def __await__(self) -> Generator[Any, None, list[Outcome]]:
        from .waiting import until_woken  # Only those who have asyncio loaded come here.

        batch = self._batch
        # With what comes back the samples stay in memory till the end of this.
        _kept = yield from until_woken(batch.watch, batch.abandon).__await__()
        return batch.result(0)

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
