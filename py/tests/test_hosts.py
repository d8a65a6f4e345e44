"""The sound servers of Linux, each in a session of its own: what is played arrives, whole and
without a gap; what it costs; that a server may die.

What a sink without hardware cannot show: the timing of a sound card's interrupts, its buffer
sizes, sample formats and rates, and what a device does that is unplugged.
"""

from __future__ import annotations

import json
import os
import shutil
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
MOST_TRIES = 5 if LONG else 3
# Of a core. Stated in README; the machine may be busy, which makes each wake-up dearer.
MOST_PLAYING, MOST_IDLE = 0.05, 0.02
OUTPUTS = {"null": "null", "jack": "default", "pipewire": "default", "pulseaudio": "default"}


def noise() -> NDArray[np.float32]:
    """What `host_child.py` plays."""
    values = np.random.default_rng(1).integers(1, 8000, round(48_000 * PLAY_SEC), dtype=np.int16)
    return values.astype(np.float32) / 32_768


class Child:
    """What `host_child.py` says, step by step."""

    def __init__(self, servers: Servers, *, dies: bool, play_sec: float = PLAY_SEC) -> None:
        settle = SETTLE_SEC if servers.name == "pipewire" else 0.5
        args = (OUTPUTS[servers.name], settle, IDLE_SEC, play_sec, int(dies))
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

    def go_on(self) -> None:
        """Tells it to."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def play(self) -> None:
        """Tells it to play, and waits for the end of that."""
        self.go_on()
        self.until("played")

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


def flaw(heard: NDArray[np.float32]) -> str | None:
    """What keeps the sample from being in what was heard: once, whole, on both sides alike."""
    expected = noise()
    sounding = np.flatnonzero(heard[:, 0])
    if not len(sounding):
        return "nothing was heard"
    first, last = sounding[0], sounding[-1]
    if last - first + 1 != len(expected):
        return f"{last - first + 1} frames of {len(expected)}"
    # The servers work in 32-bit floats, or in 24 bits and less.
    off = np.abs(heard[first : last + 1] - expected[:, None]).max(axis=1) >= 1e-4
    return f"it differs at frame {np.argmax(off)}" if off.any() else None


@pytest.mark.parametrize("kind", [NoServer, Jack, PipeWire, Pulse], ids=lambda kind: kind.name)
def test_what_is_played_arrives_and_costs_little(kind: type[Servers]) -> None:
    check_here(kind)
    # A machine that stands still for a moment makes a gap in whatever plays; then once more.
    tries, found = 0, None
    while tries < MOST_TRIES:
        tries += 1
        with kind() as servers, closing(Child(servers, dies=False)) as child:
            opened = child.until("open")
            settled = child.until("settled")
            if servers.monitor():
                found = flaw(servers.recorded(child.play))
            else:
                child.play()
            played = child.said["played"][0]
            child.go_on()
            end = child.end()
        if found is None:
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
        "tries": tries,
        "shut_down_ms": round(end["sec"] * 1000),
        "exit_ms": round(end["exit_sec"] * 1000),
    }
    write_row(row)
    assert played["ended"], row
    assert abs(played["speed"] - 1) < (0.02 if LONG else 0.2), row
    assert found is None, f"{kind.name}: {found}"
    assert end["sec"] <= 0.5, row
    assert end["exit_sec"] <= 0.5, row
    assert settled["cpu"] <= MOST_IDLE, row
    assert played["cpu"] <= MOST_PLAYING, row


@pytest.mark.parametrize("kind", [Jack, PipeWire, Pulse], ids=lambda kind: kind.name)
def test_a_server_that_is_killed_and_started_again_plays_on(kind: type[Servers]) -> None:
    check_here(kind)
    with kind() as servers, closing(Child(servers, dies=True)) as child:
        child.play()
        child.go_on()
        child.until("looping")
        servers.kill(signal.SIGKILL)
        assert child.until("device")["state"] == "lost"
        servers.start()
        while child.until("device")["state"] != "recovered":
            pass
        if servers.monitor():
            # Longer than a server may take in advance.
            heard = servers.recorded(lambda: time.sleep(3))[-48_000:]
            # It may move from a path that spins to a better one meanwhile.
            assert np.count_nonzero(heard) > heard.size / 2, "it is silent"
        child.go_on()
        again = child.until("again")
        assert again["voices"] == 1
        assert again["output"] != "null"
        assert child.end()["sec"] <= 0.5


def test_jack_is_late_no_more_often_than_with_a_bare_client() -> None:
    check_here(Jack)
    if shutil.which("jack_metro") is None:
        not_run("a bare client of JACK", "jack_metro is not here")
    seconds = 600.0 if LONG else 10.0
    with Jack() as ours, Jack() as theirs:
        bare = theirs.spawn("jack_metro", "-b", "120")
        with closing(Child(ours, dies=False, play_sec=seconds)) as child:
            child.until("settled")
            before = ours.xruns(), theirs.xruns()
            child.play()
            after = ours.xruns(), theirs.xruns()
            assert child.said["played"][0]["ended"], child.said["played"]
            assert bare.poll() is None, "the bare client has ended"
    with_us, with_bare = (end - begin for begin, end in zip(before, after, strict=True))
    write_row({"host": "jack_xruns", "seconds": seconds, "ours": with_us, "bare": with_bare})
    # The machine is late for both; by chance for one of them more often.
    assert with_us <= with_bare + 3 * with_bare**0.5 + 3, (with_us, with_bare)
