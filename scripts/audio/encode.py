"""Writes WAV files with soundfile, and everything else with the ordinary encoders."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

# No dates, no versions, no random ids: the same input gives the same bytes.
BITEXACT = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1"]

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def run(*command: str | Path) -> bytes:
    """Runs a program and returns what it printed; a failure shows what it complained about."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def write_wav(path: Path, audio: NDArray[np.float64], rate: int, subtype: str) -> None:
    """Writes `audio`, ``(frames, channels)`` in −1..1, with libsndfile; AIFF if `path` says so.

    Integers are rounded here, so that they do not depend on a library's idea of rounding.
    """
    bits = {"PCM_16": 16, "PCM_24": 24}.get(subtype)
    if bits is None:
        container = "AIFF" if path.suffix == ".aifc" else "WAV"
        soundfile.write(path, audio, rate, subtype=subtype, format=container)
        _forget_the_time(path)
        return
    full = 1 << (bits - 1)
    codes = np.clip(np.rint(audio * full), -full, full - 1).astype(np.int32)
    soundfile.write(path, codes << (32 - bits), rate, subtype=subtype, format="WAV")


def _forget_the_time(path: Path) -> None:
    """Zeroes the time of day that libsndfile puts into the PEAK chunk of float files."""
    content = bytearray(path.read_bytes())
    at = content[:256].find(b"PEAK")
    if at >= 0:
        content[at + 12 : at + 16] = bytes(4)
        path.write_bytes(content)


def encode(path: Path, audio: NDArray[np.float64], rate: int, *options: str) -> None:
    """Encodes with ffmpeg; the name's ending tells the container, `options` the codec."""
    # s24 is the most that any of the encoders takes; f32 for those that take floats.
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "in.wav"
        write_wav(wav, audio, rate, "PCM_24")
        layout = ["-channel_layout", LAYOUTS[audio.shape[1]]]
        run("ffmpeg", "-v", "error", "-y", *layout, "-i", wav, *BITEXACT, *options, path)


def encode_with(path: Path, audio: NDArray[np.float64], rate: int, *command: str) -> None:
    """Encodes with another program: ``{wav}`` and ``{out}`` in `command` are the files."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "in.wav"
        write_wav(wav, audio, rate, "PCM_16")
        run(*(part.format(wav=wav, out=path) for part in command))


LAME = ("lame", "--quiet", "--noreplaygain", "-q", "0")
# In ADTS; MP4 would hold the time of day.
FDKAAC = ("fdkaac", "-S", "-f", "2")
OGGENC = ("oggenc", "--quiet", "--serial", "1")
