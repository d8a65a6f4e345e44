"""A screen as somebody in front of it has it: what a window shows, the pointer, a closed window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol.event import ClientMessage
from Xlib.xobject.drawable import Window


class Area(NamedTuple):
    """A part of a window, in pixels."""

    left: float
    top: float
    width: float
    height: float


class Screen:
    """The one that `DISPLAY` names, on which there is one window."""

    def __init__(self) -> None:
        self._display = Display()
        self._root = self._display.screen().root

    def picture(self) -> NDArray[np.uint8]:
        """What the window shows, ``(height, width, 3)``."""
        place = self._window().get_geometry()
        area = (place.x, place.y, place.width, place.height)
        image = self._root.get_image(*area, X.ZPixmap, 0xFFFFFFFF)
        pixels = np.frombuffer(image.data, np.uint8).reshape(place.height, place.width, 4)
        return pixels[:, :, 2::-1]

    def move(self, x: float, y: float) -> None:
        """Moves the pointer to a place of the window."""
        place = self._window().get_geometry()
        xtest.fake_input(self._display, X.MotionNotify, x=round(place.x + x), y=round(place.y + y))
        self._display.sync()

    def press(self, *, down: bool) -> None:
        """Presses the pointer's first button, or lets go of it."""
        xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, 1)
        self._display.sync()

    def close(self) -> None:
        """Asks the window to close, as the button in its corner does."""
        names = ("WM_PROTOCOLS", "WM_DELETE_WINDOW")
        protocols, delete = (self._display.intern_atom(name) for name in names)
        window = self._window()
        if not window.get_property(protocols, Xatom.ATOM, 0, 10):
            raise AssertionError("the window cannot be asked to close")
        data = (32, [delete, X.CurrentTime, 0, 0, 0])
        window.send_event(ClientMessage(window=window, client_type=protocols, data=data))
        self._display.sync()

    def _window(self) -> Window:
        windows = self._root.query_tree().children
        shown = [it for it in windows if it.get_attributes().map_state == X.IsViewable]
        return max(shown, key=lambda window: window.get_geometry().width)
