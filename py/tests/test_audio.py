"""`decode`, `resample` and `write_wav`, beside soundfile, soxr and the standard library."""

from __future__ import annotations

import ctypes
import io
import os
import sys
import threading
import wave
from array import array as array_of
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from support import Sounds, pcm, wav_bytes

import hotcue
from hotcue import wav

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
RATE = 48_000


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def tone(hz: float, frames: int, rate: int) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / rate)


def decibels(difference: NDArray[Any]) -> float:
    """RMS."""
    return float(10 * np.log10(np.mean(np.square(difference, dtype=np.float64)) + 1e-30))


LOSSLESS = ["pcm_s16.wav", "flac_16.flac", "flac_24.flac", "flac_16_51.flac", "pcm_s24.aiff"]


@pytest.mark.skipif(sys.platform == "win32", reason="truncate makes no sparse files")
def test_what_no_machine_has_memory_for_is_refused_at_once(tmp_path: Path) -> None:
    path, frames = tmp_path / "huge.wav", 1 << 38
    head = wav.header(2, frames, 48_000, 16)
    path.write_bytes(head)
    os.truncate(path, len(head) + 4 * frames)  # A terabyte that takes no room on the disk.
    for call in (hotcue.decode, hotcue.analyze):
        with pytest.raises(hotcue.LoadError, match="three quarters of the memory") as caught:
            call(path)
        assert caught.value.kind == "too_large"
    assert hotcue.info(path).frames == frames
    middle, _ = hotcue.decode(path, start_sec=1e6, duration_sec=0.5)
    assert middle.shape == (2, 24_000)


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_script_with_soundfile_and_soxr_gets_the_same_from_hotcue(name: str) -> None:
    path = FIXTURES / name
    expected, rate = soundfile.read(path, dtype="float32")
    audio, same = hotcue.decode(path, layout="frames_first")
    assert same == rate
    assert audio.shape == expected.shape
    assert np.array_equal(audio, expected)
    target = 32_000
    theirs = soxr.resample(expected.astype(np.float64), rate, target, "VHQ")
    ours = hotcue.resample(np.ascontiguousarray(audio.T), rate, target)
    assert abs(ours.shape[-1] - len(theirs)) <= 1
    assert np.array_equal(ours, hotcue.decode(path, sample_rate=target)[0].reshape(ours.shape))


def test_a_tone_is_resampled_as_soxr_resamples_it_and_as_mathematics_says() -> None:
    for source, target in [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (8_000, 48_000)]:
        # Well below both Nyquist frequencies.
        hz, inner = 0.3 * min(source, target), slice(2_000, -2_000)
        audio = tone(hz, source, source)
        ours = hotcue.resample(audio, source, target)
        assert (ours.dtype, ours.shape) == (np.float32, (target,))
        exact = tone(hz, target, target)
        assert decibels((ours - exact)[inner]) < -120
        theirs = soxr.resample(audio, source, target, "VHQ")
        assert decibels((ours - theirs)[inner]) < -120


def test_resampling_keeps_shapes_and_one_rate_keeps_all() -> None:
    values = noise(2, 1000)
    assert np.array_equal(hotcue.resample(values, RATE, RATE), values)
    assert hotcue.resample(values, RATE, 24_000).shape == (2, 500)
    assert hotcue.resample(values[0], RATE, 24_000).shape == (500,)
    whole = hotcue.resample(values, RATE, 24_000)
    assert np.array_equal(whole[1], hotcue.resample(values[1], RATE, 24_000))
    integers = (values * 32_768).astype(np.int16)
    assert np.array_equal(
        hotcue.resample(integers, RATE, 24_000),
        hotcue.resample(integers.astype(np.float32) / 32_768, RATE, 24_000),
    )


