"""One pad of the grid."""

from __future__ import annotations

from .. import pixels, theme, words
from ..layout import Rect
from ..pad import Pad, State
from ..sound import Sound
from .canvas import Part, Type
from .textures import Textures

_INSET = 7
_CHIP = 18
_FOOT = 14
# From so much room on, what it does stands below the percentage.
_ROOMY = 32


class Cell:
    """A place of the grid: draws the pad that is in it."""

    def __init__(self, parent: int, type_: Type) -> None:
        self._body = Part(parent, type_)
        self._live = Part(parent, type_)
        """What changes in every frame: a ring, or where it plays."""

    def hide(self) -> None:
        """Draws nothing."""
        self._body.clear()
        self._live.clear()

    def draw(
        self,
        number: int,
        pad: Pad,
        key: str,
        rect: Rect,
        *,
        selected: bool,
        struck: bool,
        textures: Textures,
        sound: Sound,
    ) -> None:
        """Draws pad `number`, which the key plays. `struck`: it was played a moment ago."""
        local = rect.at_origin()
        middle = _middle(local)
        texture = None
        if pad.state is State.READY:
            what = (number, pad.request_id, pad.coloured, middle.width, middle.height)
            texture = textures.get(what, lambda: _picture(sound, number, middle))

        def body(part: Part) -> None:
            part.move(rect.x, rect.y)
            _paint(part, local, middle, pad, key, selected=selected, struck=struck)
            if texture is not None:
                part.image(texture, middle)

        self._body.show((number, pad.revision, key, rect, selected, struck, texture), body)
        if pad.loads:

            def ring(part: Part) -> None:
                part.move(rect.x, rect.y)
                _ring(part, _below_name(local), pad)

            self._live.show((rect, int(pad.percent), words.status(pad), pad.playable), ring)
        elif pad.position_sec is not None and pad.duration_sec > 0:
            x = middle.x + middle.width * min(pad.position_sec / pad.duration_sec, 1.0)

            def head(part: Part) -> None:
                part.move(rect.x, rect.y)
                part.line(x, middle.y, x, middle.bottom, theme.INK, 2)

            self._live.show((rect, round(x)), head)
        else:
            self._live.clear()


def _middle(local: Rect) -> Rect:
    """Where the waveform is."""
    area = _below_name(local)
    return Rect(area.x, area.y, area.width, area.height - _FOOT - 2)


def _below_name(local: Rect) -> Rect:
    """All that is below the name."""
    top = _INSET + _CHIP + 3
    return Rect(_INSET, top, local.width - 2 * _INSET, local.height - top - _INSET)


def _picture(sound: Sound, number: int, middle: Rect) -> pixels.Picture | None:
    wave = sound.waveform(number, middle.width)
    return None if wave is None else pixels.picture(wave, middle.height, pixels.peak(wave))


def _paint(
    part: Part, local: Rect, middle: Rect, pad: Pad, key: str, *, selected: bool, struck: bool
) -> None:
    plays = pad.position_sec is not None
    edge = theme.PLAYS if plays else theme.ACCENT if selected else theme.LINE
    fill = theme.EMPTY_PAD if pad.state is State.EMPTY else theme.HOVER if struck else theme.PAD
    part.box(local, fill, edge, thickness=2 if plays or selected else 1)
    chip = Rect(_INSET, _INSET, _CHIP, _CHIP)
    part.box(chip, theme.ACCENT if selected else theme.BUTTON, rounding=3)
    part.text(
        chip.x,
        chip.y + 2,
        key,
        theme.ON_INK if selected else theme.INK,
        size=theme.SMALL,
        bold=True,
        width=chip.width,
        align=0.5,
    )
    if pad.state is State.EMPTY:
        part.plus_icon(local.width / 2, local.height / 2, 14, theme.SOFT)
        return
    right = local.width - _INSET
    if plays:
        part.play_icon(right - 6, chip.y + chip.height / 2, 11, theme.PLAYS)
        right -= 16
    left = chip.right + 6
    part.text(left, chip.y + 1, pad.name, theme.INK, width=right - left)
    if pad.state is State.FAILED:
        _failure(part, _below_name(local), pad)
    else:
        _foot(part, local, pad)


def _failure(part: Part, area: Rect, pad: Pad) -> None:
    """An icon, the kind, and the reason as far as there is room; all of it is at the side."""
    part.warn_icon(area.x + 8, area.y + 9, 16, theme.WRONG)
    left = area.x + 22
    part.text(left, area.y + 1, words.status(pad), theme.WRONG, bold=True, width=area.right - left)
    rest = Rect(area.x, area.y + 20, area.width, area.height - 20)
    lines = rest.height // (theme.SMALL + 4)
    if pad.error is not None and lines > 0:
        part.paragraph(rest, pad.error, theme.SOFT, size=theme.SMALL, lines=lines)


def _foot(part: Part, local: Rect, pad: Pad) -> None:
    """Tempo and key at the left, how it is played at the right."""
    y = local.height - _INSET - _FOOT
    right = local.width - _INSET
    centre = y + _FOOT / 2
    if pad.warnings:
        part.warn_icon(right - 6, centre, 12, theme.CAREFUL)
        right -= 17
    if pad.loop:
        part.loop_icon(right - 6, centre, 14, theme.LOOP)
        right -= 17
    if pad.choke:
        right -= 18
        part.text(right, y, f"C{pad.choke}", theme.SOFT, size=theme.SMALL, width=17, align=1.0)
        right -= 4
    told = "  ".join(text for text in (words.tempo(pad), words.key(pad)) if text)
    if pad.state is State.READY and not told:
        told = words.clock(pad.duration_sec)
    if told:
        part.text(_INSET, y, told, theme.SOFT, size=theme.SMALL, width=right - _INSET)


def _ring(part: Part, area: Rect, pad: Pad) -> None:
    radius = min(area.height / 2 - 1, 17)
    x, y = area.x + radius + 2, area.y + area.height / 2
    waits = pad.state is State.QUEUED
    ink = theme.CAREFUL if pad.state is State.STALLED else theme.ACCENT
    part.ring(x, y, radius, pad.percent / 100, ink)
    if pad.playable:
        part.play_icon(x, y, radius * 0.8, theme.PLAYS)
    left = x + radius + 8
    wide = area.right - left
    percent = f"{int(pad.percent)} %"
    if waits:
        part.text(left, y - 8, words.status(pad), theme.SOFT, width=wide)
    elif area.height >= _ROOMY:
        part.text(left, y - 16, percent, theme.INK, width=wide)
        part.text(left, y + 1, words.status(pad), theme.SOFT, size=theme.SMALL, width=wide)
    else:
        told = part.text(left, y - 8, percent, theme.INK, width=wide)
        left += told + 8
        part.text(
            left, y - 7, words.status(pad), theme.SOFT, size=theme.SMALL, width=area.right - left
        )
