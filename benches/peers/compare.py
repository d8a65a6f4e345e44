"""Loads the same files with hotcue and with what else Python programs load audio with.

``python compare.py [--rounds N] [--formats wav,mp3] [--peers soundfile+soxr,…] FOLDER``: makes
the files in FOLDER once, then measures, each in a process of its own, the libraries in turn in
every round. Writes ``peers.json`` beside the files, which ``document.py`` turns into
``docs/PERFORMANCE.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from loaders import PEERS
from material import FORMATS, make
from signals import write_tones

HERE = Path(__file__).resolve().parent
# A library that takes so many times as long as hotcue is measured once.
FAR_BEHIND = 10
# The folder, workers, and whether the files are in the system's memory.
SCENARIOS = {
    "tracks": ("tracks", 2, "warm"),
    "tracks, cold": ("tracks", 2, "cold"),
    "one-shots": ("one-shots", 2, "warm"),
    "one-shots, cold": ("one-shots", 2, "cold"),
    "one track": ("single", 2, "warm"),
    "one track, 1 worker": ("single", 1, "warm"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--scenarios", default=";".join(SCENARIOS))
    parser.add_argument("--peers", default=",".join(PEERS))
    args = parser.parse_args()
    names = ["hotcue", *args.peers.split(",")]
    make(args.folder)
    write_tones(args.folder / "tones")

    quality = {name: _child("quality", name, str(args.folder / "tones")) for name in names}
    times = []
    for scenario in args.scenarios.split(";"):
        folder, workers, temperature = SCENARIOS[scenario]
        for format in args.formats.split(","):
            where = str(args.folder / format / folder)
            runs: dict[str, list[Any]] = {name: [] for name in names}
            for _ in range(args.rounds):
                for name in names:
                    slow = _is_far_behind(runs[name], runs["hotcue"])
                    words = ("time", name, str(workers), temperature, where)
                    runs[name].append(None if slow else _child(*words))
            times.append({"scenario": scenario, "format": format, "runs": runs})
            _tell(times[-1])
    loops: dict[str, dict[str, list[Any]]] = {}
    for temperature in ("warm", "cold"):
        loops[temperature] = {name: [] for name in names}
        for _ in range(args.rounds):
            for name in names:
                mixed = str(args.folder / "mixed")
                loops[temperature][name].append(_child("ui", name, "2", temperature, mixed))
    shot = sorted((args.folder / "wav" / "first").iterdir())[0]
    calls = [
        _child("calls", str(args.folder / "mp3" / "tracks"), str(shot)) for _ in range(args.rounds)
    ]
    found = {
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "architecture": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "rounds": args.rounds,
        "quality": quality,
        "times": times,
        "loops": loops,
        "calls": calls,
    }
    (args.folder / "peers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _is_far_behind(runs: list[Any], ours: list[Any]) -> bool:
    """Whether a library took so long the first time that once is enough."""
    if not runs or not runs[0] or not ours[0]:
        return False
    return runs[0]["wall_sec"] > FAR_BEHIND * ours[0]["wall_sec"]


def _child(*words: str) -> dict[str, Any] | None:
    """What a fresh process measures; None if the library cannot load these files."""
    done = subprocess.run(
        [sys.executable, HERE / "child.py", *words], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return json.loads(done.stdout)
    last = (done.stderr.strip().splitlines() or ["no reason said"])[-1]
    print(f"{' '.join(words)}: {last}", file=sys.stderr)
    return None


def _tell(row: dict[str, Any]) -> None:
    def seconds(runs: list[Any]) -> str:
        walls = sorted(run["wall_sec"] for run in runs if run)
        return f"{walls[len(walls) // 2]:.3f}" if walls else "–"

    cells = [f"{name} {seconds(runs)}" for name, runs in row["runs"].items()]
    print(f"{row['scenario']}, {row['format']}: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
