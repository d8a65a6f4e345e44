"""Plays the drum songs that come with Hydrogen, at any tempo."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from grooves import Groove
from kits import RATE, Sound, read

# Hydrogen counts 48 ticks to a quarter note.
TICKS_PER_BEAT = 48


def number(node: ElementTree.Element, name: str) -> float:
    return float(node.findtext(name) or 0)


def sounds_of(song: ElementTree.Element, kits: list[Path]) -> dict[str, list[tuple[float, Sound]]]:
    """The layers of every instrument, each with the greatest velocity that it is for."""
    instruments = {}
    for instrument in song.iter("instrument"):
        identity = instrument.findtext("id")
        if identity is None:
            continue
        kit = instrument.findtext("drumkit") or ""
        layers = []
        for layer in instrument.iter("layer"):
            name = layer.findtext("filename") or ""
            paths = [path for folder in kits if (path := folder / kit / name).is_file()]
            if name and paths:
                layers.append((number(layer, "max"), read(paths[0])))
        instruments[identity] = layers
    return instruments


def play(path: Path, kits: list[Path], bpm: float, max_sec: float) -> Groove:
    """Plays a song, or its first `max_sec` seconds."""
    song = ElementTree.parse(path).getroot()
    instruments = sounds_of(song, kits)
    patterns = {pattern.findtext("name"): pattern for pattern in song.iter("pattern")}
    tick_sec = 60 / bpm / TICKS_PER_BEAT
    audio = np.zeros(int((max_sec + 4) * RATE), np.float32)
    beats: list[float] = []
    downbeats: list[float] = []
    tick = 0.0
    for group in song.iter("group"):
        names = [node.text for node in group.iter("patternID")]
        length = max((number(patterns[name], "size") for name in names), default=192)
        if (tick + length) * tick_sec > max_sec:
            break
        downbeats.append(tick * tick_sec)
        beats.extend((tick + beat) * tick_sec for beat in np.arange(0, length, TICKS_PER_BEAT))
        for name in names:
            for note in patterns[name].iter("note"):
                layers = instruments.get(note.findtext("instrument") or "", [])
                velocity = number(note, "velocity")
                fitting = [sound for most, sound in layers if velocity <= most] or [
                    sound for _, sound in layers[-1:]
                ]
                if fitting:
                    start = round((tick + number(note, "position")) * tick_sec * RATE)
                    end = min(start + len(fitting[0]), len(audio))
                    audio[start:end] += velocity * fitting[0][: end - start]
        tick += length
    audio = audio[: round(tick * tick_sec * RATE)]
    audio *= 0.9 / max(np.abs(audio).max(), 1e-6)
    return Groove(audio, bpm, np.array(beats), np.array(downbeats))
