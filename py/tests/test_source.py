"""What a load may read from."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE_SEC, Sounds, drain, pcm, wav_bytes

import hotcue

VALUES = pcm(1000, 2, seed=9)
CONTENT = wav_bytes(VALUES)


class PathLike:
    def __init__(self, path: str | bytes) -> None:
        self.path = path

    def __fspath__(self) -> str | bytes:
        return self.path


def assert_is_values(sample: hotcue.Sample) -> None:
    np.testing.assert_array_equal(sample.to_numpy(), VALUES.T / np.float32(32768))


@pytest.mark.skipif(os.name != "posix", reason="other systems take .. by the text")
def test_a_way_back_out_of_a_linked_folder_is_the_systems(tmp_path: Path) -> None:
    (tmp_path / "there" / "deep").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there" / "deep")
    (tmp_path / "there" / "a.wav").write_bytes(CONTENT)
    (tmp_path / "here" / "a.wav").write_bytes(wav_bytes(pcm(7, 1)))
    path = tmp_path / "here" / "link" / ".." / "a.wav"
    assert hotcue.info(path).frames == len(VALUES)
    with hotcue.AudioEngine(output="offline") as engine:
        assert_is_values(engine.load_sample_async(0, path).result(PATIENCE_SEC))


def test_relative_paths_are_told_without_detours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.wav").write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path / "below")
    with hotcue.AudioEngine(output="offline") as engine:
        for path in ("../a.wav", "./../a.wav", f"{tmp_path}/./a.wav"):
            sample = engine.load_sample_async(0, path).result(PATIENCE_SEC)
            assert sample.path == str(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        bytearray(CONTENT),
        memoryview(CONTENT),
        memoryview(bytearray(CONTENT)),
        memoryview(bytes(b for byte in CONTENT for b in (byte, 0)))[::2],
        memoryview(np.frombuffer(CONTENT, "<u2")),
        memoryview(np.frombuffer(CONTENT, "<u2").repeat(2))[::2],
        memoryview(np.frombuffer(CONTENT, "u1").reshape(-1, 4).T.copy().T),
        memoryview(np.frombuffer(CONTENT, "<u4").reshape(-1, 3).T.copy().T),
        memoryview(np.array(np.frombuffer(CONTENT, "V4044")[0])),
        memoryview(CONTENT).cast("c"),
        io.BytesIO(CONTENT),
    ],
    ids=[
        "bytes",
        "bytearray",
        "view",
        "writable view",
        "strided view",
        "view of 16 bits",
        "strided view of 16 bits",
        "2-D view",
        "2-D view of 32 bits",
        "0-D view",
        "view of chars",
        "file",
    ],
)
def test_content(engine: hotcue.AudioEngine, content: Any) -> None:
    ticket = engine.load_sample_async(0, content)
    sample = ticket.result(PATIENCE_SEC)
    assert_is_values(sample)
    assert sample.path is None
    first = drain(engine, [ticket])[ticket][0]
    assert first["type"] == "started"
    assert first["path"] is None


def test_content_may_change_after_submit(engine: hotcue.AudioEngine) -> None:
    content = bytearray(CONTENT)
    ticket = engine.load_sample_async(0, content)
    content[:] = bytes(len(content))
    content.clear()  # Nothing of it is held any more.
    assert_is_values(ticket.result(PATIENCE_SEC))


@pytest.mark.parametrize("content", [b"", bytearray(), memoryview(b""), io.BytesIO()])
def test_no_content_is_an_event(engine: hotcue.AudioEngine, content: Any) -> None:
    with pytest.raises(hotcue.LoadError):
        engine.load_sample_async(0, content).result(PATIENCE_SEC)


@pytest.mark.parametrize("make", [str, Path, PathLike, lambda p: PathLike(os.fsencode(p)), np.str_])
def test_paths(engine: hotcue.AudioEngine, tmp_path: Path, make: Any) -> None:
    path = tmp_path / "ä 鼓.wav"
    path.write_bytes(CONTENT)
    sample = engine.load_sample_async(0, make(str(path))).result(PATIENCE_SEC)
    assert_is_values(sample)
    assert sample.path == str(path)


def test_a_relative_path_is_fixed_at_submit(
    engine: hotcue.AudioEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    ticket = engine.load_sample_async(0, ".//./a.wav")
    monkeypatch.chdir("/")
    assert ticket.result(PATIENCE_SEC).path == str(tmp_path / "a.wav")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps any bytes in a name")
def test_a_name_that_is_no_utf_8(engine: hotcue.AudioEngine, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.wav")
    Path(name).write_bytes(CONTENT)
    ticket = engine.load_sample_async(0, name)
    assert ticket.result(PATIENCE_SEC).path == name
    first = drain(engine, [ticket])[ticket][0]
    assert first["type"] == "started"
    assert first["path"] == name


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in use can be removed on Linux")
def test_a_working_directory_that_is_gone(
    engine: hotcue.AudioEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as caught:
        engine.load_sample_async(0, "a.wav").result(PATIENCE_SEC)
    assert isinstance(caught.value, hotcue.LoadError)


@pytest.mark.parametrize("path", ["", ".", "a\0b.wav", "x" * 5000])
def test_a_strange_path_is_an_event(engine: hotcue.AudioEngine, path: str) -> None:
    with pytest.raises(hotcue.LoadError):
        engine.load_sample_async(0, path).result(PATIENCE_SEC)


def test_no_path_at_all_is_no_folder(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        engine.load_sample_async(0, "").result(PATIENCE_SEC)
    assert caught.value.filename == ""


class Unreadable:
    read = 5


@pytest.mark.parametrize("source", [None, 1, 1.5, [], object(), hotcue, Unreadable()])
def test_what_is_no_source(engine: hotcue.AudioEngine, source: Any) -> None:
    with pytest.raises(TypeError, match=r"^path must be a str, "):
        engine.load_sample_async(0, source)
    assert engine.state(0) == "empty"


def test_a_file_is_read_to_its_end_before_the_call_returns(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    with sounds.wav(frames=500).open("rb") as file:
        ticket = engine.load_sample_async(0, file)
        assert file.read() == b""
    assert ticket.result(PATIENCE_SEC).frames == 500


def test_a_text_file_is_refused_unread(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    # Noise is no UTF-8: reading it would raise something less helpful.
    with sounds.wav().open(encoding="utf-8") as file:
        with pytest.raises(TypeError, match="binary mode"):
            engine.load_sample_async(0, file)  # type: ignore[arg-type]
        assert file.tell() == 0


class Reader:
    """A file-like object that gives these pieces, whatever is asked for."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)

    def read(self, size: int, /) -> Any:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


