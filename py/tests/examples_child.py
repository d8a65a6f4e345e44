"""One of the examples with a window, as somebody uses it: waits, looks, clicks, and closes it.

python examples_child.py EXAMPLE PICTURE FILE…: files that load, and as the last one that does not.
Writes what was seen last as a picture, and prints what else was seen.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import contract
import numpy as np
from examples_toolkits import TOOLKITS, Toolkit
from numpy.typing import NDArray

import hotcue

PATIENCE_SEC = 60.0
NOT_HERE = 77
"""What it exits with where the toolkit is not here."""
EXAMPLES = Path(__file__).parents[2] / "examples"


class Watched(hotcue.AudioEngine):
    """An engine that plays to nowhere, and is known here."""

    made: ClassVar[list[Watched]] = []

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "output": "null"})
        Watched.made.append(self)

    def peak(self) -> float:
        return max(self.meters().master.peak)


def session(
    toolkit: Toolkit, names: list[str], picture: Path, seen: dict[str, Any]
) -> Iterator[None]:
    """What somebody does, between the turns of the toolkit's own loop."""
    (engine,) = Watched.made
    states = ["ready"] * (len(names) - 1) + ["failed"]
    yield from until("loads", lambda: [engine.state(id) for id in range(len(names))] == states)
    samples = [engine.sample(id) for id in range(len(names) - 1)]
    lengths = [f"{sample.duration_sec:.2f} s" for sample in samples if sample is not None]
    wanted = [*names, *lengths, seen["reason"]]
    yield from until("words", lambda: all(word in "\n".join(toolkit.texts()) for word in wanted))
    seen["silent"] = engine.peak()
    yield from turns(10)
    yield from toolkit.press(names[0])
    yield from until("sound", lambda: engine.peak() > 0.0)
    seen["heard"] = engine.peak()
    seen["plays"] = sorted({head.id for head in engine.playheads()})
    yield from turns(10)
    toolkit.save(picture)
    if picture.suffix == ".png":
        seen["unseen"] = unseen(toolkit)
    toolkit.close()
    seen["asked_to_close"] = True
    yield from until("the end", lambda: False)


def unseen(toolkit: Toolkit) -> list[str]:
    """Texts that are not, or not wholly, in the picture."""
    pixels = toolkit.picture()
    height, width, _ = pixels.shape
    found = [] if len(colours(pixels)) > 3 else ["anything"]
    for text, area in toolkit.texts().items():
        if area is None:
            continue
        right, bottom = area.left + area.width, area.top + area.height
        inside = area.left >= 0 and area.top >= 0 and right <= width and bottom <= height
        shown = pixels[int(area.top) : int(bottom), int(area.left) : int(right)]
        if not inside or len(colours(shown)) < 2:
            found.append(text)
    return found


def colours(pixels: NDArray[np.uint8]) -> set[bytes]:
    return {row.tobytes() for row in pixels.reshape(-1, 3)}


def until(what: str, condition: Callable[[], bool]) -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"still waiting for: {what}")
        yield


def turns(count: int) -> Iterator[None]:
    for _ in range(count):
        yield


def reason_of(file: str) -> str:
    try:
        hotcue.decode(file)
    except hotcue.LoadError as error:
        return error.message
    sys.exit(f"{file} can be decoded")


def main() -> None:
    example, picture, *files = sys.argv[1:]
    seen: dict[str, Any] = {"reason": reason_of(files[-1])}
    toolkit = TOOLKITS[example.removesuffix("_pads")]()
    names = [Path(file).name.encode(errors="replace").decode() for file in files]
    steps = session(toolkit, names, Path(picture), seen)
    try:
        toolkit.attach(lambda: next(steps))
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    hotcue.AudioEngine = Watched  # type: ignore[misc]
    sys.argv[:] = [str(EXAMPLES / f"{example}.py"), *files]
    runpy.run_path(sys.argv[0], run_name="__main__")
    (engine,) = Watched.made
    seen["ended"] = not engine.is_running()
    seen["wrong_events"] = contract.CHECKER.wrong
    print(json.dumps(seen))


if __name__ == "__main__":
    contract.CHECKER.install()
    main()
