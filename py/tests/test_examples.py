"""The examples with a window: each is run, worked by its toolkit's own means, and looked at."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from examples_child import NOT_HERE
from support import Sounds, not_run

TESTS = Path(__file__).parent
ROOT = TESTS.parents[1]
EXAMPLES = ROOT / "examples"
MOST_LINES = 40


class Shown(NamedTuple):
    """How an example is shown where nobody looks."""

    screen: bool = False
    env: Mapping[str, str] = {}
    picture: str = "png"


WINDOWS = {
    "dearpygui_pads": Shown(screen=True),
    "imgui_bundle_pads": Shown(screen=True),
    "pygame_pads": Shown(env={"SDL_VIDEODRIVER": "dummy"}),
    "pyside6_pads": Shown(env={"QT_QPA_PLATFORM": "offscreen"}),
    "textual_pads": Shown(env={"TERM": "xterm-256color"}, picture="svg"),
    "tk_pads": Shown(screen=True),
}
OTHERS = {"asyncio_load", "beat_looper", "plain_script"}
NAMES = ["one.wav", "two two.wav", "[3].wav", os.fsdecode(b"4\xff.wav"), "broken.wav"]
SHOWN = [*NAMES[:3], "4?.wav", NAMES[4]]


def test_an_example_has_40_lines_at_most() -> None:
    programs = sorted(EXAMPLES.glob("*.py"))
    assert {path.stem for path in programs} == {*WINDOWS, *OTHERS}
    for path in programs:
        assert len(path.read_text().splitlines()) <= MOST_LINES, path.name


def test_the_table_lists_every_example() -> None:
    table = (EXAMPLES / "README.md").read_text()
    listed = re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\)", table, re.MULTILINE)
    there = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    assert {name for name, _ in listed} == there
    assert all(name == target for name, target in listed)


def files(folder: Path) -> list[str]:
    """Four files that load, and one that does not."""
    sounds = Sounds(folder)
    made = [sounds.wav(name, frames=(2 + i) * 48_000, seed=i) for i, name in enumerate(NAMES[:-1])]
    return [str(path) for path in (*made, sounds.corrupt(NAMES[-1]))]


@pytest.mark.parametrize("example", WINDOWS)
def test_an_example_shows_loads_and_an_error_plays_and_closes(example: str, tmp_path: Path) -> None:
    how = WINDOWS[example]
    if how.screen and shutil.which("Xvfb") is None:
        not_run(f"examples/{example}.py", "there is no Xvfb")
    picture = tmp_path / f"{example}.{how.picture}"
    child = [sys.executable, str(TESTS / "examples_child.py"), example, str(picture)]
    screen = [str(ROOT / "scripts/with_display.sh"), "1280x720"] if how.screen else []
    done = subprocess.run(
        [*screen, *child, *files(tmp_path)],
        env={**os.environ, **how.env},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=False,
    )
    if done.returncode == NOT_HERE:
        not_run(f"examples/{example}.py", done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    # Names, lengths and the reason could be read before anything was pressed.
    assert seen["asked_to_close"]
    assert seen["silent"] == 0.0
    assert seen["heard"] > 0.01
    assert seen["plays"] == [0]
    assert seen["ended"]
    assert seen["wrong_events"] == []
    if how.picture == "png":
        assert seen["unseen"] == []
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert {path.name for path in tmp_path.iterdir()} == {*NAMES, picture.name}
    else:
        shown = " ".join(re.findall(r">([^<>]+)</text>", picture.read_text()))
        words = html.unescape(shown).replace("\N{NO-BREAK SPACE}", " ").split()
        for wanted in (*SHOWN, "2.00 s", "3.00 s", "4.00 s", "5.00 s", seen["reason"]):
            assert set(wanted.split()) <= set(words), (wanted, words)
