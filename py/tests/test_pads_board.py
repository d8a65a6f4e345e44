"""The pads without a window: what becomes of them by events, and what they ask of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from pads_support import ScriptedSound
from support import Sounds, wait_until

import hotcue
from hotcue.pads.board import PADS, Board, Counts
from hotcue.pads.pad import State
from hotcue.pads.sound import EngineSound
from hotcue.values import Playhead


@pytest.fixture
def sound() -> ScriptedSound:
    return ScriptedSound()


@pytest.fixture
def board(sound: ScriptedSound) -> Board:
    return Board(sound)


def test_a_load_goes_from_waiting_by_its_stages_to_ready(
    board: Board, sound: ScriptedSound
) -> None:
    board.add(["/a/kick.wav"])
    pad = board.pads[0]
    assert (pad.state, pad.name) == (State.QUEUED, "kick")
    seen = []
    for kind, keys in (
        ("started", {"path": "/a/kick.wav"}),
        ("progress", {"percent": 40.0, "stage": "decoding"}),
        ("stalled", {"stage": "decoding", "stalled_sec": 2.0}),
        ("progress", {"percent": 60.0, "stage": "decoding"}),
        ("playable", {"ready_sec": 0.5}),
    ):
        sound.tell(kind, 0, 1, **keys)
        board.listen()
        seen.append((pad.state, pad.percent, pad.playable))
    sound.succeed(0, 1)
    board.listen()
    assert seen == [
        (State.LOADING, 0.0, False),
        (State.LOADING, 40.0, False),
        (State.STALLED, 40.0, False),
        (State.LOADING, 60.0, False),
        (State.LOADING, 60.0, True),
    ]
    assert (pad.state, pad.percent, pad.duration_sec) == (State.READY, 100.0, 1.5)
    assert (pad.channels, pad.source_rate) == (2, 44_100)


def test_an_error_keeps_its_kind_and_its_reason(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/gone.wav"])
    sound.tell("error", 0, 1, error="no such file", kind="not_found", stage="reading", path="")
    board.listen()
    pad = board.pads[0]
    assert (pad.state, pad.error, pad.kind) == (State.FAILED, "no such file", "not_found")


def test_a_cancelled_load_says_so(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/a.wav"])
    sound.tell("cancelled", 0, 1, reason="user")
    board.listen()
    assert board.pads[0].state is State.FAILED
    assert board.pads[0].error == "its load was cancelled"


def test_events_of_an_older_load_change_nothing(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/old.wav"])
    board.load({0: "/a/new.wav"})
    sound.tell("cancelled", 0, 1, reason="superseded")
    sound.tell("progress", 0, 2, percent=10.0, stage="decoding")
    board.listen()
    assert (board.pads[0].state, board.pads[0].percent) == (State.LOADING, 10.0)


def test_a_pad_that_was_cleared_hears_nothing_more(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/a.wav"])
    board.clear(0)
    sound.tell("cancelled", 0, 1, reason="user")
    board.listen()
    assert board.pads[0].state is State.EMPTY
    assert ("unload", 0) in sound.asked


def test_what_was_heard_in_a_sample_is_kept(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/loop.wav"])
    sound.succeed(0, 1)
    tempo = {"bpm": 120.0, "confidence": 0.9, "beats_sec": [0.0, 0.5], "downbeats_sec": [0.0]}
    nothing = {"error": None, "kind": None, "last": False}
    sound.tell("analysis", 0, 1, analysis="waveform", result={}, **nothing)
    sound.tell("analysis", 0, 1, analysis="bpm", result=tempo, **nothing)
    key = {"tonic": "F#", "mode": "minor", "camelot": "11A"}
    sound.tell("analysis", 0, 1, analysis="key", result=key, **nothing)
    board.listen()
    pad = board.pads[0]
    assert (pad.coloured, pad.bpm, pad.bpm_sure) == (True, 120.0, True)
    assert (pad.key, pad.camelot, pad.beats_sec) == ("F#m", "11A", [0.0, 0.5])


def test_an_analysis_that_failed_leaves_the_pad_as_it_is(
    board: Board, sound: ScriptedSound
) -> None:
    board.add(["/a/a.wav"])
    sound.succeed(0, 1)
    sound.tell(
        "analysis", 0, 1, analysis="bpm", result=None, error="a bug", kind="worker_panic", last=True
    )
    board.listen()
    assert (board.pads[0].state, board.pads[0].bpm) == (State.READY, None)


def test_what_is_drawn_of_a_pad_changes_its_revision_and_progress_does_not(
    board: Board, sound: ScriptedSound
) -> None:
    board.add(["/a/a.wav"])
    sound.tell("started", 0, 1, path="")
    board.listen()
    before = board.pads[0].revision
    for percent in range(100):
        sound.tell("progress", 0, 1, percent=float(percent), stage="decoding")
    board.listen()
    assert board.pads[0].revision == before
    sound.succeed(0, 1)
    board.listen()
    assert board.pads[0].revision > before


def test_files_go_to_empty_pads_from_the_selected_on_and_round(
    board: Board, sound: ScriptedSound
) -> None:
    board.add(["/a/taken.wav"], first=PADS - 1)
    assert board.add(["/a/1.wav", "/a/2.wav"], first=PADS - 2) == 0
    assert [board.pads[pad].name for pad in (PADS - 2, PADS - 1, 0)] == ["1", "taken", "2"]


def test_files_without_a_pad_are_counted(board: Board) -> None:
    files = [f"/a/{index}.wav" for index in range(PADS + 3)]
    assert board.add(files) == 3
    assert board.counts() == Counts(PADS, 0, 0, PADS)


def test_counts_tell_what_has_become_of_all_and_of_a_bank(
    board: Board, sound: ScriptedSound
) -> None:
    board.add([f"/a/{index}.wav" for index in range(20)])
    sound.succeed(0, 1)
    sound.tell("error", 16, 17, error="x", kind="corrupt", stage="reading", path="")
    board.listen()
    assert board.counts() == Counts(total=20, ready=1, failed=1, loading=18)
    assert board.bank_counts(1) == Counts(total=4, ready=0, failed=1, loading=3)
    assert board.bank_counts(2).fraction == 1.0


def test_the_bank_that_is_seen_loads_first(board: Board, sound: ScriptedSound) -> None:
    board.add([f"/a/{index}.wav" for index in range(20)])
    assert sound.asked[-1] == ("hurry", list(range(1, 17)), 10)
    board.show(1)
    assert sound.asked[-2:] == [
        ("hurry", list(range(1, 17)), 0),
        ("hurry", [17, 18, 19, 20], 10),
    ]


@pytest.mark.parametrize(("grid", "banks"), [(4, 14), (5, 9), (6, 6)])
def test_banks_show_every_pad_once(board: Board, grid: int, banks: int) -> None:
    board.set_grid(grid)
    assert board.banks == banks
    seen = []
    for bank in range(banks):
        board.show(bank)
        seen += board.seen()
    assert seen == list(range(PADS))


def test_banks_go_round(board: Board) -> None:
    board.show(-1)
    assert board.bank == board.banks - 1
    board.show(board.bank + 1)
    assert board.bank == 0


def test_another_grid_shows_the_selected_pad(board: Board) -> None:
    board.select(100)
    for grid in (5, 6, 4):
        board.set_grid(grid)
        assert 100 in board.seen()
    with pytest.raises(ValueError, match="grid must be one of"):
        board.set_grid(7)


def test_a_play_has_the_settings_of_its_pad(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/a.wav"])
    board.set_pad_volume(0, 0.5)
    board.set_loop(0, True)
    board.set_choke(0, 3)
    board.trigger(0)
    assert sound.asked[-1] == ("play", 0, 0.5, True, 3, 0.0)


def test_an_empty_pad_plays_nothing(board: Board, sound: ScriptedSound) -> None:
    board.trigger(5)
    assert sound.asked == []


def test_settings_stay_within_what_the_engine_takes(board: Board) -> None:
    board.set_pad_volume(0, 9.0)
    board.set_choke(0, 99)
    board.set_volume(-1.0)
    assert (board.pads[0].volume, board.pads[0].choke, board.volume) == (4.0, 8, 0.0)


def test_replacing_the_file_keeps_the_settings(board: Board) -> None:
    board.add(["/a/a.wav"])
    board.set_pad_volume(0, 0.25)
    board.set_loop(0, True)
    board.load({0: "/a/b.wav"})
    assert (board.pads[0].name, board.pads[0].volume, board.pads[0].loop) == ("b", 0.25, True)


def test_a_pad_whose_new_file_fails_no_longer_plays_the_old_one(
    board: Board, sound: ScriptedSound
) -> None:
    board.load({0: "/a/a.wav", 1: "/a/b.wav"})
    assert ("unload", 0) not in sound.asked
    board.load({0: "/a/c.wav"})
    assert sound.asked.index(("unload", 0)) < sound.asked.index(("load", {0: "/a/c.wav"}))
    assert ("unload", 1) not in sound.asked


def test_paths_lead_to_their_files_from_everywhere(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board.load({0: "kit/kick.wav"})
    board.add(["./snare.wav"])
    assert [pad.path for pad in board.saved().pads] == [
        str(tmp_path / "kit" / "kick.wav"),
        str(tmp_path / "snare.wav"),
    ]


def test_a_set_leaves_no_settings_of_empty_pads(board: Board) -> None:
    board.set_loop(5, True)
    board.set_choke(5, 3)
    board.set_pad_volume(5, 2.0)
    board.restore(Board(ScriptedSound()).saved())
    board.load({5: "/a/a.wav"})
    pad = board.pads[5]
    assert (pad.loop, pad.choke, pad.volume) == (False, 0, 1.0)


def test_a_pad_that_plays_knows_where_until_it_ends(board: Board, sound: ScriptedSound) -> None:
    board.add(["/a/a.wav"])
    sound.heads = [Playhead(7, 0, 0.25, "playing", 0)]
    board.listen()
    assert board.pads[0].position_sec == 0.25
    revision = board.pads[0].revision
    sound.heads = [Playhead(7, 0, 0.5, "playing", 0)]
    board.listen()
    assert (board.pads[0].position_sec, board.pads[0].revision) == (0.5, revision)
    sound.heads = []
    board.listen()
    assert board.pads[0].position_sec is None
    assert board.pads[0].revision > revision


def test_what_the_output_says_is_kept(board: Board, sound: ScriptedSound) -> None:
    sound.told.append(
        {
            "type": "device",
            "id": None,
            "request_id": None,
            "time_sec": 0.0,
            "state": "fallback",
            "name": "null",
        }
    )
    board.listen()
    assert board.device == "fallback"


def test_a_saved_board_comes_back_as_it_was(board: Board) -> None:
    board.set_grid(5)
    board.set_volume(0.5)
    board.load({3: "/a/a.wav", 200: "/b/b.wav"})
    board.set_choke(3, 2)
    board.set_loop(200, True)
    saved = board.saved()
    other = Board(ScriptedSound())
    other.load({0: "/c/in_the_way.wav"})
    other.restore(saved)
    assert other.saved() == saved
    assert other.pads[0].state is State.EMPTY
    assert other.pads[3].state is State.QUEUED


def test_a_pad_that_waits_for_its_load_heeds_its_volume(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    sound = EngineSound(engine)
    path = sounds.constant("half.wav", 0.5, 480_000)
    board = Board(sound)
    board.add([str(path)])
    board.trigger(0)
    board.set_pad_volume(0, 0.25)
    wait_until("the sample", lambda: engine.sample(0) is not None)
    wait_until("the play", lambda: engine.render(480).any())
    assert engine.render(9_600)[:, -1] == pytest.approx(0.5 * 0.25)
