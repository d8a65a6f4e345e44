"""What notebooks show: `of_sample` is behind `Sample._repr_html_`.

It is one piece of HTML that needs nothing else: a waveform as SVG, what is known, and a player.
Whatever the sample, it has at most `MOST_CHARACTERS`.
"""

from __future__ import annotations

import html
from pathlib import PurePath

from .._hotcue import Sample
from ..analysis import Analysis
from ..cli.text import clock, printable
from .drawing import drawing
from .player import LONGEST_SEC, player

MOST_CHARACTERS = 300_000
# Of a name or a title; tags may be as long as they like.
_LONGEST_NAME = 120


def of_sample(sample: Sample) -> str:
    """The sample as HTML: name, facts, waveform, and a player of its first `LONGEST_SEC`.

    Takes some milliseconds, in the thread that calls. Of a streamed sample the player's seconds are
    decoded again from its file; there is no player if that cannot be read.
    """
    heard = sample.analysis
    told = " · ".join(_facts(sample, heard))
    sounds = player(sample)
    cut = f"the first {LONGEST_SEC} s, as a preview" if sample.duration_sec > LONGEST_SEC else ""
    return (
        '<div style="max-width:640px;font:13px/1.6 system-ui,sans-serif">'
        f"<b>{_escaped(_name(sample))}</b><br>{html.escape(told)}"
        f"{drawing(sample, heard.get('bpm'))}{sounds}"
        f"<small>{cut if sounds else ''}</small></div>"
    )


def _name(sample: Sample) -> str:
    if sample.path is not None:
        return PurePath(sample.path).name
    return sample.tags.get("title") or "sample"


def _facts(sample: Sample, heard: Analysis) -> list[str]:
    channels = {1: "mono", 2: "stereo"}.get(sample.channels, f"{sample.channels} channels")
    rate = f"{sample.sample_rate / 1000:g} kHz"
    if sample.source_rate != sample.sample_rate:
        rate += f" from {sample.source_rate / 1000:g} kHz"
    facts = [clock(sample.duration_sec), channels, rate, sample.codec]
    tempo, key, loudness = heard.get("bpm"), heard.get("key"), heard.get("loudness")
    if tempo and tempo["bpm"] is not None:
        facts.append(f"{'' if tempo['confidence'] >= 0.5 else '~'}{tempo['bpm']:.1f} BPM")
    if key:
        facts.append(f"{key['tonic']} {key['mode']} ({key['camelot']})")
    if loudness and loudness["integrated_lufs"] is not None:
        facts.append(f"{loudness['integrated_lufs']:.1f} LUFS".replace("-", "−"))
    return facts


def _escaped(name: str) -> str:
    """A name that cannot be taken for HTML, nor be too long, nor fail to be encoded."""
    shown = printable(name)
    if len(shown) > _LONGEST_NAME:
        shown = shown[: _LONGEST_NAME - 1] + "…"
    return html.escape(shown)
