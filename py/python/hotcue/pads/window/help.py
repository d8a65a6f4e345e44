"""What the keys do, over everything else."""

from __future__ import annotations

from .. import theme
from ..layout import Layout, Rect
from .canvas import Part, Type

KEYS = (
    ("letters, digits", "play the pads of this bank, as labelled"),
    ("Space", "stop all pads"),
    ("Enter", "play the selected pad"),
    ("arrows", "select another pad"),
    ("Page up, down", "show another bank"),
    ("Ctrl L", "loop on or off"),
    ("Ctrl ↑ ↓", "volume of the pad"),
    ("Ctrl 0 … 8", "choke group of the pad; 0: none"),
    ("Delete", "empty the pad"),
    ("+ − Home", "zoom in, out, all; also the wheel"),
    ("Ctrl O, Ctrl S", "open a set, save it"),
    ("Ctrl F, Ctrl D", "add files, a folder"),
    ("Ctrl V", "add the files whose paths were copied"),
    ("Ctrl Shift 4, 5, 6", "so many pads in a row"),
    ("Ctrl Q", "quit"),
)
_ROW = 24
_WIDTH = 560


class Help:
    """Draws the overlay."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._part = Part(parent, type_)

    def draw(self, layout: Layout, shown: bool) -> None:
        """Draws it, or nothing."""
        if shown:
            self._part.show(layout.window, lambda part: _paint(part, layout.window))
        else:
            self._part.clear()


def _paint(part: Part, window: Rect) -> None:
    height = 64 + _ROW * len(KEYS)
    x, y = (window.width - _WIDTH) // 2, (window.height - height) // 2
    part.box(Rect(x, y, _WIDTH, height), theme.PANEL, theme.SOFT)
    part.text(x + 24, y + 18, "Keys", theme.INK, size=theme.TITLE, bold=True)
    part.text(
        x + 24,
        y + 20,
        "F1 or Esc closes this",
        theme.SOFT,
        size=theme.SMALL,
        width=_WIDTH - 48,
        align=1.0,
    )
    for index, (key, does) in enumerate(KEYS):
        row = y + 52 + index * _ROW
        part.text(x + 24, row, key, theme.ACCENT, bold=True, width=160)
        part.text(x + 200, row, does, theme.INK, width=_WIDTH - 224)