def test_decoded_arrays_are_float32_contiguous_and_your_own(sounds: Sounds) -> None:
    for channels in (1, 2, 5):
        values = pcm(3000, channels, seed=channels)
        audio, rate = hotcue.decode(wav_bytes(values, 44_100))
        assert (audio.dtype, audio.shape, rate) == (np.float32, (channels, 3000), 44_100)
        assert audio.flags.c_contiguous and audio.flags.owndata and audio.flags.writeable
        assert np.array_equal(audio.T * 32_768, values)
        turned, _ = hotcue.decode(wav_bytes(values), layout="frames_first")
        assert turned.flags.c_contiguous
        assert np.array_equal(turned, audio.T if channels > 1 else audio[0])
    path = sounds.wav()
    assert np.array_equal(hotcue.decode(path)[0], hotcue.decode(path.read_bytes())[0])
    assert np.array_equal(hotcue.decode(path)[0], hotcue.decode(io.BytesIO(path.read_bytes()))[0])


def test_mono_is_the_mean_of_the_channels() -> None:
    values = pcm(3000, 3)
    audio, _ = hotcue.decode(wav_bytes(values), mono=True)
    assert audio.shape == (1, 3000)
    expected = (values.astype(np.float64).mean(axis=1) / 32_768).astype(np.float32)
    assert np.array_equal(audio[0], expected)
    flat, _ = hotcue.decode(wav_bytes(values), mono=True, layout="frames_first")
    assert np.array_equal(flat, expected)


@pytest.mark.parametrize("name", ["flac_16.flac", "mp3_vbr.mp3", "aac.m4a", "vorbis.ogg"])
@pytest.mark.parametrize("rate", [None, 32_000])
def test_a_part_is_that_part_of_the_whole(name: str, rate: int | None) -> None:
    whole, of_rate = hotcue.decode(FIXTURES / name, sample_rate=rate)
    frames = whole.shape[1]
    for start, length in [(0, 100), (777, 1000), (frames // 2, 5000), (frames - 50, 500)]:
        part, _ = hotcue.decode(
            FIXTURES / name,
            sample_rate=rate,
            start_sec=start / of_rate,
            duration_sec=length / of_rate,
        )
        assert np.array_equal(part, whole[:, start : start + length]), (start, length)
    rest, _ = hotcue.decode(FIXTURES / name, sample_rate=rate, start_sec=1000 / of_rate)
    assert np.array_equal(rest, whole[:, 1000:])
    none, _ = hotcue.decode(FIXTURES / name, sample_rate=rate, start_sec=1e6)
    assert none.shape == (whole.shape[0], 0)


@pytest.mark.parametrize("seconds", [(3, 2), (2, 3)])
def test_a_part_of_joined_files_is_that_part_of_the_whole(seconds: tuple[int, int]) -> None:
    files = []
    for length in seconds:
        file = io.BytesIO()
        soundfile.write(file, noise(length * 8_000), 8_000, format="FLAC")
        files.append(file.getvalue())
    joined = b"".join(files)
    whole, rate = hotcue.decode(joined)
    assert whole.shape == (1, 40_000)
    for start in range(500, 40_000, 1_500):
        part, _ = hotcue.decode(joined, start_sec=start / rate, duration_sec=0.5)
        assert np.array_equal(part, whole[:, start : start + 4_000]), start


def test_a_part_of_a_long_file_is_all_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hours.wav"
    frames = 3 * 3600 * RATE
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.setnframes(frames)
        out.writeframes(b"")
    head = path.read_bytes()[:44]
    size = 2 * frames
    with path.open("wb") as file:
        file.write(head[:4] + (36 + size).to_bytes(4, "little") + head[8:40])
        file.write(size.to_bytes(4, "little"))
        file.seek(44 + 2 * (2 * 3600 * RATE + 7))
        file.write(np.arange(1, 5, dtype="<i2").tobytes())
        file.truncate(44 + size)

    class Counting(io.FileIO):
        count = 0

    # It is sparse: what was read shows in what the process reads.
    def read_bytes() -> int:
        with open("/proc/self/io") as file:
            return int(dict(line.split(": ") for line in file)["rchar"])

    before = read_bytes()
    audio, _ = hotcue.decode(path, start_sec=7200, duration_sec=1)
    assert read_bytes() - before < 4_000_000
    assert np.array_equal(audio[0, 7:11] * 32_768, [1, 2, 3, 4])
    assert audio.shape == (1, RATE)


def test_what_cannot_be_decoded_says_why(sounds: Sounds) -> None:
    with pytest.raises(hotcue.LoadError) as missing:
        hotcue.decode(sounds.missing(), start_sec=1)
    assert isinstance(missing.value, FileNotFoundError)
    assert missing.value.kind == "not_found"
    with pytest.raises(hotcue.LoadError) as corrupt:
        hotcue.decode(sounds.corrupt())
    assert corrupt.value.kind in ("corrupt", "unsupported_format", "empty")
    path = sounds.wav()
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"start_sec": -1}, ValueError, "start_sec out of range"),
        ({"start_sec": float("nan")}, ValueError, "start_sec"),
        ({"start_sec": "1"}, TypeError, "start_sec"),
        ({"duration_sec": -0.5}, ValueError, "duration_sec out of range"),
        ({"duration_sec": float("nan")}, ValueError, "duration_sec out of range"),
        ({"sample_rate": 10}, ValueError, "sample_rate out of range"),
        ({"sample_rate": 44_100.0}, TypeError, "sample_rate must be an integer"),
        ({"mono": 1}, TypeError, "mono"),
        ({"layout": "planar"}, ValueError, 'layout must be "channels_first" or "frames_first"'),
        ({"layout": 3}, TypeError, "layout must be a str, not int"),
    ]
    for options, error, message in wrong:
        with pytest.raises(error, match=message):
            hotcue.decode(path, **options)
    with pytest.raises(TypeError, match="path must be a str"):
        hotcue.decode(7)  # type: ignore[arg-type]
    array: Any = np.zeros(480, np.float32)
    for audio in (array, memoryview(array), array_of("f", [0.5]), (ctypes.c_int16 * 4)()):
        with pytest.raises(TypeError, match="decoded already; `resample` changes its rate"):
            hotcue.decode(audio, sample_rate=RATE)
        with pytest.raises(TypeError, match="an array is no file"):
            hotcue.info(audio)
    with hotcue.AudioEngine(output="offline") as engine:
        sample: Any = engine.load_sample_async(0, path).result()
    with pytest.raises(TypeError, match=r"a Sample is decoded already: to_numpy\(\)"):
        hotcue.decode(sample)
    with pytest.raises(TypeError, match="a Sample is no file; its attributes say the same"):
        hotcue.info(sample)


