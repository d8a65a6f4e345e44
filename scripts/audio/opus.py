"""The test fixtures of Opus, in its containers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .encode import encode, encode_with, run

RATE = 48_000
OPUSENC = ("opusenc", "--quiet", "--serial", "1", "--discard-comments")
LIBOPUS = ("-c:a", "libopus")

Sines = Callable[[int, int, int], NDArray[np.float64]]


def make(folder: Path, sines: Sines) -> list[tuple[str, int, int]]:
    """Writes the files; names, channels and frames."""
    files = []

    def add(name: str, channels: int, frames: int, *command: str) -> None:
        audio = sines(frames, channels, RATE)
        if command[0] == "-c:a":
            encode(folder / name, audio, RATE, *command)
        else:
            encode_with(folder / name, audio, RATE, *command, "{wav}", "{out}")
        files.append((name, channels, frames))

    add("opus.opus", 2, 12_345, *OPUSENC, "--bitrate", "96", "--max-delay", "60")
    # Speech at few bits: the other half of the codec, and the hybrid of both.
    add("opus_silk.opus", 1, 12_345, *OPUSENC, "--speech", "--bitrate", "14")
    add("opus_hybrid.opus", 1, 12_345, *OPUSENC, "--speech", "--bitrate", "28")
    add("opus_2_5_ms.opus", 1, 3_001, *OPUSENC, "--framesize", "2.5", "--bitrate", "64")
    add("opus_60_ms.opus", 2, 12_345, *OPUSENC, "--framesize", "60", "--bitrate", "48")
    add("opus_51.opus", 6, 4_801, *OPUSENC, "--bitrate", "192")
    add("opus_255.opus", 6, 4_801, *LIBOPUS, "-b:a", "192k", "-mapping_family", "255")
    add("opus.mka", 2, 12_345, *LIBOPUS, "-b:a", "96k")
    add("opus.webm", 1, 12_345, *LIBOPUS, "-b:a", "64k")
    add("opus_51.mka", 6, 4_801, *LIBOPUS, "-b:a", "192k", "-mapping_family", "1")
    quieter = _with_gain((folder / "opus.opus").read_bytes(), db_256=-900)
    (folder / "opus_gain.opus").write_bytes(quieter)
    files.append(("opus_gain.opus", 2, 12_345))
    return files


def decoded(path: Path) -> bytes:
    """Interleaved f32le as ffmpeg has it, by libopus: ffmpeg's own decoder is less exact."""
    decoder = ("-c:a", "libopus", "-request_sample_fmt", "flt")
    output = ("-f", "f32le", "-c:a", "pcm_f32le", "-")
    return run("ffmpeg", "-v", "error", *decoder, "-i", path, *output)


def _with_gain(content: bytes, db_256: int) -> bytes:
    """The file with another output gain, which stands in its first page (RFC 7845, 5.1)."""
    end = content.index(b"OggS", 1)
    page = bytearray(content[:end])
    struct.pack_into("<h", page, page.index(b"OpusHead") + 16, db_256)
    struct.pack_into("<I", page, 22, 0)
    struct.pack_into("<I", page, 22, _ogg_checksum(page))
    return bytes(page) + content[end:]


def with_short_pages(content: bytes, segments: int, packet_frames: int) -> bytes:
    """The file with `segments` segments on each page of audio, over whose ends packets go on."""
    pages, at = [], 0
    while at < len(content):
        count = content[at + 26]
        lengths = content[at + 27 : at + 27 + count]
        body = at + 27 + count
        pages.append((content[at : at + 26], lengths, content[body : body + sum(lengths)]))
        at = body + sum(lengths)
    headers, audio = pages[:2], pages[2:]
    out = content[: sum(27 + len(lengths) + len(body) for _, lengths, body in headers)]
    lengths = b"".join(lengths for _, lengths, _ in audio)
    body = b"".join(body for _, _, body in audio)
    end = struct.unpack_from("<q", audio[-1][0], 6)[0]
    packets = 0
    for number, first in enumerate(range(0, len(lengths), segments)):
        part = lengths[first : first + segments]
        is_last = first + segments >= len(lengths)
        ended = sum(length < 255 for length in part)
        packets += ended
        granule = end if is_last else packets * packet_frames if ended else -1
        is_continued = first > 0 and lengths[first - 1] == 255
        flags = (1 if is_continued else 0) | (4 if is_last else 0)
        serial = headers[0][0][14:18]
        page = bytearray(b"OggS\0" + struct.pack("<Bq", flags, granule) + serial)
        page += struct.pack("<IIB", len(headers) + number, 0, len(part)) + part
        page += body[: sum(part)]
        body = body[sum(part) :]
        struct.pack_into("<I", page, 22, _ogg_checksum(page))
        out += bytes(page)
    return out


def _ogg_checksum(page: bytes) -> int:
    """RFC 3533, 6: polynomial 0x04C11DB7, highest bit first, starting with 0."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x1_04C1_1DB7 if value >> 31 else 0)
    return value
