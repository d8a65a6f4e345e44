"""What a load copies before its call returns: where memory is short, and while Ctrl-C comes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

from hotcue import _hotcue

BYTES = 1 << 27


@pytest.mark.skipif(sys.platform != "linux", reason="limits what /proc counts")
def test_no_memory_for_it_is_a_memory_error(python: Callable[..., Any]) -> None:
    done = python(
        """if True:
        import os, resource, numpy as np, hotcue
        engine = hotcue.AudioEngine(output="null")
        engine.run()
        array, content = np.zeros((2, 1 << 24), np.float32), bytes(1 << 27)
        rate = 48_000
        calls = {
            "analyze": lambda few: hotcue.analyze(array[:, :few], "loudness", sample_rate=rate),
            "resample": lambda few: hotcue.resample(array[:, :few], rate, 96_000),
            "load_array": lambda few: engine.load_sample_async(0, array[:, :few], sample_rate=rate),
            "load": lambda few: engine.load_sample_async(0, content[:few]),
            "decode": lambda few: few or hotcue.decode(content),
        }
        for call in calls.values():
            call(1000)  # Whatever is loaded once.
        used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 26), -1))
        for name, call in calls.items():
            try:
                call(None)
            except MemoryError:
                print(name)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["analyze", "resample", "load_array", "load", "decode"]


class Stopped(Exception):
    pass


@pytest.mark.skipif(os.name == "nt", reason="SIGALRM is POSIX")
@pytest.mark.parametrize(
    "content",
    [
        lambda: bytes(BYTES),
        lambda: bytearray(BYTES),
        lambda: (b"head", np.zeros((2, BYTES // 8), np.float32)),
    ],
    ids=["bytes", "bytearray", "array"],
)
def test_signals_are_looked_at_meanwhile(content: Callable[[], Any]) -> None:
    source = content()

    def copy() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.005)  # It takes longer.
        _hotcue.info(source)

    def tick(_: int, frame: FrameType | None) -> None:
        # And not in what is called to say that this is no audio.
        if frame is not None and frame.f_code is copy.__code__:
            raise Stopped

    before = signal.signal(signal.SIGALRM, tick)
    try:
        with pytest.raises(Stopped):
            copy()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
