"""``hotcue pads``: pads that play samples, in a window."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from argparse import Namespace
from pathlib import Path

from ..engine import AudioEngine
from ..errors import DeviceError
from ..pads.board import PADS
from ..pads.sets import ENDING
from ..pads.sound import engine_for
from .play import refusal, start
from .text import complain, reason


def pads(args: Namespace) -> int:
    """Shows the window until it is closed; 1 if there can be none, or no engine, 2 if there is no
    such output."""
    if len(args.paths) > 1 and any(path.endswith(ENDING) for path in args.paths):
        complain("a set is opened alone: add other files in the window")
        return 2
    why_not = _why_not()
    if why_not is not None:
        complain(why_not)
        return 1
    try:
        # Only now: it names Dear PyGui.
        from ..pads.window.app import show
    except ImportError as error:
        complain(f"Dear PyGui, which draws the pads, cannot be loaded: {error}")
        return 1
    try:
        engine = _started(args)
    except (ValueError, DeviceError) as error:
        why, code = refusal(error)
        complain(why)
        return code
    try:
        show(engine, args.paths, grid=args.grid, size=args.size)
    finally:
        engine.shut_down()
    return 0


def _started(args: Namespace) -> AudioEngine:
    """The engine, with the cache that was asked for; the user's own does not have to be."""
    cache_dir = None if args.no_cache else args.cache or cache_folder()
    engine = engine_for(PADS, output=args.output, cache_dir=cache_dir)
    try:
        start(engine)
    except OSError as error:
        if args.cache:
            raise
        complain(f"keeps no decoded audio: {reason(error)}")
        engine = engine_for(PADS, output=args.output)
        start(engine)
    return engine


def cache_folder() -> Path | None:
    """Where decoded audio is kept for the next time; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home)) / "hotcue" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "hotcue"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "hotcue"


def _why_not() -> str | None:
    if importlib.util.find_spec("dearpygui") is None:
        return "pads are drawn with Dear PyGui, which is not here: pip install dearpygui"
    if sys.platform == "linux" and not _display_opens():
        where = os.environ.get("DISPLAY")
        return "no display opens: " + (f"DISPLAY is {where}" if where else "DISPLAY is not set")
    return None


def _display_opens() -> bool:
    """Whether there is an X server, or a Wayland one that is an X server, too. Dear PyGui does not
    survive it where there is none."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True