def test_a_file_is_read_once_all_else_was_checked(sounds: Sounds, tmp_path: Path) -> None:
    file = io.BytesIO(sounds.wav().read_bytes())
    (tmp_path / "a file").touch()
    wrong: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (hotcue.decode, {"sample_rate": 10}),
        (hotcue.decode, {"mono": 1}),
        (hotcue.decode, {"start_sec": -1}),
        (hotcue.decode, {"duration_sec": "1"}),
        (hotcue.decode, {"layout": "planar"}),
        (hotcue.analyze, {"kinds": "tempo"}),
        (hotcue.analyze, {"sample_rate": 10}),
        (hotcue.analyze, {"sample_rate": 48e3}),
        (hotcue.analyze, {"cache_bytes": 0}),
        (hotcue.analyze, {"cache_dir": ""}),
        (hotcue.analyze, {"cache_dir": tmp_path / "a file"}),
    ]
    for call, options in wrong:
        with pytest.raises((ValueError, TypeError, OSError)):
            call(file, **options)
        assert file.tell() == 0, options
    assert hotcue.decode(file)[0].shape == (1, 480)
    assert file.read() == b""


def test_several_threads_decode_at_a_time(sounds: Sounds) -> None:
    path = sounds.wav(frames=48_000, channels=2)
    expected, _ = hotcue.decode(path)
    found: list[bool] = []

    def work() -> None:
        for _ in range(10):
            found.append(np.array_equal(hotcue.decode(path)[0], expected))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


