"""The bar at the top, and the status at the bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import theme
from ..board import Board, Counts
from ..layout import Layout, Rect
from ..sound import Health
from .canvas import Part, Type
from .controls import button, slider

BANK_MARGIN = 1
"""What a bank's letter leaves free beside it, in pixels: there are many."""

_LABELS = {"open": "Open", "save": "Save", "files": "Add files", "folder": "Add folder"}


@dataclass(frozen=True)
class Notice:
    """Something that the user is to know."""

    text: str
    kind: Literal["hint", "done", "wrong"] = "hint"


class Bar:
    """Draws the bar."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._part = Part(parent, type_)

    def draw(self, board: Board, layout: Layout, hovered: str | None) -> None:
        """Draws it."""
        banks = tuple(board.bank_counts(bank) for bank in range(board.banks))
        key = (layout.window, board.grid, board.bank, board.volume, hovered, banks)
        self._part.show(key, lambda part: _bar(part, board, layout, hovered, banks))


def _bar(
    part: Part, board: Board, layout: Layout, hovered: str | None, banks: tuple[Counts, ...]
) -> None:
    controls = layout.controls
    part.box(layout.bar, theme.PANEL, rounding=0)
    part.line(0, layout.bar.bottom, layout.bar.right, layout.bar.bottom, theme.LINE)
    part.play_icon(20, layout.bar.height / 2, 15, theme.ACCENT)
    part.text(34, layout.bar.height / 2 - 11, "hotcue", theme.INK, size=theme.TITLE, bold=True)
    for name, label in _LABELS.items():
        button(part, controls[name], label, hovered=hovered == name)
    for name, rect in controls.items():
        if name.startswith("grid"):
            grid = int(name[4:])
            on = theme.ACCENT if board.grid == grid else None
            button(part, rect, f"{grid}×{grid}", hovered=hovered == name, on=on)
        elif name.startswith("bank"):
            _bank(part, rect, int(name[4:]), board, banks, hovered=hovered == name)
    button(part, controls["help"], "?", hovered=hovered == "help")
    button(part, controls["stop"], "Stop all", hovered=hovered == "stop")
    slider(part, controls["volume"], "Main", board.volume, hovered=hovered == "volume")


def _bank(
    part: Part, rect: Rect, bank: int, board: Board, banks: tuple[Counts, ...], *, hovered: bool
) -> None:
    """A letter, with a mark if something failed; below it how much of what is in the bank has
    loaded."""
    seen = board.bank == bank
    counts = banks[bank]
    button(
        part,
        rect,
        chr(ord("A") + bank) + ("!" if counts.failed else ""),
        hovered=hovered,
        on=theme.ACCENT if seen else None,
        bold=bool(counts.total),
        margin=BANK_MARGIN,
    )
    if counts.total:
        groove = Rect(rect.x + 4, rect.bottom - 6, rect.width - 8, 3)
        ink = theme.ON_INK if seen else theme.SOFT
        if not seen:
            part.box(groove, theme.LINE, rounding=1)
        part.box(
            Rect(groove.x, groove.y, round(groove.width * counts.fraction), 3), ink, rounding=1
        )


class Status:
    """Draws the status line."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._part = Part(parent, type_)

    def draw(self, board: Board, layout: Layout, health: Health, notice: Notice | None) -> None:
        """Draws it."""
        counts = board.counts()
        load = round(health.callback_load * 100)
        key = (layout.status, counts, load, health.xruns, health.output, board.device, notice)
        self._part.show(
            key, lambda part: _status(part, board, layout.status, counts, health, notice)
        )


_OUTPUT, _COUNTS, _LOAD = 250, 300, 190


def _status(
    part: Part, board: Board, area: Rect, counts: Counts, health: Health, notice: Notice | None
) -> None:
    part.box(area, theme.PANEL, rounding=0)
    part.line(area.x, area.y, area.right, area.y, theme.LINE)
    y, middle = area.y + 6, area.y + area.height / 2
    lost = board.device in ("fallback", "lost")
    if lost:
        part.warn_icon(16, middle, 14, theme.CAREFUL)
    else:
        part.disc(16, middle, 4, theme.SOFT if health.output == "null" else theme.PLAYS)
    told = {
        "fallback": "No sound card: plays to nowhere",
        "lost": "The sound card is gone: plays to nowhere",
    }.get(board.device) or ("No sound: null output" if health.output == "null" else health.output)
    size = theme.SMALL
    part.text(28, y, told, theme.INK, size=size, width=_OUTPUT - 28)
    left, right = _OUTPUT + 12, area.right - _COUNTS - _LOAD - 12
    if notice is not None:
        if notice.kind == "wrong":
            part.warn_icon(left + 7, middle, 14, theme.WRONG)
        elif notice.kind == "done":
            part.path(
                ((left + 2, middle), (left + 6, middle + 4), (left + 13, middle - 5)),
                theme.PLAYS,
                2,
            )
        start = left if notice.kind == "hint" else left + 20
        ink = theme.SOFT if notice.kind == "hint" else theme.INK
        part.text(start, y, notice.text, ink, size=size, width=right - start)
    _loads(part, Rect(right + 12, area.y, _COUNTS, area.height), y, counts)
    # To nowhere nothing comes late.
    late = f", {health.xruns} gaps" if health.xruns and health.output != "null" else ""
    text = f"audio load {health.callback_load:.0%}{late}"
    part.text(area.right - _LOAD, y, text, theme.SOFT, size=size, width=_LOAD - 12, align=1.0)


def _loads(part: Part, area: Rect, y: float, counts: Counts) -> None:
    if counts.total == 0:
        return
    failed = f", {counts.failed} failed" if counts.failed else ""
    told = f"{counts.ready} of {counts.total} loaded{failed}"
    part.text(area.x + 92, y, told, theme.INK, size=theme.SMALL, width=area.width - 92)
    if counts.loading:
        groove = Rect(area.x, area.y + area.height // 2 - 2, 80, 5)
        part.box(groove, theme.LINE, rounding=2)
        done = Rect(groove.x, groove.y, round(groove.width * counts.fraction), 5)
        part.box(done, theme.ACCENT, rounding=2)
