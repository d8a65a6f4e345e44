"""What this process has of the machine."""

from __future__ import annotations

import os
import sys

try:
    import resource
except ImportError:  # Windows has none.
    resource = None  # type: ignore[assignment]


def cores() -> int:
    """Cores that it may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def resident_mb() -> float | None:
    """Memory that it takes; None where `/proc` does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return None


def peak_resident_mb() -> float | None:
    """The most memory that it has taken so far; None where the system does not tell."""
    if resource is None:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6
