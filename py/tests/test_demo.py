"""The demo: what it writes, found again by other means than those that wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import hotcue
from hotcue.cli.demo import _bars
from hotcue.cli.kit import read_kit
from hotcue.cli.load import load_all

PACKAGE = Path(hotcue.__file__).parent
BARS = 2
WITHIN_SEC = 0.002


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[NDArray[np.float64], int]:
    """The bars that the demo writes, ``(frames, channels)`` in −1..1, and their rate."""
    path = tmp_path_factory.mktemp("demo") / "demo.wav"
    command = [sys.executable, "-m", "hotcue", "demo", "--output", "null"]
    command += ["--bars", str(BARS), "--wav", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        codes = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return codes.reshape(-1, file.getnchannels()) / 32768.0, file.getframerate()


def beat_times() -> NDArray[np.float64]:
    """Where the kit's own description has the quarter notes, in seconds."""
    kit = json.loads((PACKAGE / "kit" / "kit.json").read_text())
    return np.arange(BARS * kit["beats_per_bar"]) * (60 / kit["tempo_bpm"])


def onset_strength(audio: NDArray[np.float64], hop: int) -> NDArray[np.float64]:
    """Per hop, how much louder it is than the ten milliseconds before, as log energy.

    Of the second difference of the samples, which leaves little of bass and chords.
    """
    bright = np.diff(audio.mean(axis=1), n=2, prepend=[0.0, 0.0])
    whole = len(bright) // hop * hop
    energy = (bright[:whole].reshape(-1, hop) ** 2).sum(axis=1)
    before = np.convolve(energy, np.ones(20) / 20)[: len(energy)]
    before = np.concatenate([[0.0], before[:-1]])
    floor = 1e-7
    return np.asarray(np.log((energy + floor) / (before + floor)))


def test_every_written_beat_is_heard_where_it_is_written(
    written: tuple[NDArray[np.float64], int],
) -> None:
    audio, rate = written
    hop = rate // 4000
    strength = onset_strength(audio, hop)
    for beat, due_sec in enumerate(beat_times()):
        due = due_sec * rate / hop
        around = slice(max(0, int(due) - 80), int(due) + 80)
        strongest = around.start + int(np.argmax(strength[around]))
        assert strength[strongest] > 3.0, f"beat {beat} is not struck"
        late_sec = strongest * hop / rate - due_sec
        assert abs(late_sec) <= WITHIN_SEC, f"beat {beat} is {1e3 * late_sec:.2f} ms late"


def test_nothing_strikes_between_the_steps(written: tuple[NDArray[np.float64], int]) -> None:
    """The check above would find a beat in any noise: this one shows that it does not."""
    audio, rate = written
    hop = rate // 4000
    strength = onset_strength(audio, hop)
    step_sec = beat_times()[1] / 4
    for step in range(len(beat_times()) * 4):
        quiet = slice(
            int((step + 0.4) * step_sec * rate / hop), int((step + 0.9) * step_sec * rate / hop)
        )
        assert strength[quiet].max() < 3.0, f"something strikes after step {step}"


def test_the_peak_is_at_minus_twelve_decibels(written: tuple[NDArray[np.float64], int]) -> None:
    audio, _ = written
    peak_dbfs = 20 * np.log10(np.abs(audio).max())
    assert -14 <= peak_dbfs <= -10


def test_the_kit_is_in_the_package_small_and_of_many_formats() -> None:
    kit = json.loads((PACKAGE / "kit" / "kit.json").read_text())
    files = [PACKAGE / "kit" / sample["file"] for sample in kit["samples"]]
    assert sum(file.stat().st_size for file in files) <= 2_000_000
    with hotcue.AudioEngine(output="offline", slots=len(files)) as engine:
        for file in files:
            engine.load_sample_async(None, file).result(60)
        loaded = [engine.sample(slot) for slot in range(len(files))]
    formats = {(sample.container, sample.codec) for sample in loaded if sample is not None}
    assert len(formats) >= 8, formats


def test_no_note_of_many_bars_is_missed() -> None:
    """They bring more events than the engine keeps."""
    kit, problems = read_kit(), list[str]()
    with hotcue.AudioEngine(output="offline", slots=len(kit.files)) as engine:
        load_all(engine, [str(file) for file in kit.files], draw=False, keep=True)
        frames = sum(part.shape[1] for part in _bars(engine, kit, 120, 1.0, problems))
        dropped = engine.stats()["dropped_events"]
    bar_sec = kit.step_sec * kit.steps_per_bar
    assert frames / 48_000 == pytest.approx(120 * bar_sec + 2.0, abs=1e-3)
    assert (problems, dropped) == ([], 0)
