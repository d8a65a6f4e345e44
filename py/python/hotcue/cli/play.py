"""``hotcue play``: plays files one after another."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.live import Live
from rich.text import Text

from ..engine import AudioEngine
from ..errors import DeviceError, LoadCancelled, LoadError, NoOutputWarning
from ..ticket import LoadTicket
from .text import clock, complain, console, printable

FRAME_SEC = 1 / 30
# Long enough for the fade of `stop_all` to be heard instead of a click.
FADE_SEC = 0.03


def play(files: Sequence[str], *, output: str) -> int:
    """Plays each file that loads; 1 if one did not, or if the output did not open, 2 if there is no
    such output."""
    try:
        engine = AudioEngine(output=output, slots=2)
        start(engine)
    except (ValueError, DeviceError) as error:
        why, code = refusal(error)
        complain(why)
        return code
    failed = 0
    with_next: LoadTicket | None = None
    try:
        for index, file in enumerate(files):
            # Two slots take turns: the next file loads while this one sounds.
            ticket = with_next or engine.load_sample_async(index % 2, file)
            with_next = None
            try:
                ticket.result()
            except (LoadError, LoadCancelled) as error:
                reason = error.message if isinstance(error, LoadError) else str(error)
                complain(f"{file}: {reason}")
                failed += 1
                continue
            voice = engine.play_sample(ticket.id)
            if index + 1 < len(files):
                with_next = engine.load_sample_async((index + 1) % 2, files[index + 1])
            if voice is not None:
                _follow(engine, file, ticket, voice)
            engine.drain_loader_events()
    except KeyboardInterrupt:
        engine.stop_all()
        time.sleep(FADE_SEC)
        raise
    finally:
        engine.shut_down()
    return 1 if failed else 0


def start(engine: AudioEngine) -> None:
    """Runs the engine; says on stderr, in one line, if it will not be heard."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NoOutputWarning)
        engine.run()
    for warning in caught:
        complain(str(warning.message))


def refusal(error: ValueError | DeviceError) -> tuple[str, int]:
    """Why an output does not open, and the exit code: 2 where that lies in what was asked for."""
    if isinstance(error, ValueError):
        return str(error), 2
    said = str(error)
    # What it goes on to say is for programs: some of it the command line refuses.
    if error.kind == "not_available" and said.startswith("no output device is called "):
        return f"the output {error.path} is not there: hotcue devices lists what is", 2
    return said, 1


def _follow(engine: AudioEngine, file: str, ticket: LoadTicket, voice: int) -> None:
    """Shows where the voice is until it has ended."""
    sample = ticket.result()
    name = printable(Path(file).name)
    screen = console()
    if not screen.file.isatty():
        screen.print(Text(f"{name}  {clock(sample.duration_sec)}"))
        _wait(engine, voice, lambda _: None)
        return
    with Live(console=screen, auto_refresh=False) as live:

        def show(position_sec: float) -> None:
            position = min(position_sec, sample.duration_sec)
            line = f"▶ {clock(position)} / {clock(sample.duration_sec)}  {name}"
            live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

        _wait(engine, voice, show)
        show(sample.duration_sec)


def _wait(engine: AudioEngine, voice: int, show: Callable[[float], None]) -> None:
    began: int | None = None
    while True:
        while (event := engine.poll_playback_events()) is not None:
            if event["voice"] != voice:
                continue
            if event["type"] == "started":
                began = event["frame"]
            else:
                return
        if began is not None:
            now = engine.clock()
            show((now.frame - began) / now.sample_rate)
        time.sleep(FRAME_SEC)
