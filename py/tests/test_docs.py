"""Every fenced block of README and of the documentation: run, compiled, read, or listed with the
reason why not."""

from __future__ import annotations

import doctest
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from docs_blocks import DOCS, ROOT, Block, blocks, commands, pages
from support import not_run

import hotcue

TESTS = Path(__file__).parent
KIT = Path(hotcue.__file__).parent / "kit"
# As `rust` marks them for doc tests.
RUST = {"rust", "rust,no_run"}
DATA = {"json", "toml"}
ALL = {page: blocks(page) for page in pages()}

WITH_TESTS = "py/tests/requirements.txt has it: what runs here has it already"
NOT_RUN = {
    "python3 -m venv .venv": "an environment: `make sdist` makes one and installs into it",
    ".venv/bin/pip install .": "compiles for minutes: `make sdist`",
    ".venv/bin/pip install '.[pads]'": "compiles for minutes: `make sdist`",
    ".venv/bin/pip install dearpygui": WITH_TESTS,
    ".venv/bin/pip install imgui-bundle": WITH_TESTS,
    ".venv/bin/pip install PySide6-Essentials": WITH_TESTS,
    ".venv/bin/pip install textual": WITH_TESTS,
    ".venv/bin/pip install pygame-ce": WITH_TESTS,
    "make demo": "builds what is tested here; scripts/bare_system.sh runs it on bare systems",
    "make test": "runs this test",
    "python -m PyInstaller --add-data kick.wav:. beat.py": "`make nightly`: test_ship.py",
    "dist/beat/beat": "`make nightly`: test_ship.py",
    "hotcue pads FOLDER": "waits in a window for somebody: test_pads_window.py",
}
"""Command lines that no test runs from the page, and why."""


EXAMPLE = re.compile(r"python (examples/\w+[.]py)")


def runnable(line: str) -> str:
    """A command line as it is where the environment is at hand."""
    return line.removeprefix(".venv/bin/")


def lines_to_run(page: Path, block: Block) -> list[str]:
    """What of a block for a shell is run. The demo, which plays for nine seconds, is run from the
    first page that has the same line."""
    lines = [runnable(line) for line in commands(block) if line not in NOT_RUN]
    lines = [line for line in lines if not EXAMPLE.match(line)]  # test_examples.py runs them.
    return [line for line in lines if "demo" not in line or first_page(line) == page]


@functools.cache
def first_page(line: str) -> Path:
    return next(
        page
        for page, found in ALL.items()
        for block in found
        if block.language == "sh" and line in map(runnable, commands(block))
    )


def is_run(block: Block) -> bool:
    return block.language in ("python", "sh") and block.included is None


def steps(page: Path) -> list[tuple[Block, list[str] | None]]:
    """The blocks of a page that are run, those for a shell with what of them is."""
    found: list[tuple[Block, list[str] | None]] = []
    for block in filter(is_run, ALL[page]):
        if block.language == "python":
            found.append((block, None))
        elif lines := lines_to_run(page, block):
            found.append((block, lines))
    return found


