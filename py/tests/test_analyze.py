"""`hotcue.analyze`: what is heard in files and arrays, beside what mathematics says is in them."""

from __future__ import annotations

import copy
import io
import json
import multiprocessing
import os
import pickle
import re
import struct
import threading
import typing
import wave
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from contract import fits
from numpy.typing import NDArray
from support import Sounds, heed_ctrl_c, pcm, wait_until, wav_bytes
from test_gil import turns_while

import hotcue
from hotcue import analysis

RATE = 48_000
NOTES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9}


def sine(hz: float, sec: float, amplitude: float, rate: int = RATE) -> NDArray[np.float32]:
    """One channel."""
    turns = hz * np.arange(round(sec * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * turns)).astype(np.float32)


def clicks(bpm: float, beats: int, rate: int = RATE) -> NDArray[np.float32]:
    """Bursts of noise, 20 ms long, the first on frame 0."""
    period = 60 / bpm * rate
    audio = np.zeros(round(period * beats), np.float32)
    burst = np.random.default_rng(1).uniform(-0.8, 0.8, rate // 50)
    burst *= np.exp(-np.arange(burst.size) / (rate / 200))
    for beat in range(beats):
        at = round(beat * period)
        audio[at : at + burst.size] += burst[: audio.size - at].astype(np.float32)
    return audio


def chords(*triads: tuple[str, int, int]) -> NDArray[np.float32]:
    """A second of each: root, third and fifth, with six harmonics, A = 440 Hz."""
    played = []
    for root, third, fifth in triads:
        chord = np.zeros(RATE, np.float32)
        for step in (0, third, fifth):
            hz = 440 * 2 ** ((NOTES[root] + step - 9) / 12)
            for harmonic in range(1, 7):
                chord += sine(hz * harmonic, 1.0, 0.1 / harmonic)
        played.append(chord * np.hanning(RATE).astype(np.float32))
    return np.concatenate(played)


def major(root: str) -> tuple[str, int, int]:
    return root, 4, 7


def minor(root: str) -> tuple[str, int, int]:
    return root, 3, 7


def test_a_stereo_sine_of_minus_23_dbfs_is_at_minus_23_lufs() -> None:
    # EBU Tech 3341, case 1.
    tone = sine(1000, 20, 10 ** (-23 / 20))
    heard = hotcue.analyze(np.stack([tone, tone]), "loudness", sample_rate=RATE)["loudness"]
    assert heard["integrated_lufs"] == pytest.approx(-23.0, abs=0.1)
    assert heard["momentary_max_lufs"] == pytest.approx(-23.0, abs=0.1)
    assert heard["range_lu"] == pytest.approx(0.0, abs=0.1)
    assert heard["true_peak_dbtp"] == pytest.approx(-23.0, abs=0.1)
    assert heard["replay_gain_db"] == pytest.approx(5.0, abs=0.1)
    assert (heard["is_short"], heard["is_mono"]) == (False, False)


def test_silence_is_no_error_and_nothing_is_infinite() -> None:
    heard = hotcue.analyze(np.zeros(RATE, np.float32), sample_rate=RATE)
    assert heard["bpm"]["no_pulse"] and heard["bpm"]["bpm"] is None
    assert heard["key"] is None
    loudness = heard["loudness"]
    assert (loudness["integrated_lufs"], loudness["true_peak_dbtp"]) == (None, None)
    assert heard["onsets"]["onsets_sec"] == []
    onsets = heard["onsets"]
    assert (onsets["leading_silence_sec"], onsets["trailing_silence_sec"]) == (1.0, 0.0)


def test_clicks_at_120_bpm_have_that_tempo_and_their_beats() -> None:
    heard = hotcue.analyze(clicks(120, 32), ["bpm", "onsets"], sample_rate=RATE)
    tempo, onsets = heard["bpm"], heard["onsets"]
    assert tempo["bpm"] == pytest.approx(120.0, abs=0.1)
    assert (tempo["loop_bpm"], tempo["n_beats"]) == (pytest.approx(120.0), 32)
    assert tempo["beats_sec"] == pytest.approx([beat * 0.5 for beat in range(32)], abs=0.02)
    assert tempo["stability"] > 0.9
    assert {60.0, 240.0} <= {round(other["bpm"], 1) for other in tempo["alternatives"]}
    assert onsets["onsets_sec"] == pytest.approx([beat * 0.5 for beat in range(32)], abs=0.01)
    assert onsets["frames"] == [round(sec * RATE) for sec in onsets["onsets_sec"]]
    assert max(onsets["strengths"]) == 1.0


@pytest.mark.parametrize(
    ("played", "tonic", "mode", "camelot", "open_key"),
    [
        ([major("C"), major("F"), major("G"), major("C")], "C", "major", "8B", "1d"),
        ([major("D"), major("G"), major("A"), major("D")], "D", "major", "10B", "3d"),
        ([minor("A"), minor("D"), minor("E"), minor("A")], "A", "minor", "8A", "1m"),
    ],
    ids=["C", "D", "Am"],
)
def test_chords_have_their_key(
    played: list[tuple[str, int, int]], tonic: str, mode: str, camelot: str, open_key: str
) -> None:
    heard = hotcue.analyze(chords(*played, *played), "key", sample_rate=RATE)["key"]
    assert heard is not None
    assert (heard["tonic"], heard["mode"]) == (tonic, mode)
    assert (heard["camelot"], heard["open_key"]) == (camelot, open_key)
    assert heard["pitch_class"] == NOTES[tonic]
    assert heard["tuning_cents"] == pytest.approx(0.0, abs=3.0)


def test_percussion_has_no_key() -> None:
    assert hotcue.analyze(clicks(120, 16), "key", sample_rate=RATE) == {"key": None}


@pytest.mark.parametrize(("hz", "band"), [(50, "low"), (630, "mid"), (7900, "high")])
def test_a_tone_is_in_its_band(hz: float, band: str) -> None:
    heard = hotcue.analyze(sine(hz, 4, 0.5), "waveform", sample_rate=RATE)["waveform"]
    assert (heard["frames"], heard["channels"], heard["sample_rate"]) == (4 * RATE, 1, RATE)
    drawn = heard["coloured"].pixels(3, 1.0, 4.0)
    assert drawn.rms is not None and drawn.rms.shape == (1, 3)
    assert drawn.max == pytest.approx(0.5, abs=0.001)
    assert drawn.min == pytest.approx(-0.5, abs=0.001)
    for name in ("rms", "low", "mid", "high"):
        level = getattr(drawn, name)
        if name in ("rms", band):
            assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
        else:
            assert (level < 0.5 / np.sqrt(2) / 10).all()  # 20 dB below.


def test_a_waveform_goes_to_viewers(sounds: Sounds) -> None:
    path = sounds.wav(frames=1000, channels=2)
    coloured = hotcue.analyze(path, "waveform")["waveform"]["coloured"]
    with wave.open(str(path)) as file:
        values = np.frombuffer(file.readframes(1000), "<i2").reshape(-1, 2)
    edges = list(range(0, 1000, 256))
    lows = np.minimum.reduceat(values, edges)
    highs = np.maximum.reduceat(values, edges)
    extremes = np.stack([lows, highs], axis=2).ravel()
    dat = coloured.to_dat(16)
    # Version, flags, rate, frames per pixel, length, channels: BBC's format of version 2.
    assert struct.unpack("<iIiiIi", dat[:24]) == (2, 0, RATE, 256, 4, 2)
    assert np.frombuffer(dat[24:], "<i2").tolist() == extremes.tolist()
    assert len(coloured.to_dat(8, 512)) == 24 + 2 * 2 * 2
    for bits in (12, -8):
        with pytest.raises(ValueError, match=f"^bits must be 8 or 16, not {bits}$"):
            coloured.to_dat(bits)
    with pytest.raises(TypeError, match="^bits must be an integer, not str$"):
        coloured.to_dat("16")  # type: ignore[arg-type]
    text = json.loads(coloured.to_json(16))
    assert text["data"] == extremes.tolist()
    assert {"rms", "low", "mid", "high"} < set(text)


def test_what_was_heard_is_copied_and_comes_from_other_processes(sounds: Sounds) -> None:
    path = sounds.wav(frames=70_000, channels=2)
    here = hotcue.analyze(path)
    drawn = here["waveform"]["coloured"]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.map(hotcue.analyze, [path])[0]
    assert there == here
    again = there["waveform"]["coloured"]
    for other in (again, copy.copy(drawn), copy.deepcopy(drawn)):
        assert other == drawn
        assert hash(other) == hash(drawn)
        assert repr(other) == repr(drawn)
        assert other.to_json(16) == drawn.to_json(16)
        for one, two in zip(other.pixels(500), drawn.pixels(500), strict=True):
            assert np.array_equal(one, two)
    restore, (pickled,) = drawn.__reduce__()
    with pytest.raises(ValueError, match="no ColouredWaveform of this version of hotcue"):
        restore(pickled[:-1])


def test_waveforms_are_equal_where_they_draw_the_same() -> None:
    def drawn(audio: NDArray[np.int16], rate: int = RATE) -> hotcue.ColouredWaveform:
        return hotcue.analyze(audio, "waveform", sample_rate=rate)["waveform"]["coloured"]

    audio = pcm(70_000, 2).T
    one = drawn(audio)
    assert one == drawn(audio.copy())
    for other in (audio[:1], audio[:, :-1], audio[:, ::-1]):
        assert one != drawn(other)
    assert one != drawn(audio, 44_100)
    assert one != one.to_dat()
    assert (one == mock.ANY, one != mock.ANY) == (True, False)
    pixels = one.pixels(100)
    assert pixels == drawn(audio.copy()).pixels(100)
    assert hash(pixels) == hash(drawn(audio.copy()).pixels(100))
    for beside in (one.pixels(99), one.pixels(100, 0.1), drawn(audio[:, ::-1]).pixels(100)):
        assert pixels != beside
    # As other tuples.
    assert pixels == tuple(pixels) and pixels[:3] != pixels and pixels != None  # noqa: E711


def test_a_file_is_heard_as_its_array(tmp_path: Path) -> None:
    values = np.rint(chords(major("C"), major("F"), major("G")) * 32_000).astype(np.int16)
    stereo = np.stack([values, values[::-1]], axis=1)
    path = tmp_path / "chords.wav"
    path.write_bytes(wav_bytes(stereo, RATE))
    array = hotcue.analyze(stereo.T.astype(np.float64) / 32_768, sample_rate=RATE)
    for source in (path, str(path), path.read_bytes(), memoryview(path.read_bytes())):
        heard = hotcue.analyze(source)
        assert list(heard) == list(array)
        for kind in ("bpm", "key", "loudness", "onsets"):
            assert heard[kind] == array[kind]  # type: ignore[literal-required]
    with path.open("rb") as file:
        assert hotcue.analyze(file, "key") == {"key": array["key"]}
    with hotcue.AudioEngine(output="offline") as engine:
        sample = engine.load_sample_async(0, path).result()
        assert hotcue.analyze(sample, "loudness") == {"loudness": array["loudness"]}


def test_a_file_is_converted_to_the_rate_asked_for(sounds: Sounds) -> None:
    facts, heard = analysis.examine(sounds.wav(frames=RATE), "waveform", sample_rate=24_000)
    assert heard["waveform"]["sample_rate"] == facts["sample_rate"] == 24_000
    assert heard["waveform"]["frames"] == facts["frames"] == 24_000
    assert (facts["source_rate"], facts["duration_sec"]) == (RATE, 1.0)
    assert (facts["container"], facts["codec"]) == ("wav", "pcm_s16le")


def test_rows_are_those_that_are_documented(sounds: Sounds) -> None:
    facts, heard = analysis.examine(chords(major("C"), major("G")), sample_rate=RATE)
    assert fits(facts, analysis.Facts)
    assert fits(analysis.examine(sounds.wav())[0], analysis.Facts)
    assert set(heard) == set(analysis.KINDS) == set(typing.get_args(analysis.Kind))
    for kind in analysis.KINDS:
        assert fits(heard[kind], getattr(analysis, f"{kind.capitalize()}Analysis")), kind


def test_kinds_come_in_their_order_each_once() -> None:
    silence = np.zeros(4800, np.float32)
    heard = hotcue.analyze(silence, iter(["key", "bpm", "key"]), sample_rate=RATE)
    assert list(heard) == ["bpm", "key"]
    assert isinstance(heard, hotcue.Analysis)
    again = pickle.loads(pickle.dumps(heard))
    assert isinstance(again, hotcue.Analysis)
    assert again == heard == dict(heard) == json.loads(json.dumps(heard))
    assert hotcue.analyze(silence, (), sample_rate=RATE) == {}


@pytest.mark.parametrize(
    ("kinds", "error", "message"),
    [
        ("tempo", ValueError, 'kinds must be among "bpm", "key", .*, not "tempo"'),
        (["bpm", "Key"], ValueError, 'not "Key"'),
        ("", ValueError, 'not ""'),
        (7, TypeError, "kinds must be a str or several, not int"),
        (None, TypeError, "kinds must be a str or several, not NoneType"),
        ([None], TypeError, "kinds must be a str, not NoneType"),
        (b"bpm", TypeError, "kinds must be a str or several, not bytes"),
    ],
)
def test_wrong_kinds(kinds: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        hotcue.analyze(np.zeros(480, np.float32), kinds, sample_rate=RATE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((), r"shape \(channels, frames\) or \(frames,\), not \(\)"),
        ((2, 3, 4), r"not \(2, 3, 4\)"),
        ((0,), "empty"),
        ((2, 0), "empty"),
        ((0, 480), "empty"),
        ((65, 480), "64 rows at most, one per channel, not 65$"),
        ((480, 2), r"not 480; pass a\.T if it is \(frames, channels\)"),
    ],
)
def test_wrong_shapes(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hotcue.analyze(np.zeros(shape, np.float32), sample_rate=RATE)


def test_64_channels_are_heard() -> None:
    heard = hotcue.analyze(np.zeros((64, 480), np.float32), "waveform", sample_rate=RATE)
    assert heard["waveform"]["channels"] == 64


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (np.nan, "NaN or infinite"),
        (np.inf, "NaN or infinite"),
        (-np.inf, "NaN or infinite"),
        (-1e39, r"1e\+20 at most; this one has some that are larger$"),
        (1.1e20, r"1e\+20 at most; this one has some that are larger$"),
    ],
)
def test_values_that_are_no_audio(value: float, what: str) -> None:
    audio = np.zeros((2, 480))
    audio[1, 240] = value
    with pytest.raises(ValueError, match=what):
        hotcue.analyze(audio, sample_rate=RATE)


