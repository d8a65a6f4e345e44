"""Of the documentation site: the pages that lie outside docs/, and links as the site has them.

In the repository every link leads to the file that it names. Here one to a page leads to that
page, wherever it lies, and one to any other file becomes plain text: the site has no sources.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# Beside README, where people look for them.
OUTSIDE = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^```(\w+),[\w,]+", re.MULTILINE)
_BLOCK = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages from outside."""
    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts the links right, and takes from Rust's fences what only doc tests know."""
    source = Path(page.file.abs_src_path or "").parent
    parts = _BLOCK.split(_FENCE.sub(r"```\1", markdown))

    def link(found: re.Match[str]) -> str:
        picture, text, target, anchor = found.groups(default="")
        path = os.path.relpath(os.path.normpath(source / target), ROOT)
        if not (ROOT / path).exists():
            return found[0]  # What is nowhere stays: the strict build finds it, or a test.
        within = path if path in OUTSIDE else path.removeprefix("docs/")
        if files.get_file_from_path(within) is None:
            return text
        here = posixpath.dirname(page.file.src_uri)
        return f"{picture}[{text}]({posixpath.relpath(within, here or '.')}{anchor})"

    # Every other part is code.
    parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
    return "".join(parts)
