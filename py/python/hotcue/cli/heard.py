"""What was heard of files, as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from .._hotcue import ColouredWaveform
from ..analysis import Analysis, BpmAnalysis, Facts, Kind
from .document import Document
from .picture import SURE, signed
from .text import clock, printable, shorten, waveform

WAVEFORM_COLUMNS = 16
# Of the levels in JSON, for each channel, and decimals of each.
WAVEFORM_PIXELS = 200
DECIMALS = 5
# What a file says of its tempo and key can be of any length.
HINT_COLUMNS = 32
# A name takes as much at least, and what stands between two columns.
NAME_COLUMNS = 8
GAP_COLUMNS = 2

Alignment = Literal["left", "right"]


class Column(NamedTuple):
    """A column of the table. Its width is known before any file is heard, so that each line can be
    printed when its file was."""

    kind: Kind | None
    width: int
    justify: Alignment = "right"


COLUMNS = {
    "duration": Column(None, len("99:59:59")),
    "BPM": Column("bpm", len("120.00?")),
    "beats": Column("bpm", len("beats")),
    "key": Column("key", len("C# minor, 12A"), "left"),
    "LUFS": Column("loudness", len("−100.0")),
    "dBTP": Column("loudness", len("−100.0")),
    "onsets": Column("onsets", len("onsets")),
    "waveform": Column(None, WAVEFORM_COLUMNS, "left"),
    # The last, as it takes what is left.
    "file says": Column(None, len("121.5 (acid), F# minor"), "left"),
}
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
    "embedded_bpm_source",
    "embedded_key",
    "error",
)


class Heard(NamedTuple):
    """What became of a file: facts and analysis, or why there are none; or beside them, why it was
    not drawn."""

    path: str
    facts: Facts | None = None
    analysis: Analysis | None = None
    error: str = ""
    kind: str = ""


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
        values |= {name: tempo[name] for name in ("bpm", "loop_bpm", "n_beats")}
        if not tempo["no_pulse"]:
            values["beats_per_bar"] = tempo["beats_per_bar"]
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
    failure = {"error": row.error, "kind": row.kind} if row.error else {}
    return {"path": row.path, **row.facts, "analysis": heard, **failure}


def _pixels(coloured: ColouredWaveform) -> dict[str, list[list[float]]]:
    drawn = coloured.pixels(WAVEFORM_PIXELS)._asdict()
    names = ("min", "max", "rms", "low", "mid", "high")
    # As decimal numbers: each value is the nearest float64 of so many digits.
    return {name: np.round(drawn[name].astype(float), DECIMALS).tolist() for name in names}


class JsonWriter:
    """An entry of a document of JSON for each file."""

    def __init__(self, document: Document, kinds: Sequence[Kind]) -> None:
        self._document = document
        self._kinds = kinds

    def write(self, row: Heard) -> None:
        """One entry of ``files``."""
        self._document.write(as_json(row, self._kinds))


class TableWriter:
    """A table for people, on `screen`, line by line; in narrow terminals with fewer columns."""

    def __init__(self, screen: Console, files: Sequence[str], kinds: Sequence[Kind]) -> None:
        self._screen = screen
        self._shown = {
            name: column
            for name, column in COLUMNS.items()
            if column.kind is None or column.kind in kinds
        }
        for name in LEFT_OUT:
            if self._columns() + NAME_COLUMNS > screen.width:
                self._shown.pop(name, None)
        longest = max(len("file"), *(cell_len(printable(file)) for file in files))
        self._name_columns = min(longest, max(screen.width - self._columns(), NAME_COLUMNS))
        self._has_header = False

    def write(self, row: Heard) -> None:
        """One line, below the names of the columns; none of a file that was not heard."""
        if row.facts is None or row.analysis is None:
            return
        if not self._has_header:
            self._has_header = True
            self._print("file", {name: Text(name, style="bold") for name in self._shown}, "bold")
        self._print(row.path, as_cells(row.facts, row.analysis))

    def _columns(self) -> int:
        return sum(column.width + GAP_COLUMNS for column in self._shown.values())

    def _print(self, name: str, cells: dict[str, Text], style: str = "") -> None:
        line = Text(shorten(printable(name), self._name_columns), style=style)
        line.pad_right(self._name_columns - line.cell_len)
        for column, (_, width, justify) in self._shown.items():
            cell = cells.get(column, Text())
            pad = " " * (width - cell.cell_len)
            left, right = (pad, "") if justify == "right" else ("", pad)
            line = Text.assemble(line, " " * GAP_COLUMNS, left, cell, right)
        if self._columns() + self._name_columns <= self._screen.width:
            line.truncate(self._screen.width, overflow="ellipsis")
        line.rstrip()
        self._screen.print(line, soft_wrap=True)


def as_cells(facts: Facts, heard: Analysis) -> dict[str, Text]:
    """What the table shows of a file that was heard, by column."""
    cells = {"duration": Text(clock(facts["duration_sec"]))}
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
        cells["waveform"] = Text(waveform(pixels), style="cyan")
    cells["file says"] = Text(printable(_hints(facts)))
    cells["file says"].truncate(HINT_COLUMNS, overflow="ellipsis")
    return cells


def _tempo(tempo: BpmAnalysis) -> Text:
    """A tempo; one that is a guess has a question mark, and is dim."""
    if tempo["bpm"] is None:
        return Text("–")
    is_sure = tempo["confidence"] >= SURE
    return Text(f"{tempo['bpm']:.2f}{' ' if is_sure else '?'}", style="" if is_sure else "dim")


def _hints(facts: Facts) -> str:
    """What the file itself says of tempo, and where, and of key."""
    bpm, key = facts["embedded_bpm"], facts["embedded_key"]
    tempo = None if bpm is None else f"{bpm:g} ({facts['embedded_bpm_source']})"
    return ", ".join(hint for hint in (tempo, key) if hint)
