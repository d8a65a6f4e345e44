#!/usr/bin/env python3
"""Puts the fixtures that each fuzz target begins with into a folder of its own.

scripts/fuzz_seeds.py FOLDER
"""

import math
import shutil
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# By the ends of their names; a target that is not here begins with all.
KINDS = {
    "pcm": (".wav", ".w64", ".aiff", ".aifc", ".au", ".caf"),
    "mp4": (".m4a", ".mp4", ".m4b", ".mov"),
    "matroska": (".mka", ".mkv", ".webm"),
    "opus_ogg": (".opus", ".ogg", ".oga"),
    "opus_packets": (),
    "analysis": (),
    "cache": (),
    "mpeg": (".mp3", ".mp2", ".mp1"),
    "adts": (".aac",),
    "flac": (".flac",),
    "headers": (".flac", ".ogg", ".oga", ".mka", ".webm"),
}
# What is larger teaches a fuzzer no more, only slower.
MAX_BYTES = 20_000


def targets() -> list[str]:
    return sorted(path.stem for path in (ROOT / "fuzz/fuzz_targets").glob("*.rs"))


def ogg_packets(file: bytes) -> list[bytes]:
    """All packets of the pages in `file` (RFC 3533, section 6)."""
    packets, packet, at = [], b"", 0
    while file[at : at + 4] == b"OggS" and at + 27 <= len(file):
        count = file[at + 26]
        lengths, at = file[at + 27 : at + 27 + count], at + 27 + count
        for length in lengths:
            packet += file[at : at + length]
            at += length
            if length < 255:
                packets.append(packet)
                packet = b""
    return packets


def packed(packets: list[bytes]) -> bytes:
    """The form that the target `opus_packets` takes: see `src/decode/fuzzing.rs`."""
    head, _tags, *audio = packets
    packets = [len(packet).to_bytes(2, "little") + packet for packet in audio[:20]]
    return bytes([len(head)]) + head + b"".join(packets)


def heard() -> dict[str, bytes]:
    """Audio in the forms that the target `analysis` takes: see `src/analysis/fuzzing.rs`."""
    tone = [0.5 * math.sin(0.7 * at) for at in range(2_000)]
    ramp = bytes(at * 8 % 256 for at in range(8_000))
    strokes = b"".join(struct.pack("<Hb", 249, 127 if at % 2 else -60) for at in range(32))
    return {
        "tone": bytes([0, 0, 0]) + struct.pack("<2000f", *tone),
        "ramp": bytes([3, 1, 1]) + ramp,
        "strokes": bytes([0, 0, 2]) + strokes,
        "strokes-of-three": bytes([1, 2, 2]) + strokes,
        "one-late": bytes([5, 0, 2]) + struct.pack("<Hb", 60_000, 100),
        "silence": bytes([6, 0, 1]) + bytes(60_000),
    }


def kept() -> dict[str, bytes]:
    """What the target `cache` takes: see `src/cache/fuzzing.rs`."""

    def sealed(which: int, *parts: bytes) -> bytes:
        return bytes([which]) + b"".join(struct.pack("<H", len(part)) + part for part in parts)

    def numbers(*values: float) -> bytes:
        return struct.pack(f"<Q{len(values)}d", len(values), *values)

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    number, nothing = b"\1" + struct.pack("<d", -20), b"\0"
    sample = struct.pack("<IIQI", 48_000, 2, 300, 44_100) + text("flac") + text("flac")
    sample += b"\1" + struct.pack("<I", 16) + bytes(8) + nothing + bytes(4 + 8)
    facts = bytes(range(16)) + struct.pack("<IIQI", 48_000, 2, 300, 44_100)
    facts += text("flac") + text("flac") + nothing
    peaks = struct.pack("<ff??", 0.5, 0.6, True, False)
    onsets = struct.pack("<QQQ", 2, 0, 999) + numbers(0, 0.5) + numbers(1, 0.2)
    tempo = number + struct.pack("<ddQdd", 0.9, 1, 1, 60, 0.1) + nothing + nothing
    tempo += numbers(0, 0.5) + numbers(0) + struct.pack("<Id", 4, 1)
    values = struct.pack("<6f", -0.5, 0.5, 0.1, 0.1, 0, 0)
    return {
        "sample": sealed(5, sample, bytes(range(200)) * 12),
        "loudness": sealed(0, b"\0" + number * 3 + nothing + peaks),
        "waveform": sealed(1, b"\1" + struct.pack("<IIQ", 1_000, 1, 300), values * 2, values),
        "onsets": sealed(2, b"\2" + onsets + struct.pack("<dd", 0, 0.25)),
        "bpm": sealed(3, b"\3" + tempo),
        "key": sealed(4, b"\4\1\11\0" + struct.pack("<dd", 0.5, -3)),
        "facts": sealed(6, facts),
        "as-it-is": b"\x80hotcue\0\x03" + bytes([7] * 32) + struct.pack("<Q", 8),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    fixtures = [path for path in (ROOT / "tests/fixtures").iterdir() if path.is_file()]
    for target in targets():
        seeds = folder / target
        seeds.mkdir(parents=True, exist_ok=True)
        for path in fixtures:
            if path.stat().st_size <= MAX_BYTES and path.suffix in KINDS.get(
                target, (path.suffix,)
            ):
                shutil.copyfile(path, seeds / path.name)
        for path in (ROOT / "fuzz/regressions" / target).glob("*"):
            shutil.copyfile(path, seeds / f"regression-{path.name}")
    for target, made in (("analysis", heard()), ("cache", kept())):
        for name, seed in made.items():
            (folder / target / name).write_bytes(seed)
    for path in fixtures:
        if path.suffix == ".opus":
            packets = ogg_packets(path.read_bytes())
            if len(packets) > 2 and len(packets[0]) < 256:
                (folder / "opus_packets" / path.name).write_bytes(packed(packets))


if __name__ == "__main__":
    main()