@pytest.mark.parametrize("dtype", [bool, np.complex64, object, "datetime64[s]"])
def test_arrays_of_other_than_numbers(dtype: object) -> None:
    with pytest.raises(TypeError, match=re.escape(f"not of {np.dtype(dtype)}")):  # type: ignore[call-overload]
        hotcue.analyze(np.zeros(480, dtype), sample_rate=RATE)  # type: ignore[call-overload]


def test_a_grid_cuts_beats_into_equal_parts_where_the_audio_crosses_zero() -> None:
    # Of silence every frame is a zero.
    silence = np.zeros(RATE, np.float32)
    cut = hotcue.grid_slices(silence, [0.0, 0.5], 2, sample_rate=RATE)
    assert cut == [0, 12_000, 24_000, 36_000]
    # A period of 480 frames: a crossing every 240, at most 120 away.
    tone = sine(100, 1, 0.5)
    places = [0.0503, 0.3012]
    for at, place in zip(
        hotcue.grid_slices(tone, places, 1, sample_rate=RATE), places, strict=True
    ):
        assert abs(at - place * RATE) <= 121
        assert abs(tone[at]) <= np.abs(np.diff(tone)).max()
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        sample = engine.load_sample_async(0, silence, sample_rate=RATE).result()
    assert hotcue.grid_slices(sample, [0.0, 0.5], 2) == cut
    assert hotcue.grid_slices(sample, [], 2) == []
    with pytest.raises(ValueError, match="per_beat out of range"):
        hotcue.grid_slices(sample, [0.0], 0)
    with pytest.raises(TypeError, match="needs its sample_rate"):
        hotcue.grid_slices(silence, [0.0])
    for beats in [[0.0, float("nan")], [float("inf")], [0, 10**400], [0.5, 0.0]]:
        with pytest.raises(ValueError, match="beats_sec must be finite and not fall"):
            hotcue.grid_slices(sample, beats)
    for no_numbers in ["01", ["0", "1"], [0.0, b"1"], [None], np.array(["0"]), [np.complex64(1)]]:
        with pytest.raises(TypeError, match="beats_sec must be numbers, not "):
            hotcue.grid_slices(silence, no_numbers, sample_rate=RATE)  # type: ignore[call-overload]


