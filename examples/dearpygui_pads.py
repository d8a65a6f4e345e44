"""Pads in Dear PyGui, which polls in each frame: python dearpygui_pads.py [FILE...]"""

import sys
from pathlib import Path

from dearpygui import dearpygui as dpg

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.


def show(event: hotcue.LoaderEvent) -> None:
    if event["type"] == "progress":
        dpg.set_value(f"bar {event['id']}", event["percent"] / 100)
    elif event["type"] == "success":
        dpg.configure_item(f"bar {event['id']}", overlay=f"{event['duration_sec']:.2f} s")
    elif event["type"] == "error":
        dpg.configure_item(f"bar {event['id']}", overlay=event["error"])


dpg.create_context()
dpg.create_viewport(title="hotcue", width=640, height=480)
dpg.setup_dearpygui()
pads = dpg.add_window()
dpg.set_primary_window(pads, True)
dpg.show_viewport()
with hotcue.AudioEngine() as engine:
    for id, file in enumerate([Path(file) for file in sys.argv[1:]] or KIT):
        row = dpg.add_group(parent=pads, horizontal=True)
        name = file.name.encode(errors="replace").decode()  # Not every one is UTF-8.
        play = dpg.add_button(parent=row, tag=f"play {id}", label=name, width=160)
        dpg.configure_item(play, callback=lambda _, __, id: engine.play_sample(id), user_data=id)
        dpg.add_progress_bar(parent=row, tag=f"bar {id}", width=-1)
        engine.load_sample_async(id, file)
    while dpg.is_dearpygui_running():
        while (event := engine.poll_loader_events()) is not None:
            show(event)
        dpg.render_dearpygui_frame()
dpg.destroy_context()