class Endless:
    """A file-like object without an end."""

    given = 0

    def read(self, size: int, /) -> bytes:
        self.given += size
        return bytes(size)


LOADS: dict[str, Callable[[hotcue.AudioEngine, Any], Any]] = {
    "one": lambda engine, source: engine.load_sample_async(0, source),
    "many": lambda engine, source: engine.load_many_async([(1, CONTENT), (0, source)]),
}


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(
    ("pieces", "error", "message"),
    [
        (["RIFF"], TypeError, r"binary mode: read\(\) returned str$"),
        ([CONTENT, 5], TypeError, r"binary mode: read\(\) returned int$"),
        ([CONTENT, None], BlockingIOError, "non-blocking"),
        ([bytes(2**20 + 1)], ValueError, r"^read\(\) returned 1048577 bytes where 1048576 were"),
        ([CONTENT, ConnectionResetError("gone")], ConnectionResetError, "^gone$"),
    ],
    ids=["text", "number", "None", "more than asked for", "raises"],
)
def test_a_file_that_cannot_be_read_is_the_callers(
    engine: hotcue.AudioEngine, load: str, pieces: list[Any], error: type, message: str
) -> None:
    older = engine.load_sample_async(0, CONTENT)
    older.result(PATIENCE_SEC)
    before = engine.sample(0)
    with pytest.raises(error, match=message):
        LOADS[load](engine, Reader(*pieces))
    assert engine.loads() == []
    assert engine.sample(0) == before
    assert engine.state(1) == "empty"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_file_may_give_less_than_was_asked_for(engine: hotcue.AudioEngine, size: int) -> None:
    pieces = [CONTENT[start : start + size] for start in range(0, len(CONTENT), size)]
    views = [memoryview(bytearray(piece)) for piece in pieces]
    for given in (pieces, views):
        assert_is_values(engine.load_sample_async(0, Reader(*given)).result(PATIENCE_SEC))


