"""What the user does with keys and mouse, and what comes of it."""

from __future__ import annotations

import time

from dearpygui import dearpygui as dpg

from .. import words
from ..board import PADS, Board
from ..keys import GRIDS, pad_keys
from ..layout import Layout
from ..pad import CHOKE_GROUPS, State
from .controls import grabs, volume_at
from .files import Files
from .inputs import Inputs, Key, Press, Release, Wheel
from .wave import Wave

# How long a pad that was played looks struck.
_STRUCK_SEC = 0.12
_VOLUME_STEP_DB = 1.0
_LEFT = 0
# More steps out than any zoom has.
_ALL = -100


class Acts:
    """Turns keys and clicks into what they are for."""

    def __init__(self, board: Board, wave: Wave, files: Files, layout: Layout) -> None:
        self.layout = layout
        """What is drawn at the moment."""
        self.help_shown = False
        self._board = board
        self._wave = wave
        self._files = files
        self._inputs = Inputs(self._play_at_once)
        self._struck: dict[int, float] = {}
        self._dragged: str | None = None
        self._panned_from: float | None = None

    @property
    def mouse(self) -> tuple[float, float]:
        """Where it is."""
        return self._inputs.x, self._inputs.y

    @property
    def pad_below(self) -> int | None:
        """The pad below the mouse."""
        return self._pad_at(*self.mouse)

    def held(self) -> frozenset[int]:
        """The codes of the keys that are held."""
        return self._inputs.held()

    def struck(self) -> set[int]:
        """The pads that were played a moment ago."""
        now = time.monotonic()
        self._struck = {pad: until for pad, until in self._struck.items() if until > now}
        return set(self._struck)

    def frame(self) -> None:
        """Does what was asked for since the last frame."""
        for given in self._inputs.take():
            match given:
                case Release():
                    self._dragged = self._panned_from = None
                case Key(name="escape") if self._files.asks:
                    self._files.cancel()
                case _ if self._files.asks:
                    pass
                case Key() | Press() if self.help_shown:
                    self.help_shown = False
                case Key():
                    self._key(given)
                case Press():
                    self._press(given)
                case Wheel():
                    self._wheel(given.steps)
        self._drag()

    def _play_at_once(self, given: Key | Press) -> int | None:
        """Plays the pad that is meant, and tells which. In Dear PyGui's thread."""
        if self._files.asks or self.help_shown:
            return None
        pad = None
        if isinstance(given, Press):
            if given.button == _LEFT:
                pad = self._pad_at(given.x, given.y)
        elif not given.ctrl:
            pad = self._in_bank(pad_keys(self._board.grid).find(given.name))
        if pad is not None:
            self._board.trigger(pad)
        return pad

    def _pad_at(self, x: float, y: float) -> int | None:
        place = self.layout.pad_at(x, y)
        return None if place is None else self._in_bank(place)

    def _in_bank(self, place: int) -> int | None:
        seen = self._board.seen()
        return seen[place] if 0 <= place < len(seen) else None

    def _played(self, pad: int) -> None:
        self._board.select(pad)
        self._struck[pad] = time.monotonic() + _STRUCK_SEC

    # Keys

    def _key(self, key: Key) -> None:
        if key.played is not None:
            self._played(key.played)
        elif key.ctrl:
            self._ctrl(key)
        else:
            self._plain(key.name)

    def _plain(self, name: str) -> None:
        board = self._board
        match name:
            case "space":
                board.stop_all()
            case "enter":
                board.trigger(board.selected)
                self._played(board.selected)
            case "left" | "right" | "up" | "down":
                by = {"left": -1, "right": 1, "up": -board.grid, "down": board.grid}[name]
                if 0 <= board.selected + by < PADS:
                    board.select(board.selected + by)
            case "page_up" | "page_down":
                board.show(board.bank + (1 if name == "page_down" else -1))
            case "delete":
                board.clear(board.selected)
            case "plus" | "add":
                self._zoom(1)
            case "minus" | "subtract":
                self._zoom(-1)
            case "home":
                self._zoom(_ALL)
            case "f1":
                self.help_shown = True

    def _ctrl(self, key: Key) -> None:
        board, pad = self._board, self._board.selected
        match key.name:
            case "O":
                self._files.ask("open", self.layout.window)
            case "S":
                self._files.save(self.layout.window)
            case "F":
                self._files.ask("files", self.layout.window)
            case "D":
                self._files.ask("folder", self.layout.window)
            case "V":
                self._files.paste()
            case "L":
                board.set_loop(pad, not board.pads[pad].loop)
            case "Q":
                dpg.stop_dearpygui()
            case "up" | "down":
                step = _VOLUME_STEP_DB if key.name == "up" else -_VOLUME_STEP_DB
                level = words.decibels(board.pads[pad].volume) + step
                board.set_pad_volume(pad, words.gain(level))
            case digit if digit.isdigit():
                if key.shift and int(digit) in GRIDS:
                    board.set_grid(int(digit))
                elif int(digit) <= CHOKE_GROUPS:
                    board.set_choke(pad, int(digit))

    # Mouse

    def _press(self, press: Press) -> None:
        control = self.layout.control_at(press.x, press.y)
        pad = self._pad_at(press.x, press.y)
        if control is not None:
            if press.button == _LEFT:
                self._push(control, press.x)
        elif pad is not None:
            self._board.select(pad)
            if press.button == _LEFT and self._board.pads[pad].state is State.EMPTY:
                self._files.ask("replace", self.layout.window)
            elif press.played is not None:
                self._played(press.played)
        elif self.layout.picture.holds(press.x, press.y):
            fraction = self._wave.place(self.layout, press.x)
            if press.button == _LEFT:
                self._board.stop(self._board.selected)
                self._board.trigger(self._board.selected, self._wave.zoom.time_at(fraction))
            else:
                self._panned_from = press.x

    def _push(self, control: str, x: float) -> None:
        board, pad, window = self._board, self._board.selected, self.layout.window
        match control:
            case "open" | "files" | "folder" | "replace":
                self._files.ask(control, window)
            case "save":
                self._files.save(window)
            case "stop":
                board.stop_all()
            case "help":
                self.help_shown = True
            case "volume" | "gain":
                if grabs(self.layout.controls[control], x):
                    self._dragged = control
            case "play":
                self._toggle(pad)
            case "loop":
                board.set_loop(pad, not board.pads[pad].loop)
            case "clear":
                board.clear(pad)
            case "zoom_in":
                self._zoom(1)
            case "zoom_out":
                self._zoom(-1)
            case "zoom_all":
                self._zoom(_ALL)
            case _ if control.startswith("grid"):
                board.set_grid(int(control[4:]))
            case _ if control.startswith("bank"):
                board.show(int(control[4:]))
            case _ if control.startswith("choke"):
                board.set_choke(pad, int(control[5:]))

    def _toggle(self, pad: int) -> None:
        if self._board.pads[pad].position_sec is None:
            self._board.trigger(pad)
            self._played(pad)
        else:
            self._board.stop(pad)

    def _zoom(self, steps: float, fraction: float = 0.5) -> None:
        self._wave.zoom = self._wave.zoom.by(steps, fraction)

    def _wheel(self, steps: int) -> None:
        if self.layout.wave.holds(*self.mouse):
            self._zoom(steps, self._wave.place(self.layout, self._inputs.x))

    def _drag(self) -> None:
        x = self._inputs.x
        if self._dragged == "volume":
            self._board.set_volume(volume_at(self.layout.controls["volume"], x))
        elif self._dragged == "gain":
            volume = volume_at(self.layout.controls["gain"], x)
            if volume != self._board.pads[self._board.selected].volume:
                self._board.set_pad_volume(self._board.selected, volume)
        if self._panned_from is not None:
            moved = (self._panned_from - x) / self.layout.picture.width
            self._wave.zoom = self._wave.zoom.moved(moved)
            self._panned_from = x
