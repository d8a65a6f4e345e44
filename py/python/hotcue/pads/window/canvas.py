"""Drawing: a part of the window that is drawn anew only when what it shows has changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

from dearpygui import dearpygui as dpg

from .. import theme
from ..fonts import Font, Fonts
from ..layout import Rect
from ..theme import Colour
from ..words import Measure, fit, printable, wrap

_NOTHING = (0, 0, 0, 0)
# The size of the fonts in dialogs, at which texts are measured, too; widths at others follow.
_DEFAULT_SIZE = 16
# Fonts for East Asian texts have much room above and below their letters, which counts as size.
_EAST_ASIAN_SCALE = 1.2


class Type:
    """The fonts, as Dear PyGui has them."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self.shortened: set[str] = set()
        """Texts that had to be cut to fit."""
        with dpg.font_registry():
            self._items = {
                font.file: dpg.add_font(font.file, _DEFAULT_SIZE * self._scale(font))
                for font in (fonts.regular, fonts.bold, fonts.east_asian)
                if font is not None
            }
        # In dialogs a single font writes everything.
        if (default := fonts.east_asian or fonts.regular) is not None:
            dpg.bind_font(self._items[default.file])

    def _scale(self, font: Font) -> float:
        return _EAST_ASIAN_SCALE if font is self._fonts.east_asian else 1.0

    def font(self, text: str, *, bold: bool) -> tuple[int | None, float]:
        """What a text is written in, None for Dear PyGui's own font, and by how much it is larger
        than it says."""
        wanted = self._fonts.bold if bold else self._fonts.regular
        far = self._fonts.east_asian
        if far is not None and (wanted is None or not wanted.has(text)) and far.has(text):
            wanted = far
        return (None, 1.0) if wanted is None else (self._items[wanted.file], self._scale(wanted))

    def fit(self, text: str, width: float, measure: Measure) -> str:
        """`text`, cut if it is wider."""
        fitting = fit(text, width, measure)
        if fitting is not text:
            self.shortened.add(text)
        return fitting

    def measure(self, size: int, *, bold: bool = False) -> Measure:
        """Measures texts at a size. Only once the window is shown."""

        def width(text: str) -> float:
            return _width(text, self.font(text, bold=bold)[0]) * size / _DEFAULT_SIZE

        return width


@lru_cache(maxsize=1 << 14)
def _width(text: str, font: int | None) -> float:
    size = dpg.get_text_size(text, font=font or 0)
    return float(size[0]) if size else 0.0


