"""``hotcue load``: loads everything at once, draws how it goes, and tells what is in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from ..engine import AudioEngine
from ..events import ErrorEvent, LoaderEvent, SuccessEvent
from .document import Document
from .files import expand
from .text import clock, complain, console, printable, shorten, waveform

# How long a frame of the drawing may sleep when nothing happens.
IDLE_SEC = 0.01
WAVEFORM_COLUMNS = 16
# Narrower terminals get names and durations alone.
ROOMY_COLUMNS = 80
# What an error leaves of the width to the columns before it, and what it needs itself.
COLUMNS_BESIDE_ERRORS = 100
ERROR_COLUMNS = 50
JSON_KEYS = ("duration_sec", "frames", "channels", "sample_rate", "source_rate", "load_ms")

Row = dict[str, Any]


def load(paths: Sequence[str], document: Document | None, *, workers: int | None) -> int:
    """Loads files and folders; 1 if one of them failed, or if there was none."""
    files = expand(paths)
    if not files:
        complain(f"no audio files in {', '.join(paths)}")
        return 1
    started = time.perf_counter()
    if document is not None:
        document.started = started
    try:
        engine = AudioEngine(output="offline", slots=len(files), workers=workers)
    except ValueError as error:
        complain(str(error))
        return 1
    with engine:
        rows = load_all(engine, files, draw=document is None, keep=False)
    elapsed = time.perf_counter() - started
    failed = sum("error" in row for row in rows)
    if document is not None:
        for row in rows:
            document.write(row)
    else:
        print_table(rows)
        bad = f", {failed} failed" if failed else ""
        console().print(f"{len(rows) - failed} of {len(rows)} loaded in {elapsed:.2f} s{bad}")
    return 1 if failed else 0


def load_all(engine: AudioEngine, files: Sequence[str], *, draw: bool, keep: bool) -> list[Row]:
    """Loads each file into the slot of its index and returns what became of it. Without `keep`
    the slots are empty afterwards: a folder may hold more than memory does."""
    rows: list[Row] = [{} for _ in files]
    drawing = _Drawing(files, visible=draw)
    with drawing.progress:
        for id, file in enumerate(files):
            engine.load_sample_async(id, file)
        left = len(files)
        while left:
            event = engine.poll_loader_events()
            if event is None:
                time.sleep(IDLE_SEC)
                continue
            drawing.show(event)
            if event["type"] == "success":
                rows[event["id"]] = _loaded(engine, files[event["id"]], event)
                if not keep:
                    engine.unload_sample(event["id"])
            elif event["type"] == "error":
                rows[event["id"]] = _failed(files[event["id"]], event)
            elif event["type"] == "cancelled":
                rows[event["id"]] = {"path": files[event["id"]], "error": event["reason"]}
            else:
                continue
            left -= 1
    return rows


def _loaded(engine: AudioEngine, path: str, event: SuccessEvent) -> Row:
    row: Row = {"path": path, **{key: event[key] for key in JSON_KEYS}}  # type: ignore[literal-required]
    sample = engine.sample(event["id"])
    if sample is not None:
        row["format"] = _format(sample.container, sample.codec)
        row["waveform"] = waveform(sample.waveform(WAVEFORM_COLUMNS))
    row["warnings"] = [warning["message"] for warning in event["warnings"]]
    return row


def _format(container: str, codec: str) -> str:
    return container if codec in (container, "") else f"{container} {codec}"


def _failed(path: str, event: ErrorEvent) -> Row:
    return {"path": path, "error": event["error"], "kind": event["kind"], "stage": event["stage"]}


class _Drawing:
    """One bar for all and one for each load that runs; nothing where there is no terminal."""

    def __init__(self, files: Sequence[str], *, visible: bool) -> None:
        screen = console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[note]}"),
            console=screen,
            transient=True,
            disable=not visible or not screen.file.isatty(),
            expand=True,
        )
        self._files = files
        self._all = self.progress.add_task("all", total=len(files), note=f"0/{len(files)}")
        self._done = 0
        self._running: dict[int, TaskID] = {}

    def show(self, event: LoaderEvent) -> None:
        if event["type"] == "started":
            name = printable(Path(self._files[event["id"]]).name)
            shown = Text(name).markup
            self._running[event["id"]] = self.progress.add_task(shown, total=100, note="reading")
        elif event["type"] == "progress":
            task = self._running.get(event["id"])
            if task is not None:
                self.progress.update(task, completed=event["percent"], note=event["stage"])
        elif event["type"] in ("success", "error", "cancelled"):
            self._done += 1
            note = f"{self._done}/{len(self._files)}"
            self.progress.update(self._all, completed=self._done, note=note)
            task = self._running.pop(event["id"] or 0, None)
            if task is not None:
                self.progress.remove_task(task)


def print_table(rows: Sequence[Row]) -> None:
    """Prints one line for each row, and the reasons below where there is no room beside."""
    screen = console()
    roomy = screen.width >= ROOMY_COLUMNS
    left = screen.width - COLUMNS_BESIDE_ERRORS
    error_columns = left if left >= ERROR_COLUMNS else 0
    table = _table(rows, name_columns=0, error_columns=error_columns, roomy=roomy)
    name_columns = max(screen.width - screen.measure(table).maximum, 8)
    screen.print(_table(rows, name_columns=name_columns, error_columns=error_columns, roomy=roomy))
    if not error_columns:
        for row in rows:
            if "error" in row:
                screen.print(Text(printable(f"✗ {row['path']}: {row['error']}"), style="red"))


def _table(rows: Sequence[Row], *, name_columns: int, error_columns: int, roomy: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(shorten("file", name_columns), no_wrap=True)
    for name in ("duration", "rate", "ch", "format", "took") if roomy else ("duration",):
        justify: Literal["left", "right"] = "left" if name == "format" else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    if roomy:
        table.add_column("waveform", max_width=max(error_columns, WAVEFORM_COLUMNS))
    for row in rows:
        if "error" in row:
            reason = printable(f" {row['error']}") if error_columns else ""
            cells = [*[Text("")] * 5 * roomy, Text(f"✗{reason}", style="red")]
        else:
            cells = _cells(row, roomy=roomy)
        table.add_row(Text(shorten(printable(row["path"]), name_columns)), *cells)
    return table


def _cells(row: Row, *, roomy: bool) -> list[Text]:
    cells = [Text(clock(row["duration_sec"]))]
    if roomy:
        cells += [
            Text(f"{row['source_rate']} Hz"),
            Text(str(row["channels"])),
            Text(printable(row.get("format", ""))),
            Text(f"{row['load_ms']:.1f} ms"),
            Text(row.get("waveform", ""), style="cyan"),
        ]
    return cells
