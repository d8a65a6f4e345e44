"""Decoded audio on disk: what a second start finds there, and what it never takes from there."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import TERMINAL, Sounds, drain, pcm, wait_until, wav_bytes

import hotcue

# Of another rate than the engine's: what is resampled is kept.
RATE = 44_100
KINDS: tuple[hotcue.analysis.Kind, ...] = ("bpm", "key", "loudness", "onsets", "waveform")


def write(path: Path, seed: int = 0, frames: int = 22_050) -> Path:
    path.write_bytes(wav_bytes(pcm(frames, seed=seed), RATE))
    settle(path)
    return path


def settle(path: Path) -> None:
    """Waits until any later change of a file shows in its times: nothing is kept before."""
    wait_until("the file is old enough", lambda: time.time_ns() - path.stat().st_ctime_ns > 30e6)


def load(folder: Path, *paths: Path, **options: Any) -> tuple[list[NDArray[np.float32]], Any]:
    """The values of each, as an engine of its own loads them, and what it says of the cache."""
    with hotcue.AudioEngine(output="offline", workers=2, cache_dir=folder, **options) as engine:
        tickets = [engine.load_sample_async(id, path) for id, path in enumerate(paths)]
        arrays = [ticket.result().to_numpy() for ticket in tickets]
        events = drain(engine, tickets)
        assert all(of_one[-1]["type"] == "success" for of_one in events.values())
        figures = engine.stats()
    return arrays, {name: value for name, value in figures.items() if name.startswith("cache_")}


def test_a_second_start_finds_what_the_first_has_decoded(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{seed}.wav", seed) for seed in range(20)]
    cache = tmp_path / "cache"
    first, figures = load(cache, *paths)
    assert (figures["cache_hits"], figures["cache_stored"]) == (0, 20)
    second, figures = load(cache, *paths)
    assert (figures["cache_hits"], figures["cache_misses"]) == (20, 0)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one, other)


def test_a_file_that_has_changed_is_decoded_anew(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    load(cache, path)
    write(path, 2)
    os.utime(path, ns=times)  # Of the same length, in the same inode, and as old as before.
    settle(path)
    (changed,), figures = load(cache, path)
    assert figures["cache_hits"] == 0
    (expected,), _ = load(tmp_path / "other", path)
    assert np.array_equal(changed, expected)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_entry_is_made_anew(tmp_path: Path, damage: str) -> None:
    path, cache = write(tmp_path / "a.wav"), tmp_path / "cache"
    (expected,), _ = load(cache, path)
    (entry,) = cache.glob("*.sample")
    sound = entry.read_bytes()
    middle = len(sound) // 2
    damaged = {
        "cut": sound[:middle],
        "flip": sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
        "empty": b"",
    }
    entry.write_bytes(damaged[damage])
    (found,), figures = load(cache, path)
    assert np.array_equal(found, expected)
    assert (figures["cache_unsound"], figures["cache_stored"]) == (1, 1)
    assert entry.read_bytes() == sound


def test_a_long_file_is_stored_after_its_load_and_found_the_next_time(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "long.wav", frames=5_000_000), tmp_path / "cache"
    arrays = []
    for is_second in (False, True):
        with hotcue.AudioEngine(output="offline", cache_dir=cache) as engine:
            arrays.append(engine.load_sample_async(0, path).result().to_numpy())
            wait_until("it is stored", lambda: engine.stats()["cache_storing"] == 0)
            stats = engine.stats()
        assert (stats["cache_hits"], stats["cache_stored"]) == (is_second, not is_second)
    assert np.array_equal(*arrays)


def test_a_second_start_says_what_is_odd_about_a_file_too(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav"), tmp_path / "cache"
    path.write_bytes(path.read_bytes()[:-2_000])
    settle(path)
    told = []
    for hits in (0, 1):
        with hotcue.AudioEngine(output="offline", cache_dir=cache) as engine:
            ticket = engine.load_sample_async(0, path)
            ticket.result()
            told.append(drain(engine, [ticket])[ticket][-1]["warnings"])
            assert engine.stats()["cache_hits"] == hits
    assert [warning["code"] for warning in told[0]] == ["truncated"]
    assert told[0] == told[1]


def heard(folder: Path, path: Path, **options: Any) -> tuple[dict[str, Any], Any]:
    """Every result of analysing a file, and what the engine says of the cache."""
    with hotcue.AudioEngine(output="offline", cache_dir=folder, **options) as engine:
        ticket = engine.load_sample_async(0, path, analyze=KINDS)
        sample = ticket.result()
        wait_until("it is heard", lambda: len(sample.analysis) == len(KINDS))
        results = dict(sample.analysis)
        results["waveform"] = sample.waveform(50)
        figures = engine.stats()
    return results, {name: value for name, value in figures.items() if name.startswith("cache_")}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    drawn, again = one["waveform"], other["waveform"]
    others = [kind for kind in KINDS if kind != "waveform"]
    return all(one[kind] == other[kind] for kind in others) and all(
        np.array_equal(values, others) for values, others in zip(drawn, again, strict=True)
    )


def test_a_second_start_finds_what_was_heard_also_in_another_file_of_that_audio(
    tmp_path: Path,
) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    first, figures = heard(cache, path)
    assert (figures["cache_analysis_hits"], figures["cache_analysis_misses"]) == (0, len(KINDS))
    second, figures = heard(cache, path)
    assert (figures["cache_analysis_hits"], figures["cache_analysis_misses"]) == (len(KINDS), 0)
    assert same(first, second)
    # Nothing but a chunk that says nothing of the audio.
    other = tmp_path / "b.wav"
    other.write_bytes(path.read_bytes() + b"note\4\0\0\0abcd")
    settle(other)
    third, figures = heard(cache, other)
    assert figures["cache_analysis_hits"] == len(KINDS)
    assert same(first, third)


def test_without_cache_audio_nothing_but_what_was_heard_is_kept(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    first, figures = heard(cache, path, cache_audio=False)
    assert (figures["cache_stored"], len(list(cache.glob("*.result")))) == (0, len(KINDS))
    second, figures = heard(cache, path, cache_audio=False)
    assert (figures["cache_hits"], figures["cache_analysis_hits"]) == (0, len(KINDS))
    assert same(first, second)
    with pytest.raises(TypeError):
        hotcue.AudioEngine(cache_dir=cache, cache_audio=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["cut", "change"])
def test_a_damaged_result_is_found_anew(tmp_path: Path, damage: str) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    expected, _ = heard(cache, path)
    sound = {entry: entry.read_bytes() for entry in cache.glob("*.result")}
    for entry, content in sound.items():
        entry.write_bytes(content[:-1] if damage == "cut" else content[:60] + b"!" + content[61:])
    found, figures = heard(cache, path)
    assert same(found, expected)
    assert (figures["cache_unsound"], figures["cache_analysis_misses"]) == (len(KINDS),) * 2
    assert {entry: entry.read_bytes() for entry in cache.glob("*.result")} == sound


def test_processes_share_a_folder(tmp_path: Path, python: Callable[..., Any]) -> None:
    for seed in range(20):
        write(tmp_path / f"{seed}.wav", seed)
    program = """
