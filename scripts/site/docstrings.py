"""Of the documentation site: docstrings as Markdown, in which names are links.

They are written for readers of the source and of `help()`: `name` is a name, ``code`` is code, and
a paragraph that ends in :: has code behind it.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_NAME = re.compile(r"(?<![`\[])`([A-Za-z_][\w.]*)(\(\))?`(?![`\]])")


class Docstrings(griffe.Extension):
    """Rewrites the docstrings of the package once it was read."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        if pkg.path == "hotcue":
            self._walk(pkg, pkg)

    def _walk(self, pkg: griffe.Module, thing: griffe.Object) -> None:
        if thing.docstring is not None:
            # One that says nothing else goes.
            text = re.sub(r"^::\n", "", thing.docstring.value, flags=re.MULTILINE)
            text = re.sub(r"::\n", ":\n", text)
            thing.docstring.value = _NAME.sub(lambda found: _link(pkg, thing, found), text)
        for member in thing.members.values():
            if not member.is_alias:
                self._walk(pkg, member)


def _link(pkg: griffe.Module, thing: griffe.Object, found: re.Match[str]) -> str:
    """A link to what a name means where it stands: a member of the same class, what the package
    shows to all, or a call of the engine. Anything else stays what it is."""
    name, call = found[1].removeprefix("hotcue."), found[2] or ""
    holder = thing if thing.is_class else thing.parent
    head = name.split(".")[0]
    if holder is not None and holder.is_class and head in holder.members:
        # A class goes by the name under which the package shows it.
        shown = holder.name if holder.name in pkg.members else holder.path.removeprefix("hotcue.")
        path = f"{shown}.{name}"
    elif head in pkg.members and not pkg.members[head].is_module:
        path = name
    elif call and name in pkg.members["AudioEngine"].final_target.members:
        path = f"AudioEngine.{name}"
    else:
        return found[0]
    known = path.split(".")
    target: Any = pkg
    for part in known:
        if part not in target.members or part.startswith("_"):
            return found[0]
        target = target.members[part]
        if target.is_alias:
            target = target.final_target
    if target is thing:
        return found[0]
    return f"[`{found[1]}{call}`][hotcue.{path}]"
