"""Pads in a terminal (Textual), with a worker for each load: python textual_pads.py [FILE...]"""

import sys
from pathlib import Path

from textual import work
from textual.app import App
from textual.content import Content
from textual.widgets import Button

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.


class Pads(App[None]):
    CSS = "Screen { layout: grid; grid-size: 3; grid-rows: 5 } Button { width: 1fr; height: 5 }"

    def on_mount(self) -> None:
        for file in [Path(file) for file in sys.argv[1:]] or KIT:
            self.load(file)

    @work
    async def load(self, file: Path) -> None:
        name = file.name.encode(errors="replace").decode()  # Not every one is UTF-8.
        await self.mount(pad := Button(Content(name)))
        pad.loading = True
        try:
            sample = await engine.load(file)
            pad.action, told = f"app.play({sample.id})", f"{sample.duration_sec:.2f} s"
        except hotcue.LoadError as error:
            pad.variant, told = "error", error.message
        pad.loading, pad.label = False, Content(f"{name}\n{told}")

    def action_play(self, id: int) -> None:
        engine.play_sample(id)


with hotcue.AudioEngine() as engine:
    Pads().run()
