"""Sets of pads on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hotcue.pads.board import PADS
from hotcue.pads.sets import PadSet, SavedPad, SetError, read, write


def test_a_set_comes_back_as_it_was(tmp_path: Path) -> None:
    below, elsewhere = str(tmp_path / "drums" / "日本語.wav"), os.path.abspath("/elsewhere/a.wav")
    saved = PadSet(6, 0.5, (SavedPad(0, below, 0.25, True, 3), SavedPad(215, elsewhere)))
    write(tmp_path / "set.json", saved)
    assert read(tmp_path / "set.json", PADS) == saved


def test_a_folder_with_a_set_and_its_files_can_be_moved(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    file = str(tmp_path / "before" / "kit" / "a.wav")
    write(tmp_path / "before" / "set.json", PadSet(pads=(SavedPad(0, file),)))
    (tmp_path / "before").rename(tmp_path / "after")
    (pad,) = read(tmp_path / "after" / "set.json", PADS).pads
    assert pad.path == str(tmp_path / "after" / "kit" / "a.wav")


def named(path: Path) -> str:
    """How a set names its only file."""
    (row,) = json.loads(path.read_text())["pads"]
    return str(row["path"])


def test_a_way_out_of_the_folder_and_back_is_no_part_of_a_name(tmp_path: Path) -> None:
    for folder in ("set/kit", "samples"):
        (tmp_path / folder).mkdir(parents=True)
    path = tmp_path / "set" / "my.json"
    for file, name in [
        ("set/../samples/k.wav", str(tmp_path / "samples" / "k.wav")),
        ("samples/../set/kit/k.wav", "kit/k.wav"),
    ]:
        write(path, PadSet(pads=(SavedPad(0, f"{tmp_path}/{file}"),)))
        assert named(path) == name
    write(tmp_path / "set" / ".." / "my.json", PadSet(pads=(SavedPad(0, f"{tmp_path}/set/k.wav"),)))
    assert named(tmp_path / "my.json") == "set/k.wav"


@pytest.mark.skipif(os.name != "posix", reason="Windows takes '..' by the text")
def test_a_way_back_out_of_a_link_stays_in_a_name(tmp_path: Path) -> None:
    (tmp_path / "far" / "kit").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "kit")
    write(tmp_path / "my.json", PadSet(pads=(SavedPad(0, f"{tmp_path}/link/../k.wav"),)))
    (pad,) = read(tmp_path / "my.json", PADS).pads
    assert os.path.realpath(pad.path) == str(tmp_path / "far" / "k.wav")


def test_names_that_are_no_unicode_come_back(tmp_path: Path) -> None:
    name = os.fsdecode(bytes(tmp_path) + b"/\xff\xfe.wav")
    write(tmp_path / "set.json", PadSet(pads=(SavedPad(0, name),)))
    assert read(tmp_path / "set.json", PADS).pads[0].path == name


def test_a_set_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write(path, PadSet(grid=5))
    with pytest.raises(OSError):
        write(tmp_path / "no" / "set.json", PadSet(grid=6))
    with pytest.raises(UnicodeEncodeError):
        path.with_name("a").write_text("\udcff", encoding="utf-8")
    assert read(path, PADS).grid == 5
    assert [file.name for file in tmp_path.iterdir() if "tmp" in file.name] == []


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_a_set_that_is_saved_through_a_link_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "set.json").symlink_to(tmp_path / "far" / "set.json")
    write(tmp_path / "set.json", PadSet(grid=5))
    assert read(tmp_path / "far" / "set.json", PADS).grid == 5
    write(tmp_path / ("n" * 240 + ".json"), PadSet(grid=6))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_set_is_a_document_that_people_can_read(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write(path, PadSet(pads=(SavedPad(2, str(tmp_path / "a.wav"), choke=1),)))
    assert json.loads(path.read_text()) == {
        "hotcue_set": 1,
        "grid": 4,
        "volume": 1.0,
        "pads": [{"pad": 2, "path": "a.wav", "volume": 1.0, "loop": False, "choke": 1}],
    }


def a_pad(**changed: Any) -> dict[str, Any]:
    return {"hotcue_set": 1, "pads": [{"pad": 0, "path": "a.wav", **changed}]}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "line 1, column 2: "),
        ("[]", "is not a set of pads: it has no hotcue_set"),
        ({"pads": []}, "is not a set of pads: it has no hotcue_set"),
        ({"hotcue_set": 2}, "is of version 2; this hotcue reads version 1"),
        ({"hotcue_set": 1, "grid": 7}, "grid must be one of 4, 5, 6"),
        ({"hotcue_set": 1, "volume": 5}, "volume must be 0 to 4"),
        ({"hotcue_set": 1, "volume": float("nan")}, "volume must be a number"),
        ({"hotcue_set": 1, "volume": 10**400}, "volume must be 0 to 4"),
        ('{"hotcue_set": 1, "volume": ' + "1" * 5000 + "}", "cannot be read: "),
        ("[" * 100_000, "cannot be read: "),
        ({"hotcue_set": 1, "grid": 4.0}, "grid must be one of 4, 5, 6"),
        ({"hotcue_set": 1, "pads": {}}, "pads must be a list"),
        ({"hotcue_set": 1, "pads": [1]}, "pads[0] must be an object"),
        (a_pad(path=""), "pads[0].path must be the path of a file"),
        (a_pad(path="a\0b"), "pads[0].path must be the path of a file"),
        (a_pad(path="\ud800.wav"), "pads[0].path must be the path of a file"),
        (a_pad(pad=216), "pads[0].pad must be a whole number, 0 to 215"),
        (a_pad(pad=True), "pads[0].pad must be a whole number, 0 to 215"),
        (a_pad(volume="loud"), "pads[0].volume must be a number"),
        (a_pad(loop=1), "pads[0].loop must be true or false"),
        (a_pad(choke=9), "pads[0].choke must be a whole number, 0 to 8"),
        (
            {"hotcue_set": 1, "pads": [{"pad": 0, "path": "a"}, {"pad": 0, "path": "b"}]},
            "pads names a pad twice",
        ),
    ],
)
def test_a_document_that_is_no_set_says_where_and_why(
    document: Any, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(SetError) as error:
        read(path, PADS)
    assert str(error.value).startswith(f"bad.json: {says}")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"hotcue_set": 1, "grid": 5}), encoding="utf-8-sig")
    assert read(path, PADS).grid == 5


def test_what_is_no_text_or_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xff")
    with pytest.raises(SetError, match="^binary.json: is not text in UTF-8$"):
        read(tmp_path / "binary.json", PADS)
    with pytest.raises(SetError, match="^gone.json: no such file or directory$"):
        read(tmp_path / "gone.json", PADS)
