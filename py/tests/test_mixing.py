"""Loops, ends, fades, buses, meters and the limiter, heard through `render()`."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, Sounds, pcm, wait_until, wav_bytes

import hotcue


def load(engine: hotcue.AudioEngine, source: hotcue.Source, id: int = 0) -> NDArray[np.float32]:
    return engine.load_sample_async(id, source).result(PATIENCE_SEC).to_numpy()[0]


def noise(frames: int) -> bytes:
    return wav_bytes(pcm(frames))


def sampler(frames: int, start: int, last: int, kind: int, count: int) -> bytes:
    """Noise with a loop in a `smpl` chunk, which names the last frame."""
    smpl = struct.pack("<9I6I", 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, kind, start, last, 0, count)
    body = noise(frames)[8:] + b"smpl" + struct.pack("<I", len(smpl)) + smpl
    return b"RIFF" + struct.pack("<I", len(body)) + body


def events(engine: hotcue.AudioEngine) -> list[hotcue.PlaybackEvent]:
    return list(iter(engine.poll_playback_events, None))


def curve(way: NDArray[np.float64]) -> NDArray[np.float64]:
    way = way.clip(0, 1)
    return way * way * (3 - 2 * way)


@pytest.mark.parametrize(
    ("loop", "order"),
    [
        (True, lambda x: np.r_[x[:4800], np.tile(x[4800:9600], 4)]),
        ("forward", lambda x: np.r_[x[:4800], np.tile(x[4800:9600], 4)]),
        ("pingpong", lambda x: np.r_[x[:4800], np.tile(np.r_[x[4800:9600], x[9599:4799:-1]], 2)]),
        ("backward", lambda x: np.r_[x[:9600], np.tile(x[9599:4799:-1], 3)]),
    ],
)
def test_a_stretch_is_looped_to_the_bit(engine: hotcue.AudioEngine, loop, order) -> None:  # type: ignore[no-untyped-def]
    sample = load(engine, noise(20_000))
    voice = engine.play_sample(0, loop=loop, loop_start_sec=0.1, loop_end_sec=0.2)
    np.testing.assert_array_equal(engine.render(24_000)[0], order(sample))
    looped = [event for event in events(engine) if event["type"] == "looped"]
    assert [(event["frame"], event["rounds"]) for event in looped] == [
        (9_600, 1),
        (14_400, 2),
        (19_200, 3),
        (24_000, 4),
    ]
    assert all(event["voice"] == voice and event["id"] == 0 for event in looped)


@pytest.mark.parametrize("rate", [44_100, 22_050, 96_000])
@pytest.mark.parametrize("own", [False, True])
def test_a_loop_of_another_rate_is_as_it_is_at_its_own(
    tmp_path: Path, rate: int, own: bool
) -> None:
    """A tone that is held over the seam, of a load and of one from the cache."""
    attack, length, periods = (500 if own else 0), rate // 5 + 7, 227

    def tone(frame: NDArray[np.float64]) -> NDArray[np.float64]:
        return 0.5 * np.cos(2 * np.pi * periods * (frame - attack) / length + 1)

    values = tone(np.arange(attack + length))
    values[:attack] = 0.0
    smpl = struct.pack("<9I6I", 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, attack, attack + length - 1, 0, 0)
    body = wav_bytes((values * 32_767).round().astype(np.int16)[:, None], rate)[8:]
    body += b"smpl" + struct.pack("<I", len(smpl)) + smpl
    path = tmp_path / "loop.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    # Until any later change of it shows in its times: nothing is kept before.
    wait_until("it is old enough", lambda: time.time_ns() - path.stat().st_ctime_ns > 30e6)
    for hits in (0, 1):
        with hotcue.AudioEngine(
            output="offline", sample_rate=48_000, cache_dir=tmp_path / "cache"
        ) as engine:
            sample = engine.load_sample_async(0, path).result(PATIENCE_SEC)
            engine.play_sample(0, loop="file" if own else True)
            heard = engine.render(200_000)[0].astype(float)
            wait_until("it is stored", lambda: engine.stats()["cache_storing"] == 0)
            assert engine.stats()["cache_hits"] == hits
        first = len(sample.to_numpy()[0]) + 200
        wanted = tone(np.arange(len(heard)) * (rate / 48_000))[first:]
        error = heard[first:] - wanted
        noise_db = 10 * np.log10(np.mean(error**2) / np.mean(wanted**2))
        assert noise_db < -74, (hits, noise_db)


def test_what_is_beyond_the_end_is_nothing(engine: hotcue.AudioEngine) -> None:
    sample = load(engine, noise(4_800))
    engine.play_sample(0, start_sec=1_000.0)
    assert not engine.render(1_000).any()
    assert events(engine)[-1]["type"] == "ended"
    for loop, start_sec in ((True, 1_000.0), (False, 0.05)):
        engine.play_sample(0, loop=loop, loop_start_sec=start_sec)
        heard = engine.render(9_600)[0]
        np.testing.assert_array_equal(heard, np.r_[sample, np.zeros(4_800)])


def test_the_file_s_own_loop(engine: hotcue.AudioEngine) -> None:
    x = load(engine, sampler(3_000, 1_000, 1_499, 0, 3))
    engine.play_sample(0, loop="file")
    expected = np.r_[x[:1_500], x[1_000:1_500], x[1_000:]]
    np.testing.assert_array_equal(engine.render(len(expected) + 100)[0][: len(expected)], expected)
    assert events(engine)[-1]["type"] == "ended"
    # For ever, there and back, until it is told otherwise.
    x = load(engine, sampler(3_000, 1_000, 1_499, 1, 0))
    voice = engine.play_sample(0, loop="file")
    assert voice is not None
    engine.render(10_500)
    assert engine.set_voice(voice, loop=False) is True
    tail = engine.render(4_000)[0]
    sounding = np.flatnonzero(tail)[-1] + 1
    np.testing.assert_array_equal(tail[sounding - 1_500 : sounding], x[1_500:])
    # A file that says nothing is played once.
    x = load(engine, noise(2_000))
    engine.play_sample(0, loop="file")
    out = engine.render(3_000)[0]
    np.testing.assert_array_equal(out[:2_000], x)
    assert not out[2_000:].any()


def test_ends_and_fades_are_exact(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, sounds.constant("half.wav", 0.5, 48_000))
    engine.play_sample(0, end_sec=0.5, fade_in_sec=0.1, fade_out_sec=0.2)
    out = engine.render(30_000)[0]
    frames = np.arange(24_000)
    fades = curve((frames + 1) / 4_800) * curve((23_999 - frames) / 9_600)
    np.testing.assert_allclose(out[:24_000], 0.5 * fades, atol=1e-6)
    assert not out[24_000:].any()
    ended = events(engine)[-1]
    assert (ended["type"], ended.get("frame"), ended["reason"]) == ("ended", 24_000, "finished")  # type: ignore[typeddict-item]
    engine.play_sample(0, loop=True)
    engine.render(4_800)
    engine.stop_sample(0, fade_sec=0.1)
    frames = np.arange(4_800)
    out = engine.render(9_600)[0]
    np.testing.assert_allclose(out[:4_800], 0.5 * curve(1 - (frames + 1) / 4_800), atol=1e-6)
    assert not out[4_800:].any()


def test_a_choke_group_fades_what_sounds_of_it(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    for id in range(3):
        load(engine, sounds.constant(f"{id}.wav", 0.25, 48_000), id)
    first = engine.play_sample(0, choke=1)
    engine.play_sample(1)
    assert engine.render(1_000)[0, -1] == 0.5
    engine.play_sample(2, choke=1)
    assert engine.render(1_000)[0, -1] == 0.5
    ends = [(e["voice"], e["reason"]) for e in events(engine) if e["type"] == "ended"]
    assert ends == [(first, "choked")]


def test_buses_meters_and_playheads(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline", meter_rate_hz=100) as engine:
        load(engine, sounds.constant("half.wav", 0.5, 48_000))
        engine.set_bus(3, volume=0.5)
        voice = engine.play_sample(0, bus=3, pan=-1.0)
        engine.render(4_800)
        left = 0.25 * 2**0.5
        meters = engine.meters()
        assert meters.master.peak == pytest.approx([left, 0.0])
        assert meters.master.rms == pytest.approx([left, 0.0])
        assert len(meters.buses) == 16
        assert meters.buses[3].peak == pytest.approx([left, 0.0])
        assert meters.buses[0].peak == [0.0, 0.0]
        assert meters.limiter_gain == 1.0
        (head,) = engine.playheads()
        assert head == (voice, 0, pytest.approx(0.1), "playing", 4_800)
        engine.set_bus(3, muted=True)
        engine.render(480)
        assert not engine.render(480).any()
        stats = engine.stats()
        assert (stats["voices"], stats["most_voices"], stats["underruns"]) == (1, 1, 0)
        mean, p99, most = (stats[f"callback_load_{what}"] for what in ("mean", "p99", "max"))
        assert 0 < mean <= most
        assert 0 < p99 <= most
        engine.stop_all()
        engine.render(4_800)
        assert engine.playheads() == []
        assert engine.meters().master.peak == [0.0, 0.0]


def test_the_limiter_is_late_and_else_to_the_bit() -> None:
    with hotcue.AudioEngine(output="offline", limiter=True) as engine:
        x = load(engine, noise(10_000))
        engine.render(1)
        assert engine.clock().latency_sec == pytest.approx(0.002)
        engine.play_sample(0)
        np.testing.assert_array_equal(engine.render(10_096)[0][96:], x)
        engine.play_sample(0, 4.0)
        out = engine.render(10_096)
        assert 0.9 < np.abs(out).max() <= 1.0
        assert engine.meters().limiter_gain <= 1.0
        engine.set_limiter(False)
        engine.render(4_800)
        assert engine.clock().latency_sec == 0.0
        engine.play_sample(0)
        np.testing.assert_array_equal(engine.render(10_000)[0], x)


@pytest.mark.parametrize("stream", [False, True])
def test_channels_are_for_the_speakers_that_a_file_names(tmp_path: Path, stream: bool) -> None:
    """An extensible WAV file of a constant on each channel, by the equations of ITU-R BS.775."""
    levels = np.array([0.1, 0.2, 0.3, 0.4])
    half = np.sqrt(0.5)
    gains = {
        # L R Ls Rs, as so many channels usually are, L R C Cb, and L R C LFE.
        0: [[1, 0, half, 0], [0, 1, 0, half]],
        0x107: [[1, 0, half, 0.5], [0, 1, half, 0.5]],
        0xF: [[1, 0, half, 0], [0, 1, half, 0]],
    }
    for mask, sides in gains.items():
        values = np.rint(np.tile(levels, (9_600, 1)) * 32_768).astype("<i2").tobytes()
        guid = bytes.fromhex("0100000000001000800000aa00389b71")
        fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 4, 48_000, 384_000, 8, 16, 22, 16, mask) + guid
        body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
        body += b"data" + struct.pack("<I", len(values)) + values
        path = tmp_path / f"{mask:x}-{stream}.wav"
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        with hotcue.AudioEngine(output="offline") as engine:
            engine.load_sample_async(0, path, stream=stream).result(PATIENCE_SEC)
            engine.play_sample(0)
            heard = engine.render(9_600)[:, -1]
        np.testing.assert_allclose(heard, np.array(sides) @ levels, atol=1e-4)
