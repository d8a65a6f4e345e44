"""What type checkers make of hotcue; `test_typing.py` has them look at it, and nobody runs it.

Behind `#:` stands what is revealed in a line, or that it is an error. All else is right.
"""

from __future__ import annotations

import array
from typing import reveal_type

import hotcue
from hotcue.events import ErrorEvent, SuccessEvent


def by_type(event: hotcue.LoaderEvent) -> None:
    if event["type"] == "success":
        reveal_type(event["duration_sec"])  #: float
        reveal_type(event["request_id"])  #: int
        print(event["duraton_sec"])  #: error
        print(event["percent"])  #: error
    elif event["type"] == "error":
        reveal_type(event["error"])  #: str
    elif event["type"] == "device":
        reveal_type(event["id"])  #: None
    elif event["type"] == "analysis" and event["analysis"] == "bpm" and event["result"]:
        reveal_type(event["result"]["confidence"])  #: float
        print(event["result"]["tonic"])  #: error
    if event["type"] == "succes":  #: error
        pass


def by_match(event: hotcue.LoaderEvent) -> None:
    match event:
        case {"type": "success", "duration_sec": duration_sec}:
            print(duration_sec)
        case {"type": "error", "error": error, "kind": "not_found"}:
            print(error)
        case {"type": "analysis", "analysis": "bpm", "result": {"bpm": float(bpm)}}:
            print(bpm)
        case _:
            pass


def by_polling(engine: hotcue.AudioEngine) -> None:
    event = engine.poll_loader_events()
    print(event["type"])  #: error
    while (event := engine.wait_event(0.1)) is not None:
        if event["type"] == "progress":
            reveal_type(event["percent"])  #: float
    for event in engine.drain_loader_events():
        by_type(event)


def voices(engine: hotcue.AudioEngine) -> None:
    voice = engine.play_sample(0)
    reveal_type(engine.set_voice(voice, speed=0.5))  #: bool
    while (event := engine.wait_playback_event(0.1)) is not None:
        if event["type"] == "ended":
            reveal_type(event["frame"])  #: int


def counters(engine: hotcue.AudioEngine) -> None:
    stats = engine.stats()
    reveal_type(stats["callback_load_p99"])  #: float
    reveal_type(stats["output"])  #: str
    print(stats["underrun"])  #: error


class Board(hotcue.AudioEngine):
    def fire(self) -> int | None:
        return self.play_sample(0)


async def by_subclass() -> None:
    with Board(output="null") as board:
        print(board.fire())
    async with Board(output="null") as board:
        print(board.fire())


def shown(event: SuccessEvent) -> None:
    reveal_type(event["frames"])  #: int


def by_callback(engine: hotcue.AudioEngine) -> None:
    def told(event: ErrorEvent) -> str:
        return event["error"]

    engine.on(success=shown, error=told, device=None)
    engine.on(error=shown)  #: error
    engine.on(succes=shown)  #: error
    reveal_type(engine.dispatch_events())  #: int


async def by_awaiting(engine: hotcue.AudioEngine) -> None:
    reveal_type(await engine.load("kick.wav"))  #: Sample
    reveal_type(await engine.load_sample_async(0, "kick.wav"))  #: Sample
    reveal_type(await engine.analyze(0, ["bpm", "key"]))  #: Analysis
    await engine.analyze(0, "tempo")  #: error
    reveal_type(await engine.load_sample_async(0, "kick.wav").analysis())  #: Analysis
    for outcome in await engine.load_many_async({0: "kick.wav"}):
        if isinstance(outcome, hotcue.Sample):
            reveal_type(outcome.id)  #: int
        elif isinstance(outcome, hotcue.LoadError):
            reveal_type(outcome.stage == "reading")  #: bool
        else:
            reveal_type(outcome)  #: LoadCancelled
    async for event in engine.events():
        if event["type"] == "success":
            reveal_type(event["duration_sec"])  #: float
    async for played in engine.playback_events():
        if played["type"] == "looped":
            reveal_type(played["rounds"])  #: int
        print(played["request_id"])  #: error
    for found in await engine.load_many_async({0: "kick.wav"}, analyze="bpm").analysis():
        if isinstance(found, hotcue.Analysis):
            reveal_type(found["bpm"]["no_pulse"])  #: bool
    streams: list[hotcue.EventStream] = [engine.events()]
    streams.append(engine.playback_events())  #: error


def loaded(engine: hotcue.AudioEngine) -> None:
    values = array.array("f", [0.0, 0.5])
    reveal_type(engine.load_sample_async(0, values, sample_rate=48_000))  #: LoadTicket
    engine.load_sample_async(0, 0.5)  #: error


def heard(sample: hotcue.Sample) -> None:
    reveal_type(hotcue.analyze("loop.wav")["bpm"]["confidence"])  #: float
    some = hotcue.analyze("loop.wav", ["key", "waveform"])
    key = some["key"]
    print(key and key["camelot"])
    reveal_type(sample.analysis["onsets"]["leading_silence_sec"])  #: float
    if (tempo := sample.analysis.get("bpm")) is not None:
        reveal_type(tempo["no_pulse"])  #: bool
    print(some["tempo"])  #: error
    print(some["key"]["camelot"])  #: error
    rows: list[dict[str, object]] = [{"path": "loop.wav", **some}]
    for kind, row in some.items():
        rows.append({kind: row})


def drawn(sample: hotcue.Sample) -> None:
    pixels = hotcue.analyze("loop.wav", "waveform")["waveform"]["coloured"].pixels(400)
    print(pixels.low.shape)
    print(sample.waveform(400).low.shape)  #: error

    def draw(wave: hotcue.Waveform) -> None:
        print(wave.min.shape)

    draw(pixels)
    draw(sample.waveform(400))
