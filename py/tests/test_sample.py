"""`Sample` and its arrays: shared, read-only, and valid for ever."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import weakref
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from support import PATIENCE_SEC, Sounds, drain, pcm, wav_bytes

import hotcue

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"


def load(engine: hotcue.AudioEngine, channels: int = 2, frames: int = 1000) -> hotcue.Sample:
    content = wav_bytes(pcm(frames, channels, seed=channels))
    return engine.load_sample_async(0, content).result(PATIENCE_SEC)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_array_is_the_audio(engine: hotcue.AudioEngine, channels: int) -> None:
    array = load(engine, channels).to_numpy()
    assert array.dtype == np.float32
    assert array.shape == (channels, 1000)
    assert array.flags.c_contiguous
    expected = pcm(1000, channels, seed=channels).T / np.float32(32768)
    np.testing.assert_array_equal(array, expected)


def test_channels_of_a_long_stream_are_each_contiguous() -> None:
    # Nothing says how long ADTS is, and 1.2 million frames are too many to be moved at the end.
    once = (FIXTURES / "aac.aac").read_bytes()
    with hotcue.AudioEngine(output="offline", sample_rate=44_100) as engine:
        short = engine.load_sample_async(0, once).result(PATIENCE_SEC).to_numpy()
        array = engine.load_sample_async(1, once * 100).result(PATIENCE_SEC).to_numpy()
    frames = short.shape[1]
    assert array.shape == (2, 100 * frames)
    np.testing.assert_array_equal(array[:, :frames], short)
    for row, hz in zip(array, (400, 500), strict=True):
        assert row.flags.c_contiguous
        # The tone of each channel, in the first, some and the last repetition.
        for repetition in (0, 49, 99):
            start = repetition * frames + 2_048
            tone = np.abs(np.fft.rfft(row[start : start + 8_192] * np.hanning(8_192)))
            assert tone.argmax() == round(hz * 8_192 / 44_100)


def test_every_array_shares_the_sample_s_memory(engine: hotcue.AudioEngine) -> None:
    ticket = engine.load_sample_async(1, wav_bytes(pcm(5000, 2)))
    first = ticket.result(PATIENCE_SEC).to_numpy()
    second = ticket.result(PATIENCE_SEC).to_numpy()
    slot = engine.sample(1)
    assert slot is not None
    for other in (second, slot.to_numpy(), first[:, 10:]):
        assert np.shares_memory(first, other)
    assert first.ctypes.data == second.ctypes.data == slot.to_numpy().ctypes.data
    assert not first.flags.owndata


def test_no_copy_is_made(engine: hotcue.AudioEngine) -> None:
    sample = load(engine, channels=1, frames=2_000_000)
    arrays = [sample.to_numpy() for _ in range(1000)]  # Copies would take 8 GB.
    assert len({array.ctypes.data for array in arrays}) == 1


def test_arrays_are_read_only(engine: hotcue.AudioEngine) -> None:
    array = load(engine).to_numpy()
    assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True


@pytest.mark.parametrize("end", ["unload", "replace", "shut_down", "del"])
def test_arrays_outlive_everything(sounds: Sounds, end: str) -> None:
    engine = hotcue.AudioEngine(output="offline")
    engine.run()
    sample = load(engine, frames=100_000)
    array = sample.to_numpy()
    before = array.copy()
    match end:
        case "unload":
            engine.unload_sample(0)
            assert engine.sample(0) is None
        case "replace":
            engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
        case "shut_down":
            engine.shut_down()
        case _:
            del sample
            del engine
    gc.collect()
    np.testing.assert_array_equal(array, before)


def test_the_array_keeps_the_sample_alive_and_lets_it_go(engine: hotcue.AudioEngine) -> None:
    array = load(engine).to_numpy()
    owner = array.base
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, hotcue.Sample)
    watch = weakref.ref(array)
    del array
    gc.collect()
    assert watch() is None


def test_what_a_sample_tells(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.wav(frames=24_000, channels=2)
    sample = engine.load_sample_async(0, path).result(PATIENCE_SEC)
    assert sample.duration_sec == 0.5
    assert (sample.frames, sample.channels) == (24_000, 2)
    assert (sample.sample_rate, sample.source_rate) == (48_000, 48_000)
    assert sample.bits_per_sample == 16
    assert sample.container
    assert sample.codec
    assert sample.path == str(path)
    assert "0.500 s" in repr(sample)
    with pytest.raises(AttributeError):
        sample.frames = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        hotcue.Sample()


def test_an_engine_resamples_to_its_own_rate(sounds: Sounds) -> None:
    content = wav_bytes(pcm(44_100, 1), rate=44_100)
    with hotcue.AudioEngine(output="offline", sample_rate=48_000) as engine:
        sample = engine.load_sample_async(0, content).result(PATIENCE_SEC)
    assert (sample.sample_rate, sample.source_rate) == (48_000, 44_100)
    assert sample.to_numpy().shape == (1, 48_000)


def test_samples_are_equal_if_they_are_the_same_audio(engine: hotcue.AudioEngine) -> None:
    content = wav_bytes(pcm(480))
    ticket, twin = (engine.load_sample_async(id, content) for id in (0, 1))
    sample, other = ticket.result(PATIENCE_SEC), twin.result(PATIENCE_SEC)
    assert engine.sample(0) == ticket.sample == sample
    assert hash(engine.sample(0)) == hash(sample)
    assert other != sample
    # What is no sample may know better.
    assert (sample == mock.ANY, sample != mock.ANY) == (True, False)
    assert (sample == 3, sample != 3) == (False, True)
    array = np.array(sample)
    assert (sample == array, sample != array, array in [sample]) == (False, True, False)
    assert sample != 0


def test_what_has_a_sample_can_be_copied(engine: hotcue.AudioEngine) -> None:
    sample = load(engine)
    assert copy.copy(sample) is sample
    assert copy.deepcopy({"pad": [sample]})["pad"][0] is sample
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(sample)


def test_what_is_handed_out_can_be_held_weakly(engine: hotcue.AudioEngine) -> None:
    sample = load(engine)
    drawn = hotcue.analyze(sample, "waveform")["waveform"]["coloured"]
    drawings = weakref.WeakKeyDictionary({sample: weakref.ref(drawn)})
    assert engine.sample(0) in drawings
    assert drawings[sample]() is drawn
    del drawn
    assert drawings[sample]() is None
    del sample
    gc.collect()
    assert not drawings


def test_a_waveform_is_exact_at_any_zoom(sounds: Sounds) -> None:
    frames = np.random.default_rng(1).integers(-32768, 32768, (96_000, 2), dtype=np.int16)
    with hotcue.AudioEngine(output="offline", sample_rate=48_000) as engine:
        sample = engine.load_sample_async(0, wav_bytes(frames)).result(PATIENCE_SEC)
    values = sample.to_numpy()
    whole = sample.waveform(100)
    assert (whole.start_sec, whole.end_sec) == (0.0, 2.0)
    assert whole.min.shape == whole.max.shape == (2, 100)
    assert whole.min.dtype == np.float32
    np.testing.assert_array_equal(whole.min, values.reshape(2, 100, 960).min(axis=2))
    np.testing.assert_array_equal(whole.max, values.reshape(2, 100, 960).max(axis=2))
    near = sample.waveform(96, 0.5, 0.501)
    np.testing.assert_array_equal(near.min, np.repeat(values[:, 24_000:24_048], 2, axis=1))
    np.testing.assert_array_equal(near.max, near.min)
    beyond = sample.waveform(3, 1.0, 4.0)
    assert beyond.max[0, 0] == values[0, 48_000:].max()
    np.testing.assert_array_equal(beyond.max[:, 1:], 0)


def test_waveforms_of_a_sample_are_equal_where_they_draw_the_same(
    engine: hotcue.AudioEngine,
) -> None:
    sample = load(engine)
    one = sample.waveform(10)
    assert one == sample.waveform(10)
    assert len({one, sample.waveform(10)}) == 1
    assert one != sample.waveform(11)
    assert one != sample.waveform(10, 0.001)
    # A tuple, but of another length; and what is none.
    assert one != (one.min, one.max)
    assert (*one, 0) != one
    assert one != 3


def test_what_is_no_waveform(engine: hotcue.AudioEngine) -> None:
    sample = load(engine)
    for width in (0, -1, 65_537, 1 << 80):
        with pytest.raises(ValueError, match="width out of range"):
            sample.waveform(width)
    with pytest.raises(TypeError, match="width"):
        sample.waveform(1.5)  # type: ignore[arg-type]
    for sec in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="start_sec out of range"):
            sample.waveform(10, sec)
        with pytest.raises(ValueError, match="end_sec out of range"):
            sample.waveform(10, 0.0, sec)


def test_a_file_with_several_names_is_told_by_the_one_that_it_was_loaded_under(
    sounds: Sounds,
) -> None:
    path = sounds.wav()
    misnamed, other = path.with_name("a.flac"), path.with_name("other.wav")
    os.link(path, misnamed)
    os.link(path, other)
    with hotcue.AudioEngine(output="offline") as engine:
        names = (misnamed, path, other)
        tickets = []
        for id, name in enumerate(names):
            tickets.append(engine.load_sample_async(id, name))
            tickets[-1].result(PATIENCE_SEC)
        samples = [ticket.result() for ticket in tickets]
        assert [sample.path for sample in samples] == [str(misnamed), str(path), str(other)]
        held = [engine.sample(id) for id in range(3)]
        assert [sample and sample.path for sample in held] == [sample.path for sample in samples]
        assert samples[0] == samples[1] == samples[2], "decoded once"
        told = [events[-1] for events in drain(engine, tickets).values()]
        codes = [[warning["code"] for warning in event["warnings"]] for event in told]
        assert codes == [["extension_mismatch"], [], []]
        assert [sample.warnings for sample in samples] == [event["warnings"] for event in told]
        assert [sample and sample.warnings for sample in held] == [it.warnings for it in samples]


def test_numpy_is_told_that_a_streamed_sample_is_not_in_memory(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    streamed = engine.load_sample_async(0, sounds.wav(), stream=True).result(PATIENCE_SEC)
    for make in (np.asarray, np.array, np.sum):
        with pytest.raises(RuntimeError, match="a streamed sample is not in memory"):
            make(streamed)  # type: ignore[operator]
    sample = load(engine)
    assert np.asarray(sample).base is not None
    assert np.shares_memory(np.asarray(sample), sample.to_numpy())
    assert np.asarray(sample, np.float64).dtype == np.float64
    copied = sample.__array__(np.float32, copy=True)
    assert copied.flags.writeable
    np.testing.assert_array_equal(copied, sample.to_numpy())
