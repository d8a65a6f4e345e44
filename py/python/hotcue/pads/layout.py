"""Where everything lies, for a window of any size from `LEAST` on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .keys import GRIDS
from .pad import CHOKE_GROUPS
from .theme import GAP

LEAST = (1120, 640)
"""The smallest window, in pixels."""

# How high they are, in pixels: the bar, the status line, controls, and of the waveform the title
# above and the ruler below, of the side the meter.
_BAR = 44
_STATUS = 26
_CONTROL = 28
_TITLE = 28
_RULER = 18
_METER = 58


class Rect(NamedTuple):
    """A rectangle, in pixels; `y` grows downwards."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row beyond it."""
        return self.y + self.height

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def at_origin(self) -> Rect:
        """The same size, at 0, 0."""
        return Rect(0, 0, self.width, self.height)


@dataclass(frozen=True)
class Layout:
    """The areas of a window, and the controls in them by name."""

    window: Rect
    bar: Rect
    wave: Rect
    picture: Rect
    """Of `wave`, where the waveform is."""
    ruler: Rect
    side: Rect
    facts: Rect
    """Of `side`, what is told of the selected pad."""
    meter: Rect
    status: Rect
    pads: tuple[Rect, ...]
    """Those of one bank, in reading order."""
    controls: dict[str, Rect]

    def pad_at(self, x: float, y: float) -> int | None:
        """The place in its bank of the pad at a point."""
        return next((place for place, pad in enumerate(self.pads) if pad.holds(x, y)), None)

    def control_at(self, x: float, y: float) -> str | None:
        """The name of the control at a point."""
        return next((name for name, rect in self.controls.items() if rect.holds(x, y)), None)


def lay_out(width: int, height: int, grid: int, banks: int) -> Layout:
    """Lays out a window of that size."""
    width, height = max(width, LEAST[0]), max(height, LEAST[1])
    inner = width - 2 * GAP
    bar = Rect(0, 0, width, _BAR)
    wave = Rect(GAP, bar.bottom + GAP, inner, min(max(height * 22 // 100, 140), 260))
    status = Rect(0, height - _STATUS, width, _STATUS)
    top = wave.bottom + GAP
    tall = status.y - GAP - top
    side_width = min(max(width * 24 // 100, 300), 380)
    side = Rect(width - GAP - side_width, top, side_width, tall)
    area = Rect(GAP, top, side.x - 2 * GAP, tall)
    controls = _bar(bar, banks)
    below = _side(side, controls)
    meter = Rect(side.x + GAP, side.bottom - GAP - _METER, side.width - 2 * GAP, _METER)
    controls |= _zoom(wave)
    ruler = Rect(wave.x + 1, wave.bottom - _RULER - 1, wave.width - 2, _RULER)
    head = wave.y + _TITLE
    return Layout(
        window=Rect(0, 0, width, height),
        bar=bar,
        wave=wave,
        picture=Rect(wave.x + 1, head, wave.width - 2, ruler.y - head),
        ruler=ruler,
        side=side,
        facts=Rect(side.x + GAP, side.y + GAP, side.width - 2 * GAP, below - GAP - side.y - GAP),
        meter=meter,
        status=status,
        pads=_pads(area, grid),
        controls=controls,
    )


def _pads(area: Rect, grid: int) -> tuple[Rect, ...]:
    def edges(start: int, length: int) -> list[tuple[int, int]]:
        free = length - (grid - 1) * GAP
        return [
            (
                start + free * index // grid + GAP * index,
                free * (index + 1) // grid - free * index // grid,
            )
            for index in range(grid)
        ]

    columns, rows = edges(area.x, area.width), edges(area.y, area.height)
    return tuple(Rect(x, y, width, height) for y, height in rows for x, width in columns)


# How wide they are, in pixels, and in a bar that is narrower than so many.
_NARROW = 1280
_LEFT = {"open": (64, 44), "save": (64, 44), "files": (84, 62), "folder": (92, 72)}
_GRID = (40, 34)
_RIGHT = {"volume": (230, 220), "stop": (78, 58), "help": (28, 28)}


def _bar(bar: Rect, banks: int) -> dict[str, Rect]:
    """From the left: sets and files, grids, banks; at the right the master."""
    top = bar.y + (bar.height - _CONTROL) // 2
    narrow = bar.width < _NARROW
    controls = {}
    x = 104
    for name, widths in _LEFT.items():
        wide = widths[narrow]
        controls[name] = Rect(x, top, wide, _CONTROL)
        x += wide + 4
    x += GAP
    for grid in GRIDS:
        controls[f"grid{grid}"] = Rect(x, top, _GRID[narrow], _CONTROL)
        x += _GRID[narrow] + 2
    x += GAP
    right = bar.right - GAP
    for name, widths in _RIGHT.items():
        wide = widths[narrow]
        right -= wide
        controls[name] = Rect(right, top, wide, _CONTROL)
        right -= GAP
    wide = min(34, (right - x) // banks)
    for bank in range(banks):
        controls[f"bank{bank}"] = Rect(x + bank * wide, top, wide - 2, _CONTROL)
    return controls


def _side(side: Rect, controls: dict[str, Rect]) -> int:
    """From the bottom, above the meter: choke groups, volume, buttons. Returns where they begin."""
    x, inner = side.x + GAP, side.width - 2 * GAP
    y = side.bottom - GAP - _METER - GAP - _CONTROL
    label = 54
    wide = (inner - label) // (CHOKE_GROUPS + 1)
    for group in range(CHOKE_GROUPS + 1):
        controls[f"choke{group}"] = Rect(x + label + group * wide, y, wide - 2, _CONTROL)
    y -= _CONTROL + GAP
    controls["gain"] = Rect(x, y, inner, _CONTROL)
    y -= _CONTROL + GAP
    wide = (inner - 3 * 4) // 4
    for index, name in enumerate(("play", "loop", "replace", "clear")):
        controls[name] = Rect(x + index * (wide + 4), y, wide, _CONTROL)
    return y


def _zoom(wave: Rect) -> dict[str, Rect]:
    side = _TITLE - 6
    right = wave.right - 4
    controls = {}
    for name, wide in (("zoom_all", 40), ("zoom_in", side), ("zoom_out", side)):
        right -= wide
        controls[name] = Rect(right, wave.y + 3, wide, side)
        right -= 4
    return controls
