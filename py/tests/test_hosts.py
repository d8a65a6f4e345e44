"""The sound servers of Linux, each in a session of its own: what is played arrives, whole and
without a gap; what it costs; that a server may die.

What a sink without hardware cannot show: the timing of a sound card's interrupts, its buffer
sizes, sample formats and rates, and what a device does that is unplugged.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sound_servers import Jack, NoServer, PipeWire, Pulse, Servers
from support import PATIENCE_SEC, not_run

pytestmark = [
    pytest.mark.hosts,
    pytest.mark.skipif(sys.platform != "linux", reason="the sound servers of Linux"),
]

LONG = os.environ.get("HOTCUE_LONG") == "1"
PLAY_SEC, IDLE_SEC = (60.0, 20.0) if LONG else (3.0, 2.0)
# A path that spins is left after two to three seconds.
SETTLE_SEC = 4.5
# Of a core. Stated in README; the machine may be busy, which makes each wake-up dearer.
MOST_PLAYING, MOST_IDLE = 0.05, 0.02
OUTPUTS = {"null": "null", "jack": "default", "pipewire": "default", "pulseaudio": "default"}


def noise() -> NDArray[np.float32]:
    """What `host_child.py` plays."""
    values = np.random.default_rng(1).integers(1, 8000, round(48_000 * PLAY_SEC), dtype=np.int16)
    return values.astype(np.float32) / 32_768


class Child:
    """What `host_child.py` says, step by step."""

    def __init__(self, servers: Servers, *, dies: bool) -> None:
        settle = SETTLE_SEC if servers.name == "pipewire" else 0.5
        args = (OUTPUTS[servers.name], settle, IDLE_SEC, PLAY_SEC, int(dies))
        self.process = servers.play(*map(str, args))
        assert self.process.stdout is not None
        self.lines: Iterator[str] = iter(self.process.stdout)
        self.said: dict[str, Any] = {}

    def until(self, step: str) -> dict[str, Any]:
        """Reads on to a step."""
        for line in self.lines:
            said = json.loads(line)
            self.said.setdefault(said["step"], []).append(said)
            if said["step"] == step:
                return said
        raise AssertionError(f"it ended before {step}: {self.said}")

    def end(self) -> dict[str, Any]:
        """Reads to the end, and measures that."""
        last = self.until("shut_down")
        assert self.process.wait(PATIENCE_SEC) == 0
        return {**last, "exit_sec": time.monotonic() - last["at"]}

    def close(self) -> None:
        """Ends it, if it still runs."""
        with self.process as process:
            process.kill()


def check_here(kind: type[Servers]) -> None:
    """Ends a test that cannot run."""
    if missing := kind.missing():
        not_run(f"the sound server {kind.name}", f"{missing} is not here")


def write_row(row: dict[str, Any]) -> None:
    """Keeps the figures of a run: `make nightly` prints them as a table."""
    folder = Path(__file__).parents[2] / "target" / "hosts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{row['host']}.json").write_text(json.dumps(row))


def check_sound(heard: NDArray[np.float32], host: str) -> None:
    """The sample is in what was heard: once, whole, value by value, on both sides alike."""
    expected = noise()
    sounding = np.flatnonzero(heard[:, 0])
    assert len(sounding), f"{host}: nothing was heard"
    first, last = sounding[0], sounding[-1]
    assert last - first + 1 == len(expected), f"{host}: {last - first + 1} of {len(expected)}"
    for side in heard[first : last + 1].T:
        # The servers work in 32-bit floats, or in 24 bits and less.
        off = np.abs(side - expected)
        assert off.max() < 1e-4, f"{host}: differs at frame {np.argmax(off >= 1e-4)}"


@pytest.mark.parametrize("kind", [NoServer, Jack, PipeWire, Pulse], ids=lambda kind: kind.name)
def test_what_is_played_arrives_and_costs_little(kind: type[Servers]) -> None:
    check_here(kind)
    tries = 3
    for again in reversed(range(tries)):
        with kind() as servers, closing(Child(servers, dies=False)) as child:
            opened = child.until("open")
            settled = child.until("settled")
            heard = None
            if servers.monitor():
                heard = servers.recorded(lambda: child.until("played"))
                played = child.said["played"][0]
            else:
                played = child.until("played")
            end = child.end()
        # A busy machine that is late makes a gap that is not ours, and says so; then once more.
        if played["xruns"] == 0 or not again:
            break
    row = {
        "host": kind.name,
        "path": played["output"],
        "open_ms": round(opened["sec"] * 1000),
        "speed": round(played["speed"], 3),
        "idle_percent": round(settled["cpu"] * 100, 2),
        "playing_percent": round(played["cpu"] * 100, 2),
        "latency_ms": round(played["latency_sec"] * 1000, 1),
        "xruns": played["xruns"],
        "shut_down_ms": round(end["sec"] * 1000),
        "exit_ms": round(end["exit_sec"] * 1000),
    }
    write_row(row)
    assert played["ended"], row
    assert abs(played["speed"] - 1) < (0.02 if LONG else 0.2), row
    if heard is not None:
        check_sound(heard, kind.name)
    assert end["sec"] <= 0.5, row
    assert end["exit_sec"] <= 0.5, row
    assert settled["cpu"] <= MOST_IDLE, row
    assert played["cpu"] <= MOST_PLAYING, row


@pytest.mark.parametrize("kind", [Jack, PipeWire, Pulse], ids=lambda kind: kind.name)
def test_a_server_that_is_killed_and_started_again_plays_on(kind: type[Servers]) -> None:
    check_here(kind)
    with kind() as servers, closing(Child(servers, dies=True)) as child:
        child.until("looping")
        servers.kill(signal.SIGKILL)
        assert child.until("device")["state"] == "lost"
        servers.start()
        while child.until("device")["state"] != "recovered":
            pass
        if servers.monitor():
            heard = servers.recorded(lambda: child.until("again"))
            assert np.count_nonzero(heard) > heard.size / 2, "it is silent"
        again = child.said.get("again", [None])[0] or child.until("again")
        assert again["voices"] == 1
        assert again["output"] != "null"
        assert child.end()["sec"] <= 0.5
