"""What the extension needs of a system: the C library. ALSA's is loaded when a card is asked for.

Where that library is missing everything else works. Here it is hidden behind a file that is none:
the dynamic linker ends its search there, for what a module is linked with as for what it loads.
`scripts/bare_system.sh` does the same on a system that never had it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sound_servers import Jack
from support import PATIENCE_SEC, not_run

import hotcue
from hotcue import _hotcue

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wheel for Linux")

Program = Callable[..., "subprocess.CompletedProcess[str]"]

# Parts of glibc, and GCC's unwinder, which Debian's and others' C libraries bring along; all are
# on the list of PEP 600, of what wheels may take for granted.
GIVEN = re.compile(r"(libc|libm|libdl|librt|libpthread|libgcc_s|ld-linux-[-a-z0-9_]+)\.so\.\d")
MISSING = r".*libasound\.so\.2: .*; install the package libasound2t64, before .* libasound2"


def binutils(command: str, *args: str) -> str:
    if shutil.which(command) is None:
        not_run("test_wheel", f"{command} (binutils) is not here")
    path = _hotcue.__file__
    done = subprocess.run([command, *args, path], capture_output=True, text=True, check=True)
    return done.stdout


def test_it_is_linked_with_the_c_library_alone() -> None:
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", binutils("readelf", "--dynamic", "--wide"))
    assert "libc.so.6" in needed
    assert [name for name in needed if not GIVEN.fullmatch(name)] == []


def test_it_defines_what_it_calls_of_alsa_and_shows_nothing_of_that() -> None:
    symbols = binutils("nm", "--dynamic").split("\n")
    names = [line.split()[-1] for line in symbols if line]
    assert "PyInit__hotcue" in names
    # Undefined: missing in py/src/alsa.rs. Defined: other libraries could take it for theirs.
    assert [name for name in names if name.startswith("snd_")] == []


@pytest.fixture
def without_alsa(tmp_path: Path) -> dict[str, str]:
    """An environment in which libasound cannot be loaded."""
    folder = tmp_path / "no libasound"
    folder.mkdir()
    (folder / "libasound.so.2").write_text("not a library\n")
    # No server of the machine's: this is about the ways through ALSA.
    return {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder),
        "JACK_NO_START_SERVER": "1",
        "JACK_DEFAULT_SERVER": "hotcue-none",
    }


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_without_alsa_it_cannot_be_loaded(python: Program, without_alsa: dict[str, str]) -> None:
    """That the other tests test something."""
    done = python("import ctypes; ctypes.CDLL('libasound.so.2')", env=without_alsa)
    assert "libasound.so.2" in done.stderr


def test_without_alsa_files_are_loaded_analysed_and_rendered(
    python: Program, without_alsa: dict[str, str]
) -> None:
    program = """
import hotcue, pathlib
kit = pathlib.Path(hotcue.__file__).with_name("kit")
with hotcue.AudioEngine(output="offline") as engine:
    for id, path in enumerate(sorted(kit.glob("*.*"))):
        if path.suffix != ".json":
            engine.load_sample_async(id, path).result(60)
    engine.play_sample(0)
    print(abs(engine.render(48_000)).max() > 0.01)
with hotcue.AudioEngine(output="null") as engine:
    print(engine.stats()["output"])
print(hotcue.analyze(kit / "chord_loop.m4a", "loudness")["loudness"] is not None)
"""
    assert said(python(program, env=without_alsa)).split() == ["True", "null", "True"]


def test_without_alsa_auto_plays_to_nowhere_and_says_why(
    python: Program, without_alsa: dict[str, str]
) -> None:
    program = """
import hotcue, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with hotcue.AudioEngine() as engine:
        print(engine.stats()["output"])
    print(*(f"{each.category.__name__} {each.message}" for each in caught), sep="\\n")
"""
    output, warning = said(python(program, env=without_alsa)).splitlines()
    assert output == "null"
    assert re.fullmatch(rf"NoOutputWarning no audio device opened \({MISSING}\): .*", warning)


@pytest.mark.parametrize("output", ["default", "alsa:default", "alsa:plughw:CARD=PCH,DEV=0"])
def test_without_alsa_a_device_is_an_error_that_names_the_package(
    python: Program, without_alsa: dict[str, str], output: str
) -> None:
    program = """
import hotcue, sys
engine = hotcue.AudioEngine(output=sys.argv[1])
running = hotcue.AudioEngine(output="null")
running.run()
for opens in (engine.run, lambda: running.set_output(sys.argv[1])):
    try:
        opens()
    except hotcue.DeviceError as error:
        print(error.kind, error)
running.shut_down()
print(hotcue.devices())
"""
    first, second, devices = said(python(program, output, env=without_alsa)).splitlines()
    assert re.fullmatch(f"not_available {MISSING}", first)
    assert (second, devices) == (first, "[]")


def test_without_alsa_jack_plays() -> None:
    if missing := Jack.missing():
        not_run("test_wheel: JACK without ALSA", f"{missing} is not here")
    program = """
import hotcue, sys, time
with hotcue.AudioEngine(output="default") as engine:
    print(engine.stats()["output"])
    print({device.id.split(":")[0] for device in hotcue.devices()})
    deadline = time.monotonic() + 60
    while engine.clock().frame < 4_800 and time.monotonic() < deadline:
        time.sleep(0.01)
    print(engine.clock().frame >= 4_800)
"""
    with Jack() as server:
        (server.folder / "libasound.so.2").write_text("not a library\n")
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**server.env, "LD_LIBRARY_PATH": str(server.folder)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SEC,
            check=False,
        )
    assert said(done).splitlines() == ["jack:output", "{'jack'}", "True"]


# What is mapped into the process, after each step of a program.
LOADED = """
import pathlib
def loaded():
    print("libasound" in pathlib.Path("/proc/self/maps").read_text(), flush=True)
"""


def test_alsa_is_loaded_when_a_device_is_first_asked_for(python: Program) -> None:
    program = """
import hotcue
loaded()
for output in ("null", "offline"):
    with hotcue.AudioEngine(output=output):
        loaded()
hotcue.devices()
loaded()
"""
    printed = said(python(LOADED + program)).split()
    assert printed == ["False", "False", "False", "True"]


def test_the_version_is_told_without_alsa_numpy_and_rich(
    python: Program, without_alsa: dict[str, str]
) -> None:
    program = """
import sys
from hotcue.cli import main
try:
    main(["--version"])
except SystemExit as end:
    print(end.code)
loaded()
print(*{"numpy", "rich"} & {*sys.modules})
"""
    printed = said(python(LOADED + program, env=without_alsa)).splitlines()
    assert printed == [f"hotcue {hotcue.__version__}", "0", "False", ""]
