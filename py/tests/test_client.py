"""The smallest client there is: a UI's loop that knows a dozen methods and no ticket."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

from support import PATIENCE_SEC, Sounds

import hotcue


class Pads:
    """What a sampler's window does, without the window."""

    def __init__(self, engine: hotcue.AudioEngine) -> None:
        self.engine = engine
        self.labels: dict[int, str] = {}

    def load(self, id: int, path: Path) -> None:
        self.labels[id] = "loading"
        self.engine.load_sample_async(id, str(path))

    def frame(self) -> None:
        while (event := self.engine.poll_loader_events()) is not None:
            if event["type"] == "progress":
                self.labels[event["id"]] = f"{event['percent']:.0f} %"
            elif event["type"] == "success":
                self.labels[event["id"]] = f"{event['duration_sec']:.3f} s"
            elif event["type"] == "error":
                self.labels[event["id"]] = event["error"]

    def loop_until_loaded(self) -> None:
        deadline = time.monotonic() + PATIENCE_SEC
        while any(label == "loading" or label.endswith("%") for label in self.labels.values()):
            assert time.monotonic() < deadline, self.labels
            self.frame()
            time.sleep(1 / 60)


def test_a_client_that_knows_only_the_basics(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hotcue.NoOutputWarning)  # As the machine may be.
        engine.run()
    engine.set_volume(0.0)  # Nobody wants to hear tests.
    pads = Pads(engine)
    for id in range(20):
        pads.load(id, sounds.wav(f"{id}.wav", frames=480 * (id + 1), seed=id))
    pads.load(20, sounds.missing())
    pads.load(21, sounds.corrupt())
    pads.loop_until_loaded()
    assert [pads.labels[id] for id in range(20)] == [f"{(id + 1) / 100:.3f} s" for id in range(20)]
    assert "not found" in pads.labels[20]
    assert pads.labels[21]

    engine.set_volume(0.0)
    engine.set_speed(1.5)
    assert engine.play_sample(3) is not None
    assert engine.play_sample(20) is None
    engine.stop_sample(3)
    engine.stop_all()

    pads.load(3, sounds.wav("newer.wav", frames=4800))
    pads.loop_until_loaded()
    assert pads.labels[3] == "0.100 s"
    engine.unload_sample(3)
    assert engine.play_sample(3) is None
    engine.shut_down()
    pads.frame()
    assert engine.poll_loader_events() is None
