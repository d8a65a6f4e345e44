"""Type checkers tell events apart by their type, and know their keys."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import not_run

FILE = Path(__file__).parent / "typed.py"


def expected() -> dict[int, str]:
    """What is written behind `#:`, by line."""
    lines = FILE.read_text().splitlines()
    marks = {number: line.partition("  #: ")[2] for number, line in enumerate(lines, 1)}
    return {number: mark for number, mark in marks.items() if mark}


def mypy(cache: Path) -> dict[int, str]:
    command = ["-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    command += ["--config-file=", f"--cache-dir={cache}", str(FILE)]
    # From where the package lies it would be found twice.
    done = subprocess.run(
        [sys.executable, *command], cwd=cache, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    found = {}
    for line in done.stdout.splitlines():
        where = re.search(r"typed\.py:(\d+): (error|note): (.*)", line)
        assert where, line
        number, kind, message = where.groups()
        revealed = re.search(r'Revealed type is "(?:\w+\.)*(\w+)"', message)
        if kind == "error" or revealed:
            found[int(number)] = revealed[1] if revealed else "error"
    return found


def pyright(cache: Path) -> dict[int, str]:
    (cache / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    (cache / "typed.py").write_text(FILE.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=cache,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {}
    for diagnostic in json.loads(done.stdout)["generalDiagnostics"]:
        revealed = re.fullmatch(r'Type of ".*" is "(?:\w+\.)*(\w+)"', diagnostic["message"])
        number = diagnostic["range"]["start"]["line"] + 1
        found[number] = revealed[1] if revealed else "error"
    return found


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_events_are_told_apart(checker: object, tmp_path: Path) -> None:
    name = checker.__name__  # type: ignore[attr-defined]
    if importlib.util.find_spec(name) is None:
        not_run(name, "it is not installed")
    assert checker(tmp_path) == expected()  # type: ignore[operator]
