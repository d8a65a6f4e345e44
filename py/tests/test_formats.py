"""Every committed fixture, through the package: what the manifest says is what arrives.

The manifest's values come from ffmpeg and libsndfile, see ``scripts/make_audio.py``.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE_SEC, drain

import hotcue

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"

# What the project promises for lossy codecs, against the reference decoder's 16 bits.
MIN_SNR_DB = 60.0


def rows(*kinds: str) -> list[dict[str, str]]:
    lines = (FIXTURES / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    table = csv.DictReader((x for x in lines if not x.startswith("#")), delimiter="\t")
    return [row for row in table if row["kind"] in kinds]


def by_file(row: dict[str, str]) -> str:
    return row["file"]


def load(row: dict[str, str]) -> hotcue.Sample:
    """Loads a fixture at its own rate, so that nothing is resampled."""
    with hotcue.AudioEngine(output="offline", sample_rate=int(row["rate"]), workers=1) as engine:
        sample = engine.load_sample_async(0, FIXTURES / row["file"]).result(PATIENCE_SEC)
    assert (sample.source_rate, sample.sample_rate) == (int(row["rate"]), int(row["rate"]))
    assert sample.to_numpy().shape == (int(row["channels"]), int(row["frames"]))
    return sample


@pytest.mark.parametrize("row", rows("lossless"), ids=by_file)
def test_lossless_files_are_exact(row: dict[str, str]) -> None:
    audio = load(row).to_numpy()
    interleaved = np.ascontiguousarray(audio.T).astype("<f4").tobytes()
    assert hashlib.sha1(interleaved).hexdigest() == row["expected"]


@pytest.mark.parametrize("row", rows("lossy"), ids=by_file)
def test_lossy_files_are_close(row: dict[str, str]) -> None:
    audio = load(row).to_numpy().astype(float)
    reference = np.frombuffer((FIXTURES / row["expected"]).read_bytes(), "<i2") / 32768
    reference = reference.reshape(-1, audio.shape[0]).T
    noise = ((audio - reference) ** 2).sum()
    assert noise <= (reference**2).sum() * 10 ** (-MIN_SNR_DB / 10)


@pytest.mark.parametrize("row", rows("broken", "unsupported"), ids=by_file)
def test_other_files_end_as_they_should(row: dict[str, str]) -> None:
    with hotcue.AudioEngine(output="offline", max_sample_bytes=2**30, workers=1) as engine:
        ticket = engine.load_sample_async(0, FIXTURES / row["file"])
        last = drain(engine, [ticket])[ticket][-1]
    if last["type"] == "success":
        ends = {f"warning:{warning['code']}" for warning in last["warnings"]} or {"success"}
    else:
        assert last["type"] == "error"
        ends = {last["kind"]}
    assert ends & set(row["expected"].split("|")), ends


def zipped(content: bytes) -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as file:
        file.writestr("a.mp3", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("pack", "name"),
    [
        (gzip.compress, "gzip"),
        # As a program leaves it that finds nothing to pack: the frames are still there.
        (lambda content: gzip.compress(content, 0), "gzip"),
        (bz2.compress, "bzip2"),
        (lzma.compress, "XZ"),
        (zipped, "ZIP"),
    ],
)
def test_packed_files_are_refused_by_name(pack: Callable[[bytes], bytes], name: str) -> None:
    packed = pack((FIXTURES / "mp3_cbr.mp3").read_bytes())
    with pytest.raises(hotcue.LoadError, match=f"{name} files are not supported") as caught:
        hotcue.decode(packed)
    assert caught.value.kind == "unsupported_format"


def test_all_fixtures_at_once() -> None:
    """Every fixture ten times over, in one engine: each ends, the good ones with success."""
    every = rows("lossless", "lossy", "broken", "unsupported") * 10
    slots = len(every)
    with hotcue.AudioEngine(output="offline", sample_rate=48_000, slots=slots) as engine:
        tickets = [
            engine.load_sample_async(id, FIXTURES / row["file"]) for id, row in enumerate(every)
        ]
        stories = drain(engine, tickets)
    for ticket, row in zip(tickets, every, strict=True):
        last = stories[ticket][-1]
        if row["kind"] in ("lossless", "lossy"):
            assert last["type"] == "success", row["file"]
            # ceil(frames x out / in), in integers.
            assert last["frames"] == -(-int(row["frames"]) * 48_000 // int(row["rate"]))
