"""A whole session of the pads, over an engine without sound, in a window that `xdotool` works.

python pads_child.py FOLDER SET: loads the folder, plays a pad by its key and one by a click, saves
the set by Ctrl S, quits by Ctrl Q, and prints what it saw.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import contract
from dearpygui import _dearpygui
from dearpygui import dearpygui as dpg
from Xlib import X
from Xlib.display import Display

from hotcue.pads import sets
from hotcue.pads.board import PADS, Board
from hotcue.pads.keys import pad_keys
from hotcue.pads.layout import LEAST
from hotcue.pads.pad import State
from hotcue.pads.sound import EngineSound, engine_for
from hotcue.pads.window.app import App
from hotcue.pads.zoom import Zoom

PATIENCE_SEC = 60.0
NO_UNICODE = os.fsdecode(b"\xff")
DRAG = Path(__file__).with_name("pads_drag.py")


def xdotool(*args: str) -> str:
    return subprocess.run(["xdotool", *args], capture_output=True, text=True, check=True).stdout


@contextmanager
def another_window() -> Iterator[str]:
    """A window that may have the keyboard, and its number."""
    display = Display()
    shown = display.screen().root.create_window(0, 0, 9, 9, 0, X.CopyFromParent)
    shown.map()
    display.sync()
    try:
        yield str(shown.id)
    finally:
        display.close()


def main() -> None:
    folder, set_path = sys.argv[1], Path(sys.argv[2])
    engine = engine_for(PADS, output="null")
    engine.run()
    sound = EngineSound(engine)
    board = Board(sound, grid=4)
    app = App(board, sound, size=(1280, 720))
    app.files.set_path = set_path

    def until(what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SEC
        app.run(lambda: condition() or time.monotonic() > deadline)
        assert condition(), f"still waiting for: {what}"

    def frames(count: int) -> None:
        left = iter(range(count))
        app.run(lambda: next(left, None) is None)

    def plays(pad: int) -> bool:
        return board.pads[pad].position_sec is not None and max(sound.levels().peak) > 0.0

    app.files.add([folder])
    until("loads", lambda: board.counts().total > 0 and board.counts().loading == 0)
    ready = [number for number, pad in enumerate(board.pads) if pad.state is State.READY]
    until("analyses", lambda: all(board.pads[pad].coloured for pad in ready))
    silent = max(sound.levels().peak)

    window = xdotool("search", "--name", "hotcue").split()[0]
    xdotool("windowfocus", "--sync", window)
    by_key, by_click = ready[:2]
    xdotool("key", pad_keys(4)[by_key].lower())
    until("a play by a key", lambda: plays(by_key))
    heard = max(sound.levels().peak)
    selected_by_key = board.selected
    xdotool("key", "space")
    until("silence", lambda: board.pads[by_key].position_sec is None)

    rect = app.layout.pads[by_click]
    xdotool("mousemove", "--window", window, str(rect.x + 40), str(rect.y + rect.height // 2))
    xdotool("click", "1")
    until("a play by a click", lambda: plays(by_click))
    selected_by_click = board.selected

    xdotool("key", "ctrl+l")
    until("a loop", lambda: board.pads[by_click].loop)
    # The arrow's code is below that of Ctrl: its callback comes first where both are of one frame.
    xdotool("key", "ctrl+Down")
    until("a pad less loud", lambda: board.pads[by_click].volume < 1.0)
    app.files.drop((), by_click)
    # A dialog keeps keys from the pads, wherever it was to begin. In its middle, by one of its rows
    # and its first button, a file is chosen.
    loaded = board.counts().total
    app.files.ask("files", app.layout.window, Path(folder, NO_UNICODE))
    until("a dialog", lambda: app.files.asks)
    frames(20)
    xdotool("key", "space", "1")
    frames(20)
    plays_behind = board.pads[ready[0]].position_sec is not None
    xdotool("key", "Escape")
    until("the dialog's end by Escape", lambda: not app.files.asks)
    app.files.ask("files", app.layout.window, Path(folder))
    until("another dialog", lambda: app.files.asks)
    frames(20)
    left, top, bottom = (1280 - 860) // 2, (720 - 500) // 2, (720 + 500) // 2
    for x, y in ((left + 120, top + 170), (left + 30, bottom - 22)):
        xdotool("mousemove", "--window", window, str(x), str(y))
        frames(5)
        xdotool("click", "1")
        frames(5)
    until("the dialog's end", lambda: not app.files.asks)
    until("the chosen file", lambda: board.counts().loading == 0)
    chosen = board.counts().total - loaded

    # Two files are dragged here, one onto a pad.
    free = board.size - 1
    for pad, file in ((free, "b.wav"), (free, "c.wav")):
        rect = app.layout.pads[pad]
        command = [sys.executable, DRAG, "hotcue", str(rect.x + 20), str(rect.y + 20)]
        drag = subprocess.Popen([*command, str(Path(folder) / file)])
        until("a drop", lambda drag=drag: drag.poll() is not None)
        until(file, lambda file=file: board.pads[free].name == file[0])
    until("what was dropped", lambda: board.counts().loading == 0)
    dropped = [board.pads[free].name, board.pads[free].state.value]
    board.clear(free)

    # What is let go while another window has the keyboard.
    held = []
    xdotool("keydown", "Control_L")
    frames(20)
    held.append(bool(app.acts.held()))
    with another_window() as other:
        xdotool("windowfocus", "--sync", other)
        frames(10)
        xdotool("keyup", "Control_L")
        frames(30)
    held.append(bool(app.acts.held()))
    xdotool("windowfocus", "--sync", window)
    frames(5)

    glfw = ctypes.CDLL(_dearpygui.__file__)

    def paste(copied: str) -> str:
        glfw.glfwSetClipboardString(None, os.fsencode(copied))
        frames(3)
        before = app.files.notice
        xdotool("key", "ctrl+v")
        until("a notice", lambda: app.files.notice not in (None, before))
        return app.files.notice.kind

    odd = Path(folder, NO_UNICODE + ".wav")
    pasted = [paste(text) for text in (str(odd), "Lorem ipsum " * 40, odd.as_uri())]
    until("what was pasted", lambda: board.counts().loading == 0)
    pasted.append(next(pad.name for pad in reversed(board.pads) if pad.path is not None))

    rect = app.layout.controls["volume"]
    volume = []
    for x in (rect.x + 10, rect.x + rect.width // 2):
        xdotool("mousemove", "--window", window, str(x), str(rect.y + rect.height // 2))
        frames(3)
        xdotool("mousedown", "1")
        frames(5)
        xdotool("mouseup", "1")
        frames(5)
        volume.append(board.volume)
    board.set_volume(1.0)

    # While a pad plays, the user looks elsewhere, and then at where it plays again.
    board.select(by_click)
    # It loops: played once more, it would stop.
    if board.pads[by_click].position_sec is None:
        board.trigger(by_click)
    until("a play", lambda: plays(by_click))
    frames(5)
    whole = app.wave.zoom
    app.wave.zoom = Zoom(whole.duration_sec, whole.duration_sec - 0.01, whole.duration_sec)
    view = [app.wave.zoom.start_sec]
    frames(10)
    view.append(app.wave.zoom.start_sec)
    at = board.pads[by_click].position_sec or 0.0
    app.wave.zoom = Zoom(whole.duration_sec, at, at + 0.1)
    frames(60)
    followed = app.wave.zoom.holds(board.pads[by_click].position_sec or 0.0)
    board.stop_all()

    precious, older = set_path.with_name("precious.txt.json"), set_path.with_name("older.json")
    precious.write_text('{"precious": true}')
    sets.write(older, sets.PadSet())
    over = []
    # What is open may have any name; another notice than the question is no answer.
    set_path.write_bytes(older.read_bytes())
    same = set_path.parent / "." / ".." / set_path.parent.name / set_path.name
    for path in (same, precious, older, precious, older, older):
        app.files.save_as(path)
        over.append(app.files.notice.kind)
    app.files.set_path = set_path
    set_path.unlink()

    dpg.set_viewport_width(LEAST[0])
    dpg.set_viewport_height(LEAST[1])
    until("the smallest window", lambda: app.layout.window[2:] == LEAST)
    frames(5)

    xdotool("key", "ctrl+s")
    until("the set", set_path.exists)
    xdotool("key", "ctrl+q")
    deadline = time.monotonic() + PATIENCE_SEC
    app.run(lambda: time.monotonic() > deadline)
    closed = time.monotonic() < deadline
    app.close()
    engine.shut_down()
    engine.drain_loader_events()
    failed = {pad.name: [pad.kind, pad.error] for pad in board.pads if pad.state is State.FAILED}
    print(
        json.dumps(
            {
                "ready": [board.pads[pad].name for pad in ready],
                "failed": failed,
                "silent": silent,
                "heard": heard,
                "selected_by_key": selected_by_key == by_key,
                "selected_by_click": selected_by_click == by_click,
                "plays_behind": plays_behind,
                "chosen": chosen,
                "dropped": dropped,
                "held": held,
                "pasted": pasted,
                "volume": volume,
                "view": view,
                "followed": followed,
                "over": over,
                "shortened": sorted(app.shortened),
                "closed": closed,
                "wrong_events": contract.CHECKER.wrong,
            }
        )
    )


if __name__ == "__main__":
    contract.CHECKER.install()
    main()
