"""What was heard of files, as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from rich.table import Table
from rich.text import Text

from .._hotcue import ColouredWaveform
from ..analysis import Analysis, BpmAnalysis, Facts, Kind
from .picture import SURE, signed
from .text import clock, console, printable, shorten, waveform

WAVEFORM_COLUMNS = 16
# Of the levels in JSON, for each channel, and decimals of each.
WAVEFORM_PIXELS = 200
DECIMALS = 5
# What a file says of its tempo and key can be of any length.
HINT_COLUMNS = 24
# A name takes as much at least, and what stands between two columns.
NAME_COLUMNS = 8
GAP_COLUMNS = 2

Alignment = Literal["left", "right"]
COLUMNS: tuple[tuple[str, Alignment], ...] = (
    ("duration", "right"),
    ("BPM", "right"),
    ("beats", "right"),
    ("key", "left"),
    ("LUFS", "right"),
    ("dBTP", "right"),
    ("onsets", "right"),
    ("file says", "left"),
    ("waveform", "left"),
)
# What narrow terminals do not get, rather than figures that are cut: these first.
LEFT_OUT = ("waveform", "file says", "onsets", "dBTP", "beats", "duration", "LUFS", "key")

CSV_COLUMNS = (
    "path",
    "duration_sec",
    "source_rate",
    "channels",
    "container",
    "codec",
    "bpm",
    "bpm_confidence",
    "loop_bpm",
    "n_beats",
    "beats_per_bar",
    "key",
    "camelot",
    "key_confidence",
    "tuning_cents",
    "integrated_lufs",
    "range_lu",
    "true_peak_dbtp",
    "onsets",
    "embedded_bpm",
    "embedded_key",
    "error",
)


class Heard(NamedTuple):
    """What became of a file: facts and analysis, or why there are none."""

    path: str
    facts: Facts | None = None
    analysis: Analysis | None = None
    error: str = ""
    kind: str = ""


class Line(NamedTuple):
    """A line of the table: little beside a waveform of a whole song."""

    path: str
    cells: dict[str, Text]


class CsvWriter:
    """A table for other programs, on stdout (RFC 4180, but for the ends of lines), line by line."""

    def __init__(self) -> None:
        # Its own ends of lines, so that a name with half of one in it has quotes around it.
        self._csv = csv.writer(_Lines(), lineterminator="\r\n")
        self._csv.writerow(CSV_COLUMNS)

    def write(self, row: Heard) -> None:
        """One line; what is not known stays empty."""
        values = _values(row)
        self._csv.writerow([values.get(column, "") for column in CSV_COLUMNS])


class _Lines:
    """Takes rows of CSV, and ends each as every line of stdout ends."""

    def write(self, row: str) -> None:
        print(row.removesuffix("\r\n"), flush=True)


def _values(row: Heard) -> dict[str, Any]:
    values: dict[str, Any] = {"path": row.path, "error": row.error}
    if row.facts is None or row.analysis is None:
        return values
    values |= {name: value for name, value in row.facts.items() if name in CSV_COLUMNS}
    heard = row.analysis
    if (tempo := heard.get("bpm")) is not None:
        values |= {name: tempo[name] for name in ("bpm", "loop_bpm", "n_beats", "beats_per_bar")}
        values["bpm_confidence"] = tempo["confidence"]
    if (key := heard.get("key")) is not None:
        values["key"] = f"{key['tonic']} {key['mode']}"
        values |= {"camelot": key["camelot"], "key_confidence": key["confidence"]}
        values["tuning_cents"] = key["tuning_cents"]
    if (loudness := heard.get("loudness")) is not None:
        names = ("integrated_lufs", "range_lu", "true_peak_dbtp")
        values |= {name: loudness[name] for name in names}  # type: ignore[literal-required]
    if (onsets := heard.get("onsets")) is not None:
        values["onsets"] = len(onsets["frames"])
    return values


def as_json(row: Heard, kinds: Sequence[Kind]) -> dict[str, Any]:
    """A row as `json` takes it; of the waveform 200 pixels."""
    if row.facts is None or row.analysis is None:
        return {"path": row.path, "error": row.error, "kind": row.kind}
    heard: dict[str, Any] = {kind: row.analysis[kind] for kind in kinds}
    if "waveform" in kinds:
        told = dict(row.analysis["waveform"])
        told.pop("coloured")
        heard["waveform"] = told | _pixels(row.analysis["waveform"]["coloured"])
    return {"path": row.path, **row.facts, "analysis": heard}


def _pixels(coloured: ColouredWaveform) -> dict[str, list[list[float]]]:
    drawn = coloured.pixels(WAVEFORM_PIXELS)._asdict()
    names = ("min", "max", "rms", "low", "mid", "high")
    # As decimal numbers: each value is the nearest float64 of so many digits.
    return {name: np.round(drawn[name].astype(float), DECIMALS).tolist() for name in names}


def print_table(lines: Sequence[Line]) -> None:
    """Prints `lines`; in narrow terminals with fewer columns."""
    if not lines:
        return
    screen = console()
    # What nobody asked for, or no file has, needs no column.
    shown = {
        name: GAP_COLUMNS + max(len(name), *(line.cells[name].cell_len for line in lines))
        for name, _ in COLUMNS
        if any(line.cells.get(name) for line in lines)
    }
    for name in LEFT_OUT:
        if sum(shown.values()) + NAME_COLUMNS > screen.width:
            shown.pop(name, None)
    name_columns = max(screen.width - sum(shown.values()), NAME_COLUMNS)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(shorten("file", name_columns), no_wrap=True)
    for name, justify in COLUMNS:
        if name in shown:
            table.add_column(name, justify=justify, no_wrap=True)
    for path, cells in lines:
        file = Text(shorten(printable(path), name_columns))
        table.add_row(file, *(cells[name] for name in shown))
    screen.print(table)


def as_line(row: Heard) -> Line:
    """What the table shows of a file that was heard."""
    assert row.facts is not None and row.analysis is not None
    heard = row.analysis
    cells = {"duration": Text(clock(row.facts["duration_sec"]))}
    if (tempo := heard.get("bpm")) is not None:
        cells |= {"BPM": _tempo(tempo), "beats": Text(str(len(tempo["beats_sec"]) or ""))}
    if "key" in heard:
        key = heard["key"]
        cells["key"] = Text(f"{key['tonic']} {key['mode']}, {key['camelot']}" if key else "–")
    if (loudness := heard.get("loudness")) is not None:
        for name, value in (
            ("LUFS", loudness["integrated_lufs"]),
            ("dBTP", loudness["true_peak_dbtp"]),
        ):
            cells[name] = Text("–" if value is None else signed(value))
    if (onsets := heard.get("onsets")) is not None:
        cells["onsets"] = Text(str(len(onsets["frames"])))
    if (drawn := heard.get("waveform")) is not None:
        pixels = drawn["coloured"].pixels(WAVEFORM_COLUMNS)
        extremes = np.concatenate([pixels.min, pixels.max])
        cells["waveform"] = Text(waveform(extremes, WAVEFORM_COLUMNS), style="cyan")
    cells["file says"] = Text(printable(_hints(row.facts)))
    cells["file says"].truncate(HINT_COLUMNS, overflow="ellipsis")
    return Line(row.path, cells)


def _tempo(tempo: BpmAnalysis) -> Text:
    """A tempo; one that is a guess has a question mark, and is dim."""
    if tempo["bpm"] is None:
        return Text("–")
    is_sure = tempo["confidence"] >= SURE
    return Text(f"{tempo['bpm']:.2f}{' ' if is_sure else '?'}", style="" if is_sure else "dim")


def _hints(facts: Facts) -> str:
    """What the file itself says of tempo and key."""
    bpm, key = facts["embedded_bpm"], facts["embedded_key"]
    return ", ".join([*([f"{bpm:g}"] if bpm is not None else []), *([key] if key else [])])
