"""Writes ``docs/PERFORMANCE.md`` and its plots from what ``compare.py`` has measured:
``document.py PEERS.JSON DOCS``."""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

# A resampler below it is not what the targets are laid beside.
GOOD_DB = 100
# What was measured otherwise, by hand.
NOTES = Path(__file__).resolve().parent / "notes.md"
MADE_BY = "<!-- Made by `make bench-peers`; what is changed here is lost. -->"

Row = dict[str, Any]


def document(found: dict[str, Any], plots: dict[str, str]) -> str:
    """The page."""
    machine = found["machine"]
    names = list(found["quality"])
    text = [
        MADE_BY,
        "# Performance",
        "",
        "After this page you know how long loads take beside other libraries, where the time goes, "
        "and what playing costs.",
        "",
        f"The same files, loaded by hotcue and by what else Python programs load audio with, to "
        f"float32 at 48 kHz; {machine['cores']} cores ({machine['architecture']}), Python "
        f"{machine['python']}. Each measurement is a process of its own, the libraries take turns, "
        f"and each figure is the median of {found['rounds']} rounds: hotcue's time **divided by** "
        "the library's in the same round, so below 1 hotcue is faster. *Best* is the ratio to the "
        f"fastest library that resamples with {GOOD_DB} dB or better. What takes more than ten "
        "times as long as hotcue is measured once. Run `make bench-peers` for your machine.",
        "",
    ]
    for scenario in dict.fromkeys(row["scenario"] for row in found["times"]):
        rows = [row for row in found["times"] if row["scenario"] == scenario]
        text += [f"## {scenario.capitalize()}", ""]
        text += [f"![{scenario}](performance/{plots[scenario]})", ""]
        text += table(
            ["format", "hotcue", *names[1:], "best"],
            [
                [
                    row["format"],
                    f"{_median(row, 'hotcue', 'wall_sec'):.3f} s",
                    *[_ratio(row, name) for name in names[1:]],
                    _best(row, found["quality"]),
                ]
                for row in rows
            ],
        )
        text += ["", "Processor seconds and MB of memory at most, beyond what the process had:", ""]
        text += table(
            ["format", *names],
            [[row["format"], *[_cost(row, name) for name in names]] for row in rows],
        )
        text.append("")
    for temperature, loops in found["loops"].items():
        text += [f"## Beneath a UI, {temperature}", ""]
        text += [
            "A loop of 60 frames a second loads 500 one-shots of all formats, 50 a frame, with two "
            "workers; each frame reads all events and 36 waveforms and does 1 ms of other work in "
            "Python. The others load in a pool of threads. In brackets, the same loop without "
            "loads.",
            "",
        ]
        text += table(
            ["library", "loaded", "frames late, p99", "missed", "its calls, p99", "all loaded in"],
            [[name, *_loop(runs)] for name, runs in loops.items()],
        )
        text += ["", _without_a_loop(loops["hotcue"]), ""]
    text += calls(found["calls"])
    text += ["## Resampling", ""]
    text += [
        "What is beside a tone that comes from 44.1 kHz (SNR), and what is left of a tone beyond "
        "the new Nyquist frequency that comes from 96 kHz (alias), in dB.",
        "",
    ]
    keys = list(found["quality"]["hotcue"])
    heads = [key.replace("snr_", "SNR, ") + (" Hz" if "snr" in key else "") for key in keys]
    text += table(
        ["library", "version", *heads],
        [
            [
                name,
                _version(found, name),
                *[f"{quality[key]:.0f}" if quality else "–" for key in keys],
            ]
            for name, quality in found["quality"].items()
        ],
    )
    return "\n".join(text) + "\n\n" + NOTES.read_text(encoding="utf-8")


def calls(runs: list[Row | None]) -> list[str]:
    """What hotcue's own calls take."""
    seen = [run for run in runs if run]

    def row(name: str, key: str) -> list[str]:
        keys = ("p50", "p99", "p99.9", "max")
        return [name, *[f"{median(run[key][of] for run in seen):.1f}" for of in keys]]

    def of_queued(key: str) -> list[str]:
        return [f"{median(run['queued'][loads][key] for run in seen):.1f}" for loads in queued]

    queued = list(seen[0]["queued"])
    event = median(run["event_us"] for run in seen)
    return [
        "## The calls",
        "",
        "10,000 calls of `load_sample_async` while all decoders are at long files, in µs, and a "
        "Python function that does nothing, called in turn with it; the process has made as many "
        f"before. {event:.1f} µs for each event that `poll_loader_events` gives.",
        "",
        *table(
            ["call", "p50", "p99", "p99.9", "most"],
            [row("`load_sample_async`", "submit"), row("a function that does nothing", "empty")],
        ),
        "",
        "Tiny files from memory, submitted at once: µs of processor that the call takes for each, "
        "and µs for all that is done for each, decoding included.",
        "",
        *table(
            ["loads", *[f"{int(loads):,}" for loads in queued]],
            [["the call", *of_queued("submit_us")], ["all", *of_queued("cpu_us")]],
        ),
        "",
    ]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]]


