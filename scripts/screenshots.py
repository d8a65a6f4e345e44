#!/usr/bin/env python3
"""Makes pictures of `hotcue pads` in all that it can be in.

    scripts/with_display.sh 1920x1080 python scripts/screenshots.py FOLDER [--only SCENE]

Each is a window of its own over a real engine, in two sizes. A scene checks that it is what its
name says before its picture is taken, and that nothing but names is cut. Needs the package
installed, a display, and for names in Chinese, Japanese and Korean a font that has them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from dearpygui import dearpygui as dpg

import hotcue
from hotcue.pads.board import PADS, Board
from hotcue.pads.pad import State
from hotcue.pads.sound import EngineSound, engine_for
from hotcue.pads.window.app import App

SIZES = ((1280, 720), (1920, 1080))
KIT = Path(hotcue.__file__).parent / "kit"
PATIENCE_SEC = 120.0
LONG_NAME = "Loop 120 BPM from the second take, bounced, normalised, v12b"
CJK_NAMES = (
    "東京の夜のキック",
    "스네어 드럼 하나",
    "鼓组循环一百二十",
    "クラッシュシンバル",
    "贝斯 bass 低音",
)


class Stage:
    """One window, and what a scene may do with it."""

    def __init__(self, size: tuple[int, int], folder: Path, grid: int, **engine: object) -> None:
        self.folder = folder
        self.engine = engine_for(PADS, output="null", **engine)
        self.engine.run()
        sound = EngineSound(self.engine)
        self.board = Board(sound, grid=grid)
        self.app = App(self.board, sound, size=size)

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Draws frames until it holds."""
        deadline = time.monotonic() + PATIENCE_SEC
        self.app.run(lambda: condition() or time.monotonic() > deadline)
        if not condition():
            sys.exit(f"still waiting for: {what}")

    def loaded(self) -> None:
        """Waits for all loads, and what is heard in them."""
        self.wait("loads", lambda: self.board.counts().loading == 0)
        ready = [pad for pad in self.board.pads if pad.state is State.READY]
        self.wait("analyses", lambda: all(pad.coloured for pad in ready))
        self.settle()

    def settle(self) -> None:
        """Lets what is drawn in turns be drawn."""
        end = time.monotonic() + 1.0
        self.app.run(lambda: time.monotonic() > end)

    def kit(self) -> list[str]:
        """The files of the demo kit, longest first."""
        names = [
            "bass_loop.mka",
            "chord_loop.m4a",
            "crash.mp3",
            "kick.wav",
            "snare.flac",
            "hat_closed.ogg",
            "hat_open.caf",
            "clap.aiff",
            "tom.wav",
            "shaker.wav",
            "cowbell.m4a",
        ]
        return [str(self.folder / "kit" / name) for name in names]

    def picture(self, path: Path) -> None:
        """Writes what the window shows."""
        dpg.output_frame_buffer(str(path))
        self.wait("the picture", path.exists)


def empty(size: tuple[int, int], folder: Path) -> Stage:
    """Nothing is there yet."""
    stage = Stage(size, folder, 4)
    stage.settle()
    return stage


def loading(size: tuple[int, int], folder: Path) -> Stage:
    """216 pads load, those that are seen at different places."""
    files = []
    rng = np.random.default_rng(3)
    for index in range(PADS):
        path = folder / f"take {index + 1:03}.wav"
        # At 1 kHz a file is small and takes long: it becomes 48 times as many frames.
        seconds = int(rng.integers(300, 5400)) if index < 36 else 60
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(1)
            out.setframerate(1000)
            out.writeframes(rng.integers(96, 160, seconds * 1000, dtype=np.uint8).tobytes())
        files.append(str(path))
    stage = Stage(size, folder, 6, workers=36)
    stage.board.add(files)
    seen = [stage.board.pads[pad] for pad in stage.board.seen()]
    apart = lambda: len({int(pad.percent / 10) for pad in stage.board.pads[:36]})  # noqa: E731
    stage.wait("rings at different places", lambda: apart() >= 6)
    assert sum(pad.loads for pad in seen) > 12
    return stage


