"""The bundled kit: which samples it has and how they make a beat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "kit"
HARDEST = 9


@dataclass(frozen=True)
class Hit:
    """One note: play `slot` at `step`, counted from the first."""

    step: int
    slot: int
    volume: float


@dataclass(frozen=True)
class Track:
    """When one sample plays: one line a bar, one character a step, 1 to 9 or a dot."""

    name: str
    slot: int
    volume: float
    bars: tuple[str, ...]

    def line(self, bar: int) -> str:
        """The bar's line; the pattern repeats."""
        return self.bars[bar % len(self.bars)]


@dataclass(frozen=True)
class Kit:
    """Samples, in the order of their slots, and tracks."""

    files: tuple[Path, ...]
    tracks: tuple[Track, ...]
    tempo_bpm: float
    steps_per_beat: int
    steps_per_bar: int
    peak_dbfs: float
    volume: float

    @property
    def step_sec(self) -> float:
        """Seconds from one step to the next."""
        return 60 / self.tempo_bpm / self.steps_per_beat

    def hits(self, bar: int) -> list[Hit]:
        """The notes of one bar, in the order of time."""
        hits = [
            Hit(bar * self.steps_per_bar + step, track.slot, track.volume * int(force) / HARDEST)
            for track in self.tracks
            for step, force in enumerate(track.line(bar))
            if force != "."
        ]
        return sorted(hits, key=lambda hit: hit.step)


def read_kit(folder: Path = FOLDER) -> Kit:
    """Reads ``kit.json``; `OSError`, `ValueError` or `KeyError` if it is not what it should be."""
    document = json.loads((folder / "kit.json").read_text(encoding="utf-8"))
    slots = {sample["name"]: slot for slot, sample in enumerate(document["samples"])}
    tracks = tuple(
        Track(track["sample"], slots[track["sample"]], track["volume"], tuple(track["bars"]))
        for track in document["tracks"]
    )
    return Kit(
        files=tuple(folder / sample["file"] for sample in document["samples"]),
        tracks=tracks,
        tempo_bpm=document["tempo_bpm"],
        steps_per_beat=document["steps_per_beat"],
        steps_per_bar=document["steps_per_beat"] * document["beats_per_bar"],
        peak_dbfs=document["peak_dbfs"],
        volume=document["master_volume"],
    )