def test_integers_are_heard_by_full_scale() -> None:
    tone = np.rint(sine(1000, 1, 0.5) * 32_768).astype(np.int16)
    heard = hotcue.analyze(tone, "loudness", sample_rate=RATE)["loudness"]
    assert heard["sample_peak"] == 0.5


def test_arrays_need_not_be_contiguous() -> None:
    tone = sine(1000, 1, 0.5)
    frames_first = np.stack([tone, tone], axis=1)
    heard = hotcue.analyze(frames_first.T[:, ::-1], "loudness", sample_rate=RATE)["loudness"]
    assert heard["sample_peak"] == pytest.approx(0.5, abs=1e-6)


def test_arrays_may_lie_at_any_address() -> None:
    tone = sine(1000, 1, 0.5).astype(np.float32)
    odd = np.frombuffer(b"?" + tone.tobytes(), np.float32, offset=1)
    assert not odd.flags.aligned
    assert hotcue.analyze(odd, sample_rate=RATE) == hotcue.analyze(tone, sample_rate=RATE)
    np.testing.assert_array_equal(
        hotcue.resample(odd, RATE, 2 * RATE), hotcue.resample(tone, RATE, 2 * RATE)
    )
    beats = [0.0, 0.5, 1.0]
    assert hotcue.grid_slices(odd, beats, sample_rate=RATE) == hotcue.grid_slices(
        tone, beats, sample_rate=RATE
    )


