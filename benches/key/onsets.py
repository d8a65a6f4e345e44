"""Lays onsets that are heard beside annotated ones.

    python onsets.py MDB HOTCUE [--half dev|held]

MDB is the folder `MDB Drums` of the data set of that name (C. Southall and others, ISMIR 2017),
HOTCUE the program `hotcue`. An onset is right within 25 ms of an annotation that has no other;
annotations within 30 ms are one.
"""

import argparse
import json
import subprocess
from pathlib import Path

# Of benches/tempo, which is in the path.
import numpy as np
import peers
from peers import RATE, Mono

RIGHT_SEC = 0.025
APART_SEC = 0.03
BLOCK = 512
# Folders of the drums alone and of the whole bands, of which the drums alone are annotated.
KINDS = {"drum_only": "Drum", "full_mix": "MIX"}


def aubio_(mono: Mono) -> list[float]:
    import aubio

    onset = aubio.onset("default", 2 * BLOCK, BLOCK, RATE)
    blocks = np.pad(mono, (0, -len(mono) % BLOCK)).reshape(-1, BLOCK)
    return [float(onset.get_last_s()) for block in blocks if onset(block)]


def librosa_(mono: Mono, backtrack: bool = False) -> list[float]:
    import librosa

    found = librosa.onset.onset_detect(y=mono, sr=RATE, units="time", backtrack=backtrack)
    return [float(onset) for onset in found]


PEERS = {
    "aubio": ("aubio", aubio_),
    "librosa": ("librosa", librosa_),
    "librosa, backtracked": ("librosa", lambda mono: librosa_(mono, backtrack=True)),
}


def annotated(path: Path) -> list[float]:
    """The annotated hits, those that are struck together once."""
    hits: list[float] = []
    for at in sorted(float(line.split()[0]) for line in path.read_text().splitlines() if line):
        if not hits or at - hits[-1] > APART_SEC:
            hits.append(at)
    return hits


def right(heard: list[float], hits: list[float]) -> int:
    """How many of two rising lists belong together."""
    count = at = 0
    for hit in hits:
        while at < len(heard) and heard[at] < hit - RIGHT_SEC:
            at += 1
        if at < len(heard) and heard[at] <= hit + RIGHT_SEC:
            count += 1
            at += 1
    return count


def ask_hotcue(program: Path, path: Path) -> list[float]:
    command = [program, "analyze", "--json", "--kinds", "onsets", path]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    onsets: list[float] = said["files"][0]["analysis"]["onsets"]["onsets_sec"]
    return onsets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mdb", type=Path)
    parser.add_argument("hotcue", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    options = parser.parse_args()
    here = {name: ask for name, (module, ask) in PEERS.items() if peers.is_here(module)}
    print("audio, who, recordings, mean F; of all onsets: precision, recall")
    for kind, suffix in KINDS.items():
        counts: dict[str, list[tuple[int, int, int]]] = {}
        for hits_path in sorted((options.mdb / "annotations/subclass").glob("*.txt")):
            name = hits_path.stem.removesuffix("_subclass")
            audio = options.mdb / "audio" / kind / f"{name}_{suffix}.wav"
            song = name.removeprefix("MusicDelta_")
            if not audio.exists() or options.half not in {None, peers.half_of(song)}:
                continue
            hits, mono = annotated(hits_path), peers.load(audio)
            heard = {"hotcue": ask_hotcue(options.hotcue, audio)}
            heard |= {name: ask(mono) for name, ask in here.items()}
            for name, onsets in heard.items():
                counts.setdefault(name, []).append((right(onsets, hits), len(onsets), len(hits)))
        for name, songs in counts.items():
            mean = np.mean([2 * both / max(said + known, 1) for both, said, known in songs])
            both, said, known = (sum(column) for column in zip(*songs, strict=True))
            figures = f"{mean:7.3f}{both / max(said, 1):9.3f}{both / known:7.3f}"
            print(f"{kind:11}{name:22}{len(songs):4}{figures}")


if __name__ == "__main__":
    main()
