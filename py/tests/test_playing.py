"""Playing, heard through `render()`."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE_SEC, RUNNING, Sounds, wait_until

import hotcue


def load(engine: hotcue.AudioEngine, id: int, path: Path) -> None:
    engine.load_sample_async(id, path).result(PATIENCE_SEC)


def playback_events(engine: hotcue.AudioEngine) -> list[hotcue.PlaybackEvent]:
    events = []
    while (event := engine.poll_playback_events()) is not None:
        events.append(event)
    return events


def test_rendered_audio_is_float32_channels_first(engine: hotcue.AudioEngine) -> None:
    for frames in (0, 1, 64, 100_000):
        audio = engine.render(frames)
        assert audio.dtype == np.float32
        assert audio.shape == (2, frames)
        assert audio.flags.c_contiguous
        assert audio.flags.writeable
        assert not audio.any()
    assert engine.clock().frame == 100_065
    assert engine.clock().sample_rate == 48_000


def test_a_mono_sample_is_on_both_sides(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 4800))
    engine.render(4800)
    voice = engine.play_sample(0)
    audio = engine.render(9600)
    np.testing.assert_array_equal(audio[0], audio[1])
    np.testing.assert_allclose(audio[:, 480:4300], 0.5, atol=1e-6)
    assert not audio[:, 4800 + 480 :].any()
    started, ended = playback_events(engine)
    assert started == {"type": "started", "voice": voice, "id": 0, "frame": 4800}
    assert ended["type"] == "ended"
    assert (ended["voice"], ended["reason"]) == (voice, "finished")


@pytest.mark.parametrize("at", [0, 1, 1000, 16_383, 16_384, 16_385, 20_000])
def test_at_frame_is_exact(engine: hotcue.AudioEngine, sounds: Sounds, at: int) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 4800))
    engine.play_sample(0, at_frame=at)
    sounding = np.flatnonzero(engine.render(30_000)[0])
    assert at <= sounding[0] <= at + 1  # The first value of a ramp may be 0.
    (started, *_) = playback_events(engine)
    assert started["type"] == "started"
    assert started["frame"] == at


@pytest.mark.parametrize("at", [1, 1000, 16_384, 20_000])
def test_a_stop_at_a_frame_is_exact(engine: hotcue.AudioEngine, sounds: Sounds, at: int) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    for stop in (
        lambda voice, frame: engine.stop_voice(voice, fade_sec=0.01, at_frame=frame),
        lambda _, frame: engine.stop_sample(0, fade_sec=0.01, at_frame=frame),
        lambda _, frame: engine.stop_all(fade_sec=0.01, at_frame=frame),
    ):
        start = engine.clock().frame
        stop(engine.play_sample(0), start + at)
        audio = engine.render(30_000)[0]
        np.testing.assert_array_equal(audio[:at], np.float32(0.5))
        # Half of a fade is half as loud, at the frame in its middle.
        assert abs(audio[at + 239] - 0.25) < 1e-6
        assert not audio[at + 479 :].any()
        ended = playback_events(engine)[-1]
        assert ended["type"] == "ended"
        assert (ended["frame"], ended["reason"]) == (start + at + 480, "stopped")


def test_changes_of_volume_take_their_time(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    for change, back in (
        (
            lambda voice: engine.set_voice(voice, volume=0.0, fade_sec=0.1),
            lambda: None,
        ),
        (
            lambda _: engine.set_bus(0, volume=0.0, fade_sec=0.1),
            lambda: engine.set_bus(0, volume=1.0),
        ),
        (
            lambda _: engine.set_volume(0.0, fade_sec=0.1),
            lambda: engine.set_volume(1.0),
        ),
    ):
        voice = engine.play_sample(0)
        engine.render(480)
        change(voice)
        audio = engine.render(9_600)[0]
        np.testing.assert_allclose(audio[:4_800], 0.5 - np.arange(1, 4_801) / 9_600, atol=1e-6)
        assert not audio[4_800:].any()
        engine.stop_voice(voice)
        engine.render(480)
        back()


def test_the_voice_of_what_does_not_sound_is_none_and_may_be_told_anything(
    engine: hotcue.AudioEngine,
) -> None:
    voice = engine.play_sample(0)
    assert voice is None
    assert not engine.set_voice(voice, volume=0.5)
    assert not engine.seek_voice(voice, 1.0)
    assert not engine.pause_voice(voice)
    assert not engine.resume_voice(voice)
    assert not engine.stop_voice(voice)


def over(engine: hotcue.AudioEngine) -> bool:
    """Whether a voice is over, by its event."""
    return any(event["type"] in ("ended", "dropped") for event in playback_events(engine))


def told(engine: hotcue.AudioEngine, voice: int | None) -> set[bool]:
    """What calls about a voice say."""
    return {
        engine.set_voice(voice, volume=0.5),
        engine.seek_voice(voice, 0.0),
        engine.pause_voice(voice),
        engine.resume_voice(voice),
        engine.stop_voice(voice),
    }


@pytest.mark.parametrize("how", ["finished", "stopped", "stopped while it waits", "shut down"])
def test_a_voice_that_has_ended_cannot_be_told_anything(
    engine: hotcue.AudioEngine, sounds: Sounds, slow: Path, how: str
) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    if how == "stopped while it waits":
        engine.unload_sample(0)
        engine.load_sample_async(0, slow)
    voice = engine.play_sample(0)
    if how == "stopped while it waits":
        engine.stop_sample(0)
        engine.render(480)  # It may have begun.
        wait_until("it is over", lambda: over(engine))
    elif how == "shut down":
        assert told(engine, voice) == {True}
        engine.shut_down()
        engine.run()
    elif how == "finished":
        engine.render(47_900)
        assert engine.set_voice(voice, volume=0.5)
        engine.render(200)
    else:
        assert told(engine, voice) == {True}
        engine.render(480)
    assert told(engine, voice) == {False}


def test_volume_and_master_volume_multiply(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    engine.set_volume(0.5)
    engine.render(9600)
    voice = engine.play_sample(0, 0.25)
    np.testing.assert_allclose(engine.render(9600)[:, -100:], 0.0625, atol=1e-5)
    assert voice is not None
    assert engine.set_voice(voice, volume=1.0) is True
    np.testing.assert_allclose(engine.render(9600)[:, -100:], 0.25, atol=1e-5)


def test_loop_stop_and_pause(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 1000))
    voice = engine.play_sample(0, loop=True)
    assert voice is not None
    assert engine.render(48_000)[:, -1000:].all()
    assert engine.pause_voice(voice) is True
    engine.render(4800)
    assert not engine.render(4800).any()
    assert engine.resume_voice(voice) is True
    engine.render(4800)
    assert engine.render(4800).all()
    assert engine.seek_voice(voice, 0.01) is True
    assert engine.stop_voice(voice, fade_sec=0.0) is True
    engine.render(4800)
    assert not engine.render(4800).any()
    assert playback_events(engine)[-1]["type"] == "ended"


def test_a_bus_is_paused_with_what_is_played_on_it(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    first = engine.play_sample(0, bus=15)
    engine.render(4800)
    engine.pause_bus(15)
    engine.render(4800)
    second = engine.play_sample(0, bus=15)
    assert not engine.render(4800).any()
    heads = {head.voice: head for head in engine.playheads()}
    # 5 ms of its way it took to be silent.
    assert (heads[first].state, heads[first].position_sec) == ("paused", 0.105)
    assert (heads[second].state, heads[second].position_sec) == ("paused", 0.0)
    engine.play_sample(0)
    assert engine.render(4800).any(), "another bus"
    engine.stop_sample(0)
    engine.resume_bus(15)
    engine.render(4800)
    assert not engine.playheads(), "what is stopped while its bus is paused is over"
    for bus in (-1, 16):
        with pytest.raises(ValueError, match="bus"):
            engine.pause_bus(bus)
        with pytest.raises(ValueError, match="bus"):
            engine.resume_bus(bus)


@pytest.mark.parametrize("how", ["stop_sample", "stop_all", "unload"])
def test_each_way_to_silence(engine: hotcue.AudioEngine, sounds: Sounds, how: str) -> None:
    load(engine, 3, sounds.constant("half.wav", 0.5, 48_000))
    for _ in range(3):
        engine.play_sample(3, loop=True)
    assert engine.render(4800).any()
    match how:
        case "stop_sample":
            engine.stop_sample(3)
        case "stop_all":
            engine.stop_all()
        case _:
            engine.unload_sample(3)
    engine.render(4800)
    assert not engine.render(4800).any()


def test_pan(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    engine.play_sample(0, pan=-1.0)
    left, right = engine.render(9600)[:, -100:]
    assert left.all()
    assert not right.any()


@pytest.mark.parametrize("how", ["play_sample", "set_voice", "set_speed"])
def test_a_loop_at_any_speed_keeps_its_beat(
    engine: hotcue.AudioEngine, sounds: Sounds, how: str
) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
    speed = 120 / 110  # The nearest float32 would be off by 0.03 frames, 5 in an hour.
    if how == "set_speed":
        engine.set_speed(speed)
    voice = engine.play_sample(0, loop=True, speed=speed if how == "play_sample" else 1.0)
    if how == "set_voice":
        engine.set_voice(voice, speed=speed)
    engine.render(1_000_000)
    (head,) = engine.playheads()
    assert head.position_sec * 48_000 == pytest.approx(1_000_000 * speed % 48_000, abs=1e-3)


def test_a_voice_has_a_playhead_until_its_end(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    load(engine, 0, sounds.constant("half.wav", 0.5, 480))
    voice = engine.play_sample(0)
    # Maybe already: offline, commands are taken without a block, too.
    assert [head.voice for head in engine.playheads()] in ([], [voice])
    engine.render(256)
    assert [head.voice for head in engine.playheads()] == [voice]
    engine.render(480)
    assert engine.playheads() == []
    assert [event["type"] for event in playback_events(engine)] == ["started", "ended"]


def test_an_empty_slot_plays_nothing(engine: hotcue.AudioEngine) -> None:
    assert engine.play_sample(5) is None
    assert playback_events(engine) == []


def test_when_loading(engine: hotcue.AudioEngine, slow: Path) -> None:
    engine.load_sample_async(0, slow)
    assert engine.play_sample(0, when_loading="drop") is None
    with pytest.raises(hotcue.NotReadyError):
        engine.play_sample(0, when_loading="raise")
    voice = engine.play_sample(0, max_wait_sec=60)
    assert voice is not None
    engine.unload_sample(0)
    # Nothing is rendered: what takes no time comes all the same.
    dropped = engine.wait_playback_event(PATIENCE_SEC)
    assert dropped is not None
    assert dropped["type"] == "dropped"
    assert (dropped["voice"], dropped["id"]) == (voice, 0)
    assert dropped["reason"] == "unloaded"


def test_a_play_that_waited_sounds(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    path = sounds.constant("half.wav", 0.5, 480_000)
    for _ in range(20):
        ticket = engine.load_sample_async(0, path)
        assert engine.play_sample(0, max_wait_sec=PATIENCE_SEC) is not None
        ticket.result(PATIENCE_SEC)
        wait_until("the waiting play", lambda: engine.render(480).any())
        engine.unload_sample(0)
        engine.render(4800)


def test_the_null_output_has_a_clock(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="null") as engine:
        load(engine, 0, sounds.wav(frames=480))
        engine.play_sample(0)
        seen: list[str] = []

        def ended() -> bool:
            seen.extend(event["type"] for event in playback_events(engine))
            return "ended" in seen

        wait_until("the voice to end", ended)
        assert seen == ["started", "ended"]
        first = engine.clock()
        time.sleep(0.05)
        second = engine.clock()
        assert second.frame > first.frame
        assert second.time_sec > first.time_sec
        assert first.latency_sec >= 0


def test_the_output_can_be_changed(sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="null") as engine:
        load(engine, 0, sounds.constant("half.wav", 0.5, 48_000))
        engine.play_sample(0, loop=True)
        engine.set_output("offline")
        assert engine.render(4800)[:, -1].all()
        with pytest.raises(hotcue.DeviceError):
            engine.set_output("no such device")
        assert engine.render(64).all()


def test_loads_lists_what_is_not_done(slow: Path, sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        first = engine.load_sample_async(0, slow)
        wait_until("the decoder to be busy", lambda: engine.state(0) in RUNNING)
        second = engine.load_sample_async(1, b"content")
        running, queued = sorted(engine.loads())
        assert isinstance(running, hotcue.LoadStatus)
        assert (running.id, running.request_id, running.path) == (0, first, str(slow))
        assert running.state == "loading"
        assert 0 <= running.percent < 100
        assert running.age_sec > 0
        assert (queued.id, queued.request_id, queued.path) == (1, second, None)
        assert (queued.state, queued.stage) == ("queued", "queued")
        stats = engine.stats()
        assert (stats["live"], stats["queued"], stats["workers"]) == (2, 1, 1)


def test_higher_priority_loads_first(slow: Path, sounds: Sounds) -> None:
    path = sounds.wav()
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        busy = engine.load_sample_async(0, slow)
        wait_until("the decoder to be busy", lambda: engine.state(0) in RUNNING)
        tickets = {p: engine.load_sample_async(p + 200, path, priority=p) for p in (-100, 0, 100)}
        # It gives way at once; the others wait till it is gone.
        tickets[100].result(PATIENCE_SEC)
        busy.cancel()
        for ticket in tickets.values():
            ticket.result(PATIENCE_SEC)
        order: list[int] = []

        def all_read() -> bool:
            events = engine.drain_loader_events()
            order.extend(e["id"] - 200 for e in events if e["type"] == "success")
            return len(order) == 3

        wait_until("every success", all_read)
    assert order == [100, 0, -100]