@pytest.mark.parametrize(("bits", "subtype"), [(16, "PCM_16"), (24, "PCM_24"), (32, "FLOAT")])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_what_is_written_is_what_soundfile_reads(
    tmp_path: Path, bits: Any, subtype: str, channels: int
) -> None:
    path = tmp_path / "a.wav"
    values = noise(channels, 1001)
    if bits < 32:
        full = 2.0 ** (bits - 1)
        values = (np.rint(values * full) / full).astype(np.float32)
        if bits == 24:
            values = np.clip(values, -1, 1 - 2**-23)
    hotcue.write_wav(path, values, 44_100, bits=bits)
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.frames) == (subtype, 44_100, 1001)
    read, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert np.array_equal(read.T, np.clip(values, -1, 1 - 2.0 ** (1 - bits)))
    again, rate = hotcue.decode(path)
    assert rate == 44_100
    assert np.array_equal(again.T, read)


def test_writing_rounds_and_clips_integers_and_leaves_floats(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    hotcue.write_wav(path, np.array([2.0, -2.0, 0.6 / 32_768, -1.0]), RATE, bits=16)
    with wave.open(str(path)) as file:
        assert np.frombuffer(file.readframes(4), "<i2").tolist() == [32_767, -32_768, 1, -32_768]
    hotcue.write_wav(path, np.array([2.0, -2.0]), RATE)
    assert hotcue.decode(path)[0].tolist() == [[2.0, -2.0]]
    integers = pcm(100, 2)
    hotcue.write_wav(path, integers, RATE, bits=16, layout="frames_first")
    assert path.read_bytes() == wav_bytes(integers)


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    wrong: list[tuple[Any, Any, dict[str, Any], type[Exception], str]] = [
        (np.zeros(3), RATE, {"bits": 8}, ValueError, "bits must be 16, 24 or 32, not 8"),
        (np.zeros(3), RATE, {"bits": np.uint8(12)}, ValueError, "16, 24 or 32, not 12$"),
        (np.zeros(3), RATE, {"bits": 16.0}, TypeError, "bits must be an integer, not float"),
        (np.zeros(3), RATE, {"bits": "16"}, TypeError, "bits must be an integer, not str"),
        (np.zeros(3), RATE, {"bits": np.float32(16)}, TypeError, "an integer, not float32"),
        (np.zeros(3), RATE, {"bits": True}, TypeError, "bits must be an integer, not bool"),
        (np.zeros(3), 0, {}, ValueError, "sample_rate out of range: 0 Hz"),
        (np.zeros((3, 3, 3)), RATE, {}, ValueError, "shape"),
        (
            np.zeros((70, 2)),
            RATE,
            {},
            ValueError,
            r"rows at most, .* pass a\.T if it is \(frames, c",
        ),
        (
            np.zeros((2, 70)),
            RATE,
            {"layout": "frames_first"},
            ValueError,
            r"columns at most, .* pass a\.T if it is \(channels, f",
        ),
        (np.array([np.nan]), RATE, {}, ValueError, "NaN or infinite"),
        (np.array([-1.1e20]), RATE, {}, ValueError, "1e\\+20 at most; .* some that are larger"),
        (np.array(["a"]), RATE, {}, TypeError, "floats or integers"),
        ([1, 0, -1], RATE, {}, TypeError, "integers of 8 to 32 bits, not of int"),
        (0.5, RATE, {}, TypeError, "audio must be an array, not float"),
        (np.zeros(3), RATE, {"layout": "rows"}, ValueError, "layout must be"),
    ]
    path = tmp_path / "a.wav"
    for audio, rate, options, error, message in wrong:
        with pytest.raises(error, match=message):
            hotcue.write_wav(path, audio, rate, **options)
    assert not path.exists()
    with pytest.raises(OSError):
        hotcue.write_wav(tmp_path / "no" / "a.wav", np.zeros(3), RATE)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int64])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_bits_of_any_integer_type_are_the_same_bits(tmp_path: Path, kind: Any, bits: Any) -> None:
    # More bytes than a uint16 counts.
    expected, found = tmp_path / "expected.wav", tmp_path / "found.wav"
    values = noise(2, 20_000)
    hotcue.write_wav(expected, values, 44_100, bits=bits)
    hotcue.write_wav(found, values, 44_100, bits=kind(bits))
    assert found.read_bytes() == expected.read_bytes()


