"""What was heard, as a picture: the waveform in the colours of its bands, beats, tempogram."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._hotcue import ColouredWaveform
from ...analysis import Analysis, BpmAnalysis, Facts
from ..text import clock, printable
from .canvas import LETTER_HEIGHT, LETTER_WIDTH, Canvas, Colour, text_width
from .tempogram import HIGHEST_BPM, LOWEST_BPM, SHORTEST_SEC, curve, tempogram
from .ticks import full_scale, time_ticks

BACKGROUND: Colour = (16, 18, 24)
PANEL: Colour = (26, 29, 38)
GRID: Colour = (52, 57, 72)
INK: Colour = (232, 234, 240)
PALE: Colour = (158, 164, 180)
BEAT: Colour = (255, 255, 255)
BAR: Colour = (255, 214, 64)
BANDS: tuple[tuple[str, Colour], ...] = (
    ("below 200 Hz", (64, 120, 255)),
    ("to 2 kHz", (255, 150, 40)),
    ("above", (240, 244, 255)),
)
# From nothing to the strongest: dark blue by violet and orange to pale yellow.
HEAT = np.array(
    [(18, 16, 40), (66, 22, 104), (150, 44, 110), (222, 84, 70), (250, 158, 58), (252, 250, 190)],
    float,
)

MARGIN = 16
LEFT = 74
PLOT_WIDTH = 1110
WIDTH = LEFT + PLOT_WIDTH + MARGIN
TITLE_TOP = 14
PLOT_TOP = 74
LANE_HEIGHT = {1: 200, 2: 130}
GAP = 56
TEMPOGRAM_HEIGHT = 200
AXIS_HEIGHT = 58
# What a waveform knows no more about.
BLOCK_FRAMES = 256
# Nearer than this, lines of beats would hide the waveform.
NEAREST_PX = 6
PIXELS_PER_TICK = 110
BPM_TICKS = (40, 60, 80, 100, 120, 160, 200, 240, 320)
# Below, a tempo is a guess, and is shown as one.
SURE = 0.5


def draw(path: str, facts: Facts, heard: Analysis) -> bytes:
    """A PNG of what was heard of a file, of which the waveform has to be."""
    coloured = heard["waveform"]["coloured"]
    duration_sec = facts["duration_sec"]
    lanes = _lanes(coloured, facts["frames"], duration_sec)
    lane_height = LANE_HEIGHT[len(lanes)]
    wave_bottom = PLOT_TOP + len(lanes) * lane_height
    tempo = heard.get("bpm")
    has_tempogram = duration_sec >= SHORTEST_SEC
    bottom = wave_bottom + has_tempogram * (GAP + TEMPOGRAM_HEIGHT)
    canvas = Canvas(WIDTH, bottom + AXIS_HEIGHT, BACKGROUND)
    _write_title(canvas, path, facts, heard)
    lines = _lines(tempo, duration_sec)
    _write_legend(canvas, lines)
    scale = full_scale(float(max(np.abs(lane[:2]).max() for lane in lanes)))
    for index, lane in enumerate(lanes):
        _draw_lane(canvas, PLOT_TOP + index * lane_height, lane_height, lane, scale)
    _draw_lines(canvas, lines, duration_sec, PLOT_TOP, wave_bottom)
    if has_tempogram:
        _draw_tempogram(canvas, wave_bottom + GAP, coloured, duration_sec, tempo)
    _write_times(canvas, duration_sec, [wave_bottom, bottom] if has_tempogram else [bottom])
    return canvas.png()


def _lanes(
    coloured: ColouredWaveform, frames: int, duration_sec: float
) -> list[NDArray[np.float64]]:
    """For each channel of mono and stereo, and for all of more together: rows of minima, maxima,
    levels and the levels of the bands, one column per pixel."""
    blocks = max(1, math.ceil(frames / BLOCK_FRAMES))
    width = min(PLOT_WIDTH, blocks)
    drawn = coloured.pixels(width, 0.0, duration_sec)
    levels = [drawn.rms, drawn.low, drawn.mid, drawn.high]
    rows = np.array([drawn.min, drawn.max, *levels], float).transpose(1, 0, 2)
    if width < PLOT_WIDTH:
        # Of what is short there are fewer blocks than pixels: a line from one to the next.
        places = (np.arange(PLOT_WIDTH) + 0.5) * width / PLOT_WIDTH - 0.5
        known = np.arange(width)
        rows = np.array([[np.interp(places, known, row) for row in lane] for lane in rows])
    if rows.shape[0] <= 2:
        return list(rows)
    together = np.sqrt((rows**2).mean(axis=0))
    together[0], together[1] = rows[:, 0].min(axis=0), rows[:, 1].max(axis=0)
    return [together]


def _write_title(canvas: Canvas, path: str, facts: Facts, heard: Analysis) -> None:
    said = "   ".join(summary(heard))
    canvas.write(WIDTH - MARGIN, TITLE_TOP, said, INK, anchor=1.0)
    columns = (WIDTH - 2 * MARGIN - text_width(said)) // LETTER_WIDTH - 3
    name = printable(Path(path).name)
    if len(name) > columns:
        name = f"…{name[len(name) - columns + 1 :]}"
    canvas.write(MARGIN, TITLE_TOP, name, INK)
    channels = {1: "mono", 2: "stereo"}.get(facts["channels"], f"{facts['channels']} channels")
    about = f"{clock(facts['duration_sec'])}   {facts['source_rate']} Hz   {channels}"
    canvas.write(MARGIN, TITLE_TOP + 24, about, PALE)


def summary(heard: Analysis) -> list[str]:
    """The figures that a person looks for first."""
    said = []
    if (tempo := heard.get("bpm")) is not None:
        guess = "?" if tempo["confidence"] < SURE else ""
        said.append("no pulse" if tempo["bpm"] is None else f"{tempo['bpm']:.2f}{guess} BPM")
    if "key" in heard:
        key = heard["key"]
        said.append(f"{key['tonic']} {key['mode']}, {key['camelot']}" if key else "no key")
    if (loudness := heard.get("loudness")) is not None:
        integrated, peak = loudness["integrated_lufs"], loudness["true_peak_dbtp"]
        said.append("silent" if integrated is None else f"{signed(integrated)} LUFS")
        if peak is not None:
            said.append(f"{signed(peak)} dBTP")
    return said


def signed(value: float) -> str:
    """One decimal, with the minus of print; zero has none."""
    return f"{round(value, 1) or 0.0:.1f}".replace("-", "−")


class Lines(NamedTuple):
    """Lines of one kind across the waveform."""

    name: str
    colour: Colour
    opacity: float
    secs: list[float]


def _lines(tempo: BpmAnalysis | None, duration_sec: float) -> list[Lines]:
    """Beats and bars, each where there is room between them."""
    if tempo is None:
        return []
    beats, bars = tempo["beats_sec"], tempo["downbeats_sec"]
    begins = set(bars)
    lines = []
    if _have_room(beats, duration_sec):
        lines.append(Lines("beats", BEAT, 0.35, [sec for sec in beats if sec not in begins]))
    if _have_room(bars, duration_sec):
        lines.append(Lines("bars", BAR, 0.8, bars))
    return [kind for kind in lines if kind.secs]


def _have_room(secs: list[float], duration_sec: float) -> bool:
    return len(secs) * NEAREST_PX <= PLOT_WIDTH and duration_sec > 0


def _write_legend(canvas: Canvas, lines: list[Lines]) -> None:
    left, top = WIDTH - MARGIN, TITLE_TOP + 24
    bands = [(name, colour, 11) for name, colour in BANDS]
    thin = [(kind.name, kind.colour, 3) for kind in lines]
    for name, colour, wide in reversed([*bands, *thin]):
        left -= text_width(name)
        canvas.write(left, top, name, PALE)
        left -= 18
        canvas.fill(left + 12 - wide, top + 2, left + 12, top + 13, colour)
        left -= 16


def _draw_lane(
    canvas: Canvas, top: int, height: int, lane: NDArray[np.float64], scale: float
) -> None:
    """One channel: its extremes dark, its level bright, in the colours of its bands."""
    middle, half = top + height // 2, height // 2 - 10
    canvas.fill(LEFT, top, LEFT + PLOT_WIDTH, top + height - 2, PANEL)
    canvas.fill(LEFT, middle, LEFT + PLOT_WIDTH, middle + 1, GRID)
    for value in (scale, -scale, 0.0, *((1.0, -1.0) if scale > 1 else ())):
        at = middle - round(value / scale * half)
        if value:
            canvas.fill(LEFT, at, LEFT + PLOT_WIDTH, at + 1, GRID)
        # Above full scale the end gives way to that, and that to zero.
        room = half / scale if abs(value) < scale else half - half / scale
        if scale > 1 and value and room < LETTER_HEIGHT:
            continue
        label = f"{value:g}".replace("-", "−")
        canvas.write(LEFT - 8, at - LETTER_HEIGHT // 2, label, PALE, anchor=1.0)
    colours = _colours(lane[3:])
    ends = np.clip(np.rint(lane / scale * half), -half, half).astype(int)
    low, high, level = ends[:3]
    # The level may be above the extremes on one side.
    over, under = np.minimum(level, np.maximum(high, 0)), np.minimum(level, np.maximum(-low, 0))
    area = canvas.pixels[top : top + height, LEFT : LEFT + PLOT_WIDTH]
    down = np.arange(height)[:, np.newaxis] - height // 2
    pale = (down >= -high) & (down <= -low)
    full = (down >= -over) & (down <= under)
    mixed = np.rint(area * 0.5 + colours * 0.5)
    area[:] = np.where(full[..., np.newaxis], colours, np.where(pale[..., np.newaxis], mixed, area))


def _colours(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the bands' colours, by how loud they are, of each column; what is higher is heard
    as louder than its level says."""
    weights = (bands * np.array([[1.0], [2.0], [4.0]])) ** 2
    total = weights.sum(axis=0)
    shares = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / 3)
    mixed: NDArray[np.float64] = np.rint(shares.T @ np.array([ink for _, ink in BANDS], float))
    return mixed


