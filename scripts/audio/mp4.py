"""The test fixtures of MP4, QuickTime and AAC in CAF: what ffmpeg writes, and what it does not, by
hand."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .encode import encode, run

RATE = 44_100
# What ffmpeg's encoder needs to get going.
PRIMING = 1024

Sines = Callable[[int, int, int], NDArray[np.float64]]


def make_lossless(folder: Path, sines: Sines) -> list[tuple[str, str, int, int, int]]:
    """Writes files; names, codecs, rates, channels and frames."""
    files = []

    def add(name: str, codec: str, channels: int, *options: str) -> None:
        encode(folder / name, sines(4410, channels, RATE), RATE, *options)
        files.append((name, codec, RATE, channels, 4410))

    fragments = ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "50000")
    add("pcm_s16.mov", "pcm_s16le", 2, "-c:a", "pcm_s16le")
    add("pcm_s24be.mov", "pcm_s24be", 2, "-c:a", "pcm_s24be")
    add("pcm_f32be.mov", "pcm_f32be", 1, "-c:a", "pcm_f32be")
    add("pcm_f64le.mov", "pcm_f64le", 1, "-c:a", "pcm_f64le")
    add("pcm_u8.mov", "pcm_u8", 1, "-c:a", "pcm_u8")
    add("mulaw.mov", "pcm_mulaw", 2, "-c:a", "pcm_mulaw")
    add("alaw.mov", "pcm_alaw", 1, "-c:a", "pcm_alaw")
    add("pcm_s16_fragments.mov", "pcm_s16le", 2, "-c:a", "pcm_s16le", *fragments)
    add("alac_fragments.mp4", "alac", 2, "-c:a", "alac", "-sample_fmt", "s16p", *fragments)
    add("flac.mp4", "flac", 2, "-c:a", "flac", "-sample_fmt", "s16", "-strict", "-2")
    return files


def make_aac(folder: Path, sines: Sines) -> list[tuple[str, int, int]]:
    """Writes files of AAC; names, the frame of the encoder's input that the music begins with, and
    how many there are."""
    files = []
    frames = 11_025
    audio = sines(frames, 2, RATE)

    def ffmpeg(name: str, *options: str) -> bytes:
        encode(folder / name, audio, RATE, "-c:a", "aac", "-b:a", "128k", *options)
        return (folder / name).read_bytes()

    whole = ffmpeg("aac_packets.m4a")
    (folder / "aac_packets.m4a").unlink()
    ffmpeg("aac.mov")
    files.append(("aac.mov", 0, frames))
    # One list in front, which does not say how long the music is; the last packet does.
    ffmpeg("aac_fragments.mp4", "-movflags", "frag_keyframe+delay_moov", "-frag_duration", "100000")
    files.append(("aac_fragments.mp4", 0, frames))

    def add(name: str, first: int, count: int, content: bytes) -> None:
        (folder / name).write_bytes(content)
        files.append((name, first, count))

    # iTunes notes the padding in a comment; other programs in 64 bits, or with silence in front.
    add("aac_itunes.m4a", 0, 10_000, _itunes(_without_edits(whole), PRIMING, 10_000))
    add("aac_edit_64.m4a", 100, 9_000, _edits(whole, [(9_000, PRIMING + 100)], version=1))
    add("aac_edit_empty.m4a", 0, 8_000, _edits(whole, [(4_410, -1), (8_000, PRIMING)]))
    add("aac_edit_late.m4a", 5_000, 4_321, _edits(whole, [(4_321, PRIMING + 5_000)]))
    add("aac.caf", 0, frames, _caf(whole, PRIMING, frames))
    return files


def reference(folder: Path, name: str, channels: int) -> NDArray[np.float32]:
    """All that the packets of `name` hold, as ffmpeg decodes it."""
    options = ("-flags2", "+skip_manual")
    if not name.endswith(".caf"):
        options = ("-ignore_editlist", "1", *options)
    output = ("-f", "f32le", "-c:a", "pcm_f32le", "-")
    pcm = run("ffmpeg", "-v", "error", *options, "-i", folder / name, *output)
    return np.frombuffer(pcm, "<f4").reshape(-1, channels)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while content:
        length, kind = struct.unpack(">I4s", content[:8])
        found.append((kind, content[8:length]))
        content = content[length:]
    return found


def _map(content: bytes, path: list[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """`content` with `change` made to what lies at the end of `path`."""
    if not path:
        return change(content)
    return b"".join(
        _box(kind, _map(inner, path[1:], change) if kind == path[0] else inner)
        for kind, inner in _boxes(content)
    )


def _without_edits(content: bytes) -> bytes:
    # The index lies behind the audio, so that nothing moves.
    def drop(trak: bytes) -> bytes:
        return b"".join(_box(kind, inner) for kind, inner in _boxes(trak) if kind != b"edts")

    return _map(content, [b"moov", b"trak"], drop)


def _edits(content: bytes, edits: list[tuple[int, int]], version: int = 0) -> bytes:
    """The file with other edits, whose durations count frames too."""
    layout = ">qqI" if version else ">iiI"
    table = struct.pack(">BxxxI", version, len(edits))
    table += b"".join(struct.pack(layout, *edit, 0x1_0000) for edit in edits)
    content = _map(content, [b"moov", b"trak", b"edts", b"elst"], lambda _: table)
    scale = struct.pack(">I", RATE)
    return _map(content, [b"moov", b"mvhd"], lambda mvhd: mvhd[:12] + scale + mvhd[16:])


def _caf(content: bytes, priming: int, frames: int) -> bytes:
    """The packets of an MP4 file in CAF, with a table that is filled up."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack(">q", len(content)) + content

    def number(value: int) -> bytes:
        digits = [value & 0x7F]
        while value := value >> 7:
            digits.insert(0, value & 0x7F | 0x80)
        return bytes(digits)

    tables = content
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        tables = dict(_boxes(tables))[kind]
    stsz = dict(_boxes(tables))[b"stsz"]
    sizes = [size for (size,) in struct.iter_unpack(">I", stsz[12:])]
    # Behind the fields of a description of sound lie boxes.
    entry = dict(_boxes(dict(_boxes(tables))[b"stsd"][8:]))[b"mp4a"]
    cookie = dict(_boxes(entry[28:]))[b"esds"][4:]
    padding = len(sizes) * 1024 - priming - frames
    table = struct.pack(">qqii", len(sizes), frames, priming, padding)
    table += b"".join(map(number, sizes)) + bytes(3)
    description = struct.pack(">d4sIIIII", RATE, b"aac ", 2, 0, 1024, 2, 0)
    audio = dict(_boxes(content))[b"mdat"][: sum(sizes)]
    chunks = [
        (b"desc", description),
        (b"kuki", cookie),
        (b"pakt", table),
        (b"data", bytes(4) + audio),
    ]
    return b"caff\0\1\0\0" + b"".join(chunk(kind, content) for kind, content in chunks)


def _itunes(content: bytes, delay: int, frames: int) -> bytes:
    text = f" 00000000 {delay:08X} 00000000 {frames:016X} 00000000".encode()
    comment = _box(b"mean", bytes(4) + b"com.apple.iTunes")
    comment += _box(b"name", bytes(4) + b"iTunSMPB")
    comment += _box(b"data", struct.pack(">II", 1, 0) + text)
    handler = _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    meta = _box(b"meta", bytes(4) + handler + _box(b"ilst", _box(b"----", comment)))

    def add(moov: bytes) -> bytes:
        kept = [_box(kind, inner) for kind, inner in _boxes(moov) if kind != b"udta"]
        return b"".join(kept) + _box(b"udta", meta)

    return _map(content, [b"moov"], add)
