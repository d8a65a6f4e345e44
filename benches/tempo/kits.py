"""Drum kits: sounds of Hydrogen's kits by their names, and synthesised ones."""

import re
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
Sound = NDArray[np.float32]
Kit = dict[str, list[Sound]]

# What sounds are called in the kits, the more specific first.
NAMES = {
    "open": r"hat.?op|open.?hat|openhat|hhopen|ohh|hat_open|^ho_|hihat-open",
    "hat": r"hat|chh|hhc|^hh_|hihat|^cc_|shaker",
    "kick": r"kick|^bd|bassdrum|_k_|kickdrum",
    "snare": r"snare|^sn|^sd|_sn_",
    "clap": r"clap|rim|stick",
    "tom": r"tom|^t1|^ft|conga|^mt",
    "ride": r"ride|^rd|^rc",
}


def read_whole(path: Path) -> Sound:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate != RATE:
        positions = np.arange(0, len(mono) - 1, rate / RATE)
        mono = np.interp(positions, np.arange(len(mono)), mono).astype(np.float32)
    return mono


def read(path: Path) -> Sound:
    return read_whole(path)[: 2 * RATE]


def of_folder(folder: Path) -> Kit:
    """The kit's sounds by role; at most five of each, which serve as layers of loudness."""
    kit: Kit = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in {".wav", ".flac", ".aiff"}:
            continue
        for role, pattern in NAMES.items():
            if re.search(pattern, path.stem.lower()):
                sounds = kit.setdefault(role, [])
                if len(sounds) < 5:
                    sound = read(path)
                    if len(sound) > 200 and np.abs(sound).max() > 0.01:
                        sounds.append(sound / np.abs(sound).max())
                break
    return {role: sounds for role, sounds in kit.items() if sounds}


def synthesised(seed: int) -> Kit:
    """A kit of swept sines and filtered noise, with a character that `seed` decides."""
    rng = np.random.default_rng(seed)

    def times(seconds: float) -> NDArray[np.float64]:
        return np.arange(int(seconds * RATE)) / RATE

    def noise(seconds: float, decay: float, brightness: float) -> Sound:
        white = rng.standard_normal(int(seconds * RATE))
        # A difference of first order: white noise without its low end.
        bright = white - (1 - brightness) * np.concatenate(([0.0], white[:-1]))
        shaped = bright * np.exp(-times(seconds) / decay)
        return (shaped / np.abs(shaped).max()).astype(np.float32)

    def swept(low: float, high: float, sweep: float, decay: float, seconds: float) -> Sound:
        at = times(seconds)
        frequency = low + (high - low) * np.exp(-at / sweep)
        tone = np.sin(2 * np.pi * np.cumsum(frequency) / RATE) * np.exp(-at / decay)
        return tone.astype(np.float32)

    low = rng.uniform(40, 65)
    body = swept(rng.uniform(160, 220), 350, 0.01, 0.06, 0.3)
    snare = 0.6 * body + 0.7 * noise(0.3, rng.uniform(0.04, 0.12), 0.3)
    return {
        "kick": [swept(low, low * 4, 0.03, rng.uniform(0.08, 0.3), 0.6)],
        "snare": [snare.astype(np.float32)],
        "hat": [noise(0.12, rng.uniform(0.01, 0.04), 0.02)],
        "open": [noise(0.6, rng.uniform(0.12, 0.25), 0.02)],
        "clap": [noise(0.25, 0.05, 0.15)],
        "tom": [swept(rng.uniform(80, 130), 200, 0.05, 0.2, 0.5)],
        "ride": [noise(0.9, 0.35, 0.02)],
    }
