"""The waveform of the selected pad, with its beats."""

from __future__ import annotations

from .. import pixels, theme, words
from ..layout import Layout, Rect
from ..pad import Pad, State
from ..sound import Sound
from ..zoom import Zoom, lines, ticks
from .canvas import Part, Type
from .controls import button
from .textures import Textures

_BEAT_LEAST_PX = 9
_TICK_LEAST_PX = 90


class Wave:
    """Draws the selected pad large. What of it is seen, `zoom` says."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._back = Part(parent, type_)
        self._image = Part(parent, type_)
        self._grid = Part(parent, type_)
        self._head = Part(parent, type_)
        self._title = Part(parent, type_)
        self._textures = Textures(most=2)
        self._shown: tuple[object, ...] = ()
        self._full = 1.0
        self.zoom = Zoom.whole(0.0)
        self._drawn = self.zoom
        self._follows = True

    def place(self, layout: Layout, x: float) -> float:
        """How far across the waveform a point is, 0 to 1."""
        return min(max((x - layout.picture.x) / layout.picture.width, 0.0), 1.0)

    def draw(
        self, number: int, pad: Pad, layout: Layout, hovered: str | None, sound: Sound
    ) -> None:
        """Draws pad `number`."""
        self._textures.begin_frame()
        if self._shown != (number, pad.request_id, pad.duration_sec):
            self._shown = (number, pad.request_id, pad.duration_sec)
            self.zoom = Zoom.whole(pad.duration_sec)
            overview = sound.waveform(number, 256) if pad.state is State.READY else None
            self._full = 1.0 if overview is None else pixels.peak(overview)
        self._follow(pad.position_sec)
        area = layout.picture
        self._back.show((layout.wave, pad.state is State.READY), lambda part: _well(part, layout))
        seen = (number, pad.request_id, pad.coloured, self.zoom, area)
        if pad.state is State.READY:
            texture = self._textures.get(seen, lambda: self._picture(number, area, sound))
            if texture is not None:
                self._image.show((texture, area), lambda part: part.image(texture, area))
            self._grid.show((*seen, pad.revision), lambda part: self._beats(part, pad, layout))
        else:
            self._image.clear()
            told = (number, pad.revision, int(pad.percent), words.status(pad), area)
            self._grid.show(told, lambda part: _instead(part, pad, area))
        self._playhead(pad, layout)
        position = "" if pad.position_sec is None else words.clock(pad.position_sec)
        key = (number, pad.revision, layout.wave, hovered, position)
        self._title.show(key, lambda part: _title(part, pad, layout, hovered, position))

    def _follow(self, position_sec: float | None) -> None:
        """Goes with what plays, until the user looks elsewhere, and again once that is seen."""
        if position_sec is None:
            self._follows = True
        else:
            if self.zoom != self._drawn or not self._follows:
                self._follows = self.zoom.holds(position_sec)
            if self._follows:
                self.zoom = self.zoom.following(position_sec)
        self._drawn = self.zoom

    def _picture(self, number: int, area: Rect, sound: Sound) -> pixels.Picture | None:
        wave = sound.waveform(number, area.width, self.zoom.start_sec, self.zoom.end_sec)
        return None if wave is None else pixels.picture(wave, area.height, self._full)

    def _beats(self, part: Part, pad: Pad, layout: Layout) -> None:
        area, ruler = layout.picture, layout.ruler
        bars = set(lines(pad.downbeats_sec, self.zoom, area.width, _BEAT_LEAST_PX))
        if _far_enough(pad.beats_sec, self.zoom, area.width):
            for x in lines(pad.beats_sec, self.zoom, area.width, _BEAT_LEAST_PX):
                part.line(area.x + x, area.y, area.x + x, area.bottom, theme.BEAT)
        for x in bars:
            part.line(area.x + x, area.y, area.x + x, area.bottom, theme.BAR, 2)
            part.triangle(
                ((area.x + x - 4, area.y), (area.x + x + 4, area.y), (area.x + x, area.y + 6)),
                theme.BAR,
            )
        for told, x in ticks(self.zoom, area.width, _TICK_LEAST_PX):
            left = ruler.x + x
            part.line(left, ruler.y, left, ruler.y + 4, theme.SOFT)
            if left + 60 < ruler.right:
                part.text(left + 4, ruler.y + 2, told, theme.SOFT, size=theme.SMALL)

    def _playhead(self, pad: Pad, layout: Layout) -> None:
        if pad.position_sec is None or pad.state is not State.READY:
            self._head.clear()
            return
        area = layout.picture
        place = self.zoom.place_of(pad.position_sec)
        x = round(area.x + place * area.width)
        if not area.x <= x <= area.right:
            self._head.clear()
            return

        def head(part: Part) -> None:
            part.line(x, area.y, x, area.bottom, theme.INK, 2)
            part.triangle(((x - 6, area.y), (x + 6, area.y), (x, area.y + 8)), theme.PLAYS)

        self._head.show((x, area), head)


def _far_enough(beats_sec: list[float], zoom: Zoom, width: int) -> bool:
    """Whether beats are seen apart; else bars alone are drawn."""
    if len(beats_sec) < 2 or zoom.span_sec <= 0:
        return True
    beat_sec = (beats_sec[-1] - beats_sec[0]) / (len(beats_sec) - 1)
    return beat_sec / zoom.span_sec * width >= _BEAT_LEAST_PX


def _well(part: Part, layout: Layout) -> None:
    part.box(layout.wave, theme.WELL, theme.LINE)
    area = layout.picture
    part.line(area.x, area.y - 1, area.right, area.y - 1, theme.LINE)
    part.line(area.x, area.bottom, area.right, area.bottom, theme.LINE)


def _title(part: Part, pad: Pad, layout: Layout, hovered: str | None, position: str) -> None:
    y = layout.wave.y + 6
    left: float = layout.wave.x + 10
    right = min(layout.controls[name].x for name in ("zoom_out", "zoom_in", "zoom_all")) - 12
    for name, label in (("zoom_out", "−"), ("zoom_in", "+"), ("zoom_all", "All")):
        button(part, layout.controls[name], label, hovered=hovered == name)
    if pad.state is State.EMPTY:
        part.text(left, y, "No file in this pad", theme.SOFT, width=right - left)
        return
    if pad.state is State.READY:
        time = (
            f"{position} / {words.clock(pad.duration_sec)}"
            if position
            else (words.clock(pad.duration_sec))
        )
        wide = 170
        told = part.text(right - wide, y, time, theme.INK, width=wide, align=1.0)
        if position:
            part.play_icon(right - told - 14, y + 8, 11, theme.PLAYS)
        right -= wide + 24
    tempo = f"{words.tempo(pad)} BPM" if pad.bpm is not None else ""
    facts = "   ".join(text for text in (tempo, words.key(pad)) if text)
    name = pad.name
    room = right - left - (200 if facts else 0)
    left += part.text(left, y, name, theme.INK, bold=True, width=room) + 18
    if facts:
        part.text(left, y, facts, theme.SOFT, width=max(right - left, 20))


def _instead(part: Part, pad: Pad, area: Rect) -> None:
    """What stands where there is no waveform."""
    y = area.y + area.height / 2
    x = area.x + area.width / 2
    if pad.loads:
        part.ring(x - 60, y, 20, pad.percent / 100, theme.ACCENT)
        part.text(x - 28, y - 17, f"{int(pad.percent)} %", theme.INK)
        part.text(x - 28, y + 2, words.status(pad), theme.SOFT, width=300)
    elif pad.state is State.FAILED:
        part.warn_icon(x - 200, y, 30, theme.WRONG)
        box = Rect(round(x) - 170, round(y) - 26, 420, 54)
        part.text(box.x, box.y, words.status(pad), theme.WRONG, bold=True, width=box.width)
        part.paragraph(Rect(box.x, box.y + 19, box.width, 36), pad.error or "", theme.INK, lines=2)
    else:
        part.text(
            area.x,
            y - 18,
            "Add files or a folder, or click a pad to choose one",
            theme.INK,
            width=area.width,
            align=0.5,
        )
        part.text(
            area.x,
            y + 3,
            "The letters on the pads are the keys that play them.  F1: all keys",
            theme.SOFT,
            width=area.width,
            align=0.5,
        )
