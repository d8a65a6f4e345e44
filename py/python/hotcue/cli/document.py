"""One document of JSON on stdout. It is light to import: it begins before all else of a command."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
import threading
import time
from types import FrameType, TracebackType
from typing import Any


class Document:
    """What is said of files, one by one, so that what was written is there, and the document
    complete, whatever ends the command."""

    def __init__(self) -> None:
        self._before = '{\n "files": ['
        self._failed = 0
        # From when its time is told: commands leave out their imports.
        self.started = time.perf_counter()

    def __enter__(self) -> Document:
        return self

    def write(self, file: dict[str, Any]) -> None:
        """One entry of ``files``."""
        entry = textwrap.indent(json.dumps(file, indent=1), "  ")
        with _Whole():
            _put(f"{self._before}\n{entry}")
            self._failed += "error" in file
            self._before = ","

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends it, with what is said of all files."""
        with _Whole():
            elapsed_sec = time.perf_counter() - self.started
            totals: dict[str, Any] = {"failed": self._failed, "elapsed_sec": elapsed_sec}
            if kind is KeyboardInterrupt:
                totals["interrupted"] = True
            begun = "\n ]," if self._before == "," else f"{self._before}],"
            end = json.dumps(totals, indent=1).removeprefix("{\n")
            _put(f"{begun}\n{end}\n")


def _put(text: str) -> None:
    """Writes ASCII to stdout, all of it. Where that is unbuffered, `print` takes what a signal left
    of a write for all of it."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        print(text, end="", flush=True)
        return
    sys.stdout.flush()
    left = memoryview(text.replace("\n", os.linesep).encode("ascii"))
    while left:
        left = left[buffer.write(left) or 0 :]
    buffer.flush()


class _Whole:
    """What is written within is written as a whole: Ctrl-C comes behind it. A second one does not
    wait, should nobody read what is written."""

    def __init__(self) -> None:
        self._came = False
        self._handler: Any = None

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.getsignal(signal.SIGINT)
            if callable(self._handler):
                signal.signal(signal.SIGINT, self._heed)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            self._handler(number, frame)
        self._came = True

    def __exit__(self, *_: object) -> None:
        if callable(self._handler):
            signal.signal(signal.SIGINT, self._handler)
            if self._came:
                self._handler(signal.SIGINT, None)