class Part:
    """A part of the window: a node of the drawing with a key that says what it shows."""

    def __init__(self, parent: int, type_: Type) -> None:
        self.node = int(dpg.add_draw_node(parent=parent))
        self.type = type_
        self._key: Hashable = None

    def show(self, key: Hashable, paint: Callable[[Part], None]) -> None:
        """Draws it anew if it shows something else than `key`, which is never None."""
        if key != self._key:
            self.clear()
            paint(self)
            self._key = key

    def clear(self) -> None:
        """Leaves it empty."""
        if self._key is not None:
            dpg.delete_item(self.node, children_only=True)
            self._key = None

    def move(self, x: int, y: int) -> None:
        """Puts its origin there."""
        dpg.apply_transform(self.node, dpg.create_translation_matrix([x, y]))

    # What is drawn

    def box(
        self,
        rect: Rect,
        fill: Colour | None = None,
        line: Colour | None = None,
        *,
        rounding: int = theme.ROUND,
        thickness: int = 1,
    ) -> None:
        """A rectangle. Its line lies within it."""
        inset = 0.5 * thickness if line is not None else 0.0
        dpg.draw_rectangle(
            (rect.x + inset, rect.y + inset),
            (rect.right - inset, rect.bottom - inset),
            color=line or _NOTHING,
            fill=fill or _NOTHING,
            rounding=rounding,
            thickness=thickness,
            parent=self.node,
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        ink: Colour,
        *,
        size: int = theme.TEXT,
        width: float | None = None,
        bold: bool = False,
        align: float = 0.0,
    ) -> float:
        """A line of text with its top left at a point; returns how wide it is.

        What cannot be drawn is replaced. In `width` pixels it is cut to fit, and placed at the left
        (0), in the middle (0.5) or at the right (1).
        """
        text = printable(text)
        measure = self.type.measure(size, bold=bold)
        if width is not None:
            text = self.type.fit(text, width, measure)
        wide = measure(text)
        if width is not None:
            x += (width - wide) * align
        font, scale = self.type.font(text, bold=bold)
        y -= size * (scale - 1) / 2
        item = dpg.draw_text(
            (round(x), round(y)), text, color=ink, size=size * scale, parent=self.node
        )
        if font is not None:
            dpg.bind_item_font(item, font)
        return wide

    def paragraph(
        self,
        rect: Rect,
        text: str,
        ink: Colour,
        *,
        size: int = theme.TEXT,
        lines: int = 3,
        bold: bool = False,
    ) -> int:
        """Lines of text; returns how many pixels they take."""
        measure = self.type.measure(size, bold=bold)
        step = size + 4
        written = wrap(printable(text), rect.width, lines, measure)
        for index, line in enumerate(written):
            self.text(rect.x, rect.y + index * step, line, ink, size=size, bold=bold)
        return len(written) * step

    def line(
        self, x1: float, y1: float, x2: float, y2: float, ink: Colour, thickness: float = 1
    ) -> None:
        """A straight line."""
        dpg.draw_line((x1, y1), (x2, y2), color=ink, thickness=thickness, parent=self.node)

    def path(self, points: Sequence[tuple[float, float]], ink: Colour, thickness: float) -> None:
        """Straight lines from point to point."""
        dpg.draw_polyline(points, color=ink, thickness=thickness, parent=self.node)

    def triangle(
        self, points: Sequence[tuple[float, float]], ink: Colour, *, filled: bool = True
    ) -> None:
        """A triangle."""
        dpg.draw_triangle(
            *points, color=ink, fill=ink if filled else _NOTHING, thickness=1.5, parent=self.node
        )

    def disc(self, x: float, y: float, radius: float, ink: Colour) -> None:
        """A filled circle."""
        dpg.draw_circle((x, y), radius, color=ink, fill=ink, parent=self.node)

    def image(self, texture: int, rect: Rect) -> None:
        """A texture."""
        dpg.draw_image(texture, (rect.x, rect.y), (rect.right, rect.bottom), parent=self.node)

    def ring(self, x: float, y: float, radius: float, fraction: float, ink: Colour) -> None:
        """A ring that is closed so far, clockwise from the top."""
        thick = max(2.0, radius / 4)
        self.path(_arc(x, y, radius, 1.0), theme.LINE, thick)
        if fraction > 0:
            self.path(_arc(x, y, radius, fraction), ink, thick)

    # Icons, each in a square of `size` around a point.

    def play_icon(self, x: float, y: float, size: float, ink: Colour) -> None:
        """A triangle that points to the right."""
        half = size / 2
        points = ((x - half * 0.7, y - half), (x - half * 0.7, y + half), (x + half, y))
        self.triangle(points, ink)

    def stop_icon(self, x: float, y: float, size: float, ink: Colour) -> None:
        """A square."""
        half = round(size * 0.45)
        square = Rect(round(x) - half, round(y) - half, 2 * half, 2 * half)
        self.box(square, ink, rounding=1)

    def loop_icon(self, x: float, y: float, size: float, ink: Colour) -> None:
        """A ring with a gap, and an arrow at its end."""
        radius = size * 0.4
        self.path(_arc(x, y, radius, 0.8), ink, 1.6)
        # The arrow goes on where the ring ends.
        end_x, end_y = _arc(x, y, radius, 0.8)[-1]
        along_x, along_y = math.cos(0.8 * math.tau), math.sin(0.8 * math.tau)
        tip = size * 0.26
        self.triangle(
            (
                (end_x - along_y * tip, end_y + along_x * tip),
                (end_x + along_y * tip, end_y - along_x * tip),
                (end_x + along_x * tip * 1.4, end_y + along_y * tip * 1.4),
            ),
            ink,
        )

    def warn_icon(self, x: float, y: float, size: float, ink: Colour) -> None:
        """A triangle with an exclamation mark."""
        half = size / 2
        self.triangle(((x, y - half), (x - half, y + half * 0.8), (x + half, y + half * 0.8)), ink)
        self.line(x, y - half * 0.35, x, y + half * 0.25, theme.ON_INK, max(1.5, size / 9))
        self.disc(x, y + half * 0.52, max(0.8, size / 18), theme.ON_INK)

    def plus_icon(self, x: float, y: float, size: float, ink: Colour) -> None:
        """A plus."""
        half = size / 2
        self.line(x - half, y, x + half, y, ink, 1.5)
        self.line(x, y - half, x, y + half, ink, 1.5)


def _arc(x: float, y: float, radius: float, fraction: float) -> list[tuple[float, float]]:
    steps = max(2, round(fraction * 40))
    return [(x + radius * sin, y - radius * cos) for sin, cos in _directions(steps, fraction)]


@lru_cache(maxsize=256)
def _directions(steps: int, fraction: float) -> list[tuple[float, float]]:
    angles = (2 * math.pi * fraction * step / steps for step in range(steps + 1))
    return [(math.sin(angle), math.cos(angle)) for angle in angles]
