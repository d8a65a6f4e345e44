"""The window and its loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dearpygui import dearpygui as dpg

from ...cli.files import expand
from ...engine import AudioEngine
from .. import fonts, sets, theme, words
from ..board import Board
from ..keys import GRIDS, pad_keys
from ..layout import LEAST, Layout, lay_out
from ..pad import State
from ..sound import EngineSound, Health, Sound
from . import style
from .acts import Acts
from .bar import Bar, Notice, Status
from .canvas import Type
from .cell import Cell
from .drops import Drops
from .files import Files
from .help import Help
from .side import Side
from .textures import Textures
from .wave import Wave

FRAME_SEC = 1 / 60
_HEALTH_SEC = 0.5


class App:
    """The window over a board. All methods belong to one thread, which must be the main one."""

    def __init__(self, board: Board, sound: Sound, *, size: tuple[int, int]) -> None:
        self.board = board
        self._sound = sound
        self._health = Health()
        self._health_at = 0.0
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
        self.layout = self._lay_out(*size)
        self.files = Files(board)
        self.acts = Acts(board, self.wave, self.files, self.layout)
        dpg.show_viewport()
        self._drops = Drops()
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
        self.files.frame()
        for dropped in self._drops.take():
            self.files.drop(dropped, self.acts.pad_below)
        self.acts.frame()
        self._draw()
        dpg.render_dearpygui_frame()

    def close(self) -> None:
        """Takes the window away."""
        dpg.destroy_context()

    def _lay_out(self, width: int, height: int) -> Layout:
        self._laid_out = (width, height, self.board.grid)
        return lay_out(width, height, self.board.grid, self.board.banks)

    def _draw(self) -> None:
        board = self.board
        size = (dpg.get_viewport_client_width(), dpg.get_viewport_client_height())
        if (*size, board.grid) != self._laid_out:
            self.layout = self.acts.layout = self._lay_out(*size)
        layout = self.layout
        now = time.monotonic()
        if now >= self._health_at:
            self._health_at = now + _HEALTH_SEC
            self._health = self._sound.health()
        hovered = None if self.files.asks else layout.control_at(*self.acts.mouse)
        self._textures.begin_frame()
        selected = board.pads[board.selected]
        self.wave.draw(board.selected, selected, layout, hovered, self._sound)
        self._draw_pads()
        self._side.draw(board.selected, selected, layout, hovered, self._sound.levels())
        self._bar.draw(board, layout, hovered)
        self._status.draw(board, layout, self._health, self._told())
        self._help.draw(layout, self.acts.help_shown)

    def _draw_pads(self) -> None:
        board, keys = self.board, pad_keys(self.board.grid)
        seen, struck = board.seen(), self.acts.struck()
        for place, cell in enumerate(self._cells):
            if place < len(seen):
                cell.draw(
                    seen[place],
                    board.pads[seen[place]],
                    keys[place],
                    self.layout.pads[place],
                    selected=seen[place] == board.selected,
                    struck=seen[place] in struck,
                    textures=self._textures,
                    sound=self._sound,
                )
            else:
                cell.hide()

    def _told(self) -> Notice | None:
        """What the status line says: of the pad below the mouse, or else what was done last."""
        below = None if self.files.asks else self.acts.pad_below
        pad = None if below is None else self.board.pads[below]
        if pad is None or pad.state is State.EMPTY:
            return self.files.notice
        told = words.clock(pad.duration_sec) if pad.state is State.READY else words.status(pad)
        return Notice(f"{pad.name}: {pad.error or told}", "hint")


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
        app.files.open_set(Path(paths[0]))
        if grid is not None:
            app.board.set_grid(grid)
    elif paths:
        app.files.put(paths, files, 0)
    try:
        app.run()
    finally:
        app.close()
