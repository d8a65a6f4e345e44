"""``hotcue bench``: many loads at once beneath a loop like a UI's, in figures and as a page."""

from __future__ import annotations

import argparse
import re
from typing import Any

from ..bench import Scenario, figures, print_figures, run, write
from ..bench.scenario import KINDS, material
from ..errors import HotcueError
from .text import complain, console


def bench(args: argparse.Namespace) -> int:
    """Measures the loop with the loads, then without; 1 if a load has no end, or two."""
    try:
        scenario = _scenario(args)
    except ValueError as error:
        complain(str(error))
        return 1
    screen = console(stderr=True)

    def tell(submitted: int, ended: int) -> None:
        if screen.is_terminal:
            screen.print(f"{submitted} submitted, {ended} ended", end="\r")

    runs: list[dict[str, Any]] = []
    try:
        with material(scenario) as found:
            outcome = run(scenario, found, tell=tell)
            runs.append(figures(scenario, found, outcome, "with loads"))
            alone = run(scenario, found, idle_frames=len(outcome.frames))
            runs.append(figures(scenario, found, alone, "the loop alone"))
        write(runs, json_path=args.json, html_path=args.html)
    except (OSError, ValueError, HotcueError) as error:
        complain(str(error))
        return 1
    print_figures(runs, console())
    return 0 if outcome.is_whole() else 1


def _scenario(args: argparse.Namespace) -> Scenario:
    asked = {name: getattr(args, name) for name in Scenario.__dataclass_fields__ if name != "width"}
    low, high = asked["priorities"] = _range(args.priorities)
    mix = asked["mix"] = _mix(args.mix)
    checks = {
        "--loads must be 1 to 1000000": 1 <= args.loads <= 1_000_000,
        "--mix needs a share above 0": any(mix.values()),
        "--priorities must be LOW..HIGH, -100 to 100": -100 <= low <= high <= 100,
        "--cancel must be 0 to 1": 0 <= args.cancel <= 1,
        "--fps must be 1 to 1000": 1 <= args.fps <= 1_000,
        "--per-frame must be 1 or more": args.per_frame >= 1,
        "--waveforms must be 0 or more": args.waveforms >= 0,
        "--work-ms must be 0 to 1000": 0 <= args.work_ms <= 1_000,
    }
    for problem, holds in checks.items():
        if not holds:
            raise ValueError(problem)
    return Scenario(**asked)


def _mix(text: str) -> dict[str, int]:
    mix = {}
    for part in text.split(","):
        kind, _, share = part.partition(":")
        if kind not in KINDS or not re.fullmatch("[0-9]{1,6}", share):
            raise ValueError(f"--mix: {part!r} is no KIND:SHARE of {', '.join(KINDS)}")
        mix[kind] = int(share)
    return mix


def _range(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(-?[0-9]{1,3})\.\.(-?[0-9]{1,3})", text)
    if found is None:
        raise ValueError(f"--priorities: {text!r} is no LOW..HIGH")
    return int(found[1]), int(found[2])
