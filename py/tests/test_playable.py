"""A long file is played while it is still loading."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import PATIENCE_SEC, Sounds, drain, pcm, wait_until, wav_bytes

import hotcue


def wait_for_playable(engine: hotcue.AudioEngine, request: int) -> hotcue.LoaderEvent:
    found: list[hotcue.LoaderEvent] = []

    def is_there() -> bool:
        events = engine.drain_loader_events()
        found.extend(e for e in events if e["type"] == "playable" and e["request_id"] == request)
        return bool(found)

    wait_until("the load to be playable", is_there)
    return found[0]


def test_promise_10_a_play_after_playable_sounds(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        ticket = engine.load_sample_async(0, slow)
        event = wait_for_playable(engine, ticket)
        assert event["type"] == "playable"
        assert event["ready_sec"] >= 0.1
        assert engine.state(0) == "playable"
        assert engine.sample(0) is None
        assert engine.play_sample(0, when_loading="raise") is not None
        arriving = ticket.sample
        assert arriving is not None
        array = arriving.to_numpy()
        assert array.shape == (1, array.shape[1])
        assert not array.flags.writeable
        frames = min(4_800, array.shape[1])
        heard = engine.render(frames)
        assert heard.any()
        assert np.array_equal(heard[0], array[0, :frames])
        assert arriving.frames >= array.shape[1]
        assert ticket.cancel()


def test_promise_4_a_cancelled_load_fades_and_leaves_its_id_empty(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        ticket = engine.load_sample_async(0, slow)
        wait_for_playable(engine, ticket)
        engine.play_sample(0)
        assert engine.render(2_400).any()
        assert ticket.cancel()
        assert engine.state(0) == "empty"
        assert ticket.sample is None
        assert engine.play_sample(0) is None
        assert engine.render(480).any()  # It fades.
        assert not engine.render(4_800).any()
        assert drain(engine, [ticket])[int(ticket)][-1]["type"] == "cancelled"


def test_a_play_that_waits_begins_at_playable(slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        ticket = engine.load_sample_async(0, slow)
        voice = engine.play_sample(0, max_wait_sec=PATIENCE_SEC)
        assert voice is not None

        def sounds() -> bool:
            return bool(engine.render(64).any())

        wait_until("the play to sound", sounds)
        assert engine.state(0) == "playable"
        assert [head.voice for head in engine.playheads()] == [voice]
        ticket.cancel()


def test_what_is_played_while_it_arrives_is_the_finished_sample(sounds: Sounds) -> None:
    path = sounds.wav("long.wav", 960_000, 2)
    with hotcue.AudioEngine(output="offline", workers=2) as engine:
        ticket = engine.load_sample_async(0, path)
        assert engine.play_sample(0, max_wait_sec=PATIENCE_SEC) is not None
        heard: list[NDArray[np.float32]] = []
        # Not ahead of its decoder: a voice that catches up with that fades and waits.
        while ticket.progress < 100.0:
            arriving = ticket.sample
            ready = 0 if arriving is None else arriving.frames
            if ready > sum(part.shape[1] for part in heard) + 24_000:
                heard.append(engine.render(4_800))
        sample = ticket.result(PATIENCE_SEC)
        heard.append(engine.render(sample.frames + 1))
        mix = np.concatenate(heard, axis=1)
        array = sample.to_numpy()
        start = int(np.flatnonzero(mix[0])[0]) - int(np.flatnonzero(array[0])[0])
        assert np.array_equal(mix[:, start : start + sample.frames], array)
        assert not mix[:, start + sample.frames :].any()
        assert engine.stats()["underruns"] == 0


def test_what_is_read_from_the_cache_is_playable_before_all_of_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(pcm(3_000_000), 44_100))
    wait_until("the file to be left alone", lambda: time.time() > path.stat().st_mtime + 0.1)
    for is_second in (False, True):
        with hotcue.AudioEngine(output="offline", workers=1, cache_dir=tmp_path / "c") as engine:
            ticket = engine.load_sample_async(0, path)
            ticket.result(PATIENCE_SEC)
            told = [event["type"] for event in drain(engine, [ticket])[int(ticket)]]
            assert "playable" in told
            assert engine.stats()["cache_hits"] == int(is_second)
            wait_until("it to be stored", lambda: engine.stats()["cache_storing"] == 0)


@pytest.mark.parametrize("kind", ["ready", "empty"])
def test_an_id_that_holds_a_sample_is_never_playable(kind: str, slow: Path, sounds: Sounds) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        if kind == "ready":
            engine.load_sample_async(0, sounds.wav()).result(PATIENCE_SEC)
        ticket = engine.load_sample_async(0, slow)
        wait_until("the sample to arrive", lambda: ticket.sample is not None)
        expected = {"ready": "ready", "empty": "playable"}[kind]
        wait_until(f"the id to be {expected}", lambda: engine.state(0) == expected)
        ticket.cancel()
        kinds = [event["type"] for event in drain(engine, [ticket])[int(ticket)]]
        assert ("playable" in kinds) == (kind == "empty")
