"""``hotcue bench``: many loads at once beneath a loop like a UI's, in figures and as a page."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from ..bench import Scenario, compare, figures, print_figures, run, run_alone, write
from ..bench.report import LOADS_ALONE, LOOP_ALONE, WITH_LOADS
from ..bench.scenario import KINDS, Material, evict, material
from ..bench.ui import Outcome
from ..errors import HotcueError
from .text import complain, console, reason


def bench(args: argparse.Namespace) -> int:
    """Measures the loop with the loads, without them, and them without the loop, in turns; 1 if a
    load fails, or has no end, or two, 2 for what cannot be measured."""
    try:
        scenario = _scenario(args)
    except ValueError as error:
        complain(str(error))
        return 2
    screen = console(stderr=True)

    def tell(submitted: int, ended: int) -> None:
        if screen.file.isatty():
            screen.print(f"{submitted} submitted, {ended} ended", end="\r")

    runs: list[dict[str, Any]] = []
    whole = True
    ended = failed = 0
    why = None
    try:
        with material(scenario) as found:
            for refused in found.closed:
                complain(reason(refused))
                whole = False
            for _ in range(args.rounds):
                for name, measure in _kinds(scenario, found, tell).items():
                    if args.cold:
                        evict(found.paths)
                    outcome = measure()
                    whole &= outcome.is_whole()
                    ended += outcome.ends.total()
                    failed += outcome.ends["error"]
                    why = why or outcome.error
                    runs.append(figures(scenario, found, outcome, name))
    except OSError as error:
        complain(reason(error))
        return 1
    except (ValueError, HotcueError) as error:
        complain(str(error))
        return 1
    if failed:
        complain(f"{failed} of {ended} loads failed: {why}")
        whole = False
    try:  # First, as they are to be there whatever becomes of the table.
        write(runs, json_path=args.json, html_path=args.html)
    except OSError as error:
        complain(reason(error))
        whole = False
    print_figures(runs, console())
    console().print(compare(runs))
    return 0 if whole else 1


def _kinds(
    scenario: Scenario, files: Material, tell: Callable[[int, int], None]
) -> dict[str, Callable[[], Outcome]]:
    """What is measured in each round, by its name, in this order."""
    frames = 0

    def with_loads() -> Outcome:
        nonlocal frames
        outcome = run(scenario, files, tell=tell)
        frames = len(outcome.frames)
        return outcome

    return {
        WITH_LOADS: with_loads,
        LOOP_ALONE: lambda: run(scenario, files, idle_frames=frames),
        LOADS_ALONE: lambda: run_alone(scenario, files),
    }


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
        "--rounds must be 1 to 1000": 1 <= args.rounds <= 1_000,
        "--per-frame must be 1 or more": args.per_frame >= 1,
        "--waveforms must be 0 or more": args.waveforms >= 0,
        "--work-ms must be 0 to 1000": 0 <= args.work_ms <= 1_000,
        "--workers must be 1 to 256": args.workers is None or 1 <= args.workers <= 256,
        "--rate must be 1000 to 768000": 1_000 <= args.rate <= 768_000,
        "--budget-mb must be 1 to 1000000000": (
            args.budget_mb is None or 1 <= args.budget_mb <= 1_000_000_000
        ),
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
