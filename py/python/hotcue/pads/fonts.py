"""Which fonts of this system the window is written in. None comes with hotcue."""

from __future__ import annotations

import bisect
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The first that is there.
_FAMILIES = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Open Sans", "DejaVu Sans")
# A hanzi, a kana and a hangul: whatever has these has names in Chinese, Japanese and Korean.
_EAST_ASIAN = "4e2d 3042 ac00"
# Where there is no fontconfig.
_WINDOWS = ("C:/Windows/Fonts/segoeui.ttf", "C:/Windows/Fonts/segoeuib.ttf")
_WINDOWS_EAST_ASIAN = ("C:/Windows/Fonts/msgothic.ttc", "C:/Windows/Fonts/msyh.ttc")
_MACOS = (
    "/System/Library/Fonts/Supplemental/Arial.ttf",
    "/System/Library/Fonts/Supplemental/Arial Bold.ttf",
)
_MACOS_EAST_ASIAN = ("/System/Library/Fonts/Supplemental/Arial Unicode.ttf",)
# From here on, without fontconfig, the second font is asked.
_FAR = 0x2E80


@dataclass(frozen=True)
class Font:
    """A font's file, and which characters it has."""

    file: str
    ranges: tuple[tuple[int, int], ...] = ((0x20, _FAR - 1),)
    """Sorted; both ends have it."""

    def has(self, text: str) -> bool:
        """Whether it has every character."""
        return all(self._has(ord(char)) for char in text)

    def _has(self, code: int) -> bool:
        index = bisect.bisect_right(self.ranges, (code, sys.maxunicode)) - 1
        return index >= 0 and self.ranges[index][0] <= code <= self.ranges[index][1]


@dataclass(frozen=True)
class Fonts:
    """What was found; None where there is nothing."""

    regular: Font | None = None
    bold: Font | None = None
    east_asian: Font | None = None
    """For texts that the others cannot write."""


def find() -> Fonts:
    """Looks for them; takes some milliseconds."""
    if shutil.which("fc-match"):
        regular = next(filter(None, map(_family, _FAMILIES)), None) or _match("sans-serif")
        bold = _match(f"{_name_of(regular)}:bold") if regular else None
        east_asian = _match(f"sans-serif:charset={_EAST_ASIAN}")
        if east_asian is not None and not east_asian.has("中あ가"):
            east_asian = None
        return Fonts(regular, bold, east_asian)
    if sys.platform == "win32":
        return _of_files(_WINDOWS, _WINDOWS_EAST_ASIAN)
    return _of_files(_MACOS, _MACOS_EAST_ASIAN)


def _of_files(latin: tuple[str, str], east_asian: tuple[str, ...]) -> Fonts:
    regular, bold = (Font(file) if Path(file).exists() else None for file in latin)
    everything = ((0x20, sys.maxunicode),)
    far = next((Font(file, everything) for file in east_asian if Path(file).exists()), None)
    return Fonts(regular, bold, far)


def _family(name: str) -> Font | None:
    """A family if it is there: fontconfig always answers, with the next best."""
    found = _match(name)
    return found if found is not None and name in _name_of(found) else None


def _match(pattern: str) -> Font | None:
    asked = ["fc-match", "--format=%{file}\n%{charset}", pattern]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    file, _, charset = done.stdout.partition("\n")
    if done.returncode != 0 or not file:
        return None
    return Font(file, tuple(_ranges(charset)))


def _name_of(font: Font) -> str:
    asked = ["fc-query", "--format=%{family}", "--index=0", font.file]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split(",")[0]


def _ranges(charset: str) -> list[tuple[int, int]]:
    """Reads ``20-7e a0``."""
    pairs = (part.partition("-") for part in charset.split())
    return sorted((int(first, 16), int(last or first, 16)) for first, _, last in pairs)
