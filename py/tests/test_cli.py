"""The command line, as a shell sees it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from support import PATIENCE_SEC, Sounds, forbid_listing, heed_ctrl_c, not_run, write_slow_wav

import hotcue
from hotcue.cli import main
from hotcue.cli.files import expand

LEAST_SIZE = "1120x640"

# ALSA without any configuration has no device, whatever the machine has.
NO_SOUND = {"ALSA_CONFIG_PATH": os.devnull}


def run(
    *args: str | Path, columns: int | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Runs ``python -m hotcue`` without a terminal."""
    more = {"COLUMNS": str(columns)} if columns else {}
    return subprocess.run(
        [sys.executable, "-m", "hotcue", *map(str, args)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SEC,
        check=False,
        env={**os.environ, **NO_SOUND, "PYTHONIOENCODING": "utf-8", **more, **env},
    )


def run_in_terminal(
    *args: str | Path, columns: int = 100, stdout: IO[str] | None = None
) -> tuple[int, str]:
    """Runs ``python -m hotcue`` in a terminal of its own, its output there or to `stdout`; returns
    what it drew there."""
    import fcntl
    import pty
    import struct
    import termios

    try:
        terminal, inner = pty.openpty()
    except OSError as error:
        not_run("the command line in a terminal", f"no pseudo-terminal: {error}")
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    # Explicit: readline sets COLUMNS behind the back of os.environ.
    env = {**os.environ, **NO_SOUND, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "hotcue", *map(str, args)]
    process = subprocess.Popen(command, stdin=inner, stdout=stdout or inner, stderr=inner, env=env)
    os.close(inner)
    drawn = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # The other side has closed.
            break
        if not part:
            break
        drawn += part
    os.close(terminal)
    return process.wait(PATIENCE_SEC), drawn.decode("utf-8")


def plain(drawn: str) -> str:
    """`drawn` without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"hotcue {hotcue.__version__}\n")


def test_the_script_is_the_module() -> None:
    script = shutil.which("hotcue", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("load", "play", "devices", "demo"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["load", "--workers", "0", "a"],
        ["nonsense"],
        ["load"],
        ["play"],
        ["demo", "--bars", "0"],
    ],
)
def test_wrong_usage_is_2(args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert "usage: hotcue" in done.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["load", "--workers", "x", "a"], "argument --workers: must be 1 to 256"),
        (["analyze", "--workers", "9" * 5_000, "a"], "argument --workers: must be 1 to 999"),
        (["pads", "--size", "wide"], "argument --size: must be like 1280x720"),
        (["pads", "--size", "1280xx"], "argument --size: must be like 1280x720"),
        (["pads", "--size", "1119x640"], f"argument --size: must be {LEAST_SIZE} to 16384x16384"),
        (["pads", "--size", "1120x639"], f"argument --size: must be {LEAST_SIZE} to 16384x16384"),
        (["pads", "--size", "1280x16385"], f"argument --size: must be {LEAST_SIZE} to 16384x16384"),
        (["demo", "--output", ""], "argument --output: must not be empty"),
        (["demo", "--output", "offline"], "argument --output: needs a clock"),
        (["play", "--output", "offline", "a"], "argument --output: needs a clock"),
        (["pads", "--output", "offline"], "argument --output: needs a clock"),
        (["bench", "--priorities", "-100..101"], "--priorities must be LOW..HIGH, -100 to 100"),
        (["pads", "--cache", ""], "argument --cache: must not be empty"),
        (["pads", "--cache", "a", "--no-cache"], "not allowed with argument"),
        (["bench", "--json", ""], "argument --json: must not be empty"),
        (["bench", "--html", ""], "argument --html: must not be empty"),
        (["bench", "--folder", ""], "argument --folder: must not be empty"),
        (["demo", "--wav", ""], "argument --wav: must not be empty"),
        (["load", "--workers", "257", "a.wav"], "argument --workers: must be 1 to 256"),
    ],
)
def test_wrong_numbers_are_told(args: list[str], told: str) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert told in done.stderr


def test_folders_have_files_of_every_format(tmp_path: Path) -> None:
    suffixes = [".3gp", ".8svx", ".adts", ".bwf", ".iff", ".m4r", ".OPUS", ".rf64", ".voc", ".w64"]
    names = sorted(f"a{suffix}" for suffix in suffixes)
    for name in (*names, "a.mid", "a.txt"):
        (tmp_path / name).touch()
    assert expand([str(tmp_path)]) == [str(tmp_path / name) for name in names]


def test_load_walks_folders(sounds: Sounds) -> None:
    (sounds.folder / "sub" / "deep").mkdir(parents=True)
    sounds.wav("b.wav", frames=24_000)
    sounds.wav("sub/a.WAV", frames=48_000, channels=2)
    sounds.wav("sub/deep/c.wav", frames=48_000 * 75)
    (sounds.folder / "sub" / ".Trash-1000").mkdir()
    for hidden in (".hidden.wav", ".Trash-1000/kick.wav"):
        sounds.wav(f"sub/{hidden}")
    (sounds.folder / "notes.txt").write_text("no audio")
    done = run("load", sounds.folder)
    assert (done.returncode, done.stderr) == (0, "")
    header, *rows, summary = done.stdout.splitlines()
    assert header.split() == ["file", "duration", "rate", "ch", "format", "took", "waveform"]
    names = [row.split()[0] for row in rows]
    folder = sounds.folder
    assert names == [f"{folder}/{n}" for n in ("b.wav", "sub/a.WAV", "sub/deep/c.wav")]
    assert rows[0].split()[1:6] == ["0.500", "s", "48000", "Hz", "1"]
    assert rows[1].split()[1:6] == ["1.000", "s", "48000", "Hz", "2"]
    assert rows[2].split()[1] == "1:15.0"
    assert "wav" in rows[0]
    assert "█" in rows[0]  # Noise is loud.
    assert re.fullmatch(r"3 of 3 loaded in [0-9.]+ s", summary)
    assert "\x1b" not in done.stdout
    named = sounds.folder / "sub" / ".Trash-1000"
    assert expand([str(named)]) == [f"{named}/kick.wav"]


def test_folders_may_lie_deep_and_in_circles(sounds: Sounds) -> None:
    (sounds.folder / "link").symlink_to(".")
    bottom = sounds.folder.joinpath(*["d"] * 1_200)
    for folder in [*reversed(bottom.parents), bottom]:
        folder.mkdir(exist_ok=True)
    (bottom / "a.wav").touch()
    try:
        assert expand([str(sounds.folder)]) == [str(bottom / "a.wav")]
    finally:  # What cleans up after pytest would call itself as often.
        (bottom / "a.wav").unlink()
        for folder in [bottom, *bottom.parents[:1_199]]:
            folder.rmdir()


def test_load_fails_if_one_fails(sounds: Sounds) -> None:
    done = run("load", sounds.wav(), sounds.missing(), sounds.corrupt())
    assert done.returncode == 1
    _, good, missing, corrupt, summary = done.stdout.splitlines()
    assert "█" in good
    assert "✗ file not found" in missing
    assert "✗" in corrupt
    assert summary.endswith("2 failed")


def test_load_without_files_says_so(tmp_path: Path) -> None:
    done = run("load", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"hotcue: no audio files in {tmp_path}\n"


@pytest.mark.parametrize("command", ["load", "analyze"])
def test_without_files_there_is_a_document_all_the_same(tmp_path: Path, command: str) -> None:
    done = run(command, "--json", tmp_path)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["files"], document["failed"]) == ([], 0)
    assert done.stderr == f"hotcue: no audio files in {tmp_path}\n"


@pytest.mark.parametrize("command", ["load", "analyze"])
def test_a_folder_that_cannot_be_listed_fails(
    command: str,
    sounds: Sounds,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = sounds.wav()
    closed = sounds.folder / "closed"
    closed.mkdir()
    forbid_listing(monkeypatch, closed)
    assert expand([str(sounds.folder)]) == [str(path), str(closed)]
    for folder in (sounds.folder, closed):
        assert main([command, str(folder)]) == 1
        assert str(closed) in "".join(capsys.readouterr())


def test_load_json(sounds: Sounds) -> None:
    done = run("load", "--json", sounds.wav(frames=480), sounds.missing())
    assert done.returncode == 1
    document = json.loads(done.stdout)
    good, missing = document["files"]
    assert document["failed"] == 1
    assert good["path"] == str(sounds.wav())
    assert (good["duration_sec"], good["frames"], good["channels"]) == (0.01, 480, 1)
    assert (good["sample_rate"], good["source_rate"]) == (48_000, 48_000)
    assert good["warnings"] == []
    assert (missing["kind"], missing["stage"]) == ("not_found", "reading")


def interrupted(program: str, *args: str) -> Any:
    """The document of a command that Ctrl-C ends where `program` sends it."""
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=heed_ctrl_c,
    )
    assert (done.returncode, done.stderr) == (130, "hotcue: interrupted\n")
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
@pytest.mark.parametrize("command", ["load", "analyze"])
def test_json_is_complete_after_ctrl_c_at_the_start(sounds: Sounds, command: str) -> None:
    document = interrupted(INTERRUPTED_EARLY, command, "--json", str(sounds.wav()))
    assert (document["files"], document["failed"], document["interrupted"]) == ([], 0, True)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_json_is_complete_after_ctrl_c_at_the_end(sounds: Sounds) -> None:
    document = interrupted(INTERRUPTED_LATE, "load", "--json", str(sounds.wav()))
    assert (len(document["files"]), document["failed"]) == (1, 0)


INTERRUPTED_LATE = """
import json
import os
import signal
import sys

from hotcue.cli import main


def dumps(value, **options):
    if "elapsed_sec" in value:
        os.kill(os.getpid(), signal.SIGINT)
    return real(value, **options)


real, json.dumps = json.dumps, dumps
sys.exit(main())
"""


INTERRUPTED_EARLY = """
import os
import signal
import sys

from hotcue.cli import main


class Imports:
    @staticmethod
    def find_spec(name, *others):
        if name == "rich.progress":
            os.kill(os.getpid(), signal.SIGINT)


sys.meta_path.insert(0, Imports)
sys.exit(main())
"""


def test_load_draws_bars_in_a_terminal(sounds: Sounds) -> None:
    slow = sounds.folder / "slow.wav"
    write_slow_wav(slow, sec=1800)
    code, drawn = run_in_terminal("load", slow, sounds.wav())
    assert code == 0
    assert "\x1b[" in drawn
    text = plain(drawn)
    assert re.search(r"all .*[01]/2", text)
    assert re.search(r"slow\.wav .*(reading|decoding)", text)
    assert "2 of 2 loaded" in text


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_load_fits_the_terminal(sounds: Sounds, columns: int) -> None:
    name = "a very long file name " * 4 + "鼓の音" * 9 + ".wav"
    code, drawn = run_in_terminal("load", sounds.wav(name), sounds.missing(), columns=columns)
    assert code == 1
    table = plain(drawn.rpartition("\x1b[?25h")[2])  # What follows the bars.
    assert "duration" in table
    assert "音.wav" in table  # The end of a name tells files apart.
    beside = "✗" if columns == 200 else "/missing.wav:"
    assert f"{beside}filenotfound" in "".join(table.split())
    for line in table.splitlines():
        wide = sum(2 if ord(char) > 0x3000 else 1 for char in line)
        assert wide <= columns, line


def test_no_color_is_heeded(sounds: Sounds, monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = r"\x1b\[[0-9;]*3[1-7]m"
    assert re.search(coloured, run_in_terminal("load", sounds.missing())[1])
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(coloured, run_in_terminal("load", sounds.missing())[1])


@pytest.mark.parametrize("command", ["load", "analyze"])
def test_colours_in_a_pipe_bring_no_bars(command: str, sounds: Sounds) -> None:
    done = run(command, sounds.wav(), FORCE_COLOR="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b[1m" in done.stdout


def test_names_that_a_terminal_must_not_see(sounds: Sounds) -> None:
    sounds.wav("red\x1b[31m\nname.wav")
    sounds.wav("[bold]markup.wav")
    sounds.wav("nice.wav").rename(os.fsdecode(os.fsencode(sounds.folder) + b"/\xff.wav"))
    done = run("load", sounds.folder)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "[bold]markup.wav" in done.stdout
    assert "red\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}name.wav" in done.stdout
    assert len(done.stdout.splitlines()) == 5


def test_no_name_is_cut_where_there_is_no_terminal(sounds: Sounds) -> None:
    folder = sounds.folder / ("a" * 200) / ("b" * 200)
    folder.mkdir(parents=True)
    path = sounds.wav().rename(folder / "deep.wav")
    for command in ("load", "analyze"):
        assert str(path) in run(command, path).stdout


def test_a_locale_without_blocks_is_no_error(sounds: Sounds) -> None:
    done = run("load", sounds.wav(), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 loaded" in done.stdout


def test_a_figure_keeps_its_sign_in_any_locale(sounds: Sounds) -> None:
    sounds.wav()
    done = run("analyze", sounds.folder, "--kinds", "loudness", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    _, of_file, _ = done.stdout.splitlines()
    expected = run("analyze", sounds.folder, "--kinds", "loudness").stdout.splitlines()[1]
    assert "−" in expected
    assert of_file.split()[3:5] == expected.replace("−", "-").split()[3:5]
    assert "?" not in of_file


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes them")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize(
    "command",
    [["load"], ["load", "--json"], ["analyze"], ["analyze", "--csv"], ["devices"]],
    ids=str,
)
def test_closed_streams_are_no_traceback(sounds: Sounds, command: list[str], closed: str) -> None:
    paths = [] if command == ["devices"] else [str(sounds.wav())]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "hotcue", *command, *paths],
        capture_output=True,
        env={**os.environ, **NO_SOUND},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert bool(done.stdout) == (closed == "2>&-")


def test_a_closed_pipe_is_no_traceback(sounds: Sounds) -> None:
    command = f'"{sys.executable}" -m hotcue load "{sounds.folder}" | true'
    for n in range(50):
        sounds.wav(f"{n}.wav")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize("args", [["load", "--json", "a.wav"], ["load", "--help"], ["--version"]])
def test_a_full_disk_is_said_in_a_line(
    sounds: Sounds, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a buffer, argparse hides what becomes of help.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    sounds.wav()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hotcue", *args],
            cwd=sounds.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "hotcue: No space left on device\n")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_errors_that_cannot_be_written_end_nothing(sounds: Sounds) -> None:
    paths = [str(sounds.missing()), str(sounds.wav())]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hotcue", "analyze", "--json", *paths],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == paths


@pytest.mark.parametrize("command", ["load", "play"])
def test_an_engine_that_does_not_start_is_no_traceback(
    sounds: Sounds,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def start(self: hotcue.AudioEngine) -> None:
        raise hotcue.HotcueError("could not start the engine's threads")

    monkeypatch.setattr(hotcue.AudioEngine, "_start", start)
    assert main((command, str(sounds.wav()))) == 1
    assert capsys.readouterr().err == "hotcue: could not start the engine's threads\n"


def test_devices_without_sound() -> None:
    done = run("devices")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert isinstance(json.loads(run("devices", "--json").stdout), list)


def test_play_plays_one_after_another(sounds: Sounds) -> None:
    first, second = sounds.wav("one.wav", frames=9600), sounds.wav("two.wav", frames=14_400)
    began = time.monotonic()
    done = run("play", "--output", "null", first, second)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "one.wav  0.200 s\ntwo.wav  0.300 s\n"
    assert time.monotonic() - began >= 0.5


def test_play_goes_on_after_a_bad_file(sounds: Sounds) -> None:
    good = sounds.wav("good.wav", frames=480)
    done = run("play", "--output", "null", sounds.missing(), good, sounds.corrupt())
    assert done.returncode == 1
    assert done.stdout == "good.wav  0.010 s\n"
    missing, corrupt = done.stderr.splitlines()
    assert "file not found" in missing
    assert str(sounds.corrupt()) in corrupt


def test_play_says_that_nothing_is_heard(sounds: Sounds) -> None:
    done = run("play", sounds.wav(frames=480))
    assert done.returncode == 0
    assert done.stderr.startswith("hotcue: no audio device opened")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("output", "code"), [("default", 1), ("no such device", 2)])
@pytest.mark.parametrize("command", ["play", "demo"])
def test_an_output_that_does_not_open(sounds: Sounds, command: str, output: str, code: int) -> None:
    files = [sounds.wav()] if command == "play" else []
    done = run(command, "--output", output, *files)
    assert done.returncode == code
    assert done.stderr.startswith("hotcue: ")
    assert done.stderr.count("\n") == 1
    assert code == 1 or output in done.stderr
    assert "offline" not in done.stderr


def test_who_asks_for_the_default_is_not_told_of_another_device(sounds: Sounds) -> None:
    done = run("play", "--output", "default", sounds.wav())
    assert "pulse" not in done.stderr
    assert "no output device is called" not in done.stderr


def test_play_shows_the_position(sounds: Sounds) -> None:
    code, drawn = run_in_terminal("play", "--output", "null", sounds.wav(frames=24_000))
    assert code == 0
    positions = re.findall(r"▶ ([0-9.]+) s / 0\.500 s  a\.wav", plain(drawn))
    assert len(set(positions)) > 3
    assert positions == sorted(positions)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT by pid is POSIX")
def test_ctrl_c_stops_playing(sounds: Sounds) -> None:
    path = sounds.wav(frames=48_000 * 300)
    process = subprocess.Popen(
        [sys.executable, "-um", "hotcue", "play", "--output", "null", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "a.wav  5:00.0\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_SEC)
    assert process.returncode == 130
    assert stderr == "hotcue: interrupted\n"


def test_demo(tmp_path: Path) -> None:
    path = tmp_path / "demo.wav"
    done = run("demo", "--bars", "1", "--output", "null", "--wav", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 bar at 110 BPM played on" in done.stdout
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        rate = file.getframerate()
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    peak_dbfs = 20 * np.log10(np.abs(values.astype(float)).max() / 32768)
    assert -14 <= peak_dbfs <= -10
    # A kick on frame 0: loud within 5 ms. The bar, at 110 BPM, and what rings on.
    assert np.abs(values[: rate // 200]).max() > 300
    assert abs(len(values) / rate - (4 * 60 / 110 + 2.0)) < 0.01
    assert np.abs(values[-100:]).max() <= 2  # Dither at most.


@pytest.mark.parametrize("terminal", [{}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}], ids=str)
def test_demo_json(terminal: dict[str, str]) -> None:
    done = run("demo", "--json", "--bars", "1", "--output", "null", **terminal)
    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert said["problems"] == []
    assert len(said["samples"]) >= 8
    assert len({Path(row["path"]).suffix for row in said["samples"]}) >= 8
    assert said["notes"] > 10
    assert said["peak_dbfs"] == pytest.approx(-12, abs=0.1)


@pytest.mark.parametrize("what", ["kit.json", "kick.wav", "snare.flac"])
def test_a_demo_with_a_file_missing_fails(tmp_path: Path, what: str) -> None:
    source = Path(hotcue.__file__).parent
    package = tmp_path / "hotcue"
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "kit" / what).unlink()
    done = run("demo", "--output", "null", "--wav", tmp_path / "demo.wav", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert what in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo.wav").exists()


def test_a_demo_that_cannot_write_fails(tmp_path: Path) -> None:
    path = tmp_path / "no" / "demo.wav"
    done = run("demo", "--bars", "1", "--output", "null", "--wav", path)
    assert done.returncode == 1
    assert done.stderr == f"hotcue: {path}: No such file or directory\n"
