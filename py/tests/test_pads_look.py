"""How the pads look, without a window: colours, places, keys, texts, waveforms."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest

import hotcue.pads
from hotcue.pads import pixels, theme, words
from hotcue.pads.board import PADS
from hotcue.pads.keys import GRIDS, pad_keys
from hotcue.pads.layout import LEAST, Layout, Rect, lay_out
from hotcue.pads.pad import Pad, State
from hotcue.pads.window import controls
from hotcue.pads.window.bar import BANK_MARGIN
from hotcue.pads.zoom import Zoom, lines, ticks
from hotcue.values import Waveform

FOLDER = Path(hotcue.pads.__file__).parent
SIZES = [LEAST, (1280, 720), (1366, 768), (1600, 900), (1920, 1080), (2560, 1440)]


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert theme.contrast((255, 255, 255), (255, 255, 255)) == pytest.approx(1.0)
    # The examples of WebAIM's contrast checker: #777777 on white fails, #767676 passes.
    assert theme.contrast((0x77,) * 3, (255, 255, 255)) == pytest.approx(4.48, abs=0.005)
    assert theme.contrast((0x76,) * 3, (255, 255, 255)) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("surface", theme.SURFACES)
@pytest.mark.parametrize("ink", theme.INKS)
def test_every_ink_can_be_read_on_every_surface(ink: theme.Colour, surface: theme.Colour) -> None:
    assert theme.contrast(ink, surface) >= theme.MIN_CONTRAST


@pytest.mark.parametrize("fill", theme.FILLED)
def test_what_is_written_on_an_ink_can_be_read(fill: theme.Colour) -> None:
    assert theme.contrast(theme.ON_INK, fill) >= theme.MIN_CONTRAST


def test_no_other_module_names_a_colour() -> None:
    """What is drawn has its colours by their names in `theme`, or is told them."""
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("color", "fill", "line", "ink"):
                assert not isinstance(node.value, ast.Tuple), f"{file.name}:{node.lineno}"


@pytest.mark.parametrize("grid", GRIDS)
def test_every_pad_of_a_grid_has_a_key_of_its_own(grid: int) -> None:
    keys = pad_keys(grid)
    assert len(keys) == len(set(keys)) == grid * grid
    assert set(keys) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def test_keys_lie_as_the_pads_do() -> None:
    assert pad_keys(4) == "1234QWERASDFZXCV"
    assert pad_keys(5) == "12345QWERTASDFGZXCVB67890"
    assert pad_keys(6)[:24] == "123456QWERTYASDFGHZXCVBN"


def layouts() -> list[Layout]:
    return [lay_out(*size, grid, -(-PADS // grid**2)) for size in SIZES for grid in GRIDS]


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.right
        and other.x < one.right
        and one.y < other.bottom
        and other.y < one.bottom
    )


def within(inner: Rect, outer: Rect) -> bool:
    return (
        outer.x <= inner.x
        and inner.right <= outer.right
        and outer.y <= inner.y
        and inner.bottom <= outer.bottom
        and inner.width > 0
        and inner.height > 0
    )


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: f"{layout.window[2:]}")
def test_nothing_overlaps_and_nothing_is_outside(layout: Layout) -> None:
    areas = [layout.bar, layout.wave, layout.side, layout.status, *layout.pads]
    for one, other in itertools.combinations(areas, 2):
        assert not overlap(one, other)
    for area in areas:
        assert within(area, layout.window)
    inside = {
        layout.bar: ("open", "save", "files", "folder", "grid", "bank", "stop", "volume", "help"),
        layout.side: ("play", "loop", "replace", "clear", "gain", "choke"),
        layout.wave: ("zoom",),
    }
    placed: dict[str, Rect] = {}
    for area, names in inside.items():
        here = {name: rect for name, rect in layout.controls.items() if name.startswith(names)}
        assert here and all(within(rect, area) for rect in here.values())
        placed |= here
    assert placed == layout.controls
    for one, other in itertools.combinations(layout.controls.values(), 2):
        assert not overlap(one, other)
    for rect in layout.controls.values():
        for area in (layout.picture, layout.ruler, layout.facts, layout.meter):
            assert not overlap(rect, area)


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: f"{layout.window[2:]}")
def test_pads_have_room_and_are_alike(layout: Layout) -> None:
    for pad in layout.pads:
        assert pad.width >= 120
        assert pad.height >= 58
    assert max(pad.width for pad in layout.pads) - min(pad.width for pad in layout.pads) <= 1
    assert max(pad.height for pad in layout.pads) - min(pad.height for pad in layout.pads) <= 1


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: f"{layout.window[2:]}")
def test_the_letter_of_a_bank_and_its_mark_have_room(layout: Layout) -> None:
    # DejaVu Sans Bold is wide: of its height of 1901 + 483 units "M" takes 2038, and "!" 934.
    widest = 13 * (2038 + 934) / (1901 + 483)
    for name, rect in layout.controls.items():
        if name.startswith("bank"):
            assert rect.width - 2 * BANK_MARGIN >= widest


def test_a_point_is_in_the_pad_that_is_drawn_there() -> None:
    layout = lay_out(1280, 720, 4, 14)
    for place, pad in enumerate(layout.pads):
        assert layout.pad_at(pad.x, pad.y) == place
        assert layout.pad_at(pad.right - 1, pad.bottom - 1) == place
    assert layout.pad_at(layout.pads[0].right, layout.pads[0].y) is None


def test_a_window_that_is_too_small_is_laid_out_for_the_least() -> None:
    assert lay_out(100, 100, 4, 14).window == Rect(0, 0, *LEAST)


def letters(text: str) -> float:
    return float(len(text))


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    name = "a" * 30 + "b" * 30
    cut = words.fit(name, 21, letters)
    assert cut == "a" * 10 + "…" + "b" * 10
    assert words.fit(name, 60, letters) == name
    assert words.fit(name, 1, letters) == "…"


@pytest.mark.parametrize("width", range(1, 62))
def test_a_text_is_never_wider_than_its_room(width: int) -> None:
    name = "drum_loop_with_a_name_of_sixty_characters_for_tests_v12_final"
    assert letters(words.fit(name, width, letters)) <= width
    for line in words.wrap(name, width, 3, letters):
        assert letters(line) <= width


def test_a_paragraph_breaks_between_words_and_loses_nothing() -> None:
    assert words.wrap("the file is no audio", 10, 5, letters) == ["the file", "is no", "audio"]
    assert words.wrap("abcdefghij", 4, 5, letters) == ["abcd", "efgh", "ij"]
    assert words.wrap("kick_808_long", 9, 2, letters) == ["kick_808_", "long"]
    assert words.wrap("", 9, 2, letters) == []


def test_each_state_has_a_word_of_its_own() -> None:
    pads = [Pad(state=state, stage="decoding", kind="not_found") for state in State]
    said = [words.status(pad) for pad in pads]
    assert len(set(said)) == len(State)
    assert all(said)


def test_volumes_are_told_in_decibels() -> None:
    assert words.volume(1.0) == "+0.0 dB"
    assert words.volume(0.5) == "-6.0 dB"
    assert words.volume(0.0) == "off"
    assert words.volume(words.gain(1.5) * words.gain(-1.5) * (1 - 1e-9)) == "+0.0 dB"
    for level in (-40.0, -6.0, 0.0, 12.0):
        assert words.decibels(words.gain(level)) == pytest.approx(level)
    assert words.gain(words.QUIETEST_DB) == 0.0


def test_a_tempo_that_is_a_guess_says_so() -> None:
    assert words.tempo(Pad(bpm=120.0, bpm_sure=True)) == "120.0"
    assert words.tempo(Pad(bpm=120.0)) == "~120.0"
    assert words.tempo(Pad()) == ""


def wave(low: list[float], high: list[float]) -> Waveform:
    return Waveform(np.array([low], np.float32), np.array([high], np.float32), 0.0, 1.0)


def test_a_waveform_is_filled_from_its_least_to_its_greatest_value() -> None:
    drawn = pixels.picture(wave([-1.0, 0.0, -0.5], [1.0, 1.0, 0.5]), 16, 1.0)
    assert drawn.shape == (16, 3, 4)
    opaque = drawn[:, :, 3].sum(axis=0)
    assert list(opaque) == [16.0, 9.0, 10.0]
    assert list(np.flatnonzero(drawn[:, 1, 3])) == list(range(9))


def test_silence_is_a_line() -> None:
    drawn = pixels.picture(wave([0.0], [0.0]), 17, pixels.peak(wave([0.0], [0.0])))
    assert list(np.flatnonzero(drawn[:, 0, 3])) == [8]


def test_bands_are_drawn_before_the_outline_from_low_to_high() -> None:
    level = np.array([[0.5]], np.float32)
    shape = Waveform(
        -np.ones((1, 1), np.float32),
        np.ones((1, 1), np.float32),
        0.0,
        1.0,
        low=level,
        mid=level / 2,
        high=level / 4,
    )
    column = np.round(pixels.picture(shape, 32, 1.0)[:, 0, :3] * 255).astype(int).tolist()
    middle = [column[row] for row in (0, 9, 13, 15)]
    assert middle == [list(ink) for ink in (theme.PEAK, theme.LOW, theme.MID, theme.HIGH)]


def test_zooming_keeps_what_is_below_the_mouse_in_its_place() -> None:
    zoom = Zoom.whole(10.0).by(3, 0.25)
    assert zoom.time_at(0.25) == pytest.approx(2.5)
    assert zoom.span_sec == pytest.approx(10 / 1.5**3)
    assert zoom.by(-100) == Zoom.whole(10.0)


def test_a_zoom_stays_within_its_sample() -> None:
    zoom = Zoom.whole(10.0).by(5)
    for moved in (zoom.moved(100.0), zoom.moved(-100.0), zoom.by(50, 1.0), zoom.following(9.99)):
        assert 0.0 <= moved.start_sec <= moved.end_sec <= 10.0 + 1e-9
    assert zoom.by(100).span_sec == pytest.approx(0.01)
    assert Zoom.whole(0.0).by(1).span_sec == 0.0


def test_a_zoom_follows_what_plays() -> None:
    zoom = Zoom(10.0, 2.0, 4.0)
    assert zoom.following(3.0) == zoom
    assert zoom.following(5.0) == Zoom(10.0, 5.0, 7.0)
    assert zoom.following(9.5) == Zoom(10.0, 8.0, 10.0)


def test_beats_are_drawn_where_they_are_and_fewer_where_they_are_dense() -> None:
    beats = [index * 0.5 for index in range(20)]
    assert lines(beats, Zoom(10.0, 1.0, 2.0), 100, 9) == pytest.approx([0.0, 50.0, 100.0])
    dense = lines(beats, Zoom.whole(10.0), 100, 9)
    assert dense == pytest.approx([index * 10.0 for index in range(10)])


def test_a_ruler_has_round_times_that_are_far_enough_apart() -> None:
    for zoom in (Zoom.whole(7.3), Zoom(100.0, 33.1, 34.2), Zoom.whole(4000.0), Zoom(9, 1, 1.01)):
        found = ticks(zoom, 1000, 90)
        assert found
        places = [place for _, place in found]
        assert all(0 <= place <= 1000 for place in places)
        assert all(after - before >= 89 for before, after in itertools.pairwise(places))


def test_a_ruler_is_as_exact_as_it_is_near() -> None:
    def told(zoom: Zoom) -> list[str]:
        return [text for text, _ in ticks(zoom, 500, 90)]

    assert told(Zoom(300.0, 61.0, 62.0)) == [f"1:01.{n}" for n in (0, 2, 4, 6, 8)] + ["1:02.0"]
    assert told(Zoom.whole(2.0)) == ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]
    assert told(Zoom.whole(7_200.0))[-2:] == ["1:30:00", "2:00:00"]


@pytest.mark.parametrize(
    ("x", "grabs"), [(0.0, False), (50.0, True), (100.0, True), (200.0, True), (260.0, False)]
)
def test_a_slider_is_taken_hold_of_where_it_is_dragged(x: float, grabs: bool) -> None:
    rect = Rect(0, 0, 270, 20)
    assert controls.grabs(rect, x) is grabs
