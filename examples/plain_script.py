"""A plain script: waits for events, then plays what has loaded: python plain_script.py [FILE...]"""

import contextlib
import sys
from pathlib import Path

import hotcue
from hotcue.events import TERMINAL

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.


def name(file: Path) -> str:
    return file.name.encode(errors="replace").decode()  # Not every one is UTF-8.


def load(engine: hotcue.AudioEngine, files: list[Path]) -> list[int]:
    """Loads the files, tells what becomes of each, and returns the ids of those that are there."""
    engine.load_many_async(enumerate(files))
    ready, left = [], len(files)
    while left and (event := engine.wait_event()) is not None:
        if event["type"] == "progress":
            bar = "#" * round(event["percent"] / 5)
            print(f"\r{name(files[event['id']]):20.20} [{bar:20}]", end="", flush=True)
        elif event["type"] == "success":
            ready.append(event["id"])
            print(f"\r{name(files[event['id']]):20.20} {event['duration_sec']:.2f} s{'':16}")
        elif event["type"] == "error":
            print(f"\r{name(files[event['id']]):20.20} failed: {event['error']}")
        left -= event["type"] in TERMINAL
    return ready


with contextlib.suppress(KeyboardInterrupt), hotcue.AudioEngine() as engine:
    files = [Path(file) for file in sys.argv[1:]] or KIT
    for id in load(engine, files):
        print("playing", name(files[id]), flush=True)
        engine.play_sample(id)
        while (played := engine.wait_playback_event()) and played["type"] != "ended":
            pass  # It began.
