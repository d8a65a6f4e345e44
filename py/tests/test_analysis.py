"""What an engine hears in samples after their loads."""

from __future__ import annotations

import asyncio
import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE_SEC, Sounds, wait_until, wav_bytes

import hotcue

KINDS = ["loudness", "waveform", "onsets", "bpm", "key"]
"""In the order in which they are heard."""
RATE = 48_000


def tone(sec: float = 1.0, amplitude: float = 0.1, hz: float = 1000.0) -> bytes:
    """A tone on two channels, as a WAV file."""
    times = np.arange(round(sec * RATE)) / RATE
    wave = np.round(amplitude * 32_767 * np.sin(2 * np.pi * hz * times))
    return wav_bytes(np.stack([wave, wave], axis=1).astype(np.int16))


def heard(engine: hotcue.AudioEngine, ticket: int) -> list[Any]:
    """The `analysis` events of a request, up to its last."""
    events: list[Any] = []

    def is_complete() -> bool:
        for event in engine.drain_loader_events():
            if event["type"] == "analysis" and event["request_id"] == ticket:
                events.append(event)
        return bool(events) and events[-1]["last"]

    wait_until("all was heard", is_complete)
    return events


def test_each_kind_has_one_event_after_the_load(engine: hotcue.AudioEngine) -> None:
    ticket = engine.load_sample_async(0, tone(), analyze=[*KINDS, "bpm"])
    events = heard(engine, ticket)
    assert [event["analysis"] for event in events] == KINDS
    assert [event["last"] for event in events] == [False] * 4 + [True]
    assert all(event["error"] is None and event["kind"] is None for event in events)
    # EBU Tech 3341, case 1: a tone of 1 kHz on both channels is as loud as its peak in dBFS.
    assert events[0]["result"]["integrated_lufs"] == pytest.approx(-20.0, abs=0.1)


def test_a_sample_keeps_what_was_heard_for_all_its_slots(
    engine: hotcue.AudioEngine, tmp_path: Path
) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(tone())
    first = engine.load_sample_async(0, path, analyze="loudness")
    (event,) = heard(engine, first)
    second = engine.load_sample_async(1, path)
    assert second.result().analysis == {"loudness": event["result"]}
    assert second.result().analysis["loudness"] is not second.result().analysis["loudness"]
    again = engine.analyze_sample_async(1, "loudness")
    assert heard(engine, again)[0]["result"] == event["result"]


def test_an_analysis_of_what_a_slot_holds_has_succeeded_already(
    engine: hotcue.AudioEngine,
) -> None:
    with pytest.raises(hotcue.NotReadyError):
        engine.analyze_sample_async(0)
    sample = engine.load_sample_async(0, tone()).result()
    ticket = engine.analyze_sample_async(0, ("onsets",))
    assert ticket.result() == sample
    (event,) = heard(engine, ticket)
    assert (event["id"], event["analysis"]) == (0, "onsets")


def test_the_result_of_an_analysis_waits_for_all_of_it(engine: hotcue.AudioEngine) -> None:
    load = engine.load_sample_async(0, tone(), analyze=KINDS)
    result = load.analysis_result()
    assert list(result) == KINDS
    assert result["key"] is None or result["key"]["tonic"]
    assert result["loudness"] is not None
    assert result["loudness"]["integrated_lufs"] == pytest.approx(-20.0, abs=0.1)
    sample = load.result()
    assert result["loudness"] == sample.analysis["loudness"]
    for one in (result, sample.analysis):
        assert isinstance(one, hotcue.Analysis)
        plain = {kind: row for kind, row in one.items() if kind != "waveform"}
        assert json.loads(json.dumps(plain)) == plain
    known = engine.analyze_sample_async(0, ["bpm", "loudness"])
    assert known.analysis_result(timeout=0) == {kind: result[kind] for kind in ("loudness", "bpm")}
    nothing = engine.load_sample_async(1, tone())
    assert nothing.analysis_result() == {}
    assert nothing.result(0).frames == RATE


