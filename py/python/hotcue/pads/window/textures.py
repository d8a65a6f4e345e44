"""Waveforms as textures: each is made once, a few in a frame."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from dearpygui import dearpygui as dpg

from ..pixels import Picture

# In one frame; what is not made then has its turn in the next.
BUDGET_SEC = 0.002


Key = tuple[object, ...]


class Textures:
    """Static textures by what they show. Those that were not used for longest go."""

    def __init__(self, most: int = 256) -> None:
        """Keeps so many; by default those of all pads, and what is being replaced."""
        self._most = most
        self._registry = dpg.add_texture_registry()
        self._made: OrderedDict[Key, int] = OrderedDict()
        self._left_sec = BUDGET_SEC

    def begin_frame(self) -> None:
        """Begins another frame, with time to make some."""
        self._left_sec = BUDGET_SEC
        while len(self._made) > self._most:
            dpg.delete_item(self._made.popitem(last=False)[1])

    def get(self, key: Key, paint: Callable[[], Picture | None]) -> int | None:
        """The texture of that key, made of the ``(height, width, 4)`` that `paint` gives. None if
        it gives none, or if the frame has no time for it."""
        if (texture := self._made.get(key)) is not None:
            self._made.move_to_end(key)
            return texture
        if self._left_sec <= 0:
            return None
        began = time.perf_counter()
        pixels = paint()
        if pixels is not None:
            height, width = pixels.shape[:2]
            texture = dpg.add_static_texture(
                width, height, np.ascontiguousarray(pixels).ravel(), parent=self._registry
            )
            self._made[key] = texture
        self._left_sec -= time.perf_counter() - began
        return texture
