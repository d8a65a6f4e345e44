"""Every event of an engine, for ``async for``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NoReturn

from ._hotcue import Subscription
from .events import LoaderEvent

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # Comes with every type checker.

    EventT = TypeVar("EventT", default=LoaderEvent)
else:
    from typing import TypeVar

    EventT = TypeVar("EventT")


class EventStream(AsyncIterator[EventT]):
    """Every event of an engine from `events()` on, also of loads made by ``await engine.load()``;
    or of its voices, from `playback_events()` on.

    It takes none from what is polled or from other streams. Any event loop, and any thread, may
    read it; of several tasks that do, each event goes to one. What nobody reads is kept, as
    what is polled: at most one `progress` per live load, every terminal event and
    `analysis`, and the newest 1,024 others; of voices the newest 4,096. It ends when the engine
    shuts down, after what is left was read, or when it is closed or let go of.
    """

    _events: Subscription

    def __init__(self, events: Subscription) -> None:
        if not isinstance(events, Subscription):
            raise TypeError("an EventStream is made by an engine only")
        self._events = events
        self._closed = False

    def __reduce__(self) -> NoReturn:
        raise TypeError("an EventStream cannot be copied or pickled; events() makes another one")

    async def __anext__(self) -> EventT:
        events = self._events
        while not self._closed:
            event: EventT | None = events.poll()
            if event is not None:
                return event
            if events.is_finished():
                break
            from .waiting import until_woken  # Only those who have asyncio loaded come here.

            await until_woken(events.watch)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends it, also for tasks that wait for its next event; what was not read is let go of.
        For `contextlib.aclosing`: a stream that nobody holds any more ends by itself."""
        self._closed = True
        self._events.end()

    @property
    def dropped_events(self) -> int:
        """How many events were left out because nobody read: of loads never a terminal one, never
        an `analysis`."""
        return self._events.dropped()
