"""The pads in a window, on a screen that nobody sees."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from support import Sounds, not_run

from hotcue.cli.pads import _started, cache_folder
from hotcue.pads.board import PADS
from hotcue.pads.sets import PadSet, SavedPad, read, write

TESTS = Path(__file__).parent
SCRIPTS = TESTS.parents[1] / "scripts"
NO_UNICODE = os.fsdecode(b"\xff")
LONG = os.environ.get("HOTCUE_LONG") == "1"


def on_a_screen(*command: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Runs a Python program on a screen of its own."""
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            not_run("the window of the pads", f"there is no {tool}")
    if importlib.util.find_spec("dearpygui") is None:
        not_run("the window of the pads", "there is no Dear PyGui")
    return subprocess.run(
        [SCRIPTS / "with_display.sh", "1920x1080", sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What a session saw, and the set that it saved."""
    folder = tmp_path_factory.mktemp("pads")
    sounds = Sounds(folder)
    for index, name in enumerate(("a.wav", "b.wav", "c.wav")):
        sounds.wav(name, frames=480_000, channels=2, seed=index)
    sounds.corrupt("d.wav")
    sounds.wav(NO_UNICODE + ".wav", frames=4800)
    saved = folder / "set.json"
    done = on_a_screen(str(TESTS / "pads_child.py"), str(folder), str(saved))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), saved


def test_a_folder_loads_and_the_broken_file_says_why(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert seen["ready"] == ["a", "b", "c", NO_UNICODE]
    assert list(seen["failed"]) == ["d"]
    kind, reason = seen["failed"]["d"]
    assert kind == "corrupt"
    assert reason


def test_a_key_and_a_click_play_and_select_their_pads(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert seen["silent"] == 0.0
    assert seen["heard"] > 0.01
    assert seen["selected_by_key"]
    assert seen["selected_by_click"]


def test_a_dialog_gives_the_file_that_was_chosen_and_keeps_keys_from_the_pads(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert not seen["plays_behind"]
    assert seen["chosen"] == 1


def test_keys_that_are_let_go_elsewhere_are_not_held(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert seen["held"] == [True, False]


def test_what_is_pasted_is_a_path_or_is_told_to_be_none(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert seen["pasted"] == ["done", "wrong", "done", NO_UNICODE]


def test_a_file_that_is_no_set_is_not_replaced_and_a_set_when_it_is_chosen_twice(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, saved = session
    assert seen["over"] == ["done", "wrong", "wrong", "wrong", "wrong", "done"]
    assert (saved.parent / "precious.txt.json").read_text() == '{"precious": true}'
    assert len(read(saved.parent / "older.json", PADS).pads) > 1


def test_a_slider_moves_by_its_track_and_not_by_its_name(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    by_name, by_track = seen["volume"]
    assert by_name == 1.0
    assert by_track < 0.5


def test_the_view_stays_where_the_user_looks(session: tuple[dict[str, Any], Path]) -> None:
    seen, _ = session
    before, after = seen["view"]
    assert after == before
    assert seen["followed"]


def test_a_file_that_is_dropped_takes_the_place_of_what_the_pad_below_it_had(
    session: tuple[dict[str, Any], Path],
) -> None:
    seen, _ = session
    assert seen["dropped"] == ["c", "ready"]


def test_the_set_is_saved_and_the_window_closes(session: tuple[dict[str, Any], Path]) -> None:
    seen, saved = session
    assert seen["closed"]
    pads = read(saved, PADS).pads
    assert [Path(pad.path).name for pad in pads[:4]] == ["a.wav", "b.wav", "c.wav", "d.wav"]
    assert [pad.loop for pad in pads[:4]] == [False, True, False, False]


def test_no_text_but_that_of_files_is_cut(session: tuple[dict[str, Any], Path]) -> None:
    seen, saved = session
    reason = seen["failed"]["d"][1]
    for text in seen["shortened"]:
        assert text in reason or str(saved.parent) in text or str(saved) in text, text


def test_frames_are_measured_with_the_engine_and_without(tmp_path: Path) -> None:
    figures = tmp_path / "frames.json"
    size = ["--rounds", "5"] if LONG else ["--rounds", "1", "--pads", "24"]
    done = on_a_screen(str(SCRIPTS / "pads_frames.py"), *size, "--json", str(figures), timeout=3600)
    assert done.returncode == 0, done.stderr
    table = json.loads(figures.read_text())
    assert set(table) == {"engine", "recording", "idle"}
    assert all(table[kind]["between_ms"]["frames"] > 10 for kind in table)
    if LONG:
        print(done.stdout)
        p99 = {kind: table[kind]["between_ms"]["p99"] for kind in table}
        assert p99["engine"] - p99["recording"] <= 4.0, done.stdout


QUITS = """
import subprocess, sys, time
shown = subprocess.Popen([sys.executable, "-m", "hotcue", "pads", *sys.argv[1:]])
found = []
while not found and shown.poll() is None:
    search = subprocess.run(["xdotool", "search", "--name", "hotcue"], capture_output=True)
    found = search.stdout.split()
    time.sleep(0.1)
while shown.poll() is None:  # The first keys may come before it listens.
    subprocess.run(["xdotool", "windowfocus", found[0]])
    subprocess.run(["xdotool", "key", "ctrl+q"])
    time.sleep(0.3)
sys.exit(shown.returncode)
"""


def test_the_command_shows_a_folder_and_a_set_with_whatever_output_there_is(
    tmp_path: Path,
) -> None:
    Sounds(tmp_path).wav("a.wav", frames=4800)
    saved = [tmp_path / name for name in ("set.json", NO_UNICODE + ".json")]
    for path in saved:
        write(path, PadSet(pads=(SavedPad(3, str(tmp_path / "a.wav")),)))
    for what in (tmp_path, *saved):
        done = on_a_screen("-c", QUITS, str(what), "--cache", str(tmp_path / "cache"))
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr


def test_a_set_is_opened_alone(tmp_path: Path) -> None:
    for paths in (["set.json", "more.wav"], ["more.wav", "set.json"]):
        done = pads(*paths)
        assert done.returncode == 2
        assert done.stderr == "hotcue: a set is opened alone: add other files in the window\n"


def pads(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hotcue", "pads", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


def test_without_dear_pygui_the_command_says_where_it_comes_from() -> None:
    hidden = (
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'dearpygui' else find(name, *rest)\n"
        "from hotcue.cli import main\n"
        "sys.exit(main(['pads']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.endswith("pip install dearpygui\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="others have a display always")
def test_dialogs_begin_at_home_where_there_is_no_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if importlib.util.find_spec("dearpygui") is None:
        not_run("the window of the pads", "there is no Dear PyGui")
    from hotcue.pads.window.dialogs import Dialogs

    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", gone)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Dialogs().folder == str(tmp_path)


@pytest.mark.parametrize(
    ("folder", "home", "start"),
    [
        ("/a/é", "/home/b", "/a/é"),
        (f"/a/{NO_UNICODE}", "/home/b", "/home/b"),
        (f"/a/{NO_UNICODE}", f"/home/{NO_UNICODE}", os.sep),
    ],
    ids=["any", "bytes", "bytes at home"],
)
def test_dialogs_begin_where_names_are_unicode(
    monkeypatch: pytest.MonkeyPatch, folder: str, home: str, start: str
) -> None:
    if importlib.util.find_spec("dearpygui") is None:
        not_run("the window of the pads", "there is no Dear PyGui")
    from hotcue.pads.window.dialogs import _start

    monkeypatch.setattr(os.path, "expanduser", lambda _: home)
    assert _start(folder) == start


def test_without_a_display_the_command_says_so() -> None:
    if importlib.util.find_spec("dearpygui") is None:
        not_run("the window of the pads", "there is no Dear PyGui")
    done = pads(DISPLAY=":987")
    assert (done.returncode, done.stderr) == (1, "hotcue: no display opens: DISPLAY is :987\n")


def test_decoded_audio_is_kept_in_the_users_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "hotcue"


def test_a_user_without_a_home_keeps_no_decoded_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert cache_folder() is None


def test_the_engine_runs_without_a_cache_where_the_users_own_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("hotcue.cli.pads.cache_folder", lambda: tmp_path / "file" / "hotcue")
    asked = Namespace(output="null", cache=None, no_cache=False)
    engine = _started(asked)
    assert engine.is_running()
    engine.shut_down()
    assert capsys.readouterr().err.startswith("hotcue: keeps no decoded audio: ")
    asked.cache = str(tmp_path / "file" / "asked")
    with pytest.raises(OSError, match="could not open the cache"):
        _started(asked)