def test_where_nothing_is_heard_the_result_of_an_analysis_says_why(
    sounds: Sounds, slow: Path
) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        missing = engine.load_sample_async(0, sounds.missing(), analyze=KINDS)
        with pytest.raises(FileNotFoundError) as failed:
            missing.analysis_result()
        assert isinstance(failed.value, hotcue.LoadError)
        assert (failed.value.id, failed.value.request_id) == (0, missing)
        assert failed.value.stage == "reading"
        # Also where nothing was asked for.
        unasked = engine.load_sample_async(0, sounds.missing())
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                unasked.analysis_result()

        streamed = engine.load_sample_async(1, sounds.wav(), stream=True, analyze="bpm")
        with pytest.raises(hotcue.AnalysisError, match="bpm of id 1: .*not in memory") as refused:
            streamed.analysis_result()
        assert (refused.value.kind, refused.value.analysis) == ("streamed", "bpm")
        assert (refused.value.id, refused.value.request_id) == (1, streamed)
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)

        engine.load_sample_async(2, tone()).result()
        engine.load_sample_async(3, slow)  # No decoder hears anything meanwhile.
        waiting = engine.analyze_sample_async(2, "key")
        with pytest.raises(TimeoutError, match="not all was heard"):
            waiting.analysis_result(timeout=0.01)
        assert waiting.cancel()
        with pytest.raises(hotcue.LoadCancelled, match="user"):
            waiting.analysis_result()
        left = engine.analyze_sample_async(2, "key")
    with pytest.raises(hotcue.LoadCancelled, match="shutdown"):
        left.analysis_result()


def test_a_batch_is_heard_as_its_tickets_are(sounds: Sounds, slow: Path) -> None:
    with hotcue.AudioEngine(output="offline", workers=1) as engine:
        assert engine.load_many_async([], analyze=KINDS).analysis_result() == []
        assert engine.load_many_async([(0, tone())]).analysis_result() == [{}]
        items = {0: tone(), 1: sounds.missing(), 2: tone(hz=440.0)}
        batch = engine.load_many_async(items, analyze=KINDS)
        first, missing, third = batch.analysis_result(PATIENCE_SEC)
        assert isinstance(first, hotcue.Analysis)
        assert first == batch.requests[0].analysis_result()
        assert isinstance(third, hotcue.Analysis)
        assert third["loudness"] == hotcue.analyze(items[2], "loudness")["loudness"]
        assert isinstance(missing, FileNotFoundError)
        assert isinstance(missing, hotcue.LoadError)
        assert missing.request_id == batch.requests[1]
        good, bad = engine.load_many_async([(3, tone()), (4, sounds.missing())]).analysis_result()
        assert good == {}
        assert isinstance(bad, FileNotFoundError)

        # No decoder hears anything meanwhile.
        engine.load_sample_async(3, slow, priority=100)
        waiting = engine.load_many_async([(4, tone()), (5, tone(hz=300.0))], analyze="key")
        begun = time.monotonic()
        with pytest.raises(TimeoutError, match="not all of the batch was heard"):
            waiting.analysis_result(timeout=0.05)
        assert 0.05 <= time.monotonic() - begun < 30.0
        assert waiting.requests[0].cancel()
        left = waiting.requests[1]
    outcomes = waiting.analysis_result()
    assert [str(outcome) for outcome in outcomes] == [
        str(failure_of(ticket)) for ticket in (waiting.requests[0], left)
    ]
    reasons = [o.reason for o in outcomes if isinstance(o, hotcue.LoadCancelled)]
    assert reasons == ["user", "shutdown"]


def failure_of(ticket: hotcue.LoadTicket) -> BaseException:
    with pytest.raises(hotcue.LoadCancelled) as failed:
        ticket.analysis_result(0)
    return failed.value


