"""Plays on a sound server and says how that went, a line of JSON for each step.

It reads a line before it plays, before it goes on after that, and before it ends after a recovery:
what it plays is to be heard from the beginning to the end.

    python host_child.py OUTPUT SETTLE_SEC IDLE_SEC PLAY_SEC SERVER_DIES

With SERVER_DIES = 1 it plays on until the device was lost and is there again.
"""

import io
import json
import sys
import time
import wave

import numpy as np

import hotcue


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def noise(seconds: float) -> bytes:
    """A WAV file of noise that is never 0: a gap cannot hide in it. See `test_hosts.noise`."""
    values = np.random.default_rng(1).integers(1, 8000, round(48_000 * seconds), dtype=np.int16)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(48_000)
        wav.writeframes(values.tobytes())
    return file.getvalue()


def used(seconds: float) -> float:
    """Sleeps, and gives the fraction of a core that the process took meanwhile."""
    wall, cpu = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return (time.process_time() - cpu) / (time.monotonic() - wall)


def ended(engine: hotcue.AudioEngine, seconds: float) -> bool:
    """Waits for the end of a voice."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        while (event := engine.poll_playback_events()) is not None:
            if event["type"] == "ended":
                return True
        time.sleep(0.05)
    return False


def main() -> None:
    output, settle, idle, play, server_dies = sys.argv[1], *map(float, sys.argv[2:])
    engine = hotcue.AudioEngine(output=output)
    began = time.monotonic()
    engine.run()
    say(step="open", sec=time.monotonic() - began, output=engine.stats()["output"])
    time.sleep(settle)
    say(step="settled", output=engine.stats()["output"], cpu=used(idle))
    engine.load_sample_async(0, noise(play)).result(60)
    sys.stdin.readline()
    before = engine.stats()
    clock, began = engine.clock(), time.monotonic()
    engine.play_sample(0)
    cpu = used(play * 0.9)
    say(
        step="played",
        cpu=cpu,
        speed=(engine.clock().frame - clock.frame) / 48_000 / (time.monotonic() - began),
        latency_sec=engine.clock().latency_sec,
        ended=ended(engine, play * 0.3 + 10),
        xruns=engine.stats()["xruns"] - before["xruns"],
        output=engine.stats()["output"],
    )
    sys.stdin.readline()
    if server_dies:
        engine.drain_loader_events()
        engine.play_sample(0, loop=True)
        say(step="looping")
        states = []
        deadline = time.monotonic() + 60
        while "recovered" not in states and time.monotonic() < deadline:
            for event in engine.drain_loader_events():
                if event["type"] == "device":
                    states.append(event["state"])
                    say(step="device", state=event["state"], output=engine.stats()["output"])
            time.sleep(0.05)
        sys.stdin.readline()
        say(step="again", voices=engine.stats()["voices"], output=engine.stats()["output"])
    began = time.monotonic()
    engine.shut_down()
    say(step="shut_down", sec=time.monotonic() - began, at=time.monotonic())


main()