def is_good(quality: Row | None) -> bool:
    """Whether a library resamples as well as the targets ask for."""
    return (
        quality is not None
        and min(min(value for key, value in quality.items() if "snr" in key), -quality["alias"])
        >= GOOD_DB
    )


def _ratios(row: Row, name: str) -> list[float]:
    """hotcue's time over the library's, round by round."""
    pairs = zip(row["runs"]["hotcue"], row["runs"][name], strict=True)
    return [ours["wall_sec"] / theirs["wall_sec"] for ours, theirs in pairs if ours and theirs]


def _ratio(row: Row, name: str) -> str:
    ratios = _ratios(row, name)
    return f"{median(ratios):.2f}" if ratios else "–"


def _best(row: Row, quality: Row) -> str:
    ratios = [
        median(_ratios(row, name))
        for name in quality
        if name != "hotcue" and is_good(quality[name]) and _ratios(row, name)
    ]
    return f"**{max(ratios):.2f}**" if ratios else "–"


def _median(row: Row, name: str, key: str) -> float | None:
    values = [run[key] for run in row["runs"][name] if run]
    return median(values) if values else None


def _cost(row: Row, name: str) -> str:
    cpu, peak = _median(row, name, "cpu_sec"), _median(row, name, "peak_mb")
    return "–" if cpu is None or peak is None else f"{cpu:.2f} s, {peak:.0f}"


def _loop(runs: list[Row | None]) -> list[str]:
    """What a library does to the loop."""
    seen = [run for run in runs if run]
    if not seen:
        return ["–"] * 5

    def middle(key: str) -> float:
        return median(run[key] for run in seen)

    return [
        f"{median(run['ends'].get('success', 0) for run in seen):.0f}",
        f"{middle('late_p99_ms'):.1f} ms ({middle('late_p99_alone_ms'):.1f})",
        f"{middle('missed'):.0f} ({middle('missed_alone'):.0f})",
        f"{middle('calls_p99_ms'):.2f} ms",
        f"{middle('wall_sec'):.2f} s",
    ]


def _without_a_loop(runs: list[Row | None]) -> str:
    seen = [run for run in runs if run]
    alone = median(run["loads_alone_sec"] for run in seen)
    ratio = median(run["wall_sec"] / run["loads_alone_sec"] for run in seen)
    return (
        f"Submitted at once, and without any loop, hotcue has loaded all in {alone:.2f} s; beneath "
        f"the loop it takes {ratio:.2f} times as long, from the first frame to the last."
    )


def _version(found: Row, name: str) -> str:
    runs = (run for row in found["times"] for run in row["runs"][name] if run)
    return next((run["version"] for run in runs), "–")


def plot(rows: list[Row], names: list[str]) -> str:
    """Bars: each library's seconds as a multiple of hotcue's, format by format."""
    bar, gap, left, width = 9, 14, 96, 640
    group = bar * len(names) + gap
    times = {
        (row["format"], name): (_median(row, name, "wall_sec") or 0.0)
        / (_median(row, "hotcue", "wall_sec") or 1.0)
        for row in rows
        for name in names
    }
    most = min(max(times.values()), 8.0)
    colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"]
    place = (width - left - 40) / most
    height = group * len(rows) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="10">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for index, name in enumerate(names):
        x = 10 + index * 88
        parts.append(f'<rect x="{x}" y="8" width="9" height="9" fill="{colours[index]}"/>')
        parts.append(f'<text x="{x + 12}" y="16" font-size="9">{escape(name)}</text>')
    for number, row in enumerate(rows):
        top = 30 + number * group
        parts.append(f'<text x="8" y="{top + group / 2 - 3}">{escape(row["format"])}</text>')
        for index, name in enumerate(names):
            times_ours = times[row["format"], name]
            y = top + index * bar
            length = min(times_ours, most) * place
            parts.append(
                f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 1}" '
                f'fill="{colours[index]}"/>'
            )
            label = f"{times_ours:.2f} ×" if times_ours else "cannot"
            parts.append(
                f'<text x="{left + length + 4:.1f}" y="{y + bar - 1}" font-size="8">{label}</text>'
            )
    below = f"seconds as a multiple of hotcue's; bars end at {most:.0f}"
    parts.append(f'<text x="{left}" y="{height - 10}">{below}</text></svg>')
    return "\n".join(parts) + "\n"


def main() -> None:
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    docs = Path(sys.argv[2])
    (docs / "performance").mkdir(parents=True, exist_ok=True)
    plots = {}
    for scenario in dict.fromkeys(row["scenario"] for row in found["times"]):
        rows = [row for row in found["times"] if row["scenario"] == scenario]
        plots[scenario] = scenario.replace(",", "").replace(" ", "-") + ".svg"
        text = plot(rows, list(found["quality"]))
        (docs / "performance" / plots[scenario]).write_text(text, encoding="utf-8")
    (docs / "PERFORMANCE.md").write_text(document(found, plots), encoding="utf-8")


if __name__ == "__main__":
    main()