def test_a_batch_is_heard_in_asyncio(engine: hotcue.AudioEngine, slow: Path) -> None:
    async def hear() -> None:
        batch = engine.load_many_async({0: tone(), 1: b"no audio"}, analyze=["bpm", "loudness"])
        heard, failed = await asyncio.wait_for(batch.analysis(), PATIENCE_SEC)
        assert isinstance(heard, dict)
        assert list(heard) == ["loudness", "bpm"]
        assert isinstance(failed, hotcue.LoadError)
        long = engine.load_many_async([(2, slow), (3, slow)], analyze="bpm")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(long.analysis(), 0.05)
        assert long.progress.cancelled == 2

    asyncio.run(hear())


def test_a_waveform_has_levels_once_they_were_heard(engine: hotcue.AudioEngine) -> None:
    sample = engine.load_sample_async(0, tone(amplitude=0.5)).result()
    before = sample.waveform(10)
    assert before.rms is None
    heard(engine, engine.analyze_sample_async(0, "waveform"))
    after = sample.waveform(10)
    assert np.array_equal(after.min, before.min)
    assert np.array_equal(after.max, before.max)
    for levels in (after.rms, after.low, after.mid, after.high):
        assert levels is not None
        assert levels.shape == (2, 10)
    assert after.rms is not None
    assert after.mid is not None
    # A sine of half of full scale.
    assert after.rms[:, 1:-1] == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    # Linkwitz-Riley filters of fourth order at 200 Hz and 2 kHz lie on both sides of 1 kHz.
    gain = 1 / ((1 + (200 / 1000) ** 4) * (1 + (1000 / 2000) ** 4))
    assert after.mid[:, 1:-1] == pytest.approx(0.5 / np.sqrt(2) * gain, rel=0.02)


@pytest.mark.parametrize("kinds", ["tempo", ["bpm", "tempo"], [1], 1, None])
def test_what_is_no_kind_raises_and_changes_nothing(engine: hotcue.AudioEngine, kinds: Any) -> None:
    wrong = (ValueError, TypeError)
    with pytest.raises(wrong, match="analyze"):
        engine.load_sample_async(0, tone(), analyze=kinds)
    with pytest.raises(wrong, match="analyze"):
        engine.load_many_async({0: tone()}, analyze=kinds)
    assert engine.state(0) == "empty"
    engine.load_sample_async(0, tone()).result()
    with pytest.raises(wrong, match="kinds"):
        engine.analyze_sample_async(0, kinds)


def test_kinds_are_read_once(engine: hotcue.AudioEngine, sounds: Sounds) -> None:
    once = (kind for kind in ("key", "onsets"))
    with sounds.wav().open("rb") as file:
        ticket = engine.load_sample_async(0, file, analyze=once)  # type: ignore[arg-type]
    assert [event["analysis"] for event in heard(engine, ticket)] == ["onsets", "key"]
    batch = engine.load_many_async(
        {1: sounds.wav(), 2: sounds.wav("b.wav")},
        analyze=(kind for kind in ("key",)),  # type: ignore[arg-type]
    )
    for ticket in batch.requests:
        sample = ticket.result()
        wait_until("it was heard", lambda sample=sample: "key" in sample.analysis)


def test_a_load_that_fails_says_so_for_each_kind(
    engine: hotcue.AudioEngine, sounds: Sounds
) -> None:
    ticket = engine.load_sample_async(0, sounds.missing(), analyze=["bpm", "key"])
    events = heard(engine, ticket)
    assert [event["kind"] for event in events] == ["not_found"] * 2
    assert all(event["error"] and event["result"] is None for event in events)


def test_a_streamed_sample_says_that_it_is_not_in_memory(engine: hotcue.AudioEngine) -> None:
    ticket = engine.load_sample_async(0, tone(), stream=True, analyze="bpm")
    (event,) = heard(engine, ticket)
    assert event["kind"] == "streamed"
    assert ticket.result().analysis == {}


def test_shutting_down_answers_what_is_open(sounds: Sounds) -> None:
    engine = hotcue.AudioEngine(output="offline", workers=1)
    with engine:
        tickets = [
            engine.load_sample_async(id, tone(20.0, hz=500.0 + id), analyze=KINDS)
            for id in range(8)
        ]
        tickets[-1].result()
    events = [event for event in engine.drain_loader_events() if event["type"] == "analysis"]
    for ticket in tickets:
        mine = [event for event in events if event["request_id"] == ticket]
        assert sorted(event["analysis"] for event in mine) == sorted(KINDS)
        assert [event["last"] for event in mine] == [False] * 4 + [True]