def playing(size: tuple[int, int], folder: Path) -> Stage:
    """A kit is loaded; two loops and a drum play, one of them is seen near."""
    stage = Stage(size, folder, 4)
    stage.board.add(stage.kit())
    stage.loaded()
    for pad in (0, 1):
        stage.board.set_loop(pad, True)
    stage.board.set_choke(5, 1)
    stage.board.set_choke(6, 1)
    stage.board.set_pad_volume(1, 0.5)
    stage.board.trigger(1)
    stage.board.trigger(0)
    stage.board.select(0)
    stage.settle()
    stage.app.wave.zoom = stage.app.wave.zoom.by(2, 0.4)
    stage.board.trigger(2)
    end = time.monotonic() + 0.4
    stage.wait("some of it", lambda: time.monotonic() > end)
    assert stage.board.pads[0].position_sec is not None
    return stage


def errors(size: tuple[int, int], folder: Path) -> Stage:
    """Five files fail, each for another reason."""
    (folder / "not audio.wav").write_bytes(b"This is a text, and no sound at all.\n" * 40)
    (folder / "cut off.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVEjunk")
    with wave.open(str(folder / "nothing in it.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
    shutil.copy(KIT / "bass_loop.mka", folder / "too long.mka")
    stage = Stage(size, folder, 4, max_sample_bytes=1 << 19)
    names = ["not there.wav", "not audio.wav", "cut off.wav", "nothing in it.wav", "too long.mka"]
    stage.board.add([str(folder / "kit" / "kick.wav"), *(str(folder / name) for name in names)])
    stage.loaded()
    kinds = {pad.kind for pad in stage.board.pads if pad.state is State.FAILED}
    assert len(kinds) == 5, kinds
    stage.board.select(5)
    stage.settle()
    return stage


def long_name(size: tuple[int, int], folder: Path) -> Stage:
    """A name of 60 characters, in the smallest pads."""
    assert len(LONG_NAME) == 60
    path = folder / f"{LONG_NAME}.mka"
    shutil.copy(KIT / "bass_loop.mka", path)
    stage = Stage(size, folder, 6)
    stage.board.add([str(path), *stage.kit()[1:]])
    stage.loaded()
    return stage


def cjk_names(size: tuple[int, int], folder: Path) -> Stage:
    """Names in Japanese, Korean and Chinese."""
    files = []
    for name, file in zip(CJK_NAMES, stage_files(), strict=False):
        path = folder / (name + file.suffix)
        shutil.copy(file, path)
        files.append(str(path))
    stage = Stage(size, folder, 4)
    stage.board.add(files)
    stage.loaded()
    return stage


def stage_files() -> list[Path]:
    """Files of different lengths."""
    return [
        KIT / name
        for name in ("bass_loop.mka", "snare.flac", "chord_loop.m4a", "crash.mp3", "tom.wav")
    ]


def keys(size: tuple[int, int], folder: Path) -> Stage:
    """What the keys do."""
    stage = Stage(size, folder, 5)
    stage.board.add(stage.kit())
    stage.loaded()
    stage.app.acts.help_shown = True
    stage.settle()
    return stage


def dialog(size: tuple[int, int], folder: Path) -> Stage:
    """Files are chosen."""
    stage = Stage(size, folder, 4)
    stage.app.files.ask("files", stage.app.layout.window, folder / "kit")
    stage.settle()
    return stage


SCENES = {
    "empty": empty,
    "loading": loading,
    "playing": playing,
    "errors": errors,
    "long-name": long_name,
    "cjk-names": cjk_names,
    "keys": keys,
    "dialog": dialog,
}


def main() -> int:
    """Runs each scene in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=SCENES)
    parser.add_argument("--child", nargs=2, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        with tempfile.TemporaryDirectory() as home:
            os.environ["HOME"] = home  # No picture tells where it was made.
            folder = Path(home, "Samples")
            shutil.copytree(KIT, folder / "kit")
            stage = SCENES[args.only](tuple(args.child), folder)
            stage.picture(args.folder / f"{args.only}-{args.child[0]}x{args.child[1]}.png")
            stage.app.close()
            stage.engine.shut_down()
        return 0
    args.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for scene in [args.only] if args.only else SCENES:
        for size in SIZES:
            command = [sys.executable, __file__, str(args.folder), "--only", scene]
            command += ["--child", *map(str, size)]
            done = subprocess.run(command, check=False)
            print(f"{scene} {size[0]}×{size[1]}: {'done' if done.returncode == 0 else 'FAILED'}")
            failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
