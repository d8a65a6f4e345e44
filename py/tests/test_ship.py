"""A program that is shipped has all of hotcue in it: by PyInstaller, as the page says."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from docs_blocks import DOCS, blocks, commands
from support import not_run

import hotcue

FOLDER = Path(hotcue.__file__).parent
KIT = FOLDER / "kit"
LONG = bool(os.environ.get("HOTCUE_LONG"))
CODE = {".py", ".pyi", ".pyc", ".so", ".pyd"}
# What a shipped program may use beside what that of the page does.
ALL_ELSE = """
    from hotcue.cli import main

    assert kick._repr_html_()
    assert main(["demo", "--bars", "1", "--output", "null"]) == 0
    assert main(["analyze", str(HERE / "kick.wav"), "--png", "kick.png"]) == 0
    assert main(["bench", "--loads", "1", "--html", "bench.html"]) == 0
"""


def needs_pyinstaller() -> None:
    if importlib.util.find_spec("PyInstaller") is None:
        not_run("a program that is shipped", "there is no PyInstaller")


def hook() -> dict[str, Any]:
    """What PyInstaller is told of the package."""
    (entry,) = (
        entry for entry in entry_points(group="pyinstaller40") if entry.module.startswith("hotcue")
    )
    (folder,) = entry.load()()
    said: dict[str, Any] = {}
    exec((Path(folder) / "hook-hotcue.py").read_text(), said)
    return said


def test_all_that_is_no_code_is_shipped_and_so_are_the_licences() -> None:
    needs_pyinstaller()
    needed = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in CODE]
    shipped = {Path(source): Path(folder) for source, folder in hook()["datas"]}
    for path in needed:
        if path.name != "py.typed":
            assert FOLDER.parent / shipped[path] == path.parent
    licences = {path.name for path in shipped if path.parent.name == "licenses"}
    assert licences == {"LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-LICENSES.txt"}


@pytest.mark.skipif(not LONG, reason="half a minute of a processor: make nightly")
def test_a_shipped_program_runs(tmp_path: Path) -> None:
    needs_pyinstaller()
    page = blocks(DOCS / "howto" / "ship.md")
    (program,) = (block for block in page if block.title is not None)
    _, build, start = (line for block in page if block.language == "sh" for line in commands(block))
    assert program.title is not None
    (tmp_path / program.title).write_text(program.code + ALL_ELSE)
    shutil.copy(KIT / "kick.wav", tmp_path)
    env = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(tmp_path / "cache")}
    command = [sys.executable, *shlex.split(build)[1:]]
    # What only the tests' environment has, and rich and the pads would make use of.
    for unused in ("IPython", "dearpygui"):
        command += ["--exclude-module", unused]
    built = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    if "PythonLibraryNotFound" in built.stderr:
        not_run("a program that is shipped", "this Python has no library to go with it")
    assert built.returncode == 0, built.stderr
    (tmp_path / "kick.wav").unlink()
    done = subprocess.run(
        [tmp_path / start], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0.42 s, 1 channel\n")
    assert (tmp_path / "kick.png").exists() and (tmp_path / "bench.html").exists()
