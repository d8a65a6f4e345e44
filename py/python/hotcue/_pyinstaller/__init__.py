"""For PyInstaller, which finds this by the package's entry points."""

from __future__ import annotations

from pathlib import Path


def hook_dirs() -> list[str]:
    """Where the hook lies that says what a program with hotcue in it needs."""
    return [str(Path(__file__).parent)]
