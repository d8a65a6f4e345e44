"""asyncio: a task for each file, and one that draws: python asyncio_load.py [FILE...]"""

import asyncio
import sys
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TextColumn

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.
NAME, TOLD = (TextColumn(f"{{task.{it}}}", markup=False) for it in ("description", "fields[told]"))


async def draw(events: hotcue.EventStream, bars: Progress) -> None:
    async for event in events:
        if event["type"] == "progress":
            bars.update(TaskID(event["id"]), completed=event["percent"])


async def play(engine: hotcue.AudioEngine, file: Path, bars: Progress) -> None:
    bar = bars.add_task(file.name.encode(errors="replace").decode(), told="")
    try:
        sample = await engine.load(file, id=bar)
        bars.update(bar, told=f"{sample.duration_sec:.2f} s")
        engine.play_sample(bar)
        await asyncio.sleep(sample.duration_sec)
    except hotcue.LoadError as error:
        bars.update(bar, told=error.message)


async def main(files: list[Path]) -> None:
    async with hotcue.AudioEngine(limiter=True) as engine:
        with Progress(NAME, BarColumn(), TOLD) as bars:
            drawing = asyncio.create_task(draw(engine.events(), bars))
            await asyncio.gather(*(play(engine, file, bars) for file in files))
            drawing.cancel()


asyncio.run(main([Path(file) for file in sys.argv[1:]] or KIT))