def test_what_is_too_large_to_be_audio_is_not_resampled() -> None:
    values = noise(2, 4800)
    values[0, 99] = 1e20
    assert np.isfinite(hotcue.resample(values, RATE, 44_100)).all()
    values[0, 99] = 3e38
    with pytest.raises(ValueError, match=r"1e\+20 at most; this one has some that are larger"):
        hotcue.resample(values, RATE, 44_100)
    with pytest.raises(TypeError, match="audio must be an array, not float"):
        hotcue.resample(0.5, RATE, 44_100)
    with pytest.raises(ValueError, match="^target_rate out of range: 5 Hz$"):
        hotcue.resample(values, RATE, 5)


def test_a_sample_is_an_array_to_write_and_to_resample(tmp_path: Path) -> None:
    values = noise(2, 480)
    with hotcue.AudioEngine(output="offline", sample_rate=RATE) as engine:
        sample = engine.load_sample_async(0, values, sample_rate=RATE).result()
    # Its shape is its own.
    for layout in ("channels_first", "frames_first"):
        hotcue.write_wav(tmp_path / "a.wav", sample, RATE, layout=layout)
        assert np.array_equal(hotcue.decode(tmp_path / "a.wav")[0], values)
    expected = hotcue.resample(values, RATE, 44_100)
    assert np.array_equal(hotcue.resample(sample, RATE, 44_100), expected)


def test_what_was_there_is_whole_until_the_new_file_is(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    values = noise(200_000)
    hotcue.write_wav(path, values, RATE)
    # 32-bit floats behind a header, as mapped into memory: its last value is its first now.
    mapped: Any = np.memmap(path, "<f4", "r", offset=path.stat().st_size - 4 * len(values))
    hotcue.write_wav(path, np.roll(values, 1), RATE)
    assert np.array_equal(mapped, values)
    hotcue.write_wav(path, mapped, RATE)
    assert np.array_equal(hotcue.decode(path)[0][0], values)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.skipif(os.name != "posix", reason="links and modes as POSIX has them")
def test_a_file_that_is_written_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.wav", tmp_path / "link.wav"
    path.write_bytes(b"")
    path.chmod(0o640)
    link.symlink_to("a.wav")
    hotcue.write_wav(link, noise(10), RATE)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert hotcue.info(path).frames == 10
    hotcue.write_wav("/dev/null", noise(10), RATE)
    assert Path("/dev/null").is_char_device()
    # By its text this is the file that is there; the system finds none.
    content = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        hotcue.write_wav(tmp_path / "none" / ".." / "a.wav", noise(20), RATE)
    assert path.read_bytes() == content


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        hotcue.write_wav("/dev/full", np.zeros((1, 100_000), np.float32), 48_000)


def test_more_than_4_gib_has_a_header_that_says_so() -> None:
    # Beside what EBU Tech 3306 says; nobody writes so much in a test.
    from hotcue import wav

    frames = 3_000_000_000
    head = wav.header(1, frames, RATE, 16)
    assert head[:4] == b"RF64" and head[4:8] == b"\xff" * 4
    assert head[12:16] == b"ds64"
    riff, data, count = (int.from_bytes(head[at : at + 8], "little") for at in (20, 28, 36))
    assert (riff, data, count) == (len(head) - 8 + 2 * frames, 2 * frames, frames)
    assert head[-8:] == b"data" + b"\xff" * 4


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="what is open has no names")
def test_a_pipe_and_a_deleted_file_are_written_by_their_descriptors(tmp_path: Path) -> None:
    path, values = tmp_path / "a.wav", noise(100)
    hotcue.write_wav(path, values, RATE)
    content = path.read_bytes()
    ending, begin = os.pipe()
    with open(ending, "rb") as pipe:
        with open(begin, "wb"):
            hotcue.write_wav(f"/dev/fd/{begin}", values, RATE)
        assert pipe.read() == content
    with path.open("r+b") as deleted:
        path.unlink()
        deleted.truncate(0)
        hotcue.write_wav(f"/dev/fd/{deleted.fileno()}", values, RATE)
        deleted.seek(0)
        assert deleted.read() == content
    assert not list(tmp_path.iterdir())
