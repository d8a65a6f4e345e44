"""``hotcue analyze``, as a shell sees it."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import weakref
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, Sounds, heed_ctrl_c, wait_until, wav_bytes
from test_analyze import chords, clicks, major
from test_cache import settle
from test_cli import plain, run, run_in_terminal
from test_metadata import chunk, frame, id3

import hotcue
from hotcue.analysis import Analysis, Facts, Kinds, examine
from hotcue.cli import analyze, main
from hotcue.cli.heard import CSV_COLUMNS, as_cells
from hotcue.cli.picture import BAR, BEAT, GRID, draw, signed, summary
from hotcue.cli.picture.canvas import Canvas, letters
from hotcue.cli.picture.tempogram import CURVE_HZ, tempogram
from hotcue.cli.picture.ticks import full_scale, spelled, time_ticks
from hotcue.cli.text import clock

RATE = 48_000
HEADER = f"{','.join(CSV_COLUMNS)}\n"


def write(path: Path, *channels: NDArray[np.float32]) -> Path:
    values = np.rint(np.stack(channels, axis=1) * 32_767).astype(np.int16)
    path.write_bytes(wav_bytes(values, RATE))
    return path


@pytest.fixture
def beat(tmp_path: Path) -> Path:
    """16 clicks at 120 BPM."""
    return write(tmp_path / "beat.wav", clicks(120, 16))


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """C major, in stereo."""
    tune = chords(major("C"), major("F"), major("G"), major("C"))
    return write(tmp_path / "tune.wav", tune, tune)


def pixels(path: Path) -> NDArray[np.uint8]:
    """What a PNG of 8 bits and RGB shows, read by the format's own rules."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        parts[kind] = body
        at += 12 + length
    width, height, *rest = struct.unpack(">2I5B", parts[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    image = np.zeros((height, 3 * width), np.uint8)
    for y, row in enumerate(rows):
        # No filter, or the difference to the row above.
        assert row[0] in (0, 2)
        image[y] = row[1:] + (image[y - 1] if row[0] == 2 else 0)
    return image.reshape(height, width, 3)


def test_a_file_that_says_much_leaves_room_for_the_rest(beat: Path) -> None:
    said = frame(b"TBPM", b"\0" + b"121,5") + frame(b"TKEY", b"\0" + b"A minor " * 300)
    beat.write_bytes(id3(said) + beat.read_bytes())
    header, of_beat, _ = run("analyze", beat).stdout.splitlines()
    assert header.split()[0] == "file"
    assert of_beat.split()[:5] == [str(beat), "8.000", "s", "120.00", "16"]
    assert "121.5 (tag), A minor A minor A …" in of_beat


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--json", "--dat"]], ids=str)
def test_nothing_stays_of_what_was_printed(
    beat: Path, form: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watched(dict[str, Any]):
        """What can be watched, as a dict cannot."""

    alive: list[weakref.ref[Watched]] = []
    left: list[int] = []

    def watched(path: str, kinds: Kinds, **heed: Any) -> tuple[Facts, Analysis]:
        left.append(sum(one() is not None for one in alive))
        facts, heard = examine(path, kinds, **heed)
        result = Watched(heard)
        alive.append(weakref.ref(result))
        return facts, cast("Analysis", result)

    monkeypatch.setattr("hotcue.cli.analyze.examine", watched)
    for copy in range(20):
        (beat.parent / f"{copy}.wav").hardlink_to(beat)
    folder = [str(beat.parent)] if "--dat" in form else []
    assert main(["analyze", *form, *folder, "--workers", "1", str(beat.parent)]) == 0
    # One that is heard, two that wait to be printed, and the one that is.
    assert len(left) == 21 and max(left) <= 4


def test_a_table_tells_tempo_key_and_loudness(beat: Path, tune: Path) -> None:
    done = run("analyze", beat.parent)
    assert (done.returncode, done.stderr) == (0, "")
    header, of_beat, of_tune, summary = done.stdout.splitlines()
    names = "file duration BPM beats key LUFS dBTP onsets waveform file says"
    assert header.split() == names.split()
    assert of_beat.split()[:5] == [str(beat), "8.000", "s", "120.00", "16"]
    assert "C major, 8B" in of_tune
    assert summary.startswith("2 of 2 analysed in ")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]], ids=str)
