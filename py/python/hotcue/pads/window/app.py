"""The window and its loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dearpygui import dearpygui as dpg

from ...cli.files import expand
from ...engine import AudioEngine
from .. import fonts, sets, theme, words
from ..board import PADS, Board
from ..keys import GRIDS, pad_keys
from ..layout import LEAST, Layout, lay_out
from ..pad import CHOKE_GROUPS, State
from ..sound import EngineSound, Health, Sound
from . import style
from .bar import Bar, Notice, Status
from .canvas import Type
from .cell import Cell
from .controls import volume_at
from .dialogs import Chosen, Dialogs, Purpose
from .help import Help
from .inputs import Inputs, Key, Press, Release, Wheel
from .side import Side
from .textures import Textures
from .wave import Wave

FRAME_SEC = 1 / 60
_HEALTH_SEC = 0.5
# How long a pad that was played looks struck, and how long what was done is told.
_STRUCK_SEC = 0.12
_NOTICE_SEC = 6.0
_LEFT, _RIGHT = 0, 1
_VOLUME_STEP_DB = 1.0


class App:
    """The window over a board. All methods belong to one thread, which must be the main one."""

    def __init__(
        self, board: Board, sound: Sound, *, size: tuple[int, int], set_path: Path | None = None
    ) -> None:
        self.board = board
        self.set_path = set_path
        """Where the set was opened from or saved to last."""
        self.notice: Notice | None = None
        self._sound = sound
        self._health = Health()
        self._health_at = self._notice_until = 0.0
        self._struck: dict[int, float] = {}
        self._dragged: str | None = None
        self._panned_from: float | None = None
        self._help_shown = False
        dpg.create_context()
        dpg.create_viewport(
            title="hotcue",
            width=size[0],
            height=size[1],
            min_width=LEAST[0],
            min_height=LEAST[1],
            clear_color=theme.WINDOW,
            vsync=True,
        )
        dpg.setup_dearpygui()
        style.bind()
        type_ = Type(fonts.find())
        self.shortened = type_.shortened
        """Texts that had to be cut to fit."""
        drawing = int(dpg.add_viewport_drawlist(front=False))
        self.wave = Wave(drawing, type_)
        self._cells = [Cell(drawing, type_) for _ in range(GRIDS[-1] ** 2)]
        self._side = Side(drawing, type_)
        self._bar = Bar(drawing, type_)
        self._status = Status(drawing, type_)
        self._help = Help(drawing, type_)
        self._textures = Textures()
        self._dialogs = Dialogs()
        self.layout = self._lay_out(*size)
        self._inputs = Inputs(self._at_once)
        dpg.show_viewport()
        dpg.render_dearpygui_frame()  # Texts can be measured from the first frame on.

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Draws frames until the window is closed, or until `until` says so after one of them."""
        due = time.perf_counter()
        while dpg.is_dearpygui_running():
            self.frame()
            if until():
                break
            # Where nothing waits for the screen, a clock does.
            due = max(due + FRAME_SEC, time.perf_counter() - FRAME_SEC)
            if (left := due - time.perf_counter()) > 0:
                time.sleep(left)

    def frame(self) -> None:
        """Hears, draws and shows one frame."""
        self.board.listen()
        for chosen in self._dialogs.take():
            self._chosen(chosen)
        for given in self._inputs.take():
            match given:
                case Key():
                    self._key(given)
                case Press():
                    self._press(given)
                case Release():
                    self._dragged = self._panned_from = None
                case Wheel():
                    self._wheel(given.steps)
        self._drag()
        self._draw()
        dpg.render_dearpygui_frame()

    @property
    def asks(self) -> bool:
        """Whether a dialog is shown."""
        return self._dialogs.open

    def close(self) -> None:
        """Takes the window away."""
        dpg.destroy_context()

    def say(self, notice: Notice) -> None:
        """Tells something in the status line: what is wrong until something else happens."""
        self.notice = notice
        self._notice_until = time.monotonic() + _NOTICE_SEC

    # Sets and files

    def open_set(self, path: Path) -> None:
        """Opens a set, or says why not."""
        try:
            self.board.restore(sets.read(path, PADS))
        except sets.SetError as error:
            self.say(Notice(str(error), "wrong"))
        else:
            self._keep(path)
            self.say(Notice(f"Opened {path.name}", "done"))

    def save_set(self, path: Path) -> None:
        """Saves the set, or says why not."""
        try:
            sets.write(path, self.board.saved())
        except OSError as error:
            self.say(Notice(f"{path.name}: {error.strerror or error}", "wrong"))
        else:
            self._keep(path)
            self.say(Notice(f"Saved to {path}", "done"))

    def add(self, paths: Sequence[str], first: int | None = None) -> None:
        """Loads files, and those in folders, into empty pads."""
        files = expand(paths)
        if not files:
            self.say(Notice(f"No audio files in {', '.join(paths)}", "wrong"))
            return
        left_out = self.board.add(files, self.board.selected if first is None else first)
        if left_out:
            self.say(Notice(f"There was no pad left for {left_out} of {len(files)} files", "wrong"))

    def _keep(self, path: Path) -> None:
        self.set_path = path
        dpg.set_viewport_title(f"{path.stem} – hotcue")

    def _chosen(self, chosen: Chosen) -> None:
        if not chosen.paths:
            return
        match chosen.purpose:
            case "open":
                self.open_set(Path(chosen.paths[0]))
            case "save":
                self.save_set(Path(chosen.paths[0]))
            case "replace":
                self.board.load({chosen.pad: chosen.paths[0]})
            case _:
                self.add(chosen.paths, chosen.pad)

    def show_help(self) -> None:
        """Shows what the keys do, until a key or a click."""
        self._help_shown = True

    def ask(self, purpose: Purpose, folder: Path | None = None) -> None:
        """Shows a dialog that begins in a folder, by default that of the last one."""
        if folder is not None:
            self._dialogs.folder = str(folder)
        window = self.layout.window
        self._dialogs.ask(purpose, self.board.selected, window.width, window.height)

    # What the user does

    def _at_once(self, given: Key | Press) -> None:
        """Plays the pad, if it is one that was meant. In Dear PyGui's thread."""
        pad = self._meant(given)
        if pad is not None:
            self.board.trigger(pad)

    def _meant(self, given: Key | Press) -> int | None:
        """The pad that a key or a click plays."""
        if self._dialogs.open or self._help_shown:
            return None
        if isinstance(given, Key):
            place = -1 if given.ctrl else pad_keys(self.board.grid).find(given.name)
        elif given.button == _LEFT:
            at = self.layout.pad_at(given.x, given.y)
            place = -1 if at is None else at
        else:
            place = -1
        seen = self.board.seen()
        return seen[place] if 0 <= place < len(seen) else None

    def _key(self, key: Key) -> None:
        if self._dialogs.open:
            return
        if self._help_shown:
            self._help_shown = key.name not in ("escape", "f1")
            return
        if (pad := self._meant(key)) is not None:
            self._played(pad)
        elif key.ctrl:
            self._ctrl(key)
        else:
            self._plain(key.name)

    def _plain(self, name: str) -> None:
        board = self.board
        match name:
            case "space":
                board.stop_all()
            case "enter":
                board.trigger(board.selected)
                self._played(board.selected)
            case "left" | "right" | "up" | "down":
                by = {"left": -1, "right": 1, "up": -board.grid, "down": board.grid}[name]
                if 0 <= board.selected + by < PADS:
                    board.select(board.selected + by)
            case "page_up" | "page_down":
                board.show(board.bank + (1 if name == "page_down" else -1))
            case "delete":
                board.clear(board.selected)
            case "plus" | "add":
                self.wave.zoom = self.wave.zoom.by(1)
            case "minus" | "subtract":
                self.wave.zoom = self.wave.zoom.by(-1)
            case "home":
                self.wave.zoom = self.wave.zoom.by(-100)
            case "f1":
                self.show_help()

    def _ctrl(self, key: Key) -> None:
        board, pad = self.board, self.board.selected
        match key.name:
            case "O":
                self.ask("open")
            case "S":
                self._save()
            case "F":
                self.ask("files")
            case "D":
                self.ask("folder")
            case "L":
                board.set_loop(pad, not board.pads[pad].loop)
            case "V":
                self._paste()
            case "Q":
                dpg.stop_dearpygui()
            case "up" | "down":
                step = _VOLUME_STEP_DB if key.name == "up" else -_VOLUME_STEP_DB
                level = words.decibels(board.pads[pad].volume) + step
                board.set_pad_volume(pad, words.gain(level))
            case digit if digit.isdigit():
                if key.shift and int(digit) in GRIDS:
                    board.set_grid(int(digit))
                elif int(digit) <= CHOKE_GROUPS:
                    board.set_choke(pad, int(digit))

    def _press(self, press: Press) -> None:
        if self._dialogs.open:
            return
        if self._help_shown:
            self._help_shown = False
            return
        control = self.layout.control_at(press.x, press.y)
        place = self.layout.pad_at(press.x, press.y)
        if control is not None:
            if press.button == _LEFT:
                self._push(control)
        elif place is not None and place < len(self.board.seen()):
            pad = self.board.seen()[place]
            self.board.select(pad)
            if press.button == _LEFT and self.board.pads[pad].state is State.EMPTY:
                self.ask("replace")
            elif press.button == _LEFT:
                self._played(pad)
        elif self.layout.picture.holds(press.x, press.y):
            fraction = self.wave.place(self.layout, press.x)
            if press.button == _LEFT:
                self.board.stop(self.board.selected)
                self.board.trigger(self.board.selected, self.wave.zoom.time_at(fraction))
            else:
                self._panned_from = press.x

    def _push(self, control: str) -> None:
        board, pad = self.board, self.board.selected
        match control:
            case "open" | "files" | "folder" | "replace":
                self.ask(control)
            case "save":
                self._save()
            case "stop":
                board.stop_all()
            case "help":
                self.show_help()
            case "volume" | "gain":
                self._dragged = control
            case "play":
                self._toggle(pad)
            case "loop":
                board.set_loop(pad, not board.pads[pad].loop)
            case "clear":
                board.clear(pad)
            case "zoom_in":
                self.wave.zoom = self.wave.zoom.by(1)
            case "zoom_out":
                self.wave.zoom = self.wave.zoom.by(-1)
            case "zoom_all":
                self.wave.zoom = self.wave.zoom.by(-100)
            case _ if control.startswith("grid"):
                board.set_grid(int(control[4:]))
            case _ if control.startswith("bank"):
                board.show(int(control[4:]))
            case _ if control.startswith("choke"):
                board.set_choke(pad, int(control[5:]))

    def _toggle(self, pad: int) -> None:
        if self.board.pads[pad].position_sec is None:
            self.board.trigger(pad)
            self._played(pad)
        else:
            self.board.stop(pad)

    def _played(self, pad: int) -> None:
        self.board.select(pad)
        self._struck[pad] = time.monotonic() + _STRUCK_SEC

    def _save(self) -> None:
        if self.set_path is not None:
            self.save_set(self.set_path)
        else:
            self.ask("save")

    def _paste(self) -> None:
        """Adds what was copied in a file manager: paths or URIs, one a line."""
        copied = (dpg.get_clipboard_text() or "").splitlines()
        paths = [
            unquote(urlsplit(line).path) if line.startswith("file:") else line
            for line in copied
            if line.strip()
        ]
        if paths and all(Path(path).exists() for path in paths):
            self.add(paths)
        else:
            self.say(Notice("What was copied is not the path of a file", "wrong"))

    def _wheel(self, steps: int) -> None:
        if self.layout.wave.holds(self._inputs.x, self._inputs.y) and not self._dialogs.open:
            place = self.wave.place(self.layout, self._inputs.x)
            self.wave.zoom = self.wave.zoom.by(steps, place)

    def _drag(self) -> None:
        if self._dragged == "volume":
            rect = self.layout.controls["volume"]
            self.board.set_volume(volume_at(rect, self._inputs.x))
        elif self._dragged == "gain":
            volume = volume_at(self.layout.controls["gain"], self._inputs.x)
            if volume != self.board.pads[self.board.selected].volume:
                self.board.set_pad_volume(self.board.selected, volume)
        if self._panned_from is not None:
            moved = (self._panned_from - self._inputs.x) / self.layout.picture.width
            self.wave.zoom = self.wave.zoom.moved(moved)
            self._panned_from = self._inputs.x

    # What is drawn

    def _lay_out(self, width: int, height: int) -> Layout:
        self._laid_out = (width, height, self.board.grid)
        return lay_out(width, height, self.board.grid, self.board.banks)

    def _draw(self) -> None:
        board = self.board
        size = (dpg.get_viewport_client_width(), dpg.get_viewport_client_height())
        if (*size, board.grid) != self._laid_out:
            self.layout = self._lay_out(*size)
        layout = self.layout
        now = time.monotonic()
        if now >= self._health_at:
            self._health_at = now + _HEALTH_SEC
            self._health = self._sound.health()
        at = None if self._dialogs.open else (self._inputs.x, self._inputs.y)
        hovered = None if at is None else layout.control_at(*at)
        self._textures.begin_frame()
        selected = board.pads[board.selected]
        self.wave.draw(board.selected, selected, layout, hovered, self._sound)
        self._draw_pads(now)
        self._side.draw(board.selected, selected, layout, hovered, self._sound.levels())
        self._bar.draw(board, layout, hovered)
        self._status.draw(board, layout, self._health, self._told(at, now))
        self._help.draw(layout, self._help_shown)

    def _draw_pads(self, now: float) -> None:
        board, keys = self.board, pad_keys(self.board.grid)
        self._struck = {pad: until for pad, until in self._struck.items() if until > now}
        seen = board.seen()
        for place, cell in enumerate(self._cells):
            if place < len(seen):
                cell.draw(
                    seen[place],
                    board.pads[seen[place]],
                    keys[place],
                    self.layout.pads[place],
                    selected=seen[place] == board.selected,
                    struck=seen[place] in self._struck,
                    textures=self._textures,
                    sound=self._sound,
                )
            else:
                cell.hide()

    def _told(self, at: tuple[float, float] | None, now: float) -> Notice | None:
        """What the status line says: of the pad below the mouse, or else what was done last."""
        if self.notice is not None and self.notice.kind == "done" and now > self._notice_until:
            self.notice = None
        place = None if at is None else self.layout.pad_at(*at)
        seen = self.board.seen()
        if place is None or place >= len(seen):
            return self.notice
        pad = self.board.pads[seen[place]]
        if pad.state is State.EMPTY:
            return self.notice
        told = pad.error or words.status(pad)
        return Notice(f"{pad.name}: {told}", "hint")


def show(
    engine: AudioEngine, paths: Sequence[str], *, grid: int | None, size: tuple[int, int]
) -> None:
    """Shows pads of a running engine until the window is closed: those of a set, if `paths` begin
    with one, or else of files and folders. Without a `grid` it takes the smallest that shows them
    all at once."""
    sound = EngineSound(engine)
    as_set = bool(paths) and paths[0].endswith(sets.ENDING)
    files = [] if as_set else expand(paths)
    fitting = next((side for side in GRIDS if side * side >= len(files)), GRIDS[-1])
    app = App(Board(sound, grid=grid or fitting), sound, size=size)
    if as_set:
        app.open_set(Path(paths[0]))
    elif paths:
        app.add(paths)
    try:
        app.run()
    finally:
        app.close()
