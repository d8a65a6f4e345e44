"""What the documentation lists is what there is: events and their keys, what their values may be,
the command line's options, the names of the reference."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import typing
from pathlib import Path
from typing import Any

import pytest
from contract import LOADER_ROWS, PLAYBACK_ROWS, fits, hints
from docs_blocks import DOCS

import hotcue
from hotcue import analysis, cli, errors, events, values

PACKAGE = Path(hotcue.__file__).parent
COMMON = {"type", "id", "request_id", "time_sec", "voice"}


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The first table below a heading: its first column, and of each the names in the second."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    rows = re.findall(r"^\| `([^`]+)`[^|]*\|([^|]*)\|", found[1], re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", more) for name, more in rows}


def literals(kind: Any) -> set[str]:
    return set(typing.get_args(kind))


@pytest.mark.parametrize(
    ("heading", "rows"), [("Loader events", LOADER_ROWS), ("Playback events", PLAYBACK_ROWS)]
)
def test_every_event_is_listed_with_its_keys(heading: str, rows: dict[str, type]) -> None:
    keys = {name: [key for key in hints(row) if key not in COMMON] for name, row in rows.items()}
    assert table("EVENTS.md", heading) == keys


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Stages", errors.Stage),
        ("Kinds of errors", errors.ErrorKind),
        ("Reasons of `cancelled`", errors.CancelReason),
        ("Warnings of `success`", hints(events.LoadWarning)["code"]),
        ("States of `device`", hints(events.DeviceEvent)["state"]),
        ("States of a slot", values.SlotState),
        ("Reasons of `ended`", hints(events.VoiceEnded)["reason"]),
        ("Reasons of `dropped`", hints(events.PlayDropped)["reason"]),
    ],
)
def test_every_value_is_listed(heading: str, kind: Any) -> None:
    assert set(table("EVENTS.md", heading)) == literals(kind)


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = cli._parser()
    (choices,) = (
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(choices)


def test_every_option_of_the_command_line_is_listed() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## hotcue (\w+)([^\n]*\n.*?)(?=^## |\Z)", text, re.M | re.S))
    there = {
        name: {option for action in parser._actions for option in action.option_strings}
        for name, parser in commands().items()
    }
    listed = {
        name: set(re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE)) | {"-h", "--help"}
        for name, section in sections.items()
    }
    assert listed == there


# Of the package's own modules.
INTERNAL = {
    "analysis": {"Facts", "examine"},
    "errors": {"load_error"},
}


def public_names() -> set[str]:
    """All that programs may use: what the package shows, and the types of what goes in and out."""
    names = {f"hotcue.{name}" for name in hotcue.__all__}
    for module in ("analysis", "errors", "events", "log", "values"):
        tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
        defined = set()
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                defined.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                defined.add(node.target.id)
            elif isinstance(node, ast.Assign):
                defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        defined -= INTERNAL.get(module, set()) | set(hotcue.__all__)
        names |= {f"hotcue.{module}.{name}" for name in defined if not name.startswith("_")}
    return names


def referenced() -> list[str]:
    """What the pages of the reference ask for, in order."""
    return [
        name
        for page in sorted((DOCS / "reference").glob("*.md"))
        for name in re.findall(r"^::: ([\w.]+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_every_public_name_is_in_the_reference_once() -> None:
    assert len(referenced()) == len(set(referenced()))
    assert public_names() <= set(referenced())


def test_the_reference_names_nothing_that_is_not_there() -> None:
    for name in referenced():
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_every_figure_of_stats_is_told() -> None:
    told = re.findall(r"`(\w+)`", hotcue.AudioEngine.stats.__doc__ or "")
    stats = hotcue.AudioEngine(output="null").stats()
    assert set(stats) <= set(told)
    assert fits(stats, values.Stats)


@pytest.mark.parametrize("row", [*typing.get_args(analysis._Row), analysis.TempoAlternative])
def test_help_says_what_each_key_of_an_analysis_is(row: Any) -> None:
    if row is type(None):
        return
    assert row.__doc__ is not None
    told = re.findall(r"^ +- `(\w+)`: \S", row.__doc__, re.MULTILINE)
    assert told == list(row.__annotations__)
