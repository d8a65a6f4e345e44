"""Changes at frames to come, heard through `render()`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, RUNNING, Sounds, pcm, wait_until, wav_bytes

import hotcue

RATE = 48_000
RAMP = RATE // 200


def load_noise(engine: hotcue.AudioEngine, frames: int, id: int = 0) -> NDArray[np.float32]:
    ticket = engine.load_sample_async(id, wav_bytes(pcm(frames)))
    return ticket.result(PATIENCE_SEC).to_numpy()[0]


@pytest.mark.parametrize("at", [481, 700, 16_384, 20_000])
def test_a_hot_cue_is_heard_on_its_beat_at_its_full_level(
    engine: hotcue.AudioEngine, at: int
) -> None:
    sample = load_noise(engine, 4 * RATE)
    for seek in (
        lambda voice: engine.seek_voice(voice, 2.0, at_frame=engine.clock().frame + at),
        lambda _: engine.seek_sample(0, 2.0, at_frame=engine.clock().frame + at),
    ):
        voice = engine.play_sample(0)
        seek(voice)
        audio = engine.render(30_000)[0]
        before, cue = at - 2 * RAMP, 2 * RATE
        np.testing.assert_array_equal(audio[:before], sample[:before])
        np.testing.assert_array_equal(audio[at:], sample[cue : cue + 30_000 - at])
        engine.stop_all()
        engine.render(RATE)


def test_a_stream_jumps_on_its_beat_as_its_sample_in_memory(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.folder / "noise.wav"
    path.write_bytes(wav_bytes(pcm(20 * RATE)))
    sample = engine.load_sample_async(0, path).result(PATIENCE_SEC).to_numpy()[0]
    engine.load_sample_async(1, path, stream=True).result(PATIENCE_SEC)
    voice = engine.play_sample(1, start_sec=3.0)
    beat = RATE // 2
    cues = [15.0, 1.25, 11.0, 11.5, 0.0]
    for number, cue in enumerate(cues, start=1):
        engine.seek_voice(voice, cue, at_frame=number * beat)
    audio = engine.render((len(cues) + 1) * beat)[0]
    for number, cue in enumerate([3.0, *cues]):
        heard = audio[number * beat :][RAMP : beat - 2 * RAMP]
        start = round(cue * RATE)
        np.testing.assert_array_equal(heard, sample[start:][RAMP : beat - 2 * RAMP])
    assert engine.stats()["underruns"] == 0


def test_voices_buses_and_the_mix_change_at_their_frames(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    engine.load_sample_async(0, sounds.constant("half.wav", 0.5, 3 * RATE)).result(PATIENCE_SEC)
    voice = engine.play_sample(0, loop=True, bus=3)
    changes = [
        (lambda frame: engine.set_voice(voice, volume=0.5, at_frame=frame), 0.25),
        (lambda frame: engine.pause_voice(voice, at_frame=frame), 0.0),
        (lambda frame: engine.resume_voice(voice, at_frame=frame), 0.25),
        (lambda frame: engine.pause_sample(0, at_frame=frame), 0.0),
        (lambda frame: engine.resume_sample(0, at_frame=frame), 0.25),
        (lambda frame: engine.set_bus(3, volume=2.0, at_frame=frame), 0.5),
        (lambda frame: engine.pause_bus(3, at_frame=frame), 0.0),
        (lambda frame: engine.resume_bus(3, at_frame=frame), 0.5),
        (lambda frame: engine.set_volume(0.25, at_frame=frame), 0.125),
    ]
    step = 5_001
    for number, (change, _) in reversed(list(enumerate(changes, start=1))):
        change(number * step)
    audio = engine.render((len(changes) + 1) * step)[0]
    for number, value in enumerate([0.5, *(value for _, value in changes)]):
        frames = audio[number * step :][:step]
        np.testing.assert_array_equal(frames[RAMP:], np.float32(value), err_msg=str(number))
        assert number == 0 or frames[0] != value, "it begins with the frame, and takes 5 ms"


def test_the_tempo_changes_on_the_bar(engine: hotcue.AudioEngine) -> None:
    load_noise(engine, 4 * RATE)
    engine.play_sample(0, loop=True)
    engine.set_speed(1.25, at_frame=RATE)
    engine.render(2 * RATE)
    # From 1 to 1.25 in a straight line of 240 frames, each of which has the speed at its end.
    gliding = (RAMP * (1 + 1.25) + 0.25) / 2
    expected = RATE + gliding + (RATE - RAMP) * 1.25
    assert engine.playheads()[0].position_sec * RATE == pytest.approx(expected, abs=1e-3)


def test_what_is_to_come_is_taken_back_or_goes_with_its_voice(engine: hotcue.AudioEngine) -> None:
    sample = load_noise(engine, 4 * RATE)
    voice = engine.play_sample(0)
    engine.seek_voice(voice, 2.0, at_frame=10_000)
    engine.set_voice(voice, volume=0.0, at_frame=10_000)
    engine.stop_voice(voice, at_frame=20_000)
    assert engine.cancel_changes(voice)
    audio = engine.render(30_000)[0]
    np.testing.assert_array_equal(audio[:20_000], sample[:20_000])
    assert not audio[20_000 + RAMP :].any(), "a stop stays"
    assert not engine.cancel_changes(voice)
    assert not engine.seek_voice(voice, 2.0, at_frame=40_000)
    assert not engine.cancel_changes(None)


def test_a_thousand_changes_may_be_to_come_and_no_more(engine: hotcue.AudioEngine) -> None:
    sample = load_noise(engine, 4 * RATE)
    voice = engine.play_sample(0, loop=True)
    for number in range(1024):
        engine.set_voice(voice, pan=0.0, at_frame=100 + number)
    with pytest.raises(hotcue.QueueFullError, match=r"^1024 changes are still to come$"):
        engine.set_voice(voice, volume=0.0, at_frame=2000)
    with pytest.raises(hotcue.QueueFullError):
        engine.set_bus(0, volume=0.0, at_frame=2000)
    engine.set_voice(voice, volume=1.0)  # At once is always.
    engine.seek_voice(voice, 0.0, at_frame=0)
    engine.render(1000)
    for number in range(100):
        engine.set_voice(voice, pan=0.0, at_frame=2000 + number)
    engine.cancel_changes(voice)
    # Those of a voice that is over take no place, however far ahead they were.
    for _ in range(1024):
        engine.set_voice(voice, volume=0.0, at_frame=2**62)
    engine.stop_voice(voice)
    engine.render(1000)
    while engine.poll_playback_events() is not None:
        pass
    voice = engine.play_sample(0)
    at = engine.clock().frame + 1000
    for _ in range(1024):
        engine.seek_voice(voice, 1.0, at_frame=at)
    np.testing.assert_array_equal(engine.render(2000)[0][1000:], sample[RATE : RATE + 1000])


def test_a_play_that_waits_for_its_load_keeps_what_it_was_told(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    path = sounds.constant("half.wav", 0.5, RATE)
    ticket = engine.load_sample_async(0, path)
    voice = engine.play_sample(0, at_frame=1000)
    for number, volume in enumerate([0.5, 0.25, 1.0]):
        engine.set_voice(voice, volume=volume, at_frame=2000 + 1000 * number)
    ticket.result(PATIENCE_SEC)
    audio = engine.render(6000)[0]
    assert not audio[:1000].any()
    for start, value in ((1000, 0.5), (2000, 0.25), (3000, 0.125), (4000, 0.5)):
        np.testing.assert_array_equal(audio[start + RAMP : start + 1000], np.float32(value))


def test_what_a_waiting_play_is_told_adds_up_and_is_taken_back(slow: Path, sounds: Sounds) -> None:
    path = sounds.constant("half.wav", 0.5, RATE)
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        engine.load_sample_async(1, slow)
        wait_until("the decoder to be busy", lambda: engine.state(1) in RUNNING)
        ticket = engine.load_sample_async(0, path)
        voice = engine.play_sample(0, max_wait_sec=PATIENCE_SEC)
        engine.set_voice(voice, volume=0.0, at_frame=1_000)
        engine.cancel_changes(voice)
        engine.set_voice(voice, volume=0.5, fade_sec=0.1, at_frame=2_000)
        engine.set_voice(voice, pan=0.0, at_frame=2_000)
        # Of frames that have passed when the load comes, the later one holds.
        engine.resume_voice(voice, at_frame=200)
        engine.pause_voice(voice, at_frame=100)
        assert not engine.render(500).any()
        assert engine.playheads() == []
        assert engine.state(0) == "queued"
        engine.cancel_load(1)
        ticket.result(PATIENCE_SEC)
        audio = engine.render(7_500)[0]
        assert engine.playheads()[0].state == "playing"
    np.testing.assert_array_equal(audio[:1_500], np.float32(0.5))
    # Half of the way after half of the time.
    assert abs(audio[1_500 + 2_399] - 0.375) < 1e-5
    np.testing.assert_array_equal(audio[1_500 + 4_800 :], np.float32(0.25))


def test_what_refused_plays_were_told_takes_no_place(engine: hotcue.AudioEngine) -> None:
    sample = load_noise(engine, 4 * RATE)
    voice = engine.play_sample(0, retrigger="ignore")
    for _ in range(1_500):
        refused = engine.play_sample(0, retrigger="ignore")
        engine.set_voice(refused, volume=0.0, at_frame=20 * RATE)
        engine.render(1)
        while engine.poll_playback_events() is not None:
            pass
    at = engine.clock().frame + 2_000
    assert engine.seek_voice(voice, 1.0, at_frame=at)
    np.testing.assert_array_equal(engine.render(3_000)[0][2_000:], sample[RATE : RATE + 1_000])


def test_a_full_row_of_changes_is_done_before_the_next_is_taken(
    engine: hotcue.AudioEngine,
) -> None:
    sample = load_noise(engine, 4 * RATE)
    voice = engine.play_sample(0)
    for _ in range(1024):
        engine.set_voice(voice, pan=0.0, at_frame=1_000)
    engine.render(1_000)
    with pytest.raises(hotcue.QueueFullError):
        engine.seek_voice(voice, 1.0, at_frame=5_000)
    engine.render(1)
    assert engine.seek_voice(voice, 1.0, at_frame=5_000)
    audio = engine.render(5_000)[0]
    np.testing.assert_array_equal(audio[5_000 - 1_001 :], sample[RATE : RATE + 1_001])
