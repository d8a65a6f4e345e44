"""Keys and mouse, as they come in Dear PyGui's own thread, for the window's."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from dearpygui import dearpygui as dpg


class Key(NamedTuple):
    """A key went down."""

    name: str
    """A letter, a digit, or one of `_NAMED`."""
    ctrl: bool
    shift: bool
    played: int | None = None
    """The pad that it has played already."""


class Press(NamedTuple):
    """A button of the mouse went down."""

    button: int
    x: float
    y: float
    played: int | None = None
    """The pad that it has played already."""


class Release(NamedTuple):
    """A button of the mouse went up."""

    button: int


class Wheel(NamedTuple):
    """The wheel was turned."""

    steps: int


Input = Key | Press | Release | Wheel

_NAMED = {
    "space": "mvKey_Spacebar",
    "enter": "mvKey_Return",
    "escape": "mvKey_Escape",
    "delete": "mvKey_Delete",
    "left": "mvKey_Left",
    "right": "mvKey_Right",
    "up": "mvKey_Up",
    "down": "mvKey_Down",
    "home": "mvKey_Home",
    "minus": "mvKey_Minus",
    "add": "mvKey_Add",
    "subtract": "mvKey_Subtract",
    "f1": "mvKey_F1",
}
# The numbers that Dear PyGui 2.3 has for these are of older versions. By those of its neighbours in
# Dear ImGui's `ImGuiKey`.
_BESIDE = {
    "page_up": ("mvKey_Home", -2),
    "page_down": ("mvKey_Home", -1),
    "plus": ("mvKey_Minus", 4),
}
# What callbacks may come late by.
_LATE_SEC = 0.25
_CTRL = ("mvKey_LControl", "mvKey_RControl")
_SHIFT = ("mvKey_LShift", "mvKey_RShift")


class Inputs:
    """Collects what the user does; `take` hands it out.

    `at_once` is called with each `Key` and `Press` in Dear PyGui's thread, in the middle of a
    frame, and returns the pad that it has played: what sounds need not wait for the next frame.
    """

    def __init__(self, at_once: Callable[[Key | Press], int | None]) -> None:
        self.x = self.y = -1.0
        """Where the mouse is."""
        self._at_once = at_once
        self._waiting: deque[Input] = deque()
        self._down: set[int] = set()
        self._up_since: dict[int, float] = {}
        self._names = {
            getattr(dpg, f"mvKey_{char}"): char for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        }
        self._names |= {getattr(dpg, key): name for name, key in _NAMED.items()}
        self._names |= {getattr(dpg, key) + by: name for name, (key, by) in _BESIDE.items()}
        self._ctrl = {getattr(dpg, key) for key in _CTRL}
        self._shift = {getattr(dpg, key) for key in _SHIFT}
        # Dear PyGui looks at how many arguments a callback has: methods of plain classes are fine.
        with dpg.handler_registry():
            dpg.add_mouse_move_handler(callback=self._moved)
            dpg.add_key_press_handler(callback=self._key_down)
            dpg.add_key_release_handler(callback=self._key_up)
            dpg.add_mouse_click_handler(callback=self._pressed)
            dpg.add_mouse_release_handler(callback=self._released)
            dpg.add_mouse_wheel_handler(callback=self._turned)

    def take(self) -> list[Input]:
        """What has come since it was asked last, in order."""
        self._let_go()
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken

    def held(self) -> frozenset[int]:
        """The codes of the keys that are down."""
        return frozenset(self._down)

    def _let_go(self) -> None:
        """Forgets keys that nobody holds: what is let go while another window has the keyboard, no
        callback tells. Those of this window come some frames late at most."""
        now = time.monotonic()
        held = list(self._down)
        up_since = {
            code: self._up_since.get(code, now) for code in held if not dpg.is_key_down(code)
        }
        self._up_since = up_since
        self._down -= {code for code, since in up_since.items() if now - since > _LATE_SEC}

    def _moved(self, _sender: int, place: tuple[float, float]) -> None:
        self.x, self.y = place

    def _key_down(self, _sender: int, code: int) -> None:
        if code in self._down:  # It repeats while it is held.
            return
        self._down.add(code)
        name = self._names.get(code)
        if name is not None:
            key = Key(name, self._any_down(self._ctrl), self._any_down(self._shift))
            self._waiting.append(key._replace(played=self._at_once(key)))

    def _any_down(self, codes: set[int]) -> bool:
        """Whether one of them is: of keys that go down in one frame, callbacks come in the order of
        their codes."""
        return bool(self._down & codes) or any(dpg.is_key_down(code) for code in codes)

    def _key_up(self, _sender: int, code: int) -> None:
        self._down.discard(code)

    def _pressed(self, _sender: int, button: int) -> None:
        press = Press(button, self.x, self.y)
        self._waiting.append(press._replace(played=self._at_once(press)))

    def _released(self, _sender: int, button: int) -> None:
        self._waiting.append(Release(button))

    def _turned(self, _sender: int, steps: int) -> None:
        self._waiting.append(Wheel(steps))
