"""Misuse raises in the caller's thread, with these messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import RUNNING, Sounds, wait_until

import hotcue

Call = Callable[[hotcue.AudioEngine], Any]

BY_ID: dict[str, Callable[[hotcue.AudioEngine, Any], Any]] = {
    "load_sample_async": lambda e, id: e.load_sample_async(id, "x.wav"),
    "load_many_async": lambda e, id: e.load_many_async([(0, "x.wav"), (id, "x.wav")]),
    "state": lambda e, id: e.state(id),
    "sample": lambda e, id: e.sample(id),
    "pin_sample": lambda e, id: e.pin_sample(id),
    "unload_sample": lambda e, id: e.unload_sample(id),
    "play_sample": lambda e, id: e.play_sample(id),
    "stop_sample": lambda e, id: e.stop_sample(id),
    "pause_sample": lambda e, id: e.pause_sample(id),
    "resume_sample": lambda e, id: e.resume_sample(id),
    "seek_sample": lambda e, id: e.seek_sample(id, 0.0),
}

WITHOUT_ID: dict[str, Call] = {
    "load_sample_async": lambda e: e.load_sample_async(None, "x.wav"),
    "load_many_async": lambda e: e.load_many_async([(None, "x.wav")]),
    "cancel_load": lambda e: e.cancel_load(1),
    "set_priority": lambda e: e.set_priority(1, 1),
    "loads": lambda e: e.loads(),
    "stop_all": lambda e: e.stop_all(),
    "set_bus": lambda e: e.set_bus(0, volume=1.0),
    "pause_bus": lambda e: e.pause_bus(0),
    "resume_bus": lambda e: e.resume_bus(0),
    "set_limiter": lambda e: e.set_limiter(True),
    "meters": lambda e: e.meters(),
    "playheads": lambda e: e.playheads(),
    "set_volume": lambda e: e.set_volume(1.0),
    "set_speed": lambda e: e.set_speed(1.0),
    "stop_voice": lambda e: e.stop_voice(1),
    "pause_voice": lambda e: e.pause_voice(1),
    "resume_voice": lambda e: e.resume_voice(1),
    "seek_voice": lambda e: e.seek_voice(1, 0.0),
    "set_voice": lambda e: e.set_voice(1, volume=0.5),
    "clock": lambda e: e.clock(),
    "render": lambda e: e.render(1),
    "set_output": lambda e: e.set_output("null"),
}


class Index:
    """An integer that is no `int`."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Broken:
    def __index__(self) -> int:
        raise ZeroDivisionError

    __float__ = __iter__ = __index__


@pytest.mark.parametrize("name", BY_ID)
@pytest.mark.parametrize("id", [-1, 64, 2**31, 2**32, 2**63, 2**64, 10**40, -(10**40), Index(64)])
def test_an_id_out_of_range(engine: hotcue.AudioEngine, name: str, id: Any) -> None:
    with pytest.raises(ValueError) as caught:
        BY_ID[name](engine, id)
    assert str(caught.value) == "id out of range"


@pytest.mark.parametrize("name", BY_ID)
@pytest.mark.parametrize("id", [True, False, 1.0, math.nan, "1", b"1", [], object()])
def test_an_id_of_the_wrong_type(engine: hotcue.AudioEngine, name: str, id: Any) -> None:
    with pytest.raises(TypeError, match=r"^id must be an integer, not "):
        BY_ID[name](engine, id)


@pytest.mark.parametrize("name", [name for name in BY_ID if not name.startswith("load_")])
def test_none_is_an_id_only_for_loading(engine: hotcue.AudioEngine, name: str) -> None:
    with pytest.raises(TypeError, match=r"^id must be an integer, not NoneType$"):
        BY_ID[name](engine, None)


@pytest.mark.parametrize("id", [0, 63, Index(5), np.int64(5), np.uint8(5)])
def test_any_index_is_an_id(engine: hotcue.AudioEngine, sounds: Sounds, id: Any) -> None:
    assert engine.load_sample_async(id, sounds.wav()).result(60).frames == 480
    assert engine.state(id) == "ready"


