"""What files say beside their audio: values that this test has written byte by byte."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest
from support import PATIENCE_SEC, pcm, wav_bytes

import hotcue

PNG = b"\x89PNG a picture"


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def id3(frames: bytes) -> bytes:
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frames


def frame(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">IH", len(content), 0) + content


def sampler_wav() -> bytes:
    """1,000 frames at 48 kHz with everything that a WAV file can say."""
    loops = struct.pack("<6I", 0, 1, 100, 199, 0, 3)
    smpl = struct.pack("<9I", 0, 0, 0, 57, 1 << 30, 0, 0, 1, 0) + loops
    cue = struct.pack("<I", 1) + struct.pack("<II4sIII", 5, 0, b"data", 0, 0, 500)
    labels = chunk(b"labl", struct.pack("<I", 5) + "Größe".encode() + b"\0")
    acid = struct.pack("<IHHfIHHf", 4, 60, 0x8000, 0.0, 8, 4, 4, 174.0)
    bext = bytearray(602)
    bext[:3] = b"any"
    bext[338:342] = struct.pack("<I", 96_000)
    info = b"INFO" + chunk(b"INAM", b"from INFO") + chunk(b"IGNR", b"Dub\0")
    picture = frame(b"APIC", b"\0image/png\0\x03\0" + PNG)
    tags = id3(frame(b"TIT2", b"\0Title") + frame(b"TPE1", b"\3One") + picture)
    chunks = [
        chunk(b"smpl", smpl),
        chunk(b"cue ", cue),
        chunk(b"LIST", b"adtl" + labels),
        chunk(b"acid", acid),
        chunk(b"bext", bytes(bext)),
        chunk(b"LIST", info),
        chunk(b"id3 ", tags),
    ]
    plain = wav_bytes(pcm(1000), 48_000)
    body = plain[8:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def load(engine: hotcue.AudioEngine, source: hotcue.Source) -> hotcue.Sample:
    return engine.load_sample_async(0, source).result(PATIENCE_SEC)


@pytest.fixture
def half_rate() -> hotcue.AudioEngine:
    return hotcue.AudioEngine(output="offline", sample_rate=24_000)


def test_a_sample_knows_what_its_file_says(half_rate: hotcue.AudioEngine, tmp_path: Path) -> None:
    path = tmp_path / "all.wav"
    path.write_bytes(sampler_wav())
    with half_rate as engine:
        sample = load(engine, path)
    assert sample.frames == 500
    # Half of what the file says, for half of the rate; the file names the last frame of a loop.
    assert sample.loops == [
        hotcue.Loop(50, 100, 100 / 48_000, 200 / 48_000, "pingpong", 3, is_release=False)
    ]
    assert sample.cues == [hotcue.Cue(250, None, 500 / 48_000, None, 5, "Größe", "")]
    assert sample.tags == {"title": "Title", "artist": "One", "genre": "Dub"}
    assert (sample.root_key, sample.root_cents) == (57, 25.0)
    assert (sample.embedded_bpm, sample.embedded_bpm_source) == (174.0, "acid")
    assert (sample.one_shot, sample.beats, sample.meter) == (False, 8, (4, 4))
    assert sample.acid == hotcue.Acid(False, True, False, None, 8, (4, 4), 174.0)
    assert sample.bext is not None
    assert sample.bext.description == "any"
    assert (sample.bext.time_reference_frames, sample.bext.time_reference_sec) == (96_000, 2.0)
    assert sample.embedded_key is None
    assert sample.instrument is None
    assert sample.replaygain_track_gain_db is None


def test_a_plain_file_says_nothing(engine: hotcue.AudioEngine) -> None:
    sample = load(engine, wav_bytes(pcm(100)))
    assert (sample.tags, sample.loops, sample.cues) == ({}, [], [])
    assert sample.embedded_bpm is None
    assert sample.embedded_bpm_source is None
    assert sample.root_key is None
    assert sample.one_shot is None
    assert sample.bext is None
    assert not sample.has_cover
    assert sample.cover() is None


def test_a_cover_is_read_when_it_is_asked_for(engine: hotcue.AudioEngine, tmp_path: Path) -> None:
    path = tmp_path / "cover.wav"
    path.write_bytes(sampler_wav())
    sample = load(engine, path)
    assert sample.has_cover
    assert sample.cover() == ("image/png", PNG)
    # The file as it is now.
    path.write_bytes(sampler_wav().replace(PNG, PNG[::-1]))
    assert sample.cover() == ("image/png", PNG[::-1])
    path.unlink()
    with pytest.raises(FileNotFoundError) as missing:
        sample.cover()
    assert (missing.value.errno, missing.value.filename) == (errno.ENOENT, str(path))


def test_content_keeps_its_cover(engine: hotcue.AudioEngine) -> None:
    assert load(engine, sampler_wav()).cover() == ("image/png", PNG)


def test_the_cover_of_content_is_there_whatever_way_it_comes(tmp_path: Path) -> None:
    content = sampler_wav()
    for stream, second in ((False, False), (False, True), (True, False), (True, True)):
        # At its own rate nobody would keep what is PCM.
        with hotcue.AudioEngine(output="offline", sample_rate=24_000, cache_dir=tmp_path) as engine:
            ticket = engine.load_sample_async(0, content, stream=stream)
            sample = ticket.result(PATIENCE_SEC)
            assert engine.stats()["cache_hits"] == (second and not stream)
            assert sample.cover() == ("image/png", PNG)


def test_replaygain_and_key_come_from_tags(engine: hotcue.AudioEngine) -> None:
    frames = [
        frame(b"TXXX", b"\0replaygain_track_gain\0-7.50 dB"),
        frame(b"TXXX", b"\0REPLAYGAIN_ALBUM_PEAK\x000.98"),
        frame(b"TKEY", b"\0F#m"),
        frame(b"TBPM", b"\x00128"),
    ]
    sample = load(engine, id3(b"".join(frames)) + wav_bytes(pcm(100)))
    assert sample.replaygain_track_gain_db == -7.5
    assert sample.replaygain_album_peak == 0.98
    assert sample.embedded_key == "F#m"
    assert (sample.embedded_bpm, sample.embedded_bpm_source) == (128.0, "tag")