@pytest.mark.parametrize(
    "page",
    [page for page in ALL if steps(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(KIT, folder)
    run = steps(page)
    for block, lines in run:
        for line in lines or ():
            assert re.match(r"(hotcue|python) ", line), f"{block.where}: who runs {line!r}?"
    saved = [
        {"page": block.page, "line": block.line, "title": block.title}
        | {"code": block.code, "commands": lines}
        for block, lines in run
    ]
    (tmp_path / "steps.json").write_text(json.dumps(saved))
    command = [sys.executable, str(TESTS / "docs_child.py")]
    command += [str(tmp_path / "steps.json"), str(tmp_path / "report.json")]
    if any("dearpygui" in block.code for block, _ in run):
        command = [str(ROOT / "scripts" / "with_display.sh"), "1280x720", *command]
        if shutil.which("Xvfb") is None or importlib.util.find_spec("dearpygui") is None:
            not_run(f"the programs of {page.name}", "there is no Xvfb or no Dear PyGui")
    done = subprocess.run(
        command,
        cwd=folder,
        # ALSA without any configuration has no device, whatever the machine has.
        env={**os.environ, "ALSA_CONFIG_PATH": os.devnull, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    said = json.loads((tmp_path / "report.json").read_text())
    outputs = {block.line: output for (block, _), output in zip(run, said, strict=True)}
    for before, block in zip(ALL[page], ALL[page][1:], strict=False):
        if block.language == "text" and block.follows:
            compare(block, outputs[before.line])


def test_the_loop_for_callbacks_sleeps_while_a_file_loads(slow: Path) -> None:
    (block,) = (block for block in ALL[DOCS / "howto" / "waiting.md"] if "select" in block.code)
    began, worked = time.monotonic(), time.thread_time()
    exec(block.code.replace('"kick.wav"', repr(str(slow))), {})
    assert time.thread_time() - worked < 0.3 * (time.monotonic() - began)


def compare(block: Block, output: str) -> None:
    """A block of text right behind another is what that prints; `...` may be anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(block.code, output, flags):
        pytest.fail(f"{block.where} says\n{block.code}\nand what is printed is\n{output}")


def test_every_block_is_of_a_kind_that_somebody_tests() -> None:
    for block in (block for found in ALL.values() for block in found):
        assert block.language in {"python", "sh", "text", *RUST, *DATA}, block.where


def test_what_is_not_run_stands_in_the_documentation() -> None:
    shell = (block for found in ALL.values() for block in found if block.language == "sh")
    assert set(NOT_RUN) <= {line for block in shell for line in commands(block)}


def test_programs_that_are_to_be_saved_are_run() -> None:
    for page, found in ALL.items():
        run = [line for _, lines in steps(page) for line in lines or ()]
        for block in found:
            if block.title is not None:
                assert any(block.title in line for line in run), block.where


def test_what_is_shown_of_the_repository_is_there() -> None:
    for block in (block for found in ALL.values() for block in found):
        if block.included is not None:
            assert (ROOT / block.included).is_file(), block.where
        assert block.included is not None or "--8<--" not in block.code, block.where
        for line in commands(block) if block.language == "sh" else ():
            if example := EXAMPLE.match(line):
                assert (ROOT / example[1]).is_file(), block.where


def test_every_link_leads_somewhere_in_the_checkout() -> None:
    for page in ALL:
        text = without_code(page)
        for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
            there = page.parent / target if target else page
            assert there.exists(), (page.name, target)
            if anchor and there.suffix == ".md":
                assert anchor in anchors(there), (page.name, target, anchor)


def without_code(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@functools.cache
def anchors(page: Path) -> set[str]:
    """What a link to a heading ends with, on the site and in a repository."""
    text = without_code(page)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading).lower() for heading in headings)
    return {heading.replace(" ", "-") for heading in plain} | set(re.findall(r'id="(.+?)"', text))


def test_every_example_has_its_page() -> None:
    shown = {block.included for found in ALL.values() for block in found}
    assert {f"examples/{path.name}" for path in (ROOT / "examples").glob("*.py")} <= shown


def test_data_can_be_read() -> None:
    read = {"json": json.loads, "toml": tomllib.loads}
    for block in (block for found in ALL.values() for block in found):
        if block.language in DATA:
            read[block.language](block.code)


def test_rust_is_compiled_as_doc_tests() -> None:
    compiled = (ROOT / "tests" / "support" / "lib.rs").read_text()
    for page, found in ALL.items():
        if any(block.language in RUST for block in found):
            assert f'include_str!("../../{page.relative_to(ROOT).as_posix()}")' in compiled


def test_every_page_begins_with_what_its_reader_can_do_after_it() -> None:
    for page in ALL:
        if page.is_relative_to(DOCS):
            opening = page.read_text(encoding="utf-8").partition("\n## ")[0]
            assert re.search(r"\bAfter this (page|step|tutorial)\b", opening), page.name
