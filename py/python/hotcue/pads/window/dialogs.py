"""Choosing files, folders and sets."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dearpygui import dearpygui as dpg

from ...cli.files import EXTENSIONS
from .. import theme
from ..sets import ENDING

Purpose = Literal["open", "save", "files", "folder", "replace"]

_TITLES = {
    "open": "Open a set",
    "save": "Save the set",
    "files": "Add files",
    "folder": "Add the files of a folder",
    "replace": "Choose a file for this pad",
}
_SIZE = (860, 500)


@dataclass(frozen=True)
class Chosen:
    """What was chosen; nothing if the dialog was cancelled."""

    purpose: Purpose
    paths: tuple[str, ...]
    pad: int


class Dialogs:
    """At most one dialog at a time."""

    def __init__(self) -> None:
        self.folder = _here()
        """Where the next one begins."""
        self._item: int | None = None
        self._asked: tuple[Purpose, int] | None = None
        self._waiting: deque[Chosen] = deque()

    @property
    def open(self) -> bool:
        """Whether one is shown."""
        return self._item is not None

    def ask(self, purpose: Purpose, pad: int, width: int, height: int) -> None:
        """Shows one in the middle of the window, for that pad."""
        if self._item is not None:
            return

        def chosen(_sender: int, told: dict[str, Any]) -> None:
            self._waiting.append(Chosen(purpose, _paths(purpose, told), pad))

        def cancelled(_sender: int, _told: dict[str, Any]) -> None:
            self._waiting.append(Chosen(purpose, (), pad))

        self._asked = purpose, pad
        wide, high = min(_SIZE[0], width - 80), min(_SIZE[1], height - 80)
        self._item = dpg.add_file_dialog(
            label=_TITLES[purpose],
            directory_selector=purpose == "folder",
            default_path=_start(self.folder),
            default_filename="pads" if purpose == "save" else ".",
            file_count={"files": 0, "folder": 0}.get(purpose, 1),
            modal=True,
            width=wide,
            height=high,
            callback=chosen,
            cancel_callback=cancelled,
        )
        if purpose in ("open", "save"):
            dpg.add_file_extension(ENDING, color=theme.ACCENT, parent=self._item)
        elif purpose != "folder":
            every = ",".join(sorted(EXTENSIONS))
            dpg.add_file_extension(f"Audio{{{every}}}", parent=self._item)
            dpg.add_file_extension(".*", parent=self._item)

    def cancel(self) -> None:
        """Closes it, and nothing was chosen: Dear PyGui's own keeps open at Escape."""
        if self._item is not None and self._asked is not None:
            purpose, pad = self._asked
            self._waiting.append(Chosen(purpose, (), pad))

    def take(self) -> list[Chosen]:
        """What was chosen since it was asked last."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
            if self._item is not None:
                dpg.delete_item(self._item)
                self._item = None
        if taken and taken[-1].paths:
            path = Path(taken[-1].paths[-1])
            self.folder = str(path if path.is_dir() else path.parent)
        return taken


def _here() -> str:
    """The working directory, or where there is none any more, the user's own."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.expanduser("~")


def _start(folder: str) -> str:
    """Where a dialog can begin: not in a folder whose name is not UTF-8."""
    for start in (folder, os.path.expanduser("~")):
        with suppress(UnicodeEncodeError):
            start.encode()
            return start
    return os.sep


def _paths(purpose: Purpose, told: dict[str, Any]) -> tuple[str, ...]:
    """The paths that Dear PyGui tells of."""
    if purpose in ("files", "replace", "open"):
        return tuple(sorted(told["selections"].values()))
    path = os.path.normpath(told["file_path_name"])
    return (path if purpose == "folder" or path.endswith(ENDING) else path + ENDING,)
