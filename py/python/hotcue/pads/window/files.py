"""Files and sets: whatever way they come to the pads, and how sets go."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from dearpygui import dearpygui as dpg

from ...cli.files import expand
from .. import sets
from ..board import PADS, Board
from ..layout import Rect
from ..words import printable
from .bar import Notice
from .dialogs import Chosen, Dialogs, Purpose

_NOTICE_SEC = 6.0


class Files:
    """Puts files into pads and sets onto disk, and says what came of it."""

    def __init__(self, board: Board) -> None:
        self.set_path: Path | None = None
        """Where the set was opened from or saved to last."""
        self._replaced: Path | None = None
        """Another set, which is replaced when it is chosen once more, while that is told."""
        self._board = board
        self._dialogs = Dialogs()
        self._found: deque[tuple[Sequence[str], list[str], int]] = deque()
        self._notice: Notice | None = None
        self._notice_until = 0.0

    @property
    def asks(self) -> bool:
        """Whether a dialog is shown."""
        return self._dialogs.open

    @property
    def notice(self) -> Notice | None:
        """What is to be told: what was done, for some seconds, or what is wrong, until something
        else happens."""
        told = self._notice
        if told is not None and told.kind == "done" and time.monotonic() > self._notice_until:
            self._notice = None
        return self._notice

    def frame(self) -> None:
        """Takes what was chosen and found."""
        for chosen in self._dialogs.take():
            self._chosen(chosen)
        while self._found:
            self.put(*self._found.popleft())

    def open_set(self, path: Path) -> None:
        """Opens a set, or says why not."""
        try:
            self._board.restore(sets.read(path, PADS))
        except sets.SetError as error:
            self._say(str(error), wrong=True)
        else:
            self._keep(path)
            self._say(f"Opened {path.name}")

    def save_set(self, path: Path) -> None:
        """Saves the set, or says why not."""
        try:
            sets.write(path, self._board.saved())
        except OSError as error:
            self._say(f"{path.name}: {error.strerror or error}", wrong=True)
        else:
            self._keep(path)
            self._say(f"Saved to {path}")

    def save_as(self, path: Path) -> None:
        """Saves the set under another name. What is there is replaced if it is a set, too, and was
        chosen twice."""
        is_open = self.set_path is not None and _is_same(path, self.set_path)
        if not is_open and path != self._replaced and path.exists():
            try:
                sets.read(path, PADS)
            except sets.SetError:
                self._say(f"{path.name} is there, and is no set: not replaced", wrong=True)
                return
            self._say(f"{path.name} is there: save under that name again to replace it", wrong=True)
            self._replaced = path
            return
        self.save_set(path)

    def add(self, paths: Sequence[str], first: int | None = None) -> None:
        """Loads files, and those in folders, into empty pads, from `first` or the selected one on.
        A thread looks for them: a folder may have many."""
        start = self._board.selected if first is None else first

        def look() -> None:
            self._found.append((paths, expand(paths), start))

        threading.Thread(target=look, daemon=True).start()

    def put(self, paths: Sequence[str], files: list[str], first: int) -> None:
        """Loads `files`, which were found in `paths`, into empty pads from `first` on."""
        if not files:
            self._say(f"No audio files in {', '.join(paths)}", wrong=True)
            return
        left_out = self._board.add(files, first)
        if left_out:
            self._say(f"There was no pad left for {left_out} of {len(files)} files", wrong=True)
        else:
            self._say(f"Added {files[0] if len(files) == 1 else f'{len(files)} files'}")

    def drop(self, paths: Sequence[str], pad: int | None) -> None:
        """A single file goes into the pad that it was dropped on, whatever that has; all else, as
        if it was added. Of what has no path, as text, nothing is."""
        if not paths:
            return
        if pad is None or len(paths) > 1 or Path(paths[0]).is_dir():
            self.add(paths, pad)
        else:
            self._replace(pad, paths[0])
            self._board.select(pad)

    def paste(self) -> None:
        """Adds what was copied in a file manager: paths or URIs, one a line."""
        paths = [_pasted(line) for line in _copied().splitlines() if line.strip()]
        if paths and all(map(os.path.exists, paths)):
            self.add(paths)
        else:
            self._say("What was copied is not the path of a file", wrong=True)

    def ask(self, purpose: Purpose, window: Rect, folder: Path | None = None) -> None:
        """Shows a dialog that begins in a folder, by default that of the last one."""
        if folder is not None:
            self._dialogs.folder = str(folder)
        self._dialogs.ask(purpose, self._board.selected, window.width, window.height)

    def cancel(self) -> None:
        """Closes the dialog, as its own button does."""
        self._dialogs.cancel()

    def save(self, window: Rect) -> None:
        """Saves the set where it was saved last, or asks where."""
        if self.set_path is not None:
            self.save_set(self.set_path)
        else:
            self.ask("save", window)

    def _chosen(self, chosen: Chosen) -> None:
        if not chosen.paths:
            return
        match chosen.purpose:
            case "open":
                self.open_set(Path(chosen.paths[0]))
            case "save":
                self.save_as(Path(chosen.paths[0]))
            case "replace":
                self._replace(chosen.pad, chosen.paths[0])
            case _:
                self.add(chosen.paths, chosen.pad)

    def _replace(self, pad: int, path: str) -> None:
        self._board.load({pad: path})
        self._say(f"Added {path}")

    def _keep(self, path: Path) -> None:
        self.set_path = path
        dpg.set_viewport_title(f"{printable(path.stem)} – hotcue")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self._replaced = None
        self._notice = Notice(text, "wrong" if wrong else "done")
        self._notice_until = time.monotonic() + _NOTICE_SEC


def _is_same(path: Path, other: Path) -> bool:
    """Whether both are one file, however they are named."""
    try:
        return path.samefile(other)
    except OSError:  # One of them is not there.
        return path == other


def _copied() -> str:
    """What was copied, whatever it is."""
    try:
        return dpg.get_clipboard_text() or ""
    except UnicodeDecodeError as error:  # Names of files are bytes.
        return os.fsdecode(error.object)


def _pasted(line: str) -> str:
    """The path in a line that was copied, which may be a URI."""
    if not line.startswith("file:"):
        return line
    try:
        return os.fsdecode(unquote_to_bytes(urlsplit(line).path))
    except ValueError:
        return line
