"""The notebook of the examples, run in a kernel as notebooks are."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from support import not_run

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
MOST_CHARACTERS = 300_000


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of its cells, by their names."""
    for needed in ("nbclient", "ipykernel"):
        if importlib.util.find_spec(needed) is None:
            not_run("examples/notebook.ipynb", f"there is no {needed}")
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        # No sound card, whatever this machine has: what plays is seen by meters.
        silent = tmp_path_factory.mktemp("alsa") / "alsa.conf"
        silent.write_text("")
        patch.setenv("ALSA_CONFIG_PATH", str(silent))
        patch.setenv("JACK_NO_START_SERVER", "1")
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return {cell["id"]: cell["outputs"] for cell in notebook.cells if cell.cell_type == "code"}


def printed(outputs: list[Any]) -> str:
    return "".join(output["text"] for output in outputs if output.get("name") == "stdout")


def pages(outputs: list[Any]) -> list[str]:
    shown = [output["data"] for output in outputs if "data" in output]
    return [data["text/html"] for data in shown if "text/html" in data]


def test_three_samples_show_themselves_and_the_missing_one_its_reason(
    cells: dict[str, list[Any]],
) -> None:
    shown = pages(cells["load"])
    for name, page in zip(("kick.wav", "chord_loop.m4a", "crash.mp3"), shown, strict=True):
        assert f"<b>{name}</b>" in page
        assert "<svg" in page
        assert "<audio controls" in page
        assert len(page) <= MOST_CHARACTERS
    assert re.search(r"not found: '.*missing\.wav'", printed(cells["load"]))


def test_what_was_heard_is_shown(cells: dict[str, list[Any]]) -> None:
    (page,) = pages(cells["hear"])
    assert "110.0 BPM" in page
    assert "LUFS" in page
    assert page.count("<path") == 6  # Beats, bars, extremes, and three bands.
    assert len(page) <= MOST_CHARACTERS


def test_it_plays_and_ends(cells: dict[str, list[Any]]) -> None:
    heads, levels = printed(cells["play"]).splitlines()
    assert "id=1" in heads
    assert max(map(float, re.findall(r"\d\.\d+(?:e-\d+)?", levels))) > 0.01
    (array,) = (output["data"]["text/plain"] for output in cells["array"])
    assert array.startswith("((2, ")
    assert cells["end"] == []