def test_lines_are_printed_as_files_are_heard(
    form: list[str],
    beat: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed: list[str] = []

    def hear(path: str, kinds: Kinds, **heed: Any) -> tuple[Facts, Analysis]:
        printed.append(capsys.readouterr().out)
        return examine(path, kinds, **heed)

    monkeypatch.setattr("hotcue.cli.analyze.examine", hear)
    for copy in range(20):
        (beat.parent / f"{copy}.wav").hardlink_to(beat)
    args = ["analyze", *form, "--kinds", "loudness", "--workers", "1", str(beat.parent)]
    assert main(args) == 0
    # The names of the columns, and all but those of which one is heard and two wait.
    assert "".join(printed).count("\n") >= 1 + 21 - 4


@pytest.mark.parametrize("form", [[], ["--csv"]], ids=str)
def test_what_goes_to_a_file_stays_out_of_the_terminal(
    form: list[str], beat: Path, tmp_path: Path
) -> None:
    with (tmp_path / "out.txt").open("w+", encoding="utf-8") as file:
        code, drawn = run_in_terminal("analyze", *form, beat, tmp_path / "none.wav", stdout=file)
        assert code == 1
        assert "none.wav: file not found" in plain(drawn)
        assert "beat.wav" not in plain(drawn)
        written = (tmp_path / "out.txt").read_text(encoding="utf-8")
        assert written.splitlines()[1].startswith(str(beat))
        assert "\x1b" not in written


def test_a_dash_is_standard_input(beat: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hotcue", "analyze", "--csv", "-", tmp_path / "none.wav"]
    done = subprocess.run(command, input=beat.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 1
    _, piped, missing = csv.reader(io.StringIO(done.stdout.decode()))
    assert (piped[0], float(piped[1])) == ("-", 8.0)
    assert missing[0].endswith("none.wav")


class NoMemory(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise MemoryError


class NotToRead(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


@pytest.mark.parametrize(
    ("pipe", "told", "kind"),
    [
        (io.BytesIO, "more than 5 bytes come through the pipe", "too_large"),
        (NoMemory, "no memory for", "too_large"),
        (NotToRead, "reading failed: Bad file descriptor", "io"),
    ],
)
def test_a_pipe_that_cannot_be_heard_fails_alone(
    beat: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pipe: type[io.BytesIO],
    told: str,
    kind: str,
) -> None:
    monkeypatch.setattr(analyze, "PIPED_BYTES", 5)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe(b"123456")))
    assert main(["analyze", "--json", "--kinds", "loudness", "-", str(beat)]) == 1
    printed = capsys.readouterr()
    piped, file = json.loads(printed.out)["files"]
    assert (piped["path"], piped["kind"]) == ("-", kind)
    assert piped["error"].startswith(told)
    assert printed.err == f"hotcue: -: {piped['error']}\n"
    assert file["analysis"]["loudness"]


def test_a_file_for_which_there_is_no_memory_fails_alone(
    beat: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examine = analyze.examine

    def lacking(source: Any, *args: Any, **named: Any) -> Any:
        if source == b"12345":
            raise MemoryError
        return examine(source, *args, **named)

    monkeypatch.setattr(analyze, "examine", lacking)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    assert main(["analyze", "--json", "--kinds", "loudness", "-", str(beat)]) == 1
    piped, file = json.loads(capsys.readouterr().out)["files"]
    assert (piped["path"], piped["kind"], piped["error"]) == ("-", "too_large", "no memory for it")
    assert file["analysis"]["loudness"]


def test_a_pipe_may_have_as_much_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze, "PIPED_BYTES", 5)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    assert analyze._standard_input() == b"12345"


def test_json_has_the_rows_of_analyze(tune: Path) -> None:
    done = run("analyze", "--json", "--kinds", "key,waveform", tune, tune.parent / "missing.wav")
    assert done.returncode == 1
    assert done.stderr == f"hotcue: {tune.parent / 'missing.wav'}: file not found\n"
    document = json.loads(done.stdout)
    assert done.stdout == json.dumps(document, indent=1) + "\n"
    assert list(document) == ["files", "failed", "elapsed_sec"]
    good, missing = document["files"]
    assert document["failed"] == 1
    assert (good["path"], good["duration_sec"], good["channels"]) == (str(tune), 4.0, 2)
    assert set(good["analysis"]) == {"key", "waveform"}
    assert good["analysis"]["key"]["camelot"] == "8B"
    assert np.shape(good["analysis"]["waveform"]["max"]) == (2, 200)
    assert (missing["kind"], missing["error"]) == ("not_found", "file not found")


def test_csv_is_a_line_per_file(beat: Path, tune: Path) -> None:
    missing = beat.parent / "missing, too.wav"
    done = run("analyze", "--csv", beat, missing, tune)
    assert done.returncode == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["path"] for row in rows] == [str(beat), str(missing), str(tune)]
    assert float(rows[0]["bpm"]) == pytest.approx(120, abs=0.1)
    assert (rows[0]["key"], rows[0]["n_beats"], rows[0]["error"]) == ("", "16", "")
    assert (rows[1]["bpm"], rows[1]["error"]) == ("", "file not found")
    assert (rows[2]["key"], rows[2]["camelot"]) == ("C major", "8B")


def test_what_a_file_says_of_its_tempo_has_its_source(beat: Path, tune: Path) -> None:
    # Of ACID's chunk: kind of file, root, two values unknown, beats, meter, tempo.
    acid = struct.pack("<IHHfIHHf", 0, 60, 0x8000, 0.0, 16, 4, 4, 123.5)
    loop = beat.with_name("loop.wav")
    body = beat.read_bytes()[8:] + chunk(b"acid", acid)
    loop.write_bytes(chunk(b"RIFF", body))
    beat.write_bytes(id3(frame(b"TBPM", b"\0" + b"121.5")) + beat.read_bytes())
    paths = (loop, beat, tune)
    rows = csv.DictReader(io.StringIO(run("analyze", "--csv", *paths).stdout))
    said = [(row["embedded_bpm"], row["embedded_bpm_source"]) for row in rows]
    assert said == [("123.5", "acid"), ("121.5", "tag"), ("", "")]
    _, *lines, _ = run("analyze", *paths).stdout.splitlines()
    for line, told in zip(lines, (" 123.5 (acid)", " 121.5 (tag)", ""), strict=True):
        assert line.endswith(told)
        assert ("(" in line) == bool(told)


def test_csv_has_names_as_they_are(beat: Path) -> None:
    names = [b"two\nlines.wav", b"cr\rback.wav", b'quote".wav', b"\xff\xfe.wav"]
    folder = beat.parent / "names"
    folder.mkdir()
    try:
        for name in names:
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).hardlink_to(beat)
    except OSError:  # Not every file system has all of them.
        names = [name for name in names if (folder / os.fsdecode(name)).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "hotcue", "analyze", "--csv", "--kinds", "loudness", folder],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    text = done.stdout.replace(os.linesep.encode(), b"\n").decode(errors="surrogateescape")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert {len(row) for row in rows} == {len(header)}
    assert sorted(os.fsencode(Path(row[0]).name) for row in rows) == sorted(names)


def test_a_picture_is_drawn_of_each_file(beat: Path, tune: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    other = tmp_path / "sub"
    other.mkdir()
    again = write(other / "beat.wav", clicks(120, 16))
    done = run("analyze", "--png", folder, "--dat", folder, beat, again, tune)
    assert (done.returncode, done.stderr) == (0, "")
    names = {"beat.png", "beat-2.png", "tune.png", "beat.dat", "beat-2.dat", "tune.dat"}
    assert {path.name for path in folder.iterdir()} == names
    image = pixels(folder / "beat.png")
    height, width, _ = image.shape
    assert width > height > 300
    # Lines of beats and bars stand where the clicks are: each sixteenth of the waveform's width.
    left, plot_width = 74, 1110
    above = image[70, left : left + plot_width].astype(int).sum(axis=1)
    marks = np.flatnonzero(above > above.min() + 30)
    assert marks.tolist() == pytest.approx([n * plot_width / 16 for n in range(16)], abs=3)
    # What is loud is drawn there, and silence between is not.
    lane = image[100:250, left : left + plot_width].astype(int)
    loud = (np.abs(lane - lane[0, plot_width // 32]).sum(axis=2) > 60).sum(axis=0)
    assert loud[1] > 20  # 7 ms after the click: a fifth of full scale.
    assert loud[plot_width // 32] < 5


def test_a_guess_is_shown_as_one(beat: Path) -> None:
    facts, heard = examine(str(beat))
    for confidence, shown in ((0.51, "120.00"), (0.49, "120.00?")):
        heard["bpm"]["confidence"] = confidence
        assert summary(heard)[0] == f"{shown} BPM"
        assert as_cells(facts, heard)["BPM"].plain.rstrip() == shown


def test_one_picture_has_the_name_it_is_given(beat: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.png"
    assert run("analyze", "--png", one, beat).returncode == 0
    assert pixels(one).shape[1] == 1200
    done = run("analyze", "--png", one, beat, beat.parent / "other.wav")
    assert done.returncode == 1
    assert done.stderr == f"hotcue: {one} is one file, for 2: name a folder instead\n"


@pytest.mark.parametrize("option", ["--png", "--dat"])
def test_what_is_no_place_for_a_picture_is_told(
    option: str, beat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(beat.parent)
    done = run("analyze", option, "", beat)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {option}: must not be empty" in done.stderr
    for other in ("beat.jpg", "beat.json"):
        done = run("analyze", option, other, beat)
        told = f"hotcue: {other} is not named as a .{option[2:]} is, and is no folder\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
    assert [path.name for path in beat.parent.iterdir()] == ["beat.wav"]
    Path("beat.json").mkdir()
    assert run("analyze", option, "beat.json", beat).returncode == 0
    assert Path("beat.json", f"beat.{option[2:]}").exists()


@pytest.mark.parametrize("option", ["--png", "--dat"])
def test_no_file_that_is_heard_is_written_over(option: str, beat: Path) -> None:
    heard = beat.with_name(f"b.{option[2:]}")
    beat.rename(heard)
    content = heard.read_bytes()
    for target in (heard.parent, heard):
        done = run("analyze", option, target, heard)
        told = f"hotcue: {heard} is to be heard: it would be written over\n"
        assert (done.returncode, done.stderr) == (1, told)
    assert heard.read_bytes() == content


def test_json_is_a_document_whatever_ends_it(
    beat: Path, tune: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("analyze", "--json", "--png", "one.png", beat, tune)
    assert (done.returncode, json.loads(done.stdout)["files"]) == (1, [])

    def failing(source: Any, *args: Any, **others: Any) -> Any:
        if source == str(beat):
            raise hotcue.HotcueError("a bug")
        return examine(source, *args, **others)

    monkeypatch.setattr("hotcue.cli.analyze.examine", failing)
    assert main(["analyze", "--json", "--kinds", "loudness", str(beat), str(tune)]) == 1
    failed, heard = json.loads(capsys.readouterr().out)["files"]
    assert failed["error"] == "a bug"
    assert list(heard["analysis"]) == ["loudness"]


def test_a_cache_tells_what_was_heard_before(beat: Path, tune: Path) -> None:
    folder = beat.parent / "cache"
    args = ("analyze", "--csv", "--cache", folder, beat, tune)
    settle(tune)
    without = run("analyze", "--csv", beat, tune)
    first, second = run(*args), run(*args)
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr) == (0, "")
    assert first.stdout == second.stdout == without.stdout
    assert len(list(folder.glob("*.facts"))) == 2
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
    # What is drawn is kept, too.
    table = [run("analyze", *cache, beat, tune).stdout for cache in ((), ("--cache", folder)) * 2]
    rows = [plain(printed).splitlines()[:-1] for printed in table]
    assert rows[0] and all(row == rows[0] for row in rows)


def test_what_is_no_place_for_a_cache_is_told_once(beat: Path, tune: Path) -> None:
    for form in ("--csv", "--json"):
        done = run("analyze", form, "--cache", beat, beat, tune)
        assert done.returncode == 1
        assert done.stderr == f"hotcue: {beat}: not a folder\n"
        if form == "--json":
            assert json.loads(done.stdout)["files"] == []
        else:
            assert done.stdout == HEADER
    done = run("analyze", "--cache", "", beat)
    assert done.returncode == 2
    assert "argument --cache: must not be empty" in done.stderr


def test_kinds_may_have_spaces_between_them(beat: Path) -> None:
    done = run("analyze", "--json", "--kinds", "loudness, onsets", beat)
    assert set(json.loads(done.stdout)["files"][0]["analysis"]) == {"loudness", "onsets"}


def test_times_are_told_as_clocks_tell_them() -> None:
    times = [0.25, 9.9994, 10.0, 75.46, 3_599.94, 3_599.96, 3_600.0, 7_325.5, 86_399.4]
    assert [clock(sec) for sec in times] == [
        "0.250 s",
        "9.999 s",
        "0:10.0",
        "1:15.5",
        "59:59.9",
        "1:00:00",
        "1:00:00",
        "2:02:06",
        "23:59:59",
    ]


def test_zero_has_no_sign() -> None:
    assert [signed(value) for value in (-0.04, 0.04, -0.0, -0.06)] == ["0.0", "0.0", "0.0", "−0.1"]


def test_a_picture_that_cannot_be_written_fails(beat: Path) -> None:
    for option in ("--png", "--dat"):
        done = run("analyze", option, beat, beat)
        assert (done.returncode, done.stderr) == (1, f"hotcue: {beat}: not a folder\n")
    done = run("analyze", "--png", beat.parent / "no" / "such.png", beat)
    assert done.returncode == 1
    assert "such.png" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("frames", [1, 100, 30_000])
def test_short_files_are_drawn(tmp_path: Path, frames: int) -> None:
    path = write(tmp_path / "short.wav", np.full(frames, 0.5, np.float32))
    one = tmp_path / "one.png"
    done = run("analyze", "--png", one, path)
    assert (done.returncode, done.stderr) == (0, "")
    assert pixels(one).shape[1] == 1200


def test_without_files_it_says_so(tmp_path: Path) -> None:
    for form, printed in (([], ""), (["--csv"], HEADER)):
        done = run("analyze", *form, tmp_path)
        assert (done.returncode, done.stdout) == (1, printed)
        assert done.stderr == f"hotcue: no audio files in {tmp_path}\n"


@pytest.mark.parametrize(
    "args", [["analyze"], ["analyze", "--kinds", "tempo", "a"], ["analyze", "--json", "--csv", "a"]]
)
def test_wrong_usage_is_2(args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert "usage: hotcue analyze" in done.stderr


def test_a_wrong_kind_is_told_which_there_are() -> None:
    done = run("analyze", "--kinds", "tempo", "a")
    assert "'tempo' is none of bpm, key, loudness, onsets, waveform\n" in done.stderr


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (20, "BPM"),
        (40, "BPM key LUFS"),
        (80, "duration BPM beats key LUFS dBTP onsets"),
        (100, "duration BPM beats key LUFS dBTP onsets file says"),
        (120, "duration BPM beats key LUFS dBTP onsets waveform file says"),
        (200, "duration BPM beats key LUFS dBTP onsets waveform file says"),
    ],
)
def test_the_table_fits_the_terminal_and_cuts_no_figure(
    beat: Path, tune: Path, columns: int, told: str
) -> None:
    said = frame(b"TBPM", b"\0" + b"121,5") + frame(b"TKEY", b"\0" + b"Dminor")
    beat.write_bytes(id3(said) + beat.read_bytes())
    code, drawn = run_in_terminal("analyze", beat.parent, columns=columns)
    assert code == 0
    # What is left of each line, once the bar below it was wiped out.
    table = plain("\n".join(line.rpartition("\x1b[2K")[2] for line in drawn.splitlines()))
    table = table.replace("\r", "")
    assert "120.00" in table
    lines = [line for line in table.splitlines() if line.strip() and "analysing" not in line]
    header, *rows, _ = lines
    assert all(len(line) <= columns for line in lines)
    assert header.split() == ["file", *told.split()]
    assert all(row.rfind("…") < 1 for row in rows)


def test_a_closed_pipe_is_no_traceback(beat: Path) -> None:
    command = f'"{sys.executable}" -m hotcue analyze --csv "{beat.parent}" | true'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_ctrl_c_ends_it_at_once(sounds: Sounds) -> None:
    # Half an hour each, of which the first line of CSV is written before any is heard.
    paths = [sounds.wav(f"{n}.wav", frames=RATE * 1800) for n in range(2)]
    process = subprocess.Popen(
        [sys.executable, "-m", "hotcue", "analyze", "--csv", *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("path,")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_SEC)
    assert (process.returncode, stderr) == (130, "hotcue: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_json_is_complete_after_ctrl_c(beat: Path, sounds: Sounds) -> None:
    paths = [beat, sounds.wav("half_an_hour.wav", frames=RATE * 1800)]
    told = beat.with_name("told.json")
    with told.open("w") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotcue", "analyze", "--json", *map(str, paths)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_ctrl_c,
        )
    wait_until("the first is heard", lambda: told.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_SEC)
    assert (process.returncode, stderr) == (130, "hotcue: interrupted\n")
    document = json.loads(told.read_text())
    assert [row["path"] for row in document["files"]] == [str(beat)]
    assert (document["failed"], document["interrupted"]) == (0, True)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_json_is_complete_after_ctrl_c_when_nobody_reads_yet(beat: Path) -> None:
    # Each entry is more than a pipe holds (64 KiB), so that it is cut where it is written.
    command = [sys.executable, "-m", "hotcue", "analyze", "--json", "--kinds", "waveform"]
    busy = write(beat.with_name("busy.wav"), *[clicks(120, 8)] * 16)
    process = subprocess.Popen(
        [*command, str(busy), str(beat)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    first = process.stdout.read(1)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    rest, stderr = process.communicate(timeout=PATIENCE_SEC)
    assert (process.returncode, stderr) == (130, b"hotcue: interrupted\n")
    document = json.loads(first + rest)
    assert len(first + rest) > 2**16
    assert [row["path"] for row in document["files"]] == [str(busy)]
    assert document["interrupted"] is True


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_a_second_ctrl_c_does_not_wait_for_who_reads(beat: Path) -> None:
    busy = write(beat.with_name("busy.wav"), *[clicks(120, 8)] * 16)
    process = subprocess.Popen(
        [sys.executable, "-m", "hotcue", "analyze", "--json", "--kinds", "waveform", str(busy)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    process.stdout.read(1)
    for _ in range(6):
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
    # Nobody has read anything more by now.
    process.wait(PATIENCE_SEC)
    process.communicate()
    assert process.returncode != 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_json_is_complete_before_anything_was_heard() -> None:
    command = [sys.executable, "-c", WAITING, "analyze", "--json", "-"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    # Nothing comes through the pipe meanwhile.
    stdout, stderr = process.communicate(timeout=PATIENCE_SEC)
    assert (process.returncode, stderr) == (130, "hotcue: interrupted\n")
    document = json.loads(stdout)
    assert (document["files"], document["failed"], document["interrupted"]) == ([], 0, True)


WAITING = """
import sys
from hotcue.cli import analyze, main

read = analyze._standard_input

def wait():
    print("waiting", file=sys.stderr, flush=True)
    return read()

analyze._standard_input = wait
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_of_a_picture_that_the_disk_has_no_room_for_nothing_is_left(beat: Path) -> None:
    import resource

    picture = beat.with_name("beat.png")
    run_limited = subprocess.run(
        [sys.executable, "-m", "hotcue", "analyze", "--json", "--png", str(picture), str(beat)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
    )
    assert run_limited.returncode == 1
    assert not picture.exists()
    document = json.loads(run_limited.stdout)
    (row,) = document["files"]
    # What was heard is there all the same.
    assert row["analysis"]["bpm"]["bpm"] == pytest.approx(120)
    assert (document["failed"], row["kind"]) == (1, "io")
    assert row["error"] in run_limited.stderr


def test_a_short_sound_is_drawn_without_stairs(tmp_path: Path) -> None:
    """20 blocks of 256 frames, each louder than the last."""
    swell = np.repeat(np.linspace(0.05, 0.95, 20), 256) * np.tile([1.0, -1.0], 2_560)
    picture = tmp_path / "swell.png"
    run("analyze", str(write(tmp_path / "swell.wav", swell.astype(np.float32))), "--png", picture)
    plot = pixels(picture)[74:274, 74 : 74 + 1110].astype(int)
    heights = (plot != plot[1, 0]).any(axis=2).sum(axis=0)
    steps = np.diff(heights[60:-60])
    assert steps.min() >= 0
    assert steps.max() <= 3
    assert heights[-60] > heights[60] + 100


def test_a_tempogram_is_brightest_where_pulses_are() -> None:
    pulses = np.zeros(CURVE_HZ * 20)
    pulses[:: CURVE_HZ * 60 // 100] = 1.0  # 100 BPM.
    bpms = np.arange(60.0, 180.0)
    strengths = tempogram(pulses, bpms, 50)
    assert strengths.shape == (120, 50)
    assert (np.abs(bpms[strengths.argmax(axis=0)] - 100) <= 1).all()
    assert strengths.max() == pytest.approx(1.0)
    assert not tempogram(np.zeros(500), bpms, 5).any()
    # A crackle long after the music is none.
    pulses = np.concatenate([pulses, np.zeros(CURVE_HZ * 20)])
    pulses[CURVE_HZ * 35] = 0.001
    assert tempogram(pulses, bpms, 80)[:, 60:].max() < 0.01


def test_ticks_are_at_round_times() -> None:
    assert time_ticks(8.0, 10) == [(float(n), f"{n} s") for n in range(9)]
    assert [label for _, label in time_ticks(0.4, 8)][:3] == ["0.00 s", "0.05 s", "0.10 s"]
    assert [label for _, label in time_ticks(200.0, 10)][-2:] == ["2:30", "3:00"]
    assert spelled(3_725.0, 5) == "1:02:05"
    assert all(len(time_ticks(sec, 10)) <= 11 for sec in (1e-4, 0.3, 7, 61, 3_601, 90_000))


def test_a_scale_has_room() -> None:
    assert [full_scale(peak) for peak in (0.0, 1.0, 0.3, 1.6, 0.02)] == [1.0, 1.0, 0.5, 2.0, 0.02]
    assert [full_scale(peak) for peak in (0.13, 1.05, 1.4, 12.0)] == [0.2, 1.25, 1.5, 12.5]


@pytest.mark.parametrize("channels", [1, 2])
def test_full_scale_has_a_line_where_more_is_drawn(tmp_path: Path, channels: int) -> None:
    """The only value is the first: behind that, lines are seen, but that of zero."""
    values = np.zeros(4_800, np.float32)
    values[0] = 1.2
    file, picture = tmp_path / "loud.wav", tmp_path / "loud.png"
    hotcue.write_wav(file, np.tile(values, (channels, 1)), RATE)
    run("analyze", file, "--png", picture)
    height, half = {1: (200, 90), 2: (130, 55)}[channels]
    lane = pixels(picture)[74 : 74 + height, 1000]
    lines = np.flatnonzero((lane == GRID).all(axis=1)) - height // 2
    assert lines.tolist() == [-half, -round(half / 1.25), round(half / 1.25), half]


def test_the_legend_names_the_lines_that_are_drawn(beat: Path) -> None:
    """Of 1110 pixels a line takes 6 at least."""
    facts, heard = examine(beat, ("bpm", "waveform"))
    for count, of_a_bar, named in (
        (16, 4, ["beats", "bars"]),
        (16, 1, ["bars"]),
        (185, 4, ["beats", "bars"]),
        (186, 4, ["bars"]),
        (748, 4, []),
        (0, 4, []),
    ):
        secs = [index * facts["duration_sec"] / count for index in range(count)]
        beats = {"beats_sec": secs, "downbeats_sec": secs[::of_a_bar]}
        changed = cast(Analysis, {**heard, "bpm": {**heard["bpm"], **beats}})
        picture = beat.with_name("lines.png")
        picture.write_bytes(draw("beat.wav", facts, changed))
        image = pixels(picture).astype(int)
        expected = [name in named for name in ("beats", "bars")]
        legend, above = image[40:52], image[68:72]
        told = [(legend == colour).all(axis=2).any() for colour in (BEAT, BAR)]
        # Grey and yellow.
        yellow = above[..., 0] > 2 * above[..., 2]
        drawn = [((above[..., 0] > 90) & ~yellow).any(), yellow.any()]
        assert (told, drawn) == (expected, expected)


def test_letters_stay_on_the_canvas() -> None:
    canvas = Canvas(40, 10, (0, 0, 0))
    for left, top in ((-4, -5), (36, 4), (15, -3)):
        canvas.write(left, top, "M\N{SNOWMAN}", (255, 255, 255))
    assert canvas.pixels.any()
    assert letters()["I"].sum() > 5


FULL = Path("/dev/full")


def cannot_be_made(**_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "some temporary name")


def cannot_be_written(**_: object) -> IO[bytes]:
    return FULL.open("wb")


@pytest.mark.parametrize(
    "full",
    [
        cannot_be_made,
        pytest.param(
            cannot_be_written,
            marks=pytest.mark.skipif(not FULL.exists(), reason="has no /dev/full"),
        ),
    ],
)
def test_where_nothing_can_be_kept_is_told_once(
    beat: Path,
    tune: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    full: Callable[..., object],
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    folder = beat.parent / "cache"
    args = ["--cache", str(folder), "--kinds", "loudness", "--csv"]
    assert main(["analyze", str(beat), str(tune), *args]) == 0
    told = capsys.readouterr()
    assert told.err == f"hotcue: keeps nothing in {folder}: No space left on device\n"
    assert len(told.out.splitlines()) == 3


def test_files_are_heard_before_the_pipe_has_ended(beat: Path) -> None:
    command = [sys.executable, "-m", "hotcue", "analyze", "--csv", str(beat), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as heard:
        assert heard.stdin is not None
        assert heard.stdout is not None
        lines = [heard.stdout.readline() for _ in range(2)]
        assert lines[1].startswith(os.fsencode(beat))
        heard.stdin.write(beat.read_bytes())
        heard.stdin.close()
        assert heard.stdout.readline().startswith(b"-,8.")
    assert heard.returncode == 0
