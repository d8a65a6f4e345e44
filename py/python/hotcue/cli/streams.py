"""Standard output and standard error, as every command may rely on them."""

from __future__ import annotations

import codecs
import os
import sys

BLOCKS = " ▁▂▃▄▅▆▇█"

# What the commands draw with, where it cannot be encoded: a figure keeps its sign.
_PLAIN = {
    **dict(zip(BLOCKS, " .:-=+*#@", strict=True)),
    "−": "-",
    "–": "-",
    "…": "~",
    "·": ".",
    "■": "#",
    "✗": "x",
}
_HANDLER = "hotcue.plain"


def prepare() -> None:
    """Makes them take any text, in any locale, also where whoever started the program has closed
    them: what goes there is lost then."""
    codecs.register_error(_HANDLER, _plain)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def drop_output() -> None:
    """Writes nothing more: what is left would fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for one character that cannot be encoded; of the name of a file that is no text
    the byte that it has there."""
    assert isinstance(error, UnicodeEncodeError)
    char = error.object[error.start]
    if "\udc80" <= char <= "\udcff":
        return bytes([ord(char) - 0xDC00]), error.start + 1
    return _PLAIN.get(char, "?"), error.start + 1