def test_a_file_is_read_from_where_it_stands(engine: hotcue.AudioEngine) -> None:
    file = io.BytesIO(b"before" + CONTENT)
    file.seek(6)
    assert_is_values(engine.load_sample_async(0, file).result(PATIENCE_SEC))
    assert file.tell() == 6 + len(CONTENT)
    assert not file.closed


@pytest.mark.parametrize("load", LOADS)
def test_a_file_is_not_read_beyond_max_source_bytes(load: str) -> None:
    fits = hotcue.AudioEngine(output="offline", max_source_bytes=len(CONTENT))
    with fits:
        LOADS[load](fits, io.BytesIO(CONTENT))
        # Content is there already, and a file is not read here.
        fits.load_sample_async(2, CONTENT + b"1").result(PATIENCE_SEC)
        with pytest.raises(ValueError, match=rf"more than max_source_bytes, {len(CONTENT)}$"):
            LOADS[load](fits, io.BytesIO(CONTENT + b"1"))
        endless = Endless()
        with pytest.raises(ValueError, match="max_source_bytes"):
            LOADS[load](fits, endless)
        assert endless.given == len(CONTENT) + 1
    with hotcue.AudioEngine(output="offline", max_source_bytes=None) as unlimited:
        LOADS[load](unlimited, io.BytesIO(CONTENT))


def test_what_a_file_raises_is_passed_on(engine: hotcue.AudioEngine) -> None:
    class Failing(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        engine.load_sample_async(0, Failing())  # type: ignore[arg-type]
    assert engine.state(0) == "empty"


def test_misuse_leaves_a_file_unread() -> None:
    file = io.BytesIO(CONTENT)
    engine = hotcue.AudioEngine(output="offline", slots=4)
    with pytest.raises(RuntimeError):
        engine.load_sample_async(0, file)
    with engine, pytest.raises(ValueError, match="id out of range"):
        engine.load_sample_async(4, file)
    with engine, pytest.raises(ValueError, match="priority out of range"):
        engine.load_sample_async(0, file, priority=101)
    with engine, pytest.raises(TypeError, match="stream must be a bool"):
        engine.load_sample_async(0, file, stream=1)  # type: ignore[arg-type]
    with engine, pytest.raises(TypeError, match="stream must be a bool"):
        engine.load_many_async([(0, file)], stream=1)  # type: ignore[arg-type]
    with engine, pytest.raises(ValueError, match="id out of range"):
        engine.load_many_async([(0, file), (4, CONTENT)])
    with engine, pytest.raises(TypeError, match=r"^path must be a str, "):
        engine.load_many_async([(0, file), (1, None)])  # type: ignore[list-item]
    assert file.tell() == 0


COPIES = """if True:
    import sys, hotcue
    def memory(name):
        (line,) = (line for line in open("/proc/self/status") if line.startswith(name))
        return int(line.split()[1]) * 1024
    kind, size = sys.argv[1], 200_000_000
    content = bytes(size)
    if kind == "bytearray":
        content = bytearray(content)
    elif kind == "strided":
        content = memoryview(bytes(2 * size))[::2]
    elif kind != "bytes":
        content = memoryview(content)
        content = content.cast("H") if kind == "16 bits" else content
    before = memory("VmRSS")
    with hotcue.AudioEngine(output="offline") as engine:
        engine.load_sample_async(0, content)
        print((memory("VmHWM") - before) / size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["bytes", "bytearray", "view", "16 bits", "strided"])
def test_content_is_copied_at_most_once(
    python: Callable[..., subprocess.CompletedProcess[str]], kind: str
) -> None:
    done = python(COPIES, kind)
    assert (done.returncode, done.stderr) == (0, "")
    # In sizes of the content, beside what was there before.
    assert 0.9 < float(done.stdout) < 1.2


def test_a_view_of_bytes_is_content_wherever_it_is_handed_over(engine: hotcue.AudioEngine) -> None:
    view = memoryview(np.full(100, 128, "u1"))
    with pytest.raises(TypeError, match="sample_rate is for arrays alone"):
        engine.load_sample_async(0, view, sample_rate=48_000)
    (result,) = engine.load_many_async({0: view}, sample_rate=48_000).result(timeout=PATIENCE_SEC)
    assert isinstance(result, hotcue.LoadError)