def test_what_an_index_raises_is_passed_on(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        engine.state(Broken())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["volume", "normalize", "end_sec"])
def test_what_a_number_raises_is_passed_on(engine: hotcue.AudioEngine, name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        engine.play_sample(0, **{name: Broken()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", [np.array("0.5"), np.complex64(0.5), np.array(0.5 + 0j), np.timedelta64(1), 0.5 + 0j]
)
def test_texts_times_and_complex_numbers_of_numpy_are_no_numbers(
    engine: hotcue.AudioEngine, value: Any
) -> None:
    with pytest.raises(TypeError, match=r"^volume must be a number, not "):
        engine.set_volume(value)
    for number in (np.float16(0.5), np.int8(1), np.bool_(True), np.array(0.5), np.longdouble(1)):
        engine.set_volume(number)  # type: ignore[arg-type]


def test_what_kinds_raise_is_passed_on(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        engine.load_sample_async(0, b"", analyze=Broken())  # type: ignore[arg-type]


def test_a_loudness_that_no_float_holds_is_out_of_range(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(ValueError, match=r"^normalize out of range$"):
        engine.play_sample(0, normalize=10**400)


@pytest.mark.parametrize("name", [*BY_ID, *WITHOUT_ID])
@pytest.mark.parametrize("after_shut_down", [False, True])
def test_outside_run_and_shut_down(name: str, after_shut_down: bool) -> None:
    engine = hotcue.AudioEngine(output="offline", slots=64)
    if after_shut_down:
        engine.run()
        engine.shut_down()
    call = WITHOUT_ID.get(name) or (lambda e: BY_ID[name](e, 0))
    with pytest.raises(RuntimeError, match=r"^Audio engine not initialized$"):
        call(engine)


def test_a_wrong_id_is_told_before_the_rest() -> None:
    engine = hotcue.AudioEngine(output="offline", slots=64)
    with pytest.raises(ValueError, match=r"^id out of range$"):
        engine.play_sample(64)


def test_running_twice(engine: hotcue.AudioEngine) -> None:
    with pytest.raises(RuntimeError, match=r"^Audio engine already running$"):
        engine.run()
    assert engine.is_running()


def test_shutting_down_is_idempotent(engine: hotcue.AudioEngine) -> None:
    for _ in range(3):
        engine.shut_down()
    assert not engine.is_running()


RANGES: dict[str, tuple[list[float], list[float], Callable[[hotcue.AudioEngine, Any], Any]]] = {
    "volume": ([0, 4], [-0.001, 4.001, math.inf], lambda e, v: e.play_sample(0, v)),
    "pan": ([-1, 1], [-1.001, 1.001], lambda e, v: e.play_sample(0, pan=v)),
    "speed": ([-4, 4], [-4.001, 4.001], lambda e, v: e.play_sample(0, speed=v)),
    "start_sec": ([0, 9], [-0.001, math.inf], lambda e, v: e.play_sample(0, start_sec=v)),
    "loop_start_sec": (
        [0, 9],
        [-0.001, math.inf],
        lambda e, v: e.play_sample(0, loop=True, loop_start_sec=v),
    ),
    "loop_end_sec": (
        [1.001, 9],
        [0, 1, math.inf],
        lambda e, v: e.set_voice(1, loop=True, loop_start_sec=1.0, loop_end_sec=v),
    ),
    "end_sec": (
        [1.001, 9],
        [0, 1, math.inf],
        lambda e, v: e.play_sample(0, start_sec=1.0, end_sec=v),
    ),
    "fade_in_sec": ([0, 60], [-0.001, 60.1], lambda e, v: e.play_sample(0, fade_in_sec=v)),
    "fade_out_sec": ([0, 60], [-0.001, 60.1], lambda e, v: e.play_sample(0, fade_out_sec=v)),
    "fade_sec ": ([0, 60], [-0.001, 60.1], lambda e, v: e.stop_sample(0, fade_sec=v)),
    "fade_sec  ": ([0, 60], [-0.001, 60.1], lambda e, v: e.stop_all(fade_sec=v)),
    "volume   ": ([0, 4], [-0.001, 4.001], lambda e, v: e.set_bus(3, volume=v)),
    "fade_sec   ": ([0, 60], [-0.001, 60.1], lambda e, v: e.set_bus(3, volume=1, fade_sec=v)),
    "fade_sec    ": ([0, 60], [-0.001, 60.1], lambda e, v: e.set_voice(1, pan=0, fade_sec=v)),
    "fade_sec     ": ([0, 60], [-0.001, 60.1], lambda e, v: e.set_volume(1, fade_sec=v)),
    "max_wait_sec": ([0, 60], [-0.001, math.inf], lambda e, v: e.play_sample(0, max_wait_sec=v)),
    "volume ": ([0, 4], [-0.001, 1e300], lambda e, v: e.set_volume(v)),
    "speed ": ([-4, 4], [-4.001, -1e300], lambda e, v: e.set_speed(v)),
    "volume  ": ([0, 4], [-0.001, 4.001], lambda e, v: e.set_voice(1, volume=v)),
    "pan  ": ([-1, 1], [-1.001, 1.001], lambda e, v: e.set_voice(1, pan=v)),
    "speed  ": ([-4, 4], [-4.001, 4.001], lambda e, v: e.set_voice(1, speed=v)),
    "fade_sec": ([0, 1], [-0.001, math.inf], lambda e, v: e.stop_voice(1, fade_sec=v)),
    "position_sec": ([0, 9], [-0.001, math.inf], lambda e, v: e.seek_sample(0, v)),
    "position_sec ": ([0, 9], [-0.001, math.inf], lambda e, v: e.seek_voice(1, v)),
}


@pytest.mark.parametrize("name", RANGES)
def test_a_number_out_of_range(engine: hotcue.AudioEngine, name: str) -> None:
    good, bad, call = RANGES[name]
    for value in good:
        call(engine, value)
    for value in [*bad, math.nan, -math.inf, 10**400]:
        with pytest.raises(ValueError, match=rf"^{name.strip()} out of range$"):
            call(engine, value)
    for value in ("1", [], {}):
        with pytest.raises(TypeError, match=rf"^{name.strip()} must be a number, not "):
            call(engine, value)


@pytest.mark.parametrize("frame", [-1, 2**64, -(10**30)])
def test_a_frame_out_of_range(engine: hotcue.AudioEngine, frame: int) -> None:
    with pytest.raises(ValueError, match=r"^at_frame out of range$"):
        engine.play_sample(0, at_frame=frame)
    for stop in (engine.stop_sample, engine.stop_voice):
        with pytest.raises(ValueError, match=r"^at_frame out of range$"):
            stop(0, at_frame=frame)
    with pytest.raises(ValueError, match=r"^at_frame out of range$"):
        engine.stop_all(at_frame=frame)
    for change in (
        lambda: engine.pause_sample(0, at_frame=frame),
        lambda: engine.resume_sample(0, at_frame=frame),
        lambda: engine.seek_sample(0, 0.0, at_frame=frame),
        lambda: engine.pause_voice(1, at_frame=frame),
        lambda: engine.resume_voice(1, at_frame=frame),
        lambda: engine.seek_voice(1, 0.0, at_frame=frame),
        lambda: engine.set_voice(1, volume=1.0, at_frame=frame),
        lambda: engine.set_bus(1, volume=1.0, at_frame=frame),
        lambda: engine.pause_bus(1, at_frame=frame),
        lambda: engine.resume_bus(1, at_frame=frame),
        lambda: engine.set_volume(1.0, at_frame=frame),
        lambda: engine.set_speed(1.0, at_frame=frame),
    ):
        with pytest.raises(ValueError, match=r"^at_frame out of range$"):
            change()
    with pytest.raises(ValueError, match=r"^frames out of range$"):
        engine.render(frame)


def test_more_frames_than_memory_holds(engine: hotcue.AudioEngine) -> None:
    with pytest.raises((MemoryError, ValueError)):
        engine.render(2**60)


@pytest.mark.parametrize("bus", [-1, 16, 2**40])
def test_a_bus_out_of_range(engine: hotcue.AudioEngine, bus: int) -> None:
    with pytest.raises(ValueError, match=r"^bus out of range$"):
        engine.play_sample(0, bus=bus)
    with pytest.raises(ValueError, match=r"^bus out of range$"):
        engine.set_bus(bus, volume=1.0)


@pytest.mark.parametrize("name", ["loop", "retrigger", "when_loading"])
def test_a_word_that_is_none_of_the_choices(engine: hotcue.AudioEngine, name: str) -> None:
    with pytest.raises(ValueError, match=rf'^{name} must be one of "') as caught:
        engine.play_sample(0, **{name: "later"})  # type: ignore[arg-type]
    assert '"later"' in str(caught.value)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("loop must be a bool or a str, not int", lambda e: e.play_sample(0, loop=1)),
        ("loop must be a bool or a str, not float", lambda e: e.set_voice(1, loop=1.5)),
        ("bus must be an integer, not str", lambda e: e.set_bus("1")),
        ("muted must be a bool, not int", lambda e: e.set_bus(1, muted=1)),
        ("on must be a bool, not int", lambda e: e.set_limiter(1)),
        ("stream must be a bool, not int", lambda e: e.load_sample_async(0, b"", stream=1)),
        ("stream must be a bool, not str", lambda e: e.load_many_async({0: b""}, stream="yes")),
        ("retrigger must be a str, not int", lambda e: e.play_sample(0, retrigger=1)),
        ("when_loading must be a str, not NoneType", lambda e: e.play_sample(0, when_loading=None)),
        ("output must be a str, not int", lambda e: e.set_output(1)),
        ("output must be a str, not NoneType", lambda e: hotcue.AudioEngine(output=None)),
    ],
)
def test_a_wrong_type_is_told_by_name(
    engine: hotcue.AudioEngine, message: str, call: Callable[[Any], Any]
) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        call(engine)


@pytest.mark.parametrize("priority", [-101, 101, 10**30])
def test_a_priority_out_of_range(engine: hotcue.AudioEngine, priority: int) -> None:
    with pytest.raises(ValueError, match=r"^priority out of range$"):
        engine.load_sample_async(0, "x.wav", priority=priority)


CONFIG: list[tuple[str, list[Any]]] = [
    ("sample_rate", [0, 999, 768_001, -1, 2**40]),
    ("buffer_frames", [0, -1, 2**40]),
    ("slots", [0, -1, 1_048_577, 2**40]),
    ("workers", [0, -1, 2**40]),
    ("memory_budget", [0, -1, 2**70]),
    ("max_sample_bytes", [0, -1, 2**70]),
    ("max_source_bytes", [0, -1, 2**70]),
    ("max_queued", [0, -1, 2**70]),
    ("max_voices", [0, -1, 4_097, 2**40]),
    ("meter_rate_hz", [0, 1001, -1, 2**40]),
    ("worker_nice", [-1, 20, 2**40]),
]


@pytest.mark.parametrize(("name", "values"), CONFIG)
def test_an_engine_checks_its_arguments(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=rf"^{name} out of range$"):
            hotcue.AudioEngine(**{name: value})
    for value in (1.0, "1", True):
        with pytest.raises(TypeError, match=rf"^{name} must be an integer, not "):
            hotcue.AudioEngine(**{name: value})


def test_an_engine_takes_its_largest_numbers() -> None:
    hotcue.AudioEngine(slots=1_048_576, max_voices=4_096)


def test_an_output_that_is_none(sounds: Sounds) -> None:
    with pytest.raises(TypeError):
        hotcue.AudioEngine(output=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="output"):
        hotcue.AudioEngine(output="")
    engine = hotcue.AudioEngine(output="no such device")
    with pytest.raises(hotcue.DeviceError) as caught:
        engine.run()
    assert caught.value.kind
    assert not engine.is_running()
    assert engine.poll_loader_events() is None


def test_rendering_what_is_not_offline() -> None:
    engine = hotcue.AudioEngine(output="null")
    with engine, pytest.raises(RuntimeError, match="offline"):
        engine.render(64)


def test_a_full_queue(sounds: Sounds, slow: Path) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", workers=1, max_queued=3) as engine:
        engine.load_sample_async(0, slow)
        wait_until("the decoder to be busy", lambda: engine.state(0) in RUNNING)
        for id in range(1, 4):
            engine.load_sample_async(id, path)
        with pytest.raises(hotcue.QueueFullError):
            engine.load_sample_async(4, path)
        assert engine.state(4) == "empty"


def test_no_free_slot(sounds: Sounds) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", slots=2) as engine:
        tickets = [engine.load_sample_async(None, path) for _ in range(2)]
        assert [ticket.id for ticket in tickets] == [0, 1]
        with pytest.raises(hotcue.HotcueError, match="no free slot"):
            engine.load_sample_async(None, path)
        engine.unload_sample(0)
        assert engine.load_sample_async(None, path).id == 0


def test_a_render_that_finds_no_memory_has_rendered_nothing() -> None:
    with hotcue.AudioEngine(output="offline") as engine:
        engine.render(100)
        with pytest.raises(MemoryError):
            engine.render(1 << 50)
        assert engine.clock().frame == 100
        assert engine.render(0).shape == (2, 0)
        assert engine.clock().frame == 100


def test_folders_and_files_are_named_and_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cache_dir must be a str or an os.PathLike, not int"):
        hotcue.AudioEngine(cache_dir=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path must be a str or an os.PathLike, not int"):
        hotcue.write_wav(3, [0.0], 48_000)  # type: ignore[arg-type]


def test_a_device_that_does_not_open_is_named() -> None:
    for output in ("alsa:no such card", "jack:no such client"):
        with pytest.raises(hotcue.DeviceError) as raised:
            hotcue.AudioEngine(output=output).run()
        assert raised.value.path == output
        with hotcue.AudioEngine(output="null") as engine:
            with pytest.raises(hotcue.DeviceError) as moved:
                engine.set_output(output)
            assert moved.value.path == output


def test_places_of_a_loop_need_a_loop(engine: hotcue.AudioEngine) -> None:
    for places in ({"loop_start_sec": 1.0}, {"loop_end_sec": 2.0}):
        with pytest.raises(ValueError, match="name that, too"):
            engine.set_voice(1, **places)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="loop_start_sec"):
        engine.set_voice(1, loop_start_sec="x")  # type: ignore[arg-type]