import subprocess, sys
import numpy as np
import hotcue

folder, turn = sys.argv[1], sys.argv[2]
if turn == "all":
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, folder, "one"], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = {process.communicate()[0] for process in programs}
    assert all(process.returncode == 0 for process in programs)
    print(len(said))
else:
    with hotcue.AudioEngine(output="offline", cache_dir=folder + "/cache") as engine:
        for _ in range(5):
            tickets = [engine.load_sample_async(id, f"{folder}/{id}.wav") for id in range(20)]
            sums = [float(np.abs(ticket.result().to_numpy()).sum()) for ticket in tickets]
            for id in range(20):
                engine.unload_sample(id)
        assert engine.stats()["cache_unsound"] == 0
        print(sums)
"""
    program = f"PROGRAM = {program!r}\n" + program
    done = python(program, str(tmp_path), "all")
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert not list((tmp_path / "cache").glob("*.unfinished"))


def test_a_cache_keeps_within_its_bytes(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{seed}.wav", seed) for seed in range(20)]
    cache = tmp_path / "cache"
    load(cache, *paths, cache_bytes=1_000_000)
    held = sum(file.stat().st_size for file in cache.iterdir())
    assert 0 < held <= 1_000_000


def test_a_cached_load_can_be_cancelled_and_kept_within_a_budget(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{seed}.wav", seed, frames=441_000) for seed in range(8)]
    cache = tmp_path / "cache"
    load(cache, *paths)
    # Room for two of 480,000 frames.
    with hotcue.AudioEngine(
        output="offline", cache_dir=cache, memory_budget=4_500_000, workers=2
    ) as engine:
        tickets = [engine.load_sample_async(id, path) for id, path in enumerate(paths)]
        tickets[7].cancel()
        events = drain(engine, tickets)
        # What was loaded may leave again at once, to make room for the next.
        ends = [
            next(event["type"] for event in of_one if event["type"] in TERMINAL)
            for of_one in events.values()
        ]
        assert ends[:7] == ["success"] * 7
        assert ends[7] in ("cancelled", "success")
        stats = engine.stats()
        assert stats["cache_hits"] >= 7
        assert stats["sample_bytes"] + stats["reserved_bytes"] <= 4_500_000


def test_what_cannot_be_a_folder_says_so(sounds: Sounds) -> None:
    file = sounds.wav()
    message = "could not open the cache: "
    for folder in (file, file / "cache"):
        with pytest.raises(NotADirectoryError, match=message) as refused:
            hotcue.AudioEngine(output="offline", cache_dir=folder).run()
        assert (refused.value.errno, refused.value.filename) == (errno.ENOTDIR, str(folder))
        with pytest.raises(NotADirectoryError, match=message) as refused:
            hotcue.analyze(file, "loudness", cache_dir=folder)
        assert (refused.value.errno, refused.value.filename) == (errno.ENOTDIR, str(folder))
    with pytest.raises(NotADirectoryError, match=f"{message}not a folder"):
        hotcue.AudioEngine(output="offline", cache_dir=file).run()
    with pytest.raises(ValueError, match="cache_dir is empty"):
        hotcue.AudioEngine(cache_dir="")
    with pytest.raises(ValueError, match="cache_bytes out of range"):
        hotcue.AudioEngine(cache_dir=file, cache_bytes=0)
    with pytest.raises(TypeError):
        hotcue.AudioEngine(cache_dir=7)  # type: ignore[arg-type]


def test_a_folder_that_goes_away_is_made_again(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav"), tmp_path / "cache"
    with hotcue.AudioEngine(output="offline", cache_dir=cache) as engine:
        shutil.rmtree(cache)
        assert engine.load_sample_async(0, path).result().frames == 24_000
        stats = engine.stats()
        assert (stats["cache_stored"], stats["cache_failures"]) == (1, 0)


def kept(cache: Path) -> dict[str, list[Path]]:
    """Files of a cache, by what they are."""
    kinds = ("card", "sample", "result", "facts", "unfinished")
    found: dict[str, list[Path]] = {kind: [] for kind in kinds}
    for file in sorted(cache.iterdir()):
        found[file.suffix[1:]].append(file)
    return found


def equal(one: hotcue.analysis.Analysis, other: hotcue.analysis.Analysis) -> bool:
    """Whether the same was heard, in the same order; waveforms are where they draw the same."""
    return list(one) == list(other) and all(one[kind] == other[kind] for kind in one)


def test_analyze_keeps_what_was_heard_and_no_audio(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    expected = hotcue.analyze(path)
    assert equal(hotcue.analyze(path, cache_dir=cache), expected)
    first = kept(cache)
    counts = {kind: len(files) for kind, files in first.items()}
    assert counts == {"card": 1, "sample": 0, "result": 5, "facts": 1, "unfinished": 0}
    # Under another name, as bytes, and of the kinds asked for.
    other = tmp_path / "other.wav"
    shutil.copyfile(path, other)
    settle(other)
    assert equal(hotcue.analyze(other, cache_dir=str(cache)), expected)
    assert equal(hotcue.analyze(path.read_bytes(), cache_dir=os.fsencode(cache)), expected)
    assert hotcue.analyze(path, "key", cache_dir=cache) == {"key": expected["key"]}
    assert kept(cache)["result"] == first["result"]
    assert kept(cache)["facts"] == first["facts"]
    # At another rate something else is heard, of which other things are known.
    at_8_khz = hotcue.analyze(path, cache_dir=cache, sample_rate=8_000)
    assert equal(at_8_khz, hotcue.analyze(path, sample_rate=8_000))
    assert len(kept(cache)["facts"]) == 2


def test_analyze_has_an_array_and_a_sample_in_its_cache_too(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    with hotcue.AudioEngine(output="offline", sample_rate=RATE, cache_dir=cache) as engine:
        ticket = engine.load_sample_async(0, path, analyze=KINDS)
        ticket.analysis_result()
        sample = ticket.result()
        heard = hotcue.analyze(sample)
        before = kept(cache)
        assert len(before["result"]) == len(KINDS)
        assert equal(hotcue.analyze(sample, cache_dir=cache), heard)
        array = sample.to_numpy()
    assert equal(hotcue.analyze(array, sample_rate=RATE, cache_dir=cache), heard)
    assert equal(hotcue.analyze(path, cache_dir=cache), heard)
    assert kept(cache)["result"] == before["result"]


def test_analyze_hears_a_file_that_has_changed_anew(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    first = hotcue.analyze(path, cache_dir=cache)
    write(path, 2)
    os.utime(path, ns=times)
    settle(path)
    second = hotcue.analyze(path, cache_dir=cache)
    assert equal(second, hotcue.analyze(path))
    assert not equal(second, first)


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "longer"])
def test_analyze_makes_anew_what_is_damaged(tmp_path: Path, damage: str) -> None:
    path, cache = write(tmp_path / "a.wav", 1), tmp_path / "cache"
    expected = hotcue.analyze(path, cache_dir=cache)
    sound = {file: file.read_bytes() for file in cache.iterdir()}
    for file, content in sound.items():
        half = len(content) // 2
        bad = {
            "cut": content[:half],
            "changed": content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :],
            "empty": b"",
            "longer": content + b"\0",
        }[damage]
        file.write_bytes(bad)
        assert equal(hotcue.analyze(path, cache_dir=cache), expected), file
        assert file.read_bytes() == content


def test_threads_and_processes_analyze_into_one_folder(
    tmp_path: Path, python: Callable[..., Any]
) -> None:
    paths = [write(tmp_path / f"{seed}.wav", seed) for seed in range(8)]
    expected = [hotcue.analyze(path, "loudness") for path in paths]
    program = """
