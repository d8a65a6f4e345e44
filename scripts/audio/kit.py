"""The demo kit: one-shots and loops in many formats, and `kit.json`, which says how they play."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import synth
from .encode import LAME, OGGENC, encode, encode_with, write_wav

TEMPO_BPM = 110
BEATS_PER_BAR = 4
STEPS_PER_BEAT = 4
BARS = 4
PEAK_DBFS = -12.0
MAX_BYTES = 2_000_000

STEP_SEC = 60 / TEMPO_BPM / STEPS_PER_BEAT
BAR_SEC = 60 / TEMPO_BPM * BEATS_PER_BAR

# A minor 7 and F major 7, one bar each; (first step, steps, MIDI note).
BASS = [
    (0, 3, 33), (3, 3, 45), (6, 2, 43), (8, 2, 33), (10, 2, 40), (12, 4, 43),
    (16, 3, 29), (19, 3, 41), (22, 2, 40), (24, 2, 29), (26, 2, 36), (28, 4, 40),
]  # fmt: skip
CHORDS = [[57, 60, 64, 67, 71], [53, 57, 60, 64, 69]]

# One line a bar, one character a step: 1 to 9 is how hard, in ninths of the track's volume.
# Quarter-note beats are struck by kick or snare, so that another program can find them.
TRACKS = {
    "kick": (0.95, ["9......59.....3.", "9......59..5....", "9......59.....3.", "9......59..5...."]),
    "snare": (0.70, ["....9.......9...", "....9.......9..2", "....9.......9...", "....9.......9..."]),
    "clap": (0.35, ["............9...", "............9...", "............9...", "....9.......9..."]),
    "hat_closed": (0.30, ["9.6.9.6.9.6.9...", "9.6.9.6.9.6.9...", "9.6.9.6.9.6.9...", "9.6.9.6.9......."]),
    "hat_open": (0.26, ["..............9.", "..............9.", "..............9.", "................"]),
    "shaker": (0.18, [".3.5.3.5.3.5.3.5"] * 4),
    "cowbell": (0.22, ["................", "......9...9.....", "................", "......9...9....."]),
    "tom": (0.60, ["................", "................", "................", ".............7.9"]),
    "crash": (0.35, ["9...............", "................", "................", "................"]),
    "bass_loop": (0.55, ["9...............", "................"] * 2),
    "chord_loop": (0.32, ["9...............", "................"] * 2),
}  # fmt: skip


def make(folder: Path) -> None:
    """Writes the kit; everything that is in `folder` already and of a known name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    sounds: dict[str, NDArray[np.float64]] = {}
    for name, file, role, rate, sound, write in SAMPLES:
        audio = sound(rate)
        sounds[name] = _at_common_rate(audio, rate)
        planes = audio[:, None] if audio.ndim == 1 else audio
        write(folder / file, planes, rate)
        samples.append({"name": name, "file": file, "role": role})
    document = {
        "name": "hotcue demo kit",
        "tempo_bpm": TEMPO_BPM,
        "beats_per_bar": BEATS_PER_BAR,
        "steps_per_beat": STEPS_PER_BEAT,
        "bars": BARS,
        "peak_dbfs": PEAK_DBFS,
        "master_volume": round(_master_volume(sounds), 4),
        "samples": samples,
        "tracks": [
            {"sample": name, "volume": volume, "bars": bars}
            for name, (volume, bars) in TRACKS.items()
        ],
    }
    (folder / "kit.json").write_text(json.dumps(document, indent=2) + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    print(f"kit: {len(samples)} samples, {size:,} bytes")
    if size > MAX_BYTES:
        raise SystemExit(f"the kit is larger than {MAX_BYTES:,} bytes")


COMMON_RATE = 48_000


def _at_common_rate(audio: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Near enough to measure the peak of the mix."""
    stereo = np.stack([audio, audio], axis=1) if audio.ndim == 1 else audio
    here = np.arange(int(len(stereo) * COMMON_RATE / rate)) * (rate / COMMON_RATE)
    grid = np.arange(len(stereo))
    return np.stack([np.interp(here, grid, side) for side in stereo.T], axis=1)


def _master_volume(sounds: dict[str, NDArray[np.float64]]) -> float:
    """What brings the peak of all bars to `PEAK_DBFS`: a mono sample plays at unity on both sides."""
    mix = np.zeros((round((BARS * BAR_SEC + 2.0) * COMMON_RATE), 2))
    for name, (volume, bars) in TRACKS.items():
        for step, strength in enumerate("".join(bars)):
            if strength != ".":
                start = round(step * STEP_SEC * COMMON_RATE)
                sound = sounds[name]
                mix[start : start + len(sound)] += sound * volume * int(strength) / 9
    return float(10 ** (PEAK_DBFS / 20) / np.abs(mix).max())


Write = Callable[[Path, NDArray[np.float64], int], None]


def _wav(subtype: str) -> Write:
    return lambda path, audio, rate: write_wav(path, audio, rate, subtype)


def _ffmpeg(*options: str) -> Write:
    return lambda path, audio, rate: encode(path, audio, rate, *options)


def _other(*command: str) -> Write:
    return lambda path, audio, rate: encode_with(path, audio, rate, *command)


# The AAC encoder puts 1,024 frames of silence in front, which only some players leave out, so it
# has the one sound that does not mind coming 20 ms late.
SAMPLES: list[tuple[str, str, str, int, Callable[[int], NDArray[np.float64]], Write]] = [
    ("kick", "kick.wav", "one-shot", 44_100, synth.kick, _wav("PCM_16")),
    ("snare", "snare.flac", "one-shot", 48_000, synth.snare,
     _ffmpeg("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24")),
    ("clap", "clap.aiff", "one-shot", 44_100, synth.clap, _ffmpeg("-c:a", "pcm_s16be")),
    ("hat_closed", "hat_closed.ogg", "one-shot", 44_100, lambda rate: synth.hat(rate, 0.08),
     _other(*OGGENC, "-q", "5", "-o", "{out}", "{wav}")),
    ("hat_open", "hat_open.caf", "one-shot", 44_100, lambda rate: synth.hat(rate, 0.36),
     _ffmpeg("-c:a", "pcm_s24be")),
    ("shaker", "shaker.wav", "one-shot", 32_000, synth.shaker, _wav("MS_ADPCM")),
    ("cowbell", "cowbell.m4a", "one-shot", 44_100, synth.cowbell,
     _ffmpeg("-c:a", "alac", "-sample_fmt", "s16p")),
    ("tom", "tom.wav", "one-shot", 48_000, synth.tom, _wav("FLOAT")),
    ("crash", "crash.mp3", "one-shot", 44_100, synth.crash,
     _other(*LAME, "-b", "160", "{wav}", "{out}")),
    ("bass_loop", "bass_loop.mka", "loop", 22_050,
     lambda rate: synth.bass_loop(rate, STEP_SEC, BASS), _ffmpeg("-c:a", "flac", "-sample_fmt", "s16")),
    ("chord_loop", "chord_loop.m4a", "loop", 44_100,
     lambda rate: synth.chord_loop(rate, BAR_SEC, CHORDS), _ffmpeg("-c:a", "aac", "-b:a", "128k")),
]  # fmt: skip
