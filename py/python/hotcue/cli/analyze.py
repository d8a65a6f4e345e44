"""``hotcue analyze``: tells what can be heard in files, as a table, as data and as pictures."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn

from ..analysis import Kind, examine
from ..errors import ErrorKind, HotcueError, LoadError
from ..machine import cores
from ..whole import written_whole
from .document import Document
from .files import expand
from .heard import CsvWriter, Heard, JsonWriter, TableWriter
from .picture import draw
from .text import complain, console, reason

# What is named so is meant to be a file, not a folder to be made.
OTHER_FILES = frozenset((".dat", ".gif", ".jpeg", ".jpg", ".json", ".pdf", ".png", ".svg", ".webp"))


# Stands for what comes through a pipe.
STANDARD_INPUT = "-"
# Of it at most, as an engine reads from an object.
PIPED_BYTES = 1 << 30
PIECE_BYTES = 1 << 20


class _Stopped(Exception):
    """The command is over: nobody wants what is still being heard."""


def analyze(args: argparse.Namespace, document: Document | None) -> int:
    """Hears files and folders; 1 if one of them failed, or if there was none."""
    started = time.perf_counter()
    # Of each file no more than what is printed: waveforms of a large folder would fill the memory.
    writer: CsvWriter | JsonWriter | TableWriter | None = None
    if document is not None:
        document.started = started
        writer = JsonWriter(document, args.kinds)
    elif args.csv:  # What is read by programs has begun whatever comes.
        writer = CsvWriter()
    files = expand(args.paths)
    if not files:
        complain(f"no audio files in {', '.join(args.paths)}")
        return 1
    try:
        pictures = _targets(files, args.png, ".png")
        exports = _targets(files, args.dat, ".dat")
        if args.cache:
            # What cannot be used is told once, and not of each file.
            _make(Path(args.cache), mode=0o700)
            os.listdir(args.cache)
            _try(args.cache)
    except ValueError as error:
        complain(str(error))
        return 1
    except OSError as error:
        complain(reason(error))
        return 1
    # The table draws a waveform, too.
    drawn = bool(pictures or exports) or not (args.json or args.csv)
    kinds: tuple[Kind, ...] = (*args.kinds, "waveform") if drawn else args.kinds
    content: bytearray | LoadError = bytearray()
    progress = _progress(len(files), visible=not ((args.csv or args.json) and sys.stdout.isatty()))
    if writer is None:
        screen = progress.console if sys.stdout.isatty() else console()
        writer = TableWriter(screen, files, args.kinds)
    failed = analysed = 0

    def hear(path: str, heed: Callable[[], None]) -> Heard:
        source = content if path == STANDARD_INPUT else path
        try:
            if isinstance(source, LoadError):
                raise source
            facts, analysis = examine(source, kinds, cache_dir=args.cache, heed=heed)
        except LoadError as error:
            return Heard(path, error=error.message, kind=error.kind)
        except MemoryError:
            return Heard(path, error="no memory for it", kind="too_large")
        except (HotcueError, OSError) as error:  # Of this file alone.
            told = reason(error) if isinstance(error, OSError) else str(error)
            return Heard(path, error=told, kind="io")
        row = Heard(path, facts, analysis)
        return _drawn(row, pictures.get(path), exports.get(path))

    def pipe() -> None:
        nonlocal content
        content = _standard_input()

    with progress, closing(_several(files, hear, pipe, args.workers or cores())) as hearing:
        for row in hearing:
            progress.advance(progress.task_ids[0])
            analysed += row.analysis is not None
            if row.error:
                failed += 1
                complain(f"{row.path}: {row.error}")
            writer.write(row)
    if isinstance(writer, TableWriter):
        elapsed = time.perf_counter() - started
        bad = f", {failed} failed" if failed else ""
        console().print(f"{analysed} of {len(files)} analysed in {elapsed:.2f} s{bad}")
    return 1 if failed else 0


def _make(folder: Path, mode: int = 0o777) -> None:
    """Makes a folder, and those that it is in, where there is none.

    Raises `OSError` where there can be none.
    """
    try:
        for part in (*reversed(folder.parents), folder):
            if not part.is_dir():
                part.mkdir(mode, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder)) from error


def _try(folder: str) -> None:
    """Says so where nothing can be kept in it: what is there already is good all the same."""
    try:
        # On a full disk, there may be room for a file that is empty.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4_096))
            file.flush()
    except OSError as error:
        complain(f"keeps nothing in {folder}: {error.strerror or error}")


def _standard_input() -> bytearray | LoadError:
    """All of it, or why not, read here and not by whoever hears it, so that Ctrl-C ends the
    wait."""
    content = bytearray()
    kind: ErrorKind = "too_large"
    try:
        while sys.stdin is not None and (piece := sys.stdin.buffer.read(PIECE_BYTES)):
            content += piece
            if len(content) > PIPED_BYTES:
                told = f"more than {PIPED_BYTES} bytes come through the pipe"
                break
        else:
            return content
    except MemoryError:
        told = "no memory for what comes through the pipe"
    except OSError as error:  # As if it was opened to write.
        told, kind = f"reading failed: {reason(error)}", "io"
    return LoadError(told, kind, "reading", None, None, None)


def _several(
    files: Sequence[str],
    hear: Callable[[str, Callable[[], None]], Heard],
    pipe: Callable[[], None],
    workers: int,
) -> Generator[Heard]:
    """Hears several files at a time, and gives each what ends it once nobody wants the others; they
    come in their order. `pipe` waits for what is piped, after the files before it."""
    stopped = threading.Event()

    def heed() -> None:
        if stopped.is_set():
            raise _Stopped

    with ThreadPoolExecutor(workers) as pool:
        waiting: list[Future[Heard]] = []
        try:
            for path in files:
                if path == STANDARD_INPUT:
                    while waiting:
                        yield waiting.pop(0).result()
                    pipe()
                waiting.append(pool.submit(hear, path, heed))
                # Results of a large folder need not be in memory all at once.
                if len(waiting) > 2 * workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def _targets(files: Sequence[str], where: str | None, suffix: str) -> dict[str, Path]:
    """Which file is to be written for each: `where` itself if it is named as one, else in that
    folder, which is made.

    Raises `ValueError` where one file would be written for several, one of another kind, or one
    that is to be heard, `OSError` without a folder.
    """
    targets = {} if where is None else _named(files, where, suffix)
    heard = set(map(_identity, files if targets else ())) - {None}
    for target in targets.values():
        if _identity(target) in heard:
            raise ValueError(f"{target} is to be heard: it would be written over")
    return targets


def _identity(path: str | Path) -> tuple[int, int] | None:
    """Which file it is, if it is there."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def _named(files: Sequence[str], where: str, suffix: str) -> dict[str, Path]:
    if where.lower().endswith(suffix):
        if len(files) > 1:
            raise ValueError(f"{where} is one file, for {len(files)}: name a folder instead")
        return {files[0]: Path(where)}
    folder = Path(where)
    if folder.suffix.lower() in OTHER_FILES and not folder.is_dir():
        raise ValueError(f"{where} is not named as a {suffix} is, and is no folder")
    _make(folder)
    targets: dict[str, Path] = {}
    # Of each name, the number that it had last.
    taken: dict[str, int] = {}
    for file in files:
        # Files of one name in several folders, or of several formats, are told apart.
        name = stem = Path(file).stem
        while name.casefold() in taken:
            number = taken[stem.casefold()] = taken[stem.casefold()] + 1
            name = f"{stem}-{number}"
        taken[name.casefold()] = 1
        targets[file] = folder / f"{name}{suffix}"
    return targets


def _drawn(row: Heard, picture: Path | None, export: Path | None) -> Heard:
    """Writes what is to be drawn of it; if that failed, it says so beside what was heard."""
    if row.facts is None or row.analysis is None:
        return row
    try:
        if picture is not None:
            _put(picture, draw(row.path, row.facts, row.analysis))
        if export is not None:
            _put(export, row.analysis["waveform"]["coloured"].to_dat())
    except OSError as error:
        return row._replace(error=reason(error), kind="io")
    return row


def _put(path: Path, content: bytes) -> None:
    with written_whole(path) as file:
        file.write(content)


def _progress(files: int, *, visible: bool) -> Progress:
    """A bar, where there is a terminal and something to wait for; lines go above it."""
    screen = console(stderr=not sys.stdout.isatty())
    progress = Progress(
        TextColumn("analysing"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        console=screen,
        transient=True,
        disable=not visible or not screen.file.isatty(),
        expand=True,
        # What goes to a file stays there.
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=sys.stderr.isatty(),
    )
    progress.add_task("all", total=files)
    return progress
