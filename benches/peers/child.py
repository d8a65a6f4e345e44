"""One measurement in a fresh process: ``child.py time PEER WORKERS warm|cold FOLDER`` loads every
file of a folder, ``child.py ui PEER WORKERS warm|cold FOLDER`` does so beneath a loop like a UI's,
``child.py quality PEER FOLDER`` measures its resampling, ``child.py calls TRACKS FILE`` what
hotcue's calls take. Prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import calls
import numpy as np
from loaders import RATE, loader, version
from signals import QUALITY_TONES, alias_db, snr_db
from ui import FRAMES_PER_SEC, loop, seconds_without_a_loop

from hotcue.bench.report import distribution
from hotcue.bench.scenario import Material, evict
from hotcue.bench.ui import resident_mb

# Loaded first, and not measured: what a library does once in a process.
FIRST = "first"


def measure(name: str, workers: int, cold: bool, folder: Path) -> dict[str, float | str]:
    """Seconds, and memory beyond what the process had before."""
    paths = sorted(folder.iterdir())
    with loader(name, workers) as load_all:
        load_all([str(path) for path in sorted(folder.parent.glob(f"{FIRST}/*"))])
        if cold:
            evict(paths)
        files = [str(path) for path in paths]
        rss = resident_mb() or 0.0
        cpu, begin = time.process_time(), time.perf_counter()
        audio = load_all(files)
        wall = time.perf_counter() - begin
        cpu = time.process_time() - cpu
        frames = sum(_frames(one) for one in audio)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "wall_sec": wall,
        "cpu_sec": cpu,
        "peak_mb": max(0.0, peak - rss),
        "audio_sec": frames / RATE,
        "version": version(name),
    }


def beneath_a_ui(name: str, workers: int, cold: bool, folder: Path) -> dict[str, Any]:
    """How late the loop's frames are, with loads and without, and how long the loads take."""
    paths = sorted(folder.iterdir())
    files = Material.of(name, paths)
    if cold:
        evict(paths)
    loads, alone = loop(name, workers, files)
    if cold:
        evict(paths)
    loads_alone_sec = seconds_without_a_loop(workers, files) if name == "hotcue" else None
    late = distribution([frame.late_ms for frame in loads.frames])
    calls = distribution([frame.calls_ms for frame in loads.frames])
    late_alone = distribution([frame.late_ms for frame in alone.frames])
    return {
        "wall_sec": loads.wall_sec,
        "ends": dict(loads.ends),
        "late_p99_ms": late["p99"],
        "late_p99_alone_ms": late_alone["p99"],
        "missed": loads.missed_frames(FRAMES_PER_SEC),
        "missed_alone": alone.missed_frames(FRAMES_PER_SEC),
        "calls_p99_ms": calls["p99"],
        "loads_alone_sec": loads_alone_sec,
    }


def quality(name: str, folder: Path) -> dict[str, float]:
    """SNR of tones at 44.1 kHz that are brought to 48 kHz, and what is left of one beyond the new
    Nyquist frequency that comes from 96 kHz; in dB."""
    with loader(name, 1) as load_all:

        def load(path: Path) -> np.ndarray:
            audio = np.asarray(load_all([str(path)])[0], dtype=np.float64)
            return audio[0] if audio.shape[0] <= 2 else audio[:, 0]

        found = {f"snr_{hz}": snr_db(load(folder / f"tone_{hz}.wav"), hz) for hz in QUALITY_TONES}
        found["alias"] = alias_db(load(folder / "above.wav"))
    return found


def _frames(audio: np.ndarray) -> int:
    """hotcue has ``(channels, frames)``, the others ``(frames, channels)``."""
    return max(audio.shape)


def main() -> None:
    warnings.simplefilter("ignore")
    match sys.argv[1:]:
        case ["time", name, workers, temperature, folder]:
            result = measure(name, int(workers), temperature == "cold", Path(folder))
        case ["ui", name, workers, temperature, folder]:
            result = beneath_a_ui(name, int(workers), temperature == "cold", Path(folder))
        case ["quality", name, folder]:
            result = quality(name, Path(folder))
        case ["calls", tracks, shot]:
            result = calls.measure(sorted(Path(tracks).iterdir()), Path(shot))
        case _:
            sys.exit(__doc__)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
