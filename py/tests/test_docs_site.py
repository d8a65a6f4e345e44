"""The documentation site: it is built without a warning, has every public name once, and asks
nobody else for anything."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docs_blocks import ROOT
from support import not_run
from test_docs_tables import public_names, referenced

import hotcue


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    if importlib.util.find_spec("mkdocs") is None:
        not_run("the documentation site", "mkdocs is not installed")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


class Reader(HTMLParser):
    """What a page has: its anchors, what it loads, and its text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.parts: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag in ("link", "script", "img", "iframe", "source"):
            self.loaded += [str(values[key]) for key in ("src", "href") if values.get(key)]

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.parts).split())


def test_every_public_name_is_there_once_and_says_what_it_is(site: Path) -> None:
    pages = [Reader(page) for page in sorted((site / "reference").glob("*.html"))]
    ids = [name for page in pages for name in page.ids]
    words = " ".join(page.words for page in pages)
    for name in sorted(public_names()):
        assert ids.count(name) == 1, name
    for name in hotcue.__all__:
        thing = getattr(hotcue, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            first = re.sub(r"[`:]", "", (inspect.getdoc(thing) or "").split("\n\n")[0])
            assert " ".join(first.split()[:4]) in words, name


def test_every_method_of_the_engine_is_there(site: Path) -> None:
    ids = Reader(site / "reference" / "engine.html").ids
    for name, thing in vars(hotcue.AudioEngine).items():
        if callable(thing) and not name.startswith("_"):
            assert ids.count(f"hotcue.AudioEngine.{name}") == 1, name


def test_names_that_are_asked_for_are_there(site: Path) -> None:
    pages = (site / "reference").glob("*.html")
    ids = {name for page in pages for name in Reader(page).ids}
    assert set(referenced()) <= ids


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for address in Reader(page).loaded:
            assert not re.match(r"(https?:)?//", address), (page.name, address)
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", style.read_text()), style.name
