"""``hotcue bench``: what it measures adds up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support import Sounds, forbid_listing

from hotcue.bench.report import distribution
from hotcue.bench.scenario import Scenario, material
from hotcue.cli import main


def bench(tmp_path: Path, *words: str) -> list[dict]:
    """Its three runs as it wrote them: with loads, the loop alone, the loads alone."""
    path = tmp_path / "bench.json"
    words = ("bench", "--loads", "60", "--mix", "tiny:3,oneshot:1", "--json", str(path), *words)
    assert main(words) == 0
    return json.loads(path.read_text())


def test_every_load_ends_and_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    loads, loop, alone = bench(
        tmp_path, "--per-frame", "7", "--workers", "2", "--priorities", "-3..3"
    )
    assert loads["ends"] == {"success": 60}
    assert loads["scenario"]["workers"] == 2
    assert loads["without_end"] == loads["ended_twice"] == loads["dropped_events"] == 0
    assert loads["latency_ms"]["submit to started"]["count"] == 60
    assert loads["latency_ms"]["submit to success"]["count"] == 60
    assert loads["submit_us"]["count"] == 60
    # Three tiny files and a half second, fifteen times, at 48 kHz; each is rounded to a frame.
    assert loads["times_realtime"] * loads["wall_sec"] == pytest.approx(
        45 * 64 / 44_100 + 15 * 0.5, abs=60 / 48_000
    )
    # Nine frames submit, seven loads each, and the last one of them hears of no end before.
    assert len(loads["frames"]) >= 9
    assert loads["frames"][-1][2] == 60
    assert loop["ends"] == {}
    assert len(loop["frames"]) == len(loads["frames"])
    assert alone["ends"] == {"success": 60}
    assert alone["frames"] == []
    out = capsys.readouterr().out
    assert "load_sample_async" in out
    assert f"take {loads['wall_sec'] / alone['wall_sec']:.2f} times as long" in out


def test_figures_that_cannot_be_written_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "no" / "bench.json"
    assert main(("bench", "--loads", "60", "--json", str(path))) == 1
    told = capsys.readouterr()
    assert "load_sample_async" in told.out
    assert told.err == f"hotcue: {path}: No such file or directory\n"


def test_rounds_are_taken_in_turns(tmp_path: Path) -> None:
    runs = bench(tmp_path, "--rounds", "2", "--cold")
    assert [run["name"] for run in runs] == ["with loads", "the loop alone", "the loads alone"] * 2
    assert all(run["from_cache"] == 0 for run in runs)


def test_cancelled_loads_end_as_cancelled(tmp_path: Path) -> None:
    loads, *_ = bench(tmp_path, "--cancel", "1", "--mix", "loop:1")
    assert sum(loads["ends"].values()) == 60
    assert loads["ends"]["cancelled"] > 0


def test_a_folder_is_taken_again_and_again(tmp_path: Path, sounds: Sounds) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(4):
        Path(sounds.wav(frames=480 + number)).rename(folder / f"{number}.wav")
    loads, *_ = bench(tmp_path, "--folder", str(folder), "--loads", "9")
    assert loads["ends"] == {"success": 9}


def test_loads_that_fail_are_told(
    tmp_path: Path, sounds: Sounds, capsys: pytest.CaptureFixture
) -> None:
    # What a folder is named is no markup of the table's: nothing has opened what this closes.
    folder = tmp_path / "[" / "]"
    folder.mkdir(parents=True)
    Path(sounds.wav()).rename(folder / "a.wav")
    Path(sounds.corrupt("b.wav")).rename(folder / "b.wav")
    figures = tmp_path / "bench.json"
    words = ("--loads", "8", "--json", str(figures))
    assert main(("bench", "--folder", str(folder), *words)) == 1
    told = capsys.readouterr()
    # Every other one, with the loop and without.
    assert re.fullmatch("hotcue: 8 of 16 loads failed: .+\n", told.err)
    assert f"2 files of {folder}\n" in told.out
    ends = [run["ends"] for run in json.loads(figures.read_text())]
    assert ends == [{"success": 4, "error": 4}, {}, {"success": 4, "error": 4}]


def test_a_folder_that_cannot_be_listed_is_told(
    sounds: Sounds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    sounds.wav()
    closed = sounds.folder / "closed"
    closed.mkdir()
    forbid_listing(monkeypatch, closed)
    for folder in (sounds.folder, closed):
        assert main(["bench", "--loads", "2", "--folder", str(folder)]) == 1
        assert capsys.readouterr().err == f"hotcue: {closed}: Permission denied\n"


def test_the_page_holds_the_figures(tmp_path: Path) -> None:
    html = tmp_path / "bench.html"
    runs = bench(tmp_path, "--html", str(html))
    page = html.read_text()
    drawn = re.search(r"const runs = (\[.*\]);", page)
    assert drawn is not None
    assert json.loads(drawn[1]) == runs
    # It needs nothing from anywhere else.
    assert not re.search(r"(src|href)=|https?://(?!www\.w3\.org/2000/svg)", page)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--loads", "0"], "--loads must be 1 to 1000000"),
        (["--mix", "huge:1"], "--mix: 'huge:1' is no KIND:SHARE"),
        (["--mix", "tiny:0"], "--mix needs a share above 0"),
        (["--priorities", "5..-5"], "--priorities must be LOW..HIGH"),
        (["--priorities", "5"], "--priorities: '5' is no LOW..HIGH"),
        (["--cancel", "1.5"], "--cancel must be 0 to 1"),
        (["--rounds", "0"], "--rounds must be 1 to 1000"),
        (["--fps", "0"], "--fps must be 1 to 1000"),
        (["--workers", "0"], "--workers must be 1 to 256"),
        (["--rate", "5"], "--rate must be 1000 to 768000"),
        (["--budget-mb", "0"], "--budget-mb must be 1 to 1000000000"),
        (["--budget-mb", "9" * 20], "--budget-mb must be 1 to 1000000000"),
    ],
)
def test_what_is_out_of_range_is_a_wrong_option(
    words: list[str], problem: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["bench", *words]) == 2
    assert problem in capsys.readouterr().err


def test_of_a_folder_audio_is_loaded_and_nothing_hidden(
    sounds: Sounds, capsys: pytest.CaptureFixture
) -> None:
    assert main(["bench", "--folder", "no such folder"]) == 1
    assert "no such folder: No such file or directory" in capsys.readouterr().err
    assert main(["bench", "--folder", str(sounds.folder)]) == 1
    assert f"{sounds.folder}: no audio files" in capsys.readouterr().err
    folder = sounds.wav().parent
    for other in ("a.json", ".b.wav", ".hidden/c.wav"):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_bytes(b"{}")
    with material(Scenario(folder=str(folder))) as files:
        assert [Path(path).name for path in files.paths] == ["a.wav"]


def test_the_shares_of_a_mix_hold_for_any_stretch() -> None:
    with material(Scenario(loads=40, mix={"tiny": 3, "oneshot": 1})) as files:
        sizes = [size < 10_000 for size in files.sizes]
        assert [sum(sizes[at : at + 8]) for at in range(0, 40, 8)] == [6] * 5
        assert all(
            Path(path).stat().st_size == size
            for path, size in zip(files.paths, files.sizes, strict=True)
        )
    assert not Path(files.paths[0]).exists()


def test_percentiles_are_nearest_ranks() -> None:
    # The textbook example of the nearest-rank method.
    found = distribution([15, 20, 35, 40, 50])
    assert found is not None
    assert (found["count"], found["p50"], found["p90"], found["max"]) == (5, 35, 50, 50)
    assert found["curve"][0] == 15
    assert found["curve"][-1] == 50
    assert distribution([]) is None
