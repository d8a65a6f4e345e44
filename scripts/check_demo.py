#!/usr/bin/env python3
"""Checks with aubio, a program of other people, that the beats of demo.wav are where they belong.

    python3 scripts/check_demo.py demo.wav

Needs `aubioonset` (Debian: aubio-tools). `make test` does the same with numpy alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent / "py" / "python" / "hotcue" / "kit" / "kit.json"
WITHIN_SEC = 0.002
# High-frequency content, and a hop of 64 frames: 1.3 ms at 48 kHz.
DETECTOR = ["-O", "hfc", "-B", "256", "-H", "64", "-t", "0.8", "-M", "0.03"]


def onsets(path: Path) -> list[float]:
    done = subprocess.run(
        ["aubioonset", *DETECTOR, "-i", str(path)], capture_output=True, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]


def main(path: Path) -> int:
    if shutil.which("aubioonset") is None:
        reason = "demo beats by another program: aubioonset is not here (Debian: aubio-tools)"
        print(f"NOT RUN HERE: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    kit = json.loads(KIT.read_text())
    beat_sec = 60 / kit["tempo_bpm"]
    beats = kit["bars"] * kit["beats_per_bar"]
    with wave.open(str(path)) as file:
        duration_sec = file.getnframes() / file.getframerate()
    if duration_sec < beats * beat_sec:
        print(f"{path} ends after {duration_sec:.2f} s, before the last beat")
        return 1
    found = onsets(path)
    if not found:
        print(f"aubioonset finds nothing in {path}")
        return 1
    errors = [min((at - beat * beat_sec for at in found), key=abs) for beat in range(beats)]
    worst = max(errors, key=abs)
    print(f"{len(found)} onsets; {beats} beats, the farthest from its onset {1e3 * worst:+.2f} ms")
    return 0 if abs(worst) <= WITHIN_SEC else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
