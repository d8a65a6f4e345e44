"""Drags files onto a window, as a file manager does.

python pads_drag.py NAME X Y PATH…: drops the paths on the window of that name at a point in it, by
the protocol XDND, version 5, and ends when the window has taken them.
"""

from __future__ import annotations

import sys
import time

from Xlib import X
from Xlib.display import Display
from Xlib.protocol import event
from Xlib.xobject.drawable import Window

PATIENCE_SEC = 30.0
VERSION = 5


def main() -> None:
    name, x, y, *paths = sys.argv[1:]
    display = Display()
    root = display.screen().root
    target = find(root, name)
    assert target is not None
    place = root.translate_coords(target, int(x), int(y))
    source = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    source.set_selection_owner(display.intern_atom("XdndSelection"), X.CurrentTime)

    def send(kind: str, *data: int) -> None:
        words = [source.id, *data, *[0] * (4 - len(data))]
        told = event.ClientMessage(
            window=target, client_type=display.intern_atom(kind), data=(32, words)
        )
        target.send_event(told)
        display.flush()

    copy = display.intern_atom("XdndActionCopy")
    send("XdndEnter", VERSION << 24, display.intern_atom("text/uri-list"))
    send("XdndPosition", 0, place.x << 16 | place.y, X.CurrentTime, copy)
    deadline = time.monotonic() + PATIENCE_SEC
    while time.monotonic() < deadline:
        if not display.pending_events():
            time.sleep(0.01)
            continue
        answer = display.next_event()
        if answer.type == X.SelectionRequest:
            uris = "".join(f"file://{path}\r\n" for path in paths).encode()
            answer.requestor.change_property(answer.property, answer.target, 8, uris)
            answer.requestor.send_event(
                event.SelectionNotify(
                    time=answer.time,
                    requestor=answer.requestor,
                    selection=answer.selection,
                    target=answer.target,
                    property=answer.property,
                )
            )
            display.flush()
        elif answer.type == X.ClientMessage:
            kind = display.get_atom_name(answer.client_type)
            if kind == "XdndStatus":
                send("XdndDrop", 0, X.CurrentTime)
            elif kind == "XdndFinished":
                return
    sys.exit("the window has not taken it")


def find(window: Window, name: str) -> Window | None:
    """The window below `window` whose name has that in it."""
    if name in str(window.get_wm_name()):
        return window
    below = (find(child, name) for child in window.query_tree().children)
    return next((found for found in below if found is not None), None)


if __name__ == "__main__":
    main()
