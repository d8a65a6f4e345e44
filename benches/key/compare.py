"""Lays keys that are heard beside known ones.

    python compare.py LIST CACHE HOTCUE [--half dev|held]

LIST is what `material.py` writes, HOTCUE the program `hotcue`. Whatever of the others is here is
asked; only samples are handed to them, never a name. CACHE keeps what each has said of each file.
Files are divided by the hash of their origin, as those of `bench-tempo`.
"""

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Of benches/tempo, which is in the path.
import peers
from material import NAMES
from peers import Mono

SPELLINGS = {"C#": "Db", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}
RELATIONS = ("exact", "fifth", "relative", "parallel", "other", "none")


@dataclass(frozen=True)
class File:
    """A line of the list."""

    path: Path
    key: str
    of_set: str
    origin: str


def essentia_key(profile: str) -> Callable[[Mono], str]:
    def ask(mono: Mono) -> str:
        import essentia.standard as essentia

        # One for each file: a used one may repeat itself.
        tonic, mode, _ = essentia.KeyExtractor(profileType=profile)(mono)
        return f"{SPELLINGS.get(tonic, tonic)} {mode}"

    return ask


PEERS: dict[str, tuple[str, Callable[[Mono], str]]] = {
    "essentia edma": ("essentia", essentia_key("edma")),
    "essentia bgate": ("essentia", essentia_key("bgate")),
}


def relation(said: str, known: str) -> str:
    """What an estimate is to the known key, in MIREX's terms."""
    if said == known:
        return "exact"
    if "none" in {said, known}:
        return "none" if said == "none" else "other"
    (tonic, mode), (known_tonic, known_mode) = said.split(), known.split()
    above = (NAMES.index(tonic) - NAMES.index(known_tonic)) % 12
    if above == 0:
        return "exact" if known_mode == "?" else "parallel"
    if above in {5, 7} and mode == known_mode:
        return "fifth"
    is_relative = mode != known_mode and above == {"major": 9, "minor": 3}.get(known_mode)
    return "relative" if is_relative else "other"


def ask_hotcue(program: Path, files: list[File]) -> list[str]:
    paths = [str(file.path) for file in files]
    command = [program, "analyze", "--json", "--kinds", "key", *paths]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    keys = [file["analysis"]["key"] for file in said["files"]]
    return [f"{SPELLINGS.get(k['tonic'], k['tonic'])} {k['mode']}" if k else "none" for k in keys]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("hotcue", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    options = parser.parse_args()
    files = []
    for line in options.list.read_text().splitlines():
        path, key, of_set, origin = line.split("\t")[:4]
        if options.half in {None, peers.half_of(origin)}:
            files.append(File(Path(path), key, of_set, origin))
    cache = peers.Cache(options.cache)
    table: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for file, said in zip(files, ask_hotcue(options.hotcue, files), strict=True):
        table[file.of_set]["hotcue"][relation(said, file.key)] += 1
    here = {name: ask for name, (module, ask) in PEERS.items() if peers.is_here(module)}
    for file in files:
        content = peers.content_of(file.path)
        for name, ask in here.items():
            if (name, content) not in cache.said:
                cache.add(name, content, {"key": ask(peers.load(file.path))})
            said = cache.said[name, content]["key"]
            table[file.of_set][name][relation(said, file.key)] += 1
    print("set, who, files, exact in percent;", ", ".join(RELATIONS[1:]))
    for of_set, rows in sorted(table.items()):
        for name, counts in rows.items():
            others = " ".join(f"{counts[relation]:5}" for relation in RELATIONS[1:])
            exact = 100 * counts["exact"] / counts.total()
            print(f"{of_set:24}{name:16}{counts.total():5}{exact:7.1f}  {others}")


if __name__ == "__main__":
    main()
