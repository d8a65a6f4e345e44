"""The files that all libraries load: made with ffmpeg, once."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TRACKS = 3
TRACK_SEC = 180
ONE_SHOTS = 500
FORMATS = {
    "wav": ("wav", ["-c:a", "pcm_s16le"]),
    "wav 48 kHz": ("wav", ["-c:a", "pcm_s16le", "-ar", "48000"]),
    "flac": ("flac", ["-c:a", "flac"]),
    "mp3": ("mp3", ["-c:a", "libmp3lame", "-q:a", "2"]),
    "ogg": ("ogg", ["-c:a", "libvorbis", "-q:a", "5"]),
    "opus": ("opus", ["-c:a", "libopus", "-b:a", "128k", "-ar", "48000"]),
    "m4a": ("m4a", ["-c:a", "aac", "-b:a", "192k"]),
}
"""The ending of the name, and how it is encoded; from 44,100 Hz unless that says otherwise."""


def make(folder: Path) -> None:
    """Makes what is not there: for each format the folders ``tracks``, ``single``, ``one-shots``,
    and ``first`` with a short file that is loaded before anything is measured; ``mixed`` has
    one-shots of all formats."""
    jobs = []
    for name, (ending, encoder) in FORMATS.items():
        for number in range(TRACKS):
            track = folder / name / "tracks" / f"{number}.{ending}"
            jobs.append((track, TRACK_SEC, number, encoder))
        jobs.append((folder / name / "single" / f"0.{ending}", TRACK_SEC, 7, encoder))
        jobs.append((folder / name / "first" / f"0.{ending}", 1.0, 11, encoder))
        for number in range(ONE_SHOTS):
            shot = folder / name / "one-shots" / f"{number:03}.{ending}"
            jobs.append((shot, 0.2 + 0.4 * (number % 50) / 50, number, encoder))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda job: _encode(*job), jobs))
    mixed = folder / "mixed"
    mixed.mkdir(exist_ok=True)
    for number in range(ONE_SHOTS):
        name, (ending, _) = list(FORMATS.items())[number % len(FORMATS)]
        shot = f"{number:03}.{ending}"
        if not (mixed / shot).exists():
            shutil.copy(folder / name / "one-shots" / shot, mixed / shot)


def _encode(path: Path, seconds: float, number: int, encoder: list[str]) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part.{path.name}")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i"]
    subprocess.run(
        [*command, _sound(seconds, number), *encoder, "-map_metadata", "-1", part], check=True
    )
    part.rename(path)


def _sound(seconds: float, number: int) -> str:
    """Chords that swell and beat, with bursts of noise; each number another one."""
    hz = 110 * 2 ** (number % 24 / 12)
    left = f"0.3*pow(sin(PI*t/(3+{number % 5})),2)*(sin(2*PI*{hz}*t)+sin(2*PI*{hz * 1.26}*t))"
    right = f"0.3*pow(cos(PI*t/(4+{number % 3})),2)*(sin(2*PI*{hz}*t)+sin(2*PI*{hz * 1.498}*t))"
    noise = "0.4*(random(0)-0.5)*exp(-9*mod(t,0.5))"
    return f"aevalsrc='{left}+{noise}|{right}+{noise}':s=44100:d={seconds}"
