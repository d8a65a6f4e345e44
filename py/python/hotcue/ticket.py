"""The receipt of a load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._hotcue import Ticket

if TYPE_CHECKING:
    from collections.abc import Generator

    from ._hotcue import Sample
    from .analysis import Analysis


class LoadTicket(int):
    """The receipt of one load: an `int` equal to its request id, and a view of that request.

    It reads the request's own state and takes no event from any queue. Any thread may use it,
    also after the engine has shut down. Pickled or copied it is the plain number.

    ``await ticket`` waits for the sample in any asyncio loop, and raises as `result()` does. Where
    the task that waits is cancelled, so is the load, and what is to be heard of it, even where it
    has just succeeded; `asyncio.shield` keeps it.
    """

    _ticket: Ticket

    def __new__(cls, ticket: Ticket) -> LoadTicket:
        if not isinstance(ticket, Ticket):
            raise TypeError("a LoadTicket is made by an engine only")
        self = int.__new__(cls, ticket.request_id)
        self._ticket = ticket
        return self

    @property
    def id(self) -> int:
        """The slot that the sample is loaded into."""
        return self._ticket.id

    @property
    def progress(self) -> float:
        """How far the load is, 0.0 to 100.0. Never falls."""
        return self._ticket.percent

    @property
    def sample(self) -> Sample | None:
        """The sample; None before enough of it is there to be played, and if the load ended
        without one. While the load runs it is arriving: its `frames`, and what `to_numpy()` covers,
        get more. Of a file that does not say how long it is, there is none before `success`.

        The ticket keeps it in memory, also after its slot has let go of it. With a
        `memory_budget` it does not: None once the sample has left memory.
        """
        return self._ticket.sample()

    def cancel(self) -> bool:
        """Cancels the load, or its analysis, if the load has succeeded. True means that its
        `cancelled` event follows, or `analysis` events that say so; False that all of it had
        ended already. The slot's sample stays as it was."""
        return self._ticket.cancel()

    def result(self, timeout: float | None = None) -> Sample:
        """Waits for the sample, at most `timeout` seconds. Ctrl-C works; the GIL is released.

        Raises `LoadError` if the load failed (also a `FileNotFoundError` or `PermissionError`
        where that fits), `LoadCancelled` if it was cancelled, `TimeoutError` after `timeout`
        (the load goes on). With a `memory_budget` also a `LoadError` of the kind
        ``"out_of_memory_budget"`` when the load succeeded and the sample has left memory since;
        what arrives during the call is there.
        """
        return self._ticket.result(timeout)

    def analysis_result(self, timeout: float | None = None) -> Analysis:
        """Waits, at most `timeout` seconds, until the load has ended and all is heard that was
        asked for (`analyze`), and returns it, by kind, as `hotcue.analyze` does: ``{}`` if that is
        nothing. Ctrl-C works; the GIL is released. `analysis()` is the same for asyncio. With the
        results the ticket keeps what waveforms are drawn from.

        Raises as `result()` does if the load failed or was cancelled, `LoadCancelled` also if the
        analysis was (by `cancel()`, an unload, another sample in the slot, the end of the engine),
        `AnalysisError` if a kind was not heard for another reason, `TimeoutError` after `timeout`.
        """
        return self._ticket.analysis_result(timeout)

    async def analysis(self) -> Analysis:
        """As `analysis_result()`, without holding up the asyncio loop that waits for it::

            ticket = engine.load_sample_async(0, "loop.wav", analyze=["bpm", "key"])
            sample = await ticket
            heard = await ticket.analysis()

        Where the task that waits is cancelled, so is the load, or what is to be heard of it.
        """
        from .waiting import until_woken  # Only those who have asyncio loaded come here.

        await until_woken(self._ticket.watch_analysis, self._ticket.abandon)
        return self._ticket.analysis_result(0)

    def __await__(self) -> Generator[Any, None, Sample]:
        from .waiting import until_woken  # Only those who have asyncio loaded come here.

        ticket = self._ticket
        # With what comes back the sample stays in memory till the end of this.
        _kept = yield from until_woken(ticket.watch, ticket.abandon).__await__()
        return ticket.result(0)

    def __repr__(self) -> str:
        return f"<LoadTicket {int(self)}: id {self.id}, {self.progress:.0f} %>"

    def __str__(self) -> str:
        return int.__repr__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)
