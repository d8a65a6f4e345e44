"""Long files, played from where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE_SEC, Sounds, wait_until

import hotcue

RATE = 48_000
FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"


def long_file(folder: Path, seconds: int = 12) -> tuple[Path, np.ndarray]:
    """A stereo file of noise, and what is in it."""
    import wave

    frames = np.random.default_rng(1).integers(-20_000, 20_000, (seconds * RATE, 2), np.int16)
    path = folder / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames.astype("<i2").tobytes())
    return path, (frames.T / np.float32(32_768)).astype(np.float32)


def test_a_streamed_file_sounds_as_it_is(tmp_path: Path) -> None:
    path, expected = long_file(tmp_path)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        sample = engine.load_sample_async(0, path, stream=True).result(PATIENCE_SEC)
        assert sample.streamed
        assert (sample.channels, sample.frames) == (2, expected.shape[1])
        assert engine.play_sample(0) is not None
        assert np.array_equal(engine.render(expected.shape[1]), expected)
        assert engine.stats()["underruns"] == 0


def test_a_streamed_sample_is_not_in_memory_and_says_so(tmp_path: Path) -> None:
    path, _ = long_file(tmp_path)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        streamed = engine.load_sample_async(0, path, stream=True).result(PATIENCE_SEC)
        with pytest.raises(RuntimeError, match="stream=True"):
            streamed.to_numpy()
        loaded = engine.load_sample_async(1, path).result(PATIENCE_SEC)
        assert not loaded.streamed
        assert loaded.to_numpy().shape == (2, loaded.frames)
        assert engine.stats()["sample_bytes"] < 2 * loaded.to_numpy().nbytes


def test_waveform_and_metadata_of_a_stream_are_those_of_the_file() -> None:
    path = FIXTURES / "long" / "mp3_vbr.mp3"
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        loaded = engine.load_sample_async(0, path).result(PATIENCE_SEC)
        streamed = engine.load_sample_async(1, path, stream=True).result(PATIENCE_SEC)
        wait_until(
            "the file to be read through",
            lambda: bool(streamed.waveform(10, 0.0, loaded.duration_sec).max[:, 9].any()),
        )
        wait_until("its length to be known", lambda: streamed.frames == loaded.frames)
        assert (streamed.codec, streamed.source_rate) == (loaded.codec, loaded.source_rate)
        assert streamed.tags == loaded.tags
        assert streamed.loops == loaded.loops
        ours, theirs = (s.waveform(5, 0.0, loaded.duration_sec) for s in (streamed, loaded))
        assert np.allclose(ours.max, theirs.max, atol=0.05)


@pytest.mark.parametrize("neither", ["no", 1, None])
def test_whether_it_streams_is_true_or_false(neither: object, sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        with pytest.raises(TypeError, match="stream"):
            engine.load_sample_async(0, sounds.wav(), stream=neither)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="stream"):
            engine.load_many_async({0: sounds.wav()}, stream=neither)  # type: ignore[arg-type]
        assert engine.state(0) == "empty"


def test_many_streams_at_once_and_seeks(tmp_path: Path) -> None:
    path, expected = long_file(tmp_path)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        batch = engine.load_many_async({0: path, 1: path}, stream=True)
        assert all(ticket.result(PATIENCE_SEC).streamed for ticket in batch.requests)
        voice = engine.play_sample(1, start_sec=3.0)
        assert voice is not None
        engine.render(9_600)
        engine.seek_voice(voice, 8.0)
        heard = engine.render(9_600)[0]
        landed = expected[0, 8 * RATE :]
        assert any(
            np.array_equal(heard[4_000:9_000], landed[4_000 - late : 9_000 - late])
            for late in range(1_500)
        )
        assert engine.stats()["stream_voices"] == 1
