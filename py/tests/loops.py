"""The event loops that everything awaitable is tried in."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from typing import Any, TypeAlias

Factory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]


class Readerless(asyncio.SelectorEventLoop):
    """Stands for loops that cannot watch a descriptor, as Windows' Proactor."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
        raise NotImplementedError

    def remove_reader(self, fd: Any) -> bool:
        raise NotImplementedError


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


LOOPS: dict[str, Factory] = {
    "standard": asyncio.new_event_loop,
    "readerless": Readerless,
    "uvloop": _uvloop,
}
HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None
