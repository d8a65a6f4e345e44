"""`info`: what a file is, beside what soundfile says of it and what loading it brings."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from support import Sounds, wav_bytes

import hotcue
from hotcue import wav

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
FILES = sorted(path for path in FIXTURES.iterdir() if path.suffix not in (".tsv", ""))


def outcome(call: Any, path: Path) -> Any:
    try:
        return call(path)
    except hotcue.LoadError as error:
        return error


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_info_says_is_what_decode_brings(path: Path) -> None:
    found, decoded = outcome(hotcue.info, path), outcome(hotcue.decode, path)
    if isinstance(decoded, hotcue.LoadError):
        assert isinstance(found, hotcue.LoadError)
        assert (found.kind, found.message) == (decoded.kind, decoded.message)
        return
    audio, rate = decoded
    assert (found.channels, found.sample_rate) == (len(audio), rate)
    assert found.frames == audio.shape[1]
    assert found.duration_sec == audio.shape[1] / rate


@pytest.mark.parametrize("name", ["pcm_s16.wav", "flac_24.flac", "pcm_s24.aiff", "vorbis.ogg"])
def test_it_says_what_soundfile_says(name: str) -> None:
    theirs, ours = soundfile.info(FIXTURES / name), hotcue.info(FIXTURES / name)
    assert (ours.frames, ours.sample_rate) == (theirs.frames, theirs.samplerate)
    assert (ours.channels, ours.duration_sec) == (theirs.channels, theirs.duration)
    assert ours.is_exact


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("tagged.*")), ids=lambda path: path.name)
def test_it_says_what_a_loaded_sample_says(path: Path) -> None:
    found = hotcue.info(path)
    with hotcue.AudioEngine(output="offline", sample_rate=found.sample_rate) as engine:
        sample = engine.load_sample_async(0, path).result()
    assert found.tags
    assert {name: getattr(sample, name) for name in found._fields if name != "is_exact"} == {
        name: value for name, value in found._asdict().items() if name != "is_exact"
    }


def test_two_hours_take_no_longer_than_their_head(tmp_path: Path) -> None:
    path, frames = tmp_path / "long.wav", 2 * 3_600 * 48_000
    head = wav.header(2, frames, 48_000, 16)
    path.write_bytes(head)
    os.truncate(path, len(head) + 4 * frames)
    begin = time.process_time()
    found = hotcue.info(path)
    # Decoding all of its 1.4 GB takes longer.
    assert time.process_time() - begin < 0.2
    assert (found.frames, found.duration_sec, found.is_exact) == (frames, 7_200.0, True)


def test_a_length_that_nobody_states_is_likely_and_not_exact(tmp_path: Path) -> None:
    content = (FIXTURES / "mp3_no_tag.mp3").read_bytes()
    path = tmp_path / "long.mp3"
    path.write_bytes(content * 20)
    found, (audio, _) = hotcue.info(path), hotcue.decode(path)
    assert not found.is_exact
    assert found.frames == pytest.approx(audio.shape[1], rel=0.05)


def test_content_and_open_files_are_looked_into(sounds: Sounds) -> None:
    content = wav_bytes(np.zeros((480, 2), np.int16))
    for source in (content, io.BytesIO(content)):
        found = hotcue.info(source)
        assert (found.frames, found.channels, found.container) == (480, 2, "wav")


def test_what_is_no_file_is_an_error(sounds: Sounds) -> None:
    with pytest.raises(FileNotFoundError):
        hotcue.info(sounds.missing())
    with pytest.raises(hotcue.LoadError) as caught:
        hotcue.info(sounds.corrupt())
    assert caught.value.kind == "corrupt"
    with pytest.raises(TypeError, match="an array is no file"):
        hotcue.info(np.zeros(4))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hotcue.info(3)  # type: ignore[arg-type]
