"""Buttons and sliders."""

from __future__ import annotations

from .. import theme, words
from ..layout import Rect
from ..theme import Colour
from .canvas import Part

_LABEL = 54
_VALUE = 62
# Half its width, while the mouse is over it.
_KNOB = 8


def button(
    part: Part,
    rect: Rect,
    label: str,
    *,
    hovered: bool,
    on: Colour | None = None,
    bold: bool = False,
    margin: int = 4,
) -> None:
    """A button; `on` is what it is filled with while it is on, `margin` what it leaves free beside
    its label."""
    fill = on or (theme.HOVER if hovered else theme.BUTTON)
    part.box(rect, fill, theme.SOFT if hovered else None, rounding=4)
    ink = theme.ON_INK if on else theme.INK
    size = 13
    part.text(
        rect.x + margin,
        rect.y + (rect.height - size) / 2 - 2,
        label,
        ink,
        size=size,
        bold=bold,
        width=rect.width - 2 * margin,
        align=0.5,
    )


def track(rect: Rect) -> Rect:
    """The part of a slider that is dragged along."""
    return Rect(rect.x + _LABEL, rect.y, rect.width - _LABEL - _VALUE, rect.height)


def grabs(rect: Rect, x: float) -> bool:
    """Whether a slider is taken hold of there: not at its name, and not at its figure."""
    along = track(rect)
    return along.x - _KNOB <= x <= along.right + _KNOB


def volume_at(rect: Rect, x: float) -> float:
    """The linear gain that a slider has at a point."""
    along = track(rect)
    fraction = min(max((x - along.x) / along.width, 0.0), 1.0)
    return words.gain(words.QUIETEST_DB + fraction * (words.LOUDEST_DB - words.QUIETEST_DB))


def slider(part: Part, rect: Rect, label: str, volume: float, *, hovered: bool) -> None:
    """A volume, with a mark at 0 dB."""
    along = track(rect)
    middle = rect.y + rect.height / 2
    span = words.LOUDEST_DB - words.QUIETEST_DB

    def place(level_db: float) -> float:
        return along.x + (level_db - words.QUIETEST_DB) / span * along.width

    part.text(rect.x, middle - 8, label, theme.SOFT, size=13, width=_LABEL - 6)
    groove = Rect(along.x, round(middle) - 2, along.width, 4)
    part.box(groove, theme.LINE, rounding=2)
    knob = place(min(words.decibels(volume), words.LOUDEST_DB))
    part.box(Rect(groove.x, groove.y, round(knob - groove.x), 4), theme.ACCENT, rounding=2)
    part.line(place(0.0), middle - 8, place(0.0), middle - 4, theme.SOFT)
    part.disc(knob, middle, _KNOB if hovered else _KNOB - 1, theme.INK)
    part.text(
        along.right + 8,
        middle - 8,
        words.volume(volume),
        theme.INK,
        size=13,
        width=_VALUE - 8,
        align=1.0,
    )