@pytest.mark.parametrize("rate", [0, 999, 768_001, 2**40, -1])
def test_rates_out_of_range(rate: int, sounds: Sounds) -> None:
    for source in (np.zeros(480, np.float32), sounds.wav()):
        with pytest.raises(ValueError, match=r"sample.rate"):
            hotcue.analyze(source, sample_rate=rate)


def test_an_array_has_no_rate_of_its_own_and_a_sample_has(sounds: Sounds) -> None:
    with pytest.raises(TypeError, match="an array needs its sample_rate"):
        hotcue.analyze(np.zeros(480, np.float32))
    with pytest.raises(TypeError, match="sample_rate must be an integer, not float"):
        hotcue.analyze(np.zeros(480, np.float32), sample_rate=48e3)  # type: ignore[arg-type]
    with hotcue.AudioEngine(output="offline") as engine:
        sample = engine.load_sample_async(0, sounds.wav()).result()
        with pytest.raises(TypeError, match="sample_rate must be None"):
            hotcue.analyze(sample, sample_rate=RATE)
        streamed = engine.load_sample_async(1, sounds.wav(), stream=True).result()
        with pytest.raises(RuntimeError, match="not in memory"):
            hotcue.analyze(streamed)


def test_a_file_that_does_not_load(sounds: Sounds) -> None:
    with pytest.raises(hotcue.LoadError, match="file not found") as missing:
        hotcue.analyze(sounds.missing())
    assert isinstance(missing.value, FileNotFoundError)
    assert (missing.value.kind, missing.value.path) == ("not_found", str(sounds.missing()))
    assert (missing.value.id, missing.value.request_id) == (None, None)
    with pytest.raises(hotcue.LoadError) as corrupt:
        hotcue.analyze(sounds.corrupt())
    assert corrupt.value.kind in ("corrupt", "empty", "unsupported_format")
    with pytest.raises(hotcue.LoadError) as content:
        hotcue.analyze(b"")
    assert content.value.path is None


