"""The figures as JSON, as a table, and as a page that draws them."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import __version__
from ..cli.text import printable
from ..machine import cores, peak_resident_mb
from .scenario import Material, Scenario
from .ui import Outcome

# Points of the curve that the page draws.
CURVE = 200
# Most points of what is drawn over time.
MAX_POINTS = 2_000
# Where the page takes the runs from.
RUNS = "/*RUNS*/[]"
# The names of the runs.
WITH_LOADS = "with loads"
LOOP_ALONE = "the loop alone"
LOADS_ALONE = "the loads alone"
# What the table has of each run beside distributions.
FIGURES = (
    "wall_sec",
    "cpu_sec",
    "loads_per_sec",
    "mb_per_sec",
    "times_realtime",
    "peak_resident_mb",
    "xruns",
    "missed_frames",
    "without_end",
    "ended_twice",
)
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}


def figures(scenario: Scenario, material: Material, outcome: Outcome, name: str) -> dict[str, Any]:
    """Everything that was measured, as JSON has it. The names carry the units."""
    late = [frame.late_ms for frame in outcome.frames]
    stride = max(1, math.ceil(len(outcome.frames) / MAX_POINTS))
    # Of each stretch the worst frame, so that none is lost between two points.
    stretches = [outcome.frames[at : at + stride] for at in range(0, len(late), stride)]
    worst = [max(stretch, key=lambda frame: frame.late_ms) for stretch in stretches]
    wall = outcome.wall_sec
    return {
        "version": 1,
        "by": f"hotcue {__version__} (Python {platform.python_version()})",
        "name": name,
        "machine": {
            "system": platform.system().lower(),
            "architecture": platform.machine(),
            "cores": cores(),
        },
        "scenario": {
            "material": material.name,
            "loads": scenario.loads,
            "workers": outcome.stats["workers"],
            "priorities": list(scenario.priorities),
            "cancel": scenario.cancel,
            "fps": scenario.fps,
            "per_frame": scenario.per_frame,
            "engine_rate_hz": scenario.rate,
            "output": outcome.stats["output"],
            "keep": scenario.keep,
            "waveforms": scenario.waveforms,
            "work_ms": scenario.work_ms,
        },
        "ends": dict(outcome.ends),
        "from_cache": outcome.from_cache,
        "without_end": outcome.without_end,
        "ended_twice": outcome.twice,
        "wall_sec": wall,
        "cpu_sec": outcome.cpu_sec,
        "loads_per_sec": outcome.ends.total() / wall,
        "mb_per_sec": outcome.bytes / 1e6 / wall,
        "times_realtime": outcome.audio_sec / wall,
        "peak_resident_mb": peak_resident_mb(),
        "xruns": outcome.stats["xruns"],
        "dropped_events": outcome.stats["dropped_events"],
        "missed_frames": outcome.missed_frames(scenario.fps),
        "latency_ms": {
            **{name: distribution(values) for name, values in outcome.latency_ms.items()},
            "published to polled": distribution(outcome.event_ms),
        },
        "submit_us": distribution(outcome.submit_us),
        "frame_late_ms": distribution(late),
        "frame_calls_ms": distribution([frame.calls_ms for frame in outcome.frames]),
        # Seconds, ms late, requests that have ended, resident MB.
        "frames": [
            [frame.time_sec, frame.late_ms, frame.ended, frame.resident_mb] for frame in worst
        ],
    }


def distribution(values: Sequence[float]) -> dict[str, Any] | None:
    """Percentiles (nearest rank), and the curve that they lie on: ``curve[i]`` is the value below
    which ``i / (CURVE - 1)`` of all are. None without values."""
    ordered = sorted(values)
    if not ordered:
        return None

    def at(share: float) -> float:
        rank = math.ceil(share * len(ordered))
        return ordered[min(max(rank, 1), len(ordered)) - 1]

    return {
        "count": len(ordered),
        **{name: at(share) for name, share in SHARES.items()},
        "curve": [at(index / (CURVE - 1)) for index in range(CURVE)],
    }


def write(runs: Sequence[dict[str, Any]], *, json_path: str | None, html_path: str | None) -> None:
    """Writes the files that were asked for. Raises `OSError`."""
    if json_path is not None:
        Path(json_path).write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    if html_path is not None:
        page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
        text = json.dumps(runs).replace("</", "<\\/")  # That would end the page's script.
        Path(html_path).write_text(page.replace(RUNS, text, 1), encoding="utf-8")


def compare(runs: Sequence[dict[str, Any]]) -> str:
    """What the loads do to the loop, and the loop to the loads: medians of all rounds."""

    def middle(name: str, *path: str) -> float:
        return _median([run for run in runs if run["name"] == name], *path) or 0.0

    late = middle(WITH_LOADS, "frame_late_ms", "p99") - middle(LOOP_ALONE, "frame_late_ms", "p99")
    missed = middle(WITH_LOADS, "missed_frames") - middle(LOOP_ALONE, "missed_frames")
    longer = middle(WITH_LOADS, "wall_sec") / middle(LOADS_ALONE, "wall_sec")
    return (
        f"The loads make the loop's frames {late:+.2f} ms late (p99), with {missed:+.0f} missed; "
        f"the engine's calls take {middle(WITH_LOADS, 'frame_calls_ms', 'p99'):.2f} ms of a frame "
        f"(p99). The loop makes the loads take {longer:.2f} times as long."
    )


def print_figures(runs: Sequence[dict[str, Any]], screen: Console) -> None:
    """The table: a column for each kind of run, with the medians of its rounds."""
    first = runs[0]
    told = (
        f"{first['scenario']['loads']} loads, {first['scenario']['workers']} workers, "
        f"{first['machine']['cores']} cores: {first['scenario']['material']}"
    )
    screen.print(Text(printable(told)))
    kinds = {
        name: [run for run in runs if run["name"] == name]
        for name in dict.fromkeys(run["name"] for run in runs)
    }
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in kinds:
        table.add_column(name, justify="right", no_wrap=True)
    for key in FIGURES:
        table.add_row(key, *[_short(_median(rounds, key)) for rounds in kinds.values()])
    latencies = dict.fromkeys(name for run in runs for name in run["latency_ms"])
    paths = {
        **{f"{name}, ms": ("latency_ms", name) for name in latencies},
        "load_sample_async, µs": ("submit_us",),
        "frame late, ms": ("frame_late_ms",),
        "calls per frame, ms": ("frame_calls_ms",),
    }
    for title, path in paths.items():
        for share in ("p50", "p99", "max"):
            cells = [_short(_median(rounds, *path, share)) for rounds in kinds.values()]
            table.add_row(f"{title}, {share}", *cells)
    screen.print(table)


def _median(runs: Sequence[dict[str, Any]], *path: str) -> float | None:
    """Of the figure that lies at `path`; None where no run has it."""
    found = []
    for run in runs:
        figure: Any = run
        for key in path:
            figure = (figure or {}).get(key)
        if figure is not None:
            found.append(figure)
    return median(found) if found else None


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"
