#!/usr/bin/env python3
"""Puts the fixtures that each fuzz target begins with into a folder of its own.

scripts/fuzz_seeds.py FOLDER
"""

import shutil
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
    for path in fixtures:
        if path.suffix == ".opus":
            packets = ogg_packets(path.read_bytes())
            if len(packets) > 2 and len(packets[0]) < 256:
                (folder / "opus_packets" / path.name).write_bytes(packed(packets))


if __name__ == "__main__":
    main()
