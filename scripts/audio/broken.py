"""Broken files: what people and crashed programs leave behind."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def make(folder: Path) -> list[tuple[str, str, str]]:
    """Writes them beside the good files, some of which it cuts; (name, format, expected)."""
    rows = []

    def add(name: str, content: bytes, expected: str) -> None:
        (folder / name).write_bytes(content)
        rows.append((name, Path(name).suffix[1:], expected))

    def good(name: str) -> bytes:
        return (folder / name).read_bytes()

    add("empty.wav", b"", "empty")
    add("text.wav", b"This is not audio, whatever its name says.\n" * 20, "unsupported_format")
    add("garbage.mp3", _garbage(), "unsupported_format")
    add(
        "page.mp3",
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
        "unsupported_format",
    )
    add("riff_only.wav", b"RIFF\x04\x00\x00\x00WAVE", "corrupt|empty|unsupported_format")

    wav, flac = good("pcm_s16.wav"), good("flac_16.flac")
    mp3, ogg, m4a = good("mp3_cbr.mp3"), good("vorbis.ogg"), good("alac_16.m4a")
    add("truncated.wav", wav[: len(wav) // 2], "warning:truncated")
    add("truncated.flac", flac[: len(flac) * 3 // 4], "warning:truncated")  # has a whole frame
    add("truncated.mp3", mp3[: len(mp3) // 2], "warning:truncated")
    add("truncated.ogg", ogg[: len(ogg) * 3 // 4], "corrupt")  # within its only page of audio
    opus = good("opus.opus")
    add("truncated.opus", opus[: len(opus) * 3 // 4], "warning:truncated")
    add("truncated_header.opus", opus[:60], "empty")
    add("damaged_middle.opus", _damaged(opus), "warning:decode_errors")
    add("truncated_header.wav", wav[:30], "corrupt|unsupported_format")
    add("truncated_header.flac", flac[:20], "corrupt|unsupported_format")
    add("truncated_no_moov.m4a", m4a[: len(m4a) // 2], "corrupt|unsupported_format")

    add("no_frames.wav", wav_file(b""), "empty")
    pcm = wav[44:]
    add("length_lie_large.wav", wav_file(pcm, data_len=len(pcm) * 4), "warning:truncated")
    add("length_lie_4gb.wav", wav_file(pcm, data_len=0xFFFF_FFF0), "warning:truncated")
    add("zero_channels.wav", wav_file(pcm, channels=0), "corrupt|unsupported_format")
    add("zero_rate.wav", wav_file(pcm, rate=0), "corrupt|unsupported_format")
    add("rate_4_ghz.wav", wav_file(pcm, rate=0xFFFF_FFFF), "corrupt|unsupported_format")
    add("channels_65535.wav", wav_file(pcm, channels=65_535), "corrupt|unsupported_format")
    add("nan.wav", _wav_of_nan(), "warning:non_finite")
    add("damaged_middle.flac", _damaged(flac), "warning:decode_errors|warning:truncated")
    add("damaged_middle.mp3", _damaged(mp3), "warning:decode_errors|warning:truncated|success")
    add("flac_named.wav", flac, "warning:extension_mismatch|success")
    return rows


def wav_file(
    data: bytes,
    *,
    code: int = 1,
    channels: int = 2,
    rate: int = 44_100,
    bits: int = 16,
    data_len: int | None = None,
) -> bytes:
    """A WAV file by hand, its header saying what it is told to."""
    data_len = len(data) if data_len is None else data_len
    align = channels * bits // 8 & 0xFFFF
    fmt = struct.pack("<HHIIHH", code, channels, rate, rate * align & 0xFFFF_FFFF, align, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", data_len) + data
    riff_len = min(len(body) - len(data) + data_len, 0xFFFF_FFFF)
    return b"RIFF" + struct.pack("<I", riff_len) + body


def _wav_of_nan() -> bytes:
    values = 0.5 * np.sin(np.arange(400) * 0.1)
    values[[3, 50, 51]] = [np.nan, np.inf, -np.inf]
    return wav_file(values.astype("<f4").tobytes(), code=3, channels=1, bits=32)


def _garbage() -> bytes:
    """4 kB of random bytes none of which can begin an MPEG frame."""
    values = np.random.Generator(np.random.PCG64(9)).integers(0, 255, 4096)
    return values.astype(np.uint8).tobytes()


def _damaged(content: bytes) -> bytes:
    """The middle fiftieth overwritten with zeros."""
    middle, width = len(content) // 2, max(16, len(content) // 50)
    return content[:middle] + bytes(width) + content[middle + width :]
