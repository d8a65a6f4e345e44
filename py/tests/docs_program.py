"""Runs a program of the documentation, every event of it checked; if it opens a window, with
somebody in front of that.

python docs_program.py PROGRAM [ARGS…]: who sits there waits until all loads have ended, presses
one button after the other until a sound is on the meters, holds a key, which is to play once, and
closes the window. Without a window all that was played is to have ended before the program does.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import contract

from hotcue.engine import AudioEngine, _started
from hotcue.errors import HotcueError

PATIENCE_SEC = 60.0


def use(window: Any) -> Iterator[None]:
    """What somebody does at a window, from one frame to the next."""
    (engine,) = [engine for ref in _started.valuerefs() if (engine := ref()) is not None]
    while engine.loads():
        yield
    yield  # What has come last is drawn, too.
    yield from press_buttons(window, engine)
    yield from hold_a_key(window, engine)


def press_buttons(window: Any, engine: AudioEngine) -> Iterator[None]:
    for item in window.get_all_items():
        if window.get_item_type(item) == "mvAppItemType::mvButton":
            callback = window.get_item_callback(item)
            callback(item, None, window.get_item_user_data(item))
            for _ in range(30):
                if max(engine.meters().master.peak) > 0.0:
                    return
                yield
    raise HotcueError("no button of the window plays anything")


def hold_a_key(window: Any, engine: AudioEngine) -> Iterator[None]:
    """Dear PyGui tells of it again and again. Twice it is held; each time it plays once."""
    handlers: dict[str, list[Any]] = {"Press": [], "Release": []}
    for item in window.get_all_items():
        for what, found in handlers.items():
            if window.get_item_type(item) == f"mvAppItemType::mvKey{what}Handler":
                found.append(window.get_item_callback(item))
    for _ in range(30):
        yield
    while engine.poll_playback_events() is not None:
        pass
    for _ in range(2 if handlers["Press"] else 0):
        for callback in handlers["Press"] * 3 + handlers["Release"]:
            callback(0, window.mvKey_1)
        for _ in range(30):
            yield
        started = 0
        while (event := engine.poll_playback_events()) is not None:
            started += event["type"] == "started"
        if started != 1:
            raise HotcueError(f"a key that is held plays {started} times")


def sit_down() -> list[str]:
    """Has every frame that is drawn seen by somebody; returns what they say in the end."""
    from dearpygui import dearpygui as window

    draw = window.render_dearpygui_frame
    said: list[str] = []
    hands: list[Iterator[None]] = []
    began = time.monotonic()

    def frame() -> None:
        draw()
        hands[:] = hands or [use(window)]
        try:
            next(hands[0])
        except StopIteration:
            said.append("heard")
            window.stop_dearpygui()
        if time.monotonic() - began > PATIENCE_SEC:
            raise TimeoutError("nothing was heard")

    window.render_dearpygui_frame = frame
    return said


def follow_voices() -> Callable[[], list[int]]:
    """Has every play and every end of a voice noted; what it returns tells which of those that were
    played have not ended."""
    play = AudioEngine.play_sample
    played: dict[AudioEngine, set[int]] = {}

    def play_sample(engine: AudioEngine, *args: Any, **options: Any) -> int | None:
        voice = play(engine, *args, **options)
        if voice is not None:
            played.setdefault(engine, set()).add(voice)
        return voice

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        def note(engine: AudioEngine, *args: Any, **options: Any) -> Any:
            event = read(engine, *args, **options)
            if event is not None and event["type"] in ("ended", "dropped"):
                played.get(engine, set()).discard(event["voice"])
            return event

        return note

    def left() -> list[int]:
        for engine in played:
            while engine.poll_playback_events() is not None:
                pass
        return [voice for voices in played.values() for voice in sorted(voices)]

    AudioEngine.play_sample = play_sample  # type: ignore[method-assign]
    for name in ("poll_playback_events", "wait_playback_event"):
        setattr(AudioEngine, name, noting(getattr(AudioEngine, name)))
    return left


def main() -> None:
    program = sys.argv[1]
    left = follow_voices()
    contract.CHECKER.install()
    has_window = "dearpygui" in Path(program).read_text()
    said = sit_down() if has_window else ["no window"]
    sys.argv = sys.argv[1:]
    sys.path[0] = ""
    runpy.run_path(program, run_name="__main__")
    if not said:
        sys.exit("the window was closed before anything was heard")
    if not has_window and (voices := left()):
        sys.exit(f"the program ends before what it has played: {voices}")
    sys.exit("\n".join(contract.CHECKER.wrong) or 0)


if __name__ == "__main__":
    main()
