"""README's programs, as somebody would paste them, in the folder of the demo kit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import hotcue

README = Path(__file__).parents[2] / "README.md"
PROGRAMS = [
    block
    for block in re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    if block.startswith("import")
]
# What each says, in order: the same as in the text, or what follows from the kit.
SAYS = [r"0: 0\.\d\d s", r"<Sample .*not found.*cancelled|success", "started\n.*success", r"^0: "]


def test_there_is_a_saying_for_each() -> None:
    assert len(PROGRAMS) == len(SAYS)


@pytest.mark.parametrize(("program", "says"), list(zip(PROGRAMS, SAYS, strict=True)), ids=range(4))
def test_a_program_of_the_readme_runs(
    python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, program: str, says: str
) -> None:
    shutil.copytree(Path(hotcue.__file__).parent / "kit", tmp_path, dirs_exist_ok=True)
    silent = tmp_path / "alsa.conf"
    silent.write_text("")
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(silent)}
    done = python(program, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(says, done.stdout, re.DOTALL), done.stdout