@pytest.mark.parametrize("source", [None, 7, ["beat.wav"]])
def test_what_is_no_source(source: object) -> None:
    rate = None if isinstance(source, list) else RATE
    with pytest.raises(TypeError, match=rf"NumPy array.* {type(source).__name__}$"):
        hotcue.analyze(source, sample_rate=rate)  # type: ignore[call-overload]


def test_a_list_of_numbers_is_heard_as_an_array_of_them_is() -> None:
    wave = np.sin(np.arange(RATE) * 0.05)
    heard = hotcue.analyze(wave.tolist(), "loudness", sample_rate=RATE)  # type: ignore[call-overload]
    assert heard == hotcue.analyze(wave, "loudness", sample_rate=RATE)


@pytest.mark.parametrize("source", ["beat.wav", Path("beat.wav"), b"RIFF", io.BytesIO(b"RIFF")])
def test_a_grid_is_of_audio_that_is_there(source: object) -> None:
    told = rf"must be a NumPy array or a Sample, not a {type(source).__name__}$"
    for rate in (None, RATE):
        with pytest.raises(TypeError, match=told):
            hotcue.grid_slices(source, [0.0, 0.5], sample_rate=rate)  # type: ignore[call-overload]


def test_a_sample_that_still_arrives_is_not_heard_in_part(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        ticket = engine.load_sample_async(0, slow)
        wait_until("the sample to arrive", lambda: ticket.sample is not None)
        arriving = ticket.sample
        assert arriving is not None
        with pytest.raises(RuntimeError, match="the sample is not finished"):
            hotcue.grid_slices(arriving, [0.0, 0.5])
        with pytest.raises(RuntimeError, match="the sample is not finished"):
            hotcue.analyze(arriving, "onsets")
        with pytest.raises(RuntimeError, match="the sample is not finished"):
            engine.load_sample_async(1, arriving)
        assert engine.state(1) == "empty"
        with pytest.raises(RuntimeError, match="the sample is not finished"):
            hotcue.write_wav(slow.with_name("part.wav"), arriving, RATE)
        with pytest.raises(RuntimeError, match="the sample is not finished"):
            hotcue.resample(arriving, RATE, 44_100)
        assert not slow.with_name("part.wav").exists()
        assert ticket.cancel()  # It was arriving until now.


def test_a_slice_keeps_its_attack_with_a_fade_of_one_frame() -> None:
    strikes = clicks(120, 4)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        sample = engine.load_sample_async(0, strikes, sample_rate=RATE).result()
        frames = hotcue.analyze(sample, "onsets")["onsets"]["frames"]
        start, end = frames[1], frames[2]
        edges = {"start_sec": start / RATE, "end_sec": end / RATE}
        engine.play_sample(0, **edges, fade_in_sec=1 / RATE)
        heard = engine.render(end - start)[0]
        engine.play_sample(0, **edges)
        softer = engine.render(end - start)[0]
    # All but the first frame, and the 5 ms in which an end in the middle fades.
    kept = slice(1, end - start - RATE // 200)
    assert np.array_equal(heard[kept], strikes[start:end][kept])
    assert np.abs(softer).max() < np.abs(heard).max()


def test_hearing_releases_the_gil() -> None:
    audio = np.zeros((2, RATE * 60), np.float32)
    assert turns_while(lambda: hotcue.analyze(audio, sample_rate=RATE)) > 1000


def test_threads_hear_at_a_time_and_the_same() -> None:
    audio = clicks(100, 16)
    heard: list[object] = []
    threads = [
        threading.Thread(
            target=lambda: heard.append(hotcue.analyze(audio, "bpm", sample_rate=RATE))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 4
    assert all(one == heard[0] for one in heard)


@pytest.mark.skipif(os.name == "nt", reason="SIGINT by pid is POSIX")
def test_ctrl_c_ends_it(python: typing.Callable[..., typing.Any]) -> None:
    program = """
import os, signal, threading, time
import numpy as np
import hotcue

def interrupt():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

audio = np.random.default_rng(1).uniform(-1, 1, (2, 48_000 * 600)).astype(np.float32)
threading.Thread(target=interrupt).start()
try:
    hotcue.analyze(audio, sample_rate=48_000)
except KeyboardInterrupt:
    print("interrupted")
"""
    done = python(program, preexec_fn=heed_ctrl_c)
    assert done.stdout == "interrupted\n", done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="SIGINT by pid is POSIX")
def test_ctrl_c_ends_what_cuts_many_channels(python: typing.Callable[..., typing.Any]) -> None:
    # No zero crossing is anywhere near, so that all of 7,681 frames is looked at for each slice.
    program = """
import os, signal, threading, time
import numpy as np
import hotcue

def interrupt():
    time.sleep(0.5)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

sent = []
audio = np.full((64, 300_000), 0.5, np.float32)
beats = np.arange(0, 0.39, 0.001)
threading.Thread(target=interrupt).start()
try:
    hotcue.grid_slices(audio, beats, 1024, sample_rate=768_000)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - sent[0] < 30)
"""
    done = python(program, preexec_fn=heed_ctrl_c)
    assert done.stdout == "interrupted True\n", done.stderr
    assert done.returncode == 0


def test_a_rate_beside_a_sample_is_refused_alike_everywhere(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        sample = engine.load_sample_async(0, sounds.wav()).result()
        calls: list[Callable[[], object]] = [
            lambda: hotcue.analyze(sample, sample_rate=RATE),
            lambda: hotcue.grid_slices(sample, [0.0, 0.5], sample_rate=RATE),
            lambda: engine.load_sample_async(1, sample, sample_rate=RATE),
        ]
        for call in calls:
            with pytest.raises(TypeError, match=r"^a Sample has a rate; sample_rate must be None$"):
                call()
