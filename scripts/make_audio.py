#!/usr/bin/env python3
"""Makes the demo kit and the test fixtures, which are committed: run it only to change them.

    python3 scripts/make_audio.py [kit] [fixtures]

Needs numpy and soundfile, and the programs ffmpeg (5.1), flac, oggenc, opusenc, lame and fdkaac
(in Debian's contrib). The sounds are functions of time and of seeded random numbers, and every
encoder is told to leave out dates and random serial numbers, so that the same versions of the tools
give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from audio import fixtures, kit

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "kit": lambda: kit.make(ROOT / "py" / "python" / "hotcue" / "kit"),
    "fixtures": lambda: fixtures.make(ROOT / "tests" / "fixtures"),
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"unknown: {' '.join(unknown)}; there are: {' '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
