"""Asks other programs for the tempo and the beats of listed files.

    python peers.py LIST CACHE OUT [--half dev|held] [--slow-most FILES] [--only NAME…]

Whoever of `estimators.py` is here is asked. CACHE keeps what each has said of each file by the hash
of its content, so that nobody is asked twice; delete it when an estimator has a new version. OUT is
what it holds of the listed files, as `tests/tempo.rs` reads it with `others=OUT`. Those that take
seconds for a minute of sound are asked for FILES of each half of a set, those whose hash is least.
"""

import argparse
import contextlib
import hashlib
import json
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from estimators import ESTIMATORS, RATE, Estimator, Mono, is_here


def load(path: Path) -> Mono:
    """The mean of the channels at 44.1 kHz."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate != RATE:
        import soxr

        mono = soxr.resample(mono, rate, RATE)
    return np.ascontiguousarray(mono, np.float32)


def cpu_sec() -> float:
    """Of this process and of the programs that it has run."""
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of_children.ru_utime + of_children.ru_stime


def ask(estimator: Estimator, mono: Mono) -> dict[str, Any]:
    begin = cpu_sec()
    try:
        bpm, beats = estimator.ask(mono)
    # Each has its own way to refuse what is too short or silent.
    except Exception as error:
        return {"bpm": 0.0, "beats": [], "cpu_sec": cpu_sec() - begin, "why": repr(error)}
    return {"bpm": bpm, "beats": beats, "cpu_sec": cpu_sec() - begin}


def content_of(path: Path) -> str:
    """The hash of what a file holds."""
    return hashlib.sha1(path.read_bytes()).hexdigest()


def half_of(origin: str) -> str:
    return "held" if hashlib.sha1(origin.encode()).digest()[0] % 2 else "dev"


@dataclass(frozen=True)
class File:
    """A line of the list, and the hash of what the file holds."""

    path: Path
    of_set: str
    half: str
    content: str


def read_list(path: Path) -> list[File]:
    """The listed files, short ones first: whoever stops this has most of them."""
    files = []
    for line in path.read_text().splitlines():
        name, _, of_set, origin, _ = line.split("\t")
        files.append(File(Path(name), of_set, half_of(origin), content_of(Path(name))))
    return sorted(files, key=lambda file: file.path.stat().st_size)


def for_slow(files: Iterable[File], most: int) -> set[File]:
    """At most so many of each half of a set."""
    parts = defaultdict(list)
    for file in sorted(files, key=lambda file: file.content):
        parts[file.of_set, file.half].append(file)
    return {file for part in parts.values() for file in part[:most]}


class Cache:
    """What was said: a line of JSON per estimator and file, written as soon as it is said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: dict[tuple[str, str], dict[str, Any]] = {}
        for line in path.read_text().splitlines() if path.exists() else []:
            # That at which a run was stopped may be a part of one.
            with contextlib.suppress(json.JSONDecodeError):
                answer = json.loads(line)
                self.said[answer["who"], answer["content"]] = answer

    def add(self, who: str, content: str, answer: dict[str, Any]) -> None:
        self.said[who, content] = answer
        with self.path.open("a") as file:
            # The newline first: what is before it may not have one.
            file.write("\n" + json.dumps({"who": who, "content": content, **answer}))


def ask_all(files: list[File], asked: dict[str, Estimator], slow: set[File], cache: Cache) -> None:
    """Asks all for what the cache does not hold."""
    now: Counter[str] = Counter()
    for file in files:
        mono: Mono | None = None
        for name, estimator in asked.items():
            is_asked = file in slow or not estimator.is_slow
            if not is_asked or (name, file.content) in cache.said:
                continue
            mono = load(file.path) if mono is None else mono
            if not now[name]:
                # The first call compiles, and loads what is loaded once.
                ask(estimator, mono)
            cache.add(name, file.content, ask(estimator, mono))
            now[name] += 1
    for name in asked:
        print(f"{name}: asked for {now[name]} of {len(files)} files now")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    parser.add_argument("--slow-most", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=list(ESTIMATORS))
    options = parser.parse_args()
    files = [file for file in read_list(options.list) if options.half in {None, file.half}]
    here = {name: ESTIMATORS[name] for name in options.only if is_here(ESTIMATORS[name].needs)}
    for name in options.only:
        if name not in here:
            print(f"{name}: not here")
    cache = Cache(options.cache)
    ask_all(files, here, for_slow(files, options.slow_most), cache)
    with options.out.open("w") as out:
        for file in files:
            for name in ESTIMATORS:
                if answer := cache.said.get((name, file.content)):
                    beats = " ".join(f"{beat:.4f}" for beat in answer["beats"])
                    bpm, cpu = answer["bpm"], answer["cpu_sec"]
                    out.write(f"{name}\t{file.path}\t{bpm}\t{cpu}\t{beats}\n")


if __name__ == "__main__":
    main()