def test_cancel_load_ends_an_analysis(engine: hotcue.AudioEngine) -> None:
    # Others are heard first, for far longer than the next lines take.
    for id in range(1, 5):
        engine.load_sample_async(id, tone(120.0, hz=500.0 + id), analyze=KINDS).result()
    ticket = engine.load_sample_async(0, tone(), priority=-1, analyze=KINDS)
    ticket.result()
    assert engine.cancel_load(ticket)
    assert not ticket.cancel()
    assert [event["kind"] for event in heard(engine, ticket)][-1] == "user"
    assert engine.sample(0) is not None


def peak(engine: hotcue.AudioEngine, **options: Any) -> float:
    """The greatest value of what is heard of a play."""
    engine.play_sample(0, **options)
    mix = engine.render(RATE // 10)
    engine.stop_all()
    engine.render(RATE // 10)
    return float(np.abs(mix).max())


def test_a_play_brings_a_sample_to_a_loudness_or_its_peak_to_full_scale(
    engine: hotcue.AudioEngine,
) -> None:
    engine.load_sample_async(0, tone(amplitude=0.1)).result()
    assert peak(engine) == pytest.approx(0.1, abs=1e-3)
    assert peak(engine, normalize="peak") == pytest.approx(1.0, abs=1e-3)
    assert peak(engine, normalize="peak", volume=0.5) == pytest.approx(0.5, abs=1e-3)
    assert peak(engine, normalize="loudness") == pytest.approx(0.1, abs=1e-3), "not yet known"
    heard(engine, engine.analyze_sample_async(0, "loudness"))
    # It is of -20 LUFS.
    assert peak(engine, normalize="loudness") == pytest.approx(0.1 * 10 ** (2 / 20), rel=0.02)
    assert peak(engine, normalize=-30) == pytest.approx(0.1 * 10 ** (-10 / 20), rel=0.02)
    # No nearer than its true peak may come to -1 dBTP.
    assert peak(engine, normalize=0.0) == pytest.approx(10 ** (-1 / 20), rel=0.02)


def test_set_voice_leaves_what_a_sample_is_amplified_by(engine: hotcue.AudioEngine) -> None:
    engine.load_sample_async(0, tone(amplitude=0.25)).result()
    voice = engine.play_sample(0, normalize="peak")
    assert voice is not None
    engine.render(4800)
    engine.set_voice(voice, volume=0.5)
    engine.render(4800)
    assert float(np.abs(engine.render(4800)).max()) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("normalize", ["rms", True, float("nan"), 1.0, -71, b"peak"])
def test_what_nothing_can_be_brought_to_raises(engine: hotcue.AudioEngine, normalize: Any) -> None:
    engine.load_sample_async(0, tone()).result()
    with pytest.raises((ValueError, TypeError), match="normalize"):
        engine.play_sample(0, normalize=normalize)


@pytest.mark.parametrize("rate", [44_100, 22_050])
def test_what_a_loop_of_another_rate_is_long_says_its_file(
    engine: hotcue.AudioEngine, rate: int
) -> None:
    """Eight strokes, in a file that is no whole number of frames long at the engine's rate."""
    frames = round(8 * 60 / 131.7 * rate)
    at = np.arange(frames) * 8 / frames % 1 * (frames / 8 / rate)
    noise = np.random.default_rng(1).normal(0, 0.2, frames) * np.exp(-at / 0.03)
    wave = wav_bytes((noise.clip(-1, 1) * 32_767).astype(np.int16)[:, None], rate)
    (event,) = heard(engine, engine.load_sample_async(0, wave, analyze="bpm"))
    result = event["result"]
    assert result["n_beats"] == 8
    assert result["loop_bpm"] == pytest.approx(8 * 60 / (frames / rate), rel=1e-9)
