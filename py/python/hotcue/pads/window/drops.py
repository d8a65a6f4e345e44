"""Files that are dragged here from other programs.

Dear PyGui has nothing for it. On Linux and macOS its windows are GLFW's, whose functions its
library lets others call; elsewhere, or should it hide them one day, nothing is ever dropped.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque

from dearpygui import _dearpygui

# GLFW 3, "Path drop input": window, how many paths, the paths.
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))


class Drops:
    """Collects what is dropped on the window of this thread, which must be shown."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, ...]] = deque()
        # As long as the window is there.
        self._callback = _CALLBACK(self._dropped)
        library = ctypes.CDLL(_dearpygui.__file__)
        try:
            current, listen = library.glfwGetCurrentContext, library.glfwSetDropCallback
        except AttributeError:
            return
        current.restype = listen.restype = ctypes.c_void_p
        listen.argtypes = (ctypes.c_void_p, _CALLBACK)
        if (window := current()) is not None:
            listen(window, self._callback)

    def take(self) -> list[tuple[str, ...]]:
        """What was dropped since it was asked last: paths that were dropped together."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken

    def _dropped(self, _window: int, count: int, paths: ctypes._Pointer[ctypes.c_char_p]) -> None:
        named = (paths[index] for index in range(count))
        self._waiting.append(tuple(os.fsdecode(path) for path in named if path is not None))
