"""The side: what is known of the selected pad, its settings, and the meter."""

from __future__ import annotations

import time

from ...values import Levels
from .. import theme, words
from ..layout import Layout, Rect
from ..pad import CHOKE_GROUPS, Pad, State
from .canvas import Part, Type
from .controls import button, slider

_ROW = 20
_FLOOR_DB = -60.0
_HOLD_SEC = 1.5


class Side:
    """Draws the side."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._facts = Part(parent, type_)
        self._settings = Part(parent, type_)
        self._meter = Meter(parent, type_)

    def draw(
        self, number: int, pad: Pad, layout: Layout, hovered: str | None, levels: Levels
    ) -> None:
        """Draws pad `number`, and how loud the output is."""
        told = "" if pad.loads and pad.state is not State.STALLED else words.status(pad)
        key = (number, pad.revision, pad.stage, told, layout.side)
        self._facts.show(key, lambda part: _facts(part, number, pad, layout))
        set_to = (number, pad.revision, hovered, pad.position_sec is None, layout.side)
        self._settings.show(set_to, lambda part: _settings(part, pad, layout, hovered))
        self._meter.draw(levels, layout.meter)


def _facts(part: Part, number: int, pad: Pad, layout: Layout) -> None:
    part.box(layout.side, theme.PANEL, theme.LINE)
    area = layout.facts
    if pad.path is None:
        part.text(area.x, area.y, f"Pad {number + 1}", theme.INK, size=theme.TITLE, bold=True)
        text = "Empty. Click it to choose a file, drag one here, or paste its path with Ctrl V."
        part.paragraph(Rect(area.x, area.y + 28, area.width, 60), text, theme.SOFT)
        return
    y = area.y
    name = pad.name
    title = Rect(area.x, y, area.width, 66)
    y += part.paragraph(title, name, theme.INK, size=theme.TITLE, lines=3, bold=True) + 2
    place = words.folder(pad.path)
    part.text(area.x, y, place, theme.SOFT, size=theme.SMALL, width=area.width)
    y += _ROW + 2
    tempo = f"{words.tempo(pad)} BPM{'' if pad.bpm_sure else ', a guess'}" if pad.bpm else "none"
    ready = pad.state is State.READY
    rows = [
        ("State", "plays while it loads" if pad.playable and pad.loads else words.status(pad)),
        ("Length", words.clock(pad.duration_sec) if ready else ""),
        ("Tempo", tempo if ready else ""),
        ("Key", (words.key(pad) or "none") if ready else ""),
        ("Format", words.file_format(pad)),
    ]
    for label, value in rows:
        if value:
            part.text(area.x, y + 1, label, theme.SOFT, size=theme.SMALL)
            part.text(area.x + 60, y, value, theme.INK, width=area.width - 60)
            y += _ROW
    y += 6
    reason = pad.error if pad.state is State.FAILED else "; ".join(pad.warnings)
    if reason and area.bottom - y >= 36:
        ink = theme.WRONG if pad.state is State.FAILED else theme.CAREFUL
        part.warn_icon(area.x + 9, y + 9, 17, ink)
        lines = (area.bottom - y) // (theme.TEXT + 4)
        part.paragraph(
            Rect(area.x + 26, y, area.width - 26, area.bottom - y), reason, theme.INK, lines=lines
        )


def _settings(part: Part, pad: Pad, layout: Layout, hovered: str | None) -> None:
    controls = layout.controls

    def push(name: str, label: str, *, on: theme.Colour | None = None) -> Rect:
        rect = controls[name]
        button(part, rect, label, hovered=hovered == name, on=on)
        return rect

    plays = pad.position_sec is not None
    push("play", "Stop" if plays else "Play", on=theme.PLAYS if plays else None)
    push("loop", "Loop on" if pad.loop else "Loop", on=theme.LOOP if pad.loop else None)
    push("replace", "Replace")
    push("clear", "Clear")
    slider(part, controls["gain"], "Volume", pad.volume, hovered=hovered == "gain")
    first = controls["choke0"]
    part.text(layout.facts.x, first.y + 6, "Choke", theme.SOFT, size=13)
    for group in range(CHOKE_GROUPS + 1):
        on = theme.ACCENT if pad.choke == group else None
        push(f"choke{group}", str(group) if group else "–", on=on)


class Meter:
    """How loud the output is: a bar for the left and one for the right, with the last peak."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._back = Part(parent, type_)
        self._bars = Part(parent, type_)
        self._held = [(_FLOOR_DB, 0.0), (_FLOOR_DB, 0.0)]

    def draw(self, levels: Levels, area: Rect) -> None:
        """Draws the first two channels; of one channel, that one."""
        self._back.show(area, lambda part: _scale(part, area))
        now = time.monotonic()
        seen = []
        for channel in range(2):
            peak = levels.peak[min(channel, len(levels.peak) - 1)] if levels.peak else 0.0
            rms = levels.rms[min(channel, len(levels.rms) - 1)] if levels.rms else 0.0
            level = words.decibels(peak)
            held, since = self._held[channel]
            if level >= held or now - since > _HOLD_SEC:
                self._held[channel] = held, since = level, now
            seen.append((round(words.decibels(rms), 1), round(level, 1), round(held, 1)))
        self._bars.show((area, *seen), lambda part: _bars(part, area, seen))