import pickle, sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import hotcue

folder = Path(sys.argv[1])
def hear(number):
    path = folder / f"{number % 8}.wav"
    return hotcue.analyze(path, "loudness", cache_dir=folder / "cache")
with ThreadPoolExecutor(4) as pool:
    print(pickle.dumps(list(pool.map(hear, range(32)))).hex())
"""
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(python, program, str(tmp_path)) for _ in range(2)]
    for run in runs:
        done = run.result()
        assert done.stderr == ""
        assert pickle.loads(bytes.fromhex(done.stdout)) == expected * 4
    counts = {kind: len(files) for kind, files in kept(tmp_path / "cache").items()}
    assert counts == {"card": 8, "sample": 0, "result": 8, "facts": 8, "unfinished": 0}


def test_a_forked_child_analyzes_into_the_folder_of_its_parent(
    tmp_path: Path, python: Callable[..., Any]
) -> None:
    write(tmp_path / "a.wav", 1)
    program = """
import os, sys
import hotcue

if not hasattr(os, "fork"):
    print("0 True")
    sys.exit()
path, cache = sys.argv[1] + "/a.wav", sys.argv[1] + "/cache"
first = hotcue.analyze(path, "loudness", cache_dir=cache)
child = os.fork()
if not child:
    os._exit(hotcue.analyze(path, "loudness", cache_dir=cache) != first)
