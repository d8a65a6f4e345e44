"""Pads in Dear ImGui, which draws what tickets say: python imgui_bundle_pads.py [FILE...]"""

import sys
from pathlib import Path

from imgui_bundle import ImVec2, imgui, immapp

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.


class Pads:
    def __init__(self, engine: hotcue.AudioEngine, files: list[Path]) -> None:
        self.engine = engine
        # Not every name is UTF-8.
        self.names = [file.name.encode(errors="replace").decode() for file in files]
        self.tickets = engine.load_many_async(enumerate(files)).requests
        self.told: dict[int, str] = {}

    def draw(self) -> None:
        for event in self.engine.drain_loader_events():
            if event["type"] == "success":
                self.told[event["id"]] = f"{event['duration_sec']:.2f} s"
            elif event["type"] == "error":
                self.told[event["id"]] = event["error"]
        for ticket in self.tickets:
            imgui.push_id(ticket.id)
            imgui.begin_disabled(self.engine.state(ticket.id) not in ("playable", "ready"))
            if imgui.button(self.names[ticket.id], ImVec2(160, 0)):
                self.engine.play_sample(ticket.id)
            imgui.end_disabled()
            imgui.same_line()
            imgui.progress_bar(ticket.progress / 100, ImVec2(-1, 0), self.told.get(ticket.id))
            imgui.pop_id()


with hotcue.AudioEngine() as engine:
    pads = Pads(engine, [Path(file) for file in sys.argv[1:]] or KIT)
    immapp.run(pads.draw, "hotcue", window_size=(640, 480), fps_idle=30, ini_disable=True)
