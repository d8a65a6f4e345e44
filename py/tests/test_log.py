"""Events as records of `logging`."""

from __future__ import annotations

import logging

import pytest
from support import Sounds, drain, pcm, wav_bytes

import hotcue
from hotcue.log import log_event


def logged(
    event: hotcue.LoaderEvent, caplog: pytest.LogCaptureFixture
) -> list[tuple[str, int, str]]:
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "hotcue"):
        log_event(event)
    for record in caplog.records:
        assert vars(record)["event"] is event
    return caplog.record_tuples


def test_what_loads_come_to_is_logged(
    engine: hotcue.AudioEngine, sounds: Sounds, caplog: pytest.LogCaptureFixture
) -> None:
    whole = sounds.wav("whole.wav", frames=4800)
    cut = sounds.folder / "cut.wav"
    cut.write_bytes(wav_bytes(pcm(4800))[:-2000])
    requests = [
        engine.load_sample_async(id, path) for id, path in enumerate([whole, cut, sounds.missing()])
    ]
    seen = drain(engine, requests)
    ends = [logged(seen[int(request)][-1], caplog) for request in requests]
    # Hundredths of milliseconds are none of the test's business.
    assert [(level, text.split(" in ")[0]) for _, level, text in ends[0]] == [
        (logging.DEBUG, "id 0: loaded 0.100 s")
    ]
    success = seen[int(requests[1])][-1]
    assert success["type"] == "success"
    (warning,) = success["warnings"]
    assert warning["code"] == "truncated"
    assert ends[1][0] == ("hotcue", logging.WARNING, f"id 1: {warning['message']}")
    assert [level for _, level, _ in ends[1]] == [logging.WARNING, logging.DEBUG]
    ((name, level, text),) = ends[2]
    assert (name, level) == ("hotcue", logging.ERROR)
    assert text.startswith(f"id 2: {sounds.missing()}: ")
    for request in requests:
        for event in seen[int(request)][:-1]:
            levels = [level for _, level, _ in logged(event, caplog)]
            assert levels == ([] if event["type"] == "progress" else [logging.DEBUG])


def test_a_path_is_one_line_that_can_be_written(
    engine: hotcue.AudioEngine, sounds: Sounds, caplog: pytest.LogCaptureFixture
) -> None:
    for name, shown in (("ü.wav", "ü.wav"), ("\udcff.wav", "\\udcff.wav"), ("a\nb", "a\\nb")):
        path = str(sounds.folder / name)
        request = engine.load_sample_async(0, path)
        error = drain(engine, [request])[int(request)][-1]
        assert error["type"] == "error" and error["path"] == path
        ((_, _, text),) = logged(error, caplog)
        assert shown in text
        assert len(text.encode().splitlines()) == 1


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ("started", logging.INFO),
        ("recovered", logging.INFO),
        ("lost", logging.WARNING),
        ("fallback", logging.WARNING),
    ],
)
def test_outputs_that_come_and_go_are_logged(
    state: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    event: hotcue.LoaderEvent = {
        "type": "device",
        "id": None,
        "request_id": None,
        "time_sec": 0.0,
        "state": state,  # type: ignore[typeddict-item]
        "name": "a card",
    }
    assert logged(event, caplog) == [("hotcue", level, f"output {state}: a card")]


def test_a_source_that_stalls_is_logged_as_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    event: hotcue.LoaderEvent = {
        "type": "stalled",
        "id": 3,
        "request_id": 7,
        "time_sec": 2.0,
        "stage": "reading",
        "stalled_sec": 2.0,
    }
    message = "id 3: nothing has come from its source for 2.0 s"
    assert logged(event, caplog) == [("hotcue", logging.WARNING, message)]