print(os.waitpid(child, 0)[1], os.path.exists(cache))
"""
    done = python(program, str(tmp_path))
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_a_folder_that_analyze_cannot_use_says_so(sounds: Sounds) -> None:
    file = sounds.wav()
    message = "could not open the cache: not a folder"
    with pytest.raises(NotADirectoryError, match=message):
        hotcue.analyze(file, cache_dir=file)
    with pytest.raises(NotADirectoryError, match="could not open the cache: ") as inside:
        hotcue.analyze(file, cache_dir=file / "cache")
    assert inside.value.filename == str(file / "cache")
    with pytest.raises(ValueError, match="cache_dir is empty"):
        hotcue.analyze(file, cache_dir="")
    for cache_bytes in (0, -1, 2**63):
        with pytest.raises(ValueError, match="cache_bytes out of range"):
            hotcue.analyze(file, cache_dir=file.parent / "cache", cache_bytes=cache_bytes)
    with pytest.raises(TypeError):
        hotcue.analyze(file, cache_dir=7)  # type: ignore[arg-type]
    # What fails, fails as without one, and leaves nothing.
    broken = file.parent / "broken.wav"
    broken.write_bytes(b"RIFF" * 20)
    settle(broken)
    cache = file.parent / "cache"
    with pytest.raises(hotcue.LoadError) as without:
        hotcue.analyze(broken)
    for _ in range(2):
        with pytest.raises(hotcue.LoadError) as cached:
            hotcue.analyze(broken, cache_dir=cache)
        assert (cached.value.kind, str(cached.value)) == (without.value.kind, str(without.value))
    with pytest.raises(FileNotFoundError):
        hotcue.analyze(file.parent / "missing.wav", cache_dir=cache)
    assert kept(cache)["facts"] == kept(cache)["result"] == []
