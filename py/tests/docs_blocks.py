"""The fenced blocks of README and of the documentation's pages, and what may be made of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INFO = re.compile(r'([\w,]+)(?: title="([\w.]+)")?')
_INCLUDE = re.compile(r'--8<-- "(.+)"\n')


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    """That of its first line of code."""
    language: str
    title: str | None
    """The file that the reader is to save it as."""
    code: str
    follows: bool
    """Whether nothing but empty lines stands between it and the block before."""

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def included(self) -> str | None:
        """The file of the repository that is shown, if the block is that."""
        found = _INCLUDE.fullmatch(self.code)
        return found[1] if found else None


def blocks(path: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    found = []
    end = 0
    for match in _BLOCK.finditer(text):
        info = _INFO.fullmatch(match[1])
        line = text.count("\n", 0, match.start(2)) + 1
        page = path.relative_to(ROOT).as_posix()
        assert info, f"{page}:{line - 1}: which language is {match[1]!r}?"
        follows = bool(found) and not text[end : match.start()].strip()
        found.append(Block(page, line, info[1], info[2], match[2], follows))
        end = match.end()
    return found


def pages() -> list[Path]:
    """README and all pages of the site."""
    outside = [ROOT / name for name in ("README", "ARCHITECTURE", "CHANGELOG", "CONTRIBUTING")]
    return [path.with_suffix(".md") for path in outside] + sorted(DOCS.rglob("*.md"))


def commands(block: Block) -> list[str]:
    """The command lines of a block for the shell, without comments."""
    lines = (re.sub(r"(^|\s+)# .*$", "", line).strip() for line in block.code.splitlines())
    return [line for line in lines if line]
