"""Grooves whose tempo, beats and bars are known by construction."""

from dataclasses import dataclass

import numpy as np
from kits import RATE, Kit, Sound
from numpy.typing import NDArray

# Steps of one bar: `X` an accent, `x` a stroke, `o` a ghost note, `?` one by chance.
Pattern = dict[str, str]


@dataclass(frozen=True)
class Style:
    """One way to play: its usual tempi, beats per bar, and bars of 12 or 16 steps."""

    tempi: tuple[int, int]
    beats: int
    patterns: tuple[Pattern, ...]
    # Delay of every second sixteenth (or of the last third), as a part of a step.
    swing: float = 0.0


STYLES = {
    "rock": Style(
        (80, 170),
        4,
        (
            {"kick": "X.......X.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X......xX.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        ),
    ),
    "house": Style(
        (116, 132),
        4,
        (
            {"kick": "X...X...X...X...", "clap": "....x.......x...", "open": "..x...x...x...x."},
            {"kick": "X...X...X...X...", "clap": "....x.......x..?", "hat": "xoxoxoxoxoxoxoxo"},
        ),
    ),
    "techno": Style(
        (124, 150),
        4,
        ({"kick": "X...X...X...X...", "hat": "..x...x...x...x.", "tom": "...?..?....?..?."},),
    ),
    "breakbeat": Style(
        (85, 140),
        4,
        (
            {"kick": "X.x.......xx....", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X.x.......x..x..", "snare": "....X..o.o....X.", "ride": "x.x.x.x.x.x.x.x."},
        ),
    ),
    "jungle": Style(
        (155, 180),
        4,
        (
            {"kick": "X.........x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X.x.......x.....", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.x."},
        ),
    ),
    "hiphop": Style(
        (72, 105),
        4,
        (
            {"kick": "X..x..x.X.......", "snare": "....X.......X..o", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "X......xx.x.....", "snare": "....X..o....X...", "hat": "x?x.x?x.x.x?x.x."},
        ),
        swing=0.3,
    ),
    "trap": Style(
        (130, 160),
        4,
        (
            {"kick": "X.....x...x.....", "snare": "........X.......", "hat": "x.x.x.x.x.x.xxxx"},
            {"kick": "X.........x..x..", "clap": "........X.......", "hat": "x.x.x.xxx.x.x.x."},
        ),
    ),
    "halftime": Style(
        (120, 160),
        4,
        ({"kick": "X.....x.........", "snare": "........X.......", "hat": "x...x...x...x..."},),
    ),
    "funk": Style(
        (90, 125),
        4,
        ({"kick": "X.x....x..x.....", "snare": "o..oX.oo.o.oX.oo", "hat": "xxxxxxxxxxxxxxxx"},),
    ),
    "reggaeton": Style(
        (85, 105),
        4,
        ({"kick": "X...X...X...X...", "snare": "...x..x....x..x.", "hat": "x.x.x.x.x.x.x.x."},),
    ),
    "shuffle": Style(
        (80, 140), 4, ({"kick": "X.....x.....", "snare": "...X.....X..", "hat": "x.xx.xx.xx.x"},)
    ),
    "swing": Style(
        (110, 200), 4, ({"ride": "x..x.xx..x.x", "kick": "o.....o.....", "hat": "...x.....x.."},)
    ),
    "waltz": Style(
        (90, 180),
        3,
        (
            {"kick": "X...........", "snare": "....x...x...", "hat": "x...x...x..."},
            {"kick": "X.....?.....", "hat": "x.x.x.x.x.x.", "snare": "....x...x..."},
        ),
    ),
    "six_eight": Style(
        (50, 90), 2, ({"kick": "X.......o...", "snare": "......X.....", "hat": "x.x.x.x.x.x."},)
    ),
    "hats": Style((90, 150), 4, ({"hat": "X.x.x.x.X.x.x.x.", "open": "..............?."},)),
    "kicks": Style((118, 150), 4, ({"kick": "X...X...X...X..."},)),
    "toms": Style(
        (90, 140),
        4,
        ({"tom": "x..x..x.x..x..x.", "clap": "....x.......x...", "kick": "X.......X......."},),
    ),
}
LOUDNESS = {"X": 1.0, "x": 0.7, "o": 0.22, "?": 0.45}


@dataclass
class Groove:
    """Audio, with what is true of it."""

    audio: Sound
    bpm: float
    beats_sec: NDArray[np.float64]
    downbeats_sec: NDArray[np.float64]


@dataclass(frozen=True)
class Manner:
    """How a groove is played."""

    bpm: float
    bars: int
    loose_sec: float = 0.0
    fills: bool = False
    tones: bool = False
    # What rings on beyond the last bar and is kept.
    tail_sec: float = 0.0


def tone(midi: int, seconds: float, rng: np.random.Generator) -> Sound:
    """A plucked tone of a few partials."""
    at = np.arange(int(seconds * RATE)) / RATE
    frequency = 440 * 2 ** ((midi - 69) / 12)
    partials = [np.sin(2 * np.pi * frequency * k * at) / k for k in range(1, 6)]
    decay = rng.uniform(0.15, 0.6)
    return (np.sum(partials, axis=0) * np.exp(-at / decay) * 0.25).astype(np.float32)


def play(kit: Kit, style: Style, manner: Manner, rng: np.random.Generator) -> Groove:
    """Plays whole bars; what rings on beyond the last one is cut off, but for `tail_sec`."""
    beat_sec = 60 / manner.bpm
    bar_sec = style.beats * beat_sec
    frames = round((manner.bars * bar_sec + manner.tail_sec) * RATE)
    audio = np.zeros(frames + 4 * RATE, np.float32)

    def strike(at_sec: float, sound: Sound, gain: float) -> None:
        start = max(0, round((at_sec + rng.normal(0, 1) * manner.loose_sec) * RATE))
        end = min(start + len(sound), len(audio))
        if start < len(audio):
            audio[start:end] += gain * sound[: end - start]

    pattern = style.patterns[rng.integers(len(style.patterns))]
    mix = {role: rng.uniform(0.5, 1.0) for role in pattern}
    root = int(rng.integers(36, 48))
    for bar in range(manner.bars):
        filled = manner.fills and bar % 4 == 3
        for role, steps in pattern.items():
            sounds = kit.get(role) or kit.get("snare") or next(iter(kit.values()))
            step_sec = bar_sec / len(steps)
            for step, stroke in enumerate(steps):
                if stroke == "." or (stroke in "?o" and rng.random() < 0.4):
                    continue
                late = style.swing * step_sec * (step % 2)
                loud = LOUDNESS[stroke] * rng.uniform(0.85, 1.0) * mix[role]
                layer = min(int(loud * len(sounds)), len(sounds) - 1)
                strike(bar * bar_sec + step * step_sec + late, sounds[layer], loud)
        if filled:
            sounds = kit.get("snare") or kit.get("tom") or next(iter(kit.values()))
            for step in range(12, 16):
                at_sec = bar * bar_sec + step * bar_sec / 16
                strike(at_sec, sounds[-1], rng.uniform(0.4, 0.9))
        if manner.tones:
            chord = root + int(rng.choice([0, 3, 5, 7, 8]))
            for beat in range(style.beats):
                strike(bar * bar_sec + beat * beat_sec, tone(chord, beat_sec, rng), 0.5)
                if rng.random() < 0.5:
                    half = (beat + 0.5) * beat_sec
                    strike(bar * bar_sec + half, tone(chord + 12, beat_sec, rng), 0.3)
            for note in (12, 15 + int(rng.integers(2)), 19):
                strike(bar * bar_sec, tone(chord + note, bar_sec, rng), 0.25)
    audio = audio[:frames]
    audio *= 0.9 / max(np.abs(audio).max(), 1e-6)
    beats = np.arange(manner.bars * style.beats) * beat_sec
    return Groove(audio, manner.bpm, beats, beats[:: style.beats])


def repeated(loop: Groove, times: int) -> Groove:
    """A loop, one time after the other."""
    turns_sec = np.arange(times)[:, None] * len(loop.audio) / RATE
    return Groove(
        np.tile(loop.audio, times),
        loop.bpm,
        (turns_sec + loop.beats_sec).ravel(),
        (turns_sec + loop.downbeats_sec).ravel(),
    )


def cut(groove: Groove, start_sec: float, seconds: float) -> Groove:
    """The part of a groove that begins anywhere."""
    start, end = round(start_sec * RATE), round((start_sec + seconds) * RATE)

    def within(at_sec: NDArray[np.float64]) -> NDArray[np.float64]:
        return (at_sec - start_sec)[(at_sec >= start_sec) & (at_sec < start_sec + seconds)]

    return Groove(
        groove.audio[start:end],
        groove.bpm,
        within(groove.beats_sec),
        within(groove.downbeats_sec),
    )


# Frames that encoders put before the music, as decoders without gapless information leave them:
# LAME's delay and its decoder's, AAC's, that of a decoder alone, none of Vorbis.
ENCODER_DELAYS = (1_105, 2_112, 529, 0)
# Frames of a packet, to a multiple of which an encoder fills up.
PACKETS = (1_152, 1_024)


def worn(groove: Groove, rng: np.random.Generator) -> Groove:
    """A loop that has been handled: encoded and decoded, cut late or early, or moved."""

    def moved(audio: Sound, by_frames: int) -> Groove:
        by_sec, length_sec = by_frames / RATE, len(audio) / RATE

        def within(at_sec: NDArray[np.float64]) -> NDArray[np.float64]:
            at_sec = at_sec + by_sec
            # A beat whose first milliseconds are cut off is still one.
            return np.maximum(at_sec[(at_sec > -0.03) & (at_sec < length_sec)], 0.0)

        return Groove(audio, groove.bpm, within(groove.beats_sec), within(groove.downbeats_sec))

    match rng.integers(4):
        case 0:
            delay = int(rng.choice(ENCODER_DELAYS))
            packet = int(rng.choice(PACKETS))
            rest = -(len(groove.audio) + delay) % packet + packet * int(rng.integers(2))
            return moved(np.pad(groove.audio, (delay, rest)), delay)
        case 1:
            silence = int(rng.uniform(0.002, 0.1) * RATE)
            return moved(np.pad(groove.audio, (0, silence)), 0)
        case 2:
            missing = int(rng.uniform(0.002, 0.04) * RATE)
            return moved(groove.audio[:-missing], 0)
        case _:
            early = int(rng.uniform(-0.02, 0.06) * RATE)
            if early < 0:
                return moved(groove.audio[-early:], early)
            return moved(np.pad(groove.audio, (early, 0)), early)
