"""NumPy arrays as what is loaded, and samples as buffers."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, Sounds, drain

import hotcue

RATE = 48_000


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def loaded(audio: Any, **options: Any) -> hotcue.Sample:
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        return engine.load_sample_async(0, audio, **options).result()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9_001), (2, 9_001), (6, 500), (64, 3)])
def test_floats_are_loaded_as_they_are(shape: tuple[int, int]) -> None:
    values = 3 * noise(*shape)  # Beyond full scale, too.
    sample = loaded(values, sample_rate=RATE)
    assert np.array_equal(sample.to_numpy(), values)
    assert (sample.source_rate, sample.path) == (RATE, None)


def test_one_dimension_is_mono() -> None:
    values = noise(1000)
    assert np.array_equal(loaded(values, sample_rate=RATE).to_numpy(), values[np.newaxis])


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_other_floats_are_rounded_to_float32(dtype: Any) -> None:
    values = noise(2, 100).astype(dtype)
    assert np.array_equal(loaded(values, sample_rate=RATE).to_numpy(), values.astype(np.float32))


@pytest.mark.parametrize(
    ("dtype", "least", "middle", "most"),
    [
        (np.int8, -1.0, 0.0, 127 / 128),
        (np.int16, -1.0, 0.0, 32_767 / 32_768),
        (">i2", -1.0, 0.0, 32_767 / 32_768),
        (np.int32, -1.0, 0.0, 1.0),  # In float32 the last step rounds up.
        (np.uint8, -1.0, 0.0, 127 / 128),
        (np.uint16, -1.0, 0.0, 32_767 / 32_768),
    ],
)
def test_integers_are_shares_of_full_scale(
    dtype: Any, least: float, middle: float, most: float
) -> None:
    limits = np.iinfo(dtype)
    zero = 0 if limits.min < 0 else 1 << (limits.bits - 1)
    values = np.array([limits.min, zero, limits.max], dtype)
    expected = np.array([[least, middle, most]], np.float32)
    assert np.array_equal(loaded(values, sample_rate=RATE).to_numpy(), expected)


def test_arrays_need_not_be_contiguous_and_may_change_afterwards() -> None:
    frames_first = noise(2000, 2)
    turned = frames_first.T[:, ::-1]
    expected = turned.copy()
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        ticket = engine.load_sample_async(0, turned, sample_rate=RATE)
        frames_first[:] = 0
        assert np.array_equal(ticket.result().to_numpy(), expected)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_long_array_is_copied_piece_by_piece_and_stays_whole(channels: int) -> None:
    # Two pieces of 131,072 frames, and some.
    ramp = np.arange(channels * 300_001, dtype=np.float32).reshape(channels, -1)
    audio = ramp / np.float32(1 << 20)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        ticket = engine.load_sample_async(0, audio, sample_rate=RATE)
        audio[:] = 0.0
        found = ticket.result(PATIENCE_SEC).to_numpy()
    assert np.array_equal(found, ramp / np.float32(1 << 20))


def test_another_rate_is_converted_as_a_file_of_it_is(sounds: Sounds) -> None:
    file = sounds.wav(frames=5000, channels=2)
    values, _ = hotcue.decode(file)
    with hotcue.AudioEngine(output="offline", sample_rate=44_100) as engine:
        expected = engine.load_sample_async(0, file).result().to_numpy()
        ticket = engine.load_sample_async(1, values, sample_rate=RATE)
        assert np.array_equal(ticket.result().to_numpy(), expected)
        (events,) = drain(engine, [ticket]).values()
    assert events[-1]["type"] == "success"
    assert events[-1]["source_rate"] == RATE


def test_what_exports_a_buffer_of_numbers_is_an_array() -> None:
    floats = array.array("f", [0.5, -0.25, 1.0])
    expected = np.array([[0.5, -0.25, 1.0]], np.float32)
    assert np.array_equal(loaded(floats, sample_rate=RATE).to_numpy(), expected)
    assert np.array_equal(loaded(memoryview(floats), sample_rate=RATE).to_numpy(), expected)


def test_a_view_of_floats_is_an_array_wherever_audio_is_taken() -> None:
    values = noise(2, 4800)
    view = memoryview(values)
    expected = hotcue.analyze(values, "loudness", sample_rate=RATE)
    assert hotcue.analyze(view, "loudness", sample_rate=RATE) == expected
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        (sample,) = engine.load_many_async({0: view}, sample_rate=RATE).result(PATIENCE_SEC)
        assert isinstance(sample, hotcue.Sample)
        assert np.array_equal(sample.to_numpy(), values)
        for refused in (engine.load_sample_async, lambda _, view: hotcue.analyze(view)):
            with pytest.raises(TypeError, match="an array needs its sample_rate"):
                refused(1, view)


def test_what_is_an_array_alone_is_one_among_many(sounds: Sounds) -> None:
    values = noise(1, 480)
    plain = array.array("f", values[0].tolist())
    whole = np.rint(values[0] * 32_767).astype(np.int16)
    sources = {
        0: plain,
        1: values[0].tolist(),
        2: tuple(values[0].tolist()),
        3: memoryview(whole),
        4: sounds.wav(),
        5: memoryview(sounds.wav().read_bytes()),
    }
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        samples = [
            ticket.result() for ticket in engine.load_many_async(sources, sample_rate=RATE).requests
        ]
        for id in range(4):
            alone = engine.load_sample_async(None, sources[id], sample_rate=RATE).result()
            assert np.array_equal(samples[id].to_numpy(), alone.to_numpy()), id
        assert np.array_equal(samples[4].to_numpy(), samples[5].to_numpy())
        with pytest.raises(TypeError, match="an array needs its sample_rate"):
            engine.load_sample_async(9, plain)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="an array needs its sample_rate"):
            engine.load_many_async({9: plain})
        with pytest.raises(ValueError, match="sample_rate out of range"):
            engine.load_many_async({9: sounds.wav()}, sample_rate=5)
        with pytest.raises(TypeError, match="path must be a str"):
            engine.load_sample_async(9, 7)  # type: ignore[arg-type]


def test_a_sample_can_be_loaded_again_elsewhere() -> None:
    values = noise(2, 4800)
    sample = loaded(values, sample_rate=RATE)
    assert np.array_equal(loaded(sample).to_numpy(), values)
    with hotcue.AudioEngine(output="offline", sample_rate=96_000) as engine:
        assert engine.load_sample_async(0, sample).result().frames == 9600
    with pytest.raises(TypeError, match="sample_rate must be None"):
        loaded(sample, sample_rate=RATE)


def test_many_arrays_and_files_are_loaded_together(sounds: Sounds) -> None:
    values = noise(2, 100)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        batch = engine.load_many_async({0: values, 1: sounds.wav(), 2: values}, sample_rate=RATE)
        samples = [ticket.result() for ticket in batch.requests]
    assert np.array_equal(samples[0].to_numpy(), values)
    assert np.array_equal(samples[2].to_numpy(), values)
    assert samples[1].frames == 480


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e21])
def test_values_that_are_no_audio_load_with_a_warning(value: float) -> None:
    values = noise(1, 100)
    values[0, 50] = value
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        ticket = engine.load_sample_async(0, values, sample_rate=RATE)
        (events,) = drain(engine, [ticket]).values()
    end = events[-1]
    assert end["type"] == "success"
    assert [warning["code"] for warning in end["warnings"]] == ["non_finite"]
    assert ticket.result().to_numpy()[0, 50] == 0.0


@pytest.mark.parametrize(
    ("audio", "rate", "error", "message"),
    [
        (np.zeros(480), None, TypeError, "an array needs its sample_rate"),
        (np.zeros((480, 2)), RATE, ValueError, r"480; pass a\.T if it is \(frames, channels\)"),
        (np.zeros((65, 480)), RATE, ValueError, "64 rows at most, one per channel, not 65$"),
        (np.zeros((2, 2, 2)), RATE, ValueError, r"shape \(channels, frames\) or \(frames,\)"),
        (np.zeros((2, 0)), RATE, ValueError, "empty"),
        (np.zeros(480, bool), RATE, TypeError, "not of bool"),
        (np.zeros(480, np.int64), RATE, TypeError, "integers of 8 to 32 bits, not of int64$"),
        (np.zeros(480, np.uint64), RATE, TypeError, "integers of 8 to 32 bits, not of uint64$"),
        (np.zeros(480, complex), RATE, TypeError, "not of complex128"),
        (np.zeros(480), 999, ValueError, "sample_rate out of range"),
        (np.zeros(480), 768_001, ValueError, "sample_rate out of range"),
        (np.zeros(480), 48e3, TypeError, "sample_rate must be an integer, not float"),
        (np.zeros(480), True, TypeError, "sample_rate must be an integer, not bool"),
        ("kick.wav", RATE, TypeError, "sample_rate is for arrays alone"),
        (b"RIFF", RATE, TypeError, "have a rate of their own"),
    ],
)
def test_what_is_no_audio_is_refused_at_once(
    audio: Any, rate: Any, error: type[Exception], message: str
) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        with pytest.raises(error, match=message):
            engine.load_sample_async(0, audio, sample_rate=rate)
        assert (engine.loads(), engine.state(0)) == ([], "empty")


def test_a_sample_is_a_buffer_that_cannot_be_written() -> None:
    values = noise(2, 300)
    sample = loaded(values, sample_rate=RATE)
    view = memoryview(sample)
    assert (view.format, view.shape, view.readonly) == ("f", (2, 300), True)
    assert view[1, 299] == values[1, 299]
    same = np.asarray(sample)
    assert np.array_equal(same, values)
    assert np.shares_memory(same, sample.to_numpy())
    with pytest.raises(ValueError, match="read-only"):
        same[0, 0] = 1.0
    del sample
    assert view[0, 0] == values[0, 0], "the view keeps it"
