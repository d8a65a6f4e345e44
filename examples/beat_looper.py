"""Loops of any tempo in time, each from a bar on: python beat_looper.py [BPM [FILE...]]"""

import math
import sys
from pathlib import Path

import hotcue

BPM = float(sys.argv[1]) if sys.argv[1:] else 120.0
KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*_loop.*"))
FILES = [Path(file) for file in sys.argv[2:]] or KIT
NAMES = [file.name.encode(errors="replace").decode() for file in FILES]  # Not all are UTF-8.

with hotcue.AudioEngine(limiter=True) as engine:
    engine.load_many_async(enumerate(FILES), analyze="bpm")
    tempi: dict[int, float] = {}
    left = len(FILES)
    while left and (event := engine.wait_event()) is not None:
        if event["type"] == "analysis":
            left -= 1
            sample = engine.sample(event["id"])
            heard = sample.analysis.get("bpm") if sample else None
            tempo = heard["loop_bpm"] if heard else None
            if tempo:  # By which it is a whole number of beats long.
                tempi[event["id"]] = tempo
            told = f"{tempo:.2f} BPM" if tempo else event["error"] or "no whole number of beats"
            print(event["id"], NAMES[event["id"]], told, flush=True)
    bar_frames = 4 * 60 / BPM * engine.clock().sample_rate
    voices: dict[int, int | None] = {}
    print("The number of a loop turns it on or off.", flush=True)
    for line in map(str.strip, sys.stdin):
        id = int(line) if line.isdecimal() else -1
        if (voice := voices.pop(id, None)) is not None:
            engine.set_voice(voice, loop=False)
            print(NAMES[id], "to the end of its round", flush=True)
        elif id in tempi:
            bar = math.ceil(engine.clock().frame / bar_frames + 0.05)
            at = round(bar * bar_frames)
            voices[id] = engine.play_sample(id, loop=True, speed=BPM / tempi[id], at_frame=at)
            print(NAMES[id], "from bar", bar, flush=True)
