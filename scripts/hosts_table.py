#!/usr/bin/env python3
"""Prints what `py/tests/test_hosts.py` has measured, as a table.

python scripts/hosts_table.py
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "target" / "hosts"
COLUMNS = {
    "host": "server",
    "path": "path taken",
    "idle_percent": "idle, % of a core",
    "playing_percent": "one voice, % of a core",
    "speed": "speed",
    "xruns": "xruns",
    "tries": "tries",
    "latency_ms": "latency, ms",
    "open_ms": "run(), ms",
    "shut_down_ms": "shut_down(), ms",
    "exit_ms": "interpreter's exit, ms",
}


def main() -> None:
    """A row for each server, and JACK beside a bare client."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    xruns = found.pop("jack_xruns", None)
    rows = found.values()
    print("| " + " | ".join(COLUMNS.values()) + " |")
    print("|---" * len(COLUMNS) + "|")
    for row in rows:
        print("| " + " | ".join(str(row[key]) for key in COLUMNS) + " |")
    if xruns:
        print(
            f"JACK was late {xruns['ours']} times in {xruns['seconds']:.0f} s of playing,"
            f" another server with a bare client beside it {xruns['bare']} times"
        )


if __name__ == "__main__":
    main()
