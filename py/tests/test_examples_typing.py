"""Type checkers have nothing to say of the examples."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from support import not_run

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(map(str, (ROOT / "examples").glob("*.py")))
MYPY = ["mypy", "--strict", "--no-error-summary", *PROGRAMS]
PYRIGHT = ["pyright", "--pythonpath", sys.executable, *PROGRAMS]


@pytest.mark.parametrize("command", [MYPY, PYRIGHT], ids=lambda command: command[0])
def test_examples_are_typed(command: list[str]) -> None:
    for needed in (command[0], "PySide6", "imgui_bundle", "pygame", "textual"):
        if importlib.util.find_spec(needed) is None:
            not_run(f"{command[0]} of the examples", f"there is no {needed}")
    # mypy by what pyproject.toml says of Dear PyGui, which has no types.
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