def _draw_lines(
    canvas: Canvas, lines: list[Lines], duration_sec: float, top: int, bottom: int
) -> None:
    for kind in lines:
        for sec in kind.secs:
            x = LEFT + min(int(sec / duration_sec * PLOT_WIDTH), PLOT_WIDTH - 1)
            canvas.fill(x, top - 6, x + 1, bottom - 2, kind.colour, kind.opacity)


def _draw_tempogram(
    canvas: Canvas,
    top: int,
    coloured: ColouredWaveform,
    duration_sec: float,
    tempo: BpmAnalysis | None,
) -> None:
    """Time to the right, tempo upwards, each octave as high as the next."""
    octaves = np.log2(HIGHEST_BPM / LOWEST_BPM)
    up = (TEMPOGRAM_HEIGHT - 0.5 - np.arange(TEMPOGRAM_HEIGHT)) / TEMPOGRAM_HEIGHT
    bpms = LOWEST_BPM * 2 ** (up * octaves)
    strengths = tempogram(curve(coloured, duration_sec), bpms, PLOT_WIDTH)
    canvas.paint(LEFT, top, _heat(strengths))

    def row(bpm: float) -> int:
        rows = (1 - np.log2(bpm / LOWEST_BPM) / octaves) * TEMPOGRAM_HEIGHT
        return top + min(int(rows), TEMPOGRAM_HEIGHT - 1)

    for bpm in BPM_TICKS:
        at = row(bpm)
        canvas.fill(LEFT - 5, at, LEFT, at + 1, PALE)
        canvas.write(LEFT - 10, at - LETTER_HEIGHT // 2, str(bpm), PALE, anchor=1.0)
    canvas.write(LEFT - 10, top - 26, "BPM", PALE, anchor=1.0)
    if tempo is not None and tempo["bpm"] is not None:
        at = row(tempo["bpm"])
        for x in range(0, PLOT_WIDTH, 12):
            canvas.fill(LEFT + x, at, LEFT + min(x + 6, PLOT_WIDTH), at + 1, BEAT)


def _heat(strengths: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Strengths as colours."""
    places = strengths * (len(HEAT) - 1)
    below = np.minimum(places.astype(int), len(HEAT) - 2)
    share = (places - below)[..., np.newaxis]
    mixed = HEAT[below] * (1 - share) + HEAT[below + 1] * share
    return np.asarray(np.rint(mixed), np.uint8)


def _write_times(canvas: Canvas, duration_sec: float, bottoms: list[int]) -> None:
    """Marks below each panel, and what they say."""
    for bottom in bottoms:
        for sec, label in time_ticks(duration_sec, PLOT_WIDTH // PIXELS_PER_TICK):
            x = LEFT + min(round(sec / duration_sec * PLOT_WIDTH), PLOT_WIDTH - 1)
            canvas.fill(x, bottom, x + 1, bottom + 5, PALE)
            # The last one stays on the canvas.
            x = min(x, WIDTH - MARGIN // 2 - text_width(label) // 2)
            canvas.write(x, bottom + 9, label, PALE, anchor=0.5)
    canvas.write(LEFT + PLOT_WIDTH // 2, bottoms[-1] + 32, "time", PALE, anchor=0.5)