_METER_LABEL = 14
_METER_VALUE = 46
_BAR_HEIGHT = 14


def _meter_bar(area: Rect, channel: int) -> Rect:
    wide = area.width - _METER_LABEL - _METER_VALUE
    return Rect(area.x + _METER_LABEL, area.y + channel * (_BAR_HEIGHT + 4), wide, _BAR_HEIGHT)


def _x(bar: Rect, level_db: float) -> int:
    return round(bar.x + min(max(1 - level_db / _FLOOR_DB, 0.0), 1.0) * bar.width)


def _scale(part: Part, area: Rect) -> None:
    for channel, name in enumerate("LR"):
        bar = _meter_bar(area, channel)
        part.box(bar, theme.WELL, theme.LINE, rounding=2)
        part.text(area.x, bar.y, name, theme.SOFT, size=theme.SMALL)
    y = _meter_bar(area, 1).bottom
    for level in (-48, -36, -24, -12, 0):
        x = _x(_meter_bar(area, 0), level)
        part.line(x, y + 1, x, y + 4, theme.SOFT)
        part.text(
            x - 15,
            y + 5,
            str(level).replace("-", "−"),
            theme.SOFT,
            size=theme.SMALL,
            width=30,
            align=0.5,
        )


# Up to where each colour goes: what comes near to full scale, and what is too near.
_ZONES = ((-12.0, theme.PLAYS), (-3.0, theme.CAREFUL), (0.0, theme.WRONG))


def _bars(part: Part, area: Rect, seen: list[tuple[float, float, float]]) -> None:
    for channel, (rms, peak, held) in enumerate(seen):
        bar = _meter_bar(area, channel)
        top, height = bar.y + 2, bar.height - 4
        left = bar.x
        for most, ink in _ZONES:
            for level, inset in ((peak, 3), (rms, 0)):
                if (wide := _x(bar, min(level, most)) - left) > 0:
                    part.box(Rect(left, top + inset, wide, height - 2 * inset), ink, rounding=0)
            left = _x(bar, most)
        if held > _FLOOR_DB:
            x = _x(bar, held)
            part.line(x, top, x, top + height, theme.INK, 2)
        told = (
            "over"
            if held > 0
            else ""
            if held <= _FLOOR_DB
            else f"{held + 0.0:.1f}".replace("-", "−")
        )
        ink = theme.WRONG if held > 0 else theme.INK
        width = _METER_VALUE - 4
        part.text(bar.right + 4, bar.y, told, ink, size=theme.SMALL, width=width, align=1.0)
