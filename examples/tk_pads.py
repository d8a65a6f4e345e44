"""Pads in Tk, which asks for events 60 times a second: python tk_pads.py [FILE...]"""

import sys
import tkinter
from pathlib import Path
from tkinter import ttk

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.
FILES = [Path(file) for file in sys.argv[1:]] or KIT


def listen() -> None:
    for event in engine.drain_loader_events():
        if event["type"] == "progress":
            bars[event["id"]]["value"] = event["percent"]
        elif event["type"] == "success":
            plays[event["id"]]["state"] = "normal"
            told[event["id"]]["text"] = f"{event['duration_sec']:.2f} s"
        elif event["type"] == "error":
            told[event["id"]]["text"] = event["error"]
    window.after(16, listen)


window = tkinter.Tk()
window.title("hotcue")
ttk.Style().theme_use("alt")
names = [file.name.encode(errors="replace").decode() for file in FILES]  # Not all are UTF-8.
plays = [ttk.Button(text=name, state="disabled") for name in names]
bars = [ttk.Progressbar() for _ in FILES]
told = [ttk.Label(width=40) for _ in FILES]
with hotcue.AudioEngine() as engine:
    for id, row in enumerate(zip(plays, bars, told, strict=True)):
        row[0]["command"] = lambda id=id: engine.play_sample(id)
        for column, widget in enumerate(row):
            widget.grid(row=id, column=column, padx=6, pady=4, sticky="ew")
    engine.load_many_async(enumerate(FILES))
    listen()
    window.mainloop()
